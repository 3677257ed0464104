"""The plugin behind the core: from the shipped samples to executions and money."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import polars as pl
import pytest

from polybroker.broker import Broker
from polybroker.errors import UnrecognizedStatement
from polybroker.model.executions import Method
from polybroker.registry import brokers
from polybroker.statements.importer import ImportOptions, import_statements
from polybroker.statements.options import ParseOptions

Make = Callable[..., Any]
DATA = files("polybroker_amp_cqg") / "data"
SAMPLES = ["sample.xlsx", "sample.csv", "sample_trades.csv"]
SHOWN = ("contract", "side", "quantity", "price", "timestamp", "trading_day")

SAMPLE = [
    ("MESH5", "buy", "2", "6012.25", "2025-01-06 14:31:04.120", "2025-01-06"),
    ("MESH5", "buy", "1", "6012.25", "2025-01-06 14:31:04.377", "2025-01-06"),
    ("MESH5", "sell", "3", "6019.5", "2025-01-06 15:47:12.005", "2025-01-06"),
    ("NQH5", "sell", "1", "21650.75", "2025-01-06 23:02:30.918", "2025-01-07"),
    ("NQH5", "buy", "1", "21612.5", "2025-01-07 01:20:44.651", "2025-01-07"),
    ("CLG5", "buy", "1", "74.17", "2025-01-07 15:05:00.000", "2025-01-07"),
    ("CLG5", "sell", "1", "74.42", "2025-01-07 16:15:31.640", "2025-01-07"),
    ("6EH5", "buy", "2", "1.0315", "2025-01-09 09:11:08.559", "2025-01-09"),
    ("6EH5", "sell", "2", "1.0301", "2025-01-09 13:30:00.871", "2025-01-09"),
    ("MESH5", "sell", "4", "5965", "2025-01-10 14:45:00.000", "2025-01-10"),
    ("MESH5", "buy", "3", "5871.75", "2025-01-10 20:30:02.115", "2025-01-10"),
]


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def shown(executions: pl.DataFrame) -> list[tuple[Any, ...]]:
    return list(executions.select(SHOWN).iter_rows())


def expected(rows: Sequence[Sequence[str]]) -> list[tuple[Any, ...]]:
    return [
        (
            contract,
            side,
            Decimal(size),
            Decimal(price),
            datetime.fromisoformat(when).replace(tzinfo=UTC),
            date.fromisoformat(day),
        )
        for contract, side, size, price, when, day in rows
    ]


@pytest.fixture(scope="module")
def broker() -> Broker:
    found = brokers()["amp_cqg"]
    assert isinstance(found, Broker)
    return found


def test_the_plugin_is_installed_with_its_facts(broker: Broker) -> None:
    assert (broker.info.title, broker.info.data_feed) == ("AMP Futures (CQG)", "cqg")
    assert {kind.id for kind in broker.info.statement_kinds} == {"orders", "trades"}
    for kind in broker.info.statement_kinds:
        assert (DATA / kind.sample).is_file()


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_gives_the_executions_that_a_person_reads_off_it(name: str) -> None:
    result = import_statements(sample(name), broker="amp_cqg")
    assert shown(result.executions) == expected(SAMPLE)
    assert result.report.problems == ()
    assert result.report.unmapped_symbols == ()


def test_the_row_account_of_the_sample() -> None:
    report = import_statements(sample("sample.xlsx"), broker="amp_cqg").report
    assert (report.rows, report.used, report.joined, report.executions) == (16, 11, 1, 11)
    assert {entry.reason: entry.rows for entry in report.skipped} == {
        "order event, not a fill": 2,
        "busted": 1,
        "superseded by a correction": 1,
    }


def test_the_workbook_and_its_csv_have_the_same_ids() -> None:
    workbook, table = (
        import_statements(sample(name), broker="amp_cqg").executions for name in ("sample.xlsx", "sample.csv")
    )
    columns = [name for name in workbook.columns if name != "source_file"]
    assert workbook.select(columns).equals(table.select(columns))
    assert workbook["execution_id"][0] == "609533386768"


def test_both_reports_of_a_week_count_each_trade_once() -> None:
    result = import_statements([sample(name) for name in SAMPLES], broker="amp_cqg")
    assert shown(result.executions) == expected(SAMPLE)
    assert result.report.problems == ()


def test_profit_and_loss_of_the_sample() -> None:
    result = import_statements(sample("sample.xlsx"), broker="amp_cqg", options=ImportOptions(plan="3"))
    trips = result.round_trips(Method.PER_POSITION)
    money = list(trips.select("contract", "direction", "quantity", "gross_pnl", "fees").iter_rows())
    assert money == [
        ("MESH5", "long", Decimal(3), Decimal("108.75"), Decimal("-3.60")),
        ("NQH5", "short", Decimal(1), Decimal(765), Decimal(-4)),
        ("CLG5", "long", Decimal(1), Decimal(250), Decimal("-4.24")),
        ("6EH5", "long", Decimal(2), Decimal(-350), Decimal("-8.88")),
    ]
    assert list(result.open_positions().select("account", "contract", "quantity").iter_rows()) == [
        ("AMP22093", "MESH5", Decimal(-1))
    ]


def test_tier_3_is_60_cents_a_side_for_a_micro(fill: Make, to_xlsx: Make) -> None:
    result = import_statements(to_xlsx([fill(size=5)]), broker="amp_cqg", options=ImportOptions(plan="3"))
    (row,) = result.executions.iter_rows(named=True)
    assert (row["commission"], row["fees"], row["commission_source"]) == (Decimal(-3), None, "schedule")


@pytest.mark.parametrize(("contracts", "rate"), [(1000, "0.62"), (1001, "0.61"), (9999, "0.60"), (10000, "0.57")])
def test_the_automatic_plan_follows_the_contracts_of_the_month(
    contracts: int, rate: str, fill: Make, to_xlsx: Make
) -> None:
    result = import_statements(to_xlsx([fill(size=contracts)]), broker="amp_cqg", options=ImportOptions(plan="auto"))
    assert result.executions["commission"].to_list() == [-Decimal(rate) * contracts]


@pytest.mark.parametrize(
    ("symbol", "contract"),
    [("MEH5", "MESH5"), ("EPH5", "ESH5"), ("F.US.EPH25", "ESH5"), ("NQZH5", "NQH5"), ("CON.F.US.ENQ.H25", "NQH5")],
)
def test_symbols_are_converted(symbol: str, contract: str, fill: Make, to_xlsx: Make) -> None:
    result = import_statements(to_xlsx([fill(symbol=symbol, root=None)]), broker="amp_cqg")
    assert result.executions["contract"].to_list() == [contract]
    assert result.executions["raw_symbol"].to_list() == [symbol]


@pytest.mark.parametrize("symbol", ["NQM5", "C.US.EP.H25.6000", "YGH5", "GIBBERISH"])
def test_an_unknown_symbol_keeps_its_text_and_is_flagged(symbol: str, fill: Make, to_xlsx: Make) -> None:
    result = import_statements(to_xlsx([fill(symbol=symbol, root=None)]), broker="amp_cqg")
    (row,) = result.executions.iter_rows(named=True)
    assert (row["symbol"], row["contract"], row["raw_symbol"]) == (symbol, symbol, symbol)
    assert row["asset_class"] is row["multiplier"] is None
    assert result.report.unmapped_symbols == (symbol,)


def test_a_one_digit_year_without_expiration_follows_the_fill(fill: Make, to_xlsx: Make) -> None:
    rows = [
        fill(expiration=None, id=year, trade=year, when=datetime.fromisoformat(f"{year}-01-06 09:00:00"), day=None)
        for year in (2015, 2025)
    ]
    result = import_statements(to_xlsx(rows), broker="amp_cqg")
    assert result.executions["instrument_id"].to_list() == ["CME:MES:2015-03", "CME:MES:2025-03"]


def test_the_zone_is_chicago_with_a_warning_until_the_user_says() -> None:
    taken = import_statements(sample("sample.xlsx"), broker="amp_cqg")
    assert any("America/Chicago" in warning for warning in taken.report.warnings)
    options = ImportOptions(parse=ParseOptions(timezone="UTC"))
    said = import_statements(sample("sample.xlsx"), broker="amp_cqg", options=options)
    assert said.executions["timestamp"][0] == datetime(2025, 1, 6, 8, 31, 4, 120_000, tzinfo=UTC)
    assert any("time zone may be wrong" in warning for warning in said.report.warnings)


def test_another_file_is_refused_with_what_is_read_instead() -> None:
    with pytest.raises(UnrecognizedStatement, match="CQG order report"):
        import_statements(b"Date,Amount\n2025-01-06,5\n", broker="amp_cqg")


def test_the_shipped_samples_are_what_the_script_writes() -> None:
    script = sample_script()
    for name, content in script.files().items():
        if name.endswith(".csv"):
            assert sample(name) == content
        else:
            assert cells(sample(name)) == cells(content)


def sample_script() -> ModuleType:
    path = Path(__file__).parent.parent / "scripts" / "make_sample.py"
    spec = importlib.util.spec_from_file_location("make_amp_sample", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(workbook: bytes) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    return [tuple(row) for row in book.worksheets[0].iter_rows(values_only=True)]
