"""What a workbook's cells mean as text: one value at a time, and a column at a time with the same result.

A number cell is a binary floating point number written in decimal, often with digits that nobody typed:
75.07000000000001, or 75.069999999999993 for the same number. Excel itself shows 15 significant digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from polybroker.statements.tables import ColumnKind

_Floats = npt.NDArray[np.float64]
_Mask = npt.NDArray[np.bool_]

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_SIGNIFICANT: Final = 15
_WIDEST: Final = 400
"""Characters that a number may take in plain notation; the widest double needs fewer than 345 of 15 digits."""
_PLAIN: Final = r"^(?:0|-?[1-9][0-9]*|-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9])$"
_DAY_MILLISECONDS: Final = 86_400_000
_LAST_DAY: Final = 2_958_465
"""31 December 9999 in the 1900 system."""
_LEAP_DAY: Final = 60
"""29 February 1900, which the 1900 system has and the calendar has not."""
_DAYS_1904: Final = 1462
"""What a day's number is larger by in the 1900 system, from 1 March 1900 on."""
_BEFORE_EPOCH: Final = 25_569
"""The number of 1 January 1970 in the 1900 system."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - cells have no zone
_ISO: Final = "%Y-%m-%dT%H:%M:%S%.6f"
_DECIMAL: Final = r"^-?[0-9]+(?:\.[0-9]+)?$"
_MOST_PLACES: Final = 18
_POWERS: Final = np.array([float(10**places) for places in range(_MOST_PLACES + 1)])
_CONTROL: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def exact_text(text: str) -> str:
    """A number cell's exact value in plain notation, without a fraction of zeros; other text as it is."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return text
    if "e" not in text.lower():
        whole, _, fraction = text.partition(".")
        return text if fraction.strip("0") else whole
    return _plain(Decimal(text)) or text


def shown_text(text: str) -> str:
    """A number cell's value at 15 significant digits in plain notation; other text as it is."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return text
    value = float(text)
    if not np.isfinite(value):
        return text
    return _plain(Decimal(f"{value:.{_SIGNIFICANT}g}")) or text


def time_text(text: str, *, is_1904: bool) -> str:
    """A serial number as ISO date and time; what is no day of the calendar stays as it is.

    A serial below 1, a time without date, lies on 31 December 1899 (1 January 1904).
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return text
    serial = float(text)
    last = _LAST_DAY - _DAYS_1904 if is_1904 else _LAST_DAY
    if not 0 <= serial < last + 1:
        return exact_text(text)
    milliseconds = round(serial * _DAY_MILLISECONDS)
    day = milliseconds // _DAY_MILLISECONDS
    if day > last or (day == _LEAP_DAY and not is_1904):
        return exact_text(text)
    if is_1904:
        day += _DAYS_1904
    elif day < _LEAP_DAY:
        day += 1
    time = timedelta(days=day - _BEFORE_EPOCH, milliseconds=milliseconds % _DAY_MILLISECONDS)
    return (_EPOCH + time).isoformat(timespec="microseconds")


def render(text: str, kind: ColumnKind, *, is_1904: bool) -> str:
    """A number cell in a column of this kind."""
    if kind is ColumnKind.NUMBER:
        return shown_text(text)
    return time_text(text, is_1904=is_1904) if kind is ColumnKind.TIME else exact_text(text)


def render_column(texts: pl.Series, kind: ColumnKind, *, is_1904: bool) -> pl.Series:
    """`render` for a column of number cells; null stays null."""
    if kind is ColumnKind.TEXT:
        odd = texts.str.contains(r"[eE+\s]|\.0*$")
        return _patched(texts, odd, exact_text)
    if kind is ColumnKind.NUMBER:
        return _shown_column(texts)
    return _time_column(texts, is_1904=is_1904)


def unescape(text: str) -> str:
    """`text` with the escapes of control characters (`_x000D_`) resolved."""
    if "_x" not in text:
        return text
    resolved = _CONTROL.sub(lambda match: chr(int(match[1], 16)), text)
    return resolved.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unescape_column(texts: pl.Series) -> pl.Series:
    """`unescape` for a column."""
    escaped = texts.str.contains("_x", literal=True)
    return _patched(texts, escaped, unescape) if escaped.any() else texts


def _plain(value: Decimal) -> str | None:
    """`value` without exponent and without trailing zeros; None where that is absurdly long."""
    if abs(value.adjusted()) > _WIDEST:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.removeprefix("+")


def _patched(texts: pl.Series, odd: pl.Series, one: Callable[[str], str]) -> pl.Series:
    """`texts` with `one` applied to those that are `odd`."""
    if not odd.any():
        return texts
    distinct = texts.filter(odd).unique()
    fixed = pl.Series([one(text) for text in distinct], dtype=pl.String)
    replaced = texts.filter(odd).replace_strict(distinct, fixed, return_dtype=pl.String)
    return texts.clone().scatter(odd.arg_true(), replaced)


def _shown_column(texts: pl.Series) -> pl.Series:
    plain = (texts.str.contains(_PLAIN) & (texts.str.len_bytes() <= _SIGNIFICANT)).fill_null(True)
    if plain.all():
        return texts
    rest = texts.filter(~plain)
    snapped, is_sure = _snapped(rest.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy())
    is_sure &= rest.str.contains(_DECIMAL).to_numpy()
    # The shortest text of a double that is the nearest to 15 digits has just these digits.
    shown = pl.Series(snapped).cast(pl.String).str.strip_suffix(".0")
    shown = shown.zip_with(pl.Series(is_sure), rest)
    shown = _patched(shown, pl.Series(~is_sure), shown_text)
    return texts.clone().scatter((~plain).arg_true(), shown)


def _snapped(values: _Floats) -> tuple[_Floats, _Mask]:
    """The doubles nearest to `values` at 15 significant digits, and where that is certain."""
    with np.errstate(all="ignore"):
        places = _SIGNIFICANT - 1 - np.floor(np.log10(np.abs(values)))
        is_sure: _Mask = (places >= 0) & (places <= _MOST_PLACES)
        power = _POWERS[np.where(is_sure, places, 0).astype(np.int64)]
        scaled = values * power
        digits = np.rint(scaled)
        # The product is exact to half a unit in its last place, a sixteenth at most; the logarithm may be one off
        # next to a power of ten.
        is_sure &= np.abs(np.abs(scaled - digits) - 0.5) > 0.125
        is_sure &= (np.abs(digits) > 1e14) & (np.abs(digits) < 1e15)
        return digits / power, is_sure


def _time_column(texts: pl.Series, *, is_1904: bool) -> pl.Series:
    numbers = texts.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    last = _LAST_DAY - _DAYS_1904 if is_1904 else _LAST_DAY
    with np.errstate(invalid="ignore"):
        is_day: _Mask = (numbers >= 0) & (numbers < last + 1)
    is_day &= texts.str.contains(_DECIMAL).fill_null(False).to_numpy()
    milliseconds = np.rint(np.where(is_day, numbers, 0.0) * _DAY_MILLISECONDS).astype(np.int64)
    day = milliseconds // _DAY_MILLISECONDS
    is_day &= day <= last
    if is_1904:
        day += _DAYS_1904
    else:
        is_day &= day != _LEAP_DAY
        day += day < _LEAP_DAY
    moments = (day - _BEFORE_EPOCH) * _DAY_MILLISECONDS + milliseconds % _DAY_MILLISECONDS
    shown = pl.Series(moments).cast(pl.Datetime("ms")).dt.to_string(_ISO)
    if is_day.all():
        return shown
    shown = shown.zip_with(pl.Series(is_day), texts)
    return _patched(shown, pl.Series(~is_day) & texts.is_not_null(), lambda text: time_text(text, is_1904=is_1904))
