"""One document being read: its cells by field, and what was said of each of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import define, field

from polybroker.errors import StatementError
from polybroker.statements.distinct import Encoded, encoded, is_repetitive
from polybroker.statements.document import Column, ColumnKind, Document, DocumentFormat, Table
from polybroker.statements.numbers import NumberStyle, bad_number, number_style, parse_numbers
from polybroker.statements.rows import RowAccount
from polybroker_generic_csv.columns import Layout, header_key
from polybroker_generic_csv.words import NOT_FILLED, word_key

_NUMBERS: Final = ("quantity", "price", "commission", "multiplier", "strike")
_TIMES: Final = ("time", "date", "trading_day", "expiration")
_TOTAL: Final = r"(?i)^(?:grand |sub)?-?totals?\b|^sum\b|^average\b"
_NO_CODES: Final = np.zeros(0, dtype=np.int64)
"""For a column that is not encoded."""
_PART_FILLED: Final = ("fill", "exec")


@define(eq=False)
class Sheet:
    """The rows of one document that may be executions. Columns of `frame` are fields, all texts."""

    name: str
    file: int
    headers: Mapping[str, str]
    frame: pl.DataFrame
    rows: RowAccount
    warnings: list[str]
    good: pl.Series
    """Rows in which no fault was found yet."""
    faults: list[tuple[int, str | None, str]] = field(factory=list)
    """Row, column and message of everything that could not be read."""
    style: NumberStyle = field(factory=NumberStyle)
    day_first: bool | None = None
    """How the document writes dates, as far as that is known."""
    _encoded: dict[str, Encoded] = field(factory=dict, init=False)

    @property
    def fees(self) -> list[str]:
        """The columns of `frame` whose charges are added up."""
        return [column for column in self.headers if column.startswith(_FEE)]

    def has(self, column: str) -> bool:
        """Whether the document has a column for this field."""
        return column in self.frame.columns

    def cells(self, column: str) -> pl.Series:
        """The texts of a field; null where a cell is empty, or all where the document has no column for it."""
        if self.has(column):
            return self.frame.get_column(column)
        return self.empty(pl.String())

    def empty(self, dtype: pl.DataType) -> pl.Series:
        """A column of nulls."""
        return pl.Series([None], dtype=dtype).new_from_index(0, self.frame.height)

    def refuse(self, mask: pl.Series, column: str, message: str | Callable[[str], str]) -> None:
        """Record a fault of these rows; a message that depends on the cell is made from its text."""
        if not mask.any():
            return
        cells, rows = self.cells(column).filter(mask), self.frame.get_column("row").filter(mask)
        for row, cell in zip(rows, cells, strict=True):
            text = message if isinstance(message, str) else message(cell or "")
            self.faults.append((row, self.headers.get(column), text))
        self.good = self.good & ~mask

    def report(self) -> None:
        """Put all faults to the problems, in the order of the rows."""
        for row, column, message in sorted(self.faults, key=lambda fault: fault[0]):
            self.rows.problem(self.file, row, column, message)

    def leave_out(self, mask: pl.Series, reason: str) -> None:
        """Skip these rows; nothing else is said of them afterwards."""
        if mask.any():
            self.rows.skip(self.file, self.frame.get_column("row").filter(mask).to_numpy(), reason)
            self.frame, self.good = self.frame.filter(~mask), self.good.filter(~mask)
            self._encoded.clear()

    def decide_numbers(self, decimal_comma: bool | None) -> None:
        """Find out how the document writes decimals, from all its columns of numbers."""
        columns = [name for name in (*_NUMBERS, *self.fees) if self.has(name)]
        try:
            self.style = number_style([self._texts(name).texts for name in columns], decimal_comma=decimal_comma)
        except StatementError:
            # The distinct texts decide it; the message needs the rows.
            self.style = number_style(
                [self.cells(name).alias(self.headers[name]) for name in columns],
                decimal_comma=decimal_comma,
                rows=self.frame.get_column("row"),
                source=self.name,
            )

    def _texts(self, column: str) -> Encoded:
        """The distinct texts of a column of numbers; the column itself where they are likely to be many."""
        if column not in self._encoded:
            cells = self.cells(column)
            self._encoded[column] = encoded(cells) if is_repetitive(cells) else Encoded(_NO_CODES, cells)
        return self._encoded[column]

    def numbers(self, column: str) -> pl.Series:
        """The exact numbers of a field; bad cells are refused."""
        texts = self._texts(column)
        values, bad = parse_numbers(texts.texts, self.style)
        if texts.codes is not _NO_CODES:
            codes = pl.Series(texts.codes.astype(np.uint32))
            values, bad = values.gather(codes), bad.gather(codes)
        self.refuse(bad, column, lambda text: bad_number(text, self.style))
        return values


_FEE: Final = "fee "


def open_sheet(document: Document, layout: Layout, rows: RowAccount, warnings: list[str]) -> Sheet:
    """Read the table of a document, and account for the rows that no execution can be in."""
    headers = {**layout.headers, **{f"{_FEE}{number}": header for number, header in enumerate(layout.fees)}}
    columns = [Column(header, kind=_kind(name)) for name, header in headers.items()]
    table = document.table(columns, section=layout.section or None)
    names = {header: name for name, header in headers.items()}
    frame = table.frame.rename({header: names.get(header, header) for header in table.frame.columns if header != "row"})
    if document.format is DocumentFormat.WORKBOOK and "expiration" in headers:
        frame = _with_written_months(frame, document, layout)
    file = rows.open_file(document.name, _row_numbers(table))
    good = pl.Series([True]).new_from_index(0, frame.height)
    sheet = Sheet(document.name, file, headers, frame, rows, warnings, good)
    _account_for_damage(sheet, table)
    _leave_out_headers_and_totals(sheet)
    _leave_out_unfilled(sheet)
    return sheet


def _with_written_months(frame: pl.DataFrame, document: Document, layout: Layout) -> pl.DataFrame:
    """Take back that a number such as 202503 was read as the serial number of a day: it is a month."""
    columns = [Column(header) for header in layout.headers.values()]
    written = document.table(columns, section=layout.section or None).frame.get_column(layout.headers["expiration"])
    month = written.str.contains(r"^(?:19|20)[0-9]{4}$").fill_null(value=False)
    return frame.with_columns(written.zip_with(month, frame.get_column("expiration")).alias("expiration"))


def _kind(name: str) -> ColumnKind:
    if name in _TIMES:
        return ColumnKind.TIME
    return ColumnKind.NUMBER if name in _NUMBERS or name.startswith(_FEE) else ColumnKind.TEXT


def _row_numbers(table: Table) -> npt.NDArray[np.int64]:
    rows = table.frame.get_column("row").to_numpy().astype(np.int64)
    if not table.damaged:
        return rows
    return np.sort(np.concatenate([rows, np.array([row.row for row in table.damaged], dtype=np.int64)]))


def _account_for_damage(sheet: Sheet, table: Table) -> None:
    for damaged in table.damaged:
        first = next((cell for cell in damaged.cells if cell), "")
        if pl.Series([first]).str.contains(_TOTAL)[0]:
            sheet.rows.skip(sheet.file, [damaged.row], "a line of totals")
        else:
            sheet.faults.append((damaged.row, None, damaged.message))


def _leave_out_headers_and_totals(sheet: Sheet) -> None:
    repeated = (sheet.cells("price") == sheet.headers["price"]).fill_null(value=False)
    if repeated.any():
        repeated &= (sheet.cells("quantity") == sheet.headers["quantity"]).fill_null(value=False)
        sheet.leave_out(repeated, "the header again")
    when = sheet.cells("date" if sheet.has("date") else "time")
    undated = when.is_null() | when.str.contains("^[^0-9]").fill_null(value=False)
    if undated.any():
        total = when.str.contains(_TOTAL).fill_null(value=False)
        for column in ("symbol", "side", "account"):
            total |= when.is_null() & sheet.cells(column).str.contains(_TOTAL).fill_null(value=False)
        sheet.leave_out(total, "a line of totals")


def _leave_out_unfilled(sheet: Sheet) -> None:
    """Orders that were not filled; of one that was filled in part the filled quantity counts."""
    if not sheet.has("status"):
        return
    words = {text: word_key(text) for text in sheet.cells("status").unique().drop_nulls()}
    unfilled = [text for text, word in words.items() if word in NOT_FILLED]
    if any(part in header_key(sheet.headers["quantity"]) for part in _PART_FILLED):
        nothing = sheet.cells("quantity").str.contains(r"^0*[.,]?0*$|^-+$").fill_null(value=True)
    else:
        nothing = pl.Series([True]).new_from_index(0, sheet.frame.height)
    for text in sorted(unfilled):
        mask = (sheet.cells("status") == text).fill_null(value=False) & nothing
        nothing = nothing.filter(~mask)
        sheet.leave_out(mask, f"an order that was not filled: {text}")
