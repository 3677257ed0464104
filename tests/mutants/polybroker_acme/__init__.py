"""The reference plugin: a small broker that keeps every law. The mutants are this source with one thing broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate
from polybroker.model.executions import Granularity
from polybroker.model.futures import MONTH_LETTERS, contract_month
from polybroker.model.instruments import AssetClass, Future, Instrument, Stock
from polybroker.model.products import product
from polybroker.statements.document import Column, ColumnKind, Document
from polybroker.statements.numbers import number_style, parse_numbers
from polybroker.statements.options import CommissionSign, ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.sides import parse_sides
from polybroker.statements.statement import Statement
from polybroker.statements.times import parse_times

TRADES = StatementKind(
    id="trades",
    title="Acme trade list",
    extensions=(".csv", ".xlsx"),
    granularity=Granularity.FILL,
    timezone="America/Chicago",
    export_instructions="Open Reports, choose Trades and press Export.",
    sample="trades.csv",
)
COLUMNS = (
    Column("Trade Time", kind=ColumnKind.TIME),
    Column("Contract"),
    Column("B/S"),
    Column("Lots", kind=ColumnKind.NUMBER),
    Column("Fill Price", kind=ColumnKind.NUMBER),
    Column("Comm", kind=ColumnKind.NUMBER, required=False),
    Column("Account", required=False),
    Column("Fill ID", required=False),
    Column("Type", required=False),
)
NEEDED = ("Trade Time", "Contract", "B/S", "Lots", "Fill Price")
SOURCE = "Acme's price list of 2 January 2026"


@hookimpl
def broker_info() -> BrokerInfo:
    return BrokerInfo(
        id="acme",
        title="Acme Futures",
        website="https://acme.example.com",
        aliases=("acme_futures",),
        statement_kinds=(TRADES,),
        rates_page="https://acme.example.com/rates",
    )


@hookimpl
def to_broker_symbol(instrument: Instrument) -> str:
    if isinstance(instrument, Stock) and instrument == Stock(instrument.ticker) and is_ticker(instrument.ticker):
        return f"${instrument.ticker}"
    if isinstance(instrument, Future) and instrument.expiry:
        known = product(instrument.root)
        if known and known.future(instrument.expiry) == instrument:
            return f"{instrument.root}.{instrument.expiry.letter}{instrument.expiry.year % 10}"
    raise Unsupported(f"Acme does not trade {instrument}")


@hookimpl
def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    text = symbol.strip().upper()
    if text.startswith("$") and is_ticker(text[1:]):
        return Stock(text[1:])
    root, dot, month = text.partition(".")
    known = product(root)
    if not (known and dot and len(month) == 2 and month[0] in MONTH_LETTERS and month[1] in "0123456789"):
        raise SymbolUnknown(symbol)
    try:
        return known.future(contract_month(MONTH_LETTERS.index(month[0]) + 1, month[1], on))
    except ValueError as error:
        raise SymbolUnknown(symbol, str(error)) from None


def is_ticker(text: str) -> bool:
    return 0 < len(text) < 6 and text.isascii() and text.isalpha() and text.isupper()


@hookimpl
def recognize_statement(document: Document) -> StatementKind | None:
    return TRADES if document.header(["Contract", "B/S", "Lots"]) else None


@hookimpl
def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    account = RowAccount()
    fills = [read(document, options, account) for document in documents]
    return Statement(pl.concat(fills), account, "acme/1")


def read(document: Document, options: ParseOptions, account: RowAccount) -> pl.DataFrame:
    table = document.table(COLUMNS)
    damaged = np.array([entry.row for entry in table.damaged], dtype=np.int64)
    numbers = np.unique(np.concatenate([table.frame["row"].to_numpy().astype(np.int64), damaged]))
    file = account.open_file(document.name, numbers)
    for entry in table.damaged:
        account.problem(file, entry.row, None, entry.message)
    frame = table.frame.with_columns(
        pl.lit(None, pl.String).alias(column.name) for column in COLUMNS if not table.has(column.name)
    )
    cash = frame["Type"] == "Cash"
    account.skip(file, frame.filter(cash)["row"].to_numpy(), "not a trade")
    frame = frame.filter(~cash.fill_null(value=False))
    money = [frame[name] for name in ("Lots", "Fill Price", "Comm")]
    style = number_style(money, decimal_comma=options.decimal_comma, rows=frame["row"], source=document.name)
    (lots, bad_lots), (price, bad_price), (charge, bad_charge) = (parse_numbers(column, style) for column in money)
    side, bad_side = parse_sides(frame["B/S"])
    times = parse_times(frame["Trade Time"], day_first=options.day_first, rows=frame["row"], source=document.name)
    sign = -1 if options.commission_sign is not CommissionSign.NEGATIVE else 1
    fills = pl.DataFrame(
        {
            "file": pl.Series([file] * frame.height, dtype=pl.UInt32),
            "row": frame["row"],
            "kind": pl.Series(["trades"] * frame.height, dtype=pl.String),
            "execution_id": frame["Fill ID"],
            "account": frame["Account"],
            "timestamp": times.utc,
            "local_time": times.local,
            "timezone": times.zone,
            "raw_symbol": frame["Contract"],
            "side": side,
            "quantity": lots,
            "price": price,
            "commission": charge * sign,
            "granularity": pl.Series([str(Granularity.FILL)] * frame.height, dtype=pl.String),
        }
    )
    wrong = {
        "Trade Time": times.bad | times.local.is_null(),
        "Contract": frame["Contract"].is_null(),
        "B/S": bad_side | side.is_null(),
        "Lots": bad_lots | (lots <= 0).fill_null(value=True),
        "Fill Price": bad_price | price.is_null(),
        "Comm": bad_charge,
    }
    return without_problems(fills, frame, wrong, file, account)


def without_problems(
    fills: pl.DataFrame, frame: pl.DataFrame, wrong: dict[str, pl.Series], file: int, account: RowAccount
) -> pl.DataFrame:
    for name, mask in wrong.items():
        for row, text in frame.filter(mask).select("row", name).iter_rows():
            account.problem(file, row, name, f"{text!r} cannot be read")
    good = ~pl.Series(np.logical_or.reduce([mask.to_numpy() for mask in wrong.values()]))
    return fills.filter(good)


PLANS = (
    CommissionPlan(id="basic", title="Fewer than 1,000 contracts a month", contracts_from=0, contracts_to=999),
    CommissionPlan(id="active", title="1,000 contracts a month and more", contracts_from=1000),
)
RATES = {"basic": Decimal("0.85"), "active": Decimal("0.62")}


@hookimpl
def commission_plans() -> Sequence[CommissionPlan]:
    return PLANS


@hookimpl
def commission_schedule(plan: str) -> CommissionSchedule:
    if plan not in RATES:
        raise Unsupported(f"Acme has no plan {plan!r}")
    rates = (
        Rate(amount=RATES[plan], basis=Basis.UNIT, currency="USD", asset_class=AssetClass.FUTURE),
        Rate(amount=Decimal("0.02"), basis=Basis.UNIT, currency="USD", asset_class=AssetClass.FUTURE, part=Part.NFA),
        Rate(
            amount=Decimal("0.005"),
            basis=Basis.UNIT,
            currency="USD",
            asset_class=AssetClass.STOCK,
            minimum=Decimal(1),
        ),
    )
    return CommissionSchedule(plan=plan, rates=rates, source=SOURCE, as_of=date(2026, 1, 2))
