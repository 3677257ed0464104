"""Cells of workbooks in every way of writing them: what the table has to be, by both ways of reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from polybroker.errors import StatementError, UnsafeDocument
from polybroker.statements.document import Column, ColumnKind, Document, Table, open_document
from polybroker.statements.limits import Limits
from polybroker.statements.xlsx.workbook import Sheet

MakeWorkbook = Callable[..., bytes]
HEADER = '<row r="1"><c r="A1" t="str"><v>A</v></c><c r="B1" t="str"><v>B</v></c><c r="C1" t="str"><v>C</v></c></row>'
COLUMNS = (Column("A"), Column("B", kind=ColumnKind.NUMBER), Column("C", kind=ColumnKind.TIME))


def content(table: Table) -> tuple[Any, ...]:
    return table.headers, table.header_row, table.damaged, table.frame.rows()


def both(document: Document, columns: Sequence[Column] = COLUMNS) -> Table:
    """The table, after both ways of reading agreed."""
    sheet = document._reader(None)
    assert isinstance(sheet, Sheet)
    fast, exact = sheet._table(columns, exactly=False), sheet._table(columns, exactly=True)
    assert content(fast) == content(exact)
    return fast


@pytest.fixture(scope="module")
def read(make_workbook: MakeWorkbook) -> Callable[..., list[tuple[Any, ...]]]:
    def read(rows: str, **options: Any) -> list[tuple[Any, ...]]:
        """The rows below the header."""
        p = options.get("prefix", "")
        header = HEADER.replace("<", f"<{p}").replace(f"<{p}/", f"</{p}")
        return both(open_document(make_workbook(header + rows, **options))).frame.rows()

    return read


Read = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2"><c r="A2"><v>609533386765</v></c><c r="B2" s="3"><v>75.069999999999993</v></c></row>',
        (
            '<row r="2" spans="1:3"><c r="A2" s="1" t="n"><v>6.09533386765E+11</v></c>'
            '<c r="B2"><v>75.07000000000001</v></c></row>'
        ),
        '<row spans="1:3" r="2"><c s="1" r="A2"><v>609533386765.0</v></c><c t="n" r="B2"><v>7.507E1</v></c></row>',
        "<row r='2'><c r='A2'><v>609533386765</v></c><c r='B2' ><v> 75.07 </v></c></row>",
        "<row><c><v>609533386765</v></c><c><v>75.07</v></c></row>",
        '<row><c r="A2"><v>609533386765</v></c><c r="B2"><v>75.07</v></c><c r="C2"/></row>',
        '\n  <row r="2">\r\n    <c r="A2">\n<v>609533386765</v>\n</c>\n <c r="B2"><v>75.07</v></c>\n</row>\n',
        '<row r="2"><c r="A2"><!-- <c r="A2"><v>1</v></c> --><v>609533386765</v></c><c r="B2"><v>75.07</v></c></row>',
        '<row r="2"><c r="A2"><v><![CDATA[609533386765]]></v></c><c r="B2"><v>75<?x y?>.07</v></c></row>',
        '<row r="2"><c r="B2"><v>75.07</v></c><c r="A2"><v>609533386765</v></c></row>',
        '<row r="2"><c r="A2"><v>6095&#51;3386765</v></c><c r="B2"><f>1+A2&amp;B2</f><v>75.07</v></c></row>',
        (
            '<row r="2"><c r="A2" t="str"><f t="shared" si="0"/><v>609533386765</v></c>'
            '<c r="B2" t="str"><v>75.07</v></c></row>'
        ),
        (
            '<row r="2"><c r="A2" cm="1" x="a>b"><v>609533386765</v></c>'
            '<c r="B2" vm="1"><v>75.07</v><extLst><v>9</v></extLst></c></row>'
        ),
        (
            '<row r="2"><c r="A2" t="inlineStr"><is><t>609533386765</t></is></c>'
            '<c r="B2"><v xml:space="preserve">75.07</v></c></row>'
        ),
        (
            '<row r="2" ht="15"><c r="A2"><v>609533386765</v></c>'
            '<c r="B2"><v>75.07</v></c><c r="D2"><v>1</v></c></row><row r="3"/>'
        ),
    ],
)
def test_every_way_of_writing_a_row_means_the_same(row: str, read: Read) -> None:
    assert read(row) == [(2, "609533386765", "75.07", None)]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A2" t="s"><v>0</v></c>', "plain"),
        ('<c r="A2" t="s"><v>1</v></c>', "rich text"),
        ('<c r="A2" t="s"><v>2</v></c>', "東京"),
        ('<c r="A2" t="s"><v>3</v></c>', "a & b < c > \"d\" 'e' é"),
        ('<c r="A2" t="s"><v>4</v></c>', "line\r\nend _x000D_ 😀"),
        ('<c r="A2" t="s"><v>5</v></c>', "kept"),
        ('<c r="A2" t="inlineStr"><is><t xml:space="preserve"> in  line </t></is></c>', "in  line"),
        (
            '<c r="A2" t="inlineStr"><is><r><t>ri</t></r><r><rPr/><t>ch</t></r><rPh sb="0"><t>X</t></rPh></is></c>',
            "rich",
        ),
        ('<c r="A2" t="str"><v>for&#109;ula_x0041_</v></c>', "formulaA"),
        ('<c r="A2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="A2" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A2" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="A2" t="d"><v>2024-11-29T09:30:00</v></c>', "2024-11-29T09:30:00"),
        ('<c r="A2"><v>12345678901234567</v></c>', "12345678901234567"),
        ('<c r="A2"><v>1E-7</v></c>', "0.0000001"),
        ('<c r="A2"><v>NaN</v></c>', "NaN"),
        ('<c r="A2" t = "s" ><v>0</v></c>', "plain"),
    ],
)
def test_a_cell_means_its_text(cell: str, text: str, read: Read) -> None:
    strings = [
        "<t>plain</t>",
        "<r><t>rich</t></r><r><rPr><b/></rPr><t> text</t></r>",
        '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/>',
        "<t>a &amp; b &lt; c &gt; &quot;d&quot; &apos;e&apos; &#xE9;</t>",
        "<t>line_x000D_\nend _x005F_x000D_ _xD83D__xDE00_</t>",
        '<t xml:space="preserve">  kept </t>',
    ]
    row = f'<row r="2">{cell}<c r="B2"><v>1</v></c></row>'
    assert read(row, strings=strings) == [(2, text, "1", None)]
    assert read(row, strings=["\n" + string.replace("><", ">\n<") for string in strings]) == [(2, text, "1", None)]


def test_an_error_is_never_a_number(read: Read) -> None:
    assert read('<row r="2"><c r="B2" t="e"><v>#N/A</v></c><c r="C2" t="e"><v>#VALUE!</v></c></row>') == [
        (2, None, "#N/A", "#VALUE!")
    ]


def test_one_column_may_hold_cells_of_all_types(read: Read) -> None:
    cells = [
        ('t="s"', "0", "shared"),
        ("", "75.069999999999993", "75.07"),
        ('t="str"', "1.50", "1.50"),
        ('t="b"', "1", "TRUE"),
        ('t="e"', "#N/A", "#N/A"),
        ('s="4"', "1E3", "1000"),
        ('t="s" s="4"', "0", "shared"),
    ]
    rows = "".join(
        f'<row r="{row}"><c r="B{row}" {kind}><v>{value}</v></c></row>' for row, (kind, value, _) in enumerate(cells, 2)
    )
    assert [row[2] for row in read(rows, strings=["<t>shared</t>"])] == [text for _, _, text in cells]


@pytest.mark.parametrize(
    ("serial", "time"),
    [
        ("45659.375", "2025-01-02T09:00:00.000000"),
        ("45659.37510192129", "2025-01-02T09:00:08.806000"),
        ("59", "1900-02-28T00:00:00.000000"),
        ("60", "60"),
        ("61", "1900-03-01T00:00:00.000000"),
        ("0.39583333333333331", "1899-12-31T09:30:00.000000"),
        ("2958465.99999", "9999-12-31T23:59:59.136000"),
        ("2958466", "2958466"),
        ("-1", "-1"),
        ("20241129", "20241129"),
    ],
)
def test_a_serial_number_is_a_time(serial: str, time: str, read: Read) -> None:
    assert read(f'<row r="2"><c r="C2"><v>{serial}</v></c></row>') == [(2, None, None, time)]


def test_serial_numbers_count_from_1904_where_the_workbook_says_so(read: Read) -> None:
    rows = '<row r="2"><c r="C2"><v>44197.375</v></c></row><row r="3"><c r="C3"><v>0</v></c></row>'
    assert [row[3] for row in read(rows, is_1904=True)] == ["2025-01-02T09:00:00.000000", "1904-01-01T00:00:00.000000"]


def test_any_prefix_and_the_strict_namespace_are_read(read: Read) -> None:
    row = (
        '<x:row r="2"><x:c r="A2" t="s"><x:v>0</x:v></x:c><x:c r="B2" s="1"><x:v>1.50</x:v></x:c><x:c r="C2"/></x:row>'
    )
    row += '<x:row r="3"><x:c r="A3" t="inlineStr"><x:is><x:t>in</x:t></x:is></x:c></x:row>'
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    office = "http://purl.oclc.org/ooxml/officeDocument/relationships"
    for options in ({}, {"main": strict, "office": office}):
        for prefix in ("x:", "", "main.ns-1:"):
            found = read(row.replace("x:", prefix), prefix=prefix, strings=[f"<{prefix}t>text</{prefix}t>"], **options)
            assert found == [(2, "text", "1.5", None), (3, "in", None, None)]


def test_blank_rows_are_no_rows_and_rows_with_other_cells_are(read: Read) -> None:
    rows = (
        '<row r="2"/><row r="3"></row><row r="4"><c r="A4" s="1"/><c r="B4" s="2"></c></row>'
        '<row r="5"><c r="A5" t="s"><v>0</v></c></row><row r="6"><c r="D6"><v>7</v></c></row>'
        '<row r="7"><c r="D7" t="inlineStr"><is><t> </t></is></c></row><row r="8"><c r="D8"><v></v></c></row>'
        '<row r="9"><c r="A9" t="str"><f>IF(1,"")</f><v></v></c></row><row r="10"><c r="A10"><v>1</v></c></row>'
    )
    assert read(rows, strings=["<t> </t>"]) == [(6, None, None, None), (10, "1", None, None)]


def test_a_formula_without_a_value_is_a_damaged_row(make_workbook: MakeWorkbook) -> None:
    rows = (
        HEADER
        + '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>A2*2</f></c></row><row r="3"><c r="A3"><v>2</v></c></row>'
    )
    table = both(open_document(make_workbook(rows)))
    assert table.frame.rows() == [(3, "2", None, None)]
    assert [(damage.row, damage.cells) for damage in table.damaged] == [(2, ("1", "", ""))]
    assert table.damaged[0].message.startswith("B: the cell holds a formula without a value")


def test_columns_beyond_z_are_told_apart(make_workbook: MakeWorkbook) -> None:
    letters = ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "ABC", "XFD"]
    header = "".join(f'<c r="{letter}1" t="str"><v>{letter}</v></c>' for letter in letters)
    values = "".join(f'<c r="{letter}2"><v>{place}</v></c>' for place, letter in enumerate(letters))
    document = open_document(make_workbook(f'<row r="1">{header}</row><row r="2">{values}</row>'))
    assert both(document, [Column(letter) for letter in letters]).frame.row(0) == (2, *map(str, range(len(letters))))


def test_a_header_may_stand_below_a_title(make_workbook: MakeWorkbook) -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>Title</v></c></row>' + HEADER.replace('1"', '7"')
    rows += '<row r="9"><c r="A9"><v>1</v></c></row>'
    document = open_document(
        make_workbook(rows, around=('<!-- made by <hand> --><cols><col min="1" max="2"/></cols>', ""))
    )
    assert both(document).header_row == 7
    assert both(document).frame.rows() == [(9, "1", None, None)]
    assert document.head(8) == [["Title"], [], [], [], [], [], ["A", "B", "C"]]


def test_the_head_shows_dates_numbers_and_words(make_workbook: MakeWorkbook) -> None:
    styles = (
        '<numFmts><numFmt numFmtId="165" formatCode="[Red]0.00 &quot;days&quot;"/>'
        '<numFmt numFmtId="166" formatCode="[h]:mm"/>'
        '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs>'
    )
    cells = [("0", "45659.5"), ("1", "45659.5"), ("2", "0.10000000000000001"), ("3", "0.5"), ("9", "1")]
    row = "".join(
        f'<c r="{column}1" s="{style}"><v>{value}</v></c>'
        for column, (style, value) in zip("ABCDE", cells, strict=True)
    )
    row += '<c r="G1" t="b"><v>1</v></c><c r="H1" s="1"/>'
    document = open_document(make_workbook(f'<row r="1">{row}</row>', styles=styles))
    assert document.head() == [
        ["45659.5", "2025-01-02T12:00:00.000000", "0.1", "1899-12-31T12:00:00.000000", "1", "", "TRUE"]
    ]


def test_sheets_are_read_by_name(make_workbook: MakeWorkbook) -> None:
    cell = '<row r="1"><c r="A1" t="str"><v>{}</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    document = open_document(make_workbook({"Orders": cell.format("A"), "Fills &amp; more": cell.format("B")}))
    assert document.sections == ("Orders", "Fills & more")
    assert document.head(1, "fills & MORE") == [["B"]]
    assert document.table([Column("B")], "Fills & more").frame.rows() == [(2, "1")]
    assert document.table([Column("A")]).frame.rows() == [(2, "1")]
    with pytest.raises(StatementError, match="no sheet 'Trades'; the workbook has: Orders, Fills & more"):
        document.head(1, "Trades")


def test_hidden_sheets_and_merged_cells_are_read(workbook_parts: Any, zipped: Any) -> None:
    merged = '<row r="2"><c r="A2"><v>1</v></c><c r="B2"/></row><row r="3"><c r="A3"/><c r="B3"/></row>'
    parts = workbook_parts(HEADER + merged, around=("", '<mergeCells><mergeCell ref="A2:B3"/></mergeCells>'))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("sheetId=", 'state="veryHidden" sheetId=')
    document = open_document(zipped(parts))
    assert document.sections == ("Orders",)
    assert both(document).frame.rows() == [(2, "1", None, None)]


def test_a_chart_is_no_section(workbook_parts: Any, zipped: Any) -> None:
    parts = workbook_parts({"Chart": "", "Orders": HEADER})
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace("/worksheet", "/chartsheet", 1)
    assert open_document(zipped(parts)).sections == ("Orders",)


def test_a_sheet_without_cells_has_no_header(make_workbook: MakeWorkbook, workbook_parts: Any, zipped: Any) -> None:
    parts = workbook_parts("")
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for empty in (sheet, sheet.replace("<sheetData></sheetData>", "<sheetData/>")):
        document = open_document(zipped({**parts, "xl/worksheets/sheet1.xml": empty}))
        assert document.head() == []
        with pytest.raises(StatementError, match="table is empty"):
            document.table(COLUMNS)


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>7</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>-1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>x</v></c></row>',
        '<row r="2"><c r="A2" t="str"><v>&nope;</v></c></row>',
        '<row r="2"><c r="A2" t="str"><v>&#0;</v></c></row>',
        '<row r="2"><c r="A2" t="str"><v>a & b</v></c></row>',
        '<row r="2"><c r="A2" t="str"><v>\x1f</v></c></row>',
        '<row r="2"><c r="A2"><v>1</c></row>',
        '<row r="2"><c r="A2"><v>1</v></row>',
        '<row r="2"><c r="A2"><v>1</v></c>',
        '<row r="2"><c r="a2"><v>1</v></c></row>',
        '<row r="x"><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c></row></sheetData><row',
    ],
)
def test_a_broken_sheet_is_told(rows: str, make_workbook: MakeWorkbook) -> None:
    sheet = open_document(make_workbook(HEADER + rows, strings=["<t>x</t>"]))._reader(None)
    assert isinstance(sheet, Sheet)
    for exactly in (False, True):
        with pytest.raises(StatementError):
            sheet._table(COLUMNS, exactly=exactly)


@pytest.mark.parametrize("reference", ["XFE2", "AAAA2", "ZZZ2"])
def test_a_cell_beyond_every_sheet_is_refused(reference: str, make_workbook: MakeWorkbook) -> None:
    with pytest.raises(UnsafeDocument, match="beyond the 16,384 columns"):
        both(open_document(make_workbook(f'{HEADER}<row r="2"><c r="{reference}"><v>1</v></c></row>')))
    with pytest.raises(UnsafeDocument, match="beyond the 16,384 columns"):
        both(open_document(make_workbook(f'{HEADER}<row r="1048577"><c r="A1048577"><v>1</v></c></row>')))


@pytest.mark.parametrize("kind", ["str", "inlineStr", "s"])
def test_a_text_longer_than_a_cell_can_hold_is_refused(kind: str, make_workbook: MakeWorkbook) -> None:
    for length in (32_767, 32_768):
        text = "€" * length
        value = {"s": "<v>0</v>", "str": f"<v>{text}</v>", "inlineStr": f"<is><t>{text}</t></is>"}[kind]
        rows = f'{HEADER}<row r="2"><c r="A2" t="{kind}">{value}</c></row>'
        document = open_document(make_workbook(rows, strings=[f"<t>{text}</t>"] if kind == "s" else []))
        if length == 32_767:
            assert both(document).frame.item(0, "A") == text
        else:
            with pytest.raises(UnsafeDocument, match="32,767 characters"):
                both(document)


def test_more_cells_than_the_limit_are_refused(make_workbook: MakeWorkbook) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c><c r="Z{row}"/></row>' for row in range(2, 12))
    data = make_workbook(HEADER + rows)
    assert both(open_document(data, limits=Limits(cells=23))).frame.height == 10
    for exactly in (False, True):
        sheet = open_document(data, limits=Limits(cells=22))._reader(None)
        assert isinstance(sheet, Sheet)
        with pytest.raises(UnsafeDocument, match="more than the 22 cells"):
            sheet._table(COLUMNS, exactly=exactly)


def test_sheets_of_another_encoding_are_read(workbook_parts: Any, zipped: Any) -> None:
    parts = workbook_parts(HEADER + '<row r="2"><c r="A2" t="str"><v>Währung</v></c></row>', strings=["<t>é</t>"])
    for encoding in ("utf-16", "iso-8859-1"):
        recoded = {
            name: part.decode().replace("UTF-8", encoding).encode(encoding) if "sheet" in name else part
            for name, part in parts.items()
        }
        assert both(open_document(zipped(recoded))).frame.rows() == [(2, "Währung", None, None)]
