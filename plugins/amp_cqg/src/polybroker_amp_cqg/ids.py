"""Ids as the report means them: exact text, whatever a spreadsheet made of them on the way.

`609533386765`, `609533386765.0`, `6.09533386765E+11` and `="609533386765"` are one id.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

_SCIENTIFIC: Final = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})")
_SPREADSHEET_DIGITS: Final = 10
"""A spreadsheet shows a long id with 6 digits, a float has 15 to 17: from here on only zeros can be missing."""
_FLOAT_DIGITS: Final = 15


def expand(text: str) -> str | None:
    """The id behind a number in E-notation, or None where digits were lost on the way.

    `6.09533386765E+11` has all its digits; `6.09533E+11` was cut to six by a spreadsheet and could be any of a
    million ids. Texts in no E-notation are returned as they are.
    """
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return text
    whole, fraction, exponent = match[1], (match[2] or "").rstrip("0"), int(match[3])
    digits = whole + fraction
    shown = len(whole) + len(match[2] or "")
    if len(fraction) > exponent:
        return text
    if shown > exponent or _SPREADSHEET_DIGITS <= shown < _FLOAT_DIGITS:
        return digits + "0" * (exponent + 1 - len(digits))
    return None


def clean(ids: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The ids of a column, null where there is none, and a mask of those whose digits were lost.

    Zero is how reports write that there is no id.
    """
    if _are_plain(ids):
        return _without_zeros(ids), pl.repeat(value=False, n=len(ids), dtype=pl.Boolean, eager=True)
    plain = (
        ids.str.strip_chars().str.replace(r'^="?([^"]*)"?$', "$1").str.replace(r"^(\d+)\.0+$", "$1").replace("", None)
    )
    scientific = plain.str.contains(r"^\d(\.\d+)?[eE]\+?\d{1,2}$").fill_null(value=False)
    if not scientific.any():
        return _without_zeros(plain), scientific
    texts = plain.filter(scientific).unique().to_list()
    expanded = plain.replace_strict({text: expand(text) for text in texts}, default=plain, return_dtype=pl.String)
    return _without_zeros(expanded), scientific & expanded.is_null()


def _are_plain(ids: pl.Series) -> bool:
    """Whether all are whole numbers as they should be, which most columns are, or missing."""
    numbers = ids.cast(pl.Int64, strict=False)
    return numbers.null_count() == ids.null_count() and bool((numbers.cast(pl.String) == ids).all())


def _without_zeros(ids: pl.Series) -> pl.Series:
    zero = ids.str.contains(r"^0+$").fill_null(value=False)
    return ids.zip_with(~zero, pl.Series(ids.name, [None], dtype=pl.String)) if zero.any() else ids
