"""Damaged files end in a table or in a `StatementError`, and in nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import StatementError
from polybroker.statements.document import Column, ColumnKind, open_document

COLUMNS = (Column("Symbol"), Column("Qty", kind=ColumnKind.NUMBER), Column("Time", kind=ColumnKind.TIME))
CSV = "Symbol;Qty;Time;Note\r\n" + "".join(
    f'MES SEP26;{row};2025-01-02 09:00:{row:02};"a ""b"" {row}"\r\n' for row in range(30)
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 255), st.sampled_from(["set", "cut", "add", "twice"])), max_size=6
)


def edited(data: bytes, edits: list[tuple[float, int, str]]) -> bytes:
    out = bytearray(data)
    for share, byte, kind in edits:
        place = int(share * len(out))
        if kind == "set" and place < len(out):
            out[place] = byte
        elif kind == "cut":
            del out[place : place + 1 + byte // 8]
        elif kind == "add":
            out[place:place] = bytes([byte])
        else:
            out[place:place] = out[place : place + byte]
    return bytes(out)


def survives(data: bytes) -> None:
    try:
        document = open_document(data)
        document.head()
        document.header(["Symbol"])
        table = document.table(COLUMNS)
    except StatementError:
        return
    rows = table.frame.get_column("row")
    assert rows.is_sorted()
    assert rows.n_unique() == len(rows)
    assert table.frame.columns == ["row", "Symbol", "Qty", "Time"]


@settings(max_examples=300, deadline=None)
@given(EDITS, st.sampled_from(["utf-8", "utf-16", "cp1252", "utf-16-be"]))
def test_a_damaged_text_file_is_a_table_or_an_error(edits: list[tuple[float, int, str]], encoding: str) -> None:
    survives(edited(CSV.encode(encoding), edits))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_error(data: bytes) -> None:
    survives(data)
    survives(b"PK\x03\x04" + data)


@pytest.fixture(scope="module")
def parts(workbook_parts: Callable[..., dict[str, Any]]) -> dict[str, bytes]:
    header = "".join(f'<c r="{letter}1" t="s"><v>{place}</v></c>' for place, letter in enumerate("ABC"))
    rows = "".join(
        f'<row r="{row}" spans="1:3"><c r="A{row}" t="s"><v>3</v></c><c r="B{row}"><v>{row / 7}</v></c>'
        f'<c r="C{row}" s="1"><v>{45000 + row / 9}</v></c></row>'
        for row in range(2, 20)
    )
    strings = ["<t>Symbol</t>", "<t>Qty</t>", "<t>Time</t>", "<t>MES &amp; ES</t>"]
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
    made = workbook_parts(f'<row r="1">{header}</row>{rows}', strings=strings, styles=styles)
    return {name: part if isinstance(part, bytes) else part.encode() for name, part in made.items()}


@settings(max_examples=300, deadline=None)
@given(edits=EDITS, part=st.integers(0, 6), method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_a_damaged_part_is_a_table_or_an_error(
    parts: dict[str, bytes], edits: list[tuple[float, int, str]], part: int, method: int
) -> None:
    damaged = sorted(parts)[part]
    survives(_zipped({name: edited(data, edits) if name == damaged else data for name, data in parts.items()}, method))


@settings(max_examples=300, deadline=None)
@given(edits=EDITS, method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_a_damaged_archive_is_a_table_or_an_error(
    parts: dict[str, bytes], edits: list[tuple[float, int, str]], method: int
) -> None:
    survives(edited(_zipped(parts, method), edits))


def _zipped(parts: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()
