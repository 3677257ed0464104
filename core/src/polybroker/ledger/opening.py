"""Positions that were open before the first execution, as executions that come first."""

from __future__ import annotations

from typing import Final

import polars as pl

from polybroker.ledger.fills import COLUMNS, executions_only
from polybroker.statements.schema import EXECUTIONS

_OF_INSTRUMENT: Final = ("symbol", "contract", "currency", "multiplier")


def with_opening(frame: pl.DataFrame, opening: pl.DataFrame | None) -> tuple[pl.DataFrame, int]:
    """The executions that matching reads, behind those that stand for `opening`; and how many the latter are.

    `opening` has `account`, `instrument_id`, `quantity` (signed) and `average_price`; it may have `symbol`,
    `contract`, `currency`, `multiplier` and `timestamp` (when the position was opened). What it does not say
    about the instrument comes from the instrument's first execution.
    """
    executions = executions_only(frame)
    if opening is None or opening.is_empty():
        return executions, 0
    first = executions_only(_as_executions(opening, frame))
    return pl.concat([first, executions]), first.height


def _as_executions(opening: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    exact = EXECUTIONS["quantity"]
    given = [name for name in (*_OF_INSTRUMENT, "timestamp") if name in opening.columns]
    positions = opening.select(
        pl.col("account").cast(pl.String),
        pl.col("instrument_id").cast(pl.String),
        pl.col("quantity").cast(exact),
        pl.col("average_price").cast(exact).alias("price"),
        *(pl.col(name).cast(EXECUTIONS[name]) for name in given),
    ).filter(pl.col("quantity") != 0)
    known = executions_only(frame).select("instrument_id", *_OF_INSTRUMENT).unique("instrument_id", keep="first")
    joined = positions.join(known, on="instrument_id", how="left", suffix="_known", maintain_order="left")
    known_name = {name: f"{name}_known" if name in given else name for name in _OF_INSTRUMENT}
    return joined.with_columns(
        pl.when(pl.col("quantity") > 0).then(pl.lit("buy")).otherwise(pl.lit("sell")).alias("side"),
        pl.col("quantity").abs(),
        *(pl.coalesce(name, known_name[name]).alias(name) for name in ("currency", "multiplier")),
        *(pl.coalesce(name, known_name[name], "instrument_id").alias(name) for name in ("symbol", "contract")),
    ).select(name for name in COLUMNS if name in {*joined.columns, "side"})
