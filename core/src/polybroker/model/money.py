"""Exact numbers: text in, `Decimal` between, text out."""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

EXACT_DIGITS: Final = 38
"""Digits a number may have in all; the widest decimal that the tables carry."""
EXACT_SCALE: Final = 18
"""Decimal places that the tables carry; a number with more is refused, never rounded in silence."""
AVERAGE_PLACES: Final = 10
"""Averages are rounded half-even to this many places; profit and loss never uses them."""

_PLAIN: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_LIMIT: Final = Decimal(10) ** (EXACT_DIGITS - EXACT_SCALE)
_LAST_PLACE: Final = Decimal(1).scaleb(-EXACT_SCALE)
_LOSSLESS: Final = Context(prec=2 * EXACT_DIGITS, traps=[Inexact, InvalidOperation])


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
    if value.copy_abs() >= _LIMIT:  # abs() would round to the digits of the caller's context
        raise ValueError(f"{value} has more than {EXACT_DIGITS - EXACT_SCALE} whole digits")
    try:
        value.quantize(_LAST_PLACE, context=_LOSSLESS)
    except (Inexact, InvalidOperation):
        raise ValueError(f"{value} has more than {EXACT_SCALE} decimal places") from None
    # 0E+40 fits, but tables refuse to take it so.
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent <= 0 else value.quantize(Decimal(1), context=_LOSSLESS)


def plain_text(value: Decimal) -> str:
    """`value` without exponent, without trailing zeros, and without a sign on zero (`1.50` is `1.5`)."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
