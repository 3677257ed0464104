"""The directory of a zip archive, read with distrust (PKWARE APPNOTE 6.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from attrs import frozen

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.limits import Limits

STORED: Final = 0
DEFLATED: Final = 8

_END: Final = struct.Struct("<4s4H2LH")
_END_SIGNATURE: Final = b"PK\x05\x06"
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_HEADER: Final = struct.Struct("<4s6H3L5H2L")
_HEADER_SIGNATURE: Final = b"PK\x01\x02"
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE: Final = b"PK\x03\x04"
_LONGEST_COMMENT: Final = 0xFFFF
_IN_EXTRA: Final = 0xFFFFFFFF
_ZIP64_EXTRA: Final = 1
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_FILE_TYPE: Final = 0o170000
_SYMLINK: Final = 0o120000

DAMAGED: Final = "the workbook is cut off or damaged; export or download it again"


@frozen
class Entry:
    """One part of the archive as the directory describes it."""

    name: str
    method: int
    checksum: int
    packed: int
    unpacked: int
    offset: int
    """Of the local header."""


def damaged(detail: str) -> StatementError:
    """The error for an archive that is no proper one."""
    return StatementError(f"{DAMAGED} ({detail})")


def read_directory(file: BinaryIO, size: int, limits: Limits) -> dict[str, Entry]:
    """The entries by lower-case name.

    Raises `UnsafeDocument` for too many entries, encrypted ones, names that lead out of the archive, links, entries
    that share a name or bytes, and for declared sizes above the limits.
    """
    count, length, offset = _read_end(file, size)
    if count > limits.entries:
        raise UnsafeDocument(f"the workbook has {count:,} parts, more than the {limits.entries:,} that are read")
    if offset + length > size:
        raise damaged("its directory lies beyond its end")
    file.seek(offset)
    entries: dict[str, Entry] = {}
    for entry in _parse(file.read(length), count):
        if entry.name.lower() in entries:
            raise UnsafeDocument(f"the workbook has two parts of the name {entry.name!r}; save it anew")
        entries[entry.name.lower()] = entry
    _check_space(entries, offset)
    declared = sum(entry.unpacked for entry in entries.values())
    if declared > limits.unpacked_bytes:
        raise UnsafeDocument(
            f"the workbook unpacks to {declared:,} bytes, more than the {limits.unpacked_bytes:,} that are read; "
            "export a shorter period"
        )
    return entries


def data_offset(file: BinaryIO, entry: Entry) -> int:
    """Where the packed bytes of `entry` begin."""
    file.seek(entry.offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_SIGNATURE):
        raise damaged(f"the part {entry.name} is not where the directory says")
    *_, name_length, extra_length = _LOCAL.unpack(header)
    return entry.offset + _LOCAL.size + int(name_length) + int(extra_length)


def _read_end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Count of entries, length and offset of the directory."""
    tail_start = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read(size - tail_start)
    place = len(tail)
    while (place := tail.rfind(_END_SIGNATURE, 0, place)) >= 0:
        if place + _END.size <= len(tail):
            _, disk, _, _, count, length, offset, comment = _END.unpack_from(tail, place)
            if place + _END.size + comment == len(tail) and disk in (0, 0xFFFF):
                break
    else:
        raise damaged("the end of its directory is missing")
    if count == 0xFFFF or _IN_EXTRA in (length, offset):
        return _read_end64(file, tail_start + place)
    return count, length, offset


def _read_end64(file: BinaryIO, end: int) -> tuple[int, int, int]:
    if end < _END64_LOCATOR.size:
        raise damaged("the end of its directory is missing")
    file.seek(end - _END64_LOCATOR.size)
    signature, _, place, _ = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
    if signature != b"PK\x06\x07" or place > end:
        raise damaged("the end of its directory is missing")
    file.seek(place)
    record = file.read(_END64.size)
    if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
        raise damaged("the end of its directory is missing")
    *_, count, length, offset = _END64.unpack(record)
    return count, length, offset


def _parse(directory: bytes, count: int) -> Iterator[Entry]:
    place = 0
    for _ in range(count):
        if len(directory) < place + _HEADER.size or not directory.startswith(_HEADER_SIGNATURE, place):
            raise damaged("its directory is broken")
        fields = _HEADER.unpack_from(directory, place)
        flags, method, checksum, packed, unpacked = fields[3], fields[4], *fields[7:10]
        name_length, extra_length, comment_length, attributes, offset = *fields[10:13], *fields[15:17]
        name_end = place + _HEADER.size + name_length
        place = name_end + extra_length + comment_length
        if place > len(directory):
            raise damaged("its directory is broken")
        raw_name = directory[name_end - name_length : name_end]
        name = raw_name.decode("utf-8", "replace")
        _check_entry(name, flags, method, attributes)
        if _IN_EXTRA in (packed, unpacked, offset):
            extra = directory[name_end : name_end + extra_length]
            unpacked, packed, offset = _zip64_fields(extra, [unpacked, packed, offset])
        yield Entry(name, method, checksum, packed, unpacked, offset)
    if place != len(directory):
        raise damaged("its directory has entries beyond their count")


def _zip64_fields(extra: bytes, fields: list[int]) -> list[int]:
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == _ZIP64_EXTRA:
            data = extra[place + 4 : place + 4 + length]
            missing = [index for index, value in enumerate(fields) if value == _IN_EXTRA]
            if len(data) < 8 * len(missing):
                break
            for position, index in enumerate(missing):
                fields[index] = struct.unpack_from("<Q", data, 8 * position)[0]
            return fields
        place += 4 + length
    raise damaged("its directory is broken")


def _check_entry(name: str, flags: int, method: int, attributes: int) -> None:
    if flags & _ENCRYPTED:
        raise UnsafeDocument(f"the part {name!r} is encrypted; remove the password and save the workbook again")
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise UnsafeDocument(f"the workbook has a part whose name leads out of it: {name!r}; export it again")
    if (attributes >> 16) & _FILE_TYPE == _SYMLINK:
        raise UnsafeDocument(f"the part {name!r} is a link to another file; export the workbook again")
    if method not in (STORED, DEFLATED):
        raise damaged(f"the part {name!r} is packed by a method that no spreadsheet uses")


def _check_space(entries: dict[str, Entry], directory: int) -> None:
    """Entries that share bytes unpack to far more than the archive can hold."""
    reached = 0
    for entry in sorted(entries.values(), key=lambda entry: entry.offset):
        if entry.offset < reached:
            raise UnsafeDocument(f"the part {entry.name!r} shares its bytes with another; export the workbook again")
        reached = entry.offset + _LOCAL.size + entry.packed
    if reached > directory:
        raise damaged("a part reaches beyond its end")
