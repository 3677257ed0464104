"""Whatever its encoding, a text file gives the same table."""

from __future__ import annotations

import codecs

import pytest

from polybroker.errors import StatementError
from polybroker.statements.document import Column, open_document

TEXT = "Symbol;Qty;Price;Währung\r\nES;1;0,62 €;Euro é\r\nNQ;2;1,5;“Dollar”\r\n"
COLUMNS = (Column("Symbol"), Column("Price"), Column("Währung"))
ROWS = [(2, "ES", "0,62 €", "Euro é"), (3, "NQ", "1,5", "“Dollar”")]

ENCODED = {
    "utf-8": TEXT.encode(),
    "utf-8 with mark": codecs.BOM_UTF8 + TEXT.encode(),
    "utf-16-le with mark": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "utf-16-be with mark": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "utf-16-le": TEXT.encode("utf-16-le"),
    "utf-16-be": TEXT.encode("utf-16-be"),
    "cp1252": TEXT.encode("cp1252"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_every_encoding_gives_the_same_table(name: str) -> None:
    document = open_document(ENCODED[name])
    assert document.table(COLUMNS).frame.rows() == ROWS
    assert document.head(1) == [["Symbol", "Qty", "Price", "Währung"]]
    assert document.text() == TEXT


@pytest.mark.parametrize("name", ENCODED)
def test_an_encoding_is_known_by_the_whole_file_and_not_by_its_beginning(name: str) -> None:
    encoding = name.split()[0]
    mark = ENCODED[name][: len(ENCODED[name]) - len(TEXT.encode(encoding))]
    long = "Symbol;Price;Note\n" + "ES;1;x\n" * 200_000 + "NQ;2;€\n"
    found = open_document(mark + long.encode(encoding)).table([Column("Symbol"), Column("Note")])
    assert found.frame.height == 200_001
    assert found.frame.row(-1) == (200_002, "NQ", "€")


def test_characters_cut_in_two_between_pieces_are_whole() -> None:
    for shift in range(4):
        text = "a;b\n" + "x" * shift + "😀" * 600_000 + ";1\n"
        text = text.replace("😀" * 1000, "😀" * 999 + "\ny;")
        for encoding in ("utf-8", "utf-16-le"):
            mark = b"" if encoding == "utf-8" else codecs.BOM_UTF16_LE
            assert open_document(mark + text.encode(encoding)).text() == text


def test_nul_characters_are_refused_with_their_row() -> None:
    for data in (b"a,b\n1,2\n\x003,4\n", codecs.BOM_UTF16_LE + "a,b\n1,2\n\0,4\n".encode("utf-16-le")):
        with pytest.raises(StatementError, match="row 3 holds a NUL character") as caught:
            open_document(data)
        assert caught.value.row == 3


def test_bytes_of_no_encoding_are_refused_with_their_row() -> None:
    for data in (b"a,b\n1,\x81\n", codecs.BOM_UTF16_LE + b"a\0,\0b\0\n\0" + b"\x00\xd8" * 2):
        with pytest.raises(StatementError, match="neither UTF-8, UTF-16 nor Windows-1252"):
            open_document(data)


def test_a_nul_behind_the_beginning_is_found_when_the_table_is_read() -> None:
    document = open_document(b"a,b\n" + b"1,2\n" * 300_000 + b"\0,2\n")
    with pytest.raises(StatementError, match="row 300002 holds a NUL"):
        document.table([Column("a")])
