"""Whether the fills of a round trip are in one currency: money of two is never added.

A fill of unknown currency is taken to be in that of the others.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from polybroker.ledger.books import text_codes
from polybroker.ledger.fills import Fills
from polybroker.ledger.scaled import Mask, Places


def _has_one(fills: Fills) -> bool:
    return "currency" in fills.constants or fills.frame["currency"].drop_nulls().n_unique() <= 1


def pairs_of_one_currency(fills: Fills, first: pl.Series, last: pl.Series) -> Mask | None:
    """Whether two fills, by row, are in one currency; None: all are."""
    if _has_one(fills):
        return None
    column = fills.frame["currency"]
    one = column.gather(first) == column.gather(last)
    mask: Mask = one.fill_null(value=True).to_numpy()
    return mask


def spans_of_one_currency(fills: Fills, first: Places, last: Places) -> Mask | None:
    """Whether all fills from one place to another are in one currency; None: all are."""
    if _has_one(fills):
        return None
    column = fills.frame["currency"].gather(fills.books.order)
    known = column.is_not_null().arg_true().to_numpy()
    codes = text_codes(column).take(known)
    changes = np.cumsum(np.append(0, codes[1:] != codes[:-1]))
    begin, end = np.searchsorted(known, first), np.searchsorted(known, last, side="right") - 1
    mask: Mask = (begin > end) | (changes.take(begin, mode="clip") == changes.take(end, mode="clip"))
    return mask
