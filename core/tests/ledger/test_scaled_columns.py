from __future__ import annotations

import gc
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker.ledger.decimal_buffers import decimal_column, decimal_words
from polybroker.ledger.scaled import (
    Scaled,
    divide_half_even,
    exact_column,
    narrowed,
    objects,
    ratio_half_even,
    rounded,
    scaled,
)
from polybroker.statements.schema import EXACT

LARGEST = Decimal("99999999999999999999.999999999999999999")
BLOCK = 1 << 15


def numbers(scale: int, digits: int = 38) -> st.SearchStrategy[Decimal]:
    limit = 10 ** min(digits, 20 + scale) - 1
    return st.integers(-limit, limit).map(
        lambda value: Decimal(value).scaleb(-scale, None) if digits < 28 else exactly(value, scale)
    )


def exactly(value: int, scale: int) -> Decimal:
    with localcontext(prec=60):
        return Decimal(value).scaleb(-scale)


COLUMNS = st.integers(0, 18).flatmap(lambda scale: st.lists(numbers(scale) | numbers(scale, 17), max_size=30))
SMALL = st.integers(0, 18).flatmap(
    lambda scale: st.lists(st.integers(-(2**62) + 1, 2**62 - 1).map(lambda value: exactly(value, scale)), max_size=30)
)


def column_of(values: list[Decimal | None]) -> pl.Series:
    return pl.Series("x", values, dtype=EXACT)


def as_fractions(found: Scaled) -> list[Fraction]:
    return [Fraction(int(value), 10**found.scale) for value in found.values]


@given(COLUMNS | SMALL)
def test_a_column_becomes_integers_and_comes_back_whole(values: list[Decimal]) -> None:
    column = column_of(values)
    found = scaled(column)
    assert as_fractions(found) == [Fraction(value) for value in values]
    assert exact_column(found, "x").equals(column, check_names=True)


@given(COLUMNS | SMALL)
def test_the_scale_is_the_smallest_that_holds_all_values(values: list[Decimal]) -> None:
    found = scaled(column_of(values))
    assert found.scale == 0 or any(int(value) % 10 for value in found.values)


@given(SMALL)
def test_numbers_that_fit_machine_integers_are_machine_integers(values: list[Decimal]) -> None:
    column = column_of(values)
    assert scaled(column).values.dtype == np.int64
    words = decimal_words(column)
    assert decimal_column(words.copy(), "x").equals(column)


@given(st.lists(st.none() | numbers(4, 12), max_size=10))
def test_null_counts_as_nothing(values: list[Decimal | None]) -> None:
    assert as_fractions(scaled(column_of(values))) == [Fraction(value or 0) for value in values]


@pytest.mark.parametrize("place", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 6])
@pytest.mark.parametrize("odd", ["0.000000000000000001", "-7.125", "12345678901234567890.5", "99999999999999999999"])
def test_one_odd_value_among_many_is_kept(place: int, odd: str) -> None:
    values = [Decimal("6050.25")] * (2 * BLOCK + 7)
    values[place] = Decimal(odd)
    values[place - 5] = Decimal("6050.5")
    column = column_of(values)
    assert exact_column(scaled(column), "x").equals(column)


def test_slices_and_chunks_are_read_where_they_begin() -> None:
    column = column_of([Decimal(value) for value in range(100)])
    assert scaled(column[10:20]).values.tolist() == list(range(10, 20))
    assert scaled(pl.concat([column[:3], column[90:]], rechunk=False)).values.tolist() == [0, 1, 2, *range(90, 100)]


def test_words_outlive_their_column() -> None:
    words = decimal_words(column_of([Decimal(7), Decimal(-8)] * 5000))
    gc.collect()
    others = [column_of([Decimal(9)] * 10000) for _ in range(20)]
    assert words[:2].tolist() == [[7 * 10**18, 0], [-8 * 10**18, -1]]
    assert not words.flags.writeable
    assert len(others) == 20


def test_words_are_taken_of_exact_columns_only() -> None:
    with pytest.raises(TypeError):
        decimal_words(pl.Series([1, 2]))
    with pytest.raises(TypeError):
        decimal_words(column_of([Decimal(1), None]))


def test_the_largest_numbers_pass_and_larger_ones_are_refused() -> None:
    column = column_of([LARGEST, LARGEST.copy_negate()])
    largest = scaled(column)
    assert exact_column(largest).to_list() == [LARGEST, LARGEST.copy_negate()]
    with pytest.raises(OverflowError):
        exact_column(largest + largest)


def test_digits_beyond_eighteen_places_are_refused_or_rounded_when_asked() -> None:
    found = Scaled(np.array([15, 25, 20, -15, -25]), 19)
    with pytest.raises(ValueError, match="decimal places"):
        exact_column(found)
    assert rounded(found, 18).values.tolist() == [2, 2, 2, -2, -2]
    assert exact_column(Scaled(np.array([20, -70]), 19)).to_list() == [Decimal("2E-18"), Decimal("-7E-18")]


@given(COLUMNS, COLUMNS)
def test_arithmetic_is_exact_whatever_the_size(left: list[Decimal], right: list[Decimal]) -> None:
    size = min(len(left), len(right))
    one, other = scaled(column_of(left[:size])), scaled(column_of(right[:size]))
    ones, others = as_fractions(one), as_fractions(other)
    assert as_fractions(one + other) == [a + b for a, b in zip(ones, others, strict=True)]
    assert as_fractions(one - other) == [a - b for a, b in zip(ones, others, strict=True)]
    assert as_fractions(one.running()) == [sum(ones[: index + 1], Fraction(0)) for index in range(size)]
    assert as_fractions(one * other) == [a * b for a, b in zip(ones, others, strict=True)]


@given(COLUMNS, st.data())
def test_segment_sums_are_exact(values: list[Decimal], data: st.DataObject) -> None:
    found = scaled(column_of(values))
    starts = sorted(data.draw(st.sets(st.integers(0, len(values) - 1)))) if values else []
    ends = [*starts[1:], len(values)]
    sums = [sum(as_fractions(found)[start:end], Fraction(0)) for start, end in zip(starts, ends, strict=False)]
    assert as_fractions(found.segment_sums(np.array(starts, dtype=np.int64))) == sums


def test_a_sum_that_leaves_machine_integers_is_exact() -> None:
    found = Scaled(np.full(1000, 2**61), 2)
    assert found.running().values[-1] == 1000 * 2**61
    assert found.segment_sums(np.array([0, 999])).values.tolist() == [999 * 2**61, 2**61]


@given(
    st.lists(st.tuples(st.integers(-(2**60), 2**60), st.integers(1, 2**60)), min_size=1),
    st.integers(-12, 12),
)
def test_quotients_are_rounded_half_even(pairs: list[tuple[int, int]], exponent: int) -> None:
    tops, bottoms = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    expected = [round(Fraction(top, bottom) * Fraction(10) ** exponent) for top, bottom in pairs]
    assert ratio_half_even(tops, bottoms, exponent).tolist() == expected
    assert ratio_half_even(tops.astype(object), bottoms.astype(object), exponent).tolist() == expected


@given(st.integers(-1000, 1000), st.integers(1, 500))
def test_halves_go_to_the_even_neighbour(whole: int, half: int) -> None:
    assert divide_half_even(np.array([(2 * whole + 1) * half]), 2 * half).tolist() == [
        round(Fraction(2 * whole + 1, 2))
    ]


def test_python_integers_become_machine_integers_where_all_fit() -> None:
    assert narrowed(objects([1, -(2**61)])).dtype == np.int64
    assert narrowed(objects([1, 2**63])).dtype == object
    assert len(narrowed(objects([]))) == 0
