"""Two tiny brokers: Acme knows its files by their header, Plain takes any table of trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from polybroker.errors import SymbolUnknown
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate
from polybroker.model.executions import Granularity
from polybroker.model.futures import contract_month, split_contract
from polybroker.model.instruments import Future, Instrument, Stock
from polybroker.plugin_loading import broker_of
from polybroker.statements.document import Column, Document
from polybroker.statements.numbers import NumberStyle, parse_numbers
from polybroker.statements.options import ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.statement import Statement
from polybroker.statements.times import parse_times

ROOTS = {"MES": 5, "ES": 50}
ACME_COLUMNS = ("Acme Fill", "Account", "Time", "Symbol", "Side", "Qty", "Price", "Order", "Commission", "Fees", "Day")
PLAIN_COLUMNS = tuple(name for name in ACME_COLUMNS if name != "Acme Fill")
Row = Mapping[str, Any]


def parse(
    documents: Sequence[Document], kinds: Mapping[str, StatementKind], options: ParseOptions, version: str
) -> Statement:
    """Rows without a quantity are no trades; a bad number or time is a problem."""
    rows, frames = RowAccount(), []
    for index, document in enumerate(documents):
        table = document.table([Column(name, required=name == "Price") for name in ACME_COLUMNS])
        frame = table.frame.select(
            "row", *(pl.col(n) if table.has(n) else pl.lit(None, pl.String).alias(n) for n in ACME_COLUMNS)
        )
        rows.open_file(document.name, frame["row"].to_numpy())
        rows.skip(index, frame.filter(pl.col("Qty").is_null())["row"].to_numpy(), "not a trade")
        frame = frame.filter(pl.col("Qty").is_not_null())
        numbers, bad = {}, pl.Series([False]).new_from_index(0, frame.height)
        for name in ("Qty", "Price", "Commission", "Fees"):
            numbers[name], wrong = parse_numbers(frame[name], NumberStyle())
            bad = bad | wrong
        times = parse_times(frame["Time"], day_first=options.day_first)
        bad = bad | times.bad
        for row in frame.filter(bad)["row"]:
            rows.problem(index, row, None, "not a number or time")
        frames.append(
            pl.DataFrame(
                {
                    "file": pl.Series([index], dtype=pl.UInt32).new_from_index(0, frame.height),
                    "row": frame["row"],
                    "kind": pl.Series([kinds[document.name].id]).new_from_index(0, frame.height),
                    "execution_id": frame["Acme Fill"],
                    "order_id": frame["Order"],
                    "account": frame["Account"],
                    "timestamp": times.utc,
                    "local_time": times.local,
                    "timezone": times.zone,
                    "trading_day": frame["Day"].str.to_date("%Y-%m-%d"),
                    "raw_symbol": frame["Symbol"],
                    "side": frame["Side"].str.to_lowercase(),
                    "quantity": numbers["Qty"],
                    "price": numbers["Price"],
                    "commission": numbers["Commission"],
                    "fees": numbers["Fees"],
                    "granularity": pl.Series(["fill"]).new_from_index(0, frame.height),
                }
            ).filter(~bad)
        )
    return Statement(pl.concat(frames), rows, version)


class TinyPlugin:
    """A broker plugin as an object; `header` tells its files from others."""

    def __init__(self, info: BrokerInfo, header: str, *, absent: str = "", estimates: bool = True) -> None:
        self.info, self.header, self.absent = info, header, absent
        self.kinds: dict[str, StatementKind] = {}
        self.asked: list[tuple[str, date | None]] = []
        if not estimates:
            vars(self).update(commission_plans=None, commission_schedule=None)

    @hookimpl
    def broker_info(self) -> BrokerInfo:
        return self.info

    @hookimpl
    def recognize_statement(self, document: Document) -> StatementKind | None:
        names = {cell for row in document.head(5) for cell in row}
        if self.header not in names or (self.absent and self.absent in names):
            return None
        kind = self.info.statement_kinds[-1 if "Total" in names else 0]
        self.kinds[document.name] = kind
        return kind

    @hookimpl
    def parse_statement(self, documents: Sequence[Document], options: ParseOptions) -> Statement:
        return parse(documents, self.kinds, options, f"{self.info.id}/1")

    @hookimpl
    def to_broker_symbol(self, instrument: Instrument) -> str:
        return instrument.contract

    @hookimpl
    def from_broker_symbol(self, symbol: str, on: date | None) -> Instrument:
        self.asked.append((symbol, on))
        if symbol == "AAPL":
            return Stock("AAPL")
        parts = split_contract(symbol)
        if parts is None or parts[0] not in ROOTS:
            raise SymbolUnknown(symbol)
        root, month, year = parts
        return Future(root, "CME", contract_month(month, year, on), Decimal(ROOTS[root]))

    @hookimpl
    def commission_plans(self) -> Sequence[CommissionPlan]:
        return [CommissionPlan("small", "Small", 0, 9), CommissionPlan("large", "Large", 10)]

    @hookimpl
    def commission_schedule(self, plan: str) -> CommissionSchedule:
        amount = {"small": "0.60", "large": "0.50"}[plan]
        parts = ((Part.COMMISSION, Decimal(amount)), (Part.EXCHANGE, Decimal("0.35")))
        rates = tuple(Rate(amount=value, basis=Basis.UNIT, currency="USD", part=part) for part, value in parts)
        return CommissionSchedule(plan=plan, rates=rates, source="Acme's page", as_of=date(2026, 1, 1))


def kind(name: str, *, exact: bool = True, **more: Any) -> StatementKind:
    return StatementKind(
        id=name,
        title=name.replace("_", " ").title(),
        extensions=(".csv",),
        granularity=Granularity.FILL,
        timezone="America/Chicago",
        export_instructions=f"Press Export on the page {name}.",
        sample="sample.csv",
        exact=exact,
        **more,
    )


ACME = BrokerInfo(
    id="acme",
    title="Acme",
    website="https://acme.example",
    aliases=("acme_futures",),
    statement_kinds=(kind("acme_fills", prefer_over=("acme_orders",)), kind("acme_orders")),
)
PLAIN = BrokerInfo(
    id="plain", title="Plain", website="https://plain.example", statement_kinds=(kind("plain_table", exact=False),)
)


def csv_bytes(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    lines = [",".join(columns)]
    lines += [",".join("" if row.get(name) is None else str(row[name]) for name in columns) for row in rows]
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture(scope="session")
def tiny() -> SimpleNamespace:
    """The brokers, as `acme`, `plain` and `both` (a mapping), their plugins, and what makes files for them."""
    acme, plain = TinyPlugin(ACME, "Acme Fill"), TinyPlugin(PLAIN, "Price", estimates=False)
    acme_broker, plain_broker = broker_of(acme, "acme"), broker_of(plain, "plain")

    def acme_csv(rows: Sequence[Row], *more: str) -> bytes:
        return csv_bytes(rows, (*ACME_COLUMNS, *more))

    def plain_csv(rows: Sequence[Row]) -> bytes:
        return csv_bytes(rows, PLAIN_COLUMNS)

    return SimpleNamespace(
        acme=acme_broker,
        plain=plain_broker,
        both={"acme": acme_broker, "plain": plain_broker},
        acme_plugin=acme,
        plain_plugin=plain,
        acme_csv=acme_csv,
        plain_csv=plain_csv,
        broker_of=broker_of,
        kind=kind,
        plugin=TinyPlugin,
    )
