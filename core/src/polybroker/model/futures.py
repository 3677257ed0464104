"""Futures contract months: letters, years of one, two or four digits, and the contract text."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from attrs import frozen

MONTH_LETTERS: Final = "FGHJKMNQUVXZ"
"""F = January ... Z = December."""
MONTH_NAMES: Final = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)

_YEARS: Final = range(1970, 2200)
_CONTRACT: Final = re.compile(rf"([A-Z0-9]+)([{MONTH_LETTERS}])([0-9]{{4}}|[0-9]{{1,2}})")
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})")


@frozen(order=True)
class ContractMonth:
    """A delivery month, for example March 2025."""

    year: int
    month: int

    def __attrs_post_init__(self) -> None:
        if not (1 <= self.month <= 12 and self.year in _YEARS):
            raise ValueError(f"no contract month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> ContractMonth:
        """The month written as `2025-03`; `ValueError` for any other text."""
        match = _MONTH.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no month, which is written like 2025-03")
        return cls(int(match[1]), int(match[2]))

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
    """1 to 12 from a letter (`H`), an English name (`MAR`, `SEPT`, `MARCH`) or a number (`03`), else `ValueError`."""
    word = text.strip().upper() if text.isascii() else ""
    if len(word) == 1 and word in MONTH_LETTERS:
        return MONTH_LETTERS.index(word) + 1
    for number, name in enumerate(MONTH_NAMES, start=1):
        if word in (name, name[:3]) or (word == "SEPT" and number == 9):
            return number
    if _is_number(word) and len(word) <= 2 and 1 <= int(word) <= 12:
        return int(word)
    raise ValueError(f"{text!r} is no month")


def contract_month(month: int, year_text: str, on: date | None) -> ContractMonth:
    """The contract month that a year of one, two or four digits means for a fill on the date `on`.

    A one-digit year is the first one that puts the contract no earlier than the month before the fill. (A
    contract trades before and in its month; a delivery or a correction can come in the first days after it.) A
    two-digit year is the one nearest to the year of the fill, without a fill that of the century from 2000.
    `ValueError` for a one-digit year without `on`, and for a year that is not of one, two or four digits.
    """
    if not _is_number(year_text) or len(year_text) not in (1, 2, 4):
        raise ValueError(f"{year_text!r} is no year of one, two or four digits")
    year = int(year_text)
    if len(year_text) == 4:
        return ContractMonth(year, month)
    if len(year_text) == 2:
        return ContractMonth(_nearest(year, 2049 if on is None else on.year), month)
    if on is None:
        raise ValueError(f"the one-digit year {year_text!r} needs the date of the fill")
    earliest = on.year * 12 + on.month - 2  # months since year 0 of the month before the fill
    year += earliest // 12 // 10 * 10
    if year * 12 + month - 1 < earliest:
        year += 10
    return ContractMonth(year, month)


def contract_code(root: str, month: ContractMonth) -> str:
    """The exchange's short contract text with a one-digit year, `MESH5`."""
    return f"{root}{month.letter}{month.year % 10}"


def split_contract(text: str) -> tuple[str, int, str] | None:
    """`MESH25` as (`MES`, 3, `25`); None where the text is no root with month letter and year.

    The month is the last letter of the text, so roots that hold digits (`M2K`, `EU6M25`) stay whole.
    """
    match = _CONTRACT.fullmatch(text.strip().upper()) if text.isascii() else None
    if match is None:
        return None
    return match[1], MONTH_LETTERS.index(match[2]) + 1, match[3]


def _nearest(two_digits: int, year: int) -> int:
    """The year nearest to `year` that ends in the two digits; of two equally near ones the later."""
    same = year - year % 100 + two_digits
    candidates = [candidate for candidate in (same + 100, same, same - 100) if candidate in _YEARS]
    return min(candidates, key=lambda candidate: abs(candidate - year))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
