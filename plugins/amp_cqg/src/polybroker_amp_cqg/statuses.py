"""What the words of the status column say about a row.

The list is closed: a row counts as a fill only where its word is known to mean one. Only the letters of a word are
compared: `Fill Cancel`, `FILL_CANCEL` and `FillCancel` are one word.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

import polars as pl

from polybroker_amp_cqg.tables import rows_of


class Meaning(StrEnum):
    """What a row of the report is."""

    FILL = "fill"
    BUST = "bust"
    """Takes a fill back."""
    CORRECTION = "correction"
    """Gives a fill another size or price."""
    ORDER_EVENT = "order event"
    """Something else that happened to an order."""
    UNKNOWN = "unknown"


def meaning(status: str | None) -> Meaning:
    """What `status` says; `Meaning.UNKNOWN` for any word that is not listed, also one that contains "fill"."""
    return _meanings().get(_letters(status or ""), Meaning.UNKNOWN)


def meanings(statuses: pl.Series) -> pl.Series:
    """`meaning` of a whole column; a missing status is unknown."""
    words = statuses.unique().drop_nulls().to_list()
    table = {word: str(meaning(word)) for word in words}
    return statuses.replace_strict(table, default=str(Meaning.UNKNOWN), return_dtype=pl.String)


@cache
def _meanings() -> Mapping[str, Meaning]:
    return {_letters(row["word"]): Meaning(row["meaning"]) for row in rows_of("statuses.csv")}


def _letters(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalpha())
