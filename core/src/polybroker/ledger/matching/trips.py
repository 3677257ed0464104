"""Round trips and open positions, from what a method of matching found to frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.fills import Fills
from polybroker.ledger.scaled import Mask, Places, Scaled, exact_column, ratio_half_even
from polybroker.model.executions import Direction
from polybroker.model.money import AVERAGE_PLACES
from polybroker.statements.schema import OPEN_POSITIONS, ROUND_TRIPS


@frozen(eq=False)
class Matched:
    """What matching yields."""

    round_trips: pl.DataFrame
    """Columns of `ROUND_TRIPS`, in the order of the exits."""
    open_positions: pl.DataFrame
    """Columns of `OPEN_POSITIONS`, by the first execution; what is flat is left out."""


@frozen(eq=False)
class Trips:
    """Round trips, in the order of their exits' rows."""

    first: pl.Series
    """The row of the (first) entry."""
    last: pl.Series
    """The row of the (last) exit."""
    long: Mask
    quantity: pl.Series
    entry_price: pl.Series
    exit_price: pl.Series
    money: Mapping[str, pl.Series]
    """`gross_pnl`, `fees`, `net_pnl`."""


@frozen(eq=False)
class Remains:
    """What is open at the end."""

    book: Places
    """The number of each book that is not flat."""
    quantity: Scaled
    """Signed units."""
    cost: Scaled
    """Cost of `weight` units, which gives the average price."""
    weight: Scaled


def average(cost: Scaled, weight: Scaled) -> pl.Series:
    """The averages cost / weight, rounded half-even to 10 places; weights are above 0."""
    exponent = AVERAGE_PLACES + weight.scale - cost.scale
    return exact_column(Scaled(ratio_half_even(cost.values, weight.values, exponent), AVERAGE_PLACES))


def round_trip_frame(fills: Fills, trips: Trips) -> pl.DataFrame:
    """The round trips with all columns of `ROUND_TRIPS`."""
    texts = ("account", "instrument_id", "symbol", "contract", "currency")
    # A text that is the same for all fills stays a single one in memory.
    same = {name: pl.lit(fills.constants[name], pl.String) for name in texts if name in fills.constants}
    entries = fills.frame.select(
        entry_time=pl.col("timestamp").gather(trips.first),
        entry_id=pl.col("execution_id").gather(trips.first),
    )
    exits = fills.frame.select(
        pl.col("trading_day", *(name for name in texts if name not in same)).gather(trips.last),
        exit_time=pl.col("timestamp").gather(trips.last),
        exit_id=pl.col("execution_id").gather(trips.last),
    )
    directions = pl.Series([Direction.SHORT.value, Direction.LONG.value])
    columns: dict[str, pl.Series | pl.Expr] = {
        **same,
        **entries.to_dict(),
        **exits.to_dict(),
        **trips.money,
        "direction": directions.gather(pl.Series(trips.long.astype(np.uint32))),
        "quantity": trips.quantity,
        "entry_price": trips.entry_price,
        "exit_price": trips.exit_price,
    }
    return pl.select([columns[name].alias(name) for name in ROUND_TRIPS])


def open_position_frame(fills: Fills, remains: Remains) -> pl.DataFrame:
    """What is not flat, with all columns of `OPEN_POSITIONS`."""
    rows = fills.books.order[fills.books.last_places[remains.book]]
    about = fills.frame.select("account", "instrument_id", "symbol", "contract", "currency")[rows]
    return about.with_columns(
        exact_column(remains.quantity, "quantity"),
        average(remains.cost, remains.weight).alias("average_price"),
    ).select(OPEN_POSITIONS.names())


def no_trips() -> Matched:
    """Neither round trips nor open positions."""
    return Matched(pl.DataFrame(schema=ROUND_TRIPS), pl.DataFrame(schema=OPEN_POSITIONS))
