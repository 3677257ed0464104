"""Text columns of money and quantities as exact numbers, a column at a time.

How a file writes decimals is one decision for all its numeric columns (`number_style`), made from the cells
that can be read in one way only. Then each column is read (`parse_numbers`): a cell that does not fit the style
is bad, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.model.money import EXACT_DIGITS, EXACT_SCALE, parse_decimal
from polybroker.statements.schema import EXACT

_POINT: Final = "."
_COMMA: Final = ","
_SURE_LENGTH: Final = EXACT_SCALE + 1
"""A number of this many characters has no more decimal places than `EXACT` holds."""

_BLANK: Final = r"[ \u{a0}\u{2009}\u{202f}]"
_MINUS: Final = r"[-\u{2212}\u{2013}]"
_MISSING: Final = r"^[-\u{2010}-\u{2015}\u{2212}]*$"
_NEGATIVE: Final = r"^[^0-9]*[-\u{2212}\u{2013}(]"
_EXPONENT: Final = "[eE]"
_LOST_DIGITS: Final = rf"\.[0-9]{{{EXACT_SCALE}}}[0-9]*[1-9]"
_GROUPS: Final = [",", "'", "’"]
_TWO_POINTS: Final = r"\..*\."
_TWO_POINTS_LENGTH: Final = len("1.234.567")
_GROUPED_BY_APOSTROPHE: Final = r"^[^0-9]*[1-9][0-9]{0,2}(?:['’][0-9]{3})+(?:['’][0-9]{3}|[.,][0-9]+)[^0-9]*$"
_QUESTION: Final = "--decimal-comma / --decimal-point"


@frozen
class NumberStyle:
    """How one file writes its numbers."""

    decimal: str = _POINT
    """`.` or `,`; the other one of the two groups thousands."""
    apostrophe: bool = False
    """Whether apostrophes are proven to group thousands (`1'234.50`); else `110'165` may be a price in 32nds."""


def number_style(
    columns: Sequence[pl.Series],
    *,
    decimal_comma: bool | None = None,
    rows: pl.Series | None = None,
    source: str | None = None,
) -> NumberStyle:
    """The style that all cells of a file's numeric `columns` (String) prove together.

    `decimal_comma` is the user's answer and wins. Where no cell has a comma, points are decimal points. Raises
    `AmbiguousStatement` where every cell with a comma can be read in two ways (`1,234`), and `StatementError`
    where both styles are proven. `rows` holds the row numbers for messages; without it the first cell is row 1.
    """
    if not any(_has_groups(column) for column in columns):
        return NumberStyle(_COMMA if decimal_comma else _POINT)
    apostrophe = any(_any(column, _GROUPED_BY_APOSTROPHE) for column in columns)
    if decimal_comma is not None:
        return NumberStyle(_COMMA if decimal_comma else _POINT, apostrophe)
    point, comma = NumberStyle(_POINT, apostrophe), NumberStyle(_COMMA, apostrophe)
    for_point = _first_cell(columns, point, comma, rows)
    for_comma = _first_cell(columns, comma, point, rows)
    if for_point and for_comma:
        row, column, text = max(for_point, for_comma)
        raise StatementError(
            f"the file has numbers of two styles: {for_point[2]!r} (row {for_point[0]}, {for_point[1]}) has a decimal "
            f"point, {for_comma[2]!r} (row {for_comma[0]}, {for_comma[1]}) a decimal comma",
            source=source,
            row=row,
            column=column,
        )
    if for_point or for_comma:
        return point if for_point else comma
    undecided = _first_cell(columns, point, None, rows, having=_COMMA)
    if undecided is None:
        return point
    row, column, text = undecided
    raise AmbiguousStatement(
        f"{text!r} can be a number with a decimal comma or with thousands, and no other cell of the file tells",
        question=_QUESTION,
        source=source,
        row=row,
        column=column,
    )


def parse_numbers(column: pl.Series, style: NumberStyle) -> tuple[pl.Series, pl.Series]:
    """A String column as an `EXACT` one, and the mask (Boolean, never null) of its bad cells.

    Reads plain numbers, thousands in groups of three (comma or point, blank, apostrophe), a currency sign before or
    after, `@`, a sign before or after the currency sign, negative numbers in brackets, and exponents. Empty cells
    and dashes are null and not bad. A number that `EXACT` cannot hold without loss is bad, not rounded.
    """
    if style.decimal == _POINT:
        values = column.cast(EXACT, strict=False)
        # polars rounds further decimal places in silence, and accepts exponents, which can hide such places.
        doubt = values.is_null() | (column.str.len_bytes() > _SURE_LENGTH) | column.str.contains(_EXPONENT)
    else:
        values = pl.Series(column.name, [None], EXACT).new_from_index(0, len(column))
        doubt = column.is_not_null()
    doubt = doubt.fill_null(value=False) & column.is_not_null()
    if not doubt.any():
        return values, doubt
    texts = column.filter(doubt).str.strip_chars()
    exact = _decorated(texts, style)
    wrong = exact.is_null() & ~texts.str.contains(_MISSING)
    place = pl.select(pl.when(doubt).then(doubt.cast(pl.UInt32).cum_sum() - 1)).to_series()
    return exact.gather(place).zip_with(doubt, values).alias(column.name), wrong.gather(place).fill_null(value=False)


def bad_number(text: str, style: NumberStyle) -> str:
    """Why `parse_numbers` calls the cell `text` bad, for a person."""
    other = NumberStyle(_COMMA if style.decimal == _POINT else _POINT, style.apostrophe)
    name = {_POINT: "point", _COMMA: "comma"}[style.decimal]
    cell = pl.Series([text.strip()])
    if _any(cell, _grammar(style)):
        return (
            f"{text!r} has more digits than can be kept ({EXACT_DIGITS - EXACT_SCALE} and {EXACT_SCALE} decimal places)"
        )
    if _any(cell, _grammar(other)):
        return f"{text!r} is not a number in a file with a decimal {name}"
    return f"{text!r} is not a number"


@cache
def _grammar(style: NumberStyle) -> str:
    """What a number with all its decorations looks like in `style`."""
    groups = [rf"(?:{_BLANK}[0-9]{{3}})+", r"(?:,[0-9]{3})+" if style.decimal == _POINT else r"(?:\.[0-9]{3})+"]
    if style.apostrophe:
        groups.append("(?:['’][0-9]{3})+")
    whole = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{'|'.join(groups)}))"
    places = r"\.[0-9]*" if style.decimal == _POINT else ",[0-9]+"
    bare = rf"\{style.decimal}[0-9]+"
    body = rf"(?:{whole}(?:{places})?|{bare})(?:[eE][-+]?[0-9]{{1,3}})?"
    money, sign, blanks = r"\p{Sc}?", rf"(?:{_MINUS}|\+)?", rf"{_BLANK}*"
    signed = rf"(?:@|{sign}{blanks}{money}{blanks}|\p{{Sc}}{blanks}{sign}){body}{blanks}{money}"
    bracketed = rf"{money}{blanks}\({blanks}{money}{blanks}{body}{blanks}{money}{blanks}\){blanks}{money}"
    return rf"^(?:{signed}|{bracketed})$"


def _decorated(texts: pl.Series, style: NumberStyle) -> pl.Series:
    """The exact values of stripped cells; null where a cell does not fit the style or `EXACT`."""
    valid = texts.str.contains(_grammar(style))
    digits = texts.str.replace_all(rf"[^0-9eE{style.decimal}+-]", "").str.strip_chars_start("+-")
    digits = digits.str.replace(style.decimal, _POINT, literal=True)
    digits = pl.select(pl.when(texts.str.contains(_NEGATIVE)).then("-" + digits).otherwise(digits)).to_series()
    plain = valid & ~digits.str.contains(_EXPONENT) & ~digits.str.contains(_LOST_DIGITS)
    values = pl.select(pl.when(plain).then(digits)).to_series().cast(EXACT, strict=False)
    scientific = valid & digits.str.contains(_EXPONENT)
    if not scientific.any():
        return values
    return _scientific(digits).zip_with(scientific, values)


def _scientific(texts: pl.Series) -> pl.Series:
    """Numbers with an exponent, one by one: polars would drop digits beyond the scale."""
    values: list[Decimal | None] = []
    for text in texts:
        try:
            values.append(parse_decimal(text))
        except ValueError:
            values.append(None)
    return pl.Series(texts.name, values, EXACT)


def _first_cell(
    columns: Sequence[pl.Series],
    style: NumberStyle,
    other: NumberStyle | None,
    rows: pl.Series | None,
    *,
    having: str = "",
) -> tuple[int, str, str] | None:
    """Row, column and text of the first cell that is a number in `style` and none in `other`."""
    found: list[tuple[int, str, str]] = []
    for column in columns:
        texts = column.str.strip_chars()
        chosen = texts.str.contains(_grammar(style)) & texts.str.contains(having, literal=True)
        if other is not None:
            chosen &= ~texts.str.contains(_grammar(other))
        index = chosen.arg_max() if chosen.any() else None
        if index is not None:
            found.append((index + 1 if rows is None else int(rows[index]), column.name, str(column[index])))
    return min(found, default=None)


def _has_groups(column: pl.Series) -> bool:
    """Whether a cell has a comma, an apostrophe or two points: everything that a plain number does not have."""
    if column.str.contains_any(_GROUPS).any():
        return True
    return _any(column.filter(column.str.len_bytes() >= _TWO_POINTS_LENGTH), _TWO_POINTS)


def _any(column: pl.Series, pattern: str) -> bool:
    return bool(column.str.contains(pattern).any())
