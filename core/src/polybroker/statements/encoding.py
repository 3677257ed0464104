"""Any encoding of a text file as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from polybroker.errors import StatementError

_PIECE: Final = 1 << 20
_SAMPLE: Final = 4096
_REPLACEMENT: Final = "\ufffd".encode()
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@frozen
class Utf8:
    """Text as UTF-8 without byte order mark."""

    data: bytes
    is_cut: bool = False
    """The file ends within a character."""
    is_ascii: bool = False
    """There are no other characters; False where that is not known."""


def to_utf8(data: bytes, *, partial: bool = False) -> Utf8:
    """`data` as UTF-8, whatever its encoding: UTF-8 or UTF-16 (with or without mark), else Windows-1252.

    UTF-8 is not copied. `partial` says that `data` is the beginning of something longer. Raises `StatementError`
    where `data` is no text: it holds NUL characters, or bytes that none of these encodings has.
    """
    encoding, mark = _encoding(data[:_SAMPLE])
    body = data[mark:] if mark else data
    if encoding is None:
        text = _checked_utf8(body)
        # A character cut off at the end is no reason to take all others for Windows-1252.
        encoding = "cp1252" if text is None else "utf-8"
    elif encoding == "utf-8":
        text = _checked_utf8(body)
    else:
        text = None
    if text is None:
        text = _transcoded(body, encoding)
    return Utf8(_without_nul(text.data), text.is_cut and not partial, text.is_ascii)


def _encoding(sample: bytes) -> tuple[str | None, int]:
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name, len(mark)
    pairs = len(sample) // 2
    if pairs:
        even, odd = sample[: 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
        # Text of mostly Western letters has a zero in one half of each pair and hardly one in the other.
        if odd > pairs * 0.4 and even < pairs * 0.05:
            return "utf-16-le", 0
        if even > pairs * 0.4 and odd < pairs * 0.05:
            return "utf-16-be", 0
    return None, 0


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]


def _checked_utf8(data: bytes) -> Utf8 | None:
    """`data` if it is UTF-8; a character that is cut off at the end is replaced."""
    if data.isascii():
        return Utf8(data, is_ascii=True)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _pieces(data):
            decoder.decode(piece)
    except UnicodeDecodeError:
        return None
    rest = len(decoder.getstate()[0])
    return Utf8(data[:-rest] + _REPLACEMENT, is_cut=True) if rest else Utf8(data)


def _transcoded(data: bytes, encoding: str) -> Utf8:
    decoder = codecs.getincrementaldecoder(encoding)()
    out = bytearray()
    for piece in _pieces(data):
        try:
            out += decoder.decode(piece).encode()
        except UnicodeError:
            row = out.count(b"\n") + 1
            raise StatementError(
                f"from row {row} on, the text is neither UTF-8, UTF-16 nor Windows-1252; save the file as UTF-8",
                row=row,
            ) from None
    is_cut = bool(decoder.getstate()[0])
    return Utf8(bytes(out) + _REPLACEMENT if is_cut else bytes(out), is_cut)


def _without_nul(data: bytes) -> bytes:
    if b"\0" in data:
        row = data.count(b"\n", 0, data.find(b"\0")) + 1
        raise StatementError(f"row {row} holds a NUL character: this is no text file, or a damaged one", row=row)
    return data
