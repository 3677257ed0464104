"""The row equation: every data row of every file ends in exactly one place.

rows = used + joined + skipped + problems. A parser records what it did *not* use; what is used follows from
the rows that its executions name. `RowAccount.settle` proves the equation and raises `PluginError` otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

from polybroker.errors import PluginError

Rows = npt.NDArray[np.int64]
_OPEN: Final = 0
_PROBLEM: Final = 3


@frozen
class Problem:
    """A row that could not be read, and why. `row` is 1-based as shown; None: the file as a whole."""

    file: str
    row: int | None
    column: str | None
    message: str


@frozen(order=True)
class Skipped:
    """How many rows were left out for one reason."""

    reason: str
    rows: int


@define
class _File:
    name: str
    rows: Rows
    place: npt.NDArray[np.int32]
    """0: open yet; above 0: index + 1 into `RowAccount.places`."""


@define
class RowAccount:
    """Where the rows of one run's files went."""

    problems: list[Problem] = field(factory=list)
    _places: list[str] = field(factory=lambda: ["used", "joined", "problem"])
    _files: list[_File] = field(factory=list)

    @property
    def files(self) -> int:
        """How many files are accounted for."""
        return len(self._files)

    def open_file(self, name: str, rows: Iterable[int] | Rows) -> int:
        """Account for the data rows of a further file; returns its index, the draft's `file`."""
        numbers = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), dtype=np.int64)
        if len(numbers) > 1 and not (np.diff(numbers) > 0).all():
            raise PluginError(f"{name}: row numbers have to ascend")
        self._files.append(_File(name, numbers, np.zeros(len(numbers), dtype=np.int32)))
        return len(self._files) - 1

    def use(self, file: int, rows: Sequence[int] | Rows) -> None:
        """Record rows that became executions (a row may become several)."""
        entry, numbers = self._files[file], np.asarray(rows, dtype=np.int64)
        if np.array_equal(numbers, entry.rows) and not entry.place.any():
            entry.place[:] = 1  # all rows at once, as it mostly is
        else:
            self._settle(file, _once(numbers), 1)

    def join(self, file: int, rows: Sequence[int] | Rows) -> None:
        """Record rows that went into executions that name other rows (fees of a sibling file, corrections)."""
        self._settle(file, np.asarray(rows, dtype=np.int64), 2)

    def skip(self, file: int, rows: Sequence[int] | Rows, reason: str) -> None:
        """Record rows that are no executions to count, for a reason that a person understands."""
        if reason not in self._places[3:]:
            self._places.append(reason)
        self._settle(file, np.asarray(rows, dtype=np.int64), self._places.index(reason, 3) + 1)

    def problem(self, file: int, row: int, column: str | None, message: str) -> None:
        """Record that this row could not be read; a second problem of one row is listed but not counted again."""
        entry = self._files[file]
        index = int(np.searchsorted(entry.rows, row))
        if index >= len(entry.rows) or entry.rows[index] != row:
            raise PluginError(f"{entry.name}: a parser spoke of row {row}, which the file does not have")
        if entry.place[index] not in (_OPEN, _PROBLEM):
            raise PluginError(f"{entry.name}: row {row} ended in two places")
        entry.place[index] = _PROBLEM
        self.problems.append(Problem(entry.name, row, column, message))

    def release(self, file: int, rows: Sequence[int] | Rows) -> None:
        """Take back what was said of these rows; they are open again."""
        entry = self._files[file]
        entry.place[self._index(entry, np.asarray(rows, dtype=np.int64))] = _OPEN

    def open_rows(self, file: int) -> Rows:
        """The rows of which nothing was said yet."""
        entry = self._files[file]
        chosen: Rows = entry.rows[entry.place == _OPEN]
        return chosen

    def settle(self) -> None:
        """Prove that no row is open; `PluginError` names the first one that is."""
        for index, entry in enumerate(self._files):
            left = self.open_rows(index)
            if len(left):
                raise PluginError(f"{entry.name}: row {left[0]} (and {len(left) - 1} more) ended nowhere")

    def total(self, file: int | None = None) -> int:
        """Data rows of one file, or of all."""
        return sum(len(entry.rows) for entry in self._chosen(file))

    def used(self, file: int | None = None) -> int:
        """Rows that became executions."""
        return self._count(1, file)

    def joined(self, file: int | None = None) -> int:
        """Rows that went into executions of other rows."""
        return self._count(2, file)

    def problem_rows(self, file: int | None = None) -> int:
        """Rows that could not be read."""
        return self._count(_PROBLEM, file)

    def skipped(self, file: int | None = None) -> tuple[Skipped, ...]:
        """Rows left out, by reason, most first."""
        counts = [Skipped(reason, self._count(place + 4, file)) for place, reason in enumerate(self._places[3:])]
        return tuple(sorted((entry for entry in counts if entry.rows), key=lambda entry: (-entry.rows, entry.reason)))

    def _chosen(self, file: int | None) -> list[_File]:
        return self._files if file is None else [self._files[file]]

    def _count(self, place: int, file: int | None) -> int:
        return sum(int(np.count_nonzero(entry.place == place)) for entry in self._chosen(file))

    def _index(self, entry: _File, rows: Rows) -> Rows:
        index: Rows = np.searchsorted(entry.rows, rows)
        if len(rows) and (index.max() >= len(entry.rows) or not np.array_equal(entry.rows[index], rows)):
            raise PluginError(f"{entry.name}: a parser spoke of a row that the file does not have")
        return index

    def _settle(self, file: int, rows: Rows, place: int) -> None:
        entry = self._files[file]
        index = self._index(entry, rows)
        taken = entry.place[index] != _OPEN
        if taken.any() or len(_once(index)) != len(index):
            row = rows[int(np.argmax(taken))] if len(rows) else 0
            raise PluginError(f"{entry.name}: row {row} ended in two places")
        entry.place[index] = place


def _once(rows: Rows) -> Rows:
    """Each number once, ascending. Far faster than `np.unique` for numbers that ascend already, as rows mostly do."""
    ordered = rows if (np.diff(rows) >= 0).all() else np.sort(rows)
    steps = np.diff(ordered) > 0
    return ordered if steps.all() else ordered[np.concatenate(([True], steps))]
