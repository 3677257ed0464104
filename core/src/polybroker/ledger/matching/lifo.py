"""Last in, first out: a stack of open fills for each book.

What matches depends on the order of fills on both sides, so this is a loop over Python integers, at about a
microsecond a fill.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from polybroker.ledger.fills import Fills
from polybroker.ledger.matching.pairs import Pairs
from polybroker.ledger.scaled import Integers, Places


def match_lifo(fills: Fills) -> tuple[Pairs, Places, Integers]:
    """The pairs by exit; the places of fills with unmatched units, and how many."""
    books = fills.books
    quantity = fills.quantity.values.take(books.order).tolist()
    bought = fills.buys.take(books.order).tolist()
    found = _Found()
    for start, size in zip(books.starts.tolist(), books.sizes.tolist(), strict=True):
        _match_book(range(start, start + size), quantity, bought, found)
    entry, exit_ = np.array(found.entry, dtype=np.int64), np.array(found.exit, dtype=np.int64)
    dtype = fills.quantity.values.dtype
    pairs = Pairs(
        entry=books.order[entry],
        exit=books.order[exit_],
        long=fills.buys.take(books.order[entry]),
        quantity=np.array(found.units, dtype=dtype),
        entry_before=np.array(found.entry_before, dtype=dtype),
        exit_before=np.array(found.exit_before, dtype=dtype),
    )
    places = np.array(found.open_places, dtype=np.int64)
    return Pairs.joined([pairs]), places, np.array(found.open_units, dtype=dtype)


class _Found:
    """What the loop found, by place."""

    def __init__(self) -> None:
        self.entry: list[int] = []
        self.exit: list[int] = []
        self.units: list[int] = []
        self.entry_before: list[int] = []
        self.exit_before: list[int] = []
        self.open_places: list[int] = []
        self.open_units: list[int] = []


def _match_book(places: Iterable[int], quantity: list[int], bought: list[bool], found: _Found) -> None:
    stack: list[int] = []
    left_of: list[int] = []
    long = True
    for place in places:
        left = whole = quantity[place]
        while left and stack and bought[place] != long:
            entry, available = stack[-1], left_of[-1]
            units = min(left, available)
            found.entry.append(entry)
            found.exit.append(place)
            found.units.append(units)
            found.entry_before.append(quantity[entry] - available)
            found.exit_before.append(whole - left)
            left -= units
            if units == available:
                stack.pop()
                left_of.pop()
            else:
                left_of[-1] = available - units
        if left:
            stack.append(place)
            left_of.append(left)
            long = bought[place]
    found.open_places += stack
    found.open_units += left_of
