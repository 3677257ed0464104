"""Wall-clock times to UTC."""

from __future__ import annotations

import zoneinfo
from difflib import get_close_matches
from typing import Final

import numpy as np
import polars as pl

from polybroker.errors import StatementError
from polybroker.statements.schema import UTC_TIME, WALL_TIME

_DAY: Final = 86_400_000_000
_WIDEST: Final = 200_000
"""Days between the first and the last time for which a table of all days is made."""


def to_utc(local: pl.Series, zone: str) -> tuple[pl.Series, pl.Series, pl.Series]:
    """`WALL_TIME` in the IANA `zone` as `UTC_TIME`, with the masks (Boolean, never null) bad and ambiguous.

    A time that the clocks of the zone skip is bad and null. One that they show twice is ambiguous: the earlier
    moment is taken. Raises `StatementError` where there is no such zone.
    """
    if local.null_count() == len(local):
        _convert(local.head(1), zone, "earliest")
        nothing = pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(local))
        return local.cast(UTC_TIME), nothing, nothing
    times = local.to_physical().fill_null(local.to_physical().min()).to_numpy()
    day = times // _DAY
    first, last = int(day.min()), int(day.max())
    if last - first > _WIDEST:
        return _by_value(local, zone)
    plain, offset = _plain_days(first, last, zone)
    place = day - first
    utc = pl.Series(local.name, times - offset[place]).cast(UTC_TIME)
    if local.null_count():
        utc = pl.select(pl.when(local.is_not_null()).then(utc)).to_series()
    clear = plain[place]
    if clear.all():
        nothing = pl.Series(~clear)
        return utc, nothing, nothing
    rest = pl.Series(np.flatnonzero(~clear))
    exact, bad, ambiguous = _by_value(local.gather(rest), zone)
    nothing = pl.Series(np.zeros(len(local), dtype=np.bool_))
    return utc.scatter(rest, exact), nothing.clone().scatter(rest, bad), nothing.clone().scatter(rest, ambiguous)


def _plain_days(first: int, last: int, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """For each day of the range: whether one offset holds all day, and this offset in microseconds."""
    midnights = pl.Series(np.arange(first, last + 2, dtype=np.int64) * _DAY).cast(WALL_TIME)
    earliest, latest = _convert(midnights, zone, "earliest"), _convert(midnights, zone, "latest")
    sure = (earliest == latest).fill_null(value=False).to_numpy()
    offset = (midnights.to_physical() - earliest.to_physical()).fill_null(0).to_numpy()
    return sure[:-1] & sure[1:] & (offset[:-1] == offset[1:]), offset[:-1]


def _by_value(local: pl.Series, zone: str) -> tuple[pl.Series, pl.Series, pl.Series]:
    earliest, latest = _convert(local, zone, "earliest"), _convert(local, zone, "latest")
    return earliest, local.is_not_null() & earliest.is_null(), (earliest != latest).fill_null(value=False)


def _convert(local: pl.Series, zone: str, ambiguous: str) -> pl.Series:
    try:
        zoned = local.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")  # type: ignore[arg-type]
    except pl.exceptions.PolarsError:
        raise StatementError(f"there is no time zone {zone!r}{_hint(zone)}") from None
    return zoned.dt.convert_time_zone("UTC")


def _hint(zone: str) -> str:
    known = {name.casefold(): name for name in zoneinfo.available_timezones()}
    close = get_close_matches(zone.replace(" ", "_").casefold(), known, n=1, cutoff=0.6)
    return f"; did you mean {known[close[0]]}?" if close else "; zones are named like America/New_York"
