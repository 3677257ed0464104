"""The lines of delimited text, measured all at once.

Only for text whose quoting is regular and stays within lines; `scan_lines` says where that is not so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

Positions = npt.NDArray[np.int64]
_Bytes = npt.NDArray[np.uint8]
_Mask = npt.NDArray[np.bool_]

_BLOCK: Final = 1 << 19
_LINE_END: Final = 10
_RETURN: Final = 13
_QUOTE: Final = 34
_ZERO: Final = np.zeros(1, dtype=np.int64)
_BLANKS: Final = b" \t\x0b\x0c"


@frozen(eq=False)
class Lines:
    """The lines from some offset on, one entry each."""

    starts: Positions
    ends: Positions
    """Before the line end."""
    cells: Positions
    has_quotes: bool
    has_padding: bool
    """Some cell begins or ends with a blank."""


def scan_lines(data: bytes, start: int, delimiter: str) -> Lines | None:
    """Measure the lines of `data` from `start`, the beginning of a line.

    None where that needs a reader of single records: quoted cells with line ends, text around quotes, carriage
    returns within lines.
    """
    scanner = _Scanner(
        delimiter=ord(delimiter),
        blanks=tuple(blank for blank in _BLANKS if blank in data and blank != ord(delimiter)),
        has_quotes=_QUOTE in data,
        has_returns=_RETURN in data,
    )
    parts: list[_Block] = []
    for first, last in blocks(data, start):
        block = scanner.scan(np.frombuffer(data, dtype=np.uint8, count=last - first, offset=first), first)
        if block is None:
            return None
        parts.append(block)
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Lines(nothing, nothing, nothing, has_quotes=False, has_padding=False)
    return Lines(
        starts=np.concatenate([part.starts for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        cells=np.concatenate([part.cells for part in parts]),
        has_quotes=any(part.has_quotes for part in parts),
        has_padding=scanner.has_padding,
    )


@frozen(eq=False)
class _Block:
    starts: Positions
    ends: Positions
    cells: Positions
    has_quotes: bool


def blocks(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Ranges of whole lines, of a size that fits the processor's cache."""
    while start < len(data):
        end = data.rfind(b"\n", start, start + _BLOCK) + 1
        if not end:
            end = data.find(b"\n", start + _BLOCK) + 1 or len(data)
        yield start, end
        start = end


@define(eq=False)
class _Scanner:
    """Measures blocks; what does not occur in the data is not looked for."""

    delimiter: int
    blanks: tuple[int, ...]
    has_quotes: bool
    has_returns: bool
    has_padding: bool = False
    _masks: list[_Mask] = field(factory=list, init=False)
    """Memory that is used for every block again: to get and clear it costs more than to fill it."""

    def scan(self, block: _Bytes, offset: int) -> _Block | None:
        """The lines of a block that begins at `offset`."""
        is_end = self._where(0, block, _LINE_END)
        is_delimiter = self._where(1, block, self.delimiter)
        ends = np.flatnonzero(is_end)
        if not len(ends) or ends[-1] != len(block) - 1:
            ends = np.append(ends, len(block))
        starts = np.concatenate((_ZERO, ends[:-1] + 1))
        edges = is_end | is_delimiter if self.has_quotes or self.has_returns else is_end
        line_ends = ends
        if self.has_returns:
            before_end = (block[np.maximum(ends - 1, 0)] == _RETURN) & (ends > starts)
            returns = self._where(2, block, _RETURN)
            if np.count_nonzero(returns) != np.count_nonzero(before_end):
                return None
            line_ends = ends - before_end
            edges |= returns
        has_quotes = False
        if self.has_quotes:
            quotes = self._where(2, block, _QUOTE)
            has_quotes = bool(quotes.any())
            if has_quotes:
                inside = np.bitwise_xor.accumulate(quotes.view(np.uint8)).view(np.bool_)
                if (inside & is_end).any() or not _is_regular(quotes, inside, edges):
                    return None
                is_delimiter &= ~inside
                edges |= quotes
        cells = _count(is_delimiter, starts) + 1
        if self.blanks and not self.has_padding:
            self.has_padding = self._has_padding(block, np.logical_or(edges, is_delimiter, out=edges))
        return _Block(starts + offset, line_ends + offset, cells, has_quotes)

    def _has_padding(self, block: _Bytes, edges: _Mask) -> bool:
        blank = self._where(2, block, self.blanks[0])
        for further in self.blanks[1:]:
            blank |= self._where(3, block, further)
        touches = self._mask(3, len(block))[1:]
        return bool(
            blank[0]
            or blank[-1]
            or np.logical_and(blank[1:], edges[:-1], out=touches).any()
            or np.logical_and(blank[:-1], edges[1:], out=touches).any()
        )

    def _where(self, mask: int, block: _Bytes, byte: int) -> _Mask:
        return np.equal(block, byte, out=self._mask(mask, len(block)))

    def _mask(self, number: int, size: int) -> _Mask:
        if not self._masks or len(self._masks[0]) < size:
            self._masks = [np.empty(max(size, _BLOCK), dtype=np.bool_) for _ in range(4)]
        return self._masks[number][:size]


def _count(mask: _Mask, starts: Positions) -> Positions:
    """How many of `mask` are true from each start to the next."""
    counts = np.add.reduceat(mask.view(np.uint8), starts, dtype=np.uint8).astype(np.int64)
    if int(counts.sum()) != np.count_nonzero(mask):
        # A line of more than 255 delimiters.
        counts = np.add.reduceat(mask, starts, dtype=np.int64)
    return counts


def _is_regular(quotes: _Mask, inside: _Mask, edges: _Mask) -> bool:
    """Whether quotes open cells at their beginning and close them at their end, doubled quotes apart.

    `inside` holds from an opening quote up to what stands before the closing one.
    """
    opening = quotes & inside
    closing = quotes & ~inside
    follows = edges[:-1] | closing[:-1]
    precedes = edges[1:] | opening[1:]
    return not (inside[-1] or (opening[1:] & ~follows).any() or (closing[:-1] & ~precedes).any())
