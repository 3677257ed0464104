"""When each execution took place: one column or two, with or without a zone."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import polars as pl

from polybroker.errors import StatementError
from polybroker.statements.options import ParseOptions
from polybroker.statements.schema import UTC_TIME, WALL_TIME
from polybroker.statements.times import ParsedTimes, parse_times, to_utc
from polybroker_generic_csv.columns import dated
from polybroker_generic_csv.sheet import Sheet

_HEADER_ZONES: Final = {
    **dict.fromkeys(("UTC", "GMT"), "UTC"),
    **dict.fromkeys(("ET", "EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("CT", "CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("MT", "MST", "MDT"), "America/Denver"),
    **dict.fromkeys(("PT", "PST", "PDT"), "America/Los_Angeles"),
}
_ZONE_WORD: Final = re.compile(rf"\b({'|'.join(_HEADER_ZONES)})\b")


def read_clocks(sheet: Sheet, options: ParseOptions) -> dict[str, pl.Series]:
    """`local_time`, `timestamp` and `timezone` (where the document states a zone), `sequence`, `trading_day`."""
    times = _times(sheet, options.day_first)
    sheet.day_first = times.day_first if options.day_first is None else options.day_first
    zoned = {"timestamp": times.utc, "timezone": times.zone}
    if sheet.has("timezone"):
        zoned = _with_zone_cells(sheet, times)
    elif not times.utc.is_not_null().all():
        zoned = _with_zone_of_header(sheet, times, options.timezone)
    found = {"local_time": times.local, **zoned, "sequence": _sequence(sheet, times.local)}
    if sheet.has("trading_day"):
        found["trading_day"] = _trading_days(sheet)
    return found


def _times(sheet: Sheet, day_first: bool | None) -> ParsedTimes:
    """The times of the column that has them; of two columns where one has the date and one the clock."""
    columns = [name for name in ("date", "time") if sheet.has(name)]
    if len(columns) == 2 and dated(sheet.cells("time").drop_nulls()).all() and sheet.cells("time").count():
        columns = ["time"]
    cells = sheet.cells(columns[0]).alias(sheet.headers[columns[0]])
    clock = sheet.cells("time") if len(columns) == 2 else None
    times = parse_times(cells, time=clock, day_first=day_first, rows=sheet.frame.get_column("row"), source=sheet.name)
    sheet.refuse(times.bad_clock, "time", lambda text: f"{text!r} is no time of day that fits the date")
    sheet.refuse(
        times.bad & ~times.bad_clock, columns[0], lambda text: f"{text!r} is no date or time" if text else "no date"
    )
    sheet.refuse(sheet.good & times.local.is_null(), columns[0], "the row has no date")
    count = int((times.date_only & sheet.good).sum())
    if count:
        sheet.warnings.append(
            f"{sheet.name}: {count} rows have no time of day; midnight is taken, and within a day the order of the file"
        )
    return times


def _with_zone_cells(sheet: Sheet, times: ParsedTimes) -> dict[str, pl.Series]:
    """The zones that a column of the document names; a zone in the time itself wins."""
    utc, zone = times.utc, times.zone
    for text in sheet.cells("timezone").unique().drop_nulls().sort():
        mine = (sheet.cells("timezone") == text).fill_null(value=False) & utc.is_null() & times.local.is_not_null()
        offset = _offset(text)
        if offset is not None:
            moments = (times.local - offset[0]).dt.replace_time_zone("UTC").cast(UTC_TIME)
            utc, zone = moments.zip_with(mine, utc), _named(offset[1], len(zone)).zip_with(mine, zone)
        elif _is_zone(text):
            zone = _named(text, len(zone)).zip_with(mine, zone)
        else:
            sheet.refuse(mine, "timezone", lambda cell: f"there is no time zone {cell!r}")
    return {"timestamp": utc, "timezone": zone}


def _offset(text: str) -> tuple[object, str] | None:
    """The distance from UTC and the name of an offset or word such as `-05:00`, `EST`, `Z`."""
    midnight = parse_times(pl.Series([f"2000-01-01 00:00:00{text}", f"2000-01-01 00:00:00 {text}"]))
    index = midnight.utc.is_not_null().arg_max()
    if index is None or midnight.utc[index] is None:
        return None
    return midnight.local[index] - midnight.utc[index].replace(tzinfo=None), midnight.zone[index]


def _is_zone(text: str) -> bool:
    try:
        to_utc(pl.Series([], dtype=WALL_TIME), text)
    except StatementError:
        return False
    return True


def _with_zone_of_header(sheet: Sheet, times: ParsedTimes, answer: str | None) -> dict[str, pl.Series]:
    """The zone that stands in the header, `Time (EST)`, where the user names none."""
    header = " ".join(sheet.headers[name] for name in ("date", "time") if sheet.has(name))
    word = _ZONE_WORD.search(header)
    if word is None or answer is not None:
        return {"timestamp": times.utc, "timezone": times.zone}
    zone = _HEADER_ZONES[word[1]]
    if zone != "UTC":
        sheet.warnings.append(
            f"{sheet.name}: the times are taken as {zone}, with its summer time, for {word[1]} stands in the header"
        )
    return {"timestamp": times.utc, "timezone": times.zone.fill_null(pl.lit(zone))}


def _named(zone: str, rows: int) -> pl.Series:
    return pl.Series([zone]).new_from_index(0, rows)


def _sequence(sheet: Sheet, local: pl.Series) -> pl.Series:
    """Ascending in time: the rows' order, or the reverse where the document has the latest first."""
    rows = sheet.frame.get_column("row").cast(pl.Int64)
    times = local.drop_nulls().to_physical().to_numpy()
    latest_first = len(times) > 1 and times[0] > times[-1] and bool((np.diff(times) <= 0).all())
    return -rows if latest_first else rows


def _trading_days(sheet: Sheet) -> pl.Series:
    cells = sheet.cells("trading_day").alias(sheet.headers["trading_day"])
    days = parse_times(cells, day_first=sheet.day_first, rows=sheet.frame.get_column("row"), source=sheet.name)
    sheet.refuse(days.bad, "trading_day", lambda text: f"{text!r} is no date")
    return days.local.dt.date()
