"""What the reference plugin tells the contract suite."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from importlib.resources import files

from attrs import evolve
from hypothesis import strategies as st

import polybroker_acme
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Instrument, Stock
from polybroker.model.products import product
from polybroker.testing.grid import Cell, Workbook, read_grid
from polybroker.testing.testkit import (
    ChargeExample,
    KnownFill,
    StatementSample,
    SymbolExample,
    Testkit,
    WrittenFill,
)

HEADER = ("Trade Time", "Contract", "B/S", "Lots", "Fill Price", "Account")
COLUMNS = {"side": "B/S", "quantity": "Lots", "price": "Fill Price", "symbol": "Contract"}
ROOTS = ("MES", "NQ", "CL", "ZB", "6E", "M2K")


def write(fills: Sequence[WrittenFill]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(HEADER)
    for fill in fills:
        symbol = polybroker_acme.to_broker_symbol(fill.instrument)
        side = "B" if fill.side == "buy" else "S"
        writer.writerow([fill.local_time, symbol, side, fill.quantity, format(fill.price, "f"), "A-1"])
    return buffer.getvalue().encode()


def workbook(content: bytes) -> bytes:
    grid = read_grid(content)
    assert grid is not None
    numbers = ("Lots", "Fill Price", "Comm")
    typed = [
        tuple(
            Cell(float(cell.text)) if name in numbers and cell.text else cell
            for name, cell in zip(grid.names, row, strict=True)
        )
        for row in grid.body
    ]
    return evolve(grid, body=tuple(typed), layout=Workbook()).content()


def testkit() -> Testkit:
    data = files(polybroker_acme) / "data"
    months = st.builds(ContractMonth, st.integers(2005, 2045), st.integers(1, 12))
    futures = st.builds(lambda root, month: product(root).future(month), st.sampled_from(ROOTS), months)
    stocks: st.SearchStrategy[Instrument] = st.sampled_from(["AAPL", "F", "ES"]).map(Stock)
    mes = product("MES").future(ContractMonth(2025, 3))
    return Testkit(
        samples=(
            StatementSample(
                name="trades.csv",
                content=(data / "trades.csv").read_bytes(),
                kind="trades",
                executions=7,
                columns=COLUMNS,
                required=tuple(name for name in HEADER if name != "Account"),
                known=(
                    KnownFill(row=4, side="sell", quantity="3", price="6048.5", instrument_id="CME:MES:2025-03"),
                    KnownFill(row=8, side="buy", quantity="150", price="235.125", commission="-1"),
                ),
                write=write,
            ),
            StatementSample(
                name="fills.csv",
                content=(data / "fills.csv").read_bytes(),
                kind="trades",
                executions=4,
                columns={**COLUMNS, "fill_id": "Fill ID"},
                header_row=3,
            ),
            StatementSample(
                name="zoned.csv",
                content=(data / "zoned.csv").read_bytes(),
                kind="trades",
                executions=3,
                columns=COLUMNS,
                states_zone=True,
            ),
            StatementSample(
                name="trades.xlsx",
                content=workbook(data.joinpath("trades.csv").read_bytes()),
                kind="trades",
                executions=7,
                columns=COLUMNS,
            ),
        ),
        instruments=futures | stocks,
        symbol_examples=(
            SymbolExample("MES.H5", date(2025, 2, 3), "CME:MES:2025-03"),
            SymbolExample("MES.H0", date(2019, 12, 3), "CME:MES:2020-03"),
            SymbolExample("$ES", None, "ES"),
        ),
        near_misses=("MESH5", "MES.A5", "MES.H", "MES.H25", "ZZZ.H5", "AAPL", "$", "$AAPL5", "MES.H5.", "MES H5", ""),
        charge_examples=(
            ChargeExample(
                plan="basic",
                instrument=mes,
                quantity=Decimal(3),
                price=Decimal(6000),
                commission=Decimal("-2.55"),
                fees=Decimal("-0.06"),
            ),
            ChargeExample(
                plan="active",
                instrument=Stock("AAPL"),
                quantity=Decimal(100),
                price=Decimal(235),
                commission=Decimal(-1),
            ),
        ),
    )
