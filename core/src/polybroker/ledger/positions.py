"""The running position of every account in every instrument, and what each execution did to it."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.books import Books
from polybroker.ledger.fills import Fills
from polybroker.ledger.opening import with_opening
from polybroker.ledger.scaled import Integers, Mask, Scaled, exact_column, sum_bound, widened
from polybroker.model.executions import PositionStatus

_STATUSES: Final = (
    (PositionStatus.OPEN_SHORT, PositionStatus.OPEN_LONG),
    (PositionStatus.CLOSE_LONG, PositionStatus.CLOSE_SHORT),
    (PositionStatus.REVERSE_TO_SHORT, PositionStatus.REVERSE_TO_LONG),
)
"""By what a fill does (opens, closes, both) and by its side (sell, buy)."""


@frozen(eq=False)
class Path:
    """The positions of all books, by place; integers at the scale of the quantities."""

    quantity: Integers
    buys: Mask
    after: Integers
    """Signed position after each fill."""
    closing: Integers
    """How much of the fill closes what was open before; its first units."""

    before: Integers
    """Signed position before each fill."""
    opening: Integers
    """How much of the fill opens a position or adds to it; its last units."""


def position_path(fills: Fills) -> Path:
    """How the positions run, book by book."""
    books = fills.books
    buys = fills.buys[books.order]
    quantity = fills.quantity.values
    quantity = widened(quantity, sum_bound(quantity))[books.order]
    signed = np.where(buys, quantity, -quantity)
    after = np.cumsum(signed)
    before_book = after[books.starts] - signed[books.starts]
    after -= books.spread(before_book)
    before = after - signed
    closing = np.minimum(np.abs(before), quantity)
    closing[(before < 0) != buys] = 0
    return Path(quantity, buys, after, closing, before, quantity - closing)


def running_positions(frame: pl.DataFrame, opening: pl.DataFrame | None = None) -> pl.DataFrame:
    """`frame` with `position_effect`, `position_quantity` and `status` for each execution.

    The frame is shaped like `EXECUTIONS` and sorted by time; books are kept by account and instrument, a missing
    account being one of its own. `opening` holds positions from before (see `opening.with_opening`).
    `position_effect` is the change of the absolute position, `position_quantity` the signed position afterwards.
    """
    return positions_and_books(frame, opening)[0]


def positions_and_books(frame: pl.DataFrame, opening: pl.DataFrame | None) -> tuple[pl.DataFrame, Books]:
    """What `running_positions` returns, and the books of `opening` and `frame`, which `match` can use again."""
    executions, openings = with_opening(frame, opening)
    fills = Fills.of(executions)
    path = position_path(fills)
    scale = fills.quantity.scale

    def column(values: Integers) -> pl.Series:
        return exact_column(Scaled(fills.books.by_row(values)[openings:], scale))

    kind = np.where(path.closing == 0, 0, np.where(path.closing == path.quantity, 1, 2))
    code = fills.books.by_row((kind * 2 + path.buys).astype(np.uint32))[openings:]
    statuses = pl.Series([str(status) for pair in _STATUSES for status in pair], dtype=pl.String)
    positioned = frame.with_columns(
        column(path.quantity - 2 * path.closing).alias("position_effect"),
        column(path.after).alias("position_quantity"),
        statuses.gather(pl.Series(code)).alias("status"),
    )
    return positioned, fills.books
