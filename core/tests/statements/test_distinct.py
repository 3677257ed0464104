"""Repeated texts as numbers."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from polybroker.statements.distinct import combinations, encoded, is_repetitive, places

TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "A0", "ä"]))
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=30)


def columns_of(rows: list[tuple[str | None, ...]]) -> list[pl.Series]:
    return [pl.Series([row[place] for row in rows], dtype=pl.String) for place in range(3)]


@given(ROWS)
def test_codes_lead_back_to_the_texts(rows: list[tuple[str | None, ...]]) -> None:
    for column in columns_of(rows):
        found = encoded(column)
        assert found.texts.gather(found.codes).to_list() == column.to_list()
        assert found.texts.n_unique() == len(found.texts)


@given(ROWS, st.integers(1, 3))
def test_combinations_are_numbered_by_their_first_rows(rows: list[tuple[str | None, ...]], count: int) -> None:
    firsts, codes = combinations(columns_of(rows)[:count])
    seen: dict[tuple[str | None, ...], int] = {}
    expected = [seen.setdefault(row[:count], len(seen)) for row in rows]
    assert codes.to_list() == expected
    assert firsts.tolist() == [expected.index(number) for number in range(len(seen))]


@given(st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2**40)), max_size=20))
def test_places_are_those_among_the_sorted_distinct_numbers(numbers: list[int]) -> None:
    distinct, found = places(pl.Series(numbers, dtype=pl.Int64).to_numpy())
    assert distinct.tolist() == sorted(set(numbers))
    assert [distinct[place] for place in found] == numbers


def test_a_column_repeats_its_texts_where_few_are_distinct() -> None:
    assert is_repetitive(pl.Series(["a", "b"] * 1000))
    assert not is_repetitive(pl.Series([str(number) for number in range(2000)]))
