"""Chunks of a sheet as values of its wanted columns, without parsing what nobody wants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.limits import Limits
from polybroker.statements.xlsx.cellxml import CellType, Row, RowParser
from polybroker.statements.xlsx.layout import CellPlaces, Markup
from polybroker.statements.xlsx.markup import not_well_formed
from polybroker.statements.xlsx.spans import Chunk, Form, Found, Positions, compose, find_values, with_texts
from polybroker.statements.xlsx.textxml import escaped, is_clean

_Types = npt.NDArray[np.uint8]


@frozen(eq=False)
class Batch:
    """Rows of the wanted columns."""

    rows: Positions
    """Row numbers."""
    types: _Types
    """Rows by columns, values of `CellType`."""
    text: bytes
    """Composed text of the values."""
    is_alone: npt.NDArray[np.bool_]
    """Rows that have no cells but those with a type."""


class SheetScanner:
    """Reads the rows below the header, chunk by chunk in the order of the sheet."""

    def __init__(
        self, part: str, limits: Limits, columns: Sequence[int], header_row: int, prefix: bytes | None
    ) -> None:
        """`columns` are the 1-based numbers of the wanted columns."""
        self._part = part
        self.limits = limits
        self._columns = np.array(columns, dtype=np.int64)
        self._slots = {column: slot for slot, column in enumerate(columns)}
        self._header_row = header_row
        self._last_row = 0
        self._cells = 0
        self._tags = 0
        self._prefix = prefix or b""
        self._markup = Markup(self._prefix)
        self._forms: list[list[Form]] = [[] for _ in columns]
        self._slot_of = np.full(limits.columns + 1, -1, dtype=np.int16)
        self._slot_of[self._columns] = np.arange(len(self._columns))

    def scan(self, data: bytes) -> Batch:
        """The rows of a chunk that consists of whole rows."""
        chunk = Chunk(data)
        batch = self._scan(chunk) if chunk.is_plain() else None
        return self.parse(data) if batch is None else batch

    def parser(self) -> RowParser:
        """A parser of the wanted cells of rows that follow those before."""
        return RowParser(self._part, self.limits, last_row=self._last_row, wanted=self._slots, tags=self._tags)

    def parse(self, data: bytes) -> Batch:
        """`scan` by an XML parser."""
        parser = self.parser()
        parser.feed(b"<sheetData>")
        parser.feed(data)
        parser.feed(b"</sheetData>", last=True)
        self._tags = parser.tags
        return self.take(parser.rows)

    def take(self, rows: Sequence[Row]) -> Batch:
        """The wanted cells of parsed rows."""
        self._count_cells(sum(row.written for row in rows))
        kept: list[tuple[int, bool]] = []
        types: list[list[int]] = []
        records: list[str] = []
        for row in rows:
            self._advance(row.number, row.number)
            if row.number <= self._header_row:
                continue
            kinds, texts = [0] * len(self._columns), [""] * len(self._columns)
            for cell in row.cells:
                slot = self._slots[cell.column]
                kinds[slot], texts[slot] = cell.type, cell.text
            if row.has_others or any(kinds):
                kept.append((row.number, row.written == len(self._columns) - kinds.count(0)))
                types.append(kinds)
                records.append("\x1f".join(texts) + "\x1e")
        return Batch(
            rows=np.array([row for row, _ in kept], dtype=np.int64),
            types=np.array(types, dtype=np.uint8).reshape(len(kept), len(self._columns)),
            text=escaped("".join(records)),
            is_alone=np.array([alone for _, alone in kept], dtype=np.bool_),
        )

    def _advance(self, first: int, last: int) -> None:
        if first <= self._last_row:
            raise StatementError(
                f"the part {self._part} has row {first:,} behind row {self._last_row:,}; export the workbook again",
                row=first,
            )
        self._last_row = last

    def _count_cells(self, count: int) -> None:
        self._cells += count
        if self._cells > self.limits.cells:
            raise UnsafeDocument(
                f"the sheet has more than the {self.limits.cells:,} cells that are read; export a shorter period"
            )

    def _scan(self, chunk: Chunk) -> Batch | None:
        """The rows of a chunk; None where it is written in an unusual way."""
        cells = self._markup.cells(chunk)
        if cells is None or max(cells.columns.max(initial=0), cells.counts.max(initial=0)) > self.limits.columns:
            return None
        if len(cells.rows) and (cells.rows[0] <= self._last_row or (np.diff(cells.rows) <= 0).any()):
            return None
        skipped = int(np.searchsorted(cells.rows, self._header_row, side="right"))
        wanted, values = self._values(chunk, cells, skipped)
        odd = np.flatnonzero(values.is_odd)
        parsed = self._parsed([chunk.data[cells.starts[cell] : cells.ends[cell]] for cell in wanted[odd]])
        source = with_texts(chunk, values, [text for _, text in parsed])
        values.types[odd] = [kind for kind, _ in parsed]
        shape = (len(cells.rows) - skipped, len(self._columns))
        place = (cells.row_index[wanted] - skipped) * shape[1] + self._slot_of[cells.columns[wanted]]
        starts, lengths, types = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.uint8)
        starts.ravel()[place], lengths.ravel()[place], types.ravel()[place] = (
            values.starts,
            values.lengths,
            values.types,
        )
        filled = np.count_nonzero(types, axis=1)
        keep = filled > 0
        for row in np.flatnonzero(~keep):
            keep[row] = self._row_has_content(chunk, cells, int(row) + skipped)
        if not keep.all():
            starts, lengths, types = starts[keep], lengths[keep], types[keep]
        text = compose(source, starts, lengths)
        if not is_clean(text, starts.size):
            return None
        self._count_cells(len(cells.starts))
        if len(cells.rows):
            self._advance(int(cells.rows[0]), int(cells.rows[-1]))
        is_alone = cells.counts[skipped:][keep] == filled[keep]
        return Batch(cells.rows[skipped:][keep], types, text.tobytes(), is_alone)

    def _values(self, chunk: Chunk, cells: CellPlaces, skipped: int) -> tuple[Positions, Found]:
        """The wanted cells of the rows behind the `skipped` ones, column by column, and their values."""
        slots = self._slot_of[cells.columns]
        if skipped:
            slots[: cells.counts[:skipped].sum()] = -1
        wanted = np.flatnonzero(slots >= 0)
        slots = slots[wanted]
        parts = [wanted[slots == slot] for slot in range(len(self._columns))]
        found = [
            find_values(chunk, cells.heads(part, int(column)), cells.ends[part], forms, self._markup.form)
            for part, column, forms in zip(parts, self._columns, self._forms, strict=True)
        ]
        return np.concatenate(parts), Found(
            starts=np.concatenate([part.starts for part in found]),
            lengths=np.concatenate([part.lengths for part in found]),
            types=np.concatenate([part.types for part in found]),
            is_odd=np.concatenate([part.is_odd for part in found]),
        )

    def _parsed(self, elements: Sequence[bytes]) -> list[tuple[CellType, bytes]]:
        """Types and escaped texts of cells whose form is unusual."""
        if not elements:
            return []
        parser = RowParser(self._part, self.limits)
        parser.feed(b'<sheetData><row r="1">' + b"".join(elements) + b"</row></sheetData>", last=True)
        cells = parser.rows[0].cells if parser.rows else []
        if len(cells) != len(elements):
            raise not_well_formed(self._part, "cells are missing")
        return [(cell.type, escaped(cell.text)) for cell in cells]

    def _row_has_content(self, chunk: Chunk, cells: CellPlaces, row: int) -> bool:
        """Whether a row without wanted values has others."""
        end = cells.row_starts[row + 1] if row + 1 < len(cells.row_starts) else chunk.length
        element = chunk.data[cells.row_starts[row] : end]
        if not any(tag in element for tag in self._markup.content):
            return False
        parser = RowParser(self._part, self.limits, wanted=())
        parser.feed(b"<sheetData>" + element + b"</sheetData>", last=True)
        return any(parsed.has_others for parsed in parser.rows)
