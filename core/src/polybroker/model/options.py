"""The OSI option symbol: root padded to 6, `YYMMDD`, `C` or `P`, strike in thousandths in 8 digits."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

_ROOT: Final = re.compile(r"[A-Z0-9.$^]{1,6}")
_OSI: Final = re.compile(r"([A-Z0-9.$^]{1,6}) *([0-9]{6})([CP])([0-9]{8})")
_THOUSANDTH: Final = Decimal("0.001")


class OptionRight(StrEnum):
    """Call or put."""

    CALL = "call"
    PUT = "put"


def osi_symbol(root: str, expiry: date, right: OptionRight, strike: Decimal) -> str:
    """The 21 characters of an option; `ValueError` where root, date or strike do not fit the form."""
    if not _ROOT.fullmatch(root):
        raise ValueError(f"an OSI root has 1 to 6 capital letters, digits or signs, not {root!r}")
    if isinstance(expiry, datetime):
        raise ValueError(f"an option expires on a date, not at a time: {expiry}")
    if not 2000 <= expiry.year <= 2099:
        raise ValueError(f"an OSI symbol holds the years 2000 to 2099, not {expiry.year}")
    return f"{root:<6}{expiry:%y%m%d}{right.name[0]}{_thousandths(strike):08d}"


def split_osi(text: str) -> tuple[str, date, OptionRight, Decimal] | None:
    """Root, expiry, right and strike of an OSI symbol; None where the text is none.

    Brokers pad the root to 6, with two blanks always, or not at all: any run of blanks is accepted.
    """
    match = _OSI.fullmatch(text.strip().upper()) if text.isascii() else None
    if match is None:
        return None
    root, day, right, strike = match.groups()
    expiry = calendar_date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    if expiry is None or int(strike) == 0:
        return None
    return root, expiry, OptionRight.CALL if right == "C" else OptionRight.PUT, Decimal(int(strike)) / 1000


def calendar_date(year: int, month: int, day: int) -> date | None:
    """That date; None where the calendar does not have it."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _thousandths(strike: Decimal) -> int:
    if strike.is_finite() and 0 < strike < 100_000:
        rounded = strike.quantize(_THOUSANDTH)
        if rounded == strike:
            return int(rounded.scaleb(3))
    raise ValueError(f"an OSI strike is above 0 and below 100,000 in whole thousandths, not {strike}")
