"""Workbooks (.xlsx, .xlsm): their sheets as tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import polars as pl
from attrs import define, field

from polybroker.errors import StatementError
from polybroker.statements.content import Content
from polybroker.statements.headers import HEADER_ROWS, FirstRow, find_header, place_columns, strip
from polybroker.statements.limits import Limits
from polybroker.statements.tables import Column, ColumnKind, Header, Table
from polybroker.statements.xlsx.archive import Archive
from polybroker.statements.xlsx.cellxml import Cell, CellType, Row, RowParser
from polybroker.statements.xlsx.chunks import Chunks
from polybroker.statements.xlsx.columns import Collector
from polybroker.statements.xlsx.package import Package, date_styles, read_package
from polybroker.statements.xlsx.scan import Batch, SheetScanner
from polybroker.statements.xlsx.strings import shared_strings
from polybroker.statements.xlsx.values import render, unescape

_FIRST_BYTES: Final = 1 << 16
_INDEX_DIGITS: Final = 10


@define(eq=False)
class WorkbookFile:
    """A workbook whose archive has been checked; nothing is calculated, and no macro or link is followed."""

    archive: Archive
    package: Package
    limits: Limits
    _sheets: dict[str, Sheet] = field(factory=dict, init=False)
    _strings: pl.Series | None = field(default=None, init=False)
    _date_styles: frozenset[int] | None = field(default=None, init=False)

    @classmethod
    def open(cls, content: Content, limits: Limits) -> WorkbookFile:
        """Read the directory and the list of sheets."""
        archive = Archive.open(content, limits)
        return cls(archive, read_package(archive), limits)

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of all sheets, hidden ones included."""
        return tuple(sheet.name for sheet in self.package.sheets)

    def sheet(self, name: str | None) -> Sheet:
        """A sheet by its name, case apart; None is the first one."""
        wanted = self.sections[0] if name is None else name
        for entry in self.package.sheets:
            if entry.name.casefold() == wanted.casefold():
                return self._sheets.setdefault(entry.part, Sheet(self, entry.part))
        raise StatementError(f"there is no sheet {wanted!r}; the workbook has: {', '.join(self.sections)}")

    def strings(self) -> pl.Series:
        """The shared texts, stripped."""
        if self._strings is None:
            self._strings = shared_strings(self.archive, self.package.shared_strings, self.limits)
        return self._strings

    def shows_date(self, style: str) -> bool:
        """Whether cells of this style show numbers as dates or times."""
        if self._date_styles is None:
            self._date_styles = date_styles(self.archive, self.package.styles)
        return style.isdecimal() and len(style) < _INDEX_DIGITS and int(style) in self._date_styles


@define(eq=False)
class Sheet:
    """One sheet."""

    workbook: WorkbookFile
    part: str
    _first: list[FirstRow] | None = field(default=None, init=False)

    def first_rows(self, count: int) -> list[FirstRow]:
        """The first rows that are written, and at least as many as a header is looked for in."""
        if self._first is None or len(self._first) < count:
            self._first = [self._shown(row) for row in self._parsed(max(count, HEADER_ROWS))]
        return self._first[:count]

    def header(self, names: Collection[str]) -> Header | None:
        """The first row, as far as headers are looked for, that has all `names`."""
        return find_header(self.first_rows(HEADER_ROWS), names)

    def table(self, columns: Sequence[Column]) -> Table:
        """The rows below the header that has `columns`."""
        return self._table(columns, exactly=False)

    def _table(self, columns: Sequence[Column], *, exactly: bool) -> Table:
        placement = place_columns(self.first_rows(HEADER_ROWS), columns)
        workbook, header = self.workbook, placement.header
        chunks = Chunks(self.part, workbook.archive.stream(self.part), b"sheetData", b"row")
        places = [place + 1 for _, place in placement.found]
        wanted = [column for column, _ in placement.found]
        collector = Collector(self.part, wanted, workbook.limits, workbook.strings, workbook.package.is_1904)
        scanner = SheetScanner(self.part, workbook.limits, places, header.row, chunks.prefix)
        for batch in _batches(scanner, chunks, exactly=exactly):
            collector.add(batch)
        return Table(collector.frame(), header.names, header.row, tuple(collector.damaged))

    def _parsed(self, count: int) -> list[Row]:
        """The first rows; the sheet is read no further."""
        parser = RowParser(self.part, self.workbook.limits)
        pieces = self.workbook.archive.stream(self.part)
        for piece in pieces:
            for start in range(0, len(piece), _FIRST_BYTES):
                parser.feed(piece[start : start + _FIRST_BYTES])
                if len(parser.rows) >= count:
                    return parser.rows[:count]
        parser.feed(b"", last=True)
        return parser.rows

    def _shown(self, row: Row) -> FirstRow:
        cells = [""] * max((cell.column for cell in row.cells if cell.type is not CellType.EMPTY), default=0)
        for cell in row.cells:
            if cell.type is not CellType.EMPTY:
                cells[cell.column - 1] = strip(self._shown_cell(cell))
        return FirstRow(row.number, cells)

    def _shown_cell(self, cell: Cell) -> str:
        if cell.type is CellType.NUMBER:
            kind = ColumnKind.TIME if self.workbook.shows_date(cell.style) else ColumnKind.NUMBER
            return render(cell.text, kind, is_1904=self.workbook.package.is_1904)
        if cell.type is CellType.SHARED:
            strings = self.workbook.strings()
            if not cell.text.isdecimal() or len(cell.text) > _INDEX_DIGITS or int(cell.text) >= len(strings):
                raise StatementError(f"a cell of the part {self.part} names a shared text that is not there")
            return str(strings[int(cell.text)] or "")
        if cell.type is CellType.BOOLEAN:
            return {"1": "TRUE", "0": "FALSE"}.get(cell.text, cell.text)
        return unescape(cell.text)


def _batches(scanner: SheetScanner, chunks: Chunks, *, exactly: bool) -> Iterator[Batch]:
    if chunks.prefix is None:
        parser = scanner.parser()
        for piece in chunks.pieces:
            parser.feed(piece)
            yield scanner.take(parser.rows)
            parser.rows.clear()
        parser.feed(b"", last=True)
        yield scanner.take(parser.rows)
        return
    for chunk in chunks:
        yield scanner.parse(chunk) if exactly else scanner.scan(chunk)
