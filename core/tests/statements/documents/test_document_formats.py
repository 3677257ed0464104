"""A document is what its content is, whatever its name."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.document import Column, DocumentFormat, open_document

MakeWorkbook = Callable[..., bytes]
Zipped = Callable[[Mapping[str, Any]], bytes]


@pytest.mark.parametrize(
    "text",
    ['[{"id": "1"}]', ' {"a": [1]}', "[]", "{}", "[1, 2]", '\n["x,y",\n"z"]', "[\n  [1, 2],\n  [3, 4]\n]", "[-1]"],
)
def test_json_is_offered_as_text(text: str) -> None:
    document = open_document(text.encode(), name="activities.csv")
    assert document.format is DocumentFormat.JSON
    assert document.text() == text
    assert document.sections == ("",)
    assert document.header(["a"]) is None
    with pytest.raises(StatementError, match="json document, which has no table"):
        document.table([Column("a")])


@pytest.mark.parametrize("text", ["[Symbol],[Qty]\nES,1\n", "[Symbol,Qty\nES,1\n"])
def test_brackets_alone_make_no_json(text: str) -> None:
    assert open_document(text.encode()).format is DocumentFormat.DELIMITED


@pytest.mark.parametrize(
    "text", ['<?xml version="1.0"?>\n<Flex a="1,2"/>', "<Flex>\n<Trade/>\n</Flex>", "<!-- x --><a/>"]
)
def test_xml_is_offered_as_text(text: str) -> None:
    document = open_document(text.encode("utf-16"), name="flex.csv")
    assert document.format is DocumentFormat.XML
    assert document.text() == text
    assert document.head(1) == [[text.splitlines()[0]]]


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<!-- x --><!DOCTYPE a><a/>",
    ],
)
def test_xml_with_a_document_type_is_refused(text: str) -> None:
    with pytest.raises(UnsafeDocument, match="document type"):
        open_document(text.encode())


def test_a_document_type_far_from_the_beginning_is_refused_too() -> None:
    document = open_document(b"<!--" + b" " * 2_000_000 + b"--><!DOCTYPE a><a/>")
    with pytest.raises(UnsafeDocument, match="document type"):
        document.text()


@pytest.mark.parametrize(
    "text", ["<html><table><tr><td>1</td></tr></table>", "<!DOCTYPE html>\n<html/>", "\n<!-- s --><TABLE border=1>"]
)
def test_a_web_page_in_disguise_is_told(text: str) -> None:
    with pytest.raises(StatementError, match=r"web page.*save it as \.xlsx or \.csv"):
        open_document(text.encode(), name="trades.xls")


def test_a_beginning_of_comments_takes_no_time() -> None:
    before = time.process_time()
    assert open_document(b"<!-- x -->" * 100_000 + b"<a/>").format is DocumentFormat.XML
    assert open_document(b"<!--" * 200_000 + b"<a/>").format is DocumentFormat.XML
    assert time.process_time() - before < 5


def test_text_without_columns_is_text() -> None:
    document = open_document(b"Completed Orders\nno orders\n")
    assert document.format is DocumentFormat.TEXT
    assert document.head() == [["Completed Orders"], ["no orders"]]
    assert document.text() == "Completed Orders\nno orders\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old .xls workbook, or one with a password"),
        (b"%PDF-1.7\n", "PDF"),
        (gzip.compress(b"a,b\n"), "gzip"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "NUL"),
    ],
)
def test_formats_that_are_not_read_say_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(StatementError, match=words) as caught:
        open_document(data, name="trades.xlsx")
    assert caught.value.source == "trades.xlsx"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"xl/workbook.bin": b"", "[Content_Types].xml": ""}, ".xlsb.*save it as .xlsx or .csv"),
        ({"mimetype": "application/vnd.oasis", "content.xml": "<a/>"}, "OpenDocument"),
        ({"EncryptedPackage": b""}, "password"),
        ({"trades.csv": "a,b\n"}, "zip archive, not a workbook"),
        ({"[Content_Types].xml": "<Types/>"}, "xl/workbook.xml is missing"),
    ],
)
def test_archives_that_are_no_xlsx_say_what_to_do(parts: dict[str, bytes], words: str, zipped: Zipped) -> None:
    with pytest.raises(StatementError, match=words):
        open_document(zipped(parts))


def test_a_workbook_in_disguise_is_a_workbook(make_workbook: MakeWorkbook) -> None:
    data = make_workbook('<row r="1"><c r="A1" t="str"><v>Symbol</v></c></row>')
    document = open_document(data, name="trades.csv")
    assert document.format is DocumentFormat.WORKBOOK
    assert document.head() == [["Symbol"]]
    with pytest.raises(StatementError, match="no text"):
        document.text()


def test_the_name_of_a_file_is_in_every_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("named") / "fills.csv"
    path.write_bytes(b"a,b\n1,2\n")
    assert open_document(path, name="shown.csv").name == "shown.csv"
    with pytest.raises(StatementError) as caught:
        open_document(path).table([Column("c")])
    assert caught.value.source == "fills.csv"
