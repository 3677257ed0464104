"""Positions that were open before the first execution, from a file.

The file has a row for each position: `Symbol` and `Quantity` (negative for a short one, or with a column `Side`),
`Price` (its average), and where they are known `Account` and `Date`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.broker import Broker
from polybroker.errors import StatementError
from polybroker.statements.document import Column, ColumnKind, Document
from polybroker.statements.instruments import instruments
from polybroker.statements.numbers import number_style, parse_numbers
from polybroker.statements.options import ParseOptions
from polybroker.statements.schema import WALL_TIME
from polybroker.statements.times import parse_times

OPENING_COLUMNS: Final = (
    "account",
    "instrument_id",
    "quantity",
    "average_price",
    "symbol",
    "contract",
    "currency",
    "multiplier",
)
"""The columns of the frame, of which only the first four are needed by matching."""

_ACCOUNT, _SYMBOL, _SIDE, _QUANTITY, _PRICE, _DATE = "Account", "Symbol", "Side", "Quantity", "Price", "Date"
_COLUMNS: Final = (
    Column(_ACCOUNT, ("Account Name", "Account Number"), required=False),
    Column(_SYMBOL, ("Contract", "Instrument")),
    Column(_SIDE, ("Direction", "Long/Short"), required=False),
    Column(_QUANTITY, ("Qty", "Position", "Size"), ColumnKind.NUMBER),
    Column(_PRICE, ("Average Price", "Avg Price", "Average Cost", "Cost Basis", "Entry Price"), ColumnKind.NUMBER),
    Column(_DATE, ("Opened", "Entry Date"), ColumnKind.TIME, required=False),
)
_SIGNS: Final = {"long": 1, "buy": 1, "b": 1, "l": 1, "short": -1, "sell": -1, "s": -1}


@frozen
class Surroundings:
    """What the statements of the run tell about positions that their files leave out."""

    broker: Broker
    symbol_overrides: Mapping[str, str]
    executions: pl.DataFrame
    """The run's executions; their one account and first date stand in where the file has none."""


def read_opening(document: Document, around: Surroundings, options: ParseOptions) -> pl.DataFrame:
    """The opening positions of a file, with the columns `OPENING_COLUMNS`; the quantity is signed.

    Raises `StatementError` for the first row that cannot be read: with a position missing every later figure would
    be wrong. A symbol that nobody knows is accepted where the executions have it too.
    """
    table = document.table(_COLUMNS)
    if table.damaged:
        raise StatementError(table.damaged[0].message, source=document.name, row=table.damaged[0].row)
    rows = _Rows(document.name, table.frame)
    rows.refuse(rows.text(_SYMBOL).is_null(), _SYMBOL, "a position needs a symbol")
    style = number_style(
        [rows.text(_QUANTITY), rows.text(_PRICE)],
        decimal_comma=options.decimal_comma,
        rows=rows.frame.get_column("row"),
        source=document.name,
    )
    numbers = {}
    for name in (_QUANTITY, _PRICE):
        numbers[name], bad = parse_numbers(rows.text(name), style)
        rows.refuse(bad | numbers[name].is_null(), name, "a position needs a number here")
    quantity = _signed(rows, numbers[_QUANTITY])
    found = instruments(_as_fills(rows, around, options), around.broker, around.symbol_overrides)
    known = around.executions.get_column("instrument_id").unique()
    rows.refuse(
        ~(found.column("mapped") | found.column("instrument_id").is_in(known.implode())), _SYMBOL, "unknown symbol"
    )
    return pl.DataFrame(
        {
            "account": _accounts(rows, around, options),
            "instrument_id": found.column("instrument_id"),
            "quantity": quantity,
            "average_price": numbers[_PRICE],
            **{name: found.column(name) for name in ("symbol", "contract", "currency", "multiplier")},
        }
    )


def checked_opening(positions: pl.DataFrame) -> pl.DataFrame:
    """`positions` as the app made them; `StatementError` where columns are missing or numbers are not exact."""
    missing = [name for name in OPENING_COLUMNS[:4] if name not in positions.columns]
    if missing:
        raise StatementError(f"the opening positions have no column {', '.join(missing)}")
    for name in ("quantity", "average_price", "multiplier"):
        if name in positions.columns and positions.schema[name].is_float():
            raise StatementError(f"the opening positions need exact numbers in the column {name}, not floats")
    return positions


@frozen(eq=False)
class _Rows:
    name: str
    frame: pl.DataFrame

    def text(self, column: str) -> pl.Series:
        """A column of the file; null throughout where the file lacks it."""
        if column in self.frame.columns:
            return self.frame.get_column(column)
        return pl.Series(column, [None], dtype=pl.String).new_from_index(0, self.frame.height)

    def refuse(self, wrong: pl.Series, column: str, message: str) -> None:
        """Raise for the first row that is wrong."""
        if wrong.any():
            index = wrong.arg_max() or 0
            text = self.text(column)[index]
            shown = f"{message}: {text!r}" if text else message
            raise StatementError(shown, source=self.name, row=self.frame["row"][index], column=column)


def _signed(rows: _Rows, quantity: pl.Series) -> pl.Series:
    sides = rows.text(_SIDE)
    if sides.null_count() == len(sides):
        return quantity
    signs = sides.str.to_lowercase().replace_strict(_SIGNS, default=None, return_dtype=pl.Int8)
    rows.refuse(signs.is_null(), _SIDE, "a side is long or short")
    rows.refuse((quantity < 0) & (signs > 0), _QUANTITY, "a long position has no negative quantity")
    return quantity.abs().zip_with(signs > 0, -quantity.abs())


def _accounts(rows: _Rows, around: Surroundings, options: ParseOptions) -> pl.Series:
    accounts = rows.text(_ACCOUNT)
    if not accounts.null_count():
        return accounts
    if options.account is not None:
        return accounts.fill_null(pl.lit(options.account))
    present = around.executions.get_column("account").unique()
    if len(present) > 1:
        rows.refuse(accounts.is_null(), _ACCOUNT, "the statements have several accounts, so a position needs one")
    return accounts if not len(present) or present[0] is None else accounts.fill_null(present[0])


def _as_fills(rows: _Rows, around: Surroundings, options: ParseOptions) -> pl.DataFrame:
    """The columns that symbols are resolved from: the date of the position, else that of the first execution."""
    parsed = parse_times(
        rows.text(_DATE), day_first=options.day_first, rows=rows.frame.get_column("row"), source=rows.name
    )
    rows.refuse(parsed.bad, _DATE, "this is no date")
    dates = parsed.local
    if dates.null_count():
        first = around.executions.get_column("local_time").min()
        if not isinstance(first, datetime):
            rows.refuse(dates.is_null(), _DATE, "without executions a position needs its date")
        dates = dates.fill_null(pl.lit(first, WALL_TIME))
    symbols = rows.text(_SYMBOL)
    return pl.DataFrame({"raw_symbol": symbols, "symbol_key": symbols, "local_time": dates})
