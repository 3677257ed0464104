"""Columns of repeated texts, or numbers, as small numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

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


def places(numbers: Codes) -> tuple[Codes, Codes]:
    """The distinct numbers (0 or above), ascending, and the place of each number among them."""
    distinct = pl.Series(numbers).unique().sort().to_numpy()
    if not len(distinct) or distinct[-1] > 4 * len(numbers) + 1_000_000:
        return distinct, np.searchsorted(distinct, numbers)
    table = np.zeros(int(distinct[-1]) + 1, dtype=np.int64)
    table[distinct] = np.arange(len(distinct))
    found: Codes = table[numbers]
    return distinct, found
