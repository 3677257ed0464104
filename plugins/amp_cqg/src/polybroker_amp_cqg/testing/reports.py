"""Writes reports as CQG exports them, from made-up fills."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from polybroker.testing.testkit import WrittenFill
from polybroker_amp_cqg.symbols import to_broker_symbol

ORDER_COLUMNS: Final = {
    "transaction_id": "Orders_Transactions_TransactionID",
    "status": "Orders_Transactions_Status",
    "time": "Orders_Transactions_When_Ms",
    "side": "Orders_OrderFills_Side",
    "quantity": "Orders_OrderFills_Size",
    "price": "Orders_OrderFills_Price",
    "symbol": "Orders_Symbol",
    "trade_id": "Orders_OrderFills_GWTradeID",
    "account": "Orders_AccountName",
}
TRADE_COLUMNS: Final = (
    "Trades_AccountName", "Trades_ContractName", "Trades_Side", "Trades_Size", "Trades_Price", "Trades_GMTFillTime",
    "Trades_GWTradeID",
)  # fmt: skip
_FIRST_TRANSACTION: Final = 609_533_386_765
_FIRST_TRADE: Final = 31_552_001


def order_report(fills: Sequence[WrittenFill]) -> bytes:
    """The order report as text."""
    rows = [
        {
            **_ids(fill),
            "Orders_Transactions_Status": "Fill",
            "Orders_Transactions_When_Ms": f"{fill.local_time:%m/%d/%Y %I:%M:%S.000 %p}",
            "Orders_OrderFills_Side": fill.side.title(),
            "Orders_OrderFills_Size": str(fill.quantity),
            "Orders_OrderFills_Price": format(fill.price, "f"),
        }
        for fill in fills
    ]
    return _text(tuple(ORDER_COLUMNS.values()), [[row[name] for name in ORDER_COLUMNS.values()] for row in rows])


def order_workbook(fills: Sequence[WrittenFill]) -> bytes:
    """The order report as a workbook: ids, sizes and prices are numbers, times are Excel's dates."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Orders"
    sheet.append(list(ORDER_COLUMNS.values()))
    for fill in fills:
        row: dict[str, Any] = {
            **_ids(fill),
            "Orders_Transactions_Status": "Fill",
            "Orders_Transactions_When_Ms": fill.local_time,
            "Orders_OrderFills_Side": fill.side.title(),
            "Orders_OrderFills_Size": int(fill.quantity),
            "Orders_OrderFills_Price": float(fill.price),
        }
        sheet.append([row[name] for name in ORDER_COLUMNS.values()])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def trade_report(fills: Sequence[WrittenFill]) -> bytes:
    """The trade report as text; its times are GMT."""
    rows = [
        [
            "AMP10417",
            f"F.US.{to_broker_symbol(fill.instrument)}",
            "B" if fill.side == "buy" else "S",
            fill.quantity,
            format(fill.price, "f"),
            fill.local_time,
            _FIRST_TRADE + fill.number,
        ]
        for fill in fills
    ]
    return _text(TRADE_COLUMNS, rows)


def _ids(fill: WrittenFill) -> dict[str, Any]:
    return {
        "Orders_AccountName": "AMP10417",
        "Orders_Symbol": to_broker_symbol(fill.instrument),
        "Orders_Transactions_TransactionID": _FIRST_TRANSACTION + fill.number,
        "Orders_OrderFills_GWTradeID": _FIRST_TRADE + fill.number,
    }


def _text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode()
