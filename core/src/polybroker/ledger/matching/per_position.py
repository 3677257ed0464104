"""A round trip for each position: from flat to flat, whatever was added and reduced in between.

A fill that turns the position round closes one and opens the next.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.books import stable_order
from polybroker.ledger.fills import Amounts, Fills
from polybroker.ledger.matching.currency import spans_of_one_currency
from polybroker.ledger.matching.trips import Remains, Trips, average
from polybroker.ledger.pnl import Charges, Money
from polybroker.ledger.positions import Path, position_path
from polybroker.ledger.scaled import Integers, Mask, Places, Scaled, exact_column


@frozen(eq=False)
class _Positions:
    """The positions of all books, one after the other."""

    path: Path
    first: Places
    """Where each position is opened; it ends where the next one begins, or before."""

    def opened(self, numbers: Scaled) -> Scaled:
        """The sums, by position, of what is given for the opening units of each fill, by place."""
        return numbers.segment_sums(self.first)

    def closed(self, numbers: Scaled) -> Scaled:
        """The sums, by position, of what is given for the closing units: those of a turn belong to the former."""
        ended = Scaled(np.append(numbers.values, 0), numbers.scale)
        return ended.segment_sums(self.first + 1)

    def any_of(self, mask: Mask) -> Mask:
        """Whether it holds for any fill of the position."""
        opening = Scaled((mask & (self.path.opening > 0)).astype(np.int64), 0)
        closing = Scaled((mask & (self.path.closing > 0)).astype(np.int64), 0)
        return self.opened(opening).values + self.closed(closing).values > 0


def first_places(path: Path) -> Places:
    """The places at which a position is opened: from flat, or by a turn."""
    return np.flatnonzero((path.opening > 0) & ((path.closing > 0) | (path.before == 0)))


def match_per_position(fills: Fills, charges: Charges) -> tuple[Trips, Remains]:
    """The positions that were closed, as round trips; and those that are open."""
    path = position_path(fills)
    positions = _Positions(path, first_places(path))
    scale = fills.quantity.scale
    opening, closing = Scaled(path.opening, scale), Scaled(path.closing, scale)
    units = positions.opened(opening)
    open_ = units.values != positions.closed(closing).values
    price = fills.books.placed(fills.price)
    cost = positions.opened(price * opening)

    done = np.flatnonzero(~open_)
    last = np.flatnonzero((path.closing > 0) & ((path.after == 0) | (path.opening > 0)))
    rows = fills.books.order[last]
    by_exit = stable_order(rows)
    done, last, rows = done.take(by_exit), last.take(by_exit), rows.take(by_exit)
    first = positions.first.take(done)
    money = Money(len(done))
    money.put(0, _gross(fills, positions, opening, closing, done), _fees(fills, charges, positions, closing, done))
    trips = Trips(
        first=pl.Series(fills.books.order[first]),
        last=pl.Series(rows),
        long=path.buys.take(first),
        quantity=exact_column(units.take(done)),
        entry_price=average(cost.take(done), units.take(done)),
        exit_price=average(positions.closed(price * closing).take(done), units.take(done)),
        money=money.columns(spans_of_one_currency(fills, first, last)),
    )
    return trips, _remains(fills, positions, np.flatnonzero(open_), cost, units)


def _gross(fills: Fills, positions: _Positions, opening: Scaled, closing: Scaled, done: Places) -> Amounts:
    value = fills.value()
    numbers = fills.books.placed(value.numbers)
    gross = (positions.closed(numbers * closing) - positions.opened(numbers * opening)).take(done)
    long = positions.path.buys.take(positions.first.take(done))
    known = None
    if value.known is not None:
        known = ~positions.any_of(~value.known.take(fills.books.order)).take(done)
    return Amounts(Scaled(_turned(gross.values, long), gross.scale), known)


def _turned(values: Integers, long: Mask) -> Integers:
    return np.where(long, values, -values)


def _fees(fills: Fills, charges: Charges, positions: _Positions, closing: Scaled, done: Places) -> Amounts:
    order = fills.books.order
    total = charges.amounts.numbers.take(order)
    of_closing = charges.shares(order, closing.values, np.zeros_like(closing.values))
    fees = (positions.closed(of_closing) + positions.opened(total - of_closing)).take(done)
    known = charges.amounts.known
    return Amounts(fees, None if known is None else positions.any_of(known.take(order)).take(done))


def _remains(fills: Fills, positions: _Positions, open_: Places, cost: Scaled, units: Scaled) -> Remains:
    first = positions.first.take(open_)
    book = np.searchsorted(fills.books.starts, first, side="right") - 1
    after = positions.path.after.take(fills.books.last_places.take(book))
    return Remains(book, Scaled(after, units.scale), cost.take(open_), units.take(open_))
