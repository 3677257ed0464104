"""The fields of many times at once, by shape.

A shape is a text in which each digit stands for any digit: `11/29/2024 9:30` and `12/01/2024 8:05` have one
shape. A file has few shapes, so the grammar reads one text of each, and the positions of its fields are then
applied to all texts of that shape as columns of digits. The order of day and month is left open here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import define, frozen

Ints = npt.NDArray[np.int64]
SmallInts = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
_Matrix = npt.NDArray[np.uint8]
_Rows = slice | Ints
"""Which rows of a column: where it can be a slice, that is much faster."""

NO_TIME: Final = -1
NO_OFFSET: Final = 9999
ZONE_HOURS: Final = {
    "Z": 0, "z": 0, "UTC": 0, "GMT": 0,
    "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
}  # fmt: skip
"""Zone words as hours from UTC; those of North America, where files use words."""

_ROWS_AT_ONCE: Final = 1 << 16
_LONGEST: Final = 48
_ZERO: Final = ord("0")
_SECOND: Final = 1_000_000

_YEAR_FIRST: Final = ((r"-", "{1,2}"), (r"/", "{1,2}"), (r"\.", "{1,2}"), (r"", "{2}"))
_YEAR_LAST: Final = ((r"/", "{4}|[0-9]{2}"), (r"-", "{4}"), (r"\.", "{4}|[0-9]{2}"))
_DATE: Final = "|".join(
    [f"(?P<year_{n}>[0-9]{{4}}){mark}(?P<month_{n}>[0-9]{digits}){mark}(?P<day_{n}>[0-9]{digits})"
     for n, (mark, digits) in enumerate(_YEAR_FIRST)]
    + [f"(?P<left_{n}>[0-9]{{1,2}}){mark}(?P<right_{n}>[0-9]{{1,2}}){mark}(?P<year_{n}>[0-9]{digits})"
       for n, (mark, digits) in enumerate(_YEAR_LAST, len(_YEAR_FIRST))]
)  # fmt: skip
_ZONE: Final = (
    rf" *(?:(?P<word_#>{'|'.join(ZONE_HOURS)})"
    r"|(?P<sign_#>[+-])(?P<offhour_#>[0-9]{2})(?::?(?P<offminute_#>[0-9]{2}))?)"
)
_CLOCK: Final = (
    r"(?:(?P<hour_#1>[0-9]{1,2}):(?P<minute_#1>[0-9]{2})(?::(?P<second_#1>[0-9]{2})(?:[.,](?P<fraction_#1>[0-9]{1,9}))?)?"
    r"(?: *(?P<half_#>[AaPp])\.?[Mm]\.?)?|(?P<hour_#2>[0-9]{2})(?P<minute_#2>[0-9]{2})(?P<second_#2>[0-9]{2}))"
    rf"(?:{_ZONE})?"
)
_GRAMMAR: Final = f"^ *(?:(?:{_DATE})(?:(?:[T;]|,? +|,){_CLOCK.replace('#', 'a')})?|{_CLOCK.replace('#', 'b')}) *$"


@frozen
class _Shape:
    """Where the fields lie in texts of one shape, and what its letters say."""

    fields: dict[str, slice]
    half: int | None
    """0: before noon, 12: after; None: a clock of 24 hours."""
    offset: int
    """Minutes from UTC where a word or `Z` says so, else `NO_OFFSET`."""
    sign: int

    def number(self, name: str, digits: _Matrix) -> SmallInts:
        """The numbers of a field (at most 9 digits), of which `digits` holds one column a character."""
        first, *others = digits[self.fields[name]]
        value: SmallInts = first.astype(np.int32)
        for column in others:
            value *= 10
            value += column
        return value


@define(eq=False)
class TimeFields:
    """The fields of a column of times; rows that are no time, or empty, have neither date nor time.

    Where `open` is true, `month` and `day` are the left and the right number, of which nobody has said yet which is
    the month.
    """

    year: npt.NDArray[np.int16]
    month: npt.NDArray[np.uint8]
    day: npt.NDArray[np.uint8]
    open: Mask
    microsecond: Ints
    """Of the day; `NO_TIME` where the text has no clock."""
    offset: npt.NDArray[np.int16]
    """Minutes from UTC; `NO_OFFSET` where the text names none."""

    def part(self, rows: slice | Ints) -> TimeFields:
        """The fields of some of the rows."""
        return TimeFields(
            self.year[rows],
            self.month[rows],
            self.day[rows],
            self.open[rows],
            self.microsecond[rows],
            self.offset[rows],
        )

    @property
    def has_date(self) -> Mask:
        """Where the text has a date."""
        dated: Mask = self.year > 0
        return dated

    @property
    def has_time(self) -> Mask:
        """Where the text has a clock."""
        clocked: Mask = self.microsecond != NO_TIME
        return clocked


def read_fields(column: pl.Series) -> TimeFields:
    """The fields of a String column, by the one grammar of dates, times and date-times of this package."""
    rows = len(column)
    fields = TimeFields(
        year=np.zeros(rows, dtype=np.int16),
        month=np.zeros(rows, dtype=np.uint8),
        day=np.zeros(rows, dtype=np.uint8),
        open=np.zeros(rows, dtype=np.bool_),
        microsecond=np.full(rows, NO_TIME, dtype=np.int64),
        offset=np.full(rows, NO_OFFSET, dtype=np.int16),
    )
    for part in parts(rows):
        texts = _plain_blanks(column[part])
        lengths = texts.str.len_bytes().fill_null(0).to_numpy()
        for length in np.flatnonzero(np.bincount(lengths.clip(max=_LONGEST + 1))):
            if 0 < length <= _LONGEST:
                index = np.flatnonzero(lengths == length)
                if len(index) == len(texts):
                    _read_one_length(texts, int(length), part, fields)
                else:
                    _read_one_length(texts.gather(index), int(length), index + part.start, fields)
    return fields


def parts(rows: int) -> Iterator[slice]:
    """The rows of a column in portions that stay in the processor's cache."""
    for start in range(0, rows, _ROWS_AT_ONCE):
        yield slice(start, min(start + _ROWS_AT_ONCE, rows))


def _plain_blanks(texts: pl.Series) -> pl.Series:
    """Blanks that some systems write before AM and PM as plain ones."""
    if bool((texts.str.len_bytes() == texts.str.len_chars()).all()):
        return texts
    return texts.str.replace_all(r"[\u{a0}\u{2009}\u{202f}]", " ")


def _read_one_length(texts: pl.Series, length: int, rows: _Rows, into: TimeFields) -> None:
    joined = texts.str.join("").item().encode()
    matrix = np.ascontiguousarray(np.frombuffer(joined, dtype=np.uint8).reshape(-1, length).T)
    digits = matrix - _ZERO
    left = np.ones(len(texts), dtype=np.bool_)
    filtered = False
    while left.any():
        first = int(left.argmax())
        text = matrix[:, first].tobytes().decode(errors="replace")
        shape = _shape(_mask_digits(text))
        if shape is None and not filtered:
            # Garbage can have as many shapes as rows; all of it goes at once.
            left &= texts.str.contains(_GRAMMAR).to_numpy()
            filtered = True
            continue
        same = left & _of_shape(matrix, digits, first)
        left &= ~same
        if shape is not None and same.all():
            _store(shape, digits, rows, into)
        elif shape is not None:
            index = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
            _store(shape, digits[:, same], index[same], into)


def _of_shape(matrix: _Matrix, digits: _Matrix, first: int) -> Mask:
    """Which texts have the shape of text number `first`."""
    same = np.ones(matrix.shape[1], dtype=np.bool_)
    for characters, values in zip(matrix, digits, strict=True):
        same &= values < 10 if values[first] < 10 else characters == characters[first]
    return same


def _mask_digits(text: str) -> str:
    return re.sub("[0-9]", "0", text)


@cache
def _grammar() -> re.Pattern[str]:
    return re.compile(_GRAMMAR)


def _shape(text: str) -> _Shape | None:
    match = _grammar().search(text)
    if match is None:
        return None
    found = {name.partition("_")[0]: name for name, part in match.groupdict().items() if part is not None}
    words = {name: match[group] for name, group in found.items()}
    half = {"A": 0, "P": 12}[words["half"].upper()] if "half" in words else None
    return _Shape(
        fields={name: slice(*match.span(group)) for name, group in found.items()},
        half=half,
        offset=ZONE_HOURS[words["word"]] * 60 if "word" in words else NO_OFFSET,
        sign=-1 if words.get("sign") == "-" else 1,
    )


def _store(shape: _Shape, digits: _Matrix, index: _Rows, into: TimeFields) -> None:
    """Write the fields of the texts in the rows `index` that lie in the ranges of clock and calendar."""
    good = np.ones(digits.shape[1], dtype=np.bool_)
    if "hour" in shape.fields:
        into.microsecond[index] = _clock(shape, digits, good)
    if "sign" in shape.fields or shape.offset != NO_OFFSET:
        into.offset[index] = _offset(shape, digits, good)
    if "year" in shape.fields:
        is_open = "left" in shape.fields
        year = shape.number("year", digits)
        short = shape.fields["year"].stop - shape.fields["year"].start == 2
        into.year[index] = np.where(year < 70, year + 2000, year + 1900) if short else year
        into.month[index] = shape.number("left" if is_open else "month", digits)
        into.day[index] = shape.number("right" if is_open else "day", digits)
        into.open[index] = is_open
    if not good.all():
        into.year[index] = np.where(good, into.year[index], 0)
        into.microsecond[index] = np.where(good, into.microsecond[index], NO_TIME)


def _clock(shape: _Shape, digits: _Matrix, good: Mask) -> Ints:
    """Microseconds of the day; clears `good` where there is no such time or it has digits beyond them."""
    hour, minute = shape.number("hour", digits), shape.number("minute", digits)
    good &= minute < 60
    if shape.half is None:
        good &= hour < 24
    else:
        good &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + np.int32(shape.half)
    second = (hour * 60 + minute) * 60
    if "second" in shape.fields:
        seconds = shape.number("second", digits)
        good &= seconds < 60
        second += seconds
    value = second.astype(np.int64) * _SECOND
    if "fraction" in shape.fields:
        value += _fraction(shape, digits, good)
    return value


def _fraction(shape: _Shape, digits: _Matrix, good: Mask) -> SmallInts:
    """Microseconds of the second; clears `good` where there are digits beyond them."""
    places = shape.fields["fraction"].stop - shape.fields["fraction"].start
    fraction = shape.number("fraction", digits)
    if places <= 6:
        return fraction * np.int32(10 ** (6 - places))
    beyond = np.int32(10 ** (places - 6))
    good &= fraction % beyond == 0
    return fraction // beyond


def _offset(shape: _Shape, digits: _Matrix, good: Mask) -> SmallInts:
    """Minutes from UTC; clears `good` where no place on earth has such an offset."""
    if shape.offset != NO_OFFSET:
        return np.full(digits.shape[1], shape.offset, dtype=np.int32)
    hours = shape.number("offhour", digits)
    minutes = shape.number("offminute", digits) if "offminute" in shape.fields else np.zeros_like(hours)
    good &= (minutes < 60) & (hours <= 14)
    return (hours * 60 + minutes) * np.int32(shape.sign)
