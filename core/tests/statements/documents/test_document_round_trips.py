"""What is written as a table is read as that table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import openpyxl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polybroker.statements.delimited import DelimitedFile
from polybroker.statements.document import Column, ColumnKind, Document, Table, open_document

BLANKS = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2000\u2028\u2029\u202f\u205f\u3000"
LETTERS = st.characters(codec="cp1252", exclude_characters="\0\r\x1a", exclude_categories=("Cs",))
CELLS = st.text(st.one_of(st.sampled_from(' ,;\t|"\n\xa0aé'), LETTERS), max_size=8)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
COLUMNS = (Column("Symbol"), Column("Qty"), Column("Price"))


def as_read(cell: str) -> str | None:
    return cell.strip(BLANKS) or None


@settings(deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ENCODINGS,
)
def test_a_written_table_is_read_back(
    cells: list[tuple[str, ...]], delimiter: str, end: str, quoting: int, encoding: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["Symbol", "Note", "Qty", "Price"])
    writer.writerows(cells)
    expected: list[tuple[object, ...]] = []
    line = 2
    for row in cells:
        read = [as_read(cell) for cell in row]
        if any(read):
            expected.append((line, read[0], read[2], read[3]))
        # Line ends within cells are those of the writer.
        line += 1 + sum(cell.count("\n") for cell in row)
    try:
        data = out.getvalue().encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    if encoding == "cp1252":
        assume(not _is_utf8(data) or data.isascii())
    table = open_document(data).table(COLUMNS)
    assert table.damaged == ()
    assert table.frame.rows() == expected


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [",", ";", "\n", "\r\n", '"', '""', " ", "\xa0", "ES", "1.5", "é", "\x0b", "\t", ",,\n", ',"', '",']
        ),
        st.just("\r"),
    ),
    max_size=40,
)


def delimited_reader(document: Document) -> DelimitedFile:
    reader = document._reader(None)
    assert isinstance(reader, DelimitedFile)
    return reader


def content(table: Table) -> tuple[object, ...]:
    return table.headers, table.header_row, table.damaged, table.frame.rows()


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_both_ways_of_reading_delimited_text_agree(pieces: list[str]) -> None:
    document = open_document(("Symbol,Note,Qty,Price\n" + "".join(pieces)).encode())
    reader = delimited_reader(document)
    assert content(reader._table(COLUMNS, exactly=False)) == content(reader._table(COLUMNS, exactly=True))


NUMBERS = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**6), 10**6, places=4, allow_nan=False).map(float),
    # openpyxl writes 16 digits of the 17 that a double may need.
    st.floats(-1e12, 1e12, allow_nan=False, allow_subnormal=False).map(lambda number: float(f"{number:.15g}")),
)
TIMES = st.datetimes(datetime(1900, 3, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=8)
SHEET_COLUMNS = (
    Column("text"),
    Column("number", kind=ColumnKind.NUMBER),
    Column("id"),
    Column("time", kind=ColumnKind.TIME),
)


def shown(number: float) -> str:
    text = format(Decimal(format(float(number), ".15g")), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.none() | NUMBERS, st.integers(0, 10**15 - 1), st.none() | TIMES), max_size=6),
    st.permutations(range(4)),
    st.integers(0, 3),
)
def test_a_workbook_is_read_back(
    cells: list[tuple[str, float | None, int, datetime | None]], order: Sequence[int], above: int
) -> None:
    assume(all("_x" not in row[0] for row in cells))
    book = openpyxl.Workbook()
    sheet = book.active
    for _ in range(above):
        sheet.append(["title"])
    sheet.append([SHEET_COLUMNS[place].name for place in order])
    expected: list[tuple[object, ...]] = []
    for number, row in enumerate(cells, above + 2):
        # openpyxl takes text for a formula or an error word by its look.
        text = f"t{row[0]}"
        values = (text, *row[1:])
        sheet.append([values[place] for place in order])
        amount, moment = row[1], row[3]
        expected.append(
            (
                number,
                as_read(text),
                None if amount is None else shown(amount),
                str(row[2]),
                None if moment is None else moment.isoformat(timespec="microseconds"),
            )
        )
    out = io.BytesIO()
    book.save(out)
    table = open_document(out.getvalue()).table(SHEET_COLUMNS)
    assert table.frame.rows() == expected


def test_dates_and_times_of_a_workbook_are_serial_numbers() -> None:
    book = openpyxl.Workbook()
    book.active.append(["time"])
    for value in (date(2024, 11, 29), time(9, 30), timedelta(hours=36), datetime(2024, 2, 29, 23, 59, 59, 999000)):  # noqa: DTZ001
        book.active.append([value])
    out = io.BytesIO()
    book.save(out)
    document = open_document(out.getvalue())
    expected = [
        "2024-11-29T00:00:00.000000",
        "1899-12-31T09:30:00.000000",
        "1900-01-01T12:00:00.000000",
        "2024-02-29T23:59:59.999000",
    ]
    found = document.table([Column("time", kind=ColumnKind.TIME)])
    assert found.frame.get_column("time").to_list() == expected
    assert document.head() == [["time"], *([text] for text in expected)]
