"""The kinds of files that AMP's customers export; loads nothing that reads them."""

from __future__ import annotations

from typing import Final

from polybroker.model.broker_info import StatementKind
from polybroker.model.executions import Granularity

ORDERS: Final = StatementKind(
    id="orders",
    title="CQG order report (Excel or CSV)",
    extensions=(".xlsx", ".csv"),
    granularity=Granularity.FILL,
    # Nothing states the zone: Chicago is where the broker and the exchange are. See the README.
    timezone="America/Chicago",
    export_instructions=(
        "In CQG's order report choose account and dates, show all columns of Orders, Order Fills and Transactions, "
        "and export to Excel; the CSV of the same report works too."
    ),
    sample="sample.xlsx",
)
TRADES: Final = StatementKind(
    id="trades",
    title="CQG trade report (Excel or CSV)",
    extensions=(".xlsx", ".csv"),
    granularity=Granularity.FILL,
    timezone="UTC",
    export_instructions=(
        "In CQG's trade report choose account and dates, show at least ContractName, Side, Size, Price, GMTFillTime "
        "and GWTradeID, and export to Excel or CSV."
    ),
    sample="sample_trades.csv",
)
