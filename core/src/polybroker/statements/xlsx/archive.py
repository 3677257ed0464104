"""The parts of a workbook's zip archive, unpacked as streams under limits that no header can talk away."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from attrs import define, field

from polybroker.errors import UnsafeDocument
from polybroker.statements.content import Content
from polybroker.statements.limits import Limits
from polybroker.statements.xlsx.directory import STORED, Entry, damaged, data_offset, read_directory

_PACKED_PIECE: Final = 1 << 16
_UNPACKED_PIECE: Final = 1 << 20
_FREE_BYTES: Final = 1 << 20
"""Up to this size a part may be packed at any ratio."""
_SMALL_PART: Final = 64 << 20


@define(eq=False)
class Archive:
    """A zip archive whose directory has been checked."""

    content: Content
    limits: Limits
    _entries: dict[str, Entry]
    _unpacked: dict[str, int] = field(factory=dict, init=False)
    """The most that has been unpacked of each part."""

    @classmethod
    def open(cls, content: Content, limits: Limits) -> Archive:
        """Read and check the directory."""
        with content.open() as file:
            return cls(content, limits, read_directory(file, content.size, limits))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parts."""
        return tuple(entry.name for entry in self._entries.values())

    def has(self, name: str) -> bool:
        """Whether there is a part of this name; case does not count."""
        return name.lower() in self._entries

    def read(self, name: str) -> bytes:
        """A part that is small by nature, whole."""
        pieces: list[bytes] = []
        for piece in self.stream(name):
            pieces.append(piece)
            if len(pieces) * _UNPACKED_PIECE > _SMALL_PART:
                raise UnsafeDocument(f"the part {name} has more than {_SMALL_PART:,} bytes; export the workbook again")
        return b"".join(pieces)

    def stream(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes of a part, in pieces of at most a megabyte.

        Raises `UnsafeDocument` as soon as a limit is passed, and `StatementError` where the part is missing or is not
        what its length and checksum say (known at the end only).
        """
        entry = self._entries.get(name.lower())
        if entry is None:
            raise damaged(f"the part {name} is missing")
        with self.content.open() as file:
            checksum, size = 0, 0
            for piece in _unpacked(file, entry):
                size += len(piece)
                self._check_size(entry, size)
                checksum = zlib.crc32(piece, checksum)
                yield piece
        if size != entry.unpacked or checksum != entry.checksum:
            raise damaged(f"the part {entry.name} is not what its checksum says")

    def _check_size(self, entry: Entry, size: int) -> None:
        if size > max(_FREE_BYTES, self.limits.ratio * entry.packed):
            raise UnsafeDocument(
                f"the part {entry.name} unpacks to more than {self.limits.ratio} times its size, as no statement does; "
                "save the workbook anew, or as .csv"
            )
        self._unpacked[entry.name] = max(size, self._unpacked.get(entry.name, 0))
        if sum(self._unpacked.values()) > self.limits.unpacked_bytes:
            raise UnsafeDocument(
                f"the workbook unpacks to more than the {self.limits.unpacked_bytes:,} bytes that are read; "
                "export a shorter period"
            )


def _unpacked(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    file.seek(data_offset(file, entry))
    left = entry.packed
    inflate = None if entry.method == STORED else zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while left:
            packed = file.read(min(_PACKED_PIECE, left))
            if not packed:
                raise damaged(f"the part {entry.name} is cut off")
            left -= len(packed)
            if inflate is None:
                yield packed
                continue
            while packed:
                piece = inflate.decompress(packed, _UNPACKED_PIECE)
                packed = inflate.unconsumed_tail
                if piece:
                    yield piece
                if inflate.unused_data:
                    raise damaged(f"the part {entry.name} goes on behind its end")
    except zlib.error as error:
        raise damaged(f"the part {entry.name} cannot be unpacked") from error
    if inflate is not None and not inflate.eof:
        raise damaged(f"the part {entry.name} is cut off")
