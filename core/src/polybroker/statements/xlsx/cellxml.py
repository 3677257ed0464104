"""Rows and cells by an XML parser: right for every way of writing them, and slow."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import IntEnum
from typing import Final, NamedTuple

from polybroker.errors import UnsafeDocument
from polybroker.statements.headers import strip
from polybroker.statements.limits import Limits
from polybroker.statements.xlsx.markup import XmlParser, local_name, not_well_formed

LAST_ROW: Final = 1_048_576
ESCAPED_LENGTH: Final = 7
"""Characters of `_x000D_`, which is one."""
_LETTERS: Final = re.compile(r"[A-Z]{1,4}")
_DIGITS: Final = "0123456789"
_MOST_NAMES: Final = 1000
_TAGS_PER_CELL: Final = 16
"""A cell of rich text has a few elements; a sheet that has more of them altogether is made to waste time."""


class CellType(IntEnum):
    """What the text of a cell is."""

    EMPTY = 0
    NUMBER = 1
    SHARED = 2
    """An index into the shared texts."""
    TEXT = 3
    """Also the words of errors (#N/A) and ISO dates."""
    BOOLEAN = 4
    UNCALCULATED = 5
    """A formula whose value was never stored."""


_EMPTY: Final = CellType.EMPTY
_TEXT: Final = CellType.TEXT
_UNCALCULATED: Final = CellType.UNCALCULATED
_TYPES: Final = {
    None: CellType.NUMBER,
    "n": CellType.NUMBER,
    "s": CellType.SHARED,
    "b": CellType.BOOLEAN,
}


class Cell(NamedTuple):
    """One cell; `column` is 1-based, `style` an index as it is written."""

    column: int
    type: CellType
    text: str
    style: str


class Row(NamedTuple):
    """One row, with its wanted cells that are written, empty ones included."""

    number: int
    cells: list[Cell]
    written: int
    """Count of all cells, unwanted ones included."""
    has_others: bool
    """An unwanted cell has content."""


def cell_type(written: str | None) -> CellType:
    """The type that the attribute `t` names."""
    return _TYPES.get(written, CellType.TEXT)


def column_number(letters: str) -> int:
    """A is 1, XFD is 16,384."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def far_cell(place: str, limits: Limits) -> UnsafeDocument:
    """The error for a cell outside every spreadsheet."""
    return UnsafeDocument(
        f"the cell {place} lies beyond the {limits.columns:,} columns and {LAST_ROW:,} rows that a sheet can have; "
        "export the workbook again"
    )


class RowParser:
    """Collects the rows of a sheet, or of a fragment wrapped in `sheetData`, as they are parsed."""

    def __init__(
        self, part: str, limits: Limits, *, last_row: int = 0, wanted: Collection[int] | None = None, tags: int = 0
    ) -> None:
        """`wanted` are the 1-based columns whose cells are collected (None: all); `tags` is how many came before."""
        self.rows: list[Row] = []
        """Rows that are complete; the caller takes them out."""
        self.tags = tags
        self._part = part
        self._limits = limits
        self._wanted = wanted
        self._names: dict[str, str] = {}
        self._columns: dict[str, int] = {}
        self._row = last_row
        self._row_is_known = False
        self._cells: list[Cell] | None = None
        self._count = 0
        self._has_others = False
        self._is_data = False
        self._column = 0
        self._attributes: dict[str, str] = {}
        self._texts: list[str] = []
        self._length = 0
        self._is_extension = False
        self._collects = self._has_value = self._has_formula = self._is_inline = self._is_phonetic = False
        self._parser = XmlParser(part, self._start, self._end, self._characters)

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Parse a further piece; `StatementError` where the whole is no well-formed XML."""
        self.tags += piece.count(b"<")
        if self.tags > _TAGS_PER_CELL * self._limits.cells:
            raise UnsafeDocument(
                f"the part {self._part} has more elements than the {self._limits.cells:,} cells that are read could "
                "have; export the workbook again"
            )
        self._parser.feed(piece, last=last)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = self._names.get(name) or self._learned_name(name)
        if self._cells is None:
            if tag == "sheetData":
                self._is_data = True
            elif tag == "row" and self._is_data:
                self._begin_row(attributes)
        elif self._is_extension:
            return
        elif tag == "c":
            self._begin_cell(attributes)
        elif tag == "v" or (tag == "t" and self._is_inline and not self._is_phonetic):
            self._collects = self._has_value = True
        elif tag == "is":
            self._is_inline = True
        elif tag == "rPh":
            self._is_phonetic = True
        elif tag == "f":
            self._has_formula = True
        elif tag == "extLst":
            self._is_extension = True

    def _end(self, name: str) -> None:
        tag = self._names.get(name)
        if tag == "sheetData":
            self._is_data = False
        elif self._cells is None:
            return
        elif self._is_extension:
            self._is_extension = tag != "extLst"
        elif tag in ("v", "t"):
            self._collects = False
        elif tag == "c":
            self._end_cell(self._cells)
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "row":
            self.rows.append(Row(self._row, self._cells, self._count, self._has_others))
            self._cells = None

    def _characters(self, text: str) -> None:
        if self._collects:
            self._texts.append(text)
            self._length += len(text)
            check_length(self._length // ESCAPED_LENGTH, self._limits, self._row)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        written = attributes.get("r")
        self._row_is_known = written is not None
        self._set_row(self._row + 1 if written is None else self._whole_number(written))
        self._cells = []
        self._count = 0
        self._has_others = False
        self._column = 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            letters = reference.rstrip(_DIGITS)
            self._column = self._columns.get(letters) or self._learned_column(letters)
            if not self._row_is_known and letters != reference:
                self._row_is_known = True
                self._set_row(self._whole_number(reference[len(letters) :]))
        if self._column > self._limits.columns:
            raise far_cell(f"in column {self._column:,} of row {self._row:,}", self._limits)
        self._attributes = attributes
        self._texts = []
        self._length = 0
        self._collects = self._has_value = self._has_formula = self._is_inline = self._is_phonetic = False

    def _end_cell(self, cells: list[Cell]) -> None:
        if self._is_inline:
            kind = _TEXT
        elif self._has_value:
            kind = _TYPES.get(self._attributes.get("t"), _TEXT)
        else:
            kind = _UNCALCULATED if self._has_formula else _EMPTY
        self._count += 1
        if self._count > self._limits.columns:
            raise not_well_formed(self._part, f"row {self._row:,} has more cells than there are columns")
        text = "".join(self._texts)
        if self._wanted is None or self._column in self._wanted:
            cells.append(Cell(self._column, kind, text, self._attributes.get("s", "0")))
        elif kind is not _EMPTY and (kind is _UNCALCULATED or strip(text)):
            self._has_others = True

    def _learned_name(self, name: str) -> str:
        tag = local_name(name)
        if len(self._names) < _MOST_NAMES or tag in ("sheetData", "row", "c", "v", "t", "is", "rPh", "f", "extLst"):
            self._names[name] = tag
        return tag

    def _learned_column(self, letters: str) -> int:
        if not _LETTERS.fullmatch(letters):
            raise not_well_formed(self._part, f"a cell is named {letters[:20]!r}")
        self._columns[letters] = column_number(letters)
        return self._columns[letters]

    def _set_row(self, row: int) -> None:
        self._row = row
        if row > LAST_ROW:
            raise far_cell(f"in row {row:,}", self._limits)

    def _whole_number(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise not_well_formed(self._part, f"a number is written {text[:20]!r}")
        return int(text)


def check_length(length: int, limits: Limits, row: int | None = None) -> None:
    """Refuse a text that no cell can hold."""
    if length > limits.cell_chars:
        raise UnsafeDocument(
            f"a cell has a text of more than {limits.cell_chars:,} characters, which no spreadsheet can hold; "
            "export the workbook again",
            row=row,
        )
