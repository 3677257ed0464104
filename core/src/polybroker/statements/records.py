"""Delimited text, record by record: exact for any quoting, and slow.

A quoted cell may hold delimiters, line ends and doubled quotes (RFC 4180). What is looser is read as spreadsheets
read it: blanks around quotes, text behind a closing quote, quotes within unquoted cells. A quote that nothing
closes costs its own row and no other.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from polybroker.errors import UnsafeDocument
from polybroker.statements.headers import strip

QUOTE: Final = '"'
_MOST_LINES: Final = 1000
"""Of one record."""
_BLANK: Final = " \t"
_NEVER_CLOSED: Final = "a quote is opened in this row and never closed"
_TORN: Final = "a quote that is opened in this row is closed in the midst of another"


class Record(NamedTuple):
    """One record; `row` is the 1-based line on which it begins, `last_row` the one on which it ends."""

    row: int
    last_row: int
    cells: list[str]
    problem: str | None
    is_regular: bool
    """Nothing but blanks stands between a closing quote and the next delimiter."""
    is_wholly_quoted: bool
    """The record is one quoted cell."""


class _Split(NamedTuple):
    cells: list[str]
    is_closed: bool
    is_regular: bool
    lines: int
    is_wholly_quoted: bool


def physical_lines(data: bytes) -> Iterator[str]:
    """The lines of UTF-8 text; a line feed, a carriage return, or both together end one."""
    for line in io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline=None):
        yield line.removesuffix("\n")


def read_records(lines: Iterable[str], delimiter: str, cell_chars: int) -> Iterator[Record]:
    """The records of `lines`, blank ones included.

    A quoted cell longer than `cell_chars` counts as never closed; any other cell of that length raises
    `UnsafeDocument`.
    """
    source = iter(lines)
    waiting: deque[str] = deque()
    row = 0
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        row += 1
        taken: list[str] = []

        def more(taken: list[str] = taken) -> str | None:
            further = waiting.popleft() if waiting else next(source, None)
            if further is not None:
                taken.append(further)
            return further

        split = split_record(line, delimiter, cell_chars, more)
        problem = None
        if not split.is_closed or (taken and not split.is_regular):
            problem = _TORN if split.is_closed else _NEVER_CLOSED
            waiting.extendleft(reversed(taken))
            taken.clear()
            split = split._replace(cells=line.split(delimiter), lines=1)
        if len(line) > cell_chars:
            check_lengths(split.cells, cell_chars, row)
        yield Record(row, row + split.lines - 1, split.cells, problem, split.is_regular, split.is_wholly_quoted)
        row += split.lines - 1


def split_record(text: str, delimiter: str, cell_chars: int, more: Callable[[], str | None] = lambda: None) -> _Split:
    """The cells of the record that begins with the line `text`; `more` gives the lines that follow."""
    if QUOTE not in text:
        return _Split(text.split(delimiter), True, True, 1, False)
    blank = _BLANK.replace(delimiter, "")
    cells: list[str] = []
    lines, place, is_regular, is_quoted = 1, 0, True, False
    while True:
        begin = place
        while text[begin : begin + 1] and text[begin] in blank:
            begin += 1
        is_quoted = text.startswith(QUOTE, begin)
        inner = ""
        if is_quoted:
            begin += 1
            close = _closing_quote(text, begin)
            while close < 0:
                further = more() if len(text) - begin <= cell_chars and lines < _MOST_LINES else None
                if further is None:
                    return _Split(cells, False, False, lines, False)
                # What is read already is not copied again with every line.
                open_cell = text[begin:]
                text, begin, lines = f"{open_cell}\n{further}", 0, lines + 1
                close = _closing_quote(text, len(open_cell))
            inner = text[begin:close].replace('""', QUOTE)
            place = close + 1
        end = text.find(delimiter, place)
        rest = text[place : end if end >= 0 else len(text)]
        if is_quoted and not strip(rest):
            cells.append(inner)
        else:
            is_regular = is_regular and not is_quoted
            cells.append(inner + rest)
        if end < 0:
            return _Split(cells, True, is_regular, lines, is_regular and is_quoted and len(cells) == 1)
        place = end + len(delimiter)


def _closing_quote(text: str, place: int) -> int:
    """The quote that closes the cell of which `place` is within; below 0 if this line has none."""
    while (place := text.find(QUOTE, place)) >= 0:
        if not text.startswith(QUOTE, place + 1):
            return place
        place += 2
    return -1


def check_lengths(cells: Iterable[str], cell_chars: int, row: int) -> None:
    """Refuse a row with a cell of more than `cell_chars` characters."""
    longest = max((len(cell) for cell in cells), default=0)
    if longest > cell_chars:
        raise UnsafeDocument(
            f"row {row} has a cell of {longest:,} characters, more than the {cell_chars:,} that are read; remove it",
            row=row,
        )
