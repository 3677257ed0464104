"""Books: the executions of one account in one instrument, in time order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.scaled import Integers, Places, Rows, Scaled

BOOK_KEYS = ("account", "instrument_id")
"""What a book is kept by; a missing account is an account of its own."""


@frozen(eq=False)
class Books:
    """Rows of a frame sorted by book; a *place* is a position in that order, a *row* one in the frame."""

    order: Rows
    """The row at each place."""
    starts: Places
    """The first place of each book."""
    sizes: Places

    @property
    def last_places(self) -> Places:
        """The last place of each book."""
        return self.starts + self.sizes - 1

    def batches(self, places: int) -> Iterator[tuple[int, Books]]:
        """The books in groups of about so many places (a book is never cut), each with its first place."""
        ends = self.starts + self.sizes
        first = 0
        while first < len(ends):
            start = int(self.starts[first])
            last = int(np.searchsorted(ends, min(start + places, int(ends[-1]))))
            stop = int(ends[last])
            chosen = slice(first, last + 1)
            yield start, Books(self.order[start:stop], self.starts[chosen] - start, self.sizes[chosen])
            first = last + 1

    def spread(self, values: Integers) -> Integers:
        """One value for each book, repeated for all its places."""
        return np.repeat(values, self.sizes)

    def placed(self, numbers: Scaled) -> Scaled:
        """Numbers given by row, by place."""
        return numbers.take(self.order)

    def by_row(self, values: Integers) -> Integers:
        """Values given by place, by row."""
        result = np.empty_like(values)
        result[self.order] = values
        return result


def sort_into_books(frame: pl.DataFrame) -> Books:
    """The books of executions that are sorted by time, by the first appearance of account and instrument."""
    constant = constants(frame.select(BOOK_KEYS))
    codes = [text_codes(frame[name]) for name in reversed(BOOK_KEYS) if name not in constant]
    if len(codes) == 2 and frame.height:
        later, former = codes
        size = int(later.max()) + 1
        if (int(former.max()) + 1) * size < 1 << 32:
            codes = [former * np.uint32(size) + later]  # one number for both, which takes less sorting
    order = np.arange(frame.height, dtype=np.uint32)
    changes = np.zeros(max(frame.height - 1, 0), dtype=np.bool_)
    for number, column in enumerate(codes):
        order = stable_order(column) if not number else order.take(stable_order(column.take(order)))
    for column in codes:
        ordered = column.take(order)
        changes |= ordered[1:] != ordered[:-1]
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1)) if frame.height else np.empty(0, dtype=np.int64)
    return Books(order=order, starts=starts, sizes=np.diff(starts, append=frame.height))


def constants(frame: pl.DataFrame) -> dict[str, Any]:
    """The columns with one value (or null) throughout, and that value; the columns stay as they are in memory."""
    if frame.is_empty():
        return {}
    sample = frame.gather_every(max(1, frame.height // 64))
    likely = [name for name in frame.columns if sample[name].n_unique() == 1]
    alike = frame.select(pl.col(name).eq_missing(pl.col(name).first()).all() for name in likely)
    return {name: sample[name].first() for name in likely if alike[name].item()}


def text_codes(column: pl.Series) -> Rows:
    """A number for each distinct text, ascending by first appearance; the last one for null."""
    distinct = column.drop_nulls().unique(maintain_order=True)
    codes = column.cast(pl.Enum(distinct)).to_physical().cast(pl.UInt32)
    return codes.fill_null(len(distinct)).to_numpy()


def stable_order(keys: Rows) -> Rows:
    """The stable sorting order of numbers below 2**32: passes over 16 bits each, which numpy sorts by counting."""
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable").astype(np.uint32)
    if len(keys) and int(keys.max()) > 0xFFFF:
        high = (keys >> 16).astype(np.uint16).take(order)
        order = order.take(np.argsort(high, kind="stable"))
    return order
