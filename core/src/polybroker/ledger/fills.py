"""Executions as the columns that matching computes with."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.ledger.books import Books, constants, sort_into_books
from polybroker.ledger.scaled import Mask, Scaled, scaled
from polybroker.statements.schema import EXACT, EXECUTIONS

COLUMNS: Final = (
    "account", "instrument_id", "symbol", "contract", "side", "quantity", "price", "multiplier", "currency",
    "commission", "fees", "timestamp", "trading_day", "execution_id",
)  # fmt: skip
"""The columns of `EXECUTIONS` that matching reads."""


@frozen(eq=False)
class Amounts:
    """Numbers of which some may be unknown (and then count as 0)."""

    numbers: Scaled
    known: Mask | None = None
    """None: all are known."""


@frozen(eq=False, slots=False)
class Fills:
    """Executions, by row, and the books they are in."""

    frame: pl.DataFrame
    books: Books
    buys: Mask
    quantity: Scaled
    """Above 0."""

    @classmethod
    def of(cls, frame: pl.DataFrame, books: Books | None = None) -> Fills:
        """The fills of executions sorted by time; `ValueError` where side, quantity or price is missing or wrong.

        `books` are those of the same executions, where they are known already.
        """
        missing = frame.select("instrument_id", "side", "quantity", "price").null_count().row(0, named=True)
        for name, count in missing.items():
            if count:
                raise ValueError(f"an execution has no {name}")
        bought = (frame["side"] == "buy").to_numpy()
        if not np.array_equal(~bought, (frame["side"] == "sell").to_numpy()):
            raise ValueError("an execution's side is neither buy nor sell")
        quantity = scaled(frame["quantity"])
        if len(quantity) and not quantity.values.min() > 0:
            raise ValueError("an execution's quantity is not above 0")
        return cls(frame, books or sort_into_books(frame), bought, quantity)

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def price(self) -> Scaled:
        """The price of each fill."""
        return scaled(self.frame["price"])

    @cached_property
    def constants(self) -> dict[str, Any]:
        """The columns with one value throughout, and that value."""
        return constants(self.frame)

    def numbers(self, name: str) -> Scaled:
        """An exact column; null counts as 0."""
        if name not in self.constants:
            return scaled(self.frame[name])
        one = scaled(pl.Series([self.constants[name]], dtype=EXACT))
        return Scaled(np.repeat(one.values, len(self)), one.scale)

    def known(self, *names: str) -> Mask | None:
        """Where any of these columns is not null; None: everywhere."""
        known = self.frame.select(pl.any_horizontal(pl.col(name).is_not_null() for name in names)).to_series()
        mask: Mask = known.to_numpy()
        return None if mask.all() else mask

    def value(self) -> Amounts:
        """The money that one unit of each fill stands for; unknown without multiplier."""
        return Amounts(self.price * self.numbers("multiplier"), self.known("multiplier"))


def executions_only(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that matching reads, of their proper types; absent ones are null."""
    given = frame.schema
    return frame.select(
        pl.col(name) if given.get(name) == EXECUTIONS[name] else _proper(name, name in given) for name in COLUMNS
    )


def _proper(name: str, given: bool) -> pl.Expr:
    return (pl.col(name) if given else pl.lit(None)).cast(EXECUTIONS[name]).alias(name)
