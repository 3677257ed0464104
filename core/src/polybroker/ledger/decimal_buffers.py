"""The memory of an `EXACT` column as numpy words, and back, without a detour over Python numbers.

polars keeps a decimal as a two's-complement integer of 128 bits. The Arrow C data interface hands that memory
out and takes it in; every structure that changes hands here is made and released by polars itself.
Source: "The Arrow C data interface" and "The Arrow PyCapsule interface" of the Arrow format documentation.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from polybroker.statements.schema import EXACT

Words = npt.NDArray[np.int64]
"""Shape (n, 2): the low word (to be read as unsigned) and the high word of each number."""


class _Schema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", ctypes.c_void_p),
        ("get_next", ctypes.c_void_p),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_FILL: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_RELEASE: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_new_capsule: Final = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_capsule_pointer: Final = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = (ctypes.py_object, ctypes.c_char_p)


class _Exported:
    """The Arrow structures of one column, owned until they are given on or released."""

    def __init__(self, column: pl.Series) -> None:
        self.schema, self.array = _Schema(), _Array()
        capsule = column.rechunk().__arrow_c_stream__()
        stream = _Stream.from_address(_capsule_pointer(capsule, b"arrow_array_stream"))
        for function, target in ((stream.get_schema, self.schema), (stream.get_next, self.array)):
            if _FILL(function)(ctypes.addressof(stream), ctypes.addressof(target)):
                raise MemoryError("polars could not export a column")

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[Any, Any]:
        """Hand both structures over; the receiver releases them."""
        return (
            _new_capsule(ctypes.addressof(self.schema), b"arrow_schema", None),
            _new_capsule(ctypes.addressof(self.array), b"arrow_array", None),
        )

    def __del__(self) -> None:
        for structure in (self.schema, self.array):
            if structure.release:
                _RELEASE(structure.release)(ctypes.addressof(structure))


def decimal_words(column: pl.Series) -> Words:
    """The words of an `EXACT` column without nulls: a read-only view that keeps the memory alive."""
    if column.dtype != EXACT or column.null_count():
        raise TypeError(f"words are taken of an exact column without nulls, not of {column.dtype}")
    if not len(column):
        return np.empty((0, 2), dtype=np.int64)
    exported = _Exported(column)
    array = exported.array
    start = array.buffers[1] + 16 * array.offset
    memory = (ctypes.c_int64 * (2 * array.length)).from_address(start)
    memory.owner = exported  # the base of the view is `memory`
    words = np.frombuffer(memory, dtype=np.int64).reshape(-1, 2)
    words.flags.writeable = False
    return words


def decimal_column(words: Words, name: str = "") -> pl.Series:
    """The `EXACT` column of these words, which must not be written to any more."""
    if not len(words):
        return pl.Series(name, [], dtype=EXACT)
    numbers = _Exported(pl.Series(words.reshape(-1), dtype=pl.Int64))
    blank = _Exported(pl.Series([None], dtype=EXACT))
    numbers.schema, blank.schema = blank.schema, numbers.schema
    numbers.array.length = len(words)
    return pl.Series(numbers).alias(name)
