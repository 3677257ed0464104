from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.model.futures import (
    MONTH_LETTERS,
    ContractMonth,
    contract_code,
    contract_month,
    month_number,
    split_contract,
)
from polybroker.testing.strategies import contract_months

DAYS = st.dates(date(1990, 1, 1), date(2150, 12, 31))
ROOTS = st.from_regex(r"[A-Z0-9]{1,5}", fullmatch=True)


def months_after(month: ContractMonth, on: date) -> int:
    return (month.year - on.year) * 12 + month.month - on.month


@settings(deadline=None)
@given(DAYS, st.integers(1, 12), st.integers(0, 9))
def test_a_one_digit_year_is_the_first_from_the_month_before_the_fill(on: date, month: int, digit: int) -> None:
    found = contract_month(month, str(digit), on)
    assert found.month == month
    assert found.year % 10 == digit
    assert -1 <= months_after(found, on) < 119


@settings(deadline=None)
@given(contract_months(2000, 2099), st.integers(-1, 118))
def test_a_contract_filled_in_its_life_comes_back_from_its_code(month: ContractMonth, before: int) -> None:
    """From nearly ten years before the delivery month until the month after it."""
    index = month.year * 12 + month.month - 1 - before
    on = date(index // 12, index % 12 + 1, 15)
    assert contract_month(month.month, str(month.year % 10), on) == month


@settings(deadline=None)
@given(DAYS, st.integers(1, 12), st.integers(0, 99))
def test_a_two_digit_year_is_the_nearest(on: date, month: int, digits: int) -> None:
    found = contract_month(month, f"{digits:02d}", on)
    assert found.year % 100 == digits
    assert abs(found.year - on.year) <= 50 or found.year < 2070


@pytest.mark.parametrize(
    ("month", "year", "on", "expected"),
    [
        (3, "5", date(2025, 3, 3), "2025-03"),
        (12, "4", date(2025, 1, 10), "2024-12"),  # delivered in the first days after the month
        (12, "4", date(2025, 2, 1), "2034-12"),
        (1, "0", date(2019, 12, 30), "2020-01"),
        (12, "9", date(2020, 1, 2), "2019-12"),
        (6, "0", date(2029, 12, 1), "2030-06"),
        (1, "00", date(1999, 12, 1), "2000-01"),
        (12, "99", date(2000, 1, 3), "1999-12"),
        (1, "01", date(2099, 12, 1), "2101-01"),
        (12, "26", date(2026, 11, 20), "2026-12"),
        (9, "24", date(2025, 3, 1), "2024-09"),
        (3, "25", None, "2025-03"),
        (3, "99", None, "2099-03"),
        (3, "00", None, "2000-03"),
        (3, "2035", date(2025, 3, 3), "2035-03"),
    ],
)
def test_short_years_at_the_turns(month: int, year: str, on: date | None, expected: str) -> None:
    assert str(contract_month(month, year, on)) == expected


@pytest.mark.parametrize("year", ["", "x", "125", "20255", "-5", "+5", "٥", "²", " 5"])
def test_what_is_no_year_is_refused(year: str) -> None:
    with pytest.raises(ValueError):
        contract_month(3, year, date(2025, 3, 3))


def test_a_one_digit_year_needs_the_date_of_the_fill() -> None:
    with pytest.raises(ValueError, match="date of the fill"):
        contract_month(3, "5", None)


@settings(deadline=None)
@given(contract_months())
def test_a_month_survives_its_text_and_its_letter(month: ContractMonth) -> None:
    assert ContractMonth.parse(str(month)) == month
    assert month_number(month.letter) == month.month == MONTH_LETTERS.index(month.letter) + 1


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "2025-3", "25-03", "2025-03-01", "2025/03", "٢٠٢٥-٠٣", ""])
def test_what_is_no_month_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        ContractMonth.parse(text)


@settings(deadline=None)
@given(ROOTS, contract_months())
def test_root_month_and_year_are_found_in_every_code(root: str, month: ContractMonth) -> None:
    assert split_contract(contract_code(root, month)) == (root, month.month, str(month.year % 10))
    assert split_contract(f"{root}{month.letter}{month.year % 100:02d}".lower()) == (
        root,
        month.month,
        f"{month.year % 100:02d}",
    )
    assert split_contract(f" {root}{month.letter}{month.year} ") == (root, month.month, str(month.year))


@pytest.mark.parametrize(
    ("text", "root"), [("M2KU5", "M2K"), ("EU6M25", "EU6"), ("10YH5", "10Y"), ("SR3Z2025", "SR3"), ("E7H5", "E7")]
)
def test_a_root_with_digits_stays_whole(text: str, root: str) -> None:
    parts = split_contract(text)
    assert parts is not None
    assert parts[0] == root


@pytest.mark.parametrize("text", ["", "M25", "MES", "MESA5", "MESH", "MESH125", "MESH20255", "MES H5", "ßH5", "MESH²"])
def test_what_is_no_contract_is_not_split(text: str) -> None:
    assert split_contract(text) is None


@pytest.mark.parametrize(
    ("text", "month"), [("H", 3), ("mar", 3), ("March", 3), ("03", 3), ("3", 3), ("SEPT", 9), ("z", 12), (" Dec ", 12)]
)
def test_months_by_letter_name_and_number(text: str, month: int) -> None:
    assert month_number(text) == month


@pytest.mark.parametrize("text", ["", "A", "MARGARINE", "MARC", "13", "0", "00", "003", "٣", "ſEP", "JANU"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        month_number(text)
