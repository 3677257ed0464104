"""Delimited text without quotes, of which each line is a row and has every cell: proven by counting alone.

It needs no positions of lines and cells, which makes it several times faster than `lines.scan_lines`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.statements.lines import blocks

_BLANKS: Final = " \t\x0b\x0c"
_FIRST_GRAPHIC: Final = "!"
"""What begins with a blank is less than this."""


@frozen
class Counts:
    """The lines of some text, and the cells of all of them together."""

    lines: int
    cells: int


def count_lines(data: bytes, start: int, delimiter: str, longest: int) -> Counts | None:
    """Count in `data` from `start`, the beginning of a line.

    None where there are quotes, carriage returns within lines or lines longer than `longest`.
    """
    if start >= len(data) or b'"' in data or not _is_short(data, start, longest):
        return None
    ends = delimiters = 0
    has_returns = b"\r" in data
    for first, last in blocks(data, start):
        block = np.frombuffer(data, dtype=np.uint8, count=last - first, offset=first)
        is_end = block == ord("\n")
        ends += int(np.count_nonzero(is_end))
        delimiters += int(np.count_nonzero(block == ord(delimiter)))
        if has_returns:
            returns = block == ord("\r")
            if np.count_nonzero(returns) != np.count_nonzero(returns[:-1] & is_end[1:]):
                return None
    lines = ends + (not data.endswith(b"\n"))
    return Counts(lines, delimiters + lines)


def _is_short(data: bytes, start: int, longest: int) -> bool:
    """Whether a line end is in reach of each beginning: from line to line in the longest steps allowed."""
    while len(data) - start > longest:
        end = data.rfind(b"\n", start, start + longest + 1)
        if end < 0:
            return False
        start = end + 1
    return True


def read_plain(data: bytes, skip: int, delimiter: str, width: int, wanted: dict[str, int]) -> pl.DataFrame | None:
    """The columns at the places `wanted` of lines that have `width` cells on the average, behind `skip` lines.

    None where some line may have another number of cells, or some cell has to be stripped.
    """
    last = str(width - 1)
    cells = pl.scan_csv(
        data,
        has_header=False,
        skip_lines=skip,
        schema={str(place): pl.String for place in range(width)},
        separator=delimiter,
        quote_char=None,
    )
    columns = [pl.col(str(place)).alias(name) for name, place in wanted.items()]
    try:
        frame = cells.select(*columns, pl.col(last).is_null().alias("")).collect()
    except pl.exceptions.PolarsError:
        return None
    # Where each line has at least so many cells, and so many on the average, each has exactly so many.
    lacking = frame.drop_in_place("")
    return None if lacking.any() or _has_padding(frame, data, delimiter) else frame


def _has_padding(frame: pl.DataFrame, data: bytes, delimiter: str) -> bool:
    """Whether a cell begins or ends with a blank."""
    present = [blank for blank in _BLANKS if blank != delimiter and blank.encode() in data]
    if not present:
        return False
    texts = pl.all()
    padded = frame.select(
        (texts < _FIRST_GRAPHIC).any().name.suffix(" first"),
        *(texts.str.ends_with(blank).any().name.suffix(f" last {blank}") for blank in present),
    )
    return any(padded.row(0))
