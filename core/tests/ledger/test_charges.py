from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.ledger.charges import (
    Charge,
    ChargedFill,
    auto_plan,
    charge,
    charge_columns,
    charge_fills,
    monthly_plans,
)
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate, custom_schedule
from polybroker.model.instruments import AssetClass, Stock
from polybroker.model.products import PRODUCTS
from polybroker.statements.schema import EXECUTIONS
from polybroker.testing.strategies import exact_decimals, instruments, prices, quantities, schedules

SYMBOLS = ("MES", "ES", "AAPL")
MES = PRODUCTS["MES"].future(None)
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)


def rate(amount: str, basis: Basis = Basis.UNIT, **more: Any) -> Rate:
    bounds = {name: Decimal(more.pop(name)) for name in ("minimum", "maximum", "maximum_fraction") if name in more}
    return Rate(amount=Decimal(amount), basis=basis, **{"currency": "USD", **bounds, **more})


def schedule(*rates: Rate, places: int = 10) -> CommissionSchedule:
    return CommissionSchedule(plan="pro", rates=rates, source="", as_of=None, places=places)


def fill(quantity: str | Decimal = "1", price: str | Decimal = "100", **more: Any) -> ChargedFill:
    facts = {"symbol": "AAPL", "asset_class": AssetClass.STOCK, "multiplier": Decimal(1), "currency": "USD", **more}
    return ChargedFill(quantity=Decimal(quantity), price=Decimal(price), **facts)


def frame(fills: list[ChargedFill], **columns: Any) -> pl.DataFrame:
    rows = [
        {
            "execution_id": str(number),
            "broker_id": "acme",
            "order_id": each.order,
            "timestamp": NOON,
            "trading_day": NOON.date(),
            "symbol": each.symbol,
            "instrument_id": each.symbol,
            "asset_class": each.asset_class and each.asset_class.value,
            "side": "buy",
            "quantity": each.quantity,
            "price": each.price,
            "multiplier": each.multiplier,
            "currency": each.currency,
            "liquidity": each.liquidity,
        }
        for number, each in enumerate(fills)
    ]
    table = pl.DataFrame(rows, schema={name: EXECUTIONS[name] for name in (rows or [{}])[0]})
    missing = [pl.lit(None, kind).alias(name) for name, kind in EXECUTIONS.items() if name not in table.columns]
    return table.with_columns(missing).with_columns(**columns).select(EXECUTIONS.names())


def columnar(of: CommissionSchedule, fills: list[ChargedFill]) -> list[tuple[Decimal | None, Decimal | None]]:
    charged = charge_columns(frame(fills), of).frame
    assert charged.schema == EXECUTIONS
    return charged.select("commission", "fees").rows()


def costs(of: CommissionSchedule, *fills: ChargedFill) -> list[str | None]:
    charges = charge_fills(of, fills)
    assert columnar(of, list(fills)) == [(each.commission, each.fees) for each in charges]
    return [None if each.commission is None else f"{each.commission.normalize():f}" for each in charges]


def total(charges: list[Charge]) -> tuple[Decimal, Decimal]:
    return sum((each.commission or Decimal(0) for each in charges), Decimal(0)), sum(
        (each.fees or Decimal(0) for each in charges), Decimal(0)
    )


@st.composite
def fills(draw: st.DrawFn) -> list[ChargedFill]:
    """Fills of a few orders, in time order."""
    orders = {
        name: {
            "symbol": draw(st.sampled_from(SYMBOLS)),
            "asset_class": draw(st.sampled_from([*[AssetClass.FUTURE, AssetClass.STOCK] * 4, None])),
            "currency": draw(st.sampled_from([*["USD"] * 8, "EUR", None])),
            "multiplier": draw(
                st.sampled_from([Decimal(1), Decimal("0.1"), Decimal(50), Decimal(12_500_000)] * 2 + [None])
            ),
        }
        for name in ("a", "b", None)
    }
    names = draw(st.lists(st.sampled_from(list(orders)), max_size=8))
    return [
        ChargedFill(
            quantity=draw(quantities()),
            price=draw(st.one_of(prices(), exact_decimals(0, 5))),
            order=name,
            liquidity=draw(st.sampled_from(["maker", "taker", None])),
            **orders[name],
        )
        for name in names
    ]


@settings(deadline=None)
@given(schedules(st.sampled_from([(), ("MES",), ("ES", "AAPL")])), fills())
def test_columns_are_charged_exactly_like_single_fills(of: CommissionSchedule, given_fills: list[ChargedFill]) -> None:
    expected = [(each.commission, each.fees) for each in charge_fills(of, given_fills)]
    assert columnar(of, given_fills) == expected


@settings(deadline=None)
@given(schedules(), instruments(), quantities(), prices())
def test_a_single_charge_is_that_of_an_order_of_its_own(
    of: CommissionSchedule, instrument: Any, quantity: Decimal, price: Decimal
) -> None:
    single = charge(of, instrument, quantity, price)
    facts = {name: getattr(instrument, name) for name in ("symbol", "asset_class", "multiplier", "currency")}
    both = [fill(quantity, price, order=order, **facts) for order in (None, "x")]
    assert charge_fills(of, both) == [single, single]


@settings(deadline=None)
@given(schedules(), st.lists(quantities(), min_size=2, max_size=6), prices())
def test_an_order_costs_the_same_however_it_is_split(
    of: CommissionSchedule, parts: list[Decimal], price: Decimal
) -> None:
    whole = charge_fills(of, [fill(sum(parts), price, order="x")])
    split = charge_fills(of, [fill(part, price, order="x") for part in parts])
    assert total(split) == total(whole)


@settings(deadline=None)
@given(schedules(), st.lists(quantities(), min_size=1, max_size=6), prices())
def test_a_later_fill_never_changes_an_earlier_charge(
    of: CommissionSchedule, parts: list[Decimal], price: Decimal
) -> None:
    of = schedule(*(each for each in of.rates if each.basis is not Basis.ORDER), places=of.places)
    all_fills = [fill(part, price, order="x") for part in parts]
    assert charge_fills(of, all_fills)[:-1] == charge_fills(of, all_fills[:-1])


@settings(deadline=None)
@given(schedules(), fills())
def test_both_sides_cost_the_same(of: CommissionSchedule, given_fills: list[ChargedFill]) -> None:
    bought, sold = (charge_columns(frame(given_fills, side=pl.lit(side)), of).frame for side in ("buy", "sell"))
    assert bought.drop("side").equals(sold.drop("side"))


@settings(deadline=None)
@given(schedules(), fills())
def test_minimum_and_maximum_bind_the_whole_order(of: CommissionSchedule, given_fills: list[ChargedFill]) -> None:
    for each in of.rates:
        if each.maximum is None:
            continue
        alone = schedule(each, places=of.places)
        for order in "ab":
            mine = [entry for entry in given_fills if entry.order == order]
            allowed = each.maximum.quantize(Decimal(1).scaleb(-of.places)) if of.places < 6 else each.maximum
            assert -sum(total(charge_fills(alone, mine))) <= allowed


@pytest.mark.parametrize(
    ("of", "quantities_of_one_order", "expected"),
    [
        (schedule(rate("0.60")), ["2", "1"], ["-1.2", "-0.6"]),
        (schedule(rate("-0.002")), ["100"], ["0.2"]),  # a rebate
        (schedule(rate("0.005", minimum="1")), ["100", "100", "100"], ["-1", "0", "-0.5"]),
        (schedule(rate("0.005", maximum="1.20")), ["200", "100", "100"], ["-1", "-0.2", "0"]),
        (schedule(rate("0.005", minimum="1", maximum="0.5")), ["1"], ["-0.5"]),
        (schedule(rate("0.005", minimum="1", maximum_fraction="0.005")), ["1", "1"], ["-0.5", "-0.5"]),
        (schedule(rate("0.001", Basis.NOTIONAL)), ["3"], ["-0.3"]),
        (schedule(rate("5", Basis.ORDER)), ["1", "3"], ["-1.25", "-3.75"]),
        (schedule(rate("1", Basis.ORDER), places=2), ["1", "1", "1"], ["-0.33", "-0.34", "-0.33"]),
        (schedule(rate("1", Basis.ORDER), rate("0.005")), ["100"], ["-1.5"]),
        (schedule(rate("0.005"), places=2), ["1", "1", "1"], ["0", "-0.01", "-0.01"]),  # 0.005, 0.010, 0.015 half-even
        (schedule(rate("0"), places=2), ["1"], ["0"]),
    ],
)
def test_charges_by_hand(of: CommissionSchedule, quantities_of_one_order: list[str], expected: list[str]) -> None:
    assert costs(of, *(fill(quantity, "100", order="x") for quantity in quantities_of_one_order)) == expected


def test_an_execution_without_order_id_is_an_order_of_its_own() -> None:
    of = schedule(rate("0.005", minimum="1"))
    assert costs(of, fill("100"), fill("100"), fill("100", order="x"), fill("100", order="x")) == [
        "-1",
        "-1",
        "-1",
        "0",
    ]


def test_orders_of_two_accounts_are_two_orders() -> None:
    of = schedule(rate("0.005", minimum="1"))
    table = frame([fill("100", order="x")] * 2, account=pl.Series(["A", "B"]))
    assert charge_columns(table, of).frame["commission"].to_list() == [Decimal(-1), Decimal(-1)]


def test_commission_and_fees_are_disjoint() -> None:
    of = schedule(rate("0.50"), rate("0.35", part=Part.EXCHANGE), rate("0.02", part=Part.NFA))
    assert charge(of, MES, Decimal(2), Decimal(6000)) == Charge(
        commission=Decimal("-1.00"), fees=Decimal("-0.74"), currency="USD"
    )
    assert charge(schedule(rate("0.35", part=Part.EXCHANGE)), MES, Decimal(1), Decimal(1)).commission is None


def test_a_charge_in_another_currency_is_not_added_in_silence() -> None:
    of = schedule(rate("0.5", currency="EUR"), rate("0.02", part=Part.NFA))
    found = charge(of, MES, Decimal(1), Decimal(6000))
    assert (found.commission, found.fees) == (None, Decimal("-0.02"))
    assert found.reasons == ("MES: the plan pro charges EUR, the execution is in USD",)
    mixed = schedule(rate("0.5"), rate("1", part=Part.EXCHANGE, currency="EUR"), rate("0.02", part=Part.NFA))
    assert charge(mixed, MES, Decimal(1), Decimal(6000)).fees is None


def test_a_rate_without_currency_is_in_that_of_the_execution() -> None:
    of = schedule(rate("0.5", currency=None))
    assert charge(of, PRODUCTS["FDAX"].future(None), Decimal(2), Decimal(20000)) == Charge(
        commission=Decimal("-1.0"), fees=None, currency="EUR"
    )


def test_what_is_not_known_stays_null_and_says_why() -> None:
    of = schedule(rate("0.5", symbols=("MES",)), rate("0.001", Basis.NOTIONAL, part=Part.EXCHANGE, symbols=("MES",)))
    unknown = fill(symbol="XYZ?", asset_class=None, currency=None, multiplier=None)
    without_multiplier = fill(symbol="MES", multiplier=None)
    charged = charge_columns(frame([fill(), fill(), unknown, without_multiplier, fill(symbol="MES")]), of)
    assert charged.frame["commission"].to_list() == [None, None, None, Decimal("-0.5"), Decimal("-0.5")]
    assert charged.frame["fees"].to_list() == [None, None, None, None, Decimal("-0.1")]
    assert charged.frame["commission_source"].to_list() == [None, None, None, "schedule", "schedule"]
    assert charged.reasons == (
        "AAPL: the plan pro has no commission for it (2 executions)",
        "XYZ?: the symbol is unknown, so are its charges (1 execution)",
        "MES: the plan pro charges by traded value, the multiplier is not known (1 execution)",
    )


def test_charges_of_the_file_win_and_take_no_part_in_an_orders_sums() -> None:
    of = schedule(rate("0.005", minimum="1"), rate("0.01", part=Part.NFA))
    stated = {
        "commission": pl.Series([None, Decimal(-7), None, None], dtype=EXECUTIONS["commission"]),
        "fees": pl.Series([None, None, Decimal(-3), None], dtype=EXECUTIONS["fees"]),
        "commission_source": pl.Series([None, "file", "file", None]),
    }
    charged = charge_columns(frame([fill("100", order="x")] * 4, **stated), of).frame
    assert charged["commission"].to_list() == [Decimal(-1), Decimal(-7), None, Decimal(0)]
    assert charged["fees"].to_list() == [Decimal(-1), None, Decimal(-3), Decimal(-1)]
    assert charged["commission_source"].to_list() == ["schedule", "file", "file", "schedule"]


def test_an_empty_table_stays_empty() -> None:
    charged = charge_columns(frame([fill()]).clear(), schedule(rate("0.5")))
    assert charged.frame.schema == EXECUTIONS
    assert charged.frame.height == 0
    assert charged.reasons == ()


def test_several_schedules_need_the_plan_of_each_row() -> None:
    with pytest.raises(ValueError, match="plan of each row"):
        charge_columns(frame([fill()]), {"pro": schedule(rate("0.5"))})


TIERS = (
    CommissionPlan("fixed", "Fixed"),
    CommissionPlan("1", "Tier 1", 0, 1_000),
    CommissionPlan("2", "Tier 2", 1_001, 9_999),
    CommissionPlan("4", "Tier 4", 10_000, None),
)
FUTURE = {"symbol": "MES", "asset_class": AssetClass.FUTURE}


@pytest.mark.parametrize(
    ("contracts", "plan"),
    [(999, "1"), (1_000, "1"), (1_001, "2"), (9_999, "2"), (10_000, "4"), (10_001, "4")],
)
def test_the_tier_follows_from_all_contracts_of_the_month(contracts: int, plan: str) -> None:
    table = frame([fill(str(contracts - 900), **FUTURE), fill("900", **FUTURE), fill("5000")])
    assert monthly_plans(table, TIERS).rows() == [(None, date(2026, 3, 1), Decimal(contracts), plan)]
    assert auto_plan(table, TIERS).to_list() == [plan] * 3


def test_each_account_and_month_has_its_own_tier() -> None:
    table = frame(
        [fill("600", **FUTURE)] * 4,
        account=pl.Series(["A", "A", "A", "B"]),
        trading_day=pl.Series([date(2026, 3, 31), date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 15)]),
    )
    plans = auto_plan(table, TIERS)
    assert plans.to_list() == ["2", "2", "1", "1"]
    rates = {plan: schedule(rate(amount)) for plan, amount in (("1", "0.62"), ("2", "0.61"))}
    charged = charge_columns(table, rates, plans).frame
    assert [str(cost.normalize()) for cost in charged["commission"]] == ["-366", "-366", "-372", "-372"]


def test_without_a_range_that_holds_the_default_plan_is_taken() -> None:
    assert auto_plan(frame([fill("5", **FUTURE)]), TIERS[:1]).to_list() == ["fixed"]
    assert auto_plan(frame([fill("1000.5", **FUTURE)]), TIERS).to_list() == ["fixed"]


def test_own_rates_are_charged_in_each_instruments_currency() -> None:
    own = custom_schedule({"MES": Decimal("0.5"), "*": Decimal("1.25")})
    dax = fill("2", symbol="FDAX", asset_class=AssetClass.FUTURE, currency="EUR")
    assert costs(own, fill("3", **FUTURE), dax) == ["-1.5", "-2.5"]


def test_a_negative_price_is_charged_by_its_size() -> None:
    of = schedule(rate("0.001", Basis.NOTIONAL, maximum="50"))
    assert costs(of, fill("2", "-37.5"), fill("2", "37.5")) == ["-0.075", "-0.075"]


def test_bounds_of_zero_meet_numbers_of_many_places() -> None:
    of = schedule(rate("0.000000000000000001", Basis.NOTIONAL, minimum="0", maximum_fraction="0"), places=18)
    assert costs(of, fill("0.00000001", "0.000000001")) == ["0"]


def test_amounts_beyond_64_bits_stay_exact() -> None:
    of = schedule(rate("0.000000000000000001", Basis.NOTIONAL, maximum="99999999999"), places=18)
    many = fill("100000", "0.000000001", multiplier=Decimal(12_500_000), order="x")
    huge = fill("99999.99999999", "199999.999999999", multiplier=Decimal(12_500_000), order="x")
    assert columnar(of, [many, huge, many]) == [
        (each.commission, each.fees) for each in charge_fills(of, [many, huge, many])
    ]
    assert charge(of, Stock("AAPL"), Decimal(1), Decimal("0.5")).commission == 0
