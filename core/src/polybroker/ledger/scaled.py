"""Exact arithmetic over columns: integers with a common number of decimal places.

`Scaled(values, scale)` stands for values / 10**scale. The integers are int64 where every step provably fits, and
Python integers (dtype object) where it might not: always exact, fast where it fits. No step ever rounds, but for
`divide_half_even`, `ratio_half_even` and `rounded`, which say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import define

from polybroker.ledger.decimal_buffers import Words, decimal_column, decimal_words
from polybroker.model.money import EXACT_DIGITS, EXACT_SCALE
from polybroker.statements.schema import EXACT

Integers: TypeAlias = npt.NDArray[Any]
"""int64, or object with Python integers."""
Places: TypeAlias = npt.NDArray[np.int64]
Rows: TypeAlias = npt.NDArray[np.uint32]
Mask: TypeAlias = npt.NDArray[np.bool_]

_SAFE: Final = 2**62
"""Magnitudes below this stay in int64; their sums and differences of two still fit."""
_FLOAT_SAFE: Final = 2**112
"""Up to here the high word of a product is found by floating point with an error below a half."""
_BLOCK: Final = 1 << 15
"""Values handled at a time, so that intermediate words stay in the processor's cache."""
_SAMPLE: Final = 64


@define(eq=False, slots=False, frozen=True)
class Scaled:
    """A column of exact numbers: values / 10**scale."""

    values: Integers
    scale: int

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def bound(self) -> int:
        """The largest magnitude among the integers; 0 for no values."""
        return magnitude(self.values)

    def take(self, index: Places | Rows) -> Scaled:
        """The numbers at these indices."""
        return Scaled(self.values.take(index), self.scale)

    def rescaled(self, scale: int) -> Scaled:
        """The same numbers with more decimal places."""
        if scale == self.scale:
            return self
        if scale < self.scale:
            raise ValueError(f"{self.scale} decimal places do not fit into {scale}")
        factor = 10 ** (scale - self.scale)
        return Scaled(widened(self.values, self.bound * factor) * factor, scale)

    def __neg__(self) -> Scaled:
        return Scaled(-self.values, self.scale)

    def __add__(self, other: Scaled) -> Scaled:
        scale = max(self.scale, other.scale)
        left, right = self.rescaled(scale), other.rescaled(scale)
        bound = left.bound + right.bound
        return Scaled(widened(left.values, bound) + widened(right.values, bound), scale)

    def __sub__(self, other: Scaled) -> Scaled:
        return self + -other

    def __mul__(self, other: Scaled) -> Scaled:
        bound = self.bound * other.bound
        return Scaled(widened(self.values, bound) * widened(other.values, bound), self.scale + other.scale)

    def running(self) -> Scaled:
        """The sums of all numbers up to each one."""
        return Scaled(np.cumsum(widened(self.values, sum_bound(self.values))), self.scale)

    def segment_sums(self, starts: Places) -> Scaled:
        """The sums of the consecutive segments that begin at `starts` (ascending, none empty, the last to the end)."""
        values = widened(self.values, sum_bound(self.values))
        return Scaled(np.add.reduceat(values, starts) if len(starts) else values[:0], self.scale)


def magnitude(values: Integers) -> int:
    """The largest absolute value; 0 for none."""
    return max(int(values.max()), -int(values.min())) if len(values) else 0


def sum_bound(values: Integers) -> int:
    """A bound for every sum of consecutive values."""
    coarse = magnitude(values) * len(values)
    if coarse < _SAFE or values.dtype == object:
        return coarse
    # The float sum is off by far less than a millionth; the margin covers that.
    return int(np.abs(values.astype(np.float64)).sum() * 1.000001) + 1


def widened(values: Integers, bound: int) -> Integers:
    """`values` as Python integers where results up to `bound` would not fit int64, else as they are."""
    return values.astype(object) if bound >= _SAFE and values.dtype != object else values


def narrowed(values: Integers) -> Integers:
    """Python integers as int64 where they all fit."""
    return values.astype(np.int64) if values.dtype == object and magnitude(values) < _SAFE else values


def divide_half_even(numerator: Integers, denominator: Integers | int) -> Integers:
    """The quotients rounded to integers, halves to the even neighbour; denominators are above 0.

    int64 in, int64 out; the caller has made sure that twice the denominator fits.
    """
    quotient: Integers = numerator // denominator
    twice = (numerator - quotient * denominator) * 2
    up = (twice > denominator) | ((twice == denominator) & ((quotient & 1) == 1))
    quotient[up] += 1
    return quotient


def ratio_half_even(numerator: Integers, denominator: Integers, exponent: int) -> Integers:
    """`numerator / denominator * 10**exponent`, rounded half-even; denominators are above 0."""
    over, under = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    bound = max(magnitude(numerator) * over, magnitude(denominator) * under)
    return divide_half_even(widened(numerator, bound) * over, widened(denominator, bound) * under)


def scaled(column: pl.Series) -> Scaled:
    """The numbers of an `EXACT` column at the smallest scale that holds them all; null counts as 0."""
    if column.null_count():
        column = column.fill_null(pl.Series([0]).cast(EXACT)[0])
    words = decimal_words(column)
    if _looks_constant(words) and bool((column == column[:1]).all()):
        one = _scaled_slowly(words[:1])
        return Scaled(np.repeat(one.values, len(words)), one.scale)
    low, high = words[:, 0].view(np.uint64), words[:, 1]
    largest = float(np.abs(high).max()) * 2.0**64 + 2.0**64 if len(words) else 0.0
    for scale in range(_sampled_scale(words), EXACT_SCALE + 1):
        if largest >= _SAFE * 10.0 ** (EXACT_SCALE - scale) and bool((high != words[:, 0] >> 63).any()):
            break
        values = _divided(low, high, EXACT_SCALE - scale)
        if values is not None:
            return Scaled(values, scale)
    return _scaled_slowly(words)


def _sample(words: Words) -> Words:
    return words[:: max(1, len(words) // _SAMPLE)]


def _looks_constant(words: Words) -> bool:
    return len(words) > 0 and bool((_sample(words) == words[0]).all())


def _sampled_scale(words: Words) -> int:
    """The smallest scale that holds a sample; the column needs this one or a larger one."""
    return max((_scale_of(value) for value in _python_integers(_sample(words))), default=0)


def _scale_of(value: int) -> int:
    scale = EXACT_SCALE if value else 0
    while scale and value % 10 == 0:
        value //= 10
        scale -= 1
    return scale


def _python_integers(words: Words) -> list[int]:
    low, high = words[:, 0].view(np.uint64).tolist(), words[:, 1].tolist()
    return [(upper << 64) | lower for lower, upper in zip(low, high, strict=True)]


def _scaled_slowly(words: Words) -> Scaled:
    integers = _python_integers(words)
    scale = max(map(_scale_of, integers), default=0)
    factor = 10 ** (EXACT_SCALE - scale)
    return Scaled(narrowed(objects([value // factor for value in integers])), scale)


def objects(integers: Sequence[int]) -> Integers:
    """Python integers as a column of their own."""
    values = np.empty(len(integers), dtype=object)
    values[:] = integers
    return values


def _divided(low: npt.NDArray[np.uint64], high: Places, places: int) -> npt.NDArray[np.int64] | None:
    """The numbers divided by 10**places, or None where one of them leaves a remainder or does not fit.

    An exact division needs only the low words: 2**places is shifted out, 5**places has an inverse modulo 2**64.
    That the division *was* exact follows from two facts: the bits shifted out are zero, so that number and
    quotient * 10**places agree modulo 2**(64 + places); and they differ by less than that, for which floating
    point is good enough (numbers and quotients in question are below 2**126, its error below 2**(11 + 3.4 * places)).
    """
    result = np.empty(len(low), dtype=np.int64)
    inverse, odd_bits = np.uint64(pow(5**places, -1, 2**64)), np.uint64(2**places - 1)
    factor, tolerance = 10.0**places, 2.0 ** (63 + places)
    for start in range(0, len(low), _BLOCK):
        lower, upper = low[start : start + _BLOCK], high[start : start + _BLOCK]
        if (lower & odd_bits).any():
            return None
        shifted = (lower >> np.uint64(places)) | (upper.view(np.uint64) << np.uint64(64 - places)) if places else lower
        quotient = (shifted * inverse).view(np.int64)
        distance = upper * 2.0**64
        distance += lower
        distance -= quotient * factor
        if np.abs(distance, out=distance).max() >= tolerance or np.abs(quotient).max() >= _SAFE:
            return None
        result[start : start + _BLOCK] = quotient
    return result


def exact_column(numbers: Scaled, name: str = "", *, known: Mask | None = None) -> pl.Series:
    """The numbers as an `EXACT` column; null where `known` is false.

    `ValueError` for a number with more than 18 decimal places, `OverflowError` for more than 20 whole digits.
    """
    words = np.empty((len(numbers), 2), dtype=np.int64)
    write_exact(numbers, words)
    return column_of_words(words, name, known=known)


def column_of_words(words: Words, name: str = "", *, known: Mask | None = None) -> pl.Series:
    """The `EXACT` column of finished words; null where `known` is false."""
    column = decimal_column(words, name)
    if known is None or known.all():
        return column
    return column.zip_with(pl.Series(known), pl.Series([None], dtype=EXACT)).alias(name)


def rounded(numbers: Scaled, places: int) -> Scaled:
    """Numbers that need more decimal places, rounded half-even; others as they are."""
    if numbers.scale <= places:
        return numbers
    divisor = 10 ** (numbers.scale - places)
    return Scaled(narrowed(divide_half_even(widened(numbers.values, 2 * divisor), divisor)), places)


def write_exact(numbers: Scaled, words: Words) -> None:
    """Write the numbers as they lie in an `EXACT` column; errors as in `exact_column`."""
    if numbers.scale > EXACT_SCALE:
        shorter = rounded(numbers, EXACT_SCALE)
        if not bool((shorter.rescaled(numbers.scale).values == numbers.values).all()):
            raise ValueError(f"a number has more than {EXACT_SCALE} decimal places")
        numbers = shorter
    factor = 10 ** (EXACT_SCALE - numbers.scale)
    bound = numbers.bound * factor
    if bound >= 10**EXACT_DIGITS:
        raise OverflowError(f"a number has more than {EXACT_DIGITS - EXACT_SCALE} whole digits")
    if bound >= _FLOAT_SAFE or numbers.values.dtype == object:
        integers = b"".join([(int(value) * factor).to_bytes(16, "little", signed=True) for value in numbers.values])
        words[:] = np.frombuffer(integers, dtype=np.int64).reshape(-1, 2)
        return
    share = factor * 2.0**-64
    for start in range(0, len(words), _BLOCK):
        values, block = numbers.values[start : start + _BLOCK], words[start : start + _BLOCK]
        low = values * np.int64(factor)  # the low word, whatever was carried out of it
        high = values * share
        high -= low.view(np.uint64) * 2.0**-64
        block[:, 0] = low
        block[:, 1] = np.rint(high, out=high)
