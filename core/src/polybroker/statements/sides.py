"""The words of files for the two sides, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

_BUY: Final = re.compile(
    r"(?:b|bot|buy|bought)(?:(?:to)?(?:open|close|cover))?|bto|btc|bc|cover|(?:open)?long|closeshort"
)
_SELL: Final = re.compile(
    r"(?:s|sld|sell|sold)(?:(?:to)?(?:open|close)|short)?|sto|stc|ss|(?:open)?short(?:sell|sale)?|closelong"
)

_FEW: Final = 8


def parse_sides(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """A String column of side words as `buy` and `sell`, and the mask (Boolean, never null) of its bad cells.

    Case, blanks, hyphens and underscores do not count. Empty cells are null and not bad; a number is no side.
    """
    words = column.unique().drop_nulls()
    sides = {word: _side(word) for word in words if word.strip()}
    read = {word: side for word, side in sides.items() if side}
    if not read:
        empty = pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, len(column))
        return empty, _filled(column)
    parsed = _parsed(column, read)
    if parsed.null_count() == column.null_count():
        return parsed, pl.Series([False]).new_from_index(0, len(column))
    return parsed, parsed.is_null() & _filled(column)


def _parsed(column: pl.Series, read: Mapping[str, str]) -> pl.Series:
    """The sides of the words that are read as sides; the other ones are null."""
    if len(read) > _FEW:
        return column.replace_strict(read, default=None, return_dtype=pl.String)
    # Comparing with a few words is far faster than looking each one up; masks in one piece make a column in one piece.
    masks = {side: [(column == word).rechunk() for word in read if read[word] == side] for side in set(read.values())}
    chosen = [pl.when(pl.any_horizontal(mask)).then(pl.lit(side)) for side, mask in masks.items()]
    return pl.select(pl.coalesce(chosen).alias(column.name)).to_series()


def _side(word: str) -> str | None:
    key = re.sub(r"[\s_.-]+", "", word).casefold()
    if _BUY.fullmatch(key):
        return "buy"
    return "sell" if _SELL.fullmatch(key) else None


def _filled(column: pl.Series) -> pl.Series:
    return column.str.contains(r"\S").fill_null(value=False)
