"""Commission and fees: whatever a file's sign for a charge, a charge is negative afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from polybroker.errors import AmbiguousStatement
from polybroker.statements.options import CommissionSign
from polybroker_generic_csv.sheet import Sheet

_LARGEST: Final = 10**15
"""No charge is larger; sums of a few such numbers are far from overflow."""
_QUESTION: Final = "--commission-sign positive / --commission-sign negative"


def read_charges(sheet: Sheet, answer: CommissionSign | None) -> dict[str, pl.Series]:
    """`commission` and `fees` as far as the document has columns for them; several columns of fees are added up.

    All charges of a document have one sign. Raises `AmbiguousStatement` where there are both signs and `answer` does
    not say which one is a charge: the other one is a rebate.
    """
    names = [name for name in ("commission", *sheet.fees) if sheet.has(name)]
    charges = {name: _charges(sheet, name) for name in names}
    sign = -1 if (answer or _sign(sheet, charges)) is CommissionSign.POSITIVE else 1
    signed = {name: values if sign == 1 else -values for name, values in charges.items()}
    found = {"commission": signed["commission"]} if "commission" in signed else {}
    fees = [values for name, values in signed.items() if name != "commission"]
    return {**found, "fees": _total(fees)} if fees else found


def _charges(sheet: Sheet, name: str) -> pl.Series:
    values = sheet.numbers(name)
    large = (values.abs() >= _LARGEST).fill_null(value=False)
    sheet.refuse(large, name, lambda text: f"{text!r} is too large for a charge")
    return pl.select(pl.when(~large).then(values)).to_series() if large.any() else values


def _sign(sheet: Sheet, charges: Mapping[str, pl.Series]) -> CommissionSign:
    above = {name: sheet.good & (values > 0).fill_null(value=False) for name, values in charges.items()}
    below = {name: sheet.good & (values < 0).fill_null(value=False) for name, values in charges.items()}
    positive = next((name for name, mask in above.items() if mask.any()), None)
    negative = next((name for name, mask in below.items() if mask.any()), None)
    if positive is None or negative is None:
        return CommissionSign.POSITIVE if positive is not None else CommissionSign.NEGATIVE
    one, other = _place(sheet, positive, above[positive]), _place(sheet, negative, below[negative])
    raise AmbiguousStatement(
        f"there are charges of both signs, {one[1]} in row {one[0]} and {other[1]} in row {other[0]}: one is a rebate",
        question=_QUESTION,
        source=sheet.name,
        row=max(one[0], other[0]),
        column=sheet.headers[positive if one[0] > other[0] else negative],
    )


def _place(sheet: Sheet, name: str, mask: pl.Series) -> tuple[int, str]:
    index = mask.arg_max() or 0
    return int(sheet.frame.get_column("row")[index]), str(sheet.cells(name)[index])


def _total(fees: list[pl.Series]) -> pl.Series:
    """The sum of the columns; null where all are."""
    if len(fees) == 1:
        return fees[0]
    known = pl.any_horizontal([values.is_not_null() for values in fees])
    return pl.select(pl.when(known).then(pl.sum_horizontal(fees))).to_series()
