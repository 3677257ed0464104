"""A file whose first rows are plain is read by counting; what follows may still be anything."""

from __future__ import annotations

import pytest

from polybroker.statements.document import Column, open_document
from polybroker.statements.plain_lines import count_lines, read_plain

PLAIN_ROWS = 60
"""More than the rows by which it is judged whether a file is plain."""
COLUMNS = (Column("a"), Column("c"))


def text_with(line: str, *, end: str = "\n") -> bytes:
    rows = [f"{number},x y,z{number}" for number in range(PLAIN_ROWS)]
    return end.join(["a,b,c", *rows, line, "7,8,9", ""]).encode()


def read(text: bytes) -> tuple[list[tuple[object, ...]], list[int]]:
    table = open_document(text).table(COLUMNS)
    return table.frame.rows(), [row.row for row in table.damaged]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_plain_rows_are_numbered_from_the_header_on(end: str) -> None:
    rows, damaged = read(text_with("1,2,3", end=end))
    assert rows[0] == (2, "0", "z0")
    assert rows[-2:] == [(PLAIN_ROWS + 2, "1", "3"), (PLAIN_ROWS + 3, "7", "9")]
    assert not damaged


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (" 1,2,3", ("1", "3")),
        ("1,2,3 ", ("1", "3")),
        ("1,2,", ("1", None)),
        (",2,3", (None, "3")),
        ("1,2,3,,", ("1", "3")),
        ('"1",2,"3"', ("1", "3")),
        ('1,"2,2",3', ("1", "3")),
        (",2,", (None, None)),
    ],
)
def test_an_odd_row_after_many_plain_ones_is_read(line: str, row: tuple[str | None, ...]) -> None:
    rows, damaged = read(text_with(line))
    assert rows[PLAIN_ROWS:] == [(PLAIN_ROWS + 2, *row), (PLAIN_ROWS + 3, "7", "9")]
    assert not damaged


@pytest.mark.parametrize("line", ["1,2", "1,2,3,4", "1,2,3,,5", "1"])
def test_a_row_of_another_length_after_many_plain_ones_is_damaged(line: str) -> None:
    rows, damaged = read(text_with(line))
    assert damaged == [PLAIN_ROWS + 2]
    assert rows[PLAIN_ROWS:] == [(PLAIN_ROWS + 3, "7", "9")]


@pytest.mark.parametrize("line", ["", " , ,", ",,"])
def test_a_blank_row_after_many_plain_ones_is_left_out(line: str) -> None:
    rows, damaged = read(text_with(line))
    assert rows[PLAIN_ROWS:] == [(PLAIN_ROWS + 3, "7", "9")]
    assert not damaged


def test_too_short_and_too_long_lines_do_not_make_up_for_each_other() -> None:
    text = b"1,2,3\n4,5\n6,7,8,9\n"
    counts = count_lines(text, 0, ",", 100)
    assert counts is not None
    assert counts.cells == counts.lines * 3
    assert read_plain(text, 0, ",", 3, {"a": 0}) is None


@pytest.mark.parametrize("text", [b'1,"2"\n', b"1\r,2\n", b"1,2345678901\n", b""])
def test_lines_that_counting_cannot_judge_are_not_counted(text: bytes) -> None:
    assert count_lines(text, 0, ",", 10) is None


def test_a_last_line_needs_no_end() -> None:
    assert count_lines(b"1,2\n3,4", 0, ",", 10) == count_lines(b"1,2\n3,4\n", 0, ",", 10)
