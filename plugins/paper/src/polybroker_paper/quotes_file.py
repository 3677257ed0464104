"""Prices from a CSV file: `time,symbol,bid,ask` and, where wanted, `last,bid_size,ask_size`.

`time` counts seconds from the start of the world, or is a time with a zone; then the file's first one is the
start. A quote holds until the next one of its symbol; the first one holds before it too.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from attrs import define, field

from polybroker.errors import StatementError, SymbolUnknown
from polybroker.model.instruments import Instrument
from polybroker.model.money import parse_decimal
from polybroker_paper.market import Prices
from polybroker_paper.symbols import from_broker_symbol

_COLUMNS: Final = ("time", "symbol", "bid", "ask")


@define(eq=False)
class _Series:
    """The quotes of one instrument, in time order."""

    seconds: list[Decimal] = field(factory=list)
    prices: list[Prices] = field(factory=list)


@define(eq=False)
class FileMarket:
    """The quotes of a file; other instruments are not listed."""

    tick: timedelta
    _series: Mapping[Instrument, _Series]

    def prices(self, instrument: Instrument, tick: int) -> Prices:
        """The market at that tick; `SymbolUnknown` for what the file does not have."""
        series = self._series.get(instrument)
        if series is None:
            name = instrument.instrument_id
            raise SymbolUnknown(name, f"{name}: the file of quotes does not have it")
        seconds = Decimal(tick * self.tick // timedelta(microseconds=1)) / 1_000_000
        return series.prices[max(bisect_right(series.seconds, seconds) - 1, 0)]

    def instruments(self) -> tuple[Instrument, ...]:
        """What the file has, in its order."""
        return tuple(self._series)


def read_market(path: str | Path, tick: timedelta, on: date) -> FileMarket:
    """The quotes of a file, whose years of one digit are those after `on`.

    `StatementError` names the row that cannot be read, or that goes back in time.
    """
    series: dict[Instrument, _Series] = {}
    first: datetime | None = None
    with Path(path).open(encoding="utf-8-sig", newline="") as lines:
        table = csv.DictReader(lines)
        missing = [name for name in _COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise StatementError(f"a file of quotes has a column {missing[0]}", source=str(path), row=1)
        for row in table:
            try:
                seconds, first = _seconds(row["time"], first)
                mine = series.setdefault(from_broker_symbol(row["symbol"], on), _Series())
                if mine.seconds and seconds < mine.seconds[-1]:
                    raise ValueError("the times of a symbol go forward")
                mine.seconds.append(seconds)
                mine.prices.append(_prices(row))
            except (ValueError, SymbolUnknown) as error:
                raise StatementError(str(error), source=str(path), row=table.line_num) from None
    return FileMarket(tick, series)


def _seconds(text: str, first: datetime | None) -> tuple[Decimal, datetime | None]:
    try:
        return parse_decimal(text), first
    except ValueError:
        time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    first = first or time
    return Decimal((time - first) // timedelta(microseconds=1)) / 1_000_000, first


def _prices(row: Mapping[str, str | None]) -> Prices:
    bid, ask = parse_decimal(row["bid"] or ""), parse_decimal(row["ask"] or "")
    if bid > ask:
        raise ValueError(f"the bid {bid} is above the ask {ask}")
    sizes = {name: parse_decimal(text) for name in ("bid_size", "ask_size") if (text := row.get(name))}
    return Prices(bid, ask, parse_decimal(text) if (text := row.get("last")) else bid, **sizes)
