"""polybroker: file to executions, positions and FIFO round trips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.measure import Work


def statement(path: str, broker: str) -> Work:
    """The whole import of one file, with matching."""
    from polybroker import Method, import_statements

    def work() -> Mapping[str, Any]:
        result = import_statements([path], broker=broker)
        trips = result.round_trips(Method.FIFO)
        gross = trips["gross_pnl"].sum()
        return {"executions": result.executions.height, "round_trips": trips.height, "gross": f"{gross:.2f}"}

    return work


def matching(rows: str, contracts: str) -> Work:
    """FIFO matching alone, over ready executions."""
    import numpy as np
    import polars as pl

    from polybroker.ledger.matching import match
    from polybroker.model.executions import Method
    from polybroker.statements.schema import EXACT, EXECUTIONS

    count = int(rows)
    random = np.random.default_rng(5)
    names = [f"CME:X{number}:2025-03" for number in range(int(contracts))]
    choice = random.integers(0, len(names), count)
    frame = pl.DataFrame(
        {
            "execution_id": pl.Series(np.arange(count)).cast(pl.String),
            "timestamp": pl.Series(np.arange(count) * 1_000_000).cast(EXECUTIONS["timestamp"]),
            "sequence": pl.Series(np.arange(count)),
            "instrument_id": pl.Series(names).gather(choice),
            "side": pl.Series(["buy", "sell"]).gather(random.integers(0, 2, count)),
            "quantity": pl.Series(random.integers(1, 6, count)).cast(EXACT),
            "price": pl.Series(random.integers(16000, 20000, count)).cast(EXACT)
            * pl.Series([25]).cast(pl.Decimal(38, 2)),
        }
    )
    frame = frame.with_columns(
        pl.lit("A").alias("account"), pl.lit("X").alias("symbol"), pl.col("instrument_id").alias("contract"),
        pl.lit(5).cast(EXACT).alias("multiplier"), pl.lit("USD").alias("currency"),
        pl.lit("-0.62").cast(EXACT).alias("commission"), pl.lit(None).cast(EXACT).alias("fees"),
        pl.col("timestamp").dt.date().alias("trading_day"),
    )  # fmt: skip

    def work() -> Mapping[str, Any]:
        return {"round_trips": match(frame, Method.FIFO).round_trips.height}

    return work
