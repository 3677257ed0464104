"""The columns of the two reports that AMP's customers export from CQG.

Columns are found by name, in any order, among any others. A user picks the columns of the report, so everything
is optional but that without which no fill can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from polybroker.errors import StatementError
from polybroker.statements.document import Column, ColumnKind
from polybroker_amp_cqg import kinds


@frozen
class Report:
    """A report's columns by the field they hold, and how its header is known."""

    kind: str
    """Id of the kind."""
    fields: Mapping[str, Column]
    marks: tuple[str, ...]
    """Beginnings of the header texts that no other broker's report has."""

    def columns(self, renamed: Mapping[str, str]) -> dict[str, Column]:
        """`fields`, with the headers that the user gave in place of the report's own.

        Raises `StatementError` for a field that none of the reports has.
        """
        known = dict.fromkeys(name for report in REPORTS for name in report.fields)
        unknown = sorted(set(renamed) - set(known))
        if unknown:
            raise StatementError(f"there is no field {unknown[0]!r}; the fields are {', '.join(known)}")
        return {
            name: evolve(column, name=renamed[name], aliases=()) if name in renamed else column
            for name, column in self.fields.items()
        }


def _text(*names: str, required: bool = False) -> Column:
    return Column(names[0], names[1:], ColumnKind.TEXT, required)


def _number(name: str) -> Column:
    return Column(name, (), ColumnKind.NUMBER, required=True)


def _time(name: str, *, required: bool = False) -> Column:
    return Column(name, (), ColumnKind.TIME, required)


ORDERS: Final = Report(
    kind=kinds.ORDERS.id,
    fields={
        "transaction_id": _text("Orders_Transactions_TransactionID", required=True),
        "status": _text("Orders_Transactions_Status", required=True),
        "time": _time("Orders_Transactions_When_Ms", required=True),
        "side": _text("Orders_OrderFills_Side", required=True),
        "quantity": _number("Orders_OrderFills_Size"),
        "price": _number("Orders_OrderFills_Price"),
        "symbol": _text("Orders_Symbol"),
        "root": _text("Orders_OrderFills_SymbolCommodity"),
        "expiration": _time("Orders_ContractExpiration"),
        "trading_day": _time("Orders_OrderFills_TradeDate"),
        "trade_id": _text("Orders_OrderFills_GWTradeID"),
        "execution": _text("Orders_Transactions_OrderExecID"),
        # How the report calls these three is not known: the names follow those of CQG's own interfaces.
        "reference": _text(
            "Orders_Transactions_RefTransactionID",
            "Orders_Transactions_RefTransID",
            "Orders_Transactions_RefTransId",
            "Orders_Transactions_ReferenceTransactionID",
            "Orders_Transactions_TransactionRef",
        ),
        "order_id": _text("Orders_OrderID", "Orders_GWOrderID", "Orders_OrderNumber", "Orders_ChainOrderID"),
        "order_type": _text("Orders_OrderType"),
        "account": _text("Orders_AccountName"),
    },
    marks=("orders_transactions_", "orders_orderfills_"),
)
"""One row for each event of an order; the fills among them are what counts."""

TRADES: Final = Report(
    kind=kinds.TRADES.id,
    fields={
        "time": _time("Trades_GMTFillTime", required=True),
        "side": _text("Trades_Side", required=True),
        "quantity": _number("Trades_Size"),
        "price": _number("Trades_Price"),
        "symbol": _text("Trades_ContractName", required=True),
        "trading_day": _time("Trades_TradeDate"),
        "trade_id": _text("Trades_GWTradeID"),
        "order_id": _text("Trades_GWOrderID", "Trades_OrderNumber"),
        "order_type": _text("Trades_OrderType"),
        "account": _text("Trades_AccountName", "Trades_FCMAccountID"),
        "currency": _text("Trades_Currency"),
    },
    marks=("trades_gm", "trades_gw", "trades_contractname", "trades_cqgid"),
)
"""One row for each fill, times in GMT."""

REPORTS: Final = (ORDERS, TRADES)
