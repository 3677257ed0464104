"""Exact numbers: text in, `Decimal` between, text out."""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext

EXACT_DIGITS = 38
"""Digits a number may have in all; the widest decimal that the tables carry."""
EXACT_SCALE = 18
"""Decimal places that the tables carry; a number with more is refused, never rounded in silence."""
AVERAGE_PLACES = 10
"""Averages are rounded half-even to this many places; profit and loss never uses them."""

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_LIMIT = Decimal(10) ** (EXACT_DIGITS - EXACT_SCALE)


def parse_decimal(text: str) -> Decimal:
    """The exact value of a plain number (`-1.50`, `6.0950E+3`); `ValueError` for anything else.

    No rounding takes place: a number with more than 18 decimal places or 20 whole digits is refused.
    """
    stripped = text.strip()
    if not _PLAIN.fullmatch(stripped):
        raise ValueError(f"{text!r} is not a number")
    return exact(Decimal(stripped))


def exact(value: Decimal) -> Decimal:
    """`value`, proven to fit the tables without loss; `ValueError` where it does not."""
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    if abs(value) >= _LIMIT:
        raise ValueError(f"{value} has more than {EXACT_DIGITS - EXACT_SCALE} whole digits")
    try:
        with localcontext(Context(prec=80, traps=[Inexact, InvalidOperation])):
            value.quantize(Decimal(1).scaleb(-EXACT_SCALE))
    except (Inexact, InvalidOperation):
        raise ValueError(f"{value} has more than {EXACT_SCALE} decimal places") from None
    return value


def plain_text(value: Decimal) -> str:
    """`value` without exponent, without trailing zeros, and without a sign on zero (`1.50` is `1.5`)."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
