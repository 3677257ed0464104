"""Columns of repeated texts, or numbers, as small numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

_SAMPLE: Final = 1024

Codes = npt.NDArray[np.int64]


@frozen(eq=False)
class Encoded:
    """A text column as places in the list of its distinct texts, which are in alphabetical order."""

    codes: Codes
    texts: pl.Series
    """The distinct texts; null, where the column has any, comes last."""


def encoded(column: pl.Series) -> Encoded:
    """The distinct texts of a String column, and the place of each row's text among them."""
    nulls = column.null_count()
    distinct = column.drop_nulls().unique().sort()
    if not nulls and len(distinct) < 2:
        return Encoded(np.zeros(len(column), dtype=np.int64), distinct)
    codes = column.cast(pl.Enum(distinct)).to_physical().cast(pl.Int64)
    if nulls:
        codes = codes.fill_null(len(distinct))
        distinct = distinct.extend(pl.Series([None], dtype=pl.String))
    return Encoded(codes.to_numpy(), distinct)


def is_repetitive(column: pl.Series) -> bool:
    """Whether the first texts repeat one another, so that the distinct ones are likely to be few."""
    return column.head(_SAMPLE).n_unique() <= _SAMPLE // 2


def combinations(columns: Sequence[pl.Series]) -> tuple[npt.NDArray[np.uint32], pl.Series]:
    """The first row of each distinct combination of texts, ascending; and each row's place among them."""
    combined = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        texts = encoded(column)
        if len(texts.texts) > 1:
            # Places of places, so that no number exceeds rows times texts.
            combined = places(combined)[1] * len(texts.texts) + texts.codes if combined.any() else texts.codes
    numbers = places(combined)[1] if len(columns) > 1 else combined
    firsts = np.empty(int(numbers.max(initial=-1)) + 1, dtype=np.uint32)
    # Of several values for one place numpy keeps the last: from the end, that is the first row.
    firsts[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1, dtype=np.uint32)
    order = np.argsort(firsts)
    ranks = np.empty(len(order), dtype=np.uint32)
    ranks[order] = np.arange(len(order), dtype=np.uint32)
    return firsts[order], pl.Series(ranks.take(numbers))


def places(numbers: Codes) -> tuple[Codes, Codes]:
    """The distinct numbers (0 or above), ascending, and the place of each number among them."""
    distinct = pl.Series(numbers).unique().sort().to_numpy()
    if not len(distinct) or distinct[-1] > 4 * len(numbers) + 1_000_000:
        return distinct, np.searchsorted(distinct, numbers)
    table = np.zeros(int(distinct[-1]) + 1, dtype=np.int64)
    table[distinct] = np.arange(len(distinct))
    found: Codes = table[numbers]
    return distinct, found
