"""Which delimiter a text file uses, judged by its first records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import frozen

from polybroker.statements.headers import strip
from polybroker.statements.records import Record, physical_lines, read_records, split_record

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_RECORDS: Final = 60


@frozen
class Dialect:
    """How the cells of a record are told apart."""

    delimiter: str
    wrapped_in: str | None = None
    """The delimiter of a second layer: a spreadsheet of another locale took each record for one cell."""

    def records(self, data: bytes, cell_chars: int) -> Iterator[Record]:
        """The records of UTF-8 text, exactly."""
        outer = read_records(physical_lines(data), self.wrapped_in or self.delimiter, cell_chars)
        if self.wrapped_in is None:
            return outer
        return (_unwrapped(record, self.wrapped_in, self.delimiter, cell_chars) for record in outer)


def sniff(head: bytes) -> tuple[Dialect, ...]:
    """The dialects that make columns of the text that begins with `head`, the likeliest first."""
    # With the wrong delimiter a long row is one cell, and no harm.
    cell_chars = len(head)
    samples = {delimiter: _sample(head, delimiter, cell_chars) for delimiter in DELIMITERS}
    scores = {delimiter: _score(sample, delimiter) for delimiter, sample in samples.items()}
    for outer, sample in samples.items():
        inner = _inner_delimiter(sample, outer, cell_chars, above=max(scores.values()))
        if inner is not None:
            return (Dialect(inner, wrapped_in=outer),)
    likely = sorted(scores, key=lambda delimiter: scores[delimiter], reverse=True)
    return tuple(Dialect(delimiter) for delimiter in likely if scores[delimiter] > (False, 0))


def _sample(head: bytes, delimiter: str, cell_chars: int) -> list[Record]:
    records = read_records(physical_lines(head), delimiter, cell_chars)
    return [record for record, _ in zip(records, range(_SAMPLE_RECORDS), strict=False)]


def _score(records: Iterable[Record], delimiter: str) -> tuple[bool, int]:
    """Whether the columns begin with a row of labels, and how many cells are in line."""
    rows = [record.cells for record in records if len(record.cells) > 1 and record.problem is None]
    if not rows:
        return False, 0
    width, count = Counter(len(row) for row in rows).most_common(1)[0]
    header = next(row for row in rows if len(row) >= max(2, width - 1))
    return _are_labels(header, delimiter), count * (width - 1)


def _are_labels(cells: Iterable[str], delimiter: str) -> bool:
    """Labels have letters and no delimiters: `7200,75` of a file with semicolons is no pair of them."""
    others = set(DELIMITERS) - {delimiter}
    filled = [text for cell in cells if (text := strip(cell))]
    return bool(filled) and all(any(letter.isalpha() for letter in text) and not others & set(text) for text in filled)


def _inner_delimiter(records: list[Record], outer: str, cell_chars: int, *, above: tuple[bool, int]) -> str | None:
    """The delimiter within single cells, if a spreadsheet took records for cells.

    It quotes such a cell where need be, and pads the rows to one width (some of them it forgets to pad).
    """
    filled = [record for record in records if any(strip(cell) for cell in record.cells)]
    wrapped = [record for record in filled if not any(strip(cell) for cell in record.cells[1:])]
    if len(wrapped) < 2 or len(wrapped) < 0.9 * len(filled) or not all(record.is_regular for record in filled):
        return None
    is_padded = len(filled[0].cells) > 1 and len({len(record.cells) for record in filled} - {1}) == 1
    if not is_padded and not any(record.is_wholly_quoted for record in wrapped):
        return None
    for inner in DELIMITERS:
        if inner != outer:
            score = _score((_unwrapped(record, outer, inner, cell_chars) for record in filled), inner)
            # Unwrapping has to bring more cells in line than leaving the text as it is.
            if score[0] and score > above:
                return inner
    return None


def _unwrapped(record: Record, outer: str, inner: str, cell_chars: int) -> Record:
    if record.problem is not None:
        return record
    cells = list(record.cells)
    while len(cells) > 1 and not strip(cells[-1]):
        cells.pop()
    split = split_record(outer.join(cells), inner, cell_chars)
    problem = None if split.is_closed else "a quote is opened in this row and never closed"
    return record._replace(cells=split.cells if split.is_closed else cells, problem=problem)
