"""Text columns of dates and times as timestamps, a column at a time.

Whether 01/02/2026 is in January is one decision for a whole column, made from the dates that can be read in one
way only. Wall-clock times become UTC with `to_utc`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.statements.distinct import encoded, is_repetitive
from polybroker.statements.schema import UTC_TIME, WALL_TIME
from polybroker.statements.time_shapes import NO_OFFSET, NO_TIME, Ints, Mask, TimeFields, parts, read_fields
from polybroker.statements.zones import to_utc

__all__ = ["ParsedTimes", "parse_times", "to_utc"]

_DAY: Final = 86_400_000_000
_MINUTE: Final = 60_000_000
_FIRST_YEAR: Final = 1899
_MISSING: Final = r"^\s*[-\u{2010}-\u{2015}\u{2212}]*\s*$"
_QUESTION: Final = "--day-first / --month-first"

_MONTHS: Final = np.arange(f"{_FIRST_YEAR}-01", "2200-02", dtype="M8[M]").astype("M8[D]").astype(np.int64)
_MONTH_START, _MONTH_LENGTH = _MONTHS[:-1], np.diff(_MONTHS)
_CLOCK_DAYS: Final = np.array(["1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01"], "M8[D]").astype(np.int64)
"""The days on which spreadsheets put a time that has no date."""


@frozen(eq=False, kw_only=True)
class ParsedTimes:
    """A column of times, read. All series have the length of the column."""

    local: pl.Series
    """`WALL_TIME`: the clock as the cell shows it; null where the cell is empty or bad."""
    utc: pl.Series
    """`UTC_TIME` where the cell states its zone or offset, else null."""
    zone: pl.Series
    """String: `UTC` or an offset such as `-05:00` where the cell states one, else null."""
    bad: pl.Series
    """Boolean, never null: the cell is no date (with time) that exists, or its time of day is bad."""
    bad_clock: pl.Series
    """Boolean, never null: bad because of the cell of the second column."""
    date_only: pl.Series
    """Boolean, never null: there is no time of day, midnight is taken."""
    day_first: bool | None
    """The decision on dates such as 01/02/2026; None: the column needs none."""


def parse_times(
    column: pl.Series,
    *,
    time: pl.Series | None = None,
    day_first: bool | None = None,
    rows: pl.Series | None = None,
    source: str | None = None,
) -> ParsedTimes:
    """A String column of dates or date-times, with the time of day in a second column where `time` is given.

    Reads ISO dates and times (blank or `T`, a fraction of up to nine digits of which those beyond microseconds are
    zero, `Z`, offset), `11/29/2024`, `27.04.2026`, `01-04-2026`, `7/17/20`, `20240103`, with `9:31`, `9:31:05 AM` or
    `093105`, and zone words (`EST`). Empty cells and dashes are null and not bad. Raises `AmbiguousStatement` where no
    date tells whether the day comes first and `day_first` is None, and `StatementError` where both orders are proven.
    `rows` holds the row numbers for messages; without it the first cell is row 1.
    """
    # Many rows have one date; times of day are read as fast as distinct ones are found.
    dates = read_fields(column) if time is None else _dates(column)
    clocks = None if time is None else read_fields(time)
    order = _day_first(dates, column, day_first, rows, source)
    moments = _Moments.of(len(column))
    for part in parts(len(column)):
        moments.fill(part, dates.part(part), clocks and clocks.part(part), day_first=bool(order))
    bad_clock = np.zeros(len(column), dtype=np.bool_) if time is None else _bad(time, moments.clock_fits)
    bad = _bad(column, moments.dated) | bad_clock
    if clocks is not None:
        bad |= clocks.has_time & ~moments.dated
    good = moments.dated & ~bad
    zoned = good & (moments.offset != NO_OFFSET)
    return ParsedTimes(
        local=_datetimes(moments.local, good, WALL_TIME),
        utc=_utc(moments, zoned),
        zone=_zone_names(moments.offset, zoned),
        bad=pl.Series(bad),
        bad_clock=pl.Series(bad_clock),
        date_only=pl.Series(good & ~moments.clocked),
        day_first=order,
    )


def _dates(column: pl.Series) -> TimeFields:
    if not is_repetitive(column):
        return read_fields(column)
    texts = encoded(column)
    return read_fields(texts.texts).part(texts.codes)


@frozen(eq=False)
class _Moments:
    """What the fields of a column, or of two, mean together."""

    local: Ints
    """Microseconds since 1970 by the clock of the file; of any value where there is no such day."""
    dated: Mask
    """Where there is such a day."""
    clocked: Mask
    clock_fits: Mask
    """Where the second column has a time of day that does not contradict the first one."""
    offset: npt.NDArray[np.int16]

    @classmethod
    def of(cls, rows: int) -> _Moments:
        """Room for so many rows."""
        dated, clocked, fits = (np.zeros(rows, dtype=np.bool_) for _ in range(3))
        return cls(np.zeros(rows, dtype=np.int64), dated, clocked, fits, np.full(rows, NO_OFFSET, dtype=np.int16))

    def fill(self, rows: slice, dates: TimeFields, clocks: TimeFields | None, *, day_first: bool) -> None:
        """Find out the moments of these rows."""
        days, self.dated[rows] = _days(dates, day_first=day_first)
        clock, offset = dates.microsecond, dates.offset
        if clocks is not None:
            self.clock_fits[rows] = _clocks_fit(dates, days, clocks, day_first=day_first)
            clock = np.where(clocks.has_time, clocks.microsecond, clock)
            offset = np.where(clocks.offset != NO_OFFSET, clocks.offset, offset)
        self.clocked[rows] = clock != NO_TIME
        self.local[rows] = days * _DAY + np.maximum(clock, 0)
        self.offset[rows] = offset


def _day_first(
    dates: TimeFields, column: pl.Series, answer: bool | None, rows: pl.Series | None, source: str | None
) -> bool | None:
    """Whether the day comes first in dates such as 01/02/2026; None where no date needs to know."""
    left, right = dates.month, dates.day
    unlike = dates.open & dates.has_date & (left != right)
    unlike &= (np.minimum(left, right) <= 12) & (np.maximum(left, right) <= 31)
    if not unlike.any():
        return None
    if answer is not None:
        return answer
    with_day, with_month = _days(dates, day_first=True)[1], _days(dates, day_first=False)[1]
    by_day, by_month = unlike & with_day & ~with_month, unlike & with_month & ~with_day
    if by_day.any() and by_month.any():
        one, two = sorted((int(by_day.argmax()), int(by_month.argmax())))
        raise StatementError(
            f"the file has dates of two orders: {column[one]!r} (row {_row(rows, one)}) and {column[two]!r} "
            f"(row {_row(rows, two)}) cannot both start with the day, or with the month",
            source=source,
            row=_row(rows, two),
            column=column.name,
        )
    if by_day.any() or by_month.any():
        return bool(by_day.any())
    undecided = unlike & with_day & with_month
    if not undecided.any():
        return None  # what is left exists in neither order: it proves nothing and is bad either way
    index = int(undecided.argmax())
    raise AmbiguousStatement(
        f"{column[index]!r} can start with the day or with the month, and no other date of the file tells",
        question=_QUESTION,
        source=source,
        row=_row(rows, index),
        column=column.name,
    )


def _row(rows: pl.Series | None, index: int) -> int:
    return index + 1 if rows is None else int(rows[index])


def _days(dates: TimeFields, *, day_first: bool) -> tuple[Ints, Mask]:
    """Days since 1970, and where there is such a day."""
    month, day = dates.month, dates.day
    if day_first and dates.open.any():
        month, day = np.where(dates.open, day, month), np.where(dates.open, month, day)
    place = (dates.year.astype(np.int32) - _FIRST_YEAR) * 12 + month - 1
    good = (month >= 1) & (month <= 12) & (day >= 1) & (place >= 0) & (place < len(_MONTH_START))
    place = np.where(good, place, 0)
    good &= day <= _MONTH_LENGTH[place]
    return _MONTH_START[place] + day - 1, good


def _clocks_fit(dates: TimeFields, days: Ints, clocks: TimeFields, *, day_first: bool) -> Mask:
    """Where the second column has a time of day that does not contradict the first one."""
    fit: Mask = clocks.has_time & (
        ~dates.has_time | (dates.microsecond == 0) | (dates.microsecond == clocks.microsecond)
    )
    fit &= (dates.offset == NO_OFFSET) | (clocks.offset == NO_OFFSET) | (dates.offset == clocks.offset)
    if clocks.has_date.any():
        own, good = _days(clocks, day_first=day_first)
        fit &= ~clocks.has_date | (good & ((own == days) | np.isin(own, _CLOCK_DAYS)))
    return fit


def _bad(column: pl.Series, good: Mask) -> Mask:
    """Where a cell that is neither empty nor a dash is not good."""
    bad: Mask = ~good
    if bad.any():
        bad &= ~column.str.contains(_MISSING).fill_null(value=True).to_numpy()
    return bad


def _datetimes(microseconds: Ints, where: Mask, dtype: pl.Datetime) -> pl.Series:
    if not where.any():
        return pl.Series([None], dtype=dtype).new_from_index(0, len(where))
    values = pl.Series(microseconds).cast(dtype)
    return values if where.all() else pl.select(pl.when(pl.Series(where)).then(values)).to_series()


def _utc(moments: _Moments, where: Mask) -> pl.Series:
    if not where.any():
        return _datetimes(moments.local, where, UTC_TIME)
    return _datetimes(moments.local - moments.offset.astype(np.int64) * _MINUTE, where, UTC_TIME)


def _zone_names(offset: npt.NDArray[np.int16], where: Mask) -> pl.Series:
    if not where.any():
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(where))
    names = {int(minutes): _zone_name(int(minutes)) for minutes in pl.Series(offset[where]).unique()}
    return pl.Series(np.where(where, offset, NO_OFFSET)).replace_strict(names, default=None, return_dtype=pl.String)


def _zone_name(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}" if minutes else "UTC"
