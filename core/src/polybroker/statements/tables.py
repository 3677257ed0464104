"""What a document's table is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import polars as pl
from attrs import field, frozen

ROW: Final = "row"
"""The column of a table's frame that holds the row numbers."""

SHOWN_CELLS: Final = 10_000
"""Damaged rows that keep their cells: a file may consist of nothing else."""


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """Any series of texts as a tuple."""
    return tuple(values)


class ColumnKind(StrEnum):
    """How the number cells of a workbook are rendered as text; text cells, and delimited files, stay as they are."""

    TEXT = "text"
    """The exact value without exponent and without a trailing `.0`: ids keep all their digits."""
    NUMBER = "number"
    """The value at 15 significant digits, as Excel shows it: 75.07000000000001 is 75.07."""
    TIME = "time"
    """A serial number as `YYYY-MM-DDTHH:MM:SS.ffffff`, rounded to the millisecond."""


@frozen
class Column:
    """A column that a parser wants. Names match header texts exactly, but for case and surrounding blanks."""

    name: str = field()
    """Header text, and the column's name in the frame."""
    aliases: tuple[str, ...] = field(default=(), converter=texts)
    """Other header texts of the same column; the name wins over them, an earlier one over a later."""
    kind: ColumnKind = ColumnKind.TEXT
    required: bool = True

    @name.validator
    def _check_name(self, _: object, value: str) -> None:
        if value == ROW:
            raise ValueError(f"{ROW!r} names the row numbers of a table; use it as an alias")


@frozen
class Header:
    """A header row: its 1-based row number and its texts, without those that are blank at the end."""

    row: int
    names: tuple[str, ...]


@frozen
class DamagedRow:
    """A row that is not in the frame because it cannot be read as one: to be reported as a problem."""

    row: int
    message: str
    cells: tuple[str, ...] = ()
    """The stripped cells as far as they can be told apart; a parser may recognise a footer by them.

    Only the first 10,000 damaged rows of a file have them."""


@frozen(eq=False)
class Table:
    """The rows below a header.

    `frame` has the column `row` (UInt32, 1-based as an editor or spreadsheet shows it, ascending) and a String
    column per wanted column that the header has; cells are stripped and empty ones null. Blank rows are left out.
    """

    frame: pl.DataFrame
    headers: tuple[str, ...]
    """All texts of the header, wanted or not, without those that are blank at the end."""
    header_row: int
    damaged: tuple[DamagedRow, ...] = ()

    def has(self, name: str) -> bool:
        """Whether the header has the wanted column of this name."""
        return name != ROW and name in self.frame.columns
