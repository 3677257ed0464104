"""The instruments of a draft: the broker is asked once for each distinct symbol and month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.broker import Broker
from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.instrument_text import parse_instrument_text
from polybroker.model.instruments import AssetClass, Future, Instrument, Pair
from polybroker.model.products import product
from polybroker.model.symbols import parse_symbol
from polybroker.statements.distinct import Codes, encoded, places
from polybroker.statements.schema import EXACT, EXECUTIONS

UNMAPPED: Final = "?:"
"""What the instrument id of an unknown symbol begins with, so that it never equals a known one."""

_DAY: Final = 86_400_000_000
_EXCHANGE_GROUPS: Final = {
    **dict.fromkeys(("CME", "CBOT", "NYMEX", "COMEX"), "cme"),
    "CFE": "cfe",
    "EUREX": "eurex",
    "ICEUS": "ice_us",
    "ICEEU": "ice_eu",
}
"""For futures that the table of products lacks."""
_TEXTS: Final = ("instrument_id", "symbol", "contract", "asset_class", "exchange", "expiration")
_LINES: Final = pl.Schema(
    {
        **{name: EXECUTIONS[name] for name in _TEXTS},
        "multiplier": EXACT,
        "currency": pl.String(),
        "group": pl.String(),
        "mapped": pl.Boolean(),
        "raw_symbol": pl.String(),
    }
)


@frozen(eq=False, slots=False)
class Instruments:
    """The instruments of a frame: `lines` has one row for each, `codes` the line of each row of the frame."""

    lines: pl.DataFrame
    codes: Codes

    def column(self, name: str) -> pl.Series:
        """A column of `lines`, spread over the rows of the frame."""
        values = self.lines.get_column(name)
        if len(values) == 1:
            return values.new_from_index(0, len(self.codes))
        return values.gather(self._index)

    @cached_property
    def _index(self) -> pl.Series:
        """The codes as polars takes them without a conversion each time."""
        return pl.Series(self.codes.astype(np.uint32))

    @property
    def unmapped(self) -> tuple[str, ...]:
        """The raw symbols that nobody knows, in alphabetical order."""
        unknown = self.lines.filter(~pl.col("mapped")).get_column("raw_symbol")
        return tuple(unknown.unique().sort())


def instruments(fills: pl.DataFrame, broker: Broker, overrides: Mapping[str, str]) -> Instruments:
    """The instrument of each row of a broker's checked draft.

    An entry of `overrides` for the raw symbol wins; `SymbolUnknown` where nobody knows the symbol it names. A raw
    symbol that the broker does not know, or does not trade, keeps its text and is unmapped.
    """
    raw = encoded(fills.get_column("raw_symbol"))
    keys, pairs = raw, raw.codes
    if not (fills.get_column("symbol_key") == fills.get_column("raw_symbol")).all():
        keys = encoded(fills.get_column("symbol_key"))
        pairs = raw.codes * len(keys.texts) + keys.codes
    months = _months(fills.get_column("local_time"))
    first, span = (int(months.min()), int(months.max() - months.min()) + 1) if len(months) else (0, 1)
    wanted, codes = places(pairs * span + (months - first))
    ask = _Question(broker, overrides)
    lines = []
    for number in wanted.tolist():
        pair, month = divmod(number, span)
        text, key = (pair, pair) if keys is raw else divmod(pair, len(keys.texts))
        lines.append(ask.line(raw.texts[text], keys.texts[key], _first_day(first + month)))
    return Instruments(pl.DataFrame(lines, schema=_LINES, orient="row"), codes)


def trading_group(instrument: Instrument) -> str:
    """The trading-day group of an instrument, a name that `polybroker.ledger.trading_day` knows."""
    if isinstance(instrument, Future):
        known = product(instrument.root, instrument.exchange)
        return known.group if known else _EXCHANGE_GROUPS.get(instrument.exchange, "none")
    if isinstance(instrument, Pair):
        return "forex" if instrument.asset_class is AssetClass.FOREX else "utc"
    return "us_stock" if instrument.currency == "USD" else "none"


@frozen
class _Question:
    broker: Broker
    overrides: Mapping[str, str]

    def line(self, raw: str, key: str, on: date) -> tuple[Any, ...]:
        """One row of `_LINES`."""
        instrument = self._instrument(raw, key, on)
        if instrument is None:
            return (f"{UNMAPPED}{key}", raw, raw, None, None, None, None, None, "none", False, raw)
        return (
            instrument.instrument_id,
            instrument.symbol,
            instrument.contract,
            str(instrument.asset_class),
            instrument.exchange,
            instrument.expiration,
            instrument.multiplier,
            instrument.currency,
            trading_group(instrument),
            True,
            raw,
        )

    def _instrument(self, raw: str, key: str, on: date) -> Instrument | None:
        if raw in self.overrides:
            return self._overridden(raw, self.overrides[raw], on)
        try:
            return self._asked(key, on)
        except (SymbolUnknown, Unsupported):
            return None

    def _overridden(self, raw: str, symbol: str, on: date) -> Instrument:
        if symbol.partition(":")[0] in set(AssetClass):
            return parse_instrument_text(symbol)
        for known in (self._asked, parse_symbol):
            try:
                return known(symbol, on)
            except SymbolUnknown:
                continue
        raise SymbolUnknown(symbol, f"the symbol override {raw}={symbol} names no symbol that {self.broker.id} knows")

    def _asked(self, symbol: str, on: date) -> Instrument:
        if not self.broker.offers("from_broker_symbol"):
            return parse_symbol(symbol, on)
        return self.broker.from_broker_symbol(symbol, on)


def _months(times: pl.Series) -> Codes:
    """Months since January 1970 of wall-clock times."""
    days = times.to_physical().to_numpy() // _DAY
    if not len(days):
        return days
    first, last = int(days.min()), int(days.max())
    if last - first > len(days) + 100_000:
        return days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    table = np.arange(first, last + 1).astype("M8[D]").astype("M8[M]").astype(np.int64)
    months: Codes = table[days - first]
    return months


def _first_day(month: int) -> date:
    return date(1970 + month // 12, month % 12 + 1, 1)
