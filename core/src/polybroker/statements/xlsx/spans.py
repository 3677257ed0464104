"""Finding the values of many elements at once by how their markup begins and ends.

A column of a sheet has few forms of start tag. The form of one cell is read, and then all cells of that form are
found by comparing bytes, eight at a time; what has no form that is understood is left for an XML parser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FIELD_END: Final = 0x1F
RECORD_END: Final = 0x1E
"""Separators of composed text; XML cannot contain them."""

_WORD: Final = 8
_PADDING: Final = b"\0" * 64
_MOST_FORMS: Final = 32
_TRIES: Final = 8


@define(eq=False)
class Chunk:
    """A piece of XML as bytes, and as the eight bytes from each place on."""

    data: bytes
    length: int = field(init=False)
    array: npt.NDArray[np.uint8] = field(init=False)
    words: npt.NDArray[np.uint64] = field(init=False)
    _before: tuple[int, Mask] | None = field(default=None, init=False)
    """Where the byte is that stands before the names of tags."""

    def __attrs_post_init__(self) -> None:
        self.length = len(self.data)
        self.data += _PADDING
        self.array = np.frombuffer(self.data, dtype=np.uint8)
        self.words = np.ndarray((len(self.data) - _WORD + 1,), dtype="<u8", buffer=self.data, strides=(1,))

    def has(self, pattern: bytes, places: Positions) -> Mask:
        """Whether `pattern` stands at each of `places`, none of which is beyond the chunk's end."""
        last = len(self.words) - 1
        if len(pattern) < _WORD:
            mask = np.uint64((1 << (8 * len(pattern))) - 1)
            found: Mask = (self.words[places] & mask) == np.uint64(int.from_bytes(pattern, "little"))
            return found
        found = np.ones(len(places), dtype=np.bool_)
        for start in (*range(0, len(pattern) - _WORD, _WORD), len(pattern) - _WORD):
            word = np.uint64(int.from_bytes(pattern[start : start + _WORD], "little"))
            at = places + start
            if len(at) and at[-1] > last - _WORD:
                at = np.minimum(at, last)
            found &= self.words[at] == word
        return found

    def tags(self, prefix: bytes, letter: bytes) -> Positions:
        """Where the start tags begin whose names, after `prefix`, begin with `letter`."""
        before = ord("<") if not prefix else prefix[-1]
        if self._before is None or self._before[0] != before:
            self._before = (before, self.array[: self.length - 1] == before)
        found = self.array[1 : self.length] == ord(letter)
        found &= self._before[1]
        places = np.flatnonzero(found)
        if not prefix:
            return places
        places -= len(prefix)
        places = places[places >= 0]
        return places[self.has(b"<" + prefix, places)]

    def is_plain(self) -> bool:
        """Whether there are neither comments, CDATA, processing instructions nor carriage returns."""
        return not (
            (b"!" in self.data and b"<!" in self.data)
            or (b"?" in self.data and b"<?" in self.data)
            or b"\r" in self.data
        )


@frozen
class Form:
    """How an element is written: `lead`, the value, `tail`."""

    lead: bytes
    tail: bytes
    type: int
    is_empty: bool = False
    """There is no value, and the element ends with `lead`."""


@frozen(eq=False)
class Found:
    """Spans of values within a chunk, one per element; `is_odd` ones have no form that is understood."""

    starts: Positions
    lengths: Positions
    types: npt.NDArray[np.uint8]
    is_odd: Mask


def find_values(
    chunk: Chunk, starts: Positions, ends: Positions, forms: list[Form], discover: Callable[[bytes], Form | None]
) -> Found:
    """The values of the elements that begin at `starts` (somewhere in their start tag) and end at `ends`.

    `forms` are tried in turn, and those that `discover` reads from an element are added.
    """
    found = Found(
        np.zeros(len(starts), dtype=np.int64),
        np.zeros(len(starts), dtype=np.int64),
        np.zeros(len(starts), dtype=np.uint8),
        np.zeros(len(starts), dtype=np.bool_),
    )
    left = np.arange(len(starts))
    for form in forms:
        if not len(left):
            return found
        left = _take(chunk, form, left, starts, ends, found)
    for _ in range(_TRIES):
        if not len(left):
            return found
        first = left[0]
        new = discover(chunk.data[starts[first] : ends[first]]) if len(forms) < _MOST_FORMS else None
        if new is None:
            found.is_odd[first] = True
            left = left[1:]
        else:
            forms.append(new)
            left = _take(chunk, new, left, starts, ends, found)
    found.is_odd[left] = True
    return found


def _take(chunk: Chunk, form: Form, left: Positions, starts: Positions, ends: Positions, found: Found) -> Positions:
    """Note the values of the elements of this form; returns those that are left."""
    begin = starts[left]
    end = ends[left]
    value, value_end = begin + len(form.lead), end - len(form.tail)
    fits = chunk.has(form.lead, begin)
    if form.is_empty:
        fits &= value == end
    else:
        fits &= value <= value_end
        fits &= chunk.has(form.tail, value_end)
        all_fit = bool(fits.all())
        index = left if all_fit else left[fits]
        found.starts[index] = value if all_fit else value[fits]
        found.lengths[index] = (value_end - value) if all_fit else (value_end - value)[fits]
        found.types[index] = form.type
        if all_fit:
            return left[:0]
    return left[~fits]


def with_texts(chunk: Chunk, found: Found, texts: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """The bytes that `found` points into, after pointing its odd elements to `texts`, one for each."""
    if not texts:
        return chunk.array
    sizes = np.array([len(text) for text in texts], dtype=np.int64)
    found.starts[found.is_odd] = len(chunk.array) + np.cumsum(sizes) - sizes
    found.lengths[found.is_odd] = sizes
    return np.concatenate((chunk.array, np.frombuffer(b"".join(texts) + b"\0", dtype=np.uint8)))


def compose(source: npt.NDArray[np.uint8], starts: Positions, lengths: Positions) -> npt.NDArray[np.uint8]:
    """The spans of a table (rows by columns) as delimited text, to be read by `decomposed`.

    Values are copied as they are; the caller has to make sure that they contain no separators.
    """
    sizes = lengths.ravel() + 1
    ends = np.cumsum(sizes)
    index = np.repeat(starts.ravel() - (ends - sizes), sizes)
    index += np.arange(len(index))
    text = source.take(index, mode="clip")
    ends -= 1
    text[ends] = FIELD_END
    text[ends[lengths.shape[1] - 1 :: lengths.shape[1]]] = RECORD_END
    return text
