"""Delimited files, made by hand: what the table of each has to be."""

from __future__ import annotations

import time

import pytest

from polybroker.errors import ErrorCode, StatementError, UnsafeDocument
from polybroker.statements.document import Column, Document, DocumentFormat, Table, open_document
from polybroker.statements.limits import Limits

COLUMNS = (Column("Symbol"), Column("Qty", aliases=("Quantity",)), Column("Price"))


def opened(text: str | bytes) -> Document:
    return open_document(text.encode() if isinstance(text, str) else text, name="fills.csv")


def table(text: str | bytes) -> Table:
    return opened(text).table(COLUMNS)


def rows(text: str | bytes) -> list[tuple[object, ...]]:
    return table(text).frame.rows()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end_gives_the_same_table(delimiter: str, end: str) -> None:
    lines = ["Symbol,Qty,Price", "MESH5,1,6050.25", "", "ESH5,-2,6051"]
    text = end.join(lines).replace(",", delimiter) + end
    assert rows(text) == [(2, "MESH5", "1", "6050.25"), (4, "ESH5", "-2", "6051")]
    assert rows(text.removesuffix(end)) == rows(text)


def test_columns_are_found_by_name_in_any_order_among_others() -> None:
    found = table("Note,PRICE, qty ,x,symbol\nfoo,1,2,3,ES\n")
    assert found.frame.columns == ["row", "Symbol", "Qty", "Price"]
    assert found.frame.rows() == [(2, "ES", "2", "1")]
    assert found.headers == ("Note", "PRICE", "qty", "x", "symbol")
    assert (found.header_row, found.has("Qty"), found.has("row"), found.has("x")) == (1, True, False, False)


def test_the_name_wins_over_an_alias() -> None:
    assert rows("Quantity,Symbol,Price,Qty\n7,ES,1,2\n") == [(2, "ES", "2", "1")]


def test_an_optional_column_may_be_missing_and_a_required_one_may_not() -> None:
    document = opened("Symbol,Price\nES,1\n")
    assert document.table([Column("Symbol"), Column("Fee", required=False)]).frame.columns == ["row", "Symbol"]
    with pytest.raises(StatementError, match="'Qty' not found; the likeliest header has: Symbol, Price") as caught:
        document.table(COLUMNS)
    assert (caught.value.source, caught.value.row, caught.value.column) == ("fills.csv", 1, "Qty")


def test_a_wanted_column_that_is_there_twice_is_an_error_and_another_one_is_not() -> None:
    with pytest.raises(StatementError, match="2 columns named 'Price'"):
        table("Symbol,Qty,Price,price\nES,1,2,3\n")
    assert rows("Symbol,Qty,Price,Note,Note\nES,1,2,3,4\n") == [(2, "ES", "1", "2")]


def test_lines_above_the_header_are_passed_over() -> None:
    text = 'For Account:,####3525\n\n"Trades, all",,\n,,\nSymbol,Qty,Price\n\nES,1,2\n'
    found = table(text)
    assert (found.header_row, found.frame.rows()) == (5, [(7, "ES", "1", "2")])


def test_a_header_below_row_50_is_not_found() -> None:
    assert rows("x,y,z\n" * 49 + "Symbol,Qty,Price\nES,1,2\n") == [(51, "ES", "1", "2")]
    with pytest.raises(StatementError, match="not found"):
        table("x,y,z\n" * 50 + "Symbol,Qty,Price\nES,1,2\n")


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    text = "Symbol;Qty;Price\nMES SEP26;1;7200,75\nMES SEP26;2,0;7201,00\nES;1,5;1,5\n"
    assert rows(text)[0] == (2, "MES SEP26", "1", "7200,75")
    assert len(rows(text)) == 3


def test_quoted_cells_hold_delimiters_quotes_and_line_ends() -> None:
    text = 'Symbol,Qty,Price,Note\n"ES","1","1,200.50","say ""no"""\nNQ,2,3,"two\nlines"\nCL,3,4,\n'
    found = opened(text).table([*COLUMNS, Column("Note")])
    assert found.frame.rows() == [
        (2, "ES", "1", "1,200.50", 'say "no"'),
        (3, "NQ", "2", "3", "two\nlines"),
        (5, "CL", "3", "4", None),
    ]


def test_cells_are_stripped_of_blanks_even_of_non_breaking_ones() -> None:
    text = "Symbol,Qty,Price\n ES\t,\xa01\xa0,\u202f2 \nNQ,  ,3\n"
    assert rows(text) == [(2, "ES", "1", "2"), (3, "NQ", None, "3")]
    assert rows('Symbol,Qty,Price\n" ES ", "1" ,2\n') == [(2, "ES", "1", "2")]


def test_blank_rows_and_rows_of_delimiters_are_no_rows() -> None:
    found = table('Symbol,Qty,Price\n\n,,\nES,1,2\n , ,\n"","",""\n,\n,,,,,\n   \n')
    assert found.frame.rows() == [(4, "ES", "1", "2")]
    assert found.damaged == ()


def test_a_row_that_only_lacks_the_wanted_cells_stays() -> None:
    assert rows("Symbol,Qty,Price,Note\n,,,Total\n") == [(2, None, None, None)]


@pytest.mark.parametrize("header_end", ["", ",", ",,"])
@pytest.mark.parametrize("row_end", ["", ",", ",,", ", ,"])
def test_a_trailing_delimiter_is_harmless(header_end: str, row_end: str) -> None:
    found = table(f"Symbol,Qty,Price{header_end}\nES,1,2{row_end}\nNQ,3,4\n")
    assert found.frame.rows() == [(2, "ES", "1", "2"), (3, "NQ", "3", "4")]
    assert found.damaged == ()


def test_rows_of_the_wrong_width_are_told_and_never_shifted() -> None:
    found = table("Symbol,Qty,Price\nES,1,1,200.50\nNQ,3,4\nCL,3\nYM,5,6\n")
    assert found.frame.rows() == [(3, "NQ", "3", "4"), (5, "YM", "5", "6")]
    assert [(damage.row, damage.cells) for damage in found.damaged] == [
        (2, ("ES", "1", "1", "200.50")),
        (4, ("CL", "3")),
    ]
    assert "4 cells where the header has 3" in found.damaged[0].message
    assert "2 cells where the header has 3" in found.damaged[1].message


def test_a_file_that_is_cut_off_in_a_row_tells_so() -> None:
    found = table("Symbol,Qty,Price\nES,1,2\nNQ,3")
    assert (len(found.frame), [damage.row for damage in found.damaged]) == (1, [3])


def test_a_file_that_is_cut_off_in_a_character_tells_so() -> None:
    found = table("Symbol,Qty,Price\nES,1,2\nNQ,3,4€".encode()[:-1])
    assert (len(found.frame), [damage.row for damage in found.damaged]) == (1, [3])
    assert "cut off" in found.damaged[0].message


def test_a_quote_that_nothing_closes_costs_its_own_row_and_no_other() -> None:
    found = table('Symbol,Qty,Price\nES,1,2\nNQ,"3,4\nCL,5,6\n\nYM,7,8\n')
    assert found.frame.rows() == [(2, "ES", "1", "2"), (4, "CL", "5", "6"), (6, "YM", "7", "8")]
    assert [(damage.row, damage.cells) for damage in found.damaged] == [(3, ("NQ", '"3', "4"))]
    assert "never closed" in found.damaged[0].message


def test_a_stray_quote_does_not_swallow_the_rows_up_to_the_next() -> None:
    found = table('Symbol,Qty,Price\nNQ,"3,4\nCL,5,6\nYM,"7",8\n')
    assert found.frame.rows() == [(3, "CL", "5", "6"), (4, "YM", "7", "8")]
    assert [damage.row for damage in found.damaged] == [2]


def test_text_behind_a_closing_quote_belongs_to_the_cell() -> None:
    assert rows('Symbol,Qty,Price\n"Individual" X0,1,2\n5" pipe,3,4\n') == [
        (2, "Individual X0", "1", "2"),
        (3, '5" pipe', "3", "4"),
    ]


def test_a_damaged_row_over_several_lines_says_how_far_it_reaches() -> None:
    found = table('Symbol,Qty,Price\nES,1,2\n"long\ndisclaimer"\n')
    assert found.damaged[0].cells == ("long\ndisclaimer",)
    assert "(rows 3 to 4)" in found.damaged[0].message


def test_records_that_a_spreadsheet_took_for_single_cells_are_unwrapped() -> None:
    text = 'Symbol,Qty,Price;;;\r\n"ES,1,""1,200.50""";;;\r\nNQ,3,4;;;\r\n"CL,""x;y"",6";;;\r\n'
    assert rows(text) == [(2, "ES", "1", "1,200.50"), (3, "NQ", "3", "4"), (4, "CL", "x;y", "6")]
    whole = '"Symbol;Qty;Price"\n"ES;1;6050,25"\n"NQ;3;4"\n'
    assert rows(whole) == [(2, "ES", "1", "6050,25"), (3, "NQ", "3", "4")]


@pytest.mark.parametrize("text", ["", "undefined", "undefined\r\n", "\n\r\n \t\n", "\ufeff", "\r\n" * 600_000])
def test_an_export_without_anything_is_told_to_be_empty(text: str) -> None:
    with pytest.raises(StatementError, match="empty") as caught:
        opened(text)
    assert caught.value.code is ErrorCode.STATEMENT_INVALID


def test_a_header_without_rows_is_a_table_without_rows() -> None:
    for text in ("Symbol,Qty,Price", "Symbol,Qty,Price\n", "Symbol,Qty,Price\n\n,,\n"):
        assert table(text).frame.rows() == []
        assert table(text).frame.columns == ["row", "Symbol", "Qty", "Price"]


def test_the_head_shows_each_row_at_its_place() -> None:
    document = opened('a,b\n\n"x\ny", z \nlast,1\nmore,2\n')
    assert document.head(4) == [["a", "b"], [], ["x\ny", "z"]]
    assert document.head() == [["a", "b"], [], ["x\ny", "z"], [], ["last", "1"], ["more", "2"]]


def test_a_header_is_found_by_some_of_its_names() -> None:
    document = opened("title,,\nSymbol, QTY ,Price,\nES,1,2,\n")
    header = document.header({"qty", "Symbol"})
    assert header is not None
    assert (header.row, header.names) == (2, ("Symbol", "QTY", "Price"))
    assert document.header({"qty", "fee"}) is None


def test_a_delimited_file_has_one_section_without_name() -> None:
    document = opened("Symbol,Qty,Price\nES,1,2\n")
    assert (document.format, document.sections) == (DocumentFormat.DELIMITED, ("",))
    assert document.table(COLUMNS, section="").frame.height == 1
    with pytest.raises(StatementError, match="no section 'Orders'"):
        document.table(COLUMNS, section="Orders")


def test_more_cells_than_the_limit_are_refused() -> None:
    text = "Symbol,Qty,Price\n" + "ES,1,2\n" * 10
    assert open_document(text.encode(), limits=Limits(cells=30)).table(COLUMNS).frame.height == 10
    for quoted in (text, text.replace("ES", '"E"S')):
        with pytest.raises(UnsafeDocument, match="more than the 29 cells"):
            open_document(quoted.encode(), limits=Limits(cells=29)).table(COLUMNS)


@pytest.mark.parametrize("cell", ["x" * 40_000, '"' + "x" * 40_000 + '"', '"' + "x" * 40_000 + '"y'])
def test_a_cell_longer_than_any_spreadsheet_holds_is_refused(cell: str) -> None:
    with pytest.raises(UnsafeDocument, match="row 3 has a cell of 40,00"):
        table(f"Symbol,Qty,Price\nES,1,2\n{cell},1,2\n")


def test_quotes_that_are_made_to_waste_time_do_not() -> None:
    long = "x," * 100_000 + '"\n' + "y\n" * 30_000
    before = time.process_time()
    document = opened("Symbol,Qty,Price\n" + long * 3 + '"' * 200_001 + "\n" + '"\n' * 20_000)
    with pytest.raises(StatementError, match="characters"):
        document.table(COLUMNS)
    assert time.process_time() - before < 10


def test_a_long_row_of_short_cells_is_no_long_cell() -> None:
    more = ",".join("x" * 9 for _ in range(10_000))
    assert rows(f"Symbol,Qty,Price,{more}\nES,1,2,{more}\n") == [(2, "ES", "1", "2")]


def test_a_wide_file_is_counted_right() -> None:
    names = ",".join(f"c{index}" for index in range(600))
    values = ",".join(str(index) for index in range(600))
    text = f"{names}\n{values}\n{values},,\n{values.replace(',', '', 256)}\n"
    found = opened(text).table([Column("c0"), Column("c599")])
    assert found.frame.rows() == [(2, "0", "599"), (3, "0", "599")]
    assert [damage.row for damage in found.damaged] == [4]


def test_a_file_on_disk_is_read_as_its_bytes_are(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("files") / "a*b.csv"
    path.write_text("Symbol,Qty,Price\nES,1,2\n")
    document = open_document(path)
    assert document.name == "a*b.csv"
    assert document.table(COLUMNS).frame.rows() == [(2, "ES", "1", "2")]
    path.write_text("Symbol,Qty,Price\n")
    with pytest.raises(StatementError, match="changed"):
        document.table(COLUMNS)
    with pytest.raises(FileNotFoundError):
        open_document(path.with_name("none.csv"))
    with pytest.raises(StatementError, match="folder"):
        open_document(path.parent)
    with pytest.raises(UnsafeDocument, match="17 bytes, more than the 16"):
        open_document(path, limits=Limits(file_bytes=16))
