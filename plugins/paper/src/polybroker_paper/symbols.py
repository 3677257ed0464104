"""Symbols of the simulated broker: an instrument's own text, `future:CME:MES:2026-03`; any common notation is read."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.instruments import AssetClass, Instrument
from polybroker.model.symbols import instrument_text, parse_instrument_text, parse_symbol


def to_broker_symbol(instrument: Instrument) -> str:
    """The one text of the instrument; `Unsupported` where it has none, or has small letters in its names."""
    text = instrument_text(instrument)
    with suppress(SymbolUnknown):
        if from_broker_symbol(text, None) == instrument:
            return text
    raise Unsupported(f"there is no symbol for {instrument}")


def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The instrument of such a text, or of a symbol in a common notation (`MESH6`, `AAPL`, `BTC/USD`)."""
    kind, colon, rest = symbol.partition(":")
    if not colon or kind not in set(AssetClass):
        return parse_symbol(symbol, on)
    body, *extras = rest.split(";")
    names = [body, *(extra.partition("=")[2] for extra in extras)]
    if any(name != name.upper() for name in names):
        raise SymbolUnknown(symbol, f"{symbol!r}: names are written in capital letters")
    return parse_instrument_text(symbol)
