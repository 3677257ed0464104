"""Batches of raw values as the columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import define, field

from polybroker.errors import StatementError
from polybroker.statements.limits import Limits
from polybroker.statements.tables import ROW, SHOWN_CELLS, Column, DamagedRow
from polybroker.statements.xlsx.cellxml import CellType, check_length
from polybroker.statements.xlsx.scan import Batch
from polybroker.statements.xlsx.textxml import decomposed
from polybroker.statements.xlsx.values import render_column, unescape_column

_FLUSH: Final = 8 << 20
_UNCALCULATED: Final = (
    "the cell holds a formula without a value; open the workbook in a spreadsheet program and save it"
)


@define(eq=False)
class Collector:
    """Makes frames of batches as they come, a few megabytes at a time."""

    part: str
    columns: Sequence[Column]
    limits: Limits
    strings: Callable[[], pl.Series]
    is_1904: bool
    damaged: list[DamagedRow] = field(factory=list, init=False)
    _frames: list[pl.DataFrame] = field(factory=list, init=False)
    _held: list[Batch] = field(factory=list, init=False)
    _size: int = field(default=0, init=False)

    def add(self, batch: Batch) -> None:
        """Take up rows that follow those before."""
        if len(batch.rows):
            self._held.append(batch)
            self._size += len(batch.text)
            if self._size > _FLUSH:
                self._flush()

    def frame(self) -> pl.DataFrame:
        """All rows but blank and damaged ones."""
        if self._held:
            self._flush()
        empty = pl.DataFrame(schema={ROW: pl.UInt32, **{column.name: pl.String for column in self.columns}})
        return pl.concat(self._frames) if self._frames else empty

    def _flush(self) -> None:
        rows = np.concatenate([batch.rows for batch in self._held])
        types = np.concatenate([batch.types for batch in self._held])
        is_alone = np.concatenate([batch.is_alone for batch in self._held])
        text = b"".join([batch.text for batch in self._held])
        self._held.clear()
        self._size = 0
        raw = decomposed(text, len(self.columns), self.part)
        if raw.height != len(rows):
            raise StatementError(f"the part {self.part} of the workbook is broken; export it again")
        values = [
            self._rendered(raw.to_series(slot), types[:, slot], column).alias(column.name)
            for slot, column in enumerate(self.columns)
        ]
        frame = pl.DataFrame([pl.Series(ROW, rows, dtype=pl.UInt32), *values])
        self._frames.append(self._sound(frame, types, is_alone))

    def _rendered(self, raw: pl.Series, types: npt.NDArray[np.uint8], column: Column) -> pl.Series:
        counts = np.bincount(types, minlength=len(CellType))
        present = [kind for kind in CellType if counts[kind] and kind not in (CellType.EMPTY, CellType.UNCALCULATED)]
        if not present:
            return raw
        if len(present) == 1:
            return self._rendered_as(present[0], raw, column)
        parts = [self._rendered_as(kind, raw.set(pl.Series(types != kind), None), column) for kind in present]
        return pl.select(pl.coalesce(parts)).to_series()

    def _rendered_as(self, kind: CellType, raw: pl.Series, column: Column) -> pl.Series:
        if kind is CellType.NUMBER:
            return render_column(raw, column.kind, is_1904=self.is_1904)
        if kind is CellType.SHARED:
            return self._shared(raw)
        if kind is CellType.BOOLEAN:
            return raw.replace(["1", "0"], ["TRUE", "FALSE"])
        return self._own_text(raw)

    def _shared(self, raw: pl.Series) -> pl.Series:
        strings = self.strings()
        index = raw.cast(pl.UInt32, strict=False)
        highest = index.max()
        if index.null_count() != raw.null_count() or (isinstance(highest, int) and highest >= len(strings)):
            raise StatementError(
                f"a cell of the part {self.part} names a shared text that is not there; export it again"
            )
        return strings.gather(index)

    def _own_text(self, raw: pl.Series) -> pl.Series:
        texts = unescape_column(raw)
        longest = texts.str.len_bytes().max()
        if isinstance(longest, int) and longest > self.limits.cell_chars:
            characters = texts.str.len_chars().max()
            check_length(characters if isinstance(characters, int) else 0, self.limits)
        texts = texts.str.strip_chars()
        blank = (texts.str.len_bytes() == 0).fill_null(False)
        return texts.set(blank, None) if blank.any() else texts

    def _sound(
        self, frame: pl.DataFrame, types: npt.NDArray[np.uint8], is_alone: npt.NDArray[np.bool_]
    ) -> pl.DataFrame:
        """`frame` without rows that are blank, and without damaged ones, which are noted."""
        names = frame.columns[1:]
        empty = frame.select(pl.all_horizontal(pl.col(names).is_null())).to_series().to_numpy()
        uncalculated = types == CellType.UNCALCULATED
        broken = uncalculated.any(axis=1)
        drop = (empty & is_alone) | broken
        for index in np.flatnonzero(broken):
            column = names[int(uncalculated[index].argmax())]
            shown = frame.row(int(index))[1:] if len(self.damaged) < SHOWN_CELLS else ()
            cells = tuple(cell or "" for cell in shown)
            self.damaged.append(DamagedRow(int(frame.item(int(index), ROW)), f"{column}: {_UNCALCULATED}", cells))
        return frame.filter(pl.Series(~drop)) if drop.any() else frame
