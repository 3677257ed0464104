"""The texts that a workbook's cells share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import polars as pl

from polybroker.errors import UnsafeDocument
from polybroker.statements.limits import Limits
from polybroker.statements.xlsx.archive import Archive
from polybroker.statements.xlsx.cellxml import ESCAPED_LENGTH, CellType, check_length
from polybroker.statements.xlsx.chunks import Chunks
from polybroker.statements.xlsx.markup import XmlParser, local_name, not_well_formed
from polybroker.statements.xlsx.spans import Chunk, Form, compose, find_values, with_texts
from polybroker.statements.xlsx.textxml import decomposed, escaped, is_clean
from polybroker.statements.xlsx.values import unescape_column

_BATCH: Final = 8 << 20


class TextParser:
    """Collects the texts of `si` elements as they are parsed; phonetic readings do not count."""

    def __init__(self, part: str, limits: Limits) -> None:
        self.part = part
        self.limits = limits
        self.texts: list[str] = []
        self._parts: list[str] | None = None
        self._length = 0
        self._collects = self._is_phonetic = False
        self._parser = XmlParser(part, self._start, self._end, self._characters)
        self.feed = self._parser.feed

    def _start(self, name: str, _: dict[str, str]) -> None:
        tag = local_name(name)
        if tag == "si":
            self._parts, self._length = [], 0
        elif tag == "rPh":
            self._is_phonetic = True
        elif tag == "t":
            self._collects = not self._is_phonetic

    def _end(self, name: str) -> None:
        tag = local_name(name)
        if tag == "t":
            self._collects = False
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "si" and self._parts is not None:
            self.texts.append("".join(self._parts))
            self._parts = None

    def _characters(self, text: str) -> None:
        if self._collects and self._parts is not None:
            self._parts.append(text)
            self._length += len(text)
            check_length(self._length // ESCAPED_LENGTH, self.limits)


def shared_strings(archive: Archive, part: str | None, limits: Limits) -> pl.Series:
    """The shared texts, stripped; blank ones are null."""
    if part is None or not archive.has(part):
        return pl.Series(dtype=pl.String)
    chunks = Chunks(part, _limited(archive.stream(part), limits), b"sst", b"si")
    if chunks.prefix is None:
        composed = _parsed_whole(chunks, limits)
    else:
        scanner = _Scanner(part, limits, chunks.prefix)
        composed = (scanner.scan(chunk) for chunk in chunks)
    series = [decomposed(batch, 2, part).get_column("1") for batch in _batches(composed)]
    texts = unescape_column(pl.concat(series)) if series else pl.Series(dtype=pl.String)
    longest = texts.str.len_bytes().max()
    if isinstance(longest, int) and longest > limits.cell_chars:
        characters = texts.str.len_chars().max()
        check_length(characters if isinstance(characters, int) else 0, limits)
    texts = texts.str.strip_chars()
    blank = texts.str.len_bytes() == 0
    return texts.set(blank, None) if blank.any() else texts


def _limited(pieces: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.shared_bytes:
            raise UnsafeDocument(
                f"the workbook has more than the {limits.shared_bytes:,} bytes of shared texts that are read; "
                "export a shorter period"
            )
        yield piece


def _batches(composed: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for text in composed:
        held.append(text)
        size += len(text)
        if size > _BATCH:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _parsed_whole(chunks: Chunks, limits: Limits) -> Iterator[bytes]:
    parser = TextParser(chunks.part, limits)
    for piece in chunks.pieces:
        parser.feed(piece)
        yield _composed(parser.texts)
        parser.texts.clear()
    parser.feed(b"", last=True)
    yield _composed(parser.texts)


def _composed(texts: list[str]) -> bytes:
    return b"".join(b"\x1f%b\x1e" % escaped(text) for text in texts)


class _Scanner:
    """Finds the texts of chunks of `si` elements."""

    def __init__(self, part: str, limits: Limits, prefix: bytes) -> None:
        self._part = part
        self._limits = limits
        self._prefix = prefix
        self._forms: list[Form] = []
        item, text = b"<%bsi>" % prefix, b"<%bt" % prefix
        self._tail = b"</%bt></%bsi>" % (prefix, prefix)
        self._lead = re.compile(re.escape(item) + re.escape(text) + rb"(?:\s[^<>&]*)?(?<!/)>")
        self._empty = {item + text + b"/></%bsi>" % prefix, item + b"</%bsi>" % prefix, b"<%bsi/>" % prefix}

    def scan(self, data: bytes) -> bytes:
        """The texts as composed text of two columns, of which the first is empty."""
        chunk = Chunk(data)
        if chunk.is_plain():
            starts = chunk.tags(self._prefix, b"s")
            ends = np.append(starts[1:], chunk.length)
            found = find_values(chunk, starts, ends[: len(starts)], self._forms, self._form)
            odd = [data[starts[place] : ends[place]] for place in np.flatnonzero(found.is_odd)]
            source = with_texts(chunk, found, [escaped(text) for text in self._parsed(odd)])
            nothing = np.zeros_like(found.starts)
            text = compose(
                source, np.stack((nothing, found.starts), axis=1), np.stack((nothing, found.lengths), axis=1)
            )
            if is_clean(text, 2 * len(starts)):
                return text.tobytes()
        return _composed(self._parsed([data], one_each=False))

    def _parsed(self, fragments: list[bytes], *, one_each: bool = True) -> list[str]:
        if not fragments:
            return []
        parser = TextParser(self._part, self._limits)
        parser.feed(b"<sst>" + b"".join(fragments) + b"</sst>", last=True)
        if one_each and len(parser.texts) != len(fragments):
            raise not_well_formed(self._part, "texts are missing")
        return parser.texts

    def _form(self, element: bytes) -> Form | None:
        if element in self._empty:
            return Form(element, b"", CellType.EMPTY, is_empty=True)
        lead = self._lead.match(element)
        return None if lead is None else Form(lead[0], self._tail, CellType.TEXT)
