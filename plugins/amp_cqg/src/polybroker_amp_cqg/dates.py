"""The time of a row and its trading day, read together.

All dates come from one report, which writes them in one way: the expirations of the contracts tell as well whether
3/4/2025 is in March or in April. And a fill's trading day is its own day or one of the next few (a weekend,
holidays), which often settles the rest.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from attrs import frozen

from polybroker.errors import AmbiguousStatement
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
    try:
        further = rows.group_by("expiration", maintain_order=True).first() if day_first is None else None
        return _read(rows, name, day_first, source, further)
    except AmbiguousStatement:
        fitting = [dates for order in (True, False) if _fit(dates := _read(rows, name, order, source))]
        if len(fitting) != 1:
            raise
        return fitting[0]


def _read(
    rows: pl.DataFrame, name: str, day_first: bool | None, source: str, further: pl.DataFrame | None = None
) -> Dates:
    parts = [(rows["time"], rows["row"]), (rows["trading_day"], rows["row"])]
    if further is not None:
        parts.append((further["expiration"], further["row"]))
    column = pl.concat([part.alias(name) for part, _ in parts])
    numbers = pl.concat([number for _, number in parts])
    parsed = parse_times(column, day_first=day_first, rows=numbers, source=source)
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
