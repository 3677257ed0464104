"""Hypothesis strategies for the vocabulary: instruments, executions, schedules, and any other record.

Whatever these draw is valid and exact: plugins use them to look for what their code does not expect. Importing this
module needs hypothesis and nothing else beyond the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin

import attrs
from hypothesis import strategies as st

from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Liquidity, Part, Rate
from polybroker.model.currencies import ISO_CURRENCIES, QUOTE_COINS
from polybroker.model.executions import (
    Execution,
    Granularity,
    OpenPosition,
    PositionStatus,
    RoundTrip,
    Side,
    Totals,
    WallTime,
)
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.money import EXACT_SCALE
from polybroker.model.options import OptionRight
from polybroker.model.products import PRODUCTS, Product

T = TypeVar("T")

_FIRST_TIME: Final = datetime(1990, 1, 1)  # noqa: DTZ001
_LAST_TIME: Final = datetime(2099, 12, 31)  # noqa: DTZ001
_COINS: Final = ("BTC", "ETH", "SOL", "XRP", "DOGE", "1INCH", "USDC")


def exact_decimals(
    minimum: str | int = "-1000000000", maximum: str | int = "1000000000", *, places: int = EXACT_SCALE
) -> st.SearchStrategy[Decimal]:
    """Exact numbers that fit the tables, of at most that many decimal places; few places are more likely."""
    sizes = st.sampled_from([0, 2, 2, 4, 9, places]).map(lambda size: min(size, places))
    return sizes.flatmap(lambda size: _scaled(Decimal(minimum), Decimal(maximum), size))


def prices() -> st.SearchStrategy[Decimal]:
    """Prices as traded: mostly above 0, but crude oil has been below."""
    return exact_decimals("-100", "200000", places=9)


def quantities() -> st.SearchStrategy[Decimal]:
    """Quantities above 0: mostly whole contracts or shares, sometimes fractions."""
    return st.one_of(st.integers(1, 100_000).map(Decimal), exact_decimals("0.00000001", "100000", places=8))


def contract_months(first_year: int = 2000, last_year: int = 2099) -> st.SearchStrategy[ContractMonth]:
    """Delivery months."""
    return st.builds(ContractMonth, st.integers(first_year, last_year), st.integers(1, 12))


def products() -> st.SearchStrategy[Product]:
    """Products of the shipped table."""
    return st.sampled_from(list(PRODUCTS.values()))


def futures(months: st.SearchStrategy[ContractMonth | None] | None = None) -> st.SearchStrategy[Future]:
    """Contracts of shipped products, sometimes without a month; none after a product's last month."""
    expiries = st.one_of(contract_months(), st.none()) if months is None else months
    return st.builds(_listed, products(), expiries)


def options() -> st.SearchStrategy[Option]:
    """Options that an OSI symbol can name."""
    return st.builds(
        Option,
        underlying=st.from_regex(r"[A-Z]{1,5}[0-9]?", fullmatch=True),
        expiry=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
        right=st.sampled_from(OptionRight),
        strike=st.integers(1, 10**8 - 1).map(lambda thousandths: Decimal(thousandths).scaleb(-3)),
    )


def stocks() -> st.SearchStrategy[Stock]:
    """Stocks by ticker, some of a share class."""
    return st.builds(Stock, st.from_regex(r"[A-Z]{1,5}(\.[A-Z])?", fullmatch=True))


def pairs() -> st.SearchStrategy[Pair]:
    """Crypto pairs, and forex pairs of two currencies."""
    money = sorted(ISO_CURRENCIES)
    coins = st.builds(Pair, st.sampled_from(_COINS), st.sampled_from(["USD", "EUR", *sorted(QUOTE_COINS)]))
    currencies = st.builds(Pair, *[st.sampled_from(money)] * 2, st.just(AssetClass.FOREX))
    return st.one_of(coins, currencies).filter(lambda pair: pair.base != pair.quote)


def instruments() -> st.SearchStrategy[Instrument]:
    """Instruments of every kind."""
    return st.one_of(futures(), options(), stocks(), pairs())


def utc_times() -> st.SearchStrategy[datetime]:
    """Aware times in UTC, to the microsecond."""
    return st.datetimes(_FIRST_TIME, _LAST_TIME, timezones=st.just(UTC))


def wall_times() -> st.SearchStrategy[datetime]:
    """Times of a clock on the wall, without a zone."""
    return st.datetimes(_FIRST_TIME, _LAST_TIME)


@st.composite
def executions(draw: st.DrawFn) -> Execution:
    """Executions whose fields agree with each other."""
    instrument = draw(instruments())
    side, quantity = draw(st.sampled_from(Side)), draw(quantities())
    before = draw(st.one_of(st.just(Decimal(0)), exact_decimals("-1000", "1000", places=8)))
    after = before + (quantity if side is Side.BUY else -quantity)
    return draw(
        records(
            Execution,
            instrument_id=st.just(instrument.instrument_id),
            symbol=st.just(instrument.symbol),
            contract=st.just(instrument.contract),
            asset_class=st.just(instrument.asset_class),
            exchange=st.just(instrument.exchange),
            expiration=st.just(instrument.expiration),
            multiplier=st.just(instrument.multiplier),
            currency=st.just(instrument.currency),
            side=st.just(side),
            quantity=st.just(quantity),
            price=prices(),
            position_effect=st.just(_effect(before, after)),
            position_quantity=st.just(after),
            status=st.just(_status(before, after)),
            granularity=st.sampled_from(Granularity),
            source_row=st.integers(1, 2**32 - 1),
        )
    )


def round_trips() -> st.SearchStrategy[RoundTrip]:
    """Round trips; their sums are not those of their prices."""
    return records(RoundTrip, quantity=quantities(), entry_price=prices(), exit_price=prices())


def open_positions() -> st.SearchStrategy[OpenPosition]:
    """Open positions."""
    return records(OpenPosition, average_price=prices())


def totals() -> st.SearchStrategy[Totals]:
    """Totals."""
    return records(Totals)


def rates(
    symbols: st.SearchStrategy[tuple[str, ...]] | None = None, *, currency: str | None = "USD"
) -> st.SearchStrategy[Rate]:
    """Rates of a schedule, of every basis; some with the bounds of an order."""
    bound = st.one_of(st.none(), exact_decimals(0, 20, places=6))
    return st.builds(
        Rate,
        amount=exact_decimals(-1, 5, places=8),
        basis=st.sampled_from(Basis),
        currency=st.just(currency),
        part=st.sampled_from(Part),
        symbols=st.just(()) if symbols is None else symbols,
        asset_class=st.one_of(st.none(), st.sampled_from(AssetClass)),
        liquidity=st.one_of(st.none(), st.sampled_from(Liquidity)),
        minimum=bound,
        maximum=bound,
        maximum_fraction=st.one_of(st.none(), exact_decimals(0, 1, places=4)),
    )


def schedules(
    symbols: st.SearchStrategy[tuple[str, ...]] | None = None, *, currency: str | None = "USD"
) -> st.SearchStrategy[CommissionSchedule]:
    """Schedules of up to six rates, no two of which charge the same thing twice."""
    return st.builds(
        CommissionSchedule,
        plan=st.sampled_from(["1", "fixed", "pro"]),
        rates=st.lists(
            rates(symbols, currency=currency),
            max_size=6,
            unique_by=lambda rate: (rate.part, rate.basis, rate.asset_class, rate.liquidity),
        ).map(tuple),
        source=st.just("drawn"),
        as_of=st.one_of(st.none(), st.dates()),
        places=st.sampled_from([0, 2, 4, 10, 18]),
    )


def plans() -> st.SearchStrategy[CommissionPlan]:
    """Plans with and without a range of contracts."""
    return records(CommissionPlan, contracts_from=_counts(), contracts_to=_counts())


def records(cls: type[T], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Records of any attrs class of the vocabulary, each field by its type but for the `fields` given."""
    known: Any = attrs.resolve_types(cast("Any", cls))
    drawn = {field.name: values(field.type) for field in attrs.fields(known) if field.init and field.name not in fields}
    return st.builds(cls, **drawn, **fields)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type that a record of the vocabulary may hold."""
    if kind in _BY_TYPE:
        return cast("st.SearchStrategy[Any]", _BY_TYPE[kind]())
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, arguments))
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    return records(kind)


def _json_values() -> st.SearchStrategy[Any]:
    """What a broker's answer can hold once it has been read."""
    plain = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8))
    return st.recursive(plain, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner))


def _texts() -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def _counts() -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(0, 20_000))


def _scaled(minimum: Decimal, maximum: Decimal, places: int) -> st.SearchStrategy[Decimal]:
    smallest, largest = (int(bound.scaleb(places).to_integral_value()) for bound in (minimum, maximum))
    if minimum > 0:
        smallest = max(smallest, 1)
    return st.integers(smallest, largest).map(lambda number: Decimal(f"{number}E-{places}"))


def _listed(product: Product, expiry: ContractMonth | None) -> Future:
    if product.last_month is not None and expiry is not None:
        expiry = min(expiry, product.last_month)
    return product.future(expiry)


def _effect(before: Decimal, after: Decimal) -> Decimal:
    return abs(after) - abs(before)


def _status(before: Decimal, after: Decimal) -> PositionStatus:
    if before * after < 0:
        return PositionStatus.REVERSE_TO_LONG if after > 0 else PositionStatus.REVERSE_TO_SHORT
    if abs(after) > abs(before):
        return PositionStatus.OPEN_LONG if after > 0 else PositionStatus.OPEN_SHORT
    return PositionStatus.CLOSE_LONG if before > 0 else PositionStatus.CLOSE_SHORT


_BY_TYPE: Final[Mapping[Any, Any]] = {
    NoneType: st.none,
    str: _texts,
    int: lambda: st.integers(-(2**62), 2**62),
    bool: st.booleans,
    Decimal: exact_decimals,
    datetime: utc_times,
    WallTime: wall_times,
    date: lambda: st.dates(date(1990, 1, 1), date(2099, 12, 31)),
    timedelta: lambda: st.timedeltas(timedelta(0), timedelta(days=30)),
    Any: _json_values,
    ContractMonth: contract_months,
    Future: futures,
    Option: options,
    Stock: stocks,
    Pair: pairs,
    Instrument: instruments,
    Product: products,
    CommissionSchedule: schedules,
    Rate: rates,
    Execution: executions,
}
