"""Workbooks made by hand, part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

MakeWorkbook = Callable[..., bytes]


def make_zip(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def make_parts(
    rows: str | bytes | Mapping[str, str | bytes],
    *,
    strings: Sequence[str] = (),
    is_1904: bool = False,
    prefix: str = "",
    main: str = MAIN,
    office: str = OFFICE,
    styles: str = "",
    around: tuple[str, str] = ("", ""),
) -> dict[str, str | bytes]:
    """The parts of a workbook; `rows` is the inner XML of `sheetData`, by sheet name if there are several.

    `strings` are the inner XML of `si` elements; `around` stands before and behind `sheetData`.
    """
    sheets = rows if isinstance(rows, Mapping) else {"Orders": rows}
    p, xmlns = prefix, f'xmlns{":" + prefix[:-1] if prefix else ""}="{main}"'
    listed = "".join(
        f'<{p}sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(sheets, 1)
    )
    targets = "".join(
        f'<Relationship Id="rId{number}" Type="{office}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    targets += f'<Relationship Id="s1" Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    targets += f'<Relationship Id="s2" Type="{office}/styles" Target="styles.xml"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": HEAD + "<Types/>",
        "_rels/.rels": HEAD
        + f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{office}/officeDocument" '
        + 'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": HEAD
        + f'<{p}workbook {xmlns} xmlns:r="{office}"><{p}workbookPr date1904="{int(is_1904)}"/>'
        + f"<{p}sheets>{listed}</{p}sheets></{p}workbook>",
        "xl/_rels/workbook.xml.rels": HEAD + f'<Relationships xmlns="{PACKAGE}">{targets}</Relationships>',
        "xl/styles.xml": HEAD + f"<{p}styleSheet {xmlns}>{styles}</{p}styleSheet>",
    }
    if strings:
        inner = "".join(f"<{p}si>{string}</{p}si>" for string in strings)
        parts["xl/sharedStrings.xml"] = HEAD + f"<{p}sst {xmlns}>{inner}</{p}sst>"
    for number, inner_rows in enumerate(sheets.values(), 1):
        text = inner_rows.encode() if isinstance(inner_rows, str) else inner_rows
        before = HEAD + f"<{p}worksheet {xmlns}>{around[0]}<{p}sheetData>"
        after = f"</{p}sheetData>{around[1]}</{p}worksheet>"
        parts[f"xl/worksheets/sheet{number}.xml"] = before.encode() + text + after.encode()
    return parts


@pytest.fixture(scope="session")
def make_workbook() -> MakeWorkbook:
    """`make_parts`, zipped."""

    def make(*arguments: Any, **options: Any) -> bytes:
        return make_zip(make_parts(*arguments, **options))

    return make


@pytest.fixture(scope="session")
def workbook_parts() -> Callable[..., dict[str, str | bytes]]:
    return make_parts


@pytest.fixture(scope="session")
def zipped() -> Callable[[Mapping[str, str | bytes]], bytes]:
    return make_zip
