"""Average cost: what is open is a pool, and every closing fill takes its share of the pool's cost.

The cost that closing fills take is rounded half-even to 10 places as a running total since the pool last grew, and
the fill that empties the pool takes the rest: money is conserved to the last digit, and later fills never change
what earlier ones took. The loop runs over Python integers, at about a microsecond and a half a fill.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.books import stable_order
from polybroker.ledger.fills import Amounts, Fills
from polybroker.ledger.matching.currency import spans_of_one_currency
from polybroker.ledger.matching.per_position import first_places
from polybroker.ledger.matching.trips import Remains, Trips, average
from polybroker.ledger.pnl import SHARE_PLACES, Charges, Money
from polybroker.ledger.positions import Path, position_path
from polybroker.ledger.scaled import Mask, Places, Rows, Scaled, exact_column, narrowed, objects


@frozen(eq=False)
class _Pool:
    """What a pool gave to each closing fill, and what it was like before."""

    released: Scaled
    cost: Scaled
    """Cost of the pool when it last grew, at each closing fill."""
    weight: Scaled
    """Units in the pool when it last grew."""
    last_cost: Scaled
    """Cost of each book's pool when it last grew."""
    last_weight: Scaled


def match_average(fills: Fills, charges: Charges) -> tuple[Trips, Remains]:
    """A round trip for each closing fill, and what is open."""
    path, books, scale = position_path(fills), fills.books, fills.quantity.scale
    pool = _pool(fills, path, books.placed(fills.price) * Scaled(path.opening, scale))
    places = np.flatnonzero(path.closing)
    by_exit = stable_order(books.order[places])
    begins = first_places(path)
    last = places.take(by_exit)
    first = begins.take(np.searchsorted(begins, last) - 1)
    money = Money(len(last))
    money.put(0, _gross(fills, path, by_exit, first, last), _fees(fills, charges, path, by_exit, first, last))
    rows = pl.Series(books.order[last])
    trips = Trips(
        first=pl.Series(books.order[first]),
        last=rows,
        long=path.buys.take(first),
        quantity=exact_column(Scaled(path.closing.take(last), scale)),
        entry_price=average(pool.cost.take(by_exit), pool.weight.take(by_exit)),
        exit_price=fills.frame["price"].gather(rows),
        money=money.columns(spans_of_one_currency(fills, first, last)),
    )
    after = path.after.take(books.last_places)
    open_ = np.flatnonzero(after)
    quantity = Scaled(after.take(open_), scale)
    return trips, Remains(open_, quantity, pool.last_cost.take(open_), pool.last_weight.take(open_))


def _gross(fills: Fills, path: Path, by_exit: Rows, first: Places, last: Places) -> Amounts:
    """What a closing fill brings in less what it takes from the pool; unknown if any fill's value is."""
    value, scale = fills.value(), fills.quantity.scale
    numbers = fills.books.placed(value.numbers)
    cost = _pool(fills, path, numbers * Scaled(path.opening, scale)).released.take(by_exit)
    gross = numbers.take(last) * Scaled(path.closing.take(last), scale) - cost
    known = None
    if value.known is not None:
        known = _count(~value.known.take(fills.books.order), first, last) == 0
    return Amounts(Scaled(np.where(path.buys.take(first), gross.values, -gross.values), gross.scale), known)


def _fees(fills: Fills, charges: Charges, path: Path, by_exit: Rows, first: Places, last: Places) -> Amounts:
    """What a closing fill takes of the pool's charges, and its own for the units that close."""
    order = fills.books.order
    of_closing = charges.shares(order, path.closing, np.zeros_like(path.closing))
    of_opening = charges.amounts.numbers.take(order) - of_closing
    fees = _pool(fills, path, of_opening).released.take(by_exit) + of_closing.take(last)
    known = charges.amounts.known
    if known is None:
        return Amounts(fees)
    return Amounts(fees, _count(known.take(order), first, last) > 0)


def _count(mask: Mask, first: Places, last: Places) -> Places:
    """How often the mask holds between these places, both included."""
    running = np.cumsum(mask, dtype=np.int64)
    count: Places = running.take(last) - running.take(first) + mask.take(first)
    return count


def _pool(fills: Fills, path: Path, amounts: Scaled) -> _Pool:
    """Run the pools of all books, where each fill adds `amounts` for the units it opens."""
    amounts = amounts.rescaled(max(amounts.scale, SHARE_PLACES))
    grain = 10 ** (amounts.scale - SHARE_PLACES)
    opening, closing, added = path.opening.tolist(), path.closing.tolist(), amounts.values.tolist()
    found = _Found()
    for start, size in zip(fills.books.starts.tolist(), fills.books.sizes.tolist(), strict=True):
        book = slice(start, start + size)
        _run(opening[book], closing[book], added[book], grain, found)

    def numbers(integers: list[int], scale: int) -> Scaled:
        return Scaled(narrowed(objects(integers)), scale)

    return _Pool(
        released=numbers(found.released, amounts.scale),
        cost=numbers(found.costs, amounts.scale),
        weight=numbers(found.weights, fills.quantity.scale),
        last_cost=numbers(found.last_costs, amounts.scale),
        last_weight=numbers(found.last_weights, fills.quantity.scale),
    )


class _Found:
    """What the loop found: by closing fill, and by book."""

    def __init__(self) -> None:
        self.released: list[int] = []
        self.costs: list[int] = []
        self.weights: list[int] = []
        self.last_costs: list[int] = []
        self.last_weights: list[int] = []


def _run(opening: list[int], closing: list[int], amounts: list[int], grain: int, found: _Found) -> None:
    """One book: the pool since it last grew, how many units have gone since, and what was given for them."""
    cost = weight = gone = given = 0
    for opened, closed, amount in zip(opening, closing, amounts, strict=True):
        if closed:
            gone += closed
            total = cost if gone == weight else _half_even(cost * gone, weight * grain) * grain
            found.released.append(total - given)
            given = total
            found.costs.append(cost)
            found.weights.append(weight)
        if opened:
            cost += amount - given
            weight += opened - gone
            gone = given = 0
    found.last_costs.append(cost)
    found.last_weights.append(weight)


def _half_even(numerator: int, denominator: int) -> int:
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))
