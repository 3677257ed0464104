"""The OSI option symbol: root padded to 6, `YYMMDD`, `C` or `P`, strike in thousandths in 8 digits."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum

_OSI = re.compile(r"([A-Z0-9.$^]{1,6}) *(\d{6})([CP])(\d{8})")


class OptionRight(StrEnum):
    """Call or put."""

    CALL = "call"
    PUT = "put"


def osi_symbol(root: str, expiry: date, right: OptionRight, strike: Decimal) -> str:
    """The 21 characters of an option; `ValueError` where root, year or strike do not fit the form."""
    thousandths = strike * 1000
    if not (1 <= len(root) <= 6) or root != root.strip():
        raise ValueError(f"an OSI root has 1 to 6 characters, not {root!r}")
    if not 2000 <= expiry.year <= 2099:
        raise ValueError(f"an OSI symbol holds the years 2000 to 2099, not {expiry.year}")
    if thousandths != thousandths.to_integral_value() or not 0 < thousandths < 10**8:
        raise ValueError(f"an OSI strike is above 0 in whole thousandths, not {strike}")
    return f"{root:<6}{expiry:%y%m%d}{right.name[0]}{int(thousandths):08d}"


def split_osi(text: str) -> tuple[str, date, OptionRight, Decimal] | None:
    """Root, expiry, right and strike of an OSI symbol; None where the text is none.

    Brokers pad the root to 6, with two blanks always, or not at all: any run of blanks is accepted.
    """
    match = _OSI.fullmatch(text.strip().upper())
    if match is None:
        return None
    root, day, right, strike = match.groups()
    try:
        expiry = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        return None
    if int(strike) == 0:
        return None
    return root, expiry, OptionRight.CALL if right == "C" else OptionRight.PUT, Decimal(int(strike)) / 1000
