"""Sums over round trips."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import polars as pl

from polybroker.model.money import EXACT_DIGITS, EXACT_SCALE
from polybroker.statements.schema import EXACT

TOTAL_KEYS: Final = ("account", "currency", "trading_day", "symbol", "contract", "instrument_id", "direction")
"""What round trips can be totalled by."""
_MONEY: Final = ("gross_pnl", "fees", "net_pnl")


def totals(round_trips: pl.DataFrame, by: Sequence[str] = ("currency",)) -> pl.DataFrame:
    """The sums of round trips by some of `TOTAL_KEYS`, sorted by these (missing ones last).

    Columns: those of `by`, `gross_pnl`, `fees`, `net_pnl` (exact; 0 where nothing is known), `round_trips`, `wins`
    and `losses` (Int64; a trip whose net is 0 is neither). Trips of unknown profit are counted as round trips and
    in nothing else, so net is gross plus fees in every line. `ValueError` for a key that round trips do not have,
    `OverflowError` for a sum beyond 20 whole digits.
    """
    for name in by:
        if name not in TOTAL_KEYS:
            raise ValueError(f"round trips are not totalled by {name!r}, but by {', '.join(TOTAL_KEYS)}")
    _refuse_overflow(round_trips)
    known = pl.col("net_pnl").is_not_null()
    measures = [
        *(pl.col(name).filter(known).sum().cast(EXACT).alias(name) for name in _MONEY),
        pl.len().cast(pl.Int64).alias("round_trips"),
        (pl.col("net_pnl") > 0).sum().cast(pl.Int64).alias("wins"),
        (pl.col("net_pnl") < 0).sum().cast(pl.Int64).alias("losses"),
    ]
    if not by:
        return round_trips.select(measures)
    return round_trips.group_by(*by).agg(measures).sort(*by, nulls_last=True)


def _refuse_overflow(round_trips: pl.DataFrame) -> None:
    """Make sure that no sum leaves the 38 digits; polars would not notice."""
    limit = Decimal(10) ** (EXACT_DIGITS - EXACT_SCALE)
    for name in _MONEY:
        magnitudes = round_trips[name].drop_nulls().abs()
        if magnitudes.is_empty() or Decimal(str(magnitudes.max())) * len(magnitudes) < limit:
            continue
        if sum(magnitudes, Decimal(0)) >= limit:
            raise OverflowError(f"the sums of {name} have more than {EXACT_DIGITS - EXACT_SCALE} whole digits")
