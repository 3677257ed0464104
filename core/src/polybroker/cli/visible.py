"""Texts from files and plugins, made harmless for a terminal, and tables for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from polybroker.cli.run import Run

SHOWN: Final = 200
"""Rows of a table that a terminal shows; more are left out in the middle, with a note."""
GAP: Final = "  "


class Column(NamedTuple):
    """A column of a table: its heading, and whether it holds numbers."""

    title: str
    numbers: bool = False
    dispensable: int = 0
    """0: always shown; above: left out on a terminal that is too narrow, the highest first."""


def visible(text: object) -> str:
    """The text with everything that a terminal would obey or hide written as an escape."""
    raw = str(text)
    if raw.isprintable():
        return raw
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in raw
    )


def draw(run: Run, columns: Sequence[Column], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Draw a table: with lines on a terminal, as plain text when piped. An absent value is `-`."""
    cells = [["-" if cell is None else visible(cell) for cell in row] for row in rows]
    if run.on_terminal:
        _draw_on_terminal(run, columns, cells, title)
        return
    if title:
        run.line(title)
    run.lines(plain_table(columns, cells))


def plain_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The table as lines of text, columns aligned; numbers to the right."""
    titles = [column.title for column in columns]
    widths = _widths(titles, rows)
    yield _line(titles, widths, columns)
    yield GAP.join("-" * width for width in widths)
    for row in rows:
        yield _line(row, widths, columns)


def width(text: str) -> int:
    """How many places a terminal gives the text."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _widths(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[int]:
    widths = [width(title) for title in titles]
    for row in rows:
        widths = [max(known, width(cell)) for known, cell in zip(widths, row, strict=True)]
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    padded = []
    for cell, room, column in zip(cells, widths, columns, strict=True):
        blank = " " * (room - width(cell))
        padded.append(blank + cell if column.numbers else cell + blank)
    return GAP.join(padded).rstrip()


def _draw_on_terminal(run: Run, columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=run.out, highlight=False)
    shown, left_out = _shortened(rows)
    kept, needed = _fitting(columns, shown, console.width)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, width=needed)
    console.width = max(console.width, needed)
    for index in kept:
        side: Literal["left", "right"] = "right" if columns[index].numbers else "left"
        table.add_column(Text(columns[index].title), justify=side, no_wrap=True)
    for row in shown:
        table.add_row(*(Text(row[index]) for index in kept))
    console.print(table)
    if left_out:
        console.print(f"{left_out} rows in the middle are not shown; --format csv has all.")
    if len(kept) < len(columns):
        hidden = ", ".join(column.title for index, column in enumerate(columns) if index not in kept)
        console.print(f"Too narrow for: {hidden}.", markup=False)


def _shortened(rows: Sequence[Sequence[str]]) -> tuple[list[Sequence[str]], int]:
    if len(rows) <= SHOWN:
        return list(rows), 0
    half = SHOWN // 2
    dots = ["..." for _ in rows[0]]
    return [*rows[:half], dots, *rows[-half:]], len(rows) - SHOWN


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> tuple[list[int], int]:
    """Which columns are shown in `room` places, and the places they need: no text is ever cut to make it fit."""
    widths = [1 + width + 2 for width in _widths([column.title for column in columns], rows)]
    kept = list(range(len(columns)))
    while (needed := 1 + sum(widths[index] for index in kept)) > room:
        candidates = [index for index in kept if columns[index].dispensable]
        if not candidates:
            break
        kept.remove(max(candidates, key=lambda index: columns[index].dispensable))
    return kept, needed
