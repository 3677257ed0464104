"""Futures contract months: letters, years of one, two or four digits, and the contract text."""

from __future__ import annotations

from datetime import date
from typing import Final

from attrs import frozen

MONTH_LETTERS: Final = "FGHJKMNQUVXZ"
"""F = January ... Z = December."""
_MONTH_NAMES: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@frozen(order=True)
class ContractMonth:
    """A delivery month, for example March 2025."""

    year: int
    month: int

    def __attrs_post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1970 <= self.year <= 2199):
            raise ValueError(f"no contract month: {self.year}-{self.month}")

    @property
    def letter(self) -> str:
        """The exchange's letter of the month, `H` for March."""
        return MONTH_LETTERS[self.month - 1]

    @property
    def first_day(self) -> date:
        """The month as a date, its first day."""
        return date(self.year, self.month, 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def month_number(text: str) -> int:
    """1 to 12 from a letter (`H`), an English name (`MAR`) or a number (`03`); `ValueError` otherwise."""
    word = text.strip().upper()
    if len(word) == 1 and word in MONTH_LETTERS:
        return MONTH_LETTERS.index(word) + 1
    if word[:3] in _MONTH_NAMES and word.isalpha():
        return _MONTH_NAMES.index(word[:3]) + 1
    if word.isdigit() and 1 <= int(word) <= 12:
        return int(word)
    raise ValueError(f"{text!r} is no month")


def contract_month(month: int, year_text: str, on: date | None) -> ContractMonth:
    """The contract month that a year of one, two or four digits means for a fill on the date `on`.

    A short year is the one nearest to the fill within which the contract can still be traded: the first
    candidate that is not more than a month before the fill. (A contract is hardly ever filled after its
    month; a delivery in the first days after it is.) A one-digit year without `on` is a `ValueError`.
    """
    if len(year_text) == 4:
        return ContractMonth(int(year_text), month)
    span = 10 ** len(year_text)
    if on is None:
        if len(year_text) == 1:
            raise ValueError(f"the one-digit year {year_text!r} needs the date of the fill")
        return ContractMonth(2000 + int(year_text), month)
    year = on.year - on.year % span + int(year_text)
    if span == 100:
        candidates = [year - 100, year, year + 100]
        best = min(candidates, key=lambda candidate: abs(candidate - on.year))
        return ContractMonth(best, month)
    if (year - on.year) * 12 + month - on.month < -1:
        year += span
    elif (year - on.year) * 12 + month - on.month >= span * 12 - 1:
        year -= span
    return ContractMonth(year, month)


def contract_code(root: str, month: ContractMonth) -> str:
    """The exchange's short contract text with a one-digit year, `MESH5`."""
    return f"{root}{month.letter}{month.year % 10}"


def split_contract(text: str) -> tuple[str, int, str] | None:
    """`MESH25` as (`MES`, 3, `25`); None where the text is no root with month letter and year.

    The longest root wins, so that roots which end in a digit (`EU6M25`) stay whole.
    """
    word = text.strip().upper()
    for digits in (2, 1, 4):
        root, month, year = word[: -digits - 1], word[-digits - 1 : -digits], word[-digits:]
        if root and root.isalnum() and month and month in MONTH_LETTERS and year.isdigit():
            if digits == 1 and len(word) > 2 and word[-2:].isdigit():
                continue
            return root, MONTH_LETTERS.index(month) + 1, year
    return None
