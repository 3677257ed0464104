"""Workbooks that are made to do harm end in a typed error, with the memory of the process untouched."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.document import Column, open_document
from polybroker.statements.limits import UPLOAD_LIMITS, Limits
from polybroker.statements.xlsx import chunks

MakeWorkbook = Callable[..., bytes]
Parts = Callable[..., dict[str, Any]]
Zipped = Callable[[Mapping[str, Any]], bytes]
HEADER = '<row r="1"><c r="A1" t="str"><v>A</v></c></row>'
COLUMN = (Column("A"),)
MEGABYTE = 1024 * 1024


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """What runs within takes no more memory than this at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


def bomb(parts: dict[str, Any], name: str, start: bytes, piece: bytes, count: int, end: bytes) -> bytes:
    """A workbook of `parts` and one that is mostly repetition."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in parts.items():
            if other != name:
                archive.writestr(other, content)
        with archive.open(name, "w") as part:
            part.write(start)
            for _ in range(count):
                part.write(piece)
            part.write(end)
    return out.getvalue()


def read(data: bytes, limits: Limits = UPLOAD_LIMITS) -> list[tuple[Any, ...]]:
    document = open_document(data, limits=limits)
    document.head()
    return document.table(COLUMN).frame.rows()


def patched_directory(data: bytes, name: str, change: Callable[[bytearray, int], None]) -> bytes:
    """`data` with the directory entry of a part changed; `change` gets the bytes and where the entry begins."""
    out = bytearray(data)
    place = out.find(b"PK\x01\x02")
    while out[place + 46 : place + 46 + len(name)] != name.encode():
        place = out.find(b"PK\x01\x02", place + 4)
    change(out, place)
    return bytes(out)


SHEET = "xl/worksheets/sheet1.xml"


def test_a_far_cell_costs_nothing(make_workbook: MakeWorkbook) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    data = make_workbook(HEADER + far)
    assert len(data) < 3000
    with at_most(8 * MEGABYTE):
        assert read(data) == [(1_048_576, None)]


def test_many_far_cells_cost_what_they_are(make_workbook: MakeWorkbook) -> None:
    rows = "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(2, 4_002))
    data = make_workbook(HEADER + rows)
    with at_most(24 * MEGABYTE):
        assert len(read(data, Limits())) == 4_000


def test_a_part_that_unpacks_to_too_much_is_stopped_whatever_its_header_says(workbook_parts: Parts) -> None:
    start, _, end = workbook_parts(HEADER)[SHEET].partition(b"</sheetData>")
    data = bomb(workbook_parts(HEADER), SHEET, start, b" " * MEGABYTE, 150, b"</sheetData>" + end)
    assert len(data) < MEGABYTE

    def lie(out: bytearray, place: int) -> None:
        struct.pack_into("<L", out, place + 24, 500)

    for hostile in (data, patched_directory(data, SHEET, lie)):
        with at_most(16 * MEGABYTE), pytest.raises(UnsafeDocument, match="200 times its size"):
            read(hostile)


def test_shared_texts_that_no_memory_holds_are_refused(workbook_parts: Parts) -> None:
    row = HEADER + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    parts = workbook_parts(row, strings=["<t/>"])
    text = b"<si><t>" + b"x" * 30_000 + b"</t></si>"
    data = bomb(parts, "xl/sharedStrings.xml", b"<sst>", text, 200 * MEGABYTE // len(text), b"</sst>")
    assert len(data) < MEGABYTE
    with at_most(64 * MEGABYTE), pytest.raises(UnsafeDocument, match="200 times"):
        read(data)
    with pytest.raises(UnsafeDocument, match="8,000,000 bytes of shared texts"):
        read(data, Limits(ratio=2000, shared_bytes=8_000_000))


def test_all_parts_together_are_limited(make_workbook: MakeWorkbook) -> None:
    data = make_workbook(HEADER + " " * 500_000)
    assert read(data, Limits(unpacked_bytes=600_000)) == []
    with pytest.raises(UnsafeDocument, match=r"unpacks to 5[0-9,]+ bytes, more than the 400,000"):
        read(data, Limits(unpacked_bytes=400_000))

    def lie(out: bytearray, place: int) -> None:
        struct.pack_into("<L", out, place + 24, 500)

    with pytest.raises(UnsafeDocument, match="more than the 400,000"):
        read(patched_directory(data, SHEET, lie), Limits(unpacked_bytes=400_000))


def test_too_many_parts_are_refused(workbook_parts: Parts, zipped: Zipped) -> None:
    parts = {**workbook_parts(HEADER), **{f"xl/media/{number}.png": b"" for number in range(1001)}}
    with pytest.raises(UnsafeDocument, match="parts, more than the 1,000"):
        read(zipped(parts))
    assert read(zipped(dict(list(parts.items())[:1000]))) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "xl/../../x", "..\\x", "C:/x", "xl\\..\\x"])
def test_names_that_lead_out_of_the_archive_are_refused(name: str, workbook_parts: Parts, zipped: Zipped) -> None:
    with pytest.raises(UnsafeDocument, match="leads out of it"):
        read(zipped({**workbook_parts(HEADER), name: b"x"}))


def test_links_encryption_and_odd_packing_are_refused(make_workbook: MakeWorkbook) -> None:
    data = make_workbook(HEADER)

    def link(out: bytearray, place: int) -> None:
        struct.pack_into("<L", out, place + 38, 0o120777 << 16)

    def encrypt(out: bytearray, place: int) -> None:
        struct.pack_into("<H", out, place + 8, 1)

    def lzma(out: bytearray, place: int) -> None:
        struct.pack_into("<H", out, place + 10, 14)

    for change, words in ((link, "link"), (encrypt, "password"), (lzma, "method")):
        with pytest.raises(StatementError, match=words):
            read(patched_directory(data, SHEET, change))


def test_a_workbook_of_the_large_format_and_a_streamed_one_are_read(workbook_parts: Parts) -> None:
    class Pipe(io.RawIOBase):
        """What cannot be sought in, so that lengths follow the data."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            self.data += piece
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in workbook_parts(HEADER + '<row r="2"><c r="A2"><v>1</v></c></row>').items():
            archive.writestr(name, part)
    data = bytes(pipe.data)
    assert read(data) == [(2, "1")]
    end = len(data) - 22
    count, length, offset = struct.unpack_from("<HLL", data, end + 10)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    plain = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert read(data[:end] + end64 + locator + plain) == [(2, "1")]
    for broken in (data[:end] + plain, data[:end] + end64[:-1] + locator + plain, data[:end] + locator + plain):
        with pytest.raises(StatementError, match="directory"):
            read(broken)


def test_parts_that_share_a_name_or_bytes_are_refused(make_workbook: MakeWorkbook, zipped: Zipped) -> None:
    data = make_workbook(HEADER)
    with pytest.raises(UnsafeDocument, match="two parts of the name"):
        read(_twice(data))

    def overlap(out: bytearray, place: int) -> None:
        struct.pack_into("<L", out, place + 42, 0)

    with pytest.raises(UnsafeDocument, match="shares its bytes"):
        read(patched_directory(data, SHEET, overlap))


def _twice(data: bytes) -> bytes:
    out = io.BytesIO(data)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr(SHEET, b"<worksheet/>")
    return out.getvalue()


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "_rels/.rels"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
)
def test_document_types_and_entities_are_refused(
    part: str, declaration: str, workbook_parts: Parts, zipped: Zipped
) -> None:
    row = HEADER + '<row r="2"><c r="A2" s="1" t="s"><v>0</v></c></row><row r="3"><c r="A3" s="1"><v>1</v></c></row>'
    parts = workbook_parts(row, strings=["<t>x</t>"])
    parts[part] = (parts[part] if isinstance(parts[part], bytes) else parts[part].encode()).replace(
        b"?>\n", b"?>\n" + declaration.encode()
    )
    with pytest.raises(UnsafeDocument, match="document type or entities"):
        read(zipped(parts))


def test_a_sheet_in_another_file_is_not_fetched(workbook_parts: Parts, zipped: Zipped) -> None:
    parts = workbook_parts(HEADER)
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(
        'Target="worksheets/sheet1.xml"', 'TargetMode="External" Target="file:///etc/passwd"'
    )
    with pytest.raises(UnsafeDocument, match="lies in another file"):
        read(zipped(parts))


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"])
def test_a_missing_part_is_told(part: str, workbook_parts: Parts, zipped: Zipped) -> None:
    parts = workbook_parts(HEADER + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>', strings=["<t>x</t>"])
    del parts[part]
    with pytest.raises(StatementError, match=r"missing|names a shared text that is not there"):
        read(zipped(parts))


def test_a_wrong_checksum_is_told(workbook_parts: Parts, zipped: Zipped) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, part in workbook_parts(HEADER + '<row r="2"><c r="A2"><v>1234</v></c></row>').items():
            archive.writestr(name, part)
    assert read(out.getvalue()) == [(2, "1234")]
    with pytest.raises(StatementError, match="checksum"):
        read(out.getvalue().replace(b"<v>1234</v>", b"<v>1235</v>"))


def test_millions_of_elements_in_small_parts_are_refused(workbook_parts: Parts, zipped: Zipped) -> None:
    parts = workbook_parts(HEADER)
    sheets = '<sheet name="a" sheetId="1" r:id="rId1"/>' * 100_001
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheets>", f"<sheets>{sheets}")
    with pytest.raises(UnsafeDocument, match="more than 100,000 elements"):
        read(zipped(parts), Limits(ratio=2000))


def test_a_row_without_end_is_refused(workbook_parts: Parts, zipped: Zipped) -> None:
    data = zipped(workbook_parts(HEADER + '<row r="2"><c r="A2"/>' + " " * 4_000_000 + "</row>"))
    assert read(data, Limits(ratio=2000)) == []
    with (
        patch.object(chunks, "_LONGEST_ITEM", MEGABYTE),
        pytest.raises(UnsafeDocument, match="row of more than 1,048,576"),
    ):
        read(data, Limits(ratio=2000))


def test_a_row_of_more_cells_than_columns_is_refused(make_workbook: MakeWorkbook) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(2, 60))
    data = make_workbook(HEADER + rows + '<row r="99">' + '<c r="B99"/>' * 16_385 + "</row>")
    with at_most(32 * MEGABYTE), pytest.raises(StatementError, match="more cells than there are columns"):
        read(data)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"<worksheet><sheetData><!--", b"x<" * 500_000),
        (b"<worksheet><!--", b"x<" * 500_000),
        (b"<worksheet><sheetData><row r='1' x='", b">" * MEGABYTE),
        (b"<worksheet>", b"<!--" * 200_000),
        (b"<worksheet><sheetData><row r='1'>", b"<x/>" * 250_000),
        (b"<worksheet><sheetData><row r='1'><c r='A1'><v>", b"1" * MEGABYTE),
    ],
)
def test_a_sheet_that_is_made_to_waste_time_does_not(start: bytes, piece: bytes, workbook_parts: Parts) -> None:
    data = bomb(workbook_parts(HEADER), SHEET, start, piece, 40, b"")
    before = time.process_time()
    with pytest.raises(StatementError):
        read(data, Limits(ratio=2000, cells=200_000))
    assert time.process_time() - before < 5


def test_styles_that_are_made_to_waste_time_do_not(workbook_parts: Parts, zipped: Zipped) -> None:
    parts = workbook_parts('<row r="1"><c r="A1" s="1"><v>1</v></c></row>')
    code = "[" * 2_000_000
    format_part = f'<numFmt numFmtId="165" formatCode="{code}"/>'
    parts["xl/styles.xml"] = f'<styleSheet>{format_part}<cellXfs><xf numFmtId="165"/></cellXfs></styleSheet>'
    before = time.process_time()
    assert open_document(zipped(parts), limits=Limits(ratio=2000)).head() == [["1"]]
    assert time.process_time() - before < 5


def test_a_workbook_cut_off_anywhere_is_told(make_workbook: MakeWorkbook) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{row - 2}</v></c></row>' for row in range(2, 2000))
    data = make_workbook(HEADER + rows, strings=[f"<t>{zlib.crc32(str(row).encode())}</t>" for row in range(2000)])
    assert len(read(data)) == 1998
    assert len(data) > 10_000
    for end in (*range(5, 200, 7), *range(200, len(data), 1024), *range(len(data) - 60, len(data))):
        with pytest.raises(StatementError):
            read(data[:end])
