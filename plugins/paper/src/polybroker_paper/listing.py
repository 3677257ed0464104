"""What the simulated broker lists: tick sizes, where prices start, and what cannot be traded."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from polybroker.errors import SymbolUnknown
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Stock
from polybroker.model.products import product

CENT: Final = Decimal("0.01")
_START: Final[Mapping[str, str]] = {
    "ES": "6000", "MES": "6000", "NQ": "21000", "MNQ": "21000", "YM": "44000", "MYM": "44000", "RTY": "2200",
    "M2K": "2200", "CL": "70", "MCL": "70", "NG": "3", "GC": "2700", "MGC": "2700", "SI": "31", "ZN": "110",
    "ZB": "117", "6E": "1.08", "BTC/USD": "60000", "ETH/USD": "3000", "SOL/USD": "150", "EUR/USD": "1.08",
    "GBP/USD": "1.27", "USD/JPY": "150", "AAPL": "230", "MSFT": "430", "SPY": "600", "QQQ": "520", "TSLA": "340",
}  # fmt: skip
"""Round figures for what is looked at first; everything else starts at a price made from its name."""


def tick_size(instrument: Instrument) -> Decimal:
    """The step of the instrument's prices."""
    if isinstance(instrument, Future):
        facts = product(instrument.root, instrument.exchange)
        return instrument.tick_size or (facts.tick_size if facts else CENT)
    if instrument.asset_class is AssetClass.FOREX:
        return Decimal("0.001") if instrument.currency == "JPY" else Decimal("0.00001")
    if instrument.asset_class is AssetClass.CRYPTO and instrument.symbol not in _START:
        return Decimal("0.0001")
    return CENT


def start_ticks(instrument: Instrument) -> int:
    """The price that the walk starts at, in ticks."""
    step = tick_size(instrument)
    known = _START.get(instrument.symbol)
    if known is not None:
        return int(Decimal(known) / step)
    return 3000 + int.from_bytes(blake2b(instrument.symbol.encode(), digest_size=4).digest()) % 27_000


def require_listed(instrument: Instrument) -> None:
    """`SymbolUnknown` for what is not listed: futures of unknown products, months or multipliers."""
    if not isinstance(instrument, Future):
        return
    facts = product(instrument.root, instrument.exchange)
    name = instrument.instrument_id
    if facts is None:
        raise SymbolUnknown(name, f"{name}: no futures product of that root is known")
    if instrument.expiry is None:
        raise SymbolUnknown(name, f"{name}: a futures contract has a month")
    if facts.last_month is not None and instrument.expiry > facts.last_month:
        raise SymbolUnknown(name, f"{name}: the last month was {facts.last_month}")
    if (instrument.multiplier, instrument.currency) != (facts.multiplier, facts.currency):
        raise SymbolUnknown(name, f"{name}: the contract is {facts.currency} {facts.multiplier} a point")


def margined(instrument: Instrument) -> bool:
    """Whether a trade moves no money but its result: futures and currencies. Else the whole value is paid."""
    return instrument.asset_class in (AssetClass.FUTURE, AssetClass.FOREX)


def underlying(option: Option) -> Stock:
    """What the option is priced by."""
    return Stock(option.underlying, currency=option.currency)
