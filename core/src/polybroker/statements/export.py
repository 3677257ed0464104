"""Tables as JSON-ready data, and as frames for CSV and Parquet files.

Numbers are plain text without exponent and trailing zeros, moments have six digits and `Z`, a local time has its
offset from UTC, dates are ISO, what is absent is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from polybroker.statements.schema import UTC_TIME, WALL_TIME

if TYPE_CHECKING:
    from polybroker.model.executions import Method
    from polybroker.statements.importer import Import

ROUND_TRIP_FIELDS: Final = (
    "account", "symbol", "contract", "direction", "quantity", "entry_time", "exit_time", "entry_price", "exit_price",
    "gross_pnl", "fees", "net_pnl", "currency", "trading_day"
)  # fmt: skip
OPEN_POSITION_FIELDS: Final = ("account", "contract", "quantity", "average_price")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")
_ISO: Final = "%Y-%m-%dT%H:%M:%S%.6f"


def conversion(found: Import) -> dict[str, Any]:
    """Files, executions and report of an import as JSON-ready data."""
    return {
        "broker": found.broker,
        "kind": found.kind,
        "files": [
            {"file": entry.file, "broker": entry.broker, "kind": entry.kind, "rows": entry.rows}
            for entry in found.files
        ],
        "executions": execution_records(found.executions),
        "report": found.report.to_json(),
    }


def trades(found: Import, method: Method | None = None) -> dict[str, Any]:
    """Round trips, open positions and totals of an import as JSON-ready data."""
    return {
        "round_trips": records(found.round_trips(method).select(ROUND_TRIP_FIELDS)),
        "open_positions": records(found.open_positions(method).select(OPEN_POSITION_FIELDS)),
        "totals": records(found.totals(method)),
    }


def execution_records(executions: pl.DataFrame) -> list[dict[str, Any]]:
    """A dictionary for each execution; `source` holds its file and row."""
    source = pl.struct(file="source_file", row="source_row").alias("source")
    names = [name for name in executions.columns if name not in ("source_file", "source_row", "parser_version")]
    return as_text(executions).select(*names, source, "parser_version").to_dicts()


def records(table: pl.DataFrame) -> list[dict[str, Any]]:
    """A dictionary for each row of any table of this library."""
    return as_text(table).to_dicts()


def csv_frame(table: pl.DataFrame) -> pl.DataFrame:
    """`table` as texts and whole numbers, to be written with `write_csv`.

    A text that a spreadsheet would take for a formula gets a leading apostrophe; numbers and times never do.
    """
    texts = [
        pl.col(name).map_batches(_defused, pl.String) for name, dtype in table.schema.items() if dtype == pl.String
    ]
    return as_text(table.with_columns(texts))


def parquet_frame(table: pl.DataFrame) -> pl.DataFrame:
    """`table` as it is, to be written with `write_parquet`: types and texts are exact, nothing there is a formula."""
    return table.rechunk()


def as_text(table: pl.DataFrame) -> pl.DataFrame:
    """`table` with its exact numbers, times and dates as texts; whole numbers stay numbers."""
    return table.with_columns(_text(table, name, dtype) for name, dtype in table.schema.items())


def _text(table: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Decimal):
        # At scale 0 there is no point, and the zeros of 100 have to stay.
        text = column.cast(pl.String)
        return text.str.strip_chars_end("0").str.strip_chars_end(".") if dtype.scale else text
    if dtype == UTC_TIME:
        return column.dt.strftime(_ISO + "Z")
    if dtype == WALL_TIME and "timestamp" in table.columns:
        return pl.concat_str(column.dt.strftime(_ISO), _offsets(table, name).alias("offset"))
    if dtype == WALL_TIME:
        return column.dt.strftime(_ISO)
    return column.dt.strftime("%Y-%m-%d") if dtype == pl.Date else column


def _offsets(table: pl.DataFrame, name: str) -> pl.Expr:
    """The offset from UTC that a local time was read with."""
    seconds = (pl.col(name).dt.replace_time_zone("UTC") - pl.col("timestamp")).dt.total_seconds()
    names: Mapping[int, str] = {
        value: offset_text(value) for value in table.select(seconds.unique()).to_series().drop_nulls()
    }
    return seconds.replace_strict(names, default=None, return_dtype=pl.String)


def offset_text(seconds: int) -> str:
    """An offset from UTC as ISO text, `-05:00`."""
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest:02d}" if rest else text


def _defused(texts: pl.Series) -> pl.Series:
    first = texts.str.slice(0, 1)
    return texts.zip_with(~first.is_in(_FORMULA).fill_null(value=False), "'" + texts)
