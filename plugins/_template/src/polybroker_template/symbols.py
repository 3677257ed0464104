"""The broker's symbols: `AAPL` and `BRK.B` for stocks, `MES-H26` for futures."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.futures import contract_month, month_number
from polybroker.model.instruments import Future, Instrument, Stock
from polybroker.model.products import product

_STOCK: Final = re.compile(r"[A-Z]{1,5}(\.[A-Z])?")
_FUTURE: Final = re.compile(r"([A-Z0-9]{1,4})-([FGHJKMNQUVXZ])([0-9]{2})")


def to_broker_symbol(instrument: Instrument) -> str:
    """`Unsupported` for everything but US stocks and the futures that polybroker knows."""
    if isinstance(instrument, Stock) and instrument == Stock(instrument.ticker) and _STOCK.fullmatch(instrument.ticker):
        return instrument.ticker
    if isinstance(instrument, Future) and instrument.expiry is not None:
        known = product(instrument.root)
        if known is not None and known.future(instrument.expiry) == instrument:
            return f"{instrument.root}-{instrument.expiry.letter}{instrument.expiry.year % 100:02d}"
    raise Unsupported(f"Template does not trade {instrument.instrument_id}")


def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """`SymbolUnknown` for everything else: a guess would mix up two instruments for ever."""
    if match := _FUTURE.fullmatch(symbol):
        known = product(match[1])
        if known is not None:
            return known.future(contract_month(month_number(match[2]), match[3], on))
    elif _STOCK.fullmatch(symbol):
        return Stock(symbol)
    raise SymbolUnknown(symbol)
