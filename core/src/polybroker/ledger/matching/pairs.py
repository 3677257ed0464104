"""Matched pairs of fills, as FIFO and LIFO find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from attrs import fields, frozen

from polybroker.ledger.books import stable_order
from polybroker.ledger.fills import Amounts, Fills
from polybroker.ledger.matching.currency import pairs_of_one_currency
from polybroker.ledger.matching.trips import Remains, Trips
from polybroker.ledger.pnl import Charges, Money, gross_of_pairs
from polybroker.ledger.scaled import Integers, Mask, Places, Rows, Scaled, exact_column, narrowed

_BLOCK: Final = 1 << 16
"""Pairs handled at a time: intermediate columns stay in the processor's cache and need no new memory."""


@frozen(eq=False)
class Pairs:
    """Units of one fill matched with units of a later one of the other side, by row of the frame."""

    entry: Rows
    exit: Rows
    long: Mask
    quantity: Integers
    """At the scale of the fills' quantities."""
    entry_before: Integers | None
    """How many units of the entry were matched before; None: nobody asked."""
    exit_before: Integers | None

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """All pairs of several parts, sorted by the exit's row; those of one exit keep their order."""
        exits = np.concatenate([part.exit for part in parts])
        order = stable_order(exits)

        def column(name: str) -> Any:
            columns = [getattr(part, name) for part in parts]
            return None if columns[0] is None else narrowed(np.concatenate(columns).take(order))

        return cls(*(exits.take(order) if name == "exit" else column(name) for name in _NAMES))


_NAMES = tuple(attribute.name for attribute in fields(Pairs))


def trips_of_pairs(fills: Fills, charges: Charges, pairs: Pairs) -> Trips:
    """A round trip for each pair."""
    value, scale = fills.value(), fills.quantity.scale
    money = Money(len(pairs.entry))
    for start in range(0, len(pairs.entry), _BLOCK):
        block = slice(start, start + _BLOCK)
        entry, exit_, quantity = pairs.entry[block], pairs.exit[block], pairs.quantity[block]
        gross = gross_of_pairs(value, entry, exit_, pairs.long[block], Scaled(quantity, scale))
        shares = charges.shares(entry, quantity, None if pairs.entry_before is None else pairs.entry_before[block])
        shares += charges.shares(exit_, quantity, None if pairs.exit_before is None else pairs.exit_before[block])
        money.put(start, gross, Amounts(shares, charges.either_known(entry, exit_)))
    entry_rows, exit_rows = pl.Series(pairs.entry), pl.Series(pairs.exit)
    price = pl.col("price")
    prices = fills.frame.select(entry=price.gather(entry_rows), exit=price.gather(exit_rows))
    return Trips(
        first=entry_rows,
        last=exit_rows,
        long=pairs.long,
        quantity=exact_column(Scaled(pairs.quantity, scale)),
        entry_price=prices["entry"],
        exit_price=prices["exit"],
        money=money.columns(pairs_of_one_currency(fills, entry_rows, exit_rows)),
    )


def remains_of_units(fills: Fills, places: Places, left: Integers) -> Remains:
    """What is open where `left` units of the fills at these places (ascending) are unmatched."""
    books = fills.books
    number = np.searchsorted(books.starts, places, side="right") - 1
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    units = Scaled(left, fills.quantity.scale)
    rows = books.order[places]
    weight = units.segment_sums(starts)
    signed = np.where(fills.buys[rows[starts]], weight.values, -weight.values)
    cost = fills.price.take(rows) * units
    return Remains(number[starts], Scaled(signed, units.scale), cost.segment_sums(starts), weight)
