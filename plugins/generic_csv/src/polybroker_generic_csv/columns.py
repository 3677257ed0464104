"""Which column of a file holds what: header texts are known by name, in any order, among any others."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.errors import StatementError
from polybroker.statements.document import Document, DocumentFormat
from polybroker.statements.sides import parse_sides
from polybroker_generic_csv.words import ASSET_CLASSES, ORDER_TYPES, word_key

FEES: Final = "fees"
_ALL_FEES: Final = "all fees"
_BY_CONTENT: Final = ("type", "trade type", "transaction type", "trans type")
"""Names that mean the side, the asset class or the type of the order: the cells tell."""
_NEEDED: Final = ("quantity", "price")
_SYMBOLS: Final = ("symbol", "contract", "underlying")
_OTHER_MEANING: Final = (
    frozenset({"sub type", "average price"}),
    frozenset({"transaction code", "transaction subcode"}),
    frozenset({"data discriminator"}),
    frozenset({"level of detail"}),
    frozenset({"header"}),
)
"""Names in exports of brokers (tastytrade, Interactive Brokers) that would be misread: their price is the money of a
contract, or some rows repeat others."""

_UNIT: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CURRENCY: Final = re.compile(r" (?:usd|eur|gbp|chf|cad|aud|jpy)$")
_DATED: Final = r"^\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|^\s*[0-9]{8}"
_CLOCK_OF_A_WORKBOOK: Final = r"^1899-12-3|^1904-01-01"
_HEADER_ROWS: Final = 50


@cache
def column_names() -> Mapping[str, tuple[str, ...]]:
    """The names that the column of each field can have, the best first; from `data/column_names.csv`."""
    text = (files(__package__) / "data" / "column_names.csv").read_text("utf-8")
    names: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        names[row["field"]] = (*names.get(row["field"], ()), row["name"])
    return MappingProxyType(names)


def fields() -> tuple[str, ...]:
    """The fields that a column can be given for."""
    return tuple(field for field in column_names() if field != _ALL_FEES)


@frozen
class Layout:
    """Where a document keeps the fields of its executions."""

    section: str
    headers: Mapping[str, str]
    """The header text of each field that the document has."""
    fees: tuple[str, ...]
    """The header texts of the columns whose charges are added up."""


def header_key(text: str) -> str:
    """A header text as it is compared: `ExecTime`, `exec_time` and `Exec. Time (ET)` are `exec time`."""
    words = _CAMEL.sub(" ", _UNIT.sub(" ", text))
    return _CURRENCY.sub("", re.sub(r"[^0-9a-z]+", " ", words.casefold()).strip())


def find_layout(document: Document, renamed: Mapping[str, str] | None = None) -> Layout:
    """The one table of executions in `document`; `renamed` gives the headers of fields that have other names.

    Raises `StatementError` where there is none, with what is missing, and where two sheets of a workbook hold one.
    """
    found = layouts(document, renamed)
    if len(found) > 1:
        names = ", ".join(repr(layout.section) for layout in found)
        raise StatementError(f"the sheets {names} all hold executions; save each as a file", source=document.name)
    if not found:
        rows = [row for section in document.sections for row in document.head(_HEADER_ROWS, section)]
        raise _missing(document, rows, renamed or {})
    return found[0]


def layouts(document: Document, renamed: Mapping[str, str] | None = None) -> list[Layout]:
    """The layout of each table in `document` that has the columns of executions.

    Raises `StatementError` for a document that has no tables, and for a field in `renamed` that there is not.
    """
    if document.format not in (DocumentFormat.DELIMITED, DocumentFormat.WORKBOOK):
        raise StatementError("executions are read from tables (CSV, Excel) only", source=document.name)
    _check_fields(renamed or {}, document)
    found = (_layout(section, document.head(_HEADER_ROWS, section), renamed or {}) for section in document.sections)
    return [layout for layout in found if layout is not None]


def _check_fields(renamed: Mapping[str, str], document: Document) -> None:
    for field in renamed:
        if field not in fields():
            known = ", ".join(fields())
            raise StatementError(f"{field!r} is no field of an execution; the fields are {known}", source=document.name)
    if len({header_key(name) for name in renamed.values()}) < len(renamed):
        raise StatementError("one column is given for two fields", source=document.name)


def _layout(section: str, rows: Sequence[Sequence[str]], renamed: Mapping[str, str]) -> Layout | None:
    """The layout of the first row that names all that an execution needs."""
    for number, row in enumerate(rows):
        below = rows[number + 1 :]
        headers, fees = _fields(row, below, renamed)
        if not _lacking(headers) and _has_dates(row, below, headers):
            keys = {header_key(text) for text in row}
            return None if any(marks <= keys for marks in _OTHER_MEANING) else Layout(section, headers, fees)
    return None


def _has_dates(row: Sequence[str], below: Sequence[Sequence[str]], headers: Mapping[str, str]) -> bool:
    """Whether the only column of times has dates too; of an empty one nobody knows."""
    cells = [] if "date" in headers else _cells(row, below, headers["time"])
    return not cells or bool(dated(pl.Series(cells)).any())


def dated(clocks: pl.Series) -> pl.Series:
    """Which cells begin with a date; the day on which a workbook puts a time without one does not count."""
    return clocks.str.contains(_DATED) & ~clocks.str.contains(_CLOCK_OF_A_WORKBOOK)


def _lacking(headers: Mapping[str, str]) -> list[str]:
    lacking = [] if "time" in headers or "date" in headers else ["date"]
    lacking += [] if any(field in headers for field in _SYMBOLS) else ["symbol"]
    return lacking + [field for field in _NEEDED if field not in headers]


def _fields(
    row: Sequence[str], below: Sequence[Sequence[str]], renamed: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The header text of each field in a row, and those of the fees."""
    free: dict[str, str] = {}
    # Columns that begin with an underscore are raw copies of others, with the noise of floating point numbers.
    for text in sorted(row, key=lambda text: text.startswith("_")):
        free.setdefault(header_key(text), text)
    free.pop("", None)
    if any(header_key(name) not in free for name in renamed.values()):
        return {}, ()
    found = {field: free.pop(header_key(name)) for field, name in renamed.items()}
    for field, names in column_names().items():
        known = next((name for name in names if name in free), None)
        if field not in (*found, FEES, _ALL_FEES) and known is not None:
            found[field] = free.pop(known)
    for name in _BY_CONTENT:
        meaning = _meaning(_cells(row, below, free[name])) if name in free else None
        if meaning is not None and meaning not in found:
            found[meaning] = free.pop(name)
    named = found.pop(FEES, None)
    return found, (named,) if named else _fees(row, "commission" in found)


def _fees(row: Sequence[str], has_commission: bool) -> tuple[str, ...]:
    fees = tuple(text for text in row if header_key(text) in column_names()[FEES])
    if fees or has_commission:
        return fees
    return tuple(text for text in row if header_key(text) in column_names()[_ALL_FEES])[:1]


def _cells(row: Sequence[str], below: Iterable[Sequence[str]], header: str) -> list[str]:
    index = list(row).index(header)
    return [cells[index].strip() for cells in below if index < len(cells) and cells[index].strip()]


def _meaning(cells: Sequence[str]) -> str | None:
    """The field that a column of these cells holds; None where they do not agree."""
    if not cells:
        return None
    if not parse_sides(pl.Series(cells))[1].any():
        return "side"
    for field, words in (("asset_class", ASSET_CLASSES), ("order_type", ORDER_TYPES)):
        if all(word_key(cell) in words for cell in cells):
            return field
    return None


def _missing(document: Document, rows: Sequence[Sequence[str]], renamed: Mapping[str, str]) -> StatementError:
    """What the likeliest header row lacks."""
    if not any(any(row) for row in rows):
        return StatementError("the file has no rows", source=document.name)
    keys = {header_key(name) for name in renamed.values()}
    best = max(rows, key=lambda row: (len(keys & {header_key(text) for text in row}), len(_fields(row, (), {})[0])))
    headers = ", ".join(text for text in best if text)
    absent = [name for name in renamed.values() if header_key(name) not in {header_key(text) for text in best}]
    if absent:
        message = f"there is no column {absent[0]!r}; the likeliest header has: {headers}"
        return StatementError(message, source=document.name, column=absent[0])
    lacking = _lacking(_fields(best, (), renamed)[0]) or ["date"]
    message = f"no column for {', '.join(lacking)}; the likeliest header has: {headers}"
    return StatementError(message, source=document.name, column=lacking[0])
