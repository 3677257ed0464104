"""Cells of money as exact numbers: one style a file, nothing rounded, nothing guessed."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.model.money import parse_decimal, plain_text
from polybroker.statements.numbers import NumberStyle, bad_number, number_style, parse_numbers
from polybroker.statements.schema import EXACT

POINT, COMMA = NumberStyle("."), NumberStyle(",")
SWISS = NumberStyle(".", apostrophe=True)

exact_numbers = st.decimals(min_value=-(10**20) + 1, max_value=10**20 - 1, places=18) | st.decimals(
    min_value=-(10**9), max_value=10**9, places=2
)


def column(*texts: str | None) -> pl.Series:
    return pl.Series("price", texts, dtype=pl.String)


def read(text: str, style: NumberStyle = POINT) -> Decimal | str | None:
    values, bad = parse_numbers(column(text), style)
    assert values.dtype == EXACT
    assert bad.dtype == pl.Boolean
    if bad[0]:
        assert values[0] is None
        return "bad"
    value: Decimal | None = values[0]
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6050.25", "6050.25"),
        ("$25.00", "25"),
        ("$(6.25)", "-6.25"),
        ("($75.90)", "-75.9"),
        ("-$694.48", "-694.48"),
        ("$-3.99", "-3.99"),
        ("1,200.00", "1200"),
        ("$1,200.00", "1200"),
        ("90.00 $", "90"),
        ("€1.50", "1.5"),
        ("@18.33", "18.33"),
        ("-2.637591265E-4", "-0.0002637591265"),
        ("+5", "5"),
        ("\N{MINUS SIGN}5", "-5"),
        ("1\N{NO-BREAK SPACE}234.5", "1234.5"),
        ("1\N{NARROW NO-BREAK SPACE}234\N{THIN SPACE}567", "1234567"),
        ("1,234,567", "1234567"),
        (" 7 ", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e5", "100000"),
        ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
        ("0.1000000000000000000000", "0.1"),
    ],
)
def test_every_form_of_money_is_its_exact_value(text: str, value: str) -> None:
    assert read(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0,62 $", "0.62"),
        ("1.234,56", "1234.56"),
        ("1.234", "1234"),
        ("(1.200,00 €)", "-1200"),
        ("1 234,5", "1234.5"),
        (",5", "0.5"),
        ("2,6E-4", "0.00026"),
        ("-7200,75", "-7200.75"),
    ],
)
def test_a_decimal_comma_is_read_where_the_file_has_it(text: str, value: str) -> None:
    assert read(text, COMMA) == Decimal(value)


@pytest.mark.parametrize("text", ["", "-", "--", "\N{EM DASH}", "  "])
def test_dashes_and_blanks_are_no_number_and_no_fault(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    "text",
    ["4.5S", "-48022.672(1)", "1,23", "12,34,567", "1,2345", "0,125", "1.5.2", "-(5)", "(-5)", "5-", "$", "()",
     ".", "٣",
     "nan", "inf", "None", "1_000", "0x10", "1 2", "110'16", "110'165", "1/2", "5%", "1.234,56", "--5"],
)  # fmt: skip
def test_a_cell_that_is_no_number_of_the_style_is_bad(text: str) -> None:
    assert read(text) == "bad"
    assert repr(text) in bad_number(text, POINT)


@pytest.mark.parametrize(
    "text",
    ["0.1234567890123456789", "123456789012345678901", "1e-19", "1.5e-18", "1e25", "1e400", "$0.1234567890123456789"],
)
def test_digits_that_do_not_fit_make_a_cell_bad_and_are_never_rounded(text: str) -> None:
    assert read(text) == "bad"
    assert "more digits" in bad_number(text, POINT)


def test_a_comma_cell_in_a_file_with_points_is_named_as_such() -> None:
    assert "decimal point" in bad_number("12,50", POINT)
    assert "decimal comma" in bad_number("12.50", COMMA)


def test_apostrophes_group_only_where_that_is_proven() -> None:
    swiss = number_style([column("1'234.50", "110'165")])
    assert swiss == SWISS
    assert read("110'165", swiss) == Decimal(110165)
    assert number_style([column("110'165", "110'16")]) == POINT


def test_bad_cells_are_marked_where_they_are() -> None:
    values, bad = parse_numbers(column("1.5", "x", None, "$2", "--", "y", "3"), POINT)
    assert values.to_list() == [Decimal("1.5"), None, None, Decimal(2), None, None, Decimal(3)]
    assert bad.to_list() == [False, True, False, False, False, True, False]


@settings(deadline=None)
@given(exact_numbers)
@example(Decimal("99999999999999999999.999999999999999999"))
def test_every_exact_number_comes_back_unchanged(value: Decimal) -> None:
    assert read(plain_text(value)) == value
    assert read(plain_text(value).replace(".", ","), COMMA) == value
    assert read(f"{value:E}") == value


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.+-eE", max_size=50))
@example("1.0000000000000000000000000000000000000001")
@example("0.00000000000000000000000000000000000000000")
@example("000000000000000000000000000000000000000000.5")
def test_plain_texts_are_read_as_the_scalar_parser_reads_them(text: str) -> None:
    try:
        expected: Decimal | str = parse_decimal(text)
    except ValueError:
        expected = "bad"
    found = read(text)
    assert found == expected or (found is None and not text.strip("-"))


@settings(deadline=None)
@given(st.lists(exact_numbers, min_size=1), st.sampled_from(["{:,}", "${:,}", "{:,} €", "({:,})"]), st.booleans())
def test_a_formatted_column_is_read_back_or_refused(numbers: list[Decimal], form: str, comma: bool) -> None:
    numbers = [abs(value) for value in numbers]
    texts = [form.format(value) for value in numbers]
    if comma:
        texts = [text.translate(str.maketrans(".,", ",.")) for text in texts]
    cells = column(*texts)
    try:
        style = number_style([cells])
    except AmbiguousStatement:
        style = number_style([cells], decimal_comma=comma)
    values, bad = parse_numbers(cells, style)
    assert not bad.any()
    assert values.to_list() == [-value if form.startswith("(") else value for value in numbers]


def test_a_file_without_commas_has_decimal_points() -> None:
    assert number_style([column("110.125", "1", None, "--")]) == POINT


@pytest.mark.parametrize("proof", ["12,50", "0,125", "7200,75", "1.234,567", "1.234.567", ",5", "1234,567"])
def test_one_sure_cell_decides_for_all_columns(proof: str) -> None:
    style = number_style([column("1,234", "2"), column("5", proof)])
    assert style == COMMA
    assert read("1,234", style) == Decimal("1.234")


@pytest.mark.parametrize("proof", ["12.50", "1,234.567", "1,234,567", "$0.62", "-1.5"])
def test_one_sure_point_makes_commas_thousands(proof: str) -> None:
    assert read("1,234", number_style([column("1,234"), column(proof)])) == Decimal(1234)


@pytest.mark.parametrize("texts", [("1,234",), ("1,234", "5"), ("1.000", "2,345"), ("$1,234", "(2,345)")])
def test_a_file_that_can_be_read_both_ways_is_refused_with_the_question(texts: tuple[str, ...]) -> None:
    rows = pl.Series(range(10, 10 + len(texts)))
    with pytest.raises(AmbiguousStatement) as refusal:
        number_style([column(*texts)], rows=rows, source="fills.csv")
    assert "--decimal-comma" in refusal.value.question
    assert refusal.value.column == "price"
    assert refusal.value.source == "fills.csv"
    assert refusal.value.row is not None
    assert number_style([column(*texts)], decimal_comma=True) == COMMA
    assert number_style([column(*texts)], decimal_comma=False) == POINT


def test_a_file_of_two_styles_is_refused_with_both_rows() -> None:
    with pytest.raises(StatementError, match=r"'12,50' \(row 4") as refusal:
        number_style([column("1.5", "2", "12,50")], rows=pl.Series([2, 3, 4]))
    assert refusal.value.row == 4
    assert "'1.5' (row 2" in str(refusal.value)


def test_garbage_proves_no_style() -> None:
    assert number_style([column("a,b", "1,23,4", "5.5")]) == POINT
    assert number_style([column("a,b")]) == POINT


def test_empty_columns_have_a_style_and_no_numbers() -> None:
    empty = column()
    assert number_style([empty, column(None, None)]) == POINT
    for style in (POINT, COMMA):
        values, bad = parse_numbers(empty, style)
        assert (len(values), len(bad)) == (0, 0)
        values, bad = parse_numbers(column(None, None), style)
        assert values.to_list() == [None, None]
        assert bad.to_list() == [False, False]
