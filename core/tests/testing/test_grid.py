"""The grid reads a file into cells and writes the same file again, changed only where it was asked to."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.testing.grid import DELIMITERS, Cell, Delimited, Grid, decode, read_grid

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=382), max_size=8).map(str.strip)


@st.composite
def tables(draw: st.DrawFn) -> Grid:
    names = draw(
        st.lists(st.sampled_from(["Time", "Symbol", "Side", "Size", "Price", "Note"]), min_size=2, unique=True)
    )
    row = st.lists(TEXTS, min_size=len(names), max_size=len(names)).filter(any)
    body = draw(st.lists(row, min_size=1, max_size=5))
    layout = Delimited(
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
        delimiter=draw(st.sampled_from(DELIMITERS)),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
    )
    cells = [tuple(map(Cell, texts)) for texts in (names, *body)]
    return Grid(above=(), header=cells[0], body=tuple(cells[1:]), below=(), layout=layout)


def texts(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid.body]


@settings(deadline=None)
@given(table=tables())
def test_what_is_written_is_read(table: Grid) -> None:
    found = read_grid(table.content(), header_row=1)
    assert found is not None
    assert (found.names, texts(found)) == (table.names, texts(table))
    assert found.content() == table.content()


@settings(deadline=None)
@given(table=tables(), data=st.data())
def test_columns_move_with_their_texts(table: Grid, data: st.DataObject) -> None:
    places = data.draw(st.permutations(range(len(table.header))))
    moved = table.arrange(places)
    for name in table.names:
        assert moved.column(name) == table.column(name)
    dropped = moved.drop(table.names[0])
    assert dropped.names == tuple(name for name in moved.names if name != table.names[0])
    assert dropped.column(table.names[1]) == table.column(table.names[1])


@settings(deadline=None)
@given(table=tables(), data=st.data())
def test_a_further_column_leaves_the_others_alone(table: Grid, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(table.header)))
    wider = table.insert(place, "More", [str(number) for number in range(len(table.body))])
    assert wider.names[place] == "More"
    assert wider.column("More")[0] == "0"
    assert wider.drop("More") == table


@settings(deadline=None)
@given(table=tables(), data=st.data())
def test_one_cell_is_changed_alone(table: Grid, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(table.body) - 1))
    name = data.draw(st.sampled_from(table.names))
    changed = table.put(place, name, "?!")
    assert changed.column(name)[place] == "?!"
    assert changed.put(place, name, table.column(name)[place]) == table


def test_lines_above_and_below_stay_where_they_are() -> None:
    content = b"Trades of 2025\n\nTime,Side,Price\n9:30,B,1\n9:31,S,2\nTotal,,3\n"
    grid = read_grid(content, footer_rows=1)
    assert grid is not None
    assert (grid.names, grid.first_row) == (("Time", "Side", "Price"), 4)
    assert texts(grid.take([1, 0])) == [["9:31", "S", "2"], ["9:30", "B", "1"]]
    assert grid.take([1]).content() == b"Trades of 2025\n\nTime,Side,Price\n9:31,S,2\nTotal,,3\n".replace(
        b"\n\n", b"\n\n"
    )


def test_a_workbook_keeps_its_types_formats_and_other_sheets() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Orders"
    sheet.append(["Id", "When", "Price"])
    sheet.append([609_533_386_765, datetime(2025, 1, 6, 8, 31, 4), 6012.25])  # noqa: DTZ001
    sheet["B2"].number_format = "m/d/yyyy h:mm:ss.000"
    book.create_sheet("Notes").append(["hello"])
    buffer = io.BytesIO()
    book.save(buffer)
    grid = read_grid(buffer.getvalue())
    assert grid is not None
    again = openpyxl.load_workbook(io.BytesIO(grid.content()))
    assert again.sheetnames == ["Orders", "Notes"]
    assert [cell.value for cell in again["Orders"][2]] == [cell.value for cell in sheet[2]]
    assert again["Orders"]["B2"].number_format == "m/d/yyyy h:mm:ss.000"
    assert again["Notes"]["A1"].value == "hello"
    assert grid.column("When") == ("2025-01-06 08:31:04",)


@pytest.mark.parametrize("content", [b'{"a": 1}', b"<a/>", b"[1, 2]", b"word", b""])
def test_what_is_no_table_has_no_grid(content: bytes) -> None:
    assert read_grid(content) is None


def test_the_encoding_is_told_by_its_mark() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert decode("Zürich".encode(encoding)) == ("Zürich", encoding)


def test_blank_rows_are_no_data() -> None:
    grid = read_grid(b"Time,Price\n\n9:30,1\n,\n9:31,2\n\n")
    assert grid is not None
    assert grid.column("Price") == ("1", "2")
    assert evolve(grid, body=()).content() == b"Time,Price\n"
