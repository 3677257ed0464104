"""Side, quantity and price of each row."""

from __future__ import annotations

import polars as pl

from polybroker.errors import StatementError
from polybroker.statements.schema import EXACT
from polybroker.statements.sides import parse_sides
from polybroker_generic_csv.sheet import Sheet


def read_trades(sheet: Sheet) -> dict[str, pl.Series]:
    """`side`, `quantity` (above 0), `price` and `multiplier`; rows that lack one are refused.

    Raises `StatementError` where neither a column nor any sign says which executions are sales.
    """
    quantity, price = sheet.numbers("quantity"), sheet.numbers("price")
    sheet.refuse(sheet.good & quantity.is_null(), "quantity", "the row has no quantity")
    sheet.refuse(sheet.good & (quantity == 0), "quantity", "the quantity is 0")
    sheet.refuse(sheet.good & price.is_null(), "price", "the row has no price")
    sold = (quantity < 0).fill_null(value=False)
    sides = _sides(sheet, sold)
    found = {"side": sides, "quantity": quantity.abs() if sold.any() else quantity, "price": price}
    return {**found, "multiplier": _multiplier(sheet)} if sheet.has("multiplier") else found


def _sides(sheet: Sheet, sold: pl.Series) -> pl.Series:
    """The side words, or where there are none the signs: `sold` marks the quantities below 0."""
    if not sheet.has("side"):
        if sheet.frame.height and not sold.any():
            raise StatementError(
                "no column says buy or sell, and no quantity is negative",
                source=sheet.name,
                column=sheet.headers["quantity"],
            )
        return pl.select(pl.when(sold).then(pl.lit("sell")).otherwise(pl.lit("buy"))).to_series()
    sides, bad = parse_sides(sheet.cells("side"))
    sheet.refuse(bad, "side", lambda text: f"{text!r} is no side")
    sheet.refuse(sheet.good & sides.is_null(), "side", "the row has no side")
    sheet.refuse(sheet.good & sold & (sides == "buy"), "quantity", "a buy has a negative quantity")
    return sides


def _multiplier(sheet: Sheet) -> pl.Series:
    values = sheet.numbers("multiplier")
    sheet.refuse((values <= 0).fill_null(value=False), "multiplier", "a multiplier is above 0")
    return values.cast(EXACT)
