from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker_amp_cqg.ids import clean, expand
from polybroker_amp_cqg.statuses import Meaning, meaning


def one(text: str | None) -> tuple[str | None, bool]:
    ids, lost = clean(pl.Series([text], dtype=pl.String))
    return ids[0], lost[0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("609533386765", "609533386765"),
        ("609533386765.0", "609533386765"),
        ("609533386765.00", "609533386765"),
        ("6.09533386765E+11", "609533386765"),
        ("6.09533386765e11", "609533386765"),
        ("6.0953338676E+11", "609533386760"),
        ("6.095333867650000E+11", "609533386765"),
        ('="609533386765"', "609533386765"),
        ("5E+0", "5"),
        ("12345678901234567890", "12345678901234567890"),
        ("AB-12.0x", "AB-12.0x"),
        ("007", "007"),
        ("1.5", "1.5"),
        (" 12 ", "12"),
        ("0", None),
        ("0.0", None),
        ("0E+00", None),
        ("", None),
        (None, None),
    ],
)
def test_an_id_is_restored_exactly(text: str | None, meant: str | None) -> None:
    assert one(text) == (meant, False)


@pytest.mark.parametrize("text", ["6.09533E+11", "6.1E+11", "7E+11", "1.23456789012346E+16"])
def test_an_id_that_lost_digits_is_said_to_have(text: str) -> None:
    assert one(text) == (None, True)


@given(st.integers(1, 10**15 - 1))
def test_every_notation_of_a_number_is_one_id(number: int) -> None:
    scientific = f"{Decimal(number):.14E}"
    for text in (str(number), f"{number}.0", scientific, scientific.replace("E", "e"), f'="{number}"'):
        assert one(text) == (str(number), False)


@given(st.lists(st.none() | st.integers(1, 10**15).map(str), max_size=8))
def test_a_column_is_read_as_its_cells(texts: list[str | None]) -> None:
    ids, lost = clean(pl.Series(texts, dtype=pl.String))
    assert list(zip(ids, lost, strict=True)) == [one(text) for text in texts]


@given(st.text(max_size=20))
def test_no_text_is_turned_into_another_number(text: str) -> None:
    found = expand(text)
    if found not in (None, text):
        assert Decimal(found or "") == Decimal(text)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Fill", Meaning.FILL),
        ("  fill (Partial) ", Meaning.FILL),
        ("Fill Cancel", Meaning.BUST),
        ("FILL_BUST", Meaning.BUST),
        ("Fill-Corrected", Meaning.CORRECTION),
        ("oeFillMod", Meaning.CORRECTION),
        ("Cancelled", Meaning.ORDER_EVENT),
        ("Cancel Fill Reject", Meaning.UNKNOWN),
        ("Fil", Meaning.UNKNOWN),
        ("", Meaning.UNKNOWN),
        (None, Meaning.UNKNOWN),
    ],
)
def test_a_status_means_what_the_list_says(word: str | None, meant: Meaning) -> None:
    assert meaning(word) is meant
