"""What is wrong with the cells of a table, collected until all columns are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl
from attrs import define, field

from polybroker.statements.rows import RowAccount


@define(eq=False)
class Faults:
    """The unreadable cells of `frame`, in which `headers` has the file's text for each column."""

    frame: pl.DataFrame
    headers: Mapping[str, str]
    _found: list[tuple[int, str, str]] = field(factory=list)

    def add(self, wrong: pl.Series, name: str, message: str | Callable[[str], str]) -> None:
        """Note the rows in the mask; a message that depends on the cell is a function of its text."""
        if not wrong.any():
            return
        rows = self.frame["row"].filter(wrong)
        cells = self.frame[name].filter(wrong) if name in self.frame.columns else rows.cast(pl.String)
        for row, cell in zip(rows, cells, strict=True):
            self._found.append((row, name, message if isinstance(message, str) else message(cell or "")))

    def rows(self) -> pl.Series:
        """The rows that have any."""
        return pl.Series(sorted({row for row, _, _ in self._found}), dtype=pl.UInt32)

    def report(self, file: int, account: RowAccount) -> None:
        """Make problems of all rows, in the order of the file."""
        for row, name, message in sorted(self._found, key=lambda fault: fault[0]):
            account.problem(file, row, self.headers.get(name), message)
