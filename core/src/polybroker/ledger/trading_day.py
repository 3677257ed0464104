"""The trading day (session date) of a moment: a field of its own, other than any calendar date.

A group of products has a zone, an hour at which its next trading day begins, and a table of weekdays on which its
exchange is closed. Moments on weekends and closed days belong to the next trading day; so does trading on a holiday
that the exchange clears with the next day (CME on Presidents' Day). Early closes move nothing: the next trading day
begins at the same hour. The table covers 2000 to 2030; outside of it only weekends are known to be closed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

from polybroker.statements.schema import UTC_TIME

_DAY: Final = 86_400_000_000
_FIRST, _END = ((date(year, 1, 1) - date(1970, 1, 1)).days * _DAY for year in (2, 9999))


@frozen
class _Group:
    zone: str
    roll: int | None = None
    """Local hour from which a moment counts to the next date; None: midnight."""
    calendar: str | None = None
    """Whose closed weekdays apply; None: no weekday is closed."""
    weekends: bool = False
    """Whether Saturday and Sunday are trading days."""


_CHICAGO, _NEW_YORK = "America/Chicago", "America/New_York"
_GROUPS: Final[Mapping[str, _Group]] = {
    **{
        f"cme{family}": _Group(_CHICAGO, 17, "cme")
        for family in ("", "_energy", "_metals", "_grains", "_livestock", "_dairy")
    },
    **{f"cme_{family}": _Group(_CHICAGO, 17, f"cme_{family}") for family in ("equity", "rates", "fx", "crypto")},
    "cfe": _Group(_CHICAGO, 17, "cfe"),
    "ice_us": _Group(_NEW_YORK, 18, "ice_us"),
    "ice_eu": _Group("Europe/London"),
    "eurex": _Group("Europe/Berlin", None, "eurex"),
    "us_stock": _Group(_NEW_YORK, None, "us_stock"),
    "forex": _Group(_NEW_YORK, 17),
    "utc": _Group("UTC", weekends=True),
    "none": _Group("UTC", weekends=True),
}
TRADING_DAY_GROUPS: Final = tuple(_GROUPS)
"""The groups of products: CME families, CFE, ICE, Eurex, US stocks and options on them, forex, and plain UTC dates."""


def trading_day(timestamp: datetime, group: str) -> date:
    """The trading day of an aware moment; `ValueError` for a naive one or an unknown group."""
    if timestamp.utcoffset() is None:
        raise ValueError(f"{timestamp.isoformat()} has no time zone")
    rules = _rules(group)
    local = timestamp.astimezone(ZoneInfo(rules.zone))
    day = local.date()
    if rules.roll is not None and local.time() >= time(rules.roll):
        day += timedelta(days=1)
    while not _is_open(day, rules):
        day += timedelta(days=1)
    return day


def trading_days(timestamps: pl.Series, group: str) -> pl.Series:
    """The trading days (Date) of a column of UTC microseconds; null stays null, `ValueError` for an unknown group."""
    rules = _rules(group)
    if timestamps.dtype != UTC_TIME:
        raise ValueError(f"trading days are found for {UTC_TIME}, not for {timestamps.dtype}")
    if timestamps.null_count() == len(timestamps):
        return pl.Series(timestamps.name, [None] * len(timestamps), dtype=pl.Date)
    physical = timestamps.to_physical()
    known = timestamps.is_not_null()
    moments = (physical.fill_null(physical.min()) if physical.null_count() else physical).to_numpy()
    table = _table(rules, *_span(int(moments.min()), int(moments.max())))
    days = pl.Series(timestamps.name, table.lookup(moments)).cast(pl.Date)
    return days if known.all() else days.zip_with(known, pl.Series([None], dtype=pl.Date)).alias(timestamps.name)


@frozen(eq=False)
class _Table:
    """Where trading days begin. Beginnings shift only with daylight saving, so each bucket of 24 hours has one."""

    base: int
    """First microsecond of the first bucket, half a day before the first beginning."""
    starts: npt.NDArray[np.int64]
    days: npt.NDArray[np.int32]
    """Day number of the trading day before the first beginning, then from each one on."""

    def lookup(self, moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The trading day's number for each moment, microseconds since 1970."""
        bucket = (moments - self.base) // _DAY
        begun = moments >= self.starts[bucket]
        bucket += begun
        found: npt.NDArray[np.int32] = self.days[bucket]
        return found


def _rules(group: str) -> _Group:
    try:
        return _GROUPS[group]
    except KeyError:
        raise ValueError(f"no trading-day group {group!r}; there are {', '.join(_GROUPS)}") from None


def _is_open(day: date, rules: _Group) -> bool:
    return rules.weekends or (day.weekday() < 5 and day not in _closed(rules.calendar))


@lru_cache
def _closed(calendar: str | None) -> frozenset[date]:
    """The closed weekdays of this calendar."""
    text = files("polybroker.ledger").joinpath("data/trading_calendar.csv").read_text(encoding="utf-8")
    table = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(
        date.fromisoformat(f"{line['year']}-{day}")
        for line in table
        if line["calendar"] == calendar
        for day in line["closed"].split()
    )


def _span(earliest: int, latest: int) -> tuple[int, int]:
    """The years that a table has to cover, widened so that few different tables are made."""
    if not _FIRST <= earliest <= latest < _END:
        raise ValueError("trading days are known for the years 2 to 9998")
    first, last = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=moment) for moment in (earliest, latest))
    return min(first.year - 1, 1999), max(last.year + 1, 2032)


@lru_cache(maxsize=32)
def _table(rules: _Group, first_year: int, last_year: int) -> _Table:
    dates = pl.date_range(date(first_year, 1, 1), date(last_year, 12, 31), eager=True)
    hours = 0 if rules.roll is None else rules.roll - 24
    local = dates.cast(pl.Datetime("us")).dt.offset_by(f"{hours}h")
    # Where clocks once skipped midnight (Berlin, 1893) the day is taken to begin 24 hours after the one before.
    begin = local.dt.replace_time_zone(rules.zone, ambiguous="earliest", non_existent="null").to_physical()
    starts = begin.fill_null(begin.shift() + _DAY).to_numpy()
    open_ = np.ones(len(dates), dtype=np.bool_)
    if not rules.weekends:
        closed = dates.is_in(list(_closed(rules.calendar))) if rules.calendar else pl.Series([False])
        open_ = ((dates.dt.weekday() < 6) & ~closed).to_numpy()
    numbers = np.where(open_, dates.to_physical().to_numpy(), np.iinfo(np.int32).max)
    days = np.minimum.accumulate(numbers[::-1])[::-1]
    return _Table(base=int(starts[0]) - _DAY // 2, starts=starts, days=np.concatenate((days[:1], days)))
