"""A broker's export file as a table, whatever its format; hostile or broken files end in a `StatementError`."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, Protocol

from attrs import define, field

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.content import Content
from polybroker.statements.delimited import HEAD_BYTES, DelimitedFile
from polybroker.statements.dialects import sniff
from polybroker.statements.encoding import to_utf8
from polybroker.statements.headers import FirstRow, strip
from polybroker.statements.limits import LIBRARY_LIMITS, Limits
from polybroker.statements.records import physical_lines
from polybroker.statements.tables import Column, ColumnKind, DamagedRow, Header, Table
from polybroker.statements.xlsx import WorkbookFile

__all__ = [
    "Column",
    "ColumnKind",
    "DamagedRow",
    "Document",
    "DocumentFormat",
    "Header",
    "Table",
    "open_document",
]

_MAGIC: Final = 8
_SAMPLE: Final = 4096
_EMPTY_EXPORT: Final = "undefined"
"""What some platforms write in place of a report without rows."""
_SAVE_AS: Final = "open it in a spreadsheet program and save it as .xlsx or .csv"
_FOREIGN: Final = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "this is an old .xls workbook, or one with a password; remove the password, ",
    ),
    (b"%PDF", "this is a PDF document; ask the broker for a .csv or .xlsx export, or "),
    (b"\x1f\x8b", "this is a gzip archive; unpack it first, or "),
    (b"Rar!", "this is a rar archive; unpack it first, or "),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive; unpack it first, or "),
)
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_JSON: Final = re.compile(r'\s*(?:\{\s*["}]|\[\s*(?:[\[{"\]\d-]|true|false|null))')
_XML: Final = re.compile(r"\s*<(?:\?xml\b|!--|[A-Za-z_])")
_HTML: Final = re.compile(r"<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class DocumentFormat(StrEnum):
    """What a document is, by its content; the extension of its name does not count."""

    DELIMITED = "delimited"
    WORKBOOK = "workbook"
    JSON = "json"
    XML = "xml"
    TEXT = "text"


class _TableReader(Protocol):
    """Reads the rows of one section."""

    def first_rows(self, count: int) -> list[FirstRow]: ...

    def header(self, names: Collection[str]) -> Header | None: ...

    def table(self, columns: Sequence[Column]) -> Table: ...


@define(eq=False)
class Document:
    """One file, opened by `open_document`. Every method raises `StatementError` for what cannot be read."""

    name: str
    format: DocumentFormat
    sections: tuple[str, ...]
    """Names of a workbook's sheets, hidden ones included; one empty text for other formats."""
    _content: Content = field(repr=False)
    _workbook: WorkbookFile | None = field(default=None, repr=False)
    _delimited: DelimitedFile | None = field(default=None, repr=False)

    def head(self, rows: int = 20, section: str | None = None) -> list[list[str]]:
        """The first rows as stripped cells; entry `i` is row `i + 1`, blank rows are empty lists.

        Dates of a workbook are ISO texts, numbers as `ColumnKind.NUMBER` has them. Only the beginning of the file is
        read. Text without columns has one cell a line. `section` None is the first one.
        """
        with naming(self.name):
            if self.format in (DocumentFormat.JSON, DocumentFormat.XML, DocumentFormat.TEXT):
                head = to_utf8(self._content.head(HEAD_BYTES), partial=True).data
                return [[strip(line)] for line, _ in zip(physical_lines(head), range(rows), strict=False)]
            found = [row for row in self._reader(section).first_rows(rows) if row.row <= rows]
            cells: list[list[str]] = [[] for _ in range(found[-1].row if found else 0)]
            for row in found:
                cells[row.row - 1] = row.cells if any(row.cells) else []
            return cells

    def header(self, names: Collection[str], section: str | None = None) -> Header | None:
        """The first row, among the first 50, that contains all `names`, or None.

        Texts are compared whole, but for surrounding blanks and case.
        """
        with naming(self.name):
            if self.format not in (DocumentFormat.DELIMITED, DocumentFormat.WORKBOOK):
                return None
            return self._reader(section).header(names)

    def table(self, columns: Sequence[Column], section: str | None = None) -> Table:
        """The rows below the header, the first row among the first 50 that has all required columns.

        Raises `StatementError` that names a required column that is missing and the headers that there are, or a
        wanted column that the header has twice; `UnsafeDocument` where the table exceeds a limit.
        """
        with naming(self.name):
            return self._reader(section).table(columns)

    def text(self) -> str:
        """The whole decoded text; not for workbooks."""
        with naming(self.name):
            if self.format is DocumentFormat.WORKBOOK:
                raise StatementError("a workbook has tables and no text")
            text = to_utf8(self._content.read()).data.decode()
            if self.format is DocumentFormat.XML:
                _refuse_declarations(text)
            return text

    def _reader(self, section: str | None) -> _TableReader:
        if self._workbook is not None:
            return self._workbook.sheet(section)
        if self._delimited is None:
            raise StatementError(f"this is a {self.format} document, which has no table of rows and columns")
        if section:
            raise StatementError(f"there is no section {section!r}: this is no workbook")
        return self._delimited


def open_document(
    source: str | os.PathLike[str] | bytes, *, name: str | None = None, limits: Limits = LIBRARY_LIMITS
) -> Document:
    """Look at the beginning of a file (or of its bytes) and tell what it is.

    `name` replaces the file's own in messages. Raises `UnsafeDocument` where the file breaks one of `limits`,
    `StatementError` where it is empty or of a format that is not read, and `FileNotFoundError`.
    """
    content = Content.at(source, name, limits)
    with naming(content.name):
        magic = content.head(_MAGIC)
        for prefix, words in _FOREIGN:
            if magic.startswith(prefix):
                raise UnsafeDocument(words + _SAVE_AS)
        if magic.startswith(_ZIP):
            workbook = WorkbookFile.open(content, limits)
            return Document(content.name, DocumentFormat.WORKBOOK, workbook.sections, content, workbook=workbook)
        return _open_text(content, limits)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Errors raised within name the file."""
    try:
        yield
    except StatementError as error:
        if error.source is None:
            error.source = name
        raise


def _open_text(content: Content, limits: Limits) -> Document:
    head = content.head(HEAD_BYTES)
    data = to_utf8(head, partial=len(head) < content.size).data
    text = data.decode(errors="replace")
    if not strip(text) and len(head) < content.size:
        text = to_utf8(content.read()).data.decode(errors="replace")
    if strip(text) in ("", _EMPTY_EXPORT):
        raise StatementError("the export is empty: the platform wrote no rows; choose a period with trades")
    if _HTML.match(_behind_comments(text)):
        raise StatementError(f"this is a web page, not a table; {_SAVE_AS}")
    if _XML.match(text) or _DECLARATION.match(text.lstrip()):
        _refuse_declarations(text)
        return Document(content.name, DocumentFormat.XML, ("",), content)
    if _JSON.match(text):
        return Document(content.name, DocumentFormat.JSON, ("",), content)
    dialects = sniff(data)
    if not dialects:
        return Document(content.name, DocumentFormat.TEXT, ("",), content)
    delimited = DelimitedFile(content, dialects, limits)
    return Document(content.name, DocumentFormat.DELIMITED, ("",), content, delimited=delimited)


def _behind_comments(text: str) -> str:
    """The beginning of `text` behind blanks and comments."""
    text = strip(text)
    while text.startswith("<!--") and (end := text.find("-->", 4)) >= 0:
        text = strip(text[end + 3 : end + 3 + _SAMPLE])
    return text[:_SAMPLE]


def _refuse_declarations(text: str) -> None:
    if _DECLARATION.search(text):
        raise UnsafeDocument("the XML declares a document type or entities, which no statement needs; export it again")
