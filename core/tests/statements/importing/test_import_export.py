"""Imports as JSON, CSV and Parquet."""

from __future__ import annotations

import io
import json
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.model.executions import Method
from polybroker.model.money import plain_text
from polybroker.statements.export import as_text, csv_frame, offset_text, parquet_frame
from polybroker.statements.importer import Import, ImportOptions, import_statements
from polybroker.statements.options import ParseOptions
from polybroker.statements.schema import EXACT, EXECUTIONS

TRADE = {"Account": "A1", "Symbol": "MESH5"}
ROWS = (
    {**TRADE, "Time": "2025-03-03 09:30:00", "Side": "Buy", "Qty": 2, "Price": "6050.250", "Commission": "-1.240"},
    {**TRADE, "Time": "2025-03-03T10:00:00.5+01:00", "Side": "Sell", "Qty": 1, "Price": "6000"},
)


@pytest.fixture(scope="module")
def found(tiny: SimpleNamespace) -> Import:
    options = ImportOptions(parse=ParseOptions(timezone="America/Chicago"))
    return import_statements(tiny.acme_csv(ROWS), brokers=tiny.both, options=options)


def test_an_import_is_json_with_plain_texts(found: Import) -> None:
    data = json.loads(json.dumps(found.to_json()))
    assert list(data) == ["broker", "kind", "files", "executions", "report"]
    assert data["files"] == [{"file": "statement", "broker": "acme", "kind": "acme_fills", "rows": 2}]
    sell, buy = data["executions"]
    assert buy == {
        "execution_id": buy["execution_id"],
        "transaction_id": None,
        "broker_id": "acme",
        "account": "A1",
        "order_id": None,
        "timestamp": "2025-03-03T15:30:00.000000Z",
        "local_time": "2025-03-03T09:30:00.000000-06:00",
        "timezone": "America/Chicago",
        "trading_day": "2025-03-03",
        "sequence": 0,
        "instrument_id": "CME:MES:2025-03",
        "symbol": "MES",
        "contract": "MESH5",
        "raw_symbol": "MESH5",
        "asset_class": "future",
        "exchange": "CME",
        "expiration": "2025-03",
        "side": "buy",
        "quantity": "2",
        "price": "6050.25",
        "order_type": None,
        "multiplier": "5",
        "currency": "USD",
        "commission": "-1.24",
        "fees": None,
        "commission_source": "file",
        "liquidity": None,
        "position_effect": "0",
        "position_quantity": "1",
        "status": "Reverse To Long",
        "granularity": "fill",
        "source": {"file": "statement", "row": 2},
        "parser_version": "acme/1",
    }
    assert (sell["timestamp"], sell["local_time"]) == (
        "2025-03-03T09:00:00.500000Z",
        "2025-03-03T10:00:00.500000+01:00",
    )


def test_the_report_is_json_that_adds_up(found: Import) -> None:
    assert found.to_json()["report"] == {
        "rows": 2,
        "used": 2,
        "joined": 0,
        "executions": 2,
        "skipped": [],
        "problems": [],
        "unmapped_symbols": [],
        "warnings": [],
    }


def test_trades_are_json_with_the_documented_fields(found: Import) -> None:
    data = json.loads(json.dumps(found.trades_json(Method.FIFO)))
    [trip] = data["round_trips"]
    assert trip == {
        "account": "A1",
        "symbol": "MES",
        "contract": "MESH5",
        "direction": "short",
        "quantity": "1",
        "entry_time": "2025-03-03T09:00:00.500000Z",
        "exit_time": "2025-03-03T15:30:00.000000Z",
        "entry_price": "6000",
        "exit_price": "6050.25",
        "gross_pnl": "-251.25",
        "fees": "-0.62",
        "net_pnl": "-251.87",
        "currency": "USD",
        "trading_day": "2025-03-03",
    }
    assert data["open_positions"] == [
        {"account": "A1", "contract": "MESH5", "quantity": "1", "average_price": "6050.25"}
    ]
    [totals] = data["totals"]
    assert totals == {
        "currency": "USD",
        "gross_pnl": "-251.25",
        "fees": "-0.62",
        "net_pnl": "-251.87",
        "round_trips": 1,
        "wins": 0,
        "losses": 1,
    }


@settings(deadline=None, max_examples=60)
@given(st.lists(st.decimals(-(10**19), 10**19, places=18), min_size=1))
def test_numbers_are_written_like_single_ones(values: list[Decimal]) -> None:
    column = pl.DataFrame({"price": pl.Series(values, dtype=EXACT)})
    assert as_text(column)["price"].to_list() == [plain_text(value) for value in values]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "+00:00"), (-18_000, "-05:00"), (20_700, "+05:45"), (-2_670, "-00:44:30")]
)
def test_offsets_are_iso(seconds: int, text: str) -> None:
    assert offset_text(seconds) == text


def test_what_is_written_is_read_again_as_the_same_moment(found: Import) -> None:
    for line in found.to_json()["executions"]:
        assert datetime.fromisoformat(line["local_time"]) == datetime.fromisoformat(line["timestamp"])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\0x"])
def test_a_text_that_could_be_a_formula_is_defused_in_csv(text: str) -> None:
    table = pl.DataFrame({"symbol": [text, "MES", None, ""], "price": pl.Series([Decimal("-1.5")] * 4, dtype=EXACT)})
    assert csv_frame(table).rows() == [(f"'{text}", "-1.5"), ("MES", "-1.5"), (None, "-1.5"), ("", "-1.5")]


def test_csv_has_the_columns_and_numbers_of_the_executions(found: Import) -> None:
    text = csv_frame(found.executions).write_csv()
    table = pl.read_csv(io.StringIO(text))
    assert table.columns == list(EXECUTIONS)
    assert table["commission"].to_list() == [None, -1.24]
    assert table["source_row"].to_list() == [3, 2]


def test_parquet_keeps_types_and_values(found: Import) -> None:
    buffer = io.BytesIO()
    parquet_frame(found.executions).write_parquet(buffer)
    buffer.seek(0)
    assert pl.read_parquet(buffer).equals(found.executions)


def test_an_empty_import_has_empty_tables(tiny: SimpleNamespace) -> None:
    found: Any = import_statements(tiny.acme_csv([{**ROWS[0], "Qty": None}]), brokers=tiny.both)
    assert found.to_json()["executions"] == []
    assert found.trades_json() == {"round_trips": [], "open_positions": [], "totals": []}
    assert csv_frame(found.executions).height == 0
