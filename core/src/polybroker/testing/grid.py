"""A table file as rows of cells, so that the suite can rewrite any sample: read, change, write.

A delimited file is read with the standard library, a workbook with openpyxl: neither shares code with the
readers that are under test.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

DELIMITERS: Final = (",", ";", "\t", "|")
_ZIP: Final = b"PK\x03\x04"


@frozen
class Cell:
    """One cell. A delimited file has only texts; a workbook's cell has a value and the format it is shown in."""

    value: object
    number_format: str | None = None

    @property
    def text(self) -> str:
        """The cell as a person would type it; empty where it is."""
        if self.value is None:
            return ""
        if isinstance(self.value, datetime):
            return self.value.isoformat(sep=" ")
        return str(self.value).strip()


Row = tuple[Cell, ...]


@frozen(kw_only=True)
class Delimited:
    """How a delimited file is written down."""

    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"

    def write(self, rows: Sequence[Row]) -> bytes:
        """The rows as a file; `UnicodeEncodeError` where the encoding lacks a character."""
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=self.delimiter, lineterminator=self.line_end)
        for row in rows:
            writer.writerow([cell.value for cell in row])
        return buffer.getvalue().encode(self.encoding)


@frozen(kw_only=True)
class Workbook:
    """How a workbook is written down; the sheets before and after the one that matters stay as they are."""

    sheet: str = "Sheet1"
    before: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    after: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    epoch: datetime = datetime(1899, 12, 30)  # noqa: DTZ001 - where Excel begins to count

    def write(self, rows: Sequence[Row]) -> bytes:
        """The rows as a workbook."""
        import openpyxl

        book = openpyxl.Workbook()
        book.epoch = self.epoch
        book.remove(book.worksheets[0])
        for title, content in (*self.before, (self.sheet, rows), *self.after):
            sheet = book.create_sheet(title)
            for number, row in enumerate(content, start=1):
                for column, cell in enumerate(row, start=1):
                    if cell.value is not None:
                        written = sheet.cell(number, column, cell.value)
                        written.number_format = cell.number_format or written.number_format
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()


@frozen(kw_only=True)
class Grid:
    """A table with a header, and the rows above and below that are no data."""

    above: tuple[Row, ...]
    header: Row
    body: tuple[Row, ...]
    below: tuple[Row, ...]
    layout: Delimited | Workbook

    @property
    def names(self) -> tuple[str, ...]:
        """The texts of the header."""
        return tuple(cell.text for cell in self.header)

    @property
    def first_row(self) -> int:
        """The 1-based row of the first data row."""
        return len(self.above) + 2

    def content(self) -> bytes:
        """The file."""
        return self.layout.write([*self.above, self.header, *self.body, *self.below])

    def column(self, name: str) -> tuple[str, ...]:
        """The texts of one column; `KeyError` where there is none of that name."""
        index = self.index(name)
        return tuple(row[index].text if index < len(row) else "" for row in self.body)

    def index(self, name: str) -> int:
        """The place of a column; `KeyError` where there is none of that name."""
        if name not in self.names:
            raise KeyError(name)
        return self.names.index(name)

    def take(self, places: Sequence[int]) -> Grid:
        """The data rows at `places`, in that order."""
        return evolve(self, body=tuple(self.body[place] for place in places))

    def arrange(self, places: Sequence[int]) -> Grid:
        """The columns at `places`, in that order, header and data alike."""
        return self._each(lambda row: tuple(row[place] if place < len(row) else self._blank() for place in places))

    def drop(self, name: str) -> Grid:
        """The table without one column."""
        gone = self.index(name)
        return self._each(lambda row: row[:gone] + row[gone + 1 :])

    def insert(self, place: int, name: str, texts: Sequence[str]) -> Grid:
        """The table with one more column."""
        header = (*self.header[:place], Cell(name), *self.header[place:])
        body = [(*row[:place], Cell(text), *row[place:]) for row, text in zip(self.body, texts, strict=True)]
        return evolve(self, header=header, body=tuple(body))

    def put(self, place: int, name: str, text: str) -> Grid:
        """The table with another text in one cell."""
        column = self.index(name)
        row = (*self.body[place], *[self._blank()] * (column + 1 - len(self.body[place])))
        changed = (*row[:column], Cell(text), *row[column + 1 :])
        return evolve(self, body=(*self.body[:place], changed, *self.body[place + 1 :]))

    def map_texts(self, change: Callable[[str], str]) -> Grid:
        """The table with every text of its data changed."""
        body = [tuple(Cell(change(cell.text), cell.number_format) for cell in row) for row in self.body]
        return evolve(self, body=tuple(body))

    def _each(self, change: Callable[[Row], Row]) -> Grid:
        return evolve(self, header=change(self.header), body=tuple(change(row) for row in self.body))

    def _blank(self) -> Cell:
        return Cell("" if isinstance(self.layout, Delimited) else None)


def read_grid(
    content: bytes, *, header_row: int | None = None, footer_rows: int = 0, sheet: str | None = None
) -> Grid | None:
    """The table in a delimited file or workbook; None where the file is something else (JSON, XML, prose)."""
    read = _read_workbook(content, sheet) if content.startswith(_ZIP) else _read_delimited(content)
    if read is None:
        return None
    layout, rows = read
    head = guess_header(rows) if header_row is None else header_row - 1
    if head is None:
        return None
    end = len(rows)
    while end and not filled(rows[end - 1]):
        end -= 1
    end -= footer_rows
    body = tuple(row for row in rows[head + 1 : end] if filled(row))
    below = tuple(row for row in rows[end:] if filled(row))
    return Grid(above=tuple(rows[:head]), header=rows[head], body=body, below=below, layout=layout)


def filled(row: Row) -> int:
    """How many cells of the row hold something."""
    return sum(1 for cell in row if cell.text)


def guess_header(rows: Sequence[Row]) -> int | None:
    """The first row of different texts that is at least half as wide as the widest; None: there is none."""
    widest = max((filled(row) for row in rows), default=0)
    for place, row in enumerate(rows[:50]):
        texts = [cell.text for cell in row if cell.text]
        wordy = all(any(character.isalpha() for character in text) for text in texts)
        if len(texts) > 1 and 2 * len(texts) >= widest and len(set(texts)) == len(texts) and wordy:
            return place
    return None


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and its encoding: by its byte order mark, else UTF-8, else Windows' western code page."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"


def _read_delimited(content: bytes) -> tuple[Delimited, list[Row]] | None:
    text, encoding = decode(content)
    if text.lstrip()[:1] in "{[<" or "\0" in text:
        return None
    delimiter = max(DELIMITERS, key=lambda mark: _regularity(_cells(text, mark)))
    line_end = "\r\n" if "\r\n" in text else "\n"
    rows = [tuple(map(Cell, row)) for row in _cells(text, delimiter)]
    return Delimited(encoding=encoding, delimiter=delimiter, line_end=line_end), rows


def _cells(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _regularity(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many rows are of one width above 1, and that width: greatest for the delimiter that was meant."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _read_workbook(content: bytes, sheet: str | None) -> tuple[Workbook, list[Row]] | None:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    sheets = [(each.title, tuple(_row(row) for row in each.iter_rows())) for each in book.worksheets]
    titles = [title for title, _ in sheets]
    place = titles.index(sheet) if sheet in titles else 0
    layout = Workbook(
        sheet=titles[place], before=tuple(sheets[:place]), after=tuple(sheets[place + 1 :]), epoch=book.epoch
    )
    return layout, list(sheets[place][1])


def _row(cells: Sequence[object]) -> Row:
    return tuple(Cell(getattr(cell, "value", None), getattr(cell, "number_format", None)) for cell in cells)
