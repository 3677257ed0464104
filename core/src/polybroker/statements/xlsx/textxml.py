"""Texts of cells out of raw XML."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from polybroker.errors import StatementError
from polybroker.statements.xlsx.markup import not_well_formed
from polybroker.statements.xlsx.spans import FIELD_END, RECORD_END

_ENTITY: Final = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_TAG: Final = ord("<")
_LAST_CONTROL: Final = 0x1F
_LAST_LETTER: Final = 0x10FFFF


def escaped(text: str) -> bytes:
    """`text` as it would stand in XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").encode("utf-8", "replace")


def is_clean(text: npt.NDArray[np.uint8], separators: int) -> bool:
    """Whether composed text has no tags, and no control characters but its separators, tabs and line feeds."""
    controls = np.count_nonzero(text <= _LAST_CONTROL)
    if controls != separators:
        controls -= np.count_nonzero(text == ord("\t")) + np.count_nonzero(text == ord("\n"))
    return controls == separators and not (text == _TAG).any()


def decomposed(text: bytes, columns: int, part: str) -> pl.DataFrame:
    """Composed text as String columns "0", "1", ...; empty values are null, entities are resolved."""
    try:
        if not text.isascii():
            text.decode()
        frame = pl.read_csv(
            text,
            has_header=False,
            schema={str(column): pl.String for column in range(columns)},
            separator=chr(FIELD_END),
            eol_char=chr(RECORD_END),
            quote_char=None,
        )
    except UnicodeDecodeError as error:
        raise not_well_formed(part, "its text is not UTF-8") from error
    except pl.exceptions.PolarsError as error:
        raise not_well_formed(part, str(error)) from error
    if b"&" in text:
        frame = frame.with_columns(_resolved_column(frame.get_column(name), part) for name in frame.columns)
    return frame


def _resolved_column(texts: pl.Series, part: str) -> pl.Series:
    has_entity = texts.str.contains("&", literal=True).fill_null(False)
    if not has_entity.any():
        return texts
    distinct = texts.filter(has_entity).unique()
    plain = pl.Series([_resolved(text, part) for text in distinct], dtype=pl.String)
    return texts.clone().scatter(has_entity.arg_true(), texts.filter(has_entity).replace_strict(distinct, plain))


def _resolved(text: str, part: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return _NAMED[match[1]]
        code = int(match[2]) if match[2] else int(match[3], 16) if match[3] else 0
        if not _is_letter(code):
            raise _undefined(match[0], part)
        return chr(code)

    return _ENTITY.sub(replace, text)


def _is_letter(code: int) -> bool:
    """Whether XML can contain this character."""
    if code < ord(" "):
        return code in (0x9, 0xA, 0xD)
    return code <= _LAST_LETTER and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)


def _undefined(entity: str, part: str) -> StatementError:
    return not_well_formed(part, f"undefined entity {entity!r}")
