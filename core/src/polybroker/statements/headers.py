"""Finding the header row, and the wanted columns in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from attrs import frozen

from polybroker.errors import StatementError
from polybroker.statements.tables import Column, Header

HEADER_ROWS: Final = 50
"""A header below this many rows is not found."""

BLANKS: Final = (
    " \t\n\r\x0b\x0c\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What is stripped from cells: the blanks of Unicode, as polars strips them."""

_LISTED: Final = 60


class FirstRow(NamedTuple):
    """A row near the top of a table, its cells stripped."""

    row: int
    cells: list[str]


@frozen
class Placement:
    """Where the wanted columns are."""

    header: Header
    width: int
    """Cells of the header row, blank ones at the end included."""
    found: tuple[tuple[Column, int], ...]
    """The wanted columns that the header has, with their 0-based index."""


def strip(text: str) -> str:
    """`text` without surrounding blanks, non-breaking ones included."""
    return text.strip(BLANKS)


def without_blank_end(cells: Sequence[str]) -> tuple[str, ...]:
    """The stripped `cells` without the blank ones at the end."""
    stripped = [strip(cell) for cell in cells]
    while stripped and not stripped[-1]:
        stripped.pop()
    return tuple(stripped)


def find_header(rows: Iterable[FirstRow], names: Collection[str]) -> Header | None:
    """The first of `rows` that contains all `names`."""
    wanted = {_key(name) for name in names}
    for row in rows:
        if wanted <= {_key(cell) for cell in row.cells}:
            return Header(row.row, without_blank_end(row.cells))
    return None


def header_row(rows: Sequence[FirstRow], columns: Sequence[Column]) -> FirstRow | None:
    """The first of `rows` with all required columns (with any column, if none is required)."""
    required = [column for column in columns if column.required]
    for row in rows:
        found = _found(required or columns, row)
        if found and (len(found) == len(required) or not required):
            return row
    return None


def place_columns(rows: Sequence[FirstRow], columns: Sequence[Column]) -> Placement:
    """The header row among `rows`, and where it has the wanted columns.

    Raises `StatementError` that names the missing columns and what headers there are, or a wanted column that the
    header has twice.
    """
    row = header_row(rows, columns)
    if row is None:
        raise _missing(rows, [column for column in columns if column.required] or columns)
    keys = [_key(cell) for cell in row.cells]
    found = tuple((column, place) for column in columns if (place := _place(column, keys, row)) is not None)
    return Placement(Header(row.row, without_blank_end(row.cells)), len(row.cells), found)


def _key(text: str) -> str:
    return strip(text).casefold()


def _names(column: Column) -> tuple[str, ...]:
    return (column.name, *column.aliases)


def _place(column: Column, keys: list[str], row: FirstRow) -> int | None:
    counts = Counter(keys)
    for name in _names(column):
        count = counts[_key(name)]
        if count > 1:
            raise StatementError(
                f"the header has {count} columns named {name!r} and only one can be meant; rename the others",
                row=row.row,
                column=name,
            )
        if count:
            return keys.index(_key(name))
    return None


def _missing(rows: Sequence[FirstRow], columns: Sequence[Column]) -> StatementError:
    filled = [row for row in rows if any(row.cells)]
    if not filled:
        return StatementError("there is no header: the table is empty", column=columns[0].name if columns else None)

    def likeness(row: FirstRow) -> tuple[int, int]:
        return len(_found(columns, row)), sum(1 for cell in row.cells if cell)

    best = max(filled, key=likeness)
    found = _found(columns, best)
    missing = [column.name for column in columns if column not in found]
    headers = [cell for cell in best.cells if cell]
    listed = ", ".join(headers[:_LISTED]) + (f" and {len(headers) - _LISTED} more" if len(headers) > _LISTED else "")
    noun = "column" if len(missing) == 1 else "columns"
    return StatementError(
        f"{noun} {', '.join(repr(name) for name in missing)} not found; the likeliest header has: {listed}",
        row=best.row,
        column=missing[0] if missing else None,
    )


def _found(columns: Sequence[Column], row: FirstRow) -> list[Column]:
    keys = {_key(cell) for cell in row.cells}
    return [column for column in columns if any(_key(name) in keys for name in _names(column))]
