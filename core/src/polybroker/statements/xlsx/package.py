"""What a workbook consists of: its sheets, its calendar, and which number formats show dates (ECMA-376, part 1)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.xlsx.archive import Archive
from polybroker.statements.xlsx.directory import damaged
from polybroker.statements.xlsx.markup import XmlParser, attribute, local_name

_ROOT: Final = "_rels/.rels"
_SAVE_AS: Final = "open it in a spreadsheet program and save it as .xlsx or .csv"
_DATE_FORMATS: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Numbers of the built-in formats that show dates or times."""
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_MOST_ELEMENTS: Final = 100_000
"""Of one kind, in the parts that describe a workbook; spreadsheets allow 65,490 cell styles."""
_LONGEST_FORMAT: Final = 255
_Attributes = dict[str, str]


@frozen
class SheetPart:
    """A sheet's name, and the part that holds its cells."""

    name: str
    part: str


@frozen
class Package:
    """The parts of a workbook by their role."""

    sheets: tuple[SheetPart, ...]
    shared_strings: str | None
    styles: str | None
    is_1904: bool
    """Serial numbers count from 1 January 1904."""


@define
class _Relations:
    """The targets of a part's relations, by type and by id."""

    folder: str
    targets: dict[str, str] = field(factory=dict)
    kinds: dict[str, str] = field(factory=dict)
    outside: set[str] = field(factory=set)

    def first(self, kind: str) -> str | None:
        """The target of the first relation of this kind."""
        return next((self.targets[key] for key, value in self.kinds.items() if value == kind), None)

    def add(self, attributes: _Attributes) -> None:
        """Take up a `Relationship`."""
        key, target = attribute(attributes, "Id"), attribute(attributes, "Target")
        if key is None or target is None:
            return
        if (attribute(attributes, "TargetMode") or "").lower() == "external":
            self.outside.add(key)
            return
        path = target if target.startswith("/") else posixpath.join("/", self.folder, target)
        self.targets[key] = posixpath.normpath(path).lstrip("/")
        self.kinds[key] = (attribute(attributes, "Type") or "").rpartition("/")[2]


def read_package(archive: Archive) -> Package:
    """The package; `StatementError` where the archive is no workbook that is read."""
    _refuse_others(archive)
    root = _relations(archive, _ROOT, "") if archive.has(_ROOT) else _Relations("")
    main = root.first("officeDocument") or "xl/workbook.xml"
    if not archive.has(main):
        raise damaged(f"the part {main} is missing")
    folder, _, file = main.rpartition("/")
    relations = _relations(archive, f"{folder}/_rels/{file}.rels".lstrip("/"), folder)
    listed: list[_Attributes] = []
    properties: list[_Attributes] = []
    _elements(archive, main, {"sheet": listed.append, "workbookPr": properties.append})
    sheets = tuple(sheet for attributes in listed if (sheet := _sheet(attributes, relations)) is not None)
    if not sheets:
        raise StatementError("the workbook has no sheet with cells; export it again")
    is_1904 = any(attribute(entry, "date1904") in ("1", "true", "on") for entry in properties)
    shared, styles = relations.first("sharedStrings"), relations.first("styles")
    return Package(sheets, shared, styles if styles and archive.has(styles) else None, is_1904)


def date_styles(archive: Archive, part: str | None) -> frozenset[int]:
    """The indexes of the cell styles that show numbers as dates or times."""
    if part is None:
        return frozenset()
    formats: dict[int, str] = {}
    styles: list[int] = []
    stack: list[str] = []

    def start(name: str, attributes: _Attributes) -> None:
        stack.append(local_name(name))
        if stack[-1] == "numFmt":
            formats[_number(attributes, "numFmtId")] = attribute(attributes, "formatCode") or ""
        elif stack[-2:] == ["cellXfs", "xf"]:
            styles.append(_number(attributes, "numFmtId"))
        _check_count(len(styles) + len(formats), part)

    XmlParser(part, start, lambda _: stack.pop()).feed(archive.read(part), last=True)
    dates = {number for number in styles if _is_date(number, formats.get(number))}
    return frozenset(index for index, number in enumerate(styles) if number in dates)


def _is_date(number: int, code: str | None) -> bool:
    if code is None:
        return number in _DATE_FORMATS
    shown = _LITERAL.sub("", code[:_LONGEST_FORMAT].partition(";")[0]).lower()
    return "general" not in shown and any(letter in shown for letter in "dmyhs")


def _number(attributes: _Attributes, name: str) -> int:
    text = attribute(attributes, name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _refuse_others(archive: Archive) -> None:
    names = {name.lower() for name in archive.names}
    if "xl/workbook.bin" in names:
        raise UnsafeDocument(f"this is a binary .xlsb workbook; {_SAVE_AS}")
    if "mimetype" in names and "content.xml" in names:
        raise UnsafeDocument(f"this is an OpenDocument file (.ods); {_SAVE_AS}")
    if "encryptedpackage" in names:
        raise UnsafeDocument(f"the workbook has a password; {_SAVE_AS} without one")
    if not names & {"[content_types].xml", "xl/workbook.xml", _ROOT}:
        raise StatementError("this is a zip archive, not a workbook; unpack it and give the files in it")


def _relations(archive: Archive, part: str, folder: str) -> _Relations:
    relations = _Relations(folder)
    if archive.has(part):
        _elements(archive, part, {"Relationship": relations.add})
    return relations


def _sheet(attributes: _Attributes, relations: _Relations) -> SheetPart | None:
    """The sheet, or None for one of another kind (charts, dialogs), which has no cells."""
    name = attribute(attributes, "name") or ""
    key = next((value for key, value in attributes.items() if key.endswith(":id")), None) or attributes.get("id", "")
    if key in relations.outside:
        raise UnsafeDocument(f"the sheet {name!r} lies in another file; export the workbook again")
    if key not in relations.targets:
        raise damaged(f"the sheet {name!r} is missing")
    if relations.kinds[key] != "worksheet":
        return None
    if relations.targets[key].lower().endswith(".bin"):
        raise UnsafeDocument(f"this is a binary .xlsb workbook; {_SAVE_AS}")
    return SheetPart(name, relations.targets[key])


def _elements(archive: Archive, part: str, take: dict[str, Callable[[_Attributes], object]]) -> None:
    """Hand the attributes of each element to the function for its local name."""
    count = 0

    def start(name: str, attributes: _Attributes) -> None:
        nonlocal count
        taker = take.get(local_name(name))
        if taker is not None:
            count += 1
            _check_count(count, part)
            taker(attributes)

    XmlParser(part, start).feed(archive.read(part), last=True)


def _check_count(count: int, part: str) -> None:
    if count > _MOST_ELEMENTS:
        raise UnsafeDocument(f"the part {part} has more than {_MOST_ELEMENTS:,} elements; export the workbook again")
