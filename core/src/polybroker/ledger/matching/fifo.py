"""First in, first out.

Within a book the k-th unit bought always matches the k-th unit sold, through flips from long to short as well. So
the units of both sides are laid along one line, book after book; where fills end on either side a pair ends, and
the pairs are what lies between neighbouring ends. One merge of two sorted columns, no loop.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from attrs import frozen

from polybroker.ledger.books import Books
from polybroker.ledger.fills import Fills
from polybroker.ledger.matching.pairs import Pairs
from polybroker.ledger.scaled import Integers, Mask, Places, sum_bound, widened

_BATCH: Final = 1 << 16
"""Fills matched at a time: intermediate columns stay in the processor's cache and need no new memory."""


@frozen(eq=False)
class _Side:
    """The fills of one side of some books, in book order."""

    places: Places
    quantity: Integers
    counts: Places
    """How many there are in each book."""
    running: Integers
    """Units up to each fill, through all books."""
    before: Integers
    """Units in all earlier books, by book."""
    totals: Integers
    """Units in each book."""

    @classmethod
    def of(cls, places: Places, quantity: Integers, counts: Places) -> _Side:
        running = np.cumsum(quantity)
        through = np.concatenate((quantity[:0], [0], running))[np.cumsum(counts)]
        totals = np.diff(through, prepend=0)
        return cls(places, quantity, counts, running, through - totals, totals)


@frozen(eq=False)
class _Line:
    """Where the fills of one side lie on the line."""

    begins: Integers
    ends: Integers
    """Where the matched units of each fill end."""
    open_places: Places
    open_units: Integers

    @classmethod
    def of(cls, side: _Side, matched: Integers) -> _Line:
        limits = np.cumsum(matched)
        ends = side.running + np.repeat(limits - matched - side.before, side.counts)
        begins = ends - side.quantity
        limit = np.repeat(limits, side.counts)
        beyond = np.flatnonzero(ends > limit)
        units = np.minimum(ends[beyond] - limit[beyond], side.quantity[beyond])
        return cls(begins, np.minimum(ends, limit, out=ends), side.places[beyond], units)


def match_fifo(fills: Fills, *, offsets: bool) -> tuple[Pairs, Places, Integers]:
    """The pairs by exit; the places of fills with unmatched units, and how many.

    `offsets`: whether the pairs have to say how many units of their fills were matched before.
    """
    quantity = widened(fills.quantity.values, sum_bound(fills.quantity.values))
    pairs, places, units = [], [], []
    for start, books in fills.books.batches(_BATCH):
        part, *left = _matched(books, quantity.take(books.order), fills.buys.take(books.order), offsets=offsets)
        pairs.append(part)
        places.append(left[0] + start)
        units.append(left[1])
    return Pairs.joined(pairs), np.concatenate(places), np.concatenate(units)


def _matched(books: Books, quantity: Integers, bought: Mask, *, offsets: bool) -> tuple[Pairs, Places, Integers]:
    purchases = np.add.reduceat(bought.astype(np.int64), books.starts)
    buy_places, sell_places = np.flatnonzero(bought), np.flatnonzero(~bought)
    buys = _Side.of(buy_places, quantity[buy_places], purchases)
    sells = _Side.of(sell_places, quantity[sell_places], books.sizes - purchases)
    matched = np.minimum(buys.totals, sells.totals)
    buy_line, sell_line = _Line.of(buys, matched), _Line.of(sells, matched)
    places = np.concatenate((buy_line.open_places, sell_line.open_places))
    units = np.concatenate((buy_line.open_units, sell_line.open_units))
    by_place = np.argsort(places)
    pairs = _merged(books, (buys, buy_line), (sells, sell_line), offsets=offsets)
    return pairs, places[by_place], units[by_place]


def _merged(books: Books, bought: tuple[_Side, _Line], sold: tuple[_Side, _Line], *, offsets: bool) -> Pairs:
    (buys, buy_line), (sells, sell_line) = bought, sold
    ends = np.concatenate((buy_line.ends, sell_line.ends))
    order = np.argsort(ends, kind="stable")
    ends = ends[order]
    of_sell = (order >= len(buy_line.ends)).astype(np.int64)
    length = np.diff(ends, prepend=0)
    chosen = np.flatnonzero(length)
    # As many fills of a side as ended before lie before the pair; the next one is the pair's.
    sells_before = np.cumsum(of_sell)
    sells_before -= of_sell
    sell = sells_before[chosen]
    buy = chosen - sell
    quantity = length[chosen]
    buy_place, sell_place = buys.places[buy], sells.places[sell]
    long = buy_place < sell_place
    entry_before = exit_before = None
    if offsets:
        begin = ends[chosen] - quantity
        buy_before, sell_before = begin - buy_line.begins[buy], begin - sell_line.begins[sell]
        entry_before, exit_before = np.where(long, buy_before, sell_before), np.where(long, sell_before, buy_before)
    return Pairs(
        entry=books.order[np.minimum(buy_place, sell_place)],
        exit=books.order[np.maximum(buy_place, sell_place)],
        long=long,
        quantity=quantity,
        entry_before=entry_before,
        exit_before=exit_before,
    )
