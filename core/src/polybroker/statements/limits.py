"""How large a document may be before it is refused."""

from __future__ import annotations

from typing import Final

from attrs import frozen

_MEGABYTE: Final = 1024 * 1024
_GIGABYTE: Final = 1024 * _MEGABYTE


@frozen(kw_only=True)
class Limits:
    """Bounds of one document; sizes are bytes. Whatever exceeds one is refused with `UnsafeDocument`."""

    file_bytes: int = _GIGABYTE
    unpacked_bytes: int = 4 * _GIGABYTE
    """Of all parts of a workbook together, counted while they are inflated."""
    entries: int = 1_000
    """Parts of a workbook."""
    ratio: int = 200
    """Unpacked to packed bytes of one part; parts below a megabyte may exceed it."""
    cells: int = 60_000_000
    """Cells of one table, also those in columns that nobody asks for."""
    columns: int = 16_384
    cell_chars: int = 32_767
    shared_bytes: int = _GIGABYTE
    """Of the table of shared texts, which has to be held in memory."""


LIBRARY_LIMITS: Final = Limits()
"""For files that the user of the library or the command line chose."""

UPLOAD_LIMITS: Final = Limits(
    file_bytes=50 * _MEGABYTE,
    unpacked_bytes=512 * _MEGABYTE,
    cells=2_000_000,
    shared_bytes=128 * _MEGABYTE,
)
"""For files that come from elsewhere, to be read in a process of limited memory."""
