"""Symbols of files that no broker wrote: the common notations, and a text for every instrument.

A symbol that a file explains in other columns (a stock, an option's strike) becomes a key that says so:
`stock:ES`, an OSI symbol, `future:CME:MES:2025-03`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Final

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.instruments import AssetClass, Future, Instrument
from polybroker.model.symbols import instrument_text, parse_instrument_text, parse_symbol

_ANY_DAYS: Final = (None, date(1990, 1, 1), date(2020, 6, 15), date(2080, 1, 1))
"""A text for an instrument must mean it whenever it is read."""


def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The instrument of a symbol in any common notation; a bare root of a future is the future.

    `stock:ES` and the like say what the symbol is, and every instrument text is read. Raises `SymbolUnknown` for
    everything that is not certain.
    """
    kind, colon, rest = symbol.partition(":")
    if not colon or kind not in set(AssetClass):
        return parse_symbol(symbol, on)
    if rest == rest.upper() or ";" in rest:
        with suppress(SymbolUnknown):
            return parse_instrument_text(symbol)
    return parse_symbol(rest, on, asset_class=AssetClass(kind))


def to_broker_symbol(instrument: Instrument) -> str:
    """The shortest text that means this instrument on any day: `MESH2025`, `CME:MES`, `AAPL`, `stock:ES`.

    Raises `Unsupported` for an instrument that no text can state.
    """
    for text in _texts(instrument):
        if all(_means(text, day, instrument) for day in _ANY_DAYS):
            return text
    raise Unsupported(f"there is no text for {instrument}")


def _texts(instrument: Instrument) -> Iterator[str]:
    if isinstance(instrument, Future):
        month = instrument.expiry
        yield f"{instrument.root}{month.letter}{month.year}" if month else f"{instrument.exchange}:{instrument.root}"
    else:
        yield instrument.contract
    yield instrument_text(instrument)


def _means(text: str, on: date | None, instrument: Instrument) -> bool:
    try:
        return from_broker_symbol(text, on) == instrument
    except SymbolUnknown:
        return False
