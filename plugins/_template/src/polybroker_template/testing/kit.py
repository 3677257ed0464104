"""The testkit: the sample file, symbols, charges, and the simulator."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from hypothesis import strategies as st

from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Future, Instrument, Stock
from polybroker.model.products import product
from polybroker.testing.testkit import (
    ChargeExample,
    KnownFill,
    StatementSample,
    SymbolExample,
    Testkit,
    WrittenFill,
)
from polybroker_template.statements import COLUMNS, FILL_ID, REQUIRED
from polybroker_template.symbols import to_broker_symbol
from polybroker_template.testing.simulator import SimulatedBroker


def testkit() -> Testkit:
    """The kit that the entry point `polybroker.testkits` names."""
    march = ContractMonth(2026, 3)
    return Testkit(
        samples=(sample(),),
        instruments=instruments(),
        symbol_examples=(
            SymbolExample("AAPL", None, "AAPL"),
            SymbolExample("BRK.B", None, "BRK.B"),
            SymbolExample("MES-H26", date(2026, 2, 2), "CME:MES:2026-03"),
            SymbolExample("CL-Z99", date(1999, 6, 1), "NYMEX:CL:1999-12"),
        ),
        near_misses=("", "aapl", "AAPL ", "TOOLONG", "BRK/B", "MESH26", "MES-H6", "MES-A26", "ZZZZ-H26", "MES-H2026"),
        charge_examples=(
            ChargeExample(
                plan="standard",
                instrument=future("MES", march),
                quantity=Decimal(2),
                price=Decimal(6950),
                commission=Decimal("-1.70"),
                fees=Decimal("-0.04"),
            ),
            ChargeExample(
                plan="active",
                instrument=Stock("AAPL"),
                quantity=Decimal(100),
                price=Decimal(250),
                commission=Decimal(-1),
            ),
        ),
        simulator=SimulatedBroker,
    )


def sample() -> StatementSample:
    """The shipped file, with what a person reads off it."""
    return StatementSample(
        name="trades.csv",
        content=(files("polybroker_template") / "data" / "trades.csv").read_bytes(),
        kind="trades",
        executions=8,
        columns={"side": "Side", "quantity": "Quantity", "price": "Price", "symbol": "Symbol", "fill_id": FILL_ID},
        required=REQUIRED,
        states_zone=True,
        known=(
            KnownFill(
                row=3,
                side="buy",
                quantity="2",
                price="6950.25",
                instrument_id="CME:MES:2026-03",
                timestamp=datetime(2026, 2, 2, 14, 31, 40, tzinfo=UTC),
                commission="-1.74",
            ),
            KnownFill(row=7, side="buy", quantity="10", price="503.77", instrument_id="BRK.B", commission="-1"),
        ),
        write=trade_list,
    )


def trade_list(fills: Sequence[WrittenFill]) -> bytes:
    """A file as the website writes it."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, [column.name for column in COLUMNS])
    writer.writeheader()
    for fill in fills:
        row: dict[str, Any] = {
            FILL_ID: f"T-{fill.number}",
            "Account": "T-1001",
            "Time": f"{fill.local_time.isoformat()}Z",
            "Symbol": to_broker_symbol(fill.instrument),
            "Side": fill.side.title(),
            "Quantity": format(fill.quantity, "f"),
            "Price": format(fill.price, "f"),
        }
        writer.writerow(row)
    return buffer.getvalue().encode()


def instruments() -> st.SearchStrategy[Instrument]:
    """Stocks, and futures of many months."""
    stocks = st.builds(Stock, st.sampled_from(["AAPL", "F", "ES", "BRK.B", "GOOGL"]))
    months = st.builds(ContractMonth, st.integers(2001, 2049), st.integers(1, 12))
    return stocks | st.builds(future, st.sampled_from(["MES", "NQ", "CL", "ZB", "6E", "M2K"]), months)


def future(root: str, month: ContractMonth) -> Future:
    """The contract of that month."""
    known = product(root)
    if known is None:
        raise LookupError(f"no product {root}")
    return known.future(month)
