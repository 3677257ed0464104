"""Executions matched to round trips: first in first out, last in first out, average cost, or from flat to flat.

All methods conserve quantity, cash, charges and profit exactly, and adding later executions never changes a round
trip that was there before.
"""

from __future__ import annotations

import polars as pl

from polybroker.ledger.books import Books
from polybroker.ledger.fills import Fills
from polybroker.ledger.matching.average import match_average
from polybroker.ledger.matching.fifo import match_fifo
from polybroker.ledger.matching.lifo import match_lifo
from polybroker.ledger.matching.pairs import remains_of_units, trips_of_pairs
from polybroker.ledger.matching.per_position import match_per_position
from polybroker.ledger.matching.trips import (
    Matched,
    Remains,
    Trips,
    no_trips,
    open_position_frame,
    round_trip_frame,
)
from polybroker.ledger.opening import with_opening
from polybroker.ledger.pnl import Charges
from polybroker.model.executions import Method

__all__ = ["Matched", "match"]


def match(
    frame: pl.DataFrame, method: Method, opening: pl.DataFrame | None = None, books: Books | None = None
) -> Matched:
    """Match executions within each account and instrument.

    `frame` is shaped like `EXECUTIONS` and sorted by time; of its columns only those are needed that the results
    show. `opening` holds positions from before the first execution: `account`, `instrument_id`, `quantity`
    (signed), `average_price`, and what `opening.with_opening` says more; they enter first. FIFO and LIFO give a
    round trip for each matched pair, average cost for each closing fill, per position for each way from flat to
    flat. Gross profit is null where a multiplier is unknown or currencies differ, charges are null where none is
    known, net is gross and what is known of the charges. `books` are those that `positions_and_books` found for the
    same executions and openings; they save some time.

    `ValueError`: an execution has no instrument, side or price, or its quantity is not above 0.
    `OverflowError`: money beyond 20 whole digits.
    """
    executions, _ = with_opening(frame, opening)
    if executions.is_empty():
        return no_trips()
    fills = Fills.of(executions, books)
    trips, remains = _found(fills, Method(method))
    return Matched(round_trip_frame(fills, trips), open_position_frame(fills, remains))


def _found(fills: Fills, method: Method) -> tuple[Trips, Remains]:
    charges = Charges.of(fills)
    if method is Method.AVERAGE:
        return match_average(fills, charges)
    if method is Method.PER_POSITION:
        return match_per_position(fills, charges)
    if method is Method.LIFO:
        pairs, *left = match_lifo(fills)
    else:
        pairs, *left = match_fifo(fills, offsets=charges.uneven is not None)
    return trips_of_pairs(fills, charges, pairs), remains_of_units(fills, *left)
