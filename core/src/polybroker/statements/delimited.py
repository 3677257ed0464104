"""Tables in delimited text.

Three ways lead to one table: `plain_lines` where every line is a row without quotes, `lines.scan_lines` and polars
where every record is a line with regular quotes, and `records.read_records` for all other text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import define, field

from polybroker.errors import UnsafeDocument
from polybroker.statements.content import Content
from polybroker.statements.dialects import Dialect
from polybroker.statements.encoding import Utf8, to_utf8
from polybroker.statements.headers import (
    HEADER_ROWS,
    FirstRow,
    Placement,
    find_header,
    header_row,
    place_columns,
    strip,
)
from polybroker.statements.limits import Limits
from polybroker.statements.lines import Lines, scan_lines
from polybroker.statements.plain_lines import count_lines, read_plain
from polybroker.statements.records import QUOTE, Record, check_lengths, split_record
from polybroker.statements.tables import ROW, SHOWN_CELLS, Column, DamagedRow, Header, Table

HEAD_BYTES: Final = 1 << 20
"""A header lies within this many bytes."""

_CUT: Final = "the file ends within a character of this row: it is cut off"
_Index = npt.NDArray[np.int64]


@define(eq=False)
class DelimitedFile:
    """Delimited text of one of some dialects, which the wanted columns tell apart where the text does not."""

    content: Content
    dialects: tuple[Dialect, ...]
    limits: Limits
    _first: dict[Dialect, list[Record]] = field(factory=dict, init=False)

    def first_rows(self, count: int) -> list[FirstRow]:
        """The first records, blank ones included, and at least as many as a header is looked for in."""
        return self._rows(self.dialects[0], count)

    def header(self, names: Collection[str]) -> Header | None:
        """The first row, as far as headers are looked for, that has all `names`."""
        found = (find_header(self._rows(dialect, HEADER_ROWS), names) for dialect in self.dialects)
        return next((header for header in found if header is not None), None)

    def table(self, columns: Sequence[Column]) -> Table:
        """The rows below the header that has `columns`."""
        return self._table(columns, exactly=False)

    def _table(self, columns: Sequence[Column], *, exactly: bool) -> Table:
        dialect = self._dialect_of(columns)
        placement = place_columns(self._rows(dialect, HEADER_ROWS), columns)
        header = next(record for record in self._first[dialect] if record.row == placement.header.row)
        below = [record.cells for record in self._first[dialect] if record.row > header.last_row]
        may_be_plain = all(len(cells) == placement.width and strip(cells[-1]) for cells in below)
        text = to_utf8(self.content.read())
        reading = _Reading(text, dialect, self.limits, placement, header.last_row, may_be_plain)
        frame = None if exactly or dialect.wrapped_in else reading.by_lines()
        if frame is None:
            frame = reading.by_records()
        damaged = tuple(sorted(reading.damaged, key=lambda damage: damage.row))
        return Table(frame, placement.header.names, placement.header.row, damaged)

    def _dialect_of(self, columns: Sequence[Column]) -> Dialect:
        for dialect in self.dialects:
            if header_row(self._rows(dialect, HEADER_ROWS), columns) is not None:
                return dialect
        return self.dialects[0]

    def _rows(self, dialect: Dialect, count: int) -> list[FirstRow]:
        count = max(count, HEADER_ROWS)
        if len(self._first.get(dialect, ())) < count:
            head = self.content.head(HEAD_BYTES)
            text = to_utf8(head, partial=len(head) < self.content.size)
            records = dialect.records(text.data, HEAD_BYTES)
            self._first[dialect] = list(islice(records, count))
        return [FirstRow(record.row, [strip(cell) for cell in record.cells]) for record in self._first[dialect]]


@define(eq=False)
class _Reading:
    """One reading of the rows below a header."""

    text: Utf8
    dialect: Dialect
    limits: Limits
    placement: Placement
    header_end: int
    """Lines up to the end of the header."""
    may_be_plain: bool
    """The first rows have all cells and no quotes, so that it is worth a try whether all rows are like that."""
    damaged: list[DamagedRow] = field(factory=list, init=False)

    def by_lines(self) -> pl.DataFrame | None:
        """The frame, by measuring lines; None where records have to be read one by one."""
        start = _line_start(self.text.data, self.header_end)
        if start is None:
            return None
        frame = self._plain(start)
        if frame is not None:
            return frame
        lines = scan_lines(self.text.data, start, self.dialect.delimiter)
        if lines is None:
            return None
        self._check_cells(int(lines.cells.sum()))
        kept = self._kept_lines(lines)
        frame = self._parsed(lines, kept)
        if frame is None:
            self.damaged.clear()
            return None
        return self._without_blank(frame, lines, kept)

    def by_records(self) -> pl.DataFrame:
        """The frame, record by record."""
        rows: list[int] = []
        cells: list[list[str | None]] = [[] for _ in self.placement.found]
        places = [place for _, place in self.placement.found]
        count = 0
        record = None
        for record in self.dialect.records(self.text.data, self.limits.cell_chars):
            if record.row <= self.header_end:
                continue
            count += len(record.cells)
            self._check_cells(count)
            if self._is_kept(record):
                rows.append(record.row)
                for column, place in zip(cells, places, strict=True):
                    column.append(strip(record.cells[place]) or None)
        if self.text.is_cut and record is not None and rows and rows[-1] == record.row:
            self._damage(record, _CUT)
            rows.pop()
            for column in cells:
                column.pop()
        data = {column.name: values for (column, _), values in zip(self.placement.found, cells, strict=True)}
        return pl.DataFrame({ROW: rows, **data}, schema={ROW: pl.UInt32, **dict.fromkeys(data, pl.String)})

    def _plain(self, start: int) -> pl.DataFrame | None:
        """The frame where every line is a row with all cells; None where that is not proven."""
        if not (self.text.is_ascii and self.may_be_plain):
            return None
        delimiter, width = self.dialect.delimiter, self.placement.width
        counts = count_lines(self.text.data, start, delimiter, self.limits.cell_chars)
        if counts is None or counts.cells != counts.lines * width:
            return None
        self._check_cells(counts.cells)
        wanted = {column.name: place for column, place in self.placement.found}
        frame = read_plain(self.text.data, self.header_end, delimiter, width, wanted)
        # A row without any wanted cell may be blank.
        if frame is None or frame.height != counts.lines or all(frame.null_count().row(0)):
            return None
        first = self.header_end + 1
        return frame.insert_column(0, pl.Series(ROW, np.arange(first, first + counts.lines, dtype=np.uint32)))

    def _check_cells(self, count: int) -> None:
        if count > self.limits.cells:
            raise UnsafeDocument(
                f"the table has more than the {self.limits.cells:,} cells that are read; export a shorter period"
            )

    def _is_kept(self, record: Record) -> bool:
        """Whether the record is a row of the frame; if not, it is blank or damaged."""
        problem = record.problem
        if problem is None:
            if not any(strip(cell) for cell in record.cells):
                return False
            problem = self._misfit(record.cells)
        if problem is not None:
            self._damage(record, problem)
        return problem is None

    def _misfit(self, cells: Sequence[str]) -> str | None:
        """What is wrong with the number of cells; blank cells beyond the header do no harm."""
        named = len(self.placement.header.names)
        if len(cells) < named:
            return f"the row has {len(cells)} cells where the header has {named}"
        if any(strip(cell) for cell in cells[self.placement.width :]):
            return f"the row has {len(cells)} cells where the header has {self.placement.width}"
        return None

    def _damage(self, record: Record, problem: str) -> None:
        reach = f" (rows {record.row} to {record.last_row})" if record.last_row > record.row else ""
        cells = tuple(strip(cell) for cell in record.cells) if len(self.damaged) < SHOWN_CELLS else ()
        self.damaged.append(DamagedRow(record.row, problem + reach, cells))

    def _kept_lines(self, lines: Lines) -> _Index:
        """The lines to be parsed; the others are blank or damaged."""
        keep = np.ones(len(lines.starts), dtype=np.bool_)
        suspect = (lines.cells < len(self.placement.header.names)) | (lines.cells > self.placement.width)
        suspect &= ~self._has_blank_tail(lines)
        # A line that is all delimiters.
        keep &= lines.ends - lines.starts >= lines.cells
        suspect |= lines.ends - lines.starts > self.limits.cell_chars
        suspect &= keep
        for line in np.flatnonzero(suspect):
            keep[line] = self._is_kept(self._record(lines, int(line)))
        if self.text.is_cut and len(keep) and keep[-1]:
            self._damage(self._record(lines, len(keep) - 1), _CUT)
            keep[-1] = False
        return np.flatnonzero(keep)

    def _has_blank_tail(self, lines: Lines) -> npt.NDArray[np.bool_]:
        """Lines that have more cells than the header, of which those beyond it are empty."""
        tail = np.zeros(len(lines.starts), dtype=np.bool_)
        if not (lines.cells > self.placement.width).any():
            return tail
        data = np.frombuffer(self.text.data, dtype=np.uint8)
        for count in np.unique(lines.cells):
            surplus = int(count) - self.placement.width
            if surplus > 0:
                some = np.flatnonzero(lines.cells == count)
                delimiters = np.ones(len(some), dtype=np.bool_)
                for back in range(1, surplus + 1):
                    delimiters &= data[lines.ends[some] - back] == ord(self.dialect.delimiter)
                tail[some] = delimiters
        return tail

    def _record(self, lines: Lines, line: int) -> Record:
        text = self.text.data[lines.starts[line] : lines.ends[line]].decode(errors="replace")
        row = self.header_end + 1 + line
        split = split_record(text, self.dialect.delimiter, self.limits.cell_chars)
        check_lengths(split.cells, self.limits.cell_chars, row)
        return Record(row, row, split.cells, None, split.is_regular, split.is_wholly_quoted)

    def _parsed(self, lines: Lines, kept: _Index) -> pl.DataFrame | None:
        """The lines `kept`; None where polars does not see the rows that we do."""
        names = [column.name for column, _ in self.placement.found]
        if not len(kept):
            return pl.DataFrame(schema={ROW: pl.UInt32, **dict.fromkeys(names, pl.String)})
        whole = len(kept) == len(lines.starts)
        widths = lines.cells if whole else lines.cells[kept]
        width = int(widths[0])
        if not (widths == width).all():
            return None
        cells = pl.scan_csv(
            self.text.data if whole else _selected(self.text.data, lines, kept),
            has_header=False,
            skip_lines=self.header_end if whole else 0,
            schema={str(index): pl.String for index in range(width)},
            separator=self.dialect.delimiter,
            quote_char=QUOTE if lines.has_quotes else None,
        )
        wanted = [pl.col(str(place)).alias(column.name) for column, place in self.placement.found]
        if lines.has_padding or not self.text.is_ascii:
            wanted = [expression.str.strip_chars() for expression in wanted]
        if lines.has_padding or lines.has_quotes or not self.text.is_ascii:
            wanted = [pl.when(expression.str.len_bytes() > 0).then(expression) for expression in wanted]
        try:
            frame = cells.select(wanted).collect()
        except pl.exceptions.PolarsError:
            return None
        rows = pl.Series(ROW, kept + (self.header_end + 1), dtype=pl.UInt32)
        return frame.insert_column(0, rows) if frame.height == len(kept) else None

    def _without_blank(self, frame: pl.DataFrame, lines: Lines, kept: _Index) -> pl.DataFrame:
        """`frame` without rows that are blank; rows that only lack the wanted cells stay."""
        names = frame.columns[1:]
        if any(not frame.get_column(name).null_count() for name in names):
            return frame
        empty = np.flatnonzero(frame.select(pl.all_horizontal(pl.col(names).is_null())).to_series().to_numpy())
        blank = [index for index in empty if not any(map(strip, self._record(lines, int(kept[index])).cells))]
        if not blank:
            return frame
        keep = np.ones(frame.height, dtype=np.bool_)
        keep[blank] = False
        return frame.filter(pl.Series(keep))


def _line_start(data: bytes, lines: int) -> int | None:
    """The offset behind so many lines; None where they do not all end in a line feed."""
    place = 0
    for _ in range(lines):
        place = data.find(b"\n", place) + 1
        if not place:
            return None
    returns = data.count(b"\r", 0, place)
    return place if returns == data.count(b"\r\n", 0, place) else None


def _selected(data: bytes, lines: Lines, kept: Iterable[np.int64]) -> bytes:
    """The lines `kept`, each ended by a line feed."""
    view = memoryview(data)
    chosen = np.fromiter(kept, dtype=np.int64)
    breaks = np.flatnonzero(np.diff(chosen) != 1) + 1
    runs = np.split(chosen, breaks)
    # A run is one slice; what ends its last line may be missing at the end of the file.
    parts = (bytes(view[lines.starts[run[0]] : lines.ends[run[-1]]]) for run in runs)
    return b"\n".join(parts) + b"\n"
