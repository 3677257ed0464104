"""The scanner and the XML parser read every sheet alike."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import StatementError
from polybroker.statements.document import Column, ColumnKind, Table, open_document
from polybroker.statements.xlsx import archive, chunks
from polybroker.statements.xlsx.values import render, render_column
from polybroker.statements.xlsx.workbook import Sheet

COLUMNS = (Column("A"), Column("B", kind=ColumnKind.NUMBER), Column("D", kind=ColumnKind.TIME), Column("AB"))
HEADER = "".join(f'<c r="{name}1" t="str"><v>{name}</v></c>' for name in ("A", "B", "C", "D", "AB"))

VALUES = st.one_of(
    st.integers(-3, 99_999).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(
        ["", "0", "1", "75.069999999999993", "6.0E+5", "#N/A", "é &amp; &#233;", " x ", "_x0041_", "a\nb", "&bad;"]
    ),
)
TYPES = st.sampled_from(["", ' t="s"', ' t="str"', ' t="n"', ' t="b"', ' t="e"', " t='s'", ' t="inlineStr"'])
STYLES = st.sampled_from(["", ' s="1"', ' s="22"'])
BODIES = st.sampled_from(
    [
        "><v>{}</v></c>",
        "><v>{}</v></c>",
        "><v>{}</v></c>",
        "/>",
        "></c>",
        "><v/></c>",
        "><is><t>{}</t></is></c>",
        '><is><t xml:space="preserve">{}</t></is></c>',
        "><is><r><t>{}</t></r><rPh><t>no</t></rPh></is></c>",
        "><f>A1</f><v>{}</v></c>",
        "><f>A1</f></c>",
        ">\n<v>{}</v>\n</c>",
        "><!-- <v>9</v> --><v>{}</v></c>",
        "><v>{}</v><extLst><ext><v>8</v></ext></extLst></c>",
    ]
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    """The rows of a sheet, each cell in some way of writing; mostly well-formed."""
    out = []
    for row in sorted(draw(st.sets(st.integers(2, 60), max_size=12))):
        cells = ""
        for name in ("A", "B", "C", "D", "AB"):
            if draw(st.integers(0, 3)):
                style, kind = draw(STYLES), draw(TYPES)
                first, second = draw(st.sampled_from([(style, kind), (kind, style)]))
                cells += f'<c r="{name}{row}"{first}{second}' + draw(BODIES).format(draw(VALUES))
        attributes = draw(st.sampled_from(["", ' spans="1:9"', ' x="r"']))
        opening = draw(st.sampled_from([f'<row r="{row}"{attributes}>'] * 5 + [f'<row{attributes} r="{row}">']))
        out.append(opening + cells + "</row>" + draw(st.sampled_from(["", "", "", "\n"])))
    return "".join(out)


def outcome(sheet: Sheet, *, exactly: bool) -> tuple[Any, ...]:
    try:
        table: Table = sheet._table(COLUMNS, exactly=exactly)
    except StatementError:
        return ("refused",)
    return table.damaged, table.frame.rows()


@settings(max_examples=150, deadline=None)
@given(rows(), st.sampled_from([50, 300, 1 << 20]))
def test_both_ways_of_reading_a_sheet_agree(make_workbook: Callable[..., bytes], inner: str, size: int) -> None:
    data = make_workbook(f'<row r="1">{HEADER}</row>{inner}', strings=["<t>zero</t>", "<t> </t>", "<r><t>two</t></r>"])
    with patch.object(chunks, "_CHUNK", size), patch.object(archive, "_UNPACKED_PIECE", size):
        sheet = open_document(data)._reader(None)
        assert isinstance(sheet, Sheet)
        assert outcome(sheet, exactly=False) == outcome(sheet, exactly=True)


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.floats(-1e6, 1e6).map(lambda number: f"{number:.17g}"),
            st.decimals(-(10**6), 10**6, places=3, allow_nan=False).map(str),
            st.integers(-(10**18), 10**18).map(str),
            st.text("0123456789.eE+- nx", max_size=8),
        ),
        max_size=20,
    ),
    st.sampled_from(ColumnKind),
    st.booleans(),
)
def test_a_column_of_numbers_is_rendered_as_each_number_is(numbers: list[str], kind: ColumnKind, is_1904: bool) -> None:
    column = pl.Series([*numbers, None], dtype=pl.String)
    expected = [*(render(number, kind, is_1904=is_1904) for number in numbers), None]
    assert render_column(column, kind, is_1904=is_1904).to_list() == expected


@pytest.mark.parametrize("digits", [14, 15, 16, 17])
def test_a_number_is_its_double_at_15_digits(digits: int) -> None:
    bases = [base + step for base in (1, 9.99, 99_999, 123_456.78) for step in range(200)]
    texts = [f"{base * scale:.{digits}g}" for base in bases for scale in (1, 1e-3, 1 / 3)]
    found = render_column(pl.Series(texts), ColumnKind.NUMBER, is_1904=False).to_list()
    assert [Decimal(text) for text in found] == [Decimal(f"{float(text):.15g}") for text in texts]
    assert all(text == text.rstrip("0").rstrip(".") for text in found if "." in text)
