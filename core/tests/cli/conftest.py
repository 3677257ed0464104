"""The command line, run in this process or as one of its own, with a plugin made for the test."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from click.testing import CliRunner, Result

from polybroker import registry
from polybroker.cli import main

PAPER = '''
"""A made-up broker."""
from datetime import date
from decimal import Decimal

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate
from polybroker.model.executions import Granularity
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Stock

KIND = StatementKind("notes", "Contract notes", (".csv",), Granularity.FILL, "UTC",
                     "Open the ledger.\\nPress Export.", "notes.csv")
MORE = StatementKind("ledger", "Ledger", (".csv",), Granularity.ORDER, "UTC", "Ask for it.", "missing.csv")
PLANS = (CommissionPlan(id="small", title="Small accounts", contracts_from=0, contracts_to=1000),
         CommissionPlan(id="large", title="Large accounts"))

@hookimpl
def broker_info():
    return BrokerInfo("paper", "Paper & Sons", "https://paper.example", aliases=("notes_of_paper",),
                      statement_kinds=(KIND, MORE), rates_page="https://paper.example/rates")

@hookimpl
def to_broker_symbol(instrument):
    return instrument.symbol

@hookimpl
def from_broker_symbol(symbol):
    if symbol == "MES":
        return Future("MES", "CME", ContractMonth(2025, 3), Decimal(5))
    if symbol.isalpha() and symbol.isupper():
        return Stock(symbol)
    raise SymbolUnknown(symbol)

@hookimpl
def recognize_statement(document):
    return KIND if document.header({"note", "ticker"}) else None

@hookimpl
def parse_statement(documents, options):
    import polars as pl
    from polybroker.statements.document import Column
    from polybroker.statements.rows import RowAccount
    from polybroker.statements.schema import EXACT, WALL_TIME
    from polybroker.statements.statement import Statement

    rows, fills = RowAccount(), []
    for index, document in enumerate(documents):
        names = ("note", "ticker", "side", "quantity", "price", "when")
        frame = document.table([*map(Column, names), Column("fee", required=False)]).frame
        frame = frame if "fee" in frame.columns else frame.with_columns(fee=pl.lit(None, pl.String))
        rows.open_file(document.name, frame["row"].to_list())
        for row in frame.filter(pl.col("side") == "void")["row"]:
            rows.skip(index, [row], "void note")
        frame = frame.filter(pl.col("side") != "void")
        for row, price in frame.select("row", "price").rows():
            if not price.replace(".", "").isdigit():
                rows.problem(index, row, "price", f"{price!r} is no number")
        frame = frame.filter(pl.col("price").str.replace(".", "", literal=True).str.contains(r"^\\d+$"))
        fills.append(frame.select(
            pl.lit(index, pl.UInt32).alias("file"), "row", pl.lit("notes").alias("kind"),
            pl.col("note").alias("execution_id"), pl.col("ticker").alias("raw_symbol"), "side",
            pl.col("quantity").cast(EXACT), pl.col("price").cast(EXACT), pl.col("fee").cast(EXACT).alias("commission"),
            pl.col("when").str.to_datetime("%Y-%m-%d %H:%M:%S").cast(WALL_TIME).alias("local_time"),
            pl.lit("fill").alias("granularity"),
        ))
    return Statement(pl.concat(fills), rows, "paper/1")

@hookimpl
def commission_plans():
    return PLANS

@hookimpl
def commission_schedule(plan):
    if plan not in ("small", "large"):
        raise Unsupported(f"no plan {plan!r}")
    cheap = plan == "large"
    return CommissionSchedule(plan=plan, source="A price list", as_of=date(2026, 1, 2), rates=(
        Rate(amount=Decimal("0.50" if cheap else "0.60"), basis=Basis.UNIT, currency="USD", symbols=("MES", "MNQ")),
        Rate(amount=Decimal("0.001"), basis=Basis.NOTIONAL, currency="USD", asset_class=AssetClass.STOCK,
             minimum=Decimal("1.0")),
        Rate(amount=Decimal("0.02"), basis=Basis.UNIT, currency="USD", part=Part.NFA),
    ))
'''


@define
class Desk:
    """Runs commands; `folder` is on the path and holds what is installed for the test."""

    folder: Path

    def run(self, *arguments: str | Path) -> Result:
        """The command line in this process, over what is installed now."""
        registry._default = registry.Registry()
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    def json(self, *arguments: str | Path) -> Any:
        """What the command prints as JSON; it may have any exit status."""
        return json.loads(self.run(*arguments).stdout)

    def process(
        self, *arguments: str | Path, more: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """The command line as a process of its own."""
        command = [sys.executable, "-m", "polybroker", *map(str, arguments)]
        environment = {"PYTHONPATH": str(self.folder), "POLYBROKER_IMPORT_SECONDS": "1", **(more or {})}
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=environment, **options
        )

    def module(self, source: str) -> str:
        """A new module of that source; its name."""
        name = f"made_{uuid.uuid4().hex}"
        (self.folder / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return name

    def install(self, distribution: str, group: str, entries: dict[str, str]) -> None:
        """A distribution with entry points of one group."""
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))

    def install_plugin(self, broker_id: str, source: str) -> None:
        """A distribution with one plugin of that source."""
        self.install(f"polybroker-{broker_id}", "polybroker.brokers", {broker_id: self.module(source)})

    def install_paper(self) -> None:
        """The made-up broker `paper`, a package with a sample file."""
        package = self.folder / f"paper_{uuid.uuid4().hex}"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").write_text(PAPER, encoding="utf-8")
        (package / "data" / "notes.csv").write_bytes(b"note,ticker\r\n1,ACME\r\n")
        self.install("polybroker-paper", "polybroker.brokers", {"paper": package.name})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk of the test's own, without POLYBROKER settings from outside."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLYBROKER_DEBUG", raising=False)
    monkeypatch.setattr(registry, "_default", registry.Registry())
    return Desk(tmp_path)
