from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.model.money import EXACT_DIGITS, EXACT_SCALE, exact, parse_decimal, plain_text
from polybroker.testing.strategies import exact_decimals

LARGEST = Decimal("9" * (EXACT_DIGITS - EXACT_SCALE) + "." + "9" * EXACT_SCALE)


@settings(deadline=None)
@given(exact_decimals(), st.integers(1, 50))
def test_a_number_survives_its_text_whatever_the_decimal_context(number: Decimal, precision: int) -> None:
    with localcontext() as context:
        context.prec = precision
        assert parse_decimal(plain_text(number)) == number


@settings(deadline=None)
@given(exact_decimals())
def test_a_text_has_no_exponent_no_trailing_zeros_and_no_sign_on_zero(number: Decimal) -> None:
    text = plain_text(number)
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))
    assert text != "-0"
    assert plain_text(parse_decimal(text)) == text


@settings(deadline=None)
@given(exact_decimals(), st.integers(0, 12))
def test_equal_numbers_have_one_text(number: Decimal, zeros: int) -> None:
    longer = Decimal(f"{number:f}" + ("" if "." in f"{number:f}" else ".") + "0" * zeros)
    assert longer == number
    assert plain_text(longer) == plain_text(number)


def test_the_largest_number_of_the_tables_is_taken_and_nothing_larger() -> None:
    assert parse_decimal(str(LARGEST)) == LARGEST
    assert exact(LARGEST.copy_negate()) == LARGEST.copy_negate()
    with pytest.raises(ValueError, match="whole digits"):
        exact(Decimal(10) ** 20)


def test_more_places_than_the_tables_carry_are_refused_unless_they_are_zeros() -> None:
    assert parse_decimal("1." + "0" * 40) == 1
    with pytest.raises(ValueError, match="decimal places"):
        parse_decimal("0." + "0" * EXACT_SCALE + "1")
    with pytest.raises(ValueError, match="decimal places"):
        parse_decimal("1E-999")


@pytest.mark.parametrize("text", ["1.50", "+1.5", " 1.5 ", "15E-1", "0.15e1", "1.5000"])
def test_plain_forms_of_one_number(text: str) -> None:
    assert parse_decimal(text) == Decimal("1.5")


@pytest.mark.parametrize(
    "text", ["", ".", "-", "1,5", "1 000", "1_000", "0x10", "NaN", "Infinity", "--1", "1.2.3", "٣", "1e", "½", "1e9999"]
)
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        parse_decimal(text)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        exact(Decimal(value))
