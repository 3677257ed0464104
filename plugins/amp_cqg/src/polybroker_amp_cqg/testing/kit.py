"""The testkit: the shipped samples, CQG's symbols, AMP's charges."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Final

from hypothesis import strategies as st

from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Future, Instrument
from polybroker.model.products import product
from polybroker.testing.testkit import ChargeExample, KnownFill, StatementSample, SymbolExample, Testkit
from polybroker_amp_cqg.testing.reports import ORDER_COLUMNS, order_report, order_workbook, trade_report

ORDERS: Final = {
    "side": "Orders_OrderFills_Side",
    "quantity": "Orders_OrderFills_Size",
    "price": "Orders_OrderFills_Price",
    "symbol": "Orders_Symbol",
    "fill_id": "Orders_Transactions_TransactionID",
}
TRADES: Final = {
    "side": "Trades_Side",
    "quantity": "Trades_Size",
    "price": "Trades_Price",
    "symbol": "Trades_ContractName",
    "fill_id": "Trades_GWTradeID",
}
REQUIRED: Final = tuple(
    ORDER_COLUMNS[name] for name in ("transaction_id", "status", "time", "side", "quantity", "price")
)
KNOWN: Final = (
    KnownFill(
        row=3,
        side="buy",
        quantity="2",
        price="6012.25",
        instrument_id="CME:MES:2025-03",
        timestamp=datetime(2025, 1, 6, 14, 31, 4, 120_000, tzinfo=UTC),
    ),
    KnownFill(row=14, side="buy", quantity="2", price="1.0315", instrument_id="CME:6E:2025-03"),
    KnownFill(row=16, side="sell", quantity="4", price="5965", instrument_id="CME:MES:2025-03"),
)
TRADED: Final = (
    ("CME", "ES"), ("CME", "MES"), ("CME", "NQ"), ("CME", "MNQ"), ("CME", "RTY"), ("CME", "M2K"), ("CME", "6E"),
    ("CBOT", "YM"), ("CBOT", "ZN"), ("CBOT", "ZB"), ("NYMEX", "CL"), ("NYMEX", "MCL"), ("COMEX", "GC"),
)  # fmt: skip
"""Products that AMP's customers trade most; all are still listed."""

NEAR_MISSES: Final = (
    "ESH5", "NQM5", "CLG5", "EPA5", "EP5", "EPH", "EPH255", "EPXH5", "XEPH5", "EPH5X", "F.US.ESH25", "F.EPH25",
    "C.US.EPH2560000", "P.US.EP.H25.6000", "S.US.AAPL", "AAPL", "EP H5", "\u0415PH5", "",
)  # fmt: skip
"""Exchange symbols (never mixed in), bad months, options, stocks, and a Cyrillic letter."""


def testkit() -> Testkit:
    """The kit that the entry point `polybroker.testkits` names."""
    return Testkit(
        samples=samples(),
        instruments=instruments(),
        symbol_examples=(
            SymbolExample("EPH5", date(2025, 1, 8), "CME:ES:2025-03"),
            SymbolExample("EPH25", None, "CME:ES:2025-03"),
            SymbolExample("EPH0", date(2019, 12, 20), "CME:ES:2020-03"),
            SymbolExample("F.US.EPZ24", date(2024, 11, 29), "CME:ES:2024-12"),
            SymbolExample("CON.F.US.ENQ.H25", None, "CME:NQ:2025-03"),
            SymbolExample("EU6M25", None, "CME:6E:2025-06"),
            SymbolExample("CLEG5", date(2025, 1, 7), "NYMEX:CL:2025-02"),
            SymbolExample("NQMK5", date(2025, 4, 1), "NYMEX:QM:2025-05"),
            SymbolExample("MESH5", date(2025, 2, 3), "CME:MES:2025-03"),
            SymbolExample("MEH5", date(2025, 2, 3), "CME:MES:2025-03"),
            SymbolExample("NQZH5", date(2025, 2, 3), "CME:NQ:2025-03"),
        ),
        near_misses=NEAR_MISSES,
        charge_examples=(
            charge("1", "CME", "MES", "-0.62"),
            charge("2", "CME", "MES", "-0.61"),
            charge("3", "CME", "MES", "-0.60"),
            charge("4", "CME", "MES", "-0.57"),
            charge("fixed", "CME", "MES", "-0.60"),
            charge("1", "CME", "ES", "-2.25"),
            charge("3", "NYMEX", "CL", "-2.12"),
        ),
    )


def samples() -> tuple[StatementSample, ...]:
    """The files in `data`: the order report as a workbook and as text, and the trade report."""
    data = files("polybroker_amp_cqg") / "data"
    return (
        StatementSample(
            name="sample.xlsx",
            content=(data / "sample.xlsx").read_bytes(),
            kind="orders",
            executions=11,
            columns=ORDERS,
            required=REQUIRED,
            known=KNOWN,
            write=order_workbook,
        ),
        StatementSample(
            name="sample.csv",
            content=(data / "sample.csv").read_bytes(),
            kind="orders",
            executions=11,
            columns=ORDERS,
            required=REQUIRED,
            known=KNOWN,
            write=order_report,
        ),
        StatementSample(
            name="sample_trades.csv",
            content=(data / "sample_trades.csv").read_bytes(),
            kind="trades",
            executions=11,
            columns=TRADES,
            required=("Trades_GMTFillTime", "Trades_Side", "Trades_Size", "Trades_Price", "Trades_ContractName"),
            known=(
                KnownFill(
                    row=7,
                    side="buy",
                    quantity="1",
                    price="74.17",
                    instrument_id="NYMEX:CL:2025-02",
                    timestamp=datetime(2025, 1, 7, 15, 5, tzinfo=UTC),
                ),
            ),
            states_zone=True,
            write=trade_report,
        ),
    )


def instruments() -> st.SearchStrategy[Instrument]:
    """Futures of the products in `TRADED`, of any month of half a century."""
    months = st.builds(ContractMonth, st.integers(2001, 2049), st.integers(1, 12))
    return st.builds(lambda name, month: future(name[0], name[1], month), st.sampled_from(TRADED), months)


def charge(plan: str, exchange: str, root: str, commission: str) -> ChargeExample:
    """The charge of one contract."""
    instrument = future(exchange, root, ContractMonth(2025, 3))
    return ChargeExample(
        plan=plan, instrument=instrument, quantity=Decimal(1), price=Decimal(100), commission=Decimal(commission)
    )


def future(exchange: str, root: str, month: ContractMonth) -> Future:
    """The contract; `LookupError` where the core has no such product."""
    known = product(root, exchange)
    if known is None:
        raise LookupError(f"no product {exchange}:{root}")
    return known.future(month)
