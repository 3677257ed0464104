"""Where the rows and cells of a chunk are, when they are written as spreadsheets write them."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polybroker.statements.xlsx.cellxml import LAST_ROW, CellType, cell_type
from polybroker.statements.xlsx.spans import Chunk, Form, Positions

_A: Final = ord("A")
_Z: Final = ord("Z")
_LAST_OF_ONE: Final = 26
_LAST_OF_TWO: Final = 702
"""The columns Z and ZZ."""
_ROW_DIGITS: Final = 8
_TYPE: Final = re.compile(rb"\st\s*=\s*[\"']([^\"']*)[\"']")


@frozen(eq=False)
class CellPlaces:
    """Where the cells of a chunk are."""

    rows: Positions
    """Number of each row."""
    row_starts: Positions
    counts: Positions
    """Cells of each row."""
    starts: Positions
    ends: Positions
    row_index: Positions
    columns: npt.NDArray[np.int32]
    """1-based."""
    digits: Positions
    """How many digits the number of each row has."""
    lead: int
    """Length of what stands before a cell's reference."""

    def heads(self, cells: Positions, column: int) -> Positions:
        """The places of the quotes that close the references of these cells, all of one column."""
        letters = 1 + (column > _LAST_OF_ONE) + (column > _LAST_OF_TWO)
        places: Positions = self.starts[cells] + (self.lead + letters)
        places += self.digits[self.row_index[cells]]
        return places


class Markup:
    """How rows and cells are usually written, with some prefix."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix
        self._cell = b'<%bc r="' % prefix
        self._row = b'<%brow r="' % prefix
        self._row_end = b"</%brow>" % prefix
        self.content = tuple(b"<%b%b" % (prefix, tag) for tag in (b"v", b"t", b"f"))
        attributes = rb'"(?P<attributes>[^<>&]*)(?<!/)>'
        self._values = (
            (re.compile(attributes + rb"<%bv(?:\s[^<>&]*)?(?<!/)>" % prefix), b"</%bv></%bc>" % (prefix, prefix)),
            (
                re.compile(attributes + rb"<%bis><%bt(?:\s[^<>&]*)?(?<!/)>" % (prefix, prefix)),
                b"</%bt></%bis></%bc>" % (prefix, prefix, prefix),
            ),
        )
        self._empty = re.compile(rb'"[^<>&]*(?:/>|></%bc>)' % prefix)

    def form(self, element: bytes) -> Form | None:
        """The form of the cell whose text behind the reference is given."""
        if self._empty.fullmatch(element):
            return Form(element, b"", CellType.EMPTY, is_empty=True)
        for (lead, tail), is_inline in zip(self._values, (False, True), strict=True):
            match = lead.match(element)
            if match is not None:
                written = _TYPE.search(match["attributes"])
                kind = cell_type(written[1].decode("ascii", "replace") if written else None)
                return Form(match[0], tail, CellType.TEXT if is_inline else kind)
        return None

    def cells(self, chunk: Chunk) -> CellPlaces | None:
        """The cells of a chunk; None where rows or cells are not written as usual."""
        # Runs of rich text are named `r` and `rPh`.
        rows = chunk.tags(self._prefix, b"r")
        rows = rows[chunk.array[rows + len(self._prefix) + 2] == ord("o")]
        starts = chunk.tags(self._prefix, b"c")
        if not chunk.has(self._row, rows).all() or not chunk.has(self._cell, starts).all():
            return None
        first = np.searchsorted(starts, rows)
        if len(starts) and (not len(rows) or first[0]):
            return None
        counts = np.diff(first, append=len(starts))
        numbers, digits = _numbers(chunk, rows + len(self._row))
        columns = _columns(chunk, starts + len(self._cell))
        ends = self._ends(chunk, rows, starts, first, counts)
        if numbers is None or columns is None or ends is None:
            return None
        row_index = np.repeat(np.arange(len(rows)), counts)
        return CellPlaces(numbers, rows, counts, starts, ends, row_index, columns, digits, len(self._cell))

    def _ends(
        self, chunk: Chunk, rows: Positions, starts: Positions, first: Positions, counts: Positions
    ) -> Positions | None:
        """Where each cell ends, which is where the next one begins; None if something else stands between."""
        filled = np.flatnonzero(counts)
        row_ends = np.append(rows[1:], chunk.length)[: len(rows)][filled] - len(self._row_end)
        if not chunk.has(self._row_end, row_ends).all():
            return None
        ends = np.empty_like(starts)
        ends[:-1] = starts[1:]
        ends[first[filled] + counts[filled] - 1] = row_ends
        return ends


def _numbers(chunk: Chunk, places: Positions) -> tuple[Positions | None, Positions]:
    """The row numbers that are written at `places`, and their digits; None where one is no row number."""
    digits = chunk.array[places[:, None] + np.arange(_ROW_DIGITS)] - np.uint8(ord("0"))
    is_digit = digits < 10
    lengths = is_digit.argmin(axis=1)
    numbers = np.zeros(len(places), dtype=np.int64)
    for position in range(_ROW_DIGITS - 1):
        inside = lengths > position
        numbers[inside] = numbers[inside] * 10 + digits[inside, position]
    is_closed = chunk.array[places + lengths] == ord('"')
    is_good = bool(is_closed.all() and (lengths > 0).all() and (numbers <= LAST_ROW).all())
    return (numbers if is_good else None), lengths


def _columns(chunk: Chunk, places: Positions) -> npt.NDArray[np.int32] | None:
    """The 1-based columns whose letters are written at `places`; None where there are none, or more than three."""
    letter = chunk.array[places]
    if letter.min(initial=_Z) < _A or letter.max(initial=_A) > _Z:
        return None
    columns = letter.astype(np.int32) - (_A - 1)
    is_longer = np.ones(len(places), dtype=np.bool_)
    for position in (1, 2, 3):
        letter = chunk.array[places + position]
        is_longer &= letter >= _A
        if not is_longer.any():
            return columns
        if position == 3 or letter[is_longer].max() > _Z:
            return None
        columns = np.where(is_longer, columns * 26 + letter - (_A - 1), columns)
    return columns
