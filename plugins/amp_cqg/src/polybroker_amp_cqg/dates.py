"""The time of a row and its trading day, read together.

All dates come from one report, which writes them in one way: the expirations of the contracts tell as well whether
3/4/2025 is in March or in April. And a fill's trading day is its own day or one of the next few (a weekend,
holidays), which often settles the rest.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from attrs import frozen

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.statements.times import ParsedTimes, parse_times

_DAYS_AHEAD: Final = 6
"""How far a trading day can lie after the day on the clock; it is one day before it for clocks far east."""


@frozen(eq=False, kw_only=True)
class Dates:
    """Series of the length of the columns."""

    local: pl.Series
    utc: pl.Series
    zone: pl.Series
    trading_day: pl.Series
    bad: pl.Series
    bad_trading_day: pl.Series
    date_only: pl.Series


def read_dates(rows: pl.DataFrame, *, name: str, day_first: bool | None, source: str) -> Dates:
    """The columns `time` and `trading_day` of `rows`, which have `row` and `expiration` too.

    `name` is the file's header of the time. Raises `AmbiguousStatement` where nothing tells whether the day comes
    first, and `StatementError` where the file has dates of both orders.
    """
    if day_first is None:
        try:
            return _read(rows, name, None, source, rows["expiration"].unique())
        except StatementError:
            pass  # the expirations may be written in another way; without them the message is about the times
    try:
        return _read(rows, name, day_first, source)
    except AmbiguousStatement:
        fitting = [dates for order in (True, False) if _fit(dates := _read(rows, name, order, source))]
        if len(fitting) != 1:
            raise
        return fitting[0]


def _read(
    rows: pl.DataFrame, name: str, day_first: bool | None, source: str, further: pl.Series | None = None
) -> Dates:
    parts = [rows["time"], rows["trading_day"], *([] if further is None else [further])]
    numbers = [
        rows["row"],
        rows["row"],
        *([] if further is None else [pl.repeat(0, len(further), dtype=pl.UInt32, eager=True)]),
    ]
    column = pl.concat([part.alias(name) for part in parts])
    parsed = parse_times(column, day_first=day_first, rows=pl.concat(numbers), source=source)
    return _halves(parsed, rows.height)


def _halves(parsed: ParsedTimes, length: int) -> Dates:
    return Dates(
        local=parsed.local.head(length),
        utc=parsed.utc.head(length),
        zone=parsed.zone.head(length),
        trading_day=parsed.local.slice(length, length).dt.date(),
        bad=parsed.bad.head(length),
        bad_trading_day=parsed.bad.slice(length, length),
        date_only=parsed.date_only.head(length),
    )


def _fit(dates: Dates) -> bool:
    """Whether all trading days can be those of the times; no pair of dates fits nothing."""
    if dates.bad.any() or dates.bad_trading_day.any():
        return False
    ahead = (dates.trading_day - dates.local.dt.date()).dt.total_days().drop_nulls()
    return len(ahead) > 0 and bool(ahead.is_between(-1, _DAYS_AHEAD).all())
