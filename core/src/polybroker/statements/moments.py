"""Wall-clock times of a draft as UTC: the file's zone, else the user's, else the kind's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.model.broker_info import StatementKind
from polybroker.statements.rows import RowAccount
from polybroker.statements.times import to_utc

_MARGIN: Final = 2 * 86_400_000_000
_FIRST: Final = -_MARGIN
_LAST: Final = 7_258_118_400_000_000 - _MARGIN
"""The year 2200, in microseconds since 1970; two days less, so that no zone and trading day leads beyond it."""


@frozen
class Placed:
    """A draft with the column `moment`, its time in UTC, and `timezone` filled.

    `timestamp` stays what the file states: the identity of a row must not depend on options.
    """

    fills: pl.DataFrame
    warnings: tuple[str, ...]


def placed_in_time(fills: pl.DataFrame, rows: RowAccount, kinds: Iterable[StatementKind], zone: str | None) -> Placed:
    """Find the moment and the zone of each row of a broker's checked draft.

    `zone` is the user's answer. Rows whose time the clocks of their zone skip, or which lie outside the years 1970 to
    2199, become problems and leave the frame. Where the kind's zone had to be taken, and where clocks showed a time
    twice, a warning says so.
    """
    fills = _within_years(fills, rows)
    if not fills.get_column("timestamp").null_count():
        return Placed(_with_offsets(fills.with_columns(moment="timestamp")), ())
    assumed, fills = _with_zones(fills, kinds, zone)
    fills, warnings = _converted(fills, rows)
    return Placed(_with_offsets(fills), (*assumed, *warnings))


def _with_zones(
    fills: pl.DataFrame, kinds: Iterable[StatementKind], zone: str | None
) -> tuple[list[str], pl.DataFrame]:
    open_rows = pl.col("timestamp").is_null() & pl.col("timezone").is_null()
    unsaid = fills.filter(open_rows)
    if not unsaid.height:
        return [], fills
    if zone is not None:
        return [], fills.with_columns(_where(fills, open_rows, unsaid, pl.lit(zone)))
    present = set(unsaid.get_column("kind").unique())
    defaults = {kind.id: kind for kind in kinds if kind.id in present}
    warnings = [
        f"{kind.title}: the file names no time zone; its times are taken as {kind.timezone}, the default of this kind. "
        "If that is wrong, say --timezone ZONE"
        for _, kind in sorted(defaults.items())
    ]
    if len(defaults) == 1:
        taken = pl.lit(next(iter(defaults.values())).timezone)
    else:
        zones = {kind.id: kind.timezone for kind in defaults.values()}
        taken = pl.col("kind").replace_strict(zones, default=None, return_dtype=pl.String)
    return warnings, fills.with_columns(_where(fills, open_rows, unsaid, taken))


def _where(fills: pl.DataFrame, open_rows: pl.Expr, unsaid: pl.DataFrame, value: pl.Expr) -> pl.Expr:
    if unsaid.height == fills.height:
        return value.alias("timezone")
    return pl.when(open_rows).then(value).otherwise("timezone").alias("timezone")


def _converted(fills: pl.DataFrame, rows: RowAccount) -> tuple[pl.DataFrame, list[str]]:
    warnings: list[str] = []
    open_rows = fills.get_column("timestamp").is_null()
    moments = fills.get_column("timestamp")
    zones = fills.get_column("timezone") if open_rows.all() else fills.filter(open_rows).get_column("timezone")
    skipped = pl.Series([False]).new_from_index(0, fills.height)
    for zone in zones.unique().sort():
        mine = open_rows & (fills.get_column("timezone") == zone)
        if mine.all():
            utc, bad, twice = to_utc(fills.get_column("local_time"), zone)
        else:
            index = mine.arg_true()
            utc, bad, twice = to_utc(fills.get_column("local_time").gather(index), zone)
            utc = moments.scatter(index, utc)
            bad = skipped.clone().scatter(index, bad)
        moments = utc
        skipped = skipped | bad
        if twice.any():
            text = f"{twice.sum()} of the times lie in the hour that the clocks of {zone} show twice; "
            warnings.append(text + "the earlier moment is taken")
    placed = fills.with_columns(moments.alias("moment"))
    return _without(placed, skipped, rows, _skipped), warnings


def _skipped(time: datetime, zone: str | None) -> str:
    return f"the clocks of {zone} skip the time {time:%Y-%m-%d %H:%M:%S}"


def _within_years(fills: pl.DataFrame, rows: RowAccount) -> pl.DataFrame:
    outside = pl.Series([False]).new_from_index(0, fills.height)
    for name in ("timestamp", "local_time"):
        times = fills.get_column(name).to_physical()
        if fills.height and times.null_count() < len(times):
            outside = outside | ((times < _FIRST) | (times >= _LAST)).fill_null(value=False)
    return _without(fills, outside, rows, lambda time, _: f"the year {time.year} cannot be right")


def _without(
    fills: pl.DataFrame, wrong: pl.Series, rows: RowAccount, message: Callable[[datetime, str | None], str]
) -> pl.DataFrame:
    """Put rows to the problems whose time cannot be."""
    if not wrong.any():
        return fills
    gone = fills.filter(wrong).unique(["file", "row"], maintain_order=True)
    for file, row, time, zone in gone.select("file", "row", "local_time", "timezone").iter_rows():
        rows.problem(file, row, None, message(time, zone))
    return fills.join(gone, on=["file", "row"], how="anti", maintain_order="left")


def _with_offsets(fills: pl.DataFrame) -> pl.DataFrame:
    """Name the offset as the zone of times that came with one."""
    unnamed = fills.get_column("timezone").is_null()
    if not unnamed.any():
        return fills
    part = fills.filter(unnamed)
    clock = part.get_column("local_time").dt.replace_time_zone("UTC")
    minutes = (clock - part.get_column("timestamp")).dt.total_minutes()
    names = {
        value: "UTC" if value == 0 else f"{'-' if value < 0 else '+'}{abs(value) // 60:02d}:{abs(value) % 60:02d}"
        for value in minutes.unique()
    }
    zones = minutes.replace_strict(names, return_dtype=pl.String)
    return fills.with_columns(fills.get_column("timezone").scatter(unnamed.arg_true(), zones))
