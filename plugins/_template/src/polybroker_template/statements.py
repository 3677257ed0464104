"""The trade list that the website exports: one row for each fill."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Final

import polars as pl

from polybroker.model.broker_info import StatementKind
from polybroker.statements.document import Column, ColumnKind, Document
from polybroker.statements.numbers import number_style, parse_numbers
from polybroker.statements.options import CommissionSign, ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.sides import parse_sides
from polybroker.statements.statement import Statement
from polybroker.statements.times import parse_times
from polybroker_template.facts import TRADES

VERSION: Final = "template/1"
"""To be raised whenever a file would be read differently."""
FILL_ID: Final = "Template Fill ID"
COLUMNS: Final = (
    Column(FILL_ID),
    Column("Account"),
    Column("Order ID", required=False),
    Column("Time", kind=ColumnKind.TIME),
    Column("Symbol"),
    Column("Side"),
    Column("Quantity", kind=ColumnKind.NUMBER),
    Column("Price", kind=ColumnKind.NUMBER),
    Column("Commission", kind=ColumnKind.NUMBER, required=False),
)
REQUIRED: Final = tuple(column.name for column in COLUMNS if column.required)


def recognize(document: Document) -> StatementKind | None:
    """By headers that no other broker's file has together."""
    return TRADES if document.header([FILL_ID, "Symbol", "Side", "Quantity", "Price"]) else None


def parse(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """All documents; every row of each ends in the result, or in the account of rows with a reason."""
    rows = RowAccount()
    return Statement(pl.concat([_read(document, options, rows) for document in documents]), rows, VERSION)


def _read(document: Document, options: ParseOptions, rows: RowAccount) -> pl.DataFrame:
    table = document.table(COLUMNS)
    frame = table.frame.with_columns(
        pl.lit(None, pl.String).alias(column.name) for column in COLUMNS if not table.has(column.name)
    )
    file = rows.open_file(document.name, sorted([*frame["row"], *(damaged.row for damaged in table.damaged)]))
    for damaged in table.damaged:
        rows.problem(file, damaged.row, None, damaged.message)

    money = [frame[name] for name in ("Quantity", "Price", "Commission")]
    style = number_style(money, decimal_comma=options.decimal_comma, rows=frame["row"], source=document.name)
    (quantity, bad_quantity), (price, bad_price), (charge, bad_charge) = (parse_numbers(each, style) for each in money)
    side, bad_side = parse_sides(frame["Side"])
    times = parse_times(frame["Time"], day_first=options.day_first, rows=frame["row"], source=document.name)
    # The file writes a charge without a sign; in an execution negative is a charge.
    sign = 1 if options.commission_sign is CommissionSign.NEGATIVE else -1

    bad = {
        FILL_ID: frame[FILL_ID].is_null(),
        "Time": times.bad | times.local.is_null(),
        "Symbol": frame["Symbol"].is_null(),
        "Side": bad_side | side.is_null(),
        "Quantity": bad_quantity | (quantity <= 0).fill_null(value=True),
        "Price": bad_price | price.is_null(),
        "Commission": bad_charge,
    }
    for column, mask in bad.items():
        for row, text in frame.filter(mask).select("row", column).iter_rows():
            rows.problem(file, row, column, f"{text!r} cannot be read")
    fills = frame.select(
        "row",
        file=pl.lit(file, pl.UInt32),
        kind=pl.lit(TRADES.id),
        execution_id=FILL_ID,
        account="Account",
        order_id="Order ID",
        timestamp=times.utc,
        local_time=times.local,
        timezone=times.zone,
        raw_symbol="Symbol",
        side=side,
        quantity=quantity,
        price=price,
        commission=charge * sign,
        granularity=pl.lit(str(TRADES.granularity)),
    )
    return fills.filter(~functools.reduce(operator.or_, bad.values()))
