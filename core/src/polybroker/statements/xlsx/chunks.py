"""Large XML parts as chunks of whole items (`row` in `sheetData`, `si` in `sst`), without parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from attrs import define, field

from polybroker.errors import UnsafeDocument
from polybroker.statements.xlsx.markup import not_well_formed

_CHUNK: Final = 1 << 20
_LONGEST_START: Final = 16 << 20
_LONGEST_ITEM: Final = 64 << 20
_TAIL: Final = 1 << 12
_DECLARED: Final = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_PLAIN_ENCODINGS: Final = (b"utf-8", b"us-ascii", b"ascii")
_END: Final = re.compile(rb"</[\w.:-]*\s*>(?:\s|<!--(?:(?!-->).)*-->)*\Z", re.DOTALL)


@define(eq=False)
class Chunks:
    """The items of one part.

    Where `prefix` is None, the part's beginning is too unusual to be cut: `pieces` is the whole part, to be parsed.
    Else `prefix` is what its element names begin with, and iteration gives chunks that consist of whole items.
    """

    part: str
    pieces: Iterator[bytes]
    container: bytes
    item: bytes
    prefix: bytes | None = field(default=None, init=False)
    _rest: bytes = field(default=b"", init=False)
    _is_empty: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        start = b""
        for piece in self.pieces:
            start += piece
            if self._finds_container(start) or b"\0" in start[:4] or len(start) > _LONGEST_START:
                break
        if self.prefix is None:
            self.pieces = chain((start,), self.pieces)

    def __iter__(self) -> Iterator[bytes]:
        """Chunks of whole items; at the end, `StatementError` where the part is cut off."""
        prefix = self.prefix or b""
        opening, closing = b"<" + prefix + self.item, b"</" + prefix + self.container
        buffer = self._rest
        if self._is_empty:
            self._check_end(buffer)
            return
        seen = 0
        for piece in self._large_pieces():
            buffer += piece
            cut = _last_tag(buffer, opening, max(0, seen - len(opening)))
            end = buffer.find(closing, cut if cut >= 0 else max(0, seen - len(closing)))
            if end >= 0:
                yield buffer[:end]
                self._check_end(buffer[end:])
                return
            if cut > 0:
                yield buffer[:cut]
                buffer = buffer[cut:]
            seen = len(buffer)
            if seen > _LONGEST_ITEM:
                raise UnsafeDocument(
                    f"the part {self.part} has a {self.item.decode()} of more than {_LONGEST_ITEM:,} bytes; "
                    "export the workbook again"
                )
        raise not_well_formed(self.part, "it is cut off")

    def _finds_container(self, start: bytes) -> bool:
        declared = _DECLARED.match(start.removeprefix(b"\xef\xbb\xbf"))
        if declared is not None and declared[1].lower() not in _PLAIN_ENCODINGS:
            return False
        visible = _without_comments(start)
        tag = re.search(rb"<((?:[A-Za-z_][\w.-]*:)?)" + self.container + rb"(?:\s[^<>]*?)?(/?)>", visible)
        if tag is None or b"<!" in visible[: tag.start()] or b"<?" in visible[5 : tag.start()]:
            return False
        self.prefix, self._is_empty, self._rest = tag[1], bool(tag[2]), start[tag.end() :]
        return True

    def _large_pieces(self) -> Iterator[bytes]:
        """The pieces, gathered: a chunk costs some work however small it is."""
        held, size = [b""], 0
        for piece in self.pieces:
            held.append(piece)
            size += len(piece)
            if size >= _CHUNK:
                yield b"".join(held)
                held, size = [], 0
        yield b"".join(held)

    def _check_end(self, tail: bytes) -> None:
        for piece in self.pieces:
            tail = (tail + piece)[-_TAIL:]
        if not _END.search(tail[-_TAIL:]):
            raise not_well_formed(self.part, "it is cut off")


def _last_tag(buffer: bytes, opening: bytes, start: int) -> int:
    """Where the last tag of this name begins; -1 if there is none from `start` on."""
    place = len(buffer)
    while (place := buffer.rfind(opening, start, place)) >= 0:
        if buffer[place + len(opening) : place + len(opening) + 1] in (b" ", b">", b"/", b"\t", b"\n", b"\r"):
            return place
    return -1


def _without_comments(text: bytes) -> bytes:
    """`text` with blanks in place of comments."""
    parts: list[bytes] = []
    place = 0
    while (begin := text.find(b"<!--", place)) >= 0 and (end := text.find(b"-->", begin + 4)) >= 0:
        parts += (text[place:begin], b" " * (end + 3 - begin))
        place = end + 3
    return b"".join((*parts, text[place:])) if parts else text
