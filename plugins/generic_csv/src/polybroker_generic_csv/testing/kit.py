"""The testkit: the shipped templates, the common notations of symbols, and a writer of such files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final

from hypothesis import strategies as st

from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.options import OptionRight
from polybroker.model.products import product
from polybroker.testing.testkit import KnownFill, StatementSample, SymbolExample, Testkit, WrittenFill
from polybroker_generic_csv.symbols import to_broker_symbol

HEADER: Final = ("Date", "Time", "Symbol", "Side", "Quantity", "Price")
COLUMNS: Final = {"side": "Side", "quantity": "Quantity", "price": "Price", "symbol": "Symbol"}
REQUIRED: Final = ("Date", "Symbol", "Side", "Quantity", "Price")
KNOWN: Final = (
    KnownFill(
        row=2,
        side="buy",
        quantity="2",
        price="6050.25",
        instrument_id="CME:MES:2024-12",
        timestamp=datetime(2024, 11, 29, 14, 30, tzinfo=UTC),
        commission="-1.24",
    ),
    KnownFill(row=11, side="sell", quantity="3", price="7.35", instrument_id="AAPL  250117C00240000"),
    KnownFill(row=14, side="sell", quantity="0.125", price="100640.25", instrument_id="BTC/USD", commission="-7.55"),
)


def testkit() -> Testkit:
    """The kit that the entry point `polybroker.testkits` names."""
    return Testkit(
        samples=samples(),
        instruments=instruments(),
        symbol_examples=(
            SymbolExample("MESH5", date(2025, 2, 3), "CME:MES:2025-03"),
            SymbolExample("MESH0", date(2019, 12, 20), "CME:MES:2020-03"),
            SymbolExample("MES 03-25", None, "CME:MES:2025-03"),
            SymbolExample("MES", None, "CME:MES"),
            SymbolExample("ES", None, "CME:ES"),
            SymbolExample("stock:ES", None, "ES"),
            SymbolExample("AAPL", None, "AAPL"),
            SymbolExample("AAPL 250117C00150000", None, "AAPL  250117C00150000"),
            SymbolExample("BTC/USD", None, "BTC/USD"),
        ),
        near_misses=(
            "",
            " ",
            "ZZZZH5",
            "MES 13-25",
            "MES 00-25",
            "BTC/",
            "250117C00150000",
            "AAPL  251317C00150000",
            "-",
        ),
    )


def samples() -> tuple[StatementSample, ...]:
    """The templates in `data`."""
    data = files("polybroker_generic_csv") / "data"
    simple: dict[str, Any] = {
        "kind": "executions",
        "executions": 13,
        "columns": COLUMNS,
        "required": REQUIRED,
        "known": KNOWN,
    }
    return (
        StatementSample(
            name="executions.csv", content=(data / "executions.csv").read_bytes(), write=executions_file, **simple
        ),
        StatementSample(name="executions.xlsx", content=(data / "executions.xlsx").read_bytes(), **simple),
        StatementSample(
            name="executions_all_columns.csv",
            content=(data / "executions_all_columns.csv").read_bytes(),
            kind="executions",
            executions=5,
            # What a row is about is spread over several columns here: no single one holds its symbol.
            columns={name: header for name, header in COLUMNS.items() if name != "symbol"}
            | {"fill_id": "Execution ID"},
            states_zone=True,
            known=(
                KnownFill(row=4, side="buy", quantity="50", price="63.95", instrument_id="ES", commission="-1"),
                KnownFill(row=5, side="buy", quantity="2", price="7.1", instrument_id="AAPL  250117C00240000"),
            ),
        ),
    )


def instruments() -> st.SearchStrategy[Instrument]:
    """Futures, options, stocks and pairs: everything that such files hold."""
    months = st.builds(ContractMonth, st.integers(2001, 2049), st.integers(1, 12))
    futures = st.builds(_future, st.sampled_from(["MES", "ES", "NQ", "CL", "GC", "ZB", "6E", "M2K"]), months)
    strikes = st.integers(1, 99_999_999).map(lambda thousandths: Decimal(thousandths).scaleb(-3))
    days = st.dates(date(2001, 1, 1), date(2049, 12, 31))
    underlyings, rights = st.sampled_from(["AAPL", "SPY", "F", "SPXW"]), st.sampled_from(OptionRight)
    options = st.builds(Option, underlyings, days, rights, strikes)
    stocks = st.builds(Stock, st.sampled_from(["AAPL", "F", "ES", "CL", "BRK.B"]))
    coins = st.builds(Pair, st.sampled_from(["BTC", "ETH", "SOL"]), st.sampled_from(["USD", "EUR"]))
    forex = st.just(Pair("EUR", "USD", AssetClass.FOREX))
    return st.one_of(futures, options, stocks, coins, forex)


def executions_file(fills: Sequence[WrittenFill]) -> bytes:
    """A file as the template shows it, without commissions."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(HEADER)
    for fill in fills:
        when = (fill.local_time.date(), fill.local_time.time())
        symbol, side = to_broker_symbol(fill.instrument), fill.side.title()
        writer.writerow([*when, symbol, side, fill.quantity, format(fill.price, "f")])
    return buffer.getvalue().encode()


def _future(root: str, month: ContractMonth) -> Future:
    known = product(root)
    if known is None:
        raise LookupError(f"no product {root}")
    return known.future(month)
