"""Exact money: gross from prices, shares of charges, net.

Profit is what the exits brought in less what the entries cost, in exact integers; no average goes into it. The
charges of a fill that is matched in several trips are shared so that the shares add up to the charges to the
last digit: a share is the difference of two running shares, each rounded half-even to 10 places.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.fills import Amounts, Fills
from polybroker.ledger.scaled import (
    Integers,
    Mask,
    Rows,
    Scaled,
    column_of_words,
    divide_half_even,
    magnitude,
    rounded,
    widened,
    write_exact,
)
from polybroker.model.money import EXACT_SCALE

SHARE_PLACES: Final = 10
"""Decimal places of a share that is not exact."""


@frozen(eq=False)
class Charges:
    """Commission and fees of each fill, together."""

    amounts: Amounts
    """At 10 decimal places or more."""
    quantity: Integers
    unit: Integers
    """The charge for the smallest unit of quantity, where it is exact; a single one where all are the same."""
    uneven: Mask | None
    """Fills whose charge for one unit is not exact; None: there are none."""

    @classmethod
    def of(cls, fills: Fills) -> Charges:
        """The charges of these fills; unknown where neither commission nor fees is known."""
        names = [name for name in ("commission", "fees") if fills.constants.get(name, "") is not None]
        if not names:
            nothing = np.zeros(len(fills), dtype=np.int64)
            amounts = Amounts(Scaled(nothing, SHARE_PLACES), np.zeros(len(fills), dtype=np.bool_))
            return cls(amounts, fills.quantity.values, nothing[:1], None)
        parts = [fills.numbers(name) for name in names]
        total = parts[0] if len(parts) == 1 else parts[0] + parts[1]
        total = total.rescaled(max(total.scale, SHARE_PLACES))
        quantity, values = fills.quantity.values, total.values
        grain = 10 ** (total.scale - SHARE_PLACES)
        units = widened(quantity, fills.quantity.bound * grain) * grain
        unit = values // units
        uneven = unit * units != values
        if unit.min() == unit.max():
            unit = unit[:1]
        known = fills.known(*names)
        uneven_fills = uneven if uneven.any() else None
        return cls(Amounts(total, known), quantity, unit * grain, uneven_fills)

    def shares(self, rows: Rows, units: Integers, before: Integers | None) -> Scaled:
        """The share of `units` units of the fills in `rows`, of which `before` units had their share already.

        `before` may be left out where no fill is uneven.
        """
        total = self.amounts.numbers
        shares = (self.unit.take(rows) if len(self.unit) > 1 else self.unit) * units
        if self.uneven is not None:
            if before is None:
                raise ValueError("uneven charges are shared in order")
            chosen = np.flatnonzero(self.uneven[rows])
            some, start, count = rows[chosen], before[chosen], units[chosen]
            exact = self._running(some, start + count)
            later = np.flatnonzero(start)
            exact[later] -= self._running(some[later], start[later])
            shares = widened(shares, magnitude(exact))
            shares[chosen] = exact
        return Scaled(shares, total.scale)

    def _running(self, rows: Rows, units: Integers) -> Integers:
        """The rounded charge of the first `units` units; that of all units is exact."""
        numbers, quantity = self.amounts.numbers, self.quantity[rows]
        grain = 10 ** (numbers.scale - SHARE_PLACES)
        bound = max(numbers.bound * magnitude(units), magnitude(quantity) * grain)
        charge, count = widened(numbers.values[rows], bound), widened(quantity, bound)
        running: Integers = divide_half_even(charge * units, count * grain) * grain
        whole = units == quantity
        running[whole] = charge[whole]
        return running

    def either_known(self, first: Rows, last: Rows) -> Mask | None:
        """Whether the charges of either fill are known; None: always."""
        known = self.amounts.known
        return None if known is None else known[first] | known[last]


def gross_of_pairs(value: Amounts, entry: Rows, exit_: Rows, long: Mask, quantity: Scaled) -> Amounts:
    """(exit - entry) x quantity x multiplier of matched pairs, turned round for shorts."""
    numbers = value.numbers
    values = widened(numbers.values, 2 * numbers.bound * quantity.bound)
    gross = (values.take(exit_) - values.take(entry)) * quantity.values
    np.negative(gross, out=gross, where=~long)
    known = None if value.known is None else value.known[entry] & value.known[exit_]
    return Amounts(Scaled(gross, numbers.scale + quantity.scale), known)


class Money:
    """The money columns of round trips, filled block by block."""

    def __init__(self, trips: int) -> None:
        self._words = {name: np.empty((trips, 2), dtype=np.int64) for name in ("gross_pnl", "fees", "net_pnl")}
        self._known: dict[str, Mask] = {}

    def put(self, start: int, gross: Amounts, fees: Amounts) -> None:
        """Write the gross profit and the charges of the trips from `start` on.

        Gross that needs more than 18 decimal places is rounded half-even to them. Net is gross and what is
        known of the charges.
        """
        gross = Amounts(rounded(gross.numbers, EXACT_SCALE), gross.known)
        stop = start + len(gross.numbers)
        for name, amounts in (("gross_pnl", gross), ("fees", fees)):
            write_exact(amounts.numbers, self._words[name][start:stop])
            if amounts.known is not None:
                mask = self._known.setdefault(name, np.ones(len(self._words[name]), dtype=np.bool_))
                mask[start:stop] = amounts.known
        write_exact(gross.numbers + fees.numbers, self._words["net_pnl"][start:stop])

    def columns(self, allowed: Mask | None) -> dict[str, pl.Series]:
        """`gross_pnl`, `fees` and `net_pnl`; null where unknown, and all of them where not `allowed`."""
        known: dict[str, Mask | None] = {**self._known, "net_pnl": self._known.get("gross_pnl")}
        return {
            name: column_of_words(words, name, known=both(known.get(name), allowed))
            for name, words in self._words.items()
        }


def both(left: Mask | None, right: Mask | None) -> Mask | None:
    """Where both hold; None holds everywhere."""
    if left is None or right is None:
        return right if left is None else left
    return left & right
