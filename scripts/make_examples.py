"""Writes the workbook in `examples/amp_cqg`: a week of one futures account, made up for the demo."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import openpyxl

FOLDER = Path(__file__).parent.parent / "examples"
HEADER = (
    "Orders_AccountName",
    "Orders_Symbol",
    "Orders_CommodityDescription",
    "Orders_ContractExpiration",
    "Orders_OrderType",
    "Orders_Exchange",
    "Orders_ExchangeConfirmation",
    "Orders_OrderFills_SymbolCommodity",
    "Orders_OrderFills_Side",
    "Orders_OrderFills_Size",
    "Orders_OrderFills_Price",
    "Orders_OrderFills_TradeDate",
    "Orders_OrderFills_GWTradeID",
    "Orders_Transactions_TransactionID",
    "Orders_Transactions_OrderExecID",
    "Orders_Transactions_When_Ms",
    "Orders_Transactions_Status",
)
PRODUCTS = {
    "EPH5": ("EP", "E-Mini S&P 500", date(2025, 3, 21), "CME"),
    "MESH5": ("MES", "Micro E-Mini S&P 500", date(2025, 3, 21), "CME"),
    "ENQH5": ("ENQ", "E-mini NASDAQ-100", date(2025, 3, 21), "CME"),
    "CLEF5": ("CLE", "Crude Light", date(2024, 12, 19), "NYMEX"),
}
# account, symbol, order type, side, size, price, wall-clock time, session date, status, repeats the trade of row
ROWS = (
    ("AMP1001", "MESH5", "Limit", "Buy", 2, 6050.25, "2024-12-02 08:31:04.120", "2024-12-02", "Fill", None),
    ("AMP1001", "MESH5", "Limit", "Buy", 1, 6049.75, "2024-12-02 08:33:17.004", "2024-12-02", "Fill", None),
    ("AMP1001", "MESH5", "Limit", "Sell", 2, 6057.5, "2024-12-02 09:12:40.551", "2024-12-02", "Fill", None),
    ("AMP1001", "MESH5", "Stop", "Sell", 3, 6052, "2024-12-02 10:02:11.870", "2024-12-02", "Fill", None),
    ("AMP1001", "MESH5", "Market", "Buy", 2, 6046.25, "2024-12-02 11:20:09.333", "2024-12-02", "Fill", None),
    ("AMP1001", "ENQH5", "Market", "Sell", 1, 21210.75, "2024-12-02 18:04:55.018", "2024-12-03", "Fill", None),
    ("AMP1001", "ENQH5", "Limit", "Buy", 1, 21184.5, "2024-12-03 02:47:31.402", "2024-12-03", "Fill", None),
    ("AMP1001", "CLEF5", "Limit", "Buy", 1, 68.32, "2024-12-03 08:15:00.250", "2024-12-03", "Fill", None),
    ("AMP1001", "CLEF5", "Limit", "Buy", 1, 68.32, "2024-12-03 08:15:00.250", "2024-12-03", "Fill", None),
    ("AMP1001", "CLEF5", "Limit", "Sell", 2, 69.07, "2024-12-03 13:41:26.909", "2024-12-03", "Fill", None),
    ("AMP1001", "EPH5", "Limit", "Buy", 1, 6065.5, "2024-12-04 09:05:12.700", "2024-12-04", "Fill", None),
    ("AMP1001", "EPH5", "Limit", "Buy", 1, 6065.5, "2024-12-04 09:05:12.700", "2024-12-04", "Fill Bust", 10),
    ("AMP1001", "EPH5", "Market", "Sell", 1, 6071.25, "2024-12-04 10:44:50.061", "2024-12-04", "Cancelled", None),
    ("AMP2002", "MESH5", "Market", "Sell", 4, 6090, "2024-12-05 08:45:00.000", "2024-12-05", "Fill", None),
    ("AMP2002", "MESH5", "Market", "Buy", 4, 6081.75, "2024-12-05 14:30:02.115", "2024-12-05", "Fill", None),
    ("AMP2002", "MESH5", "Limit", "Buy", 2, 6079.5, "2024-12-05 20:15:44.478", "2024-12-06", "Fill", None),
)


def write_amp_workbook(path: Path) -> None:
    """The order report as AMP's CQG export has it: ids as numbers, times as Excel dates."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Orders"
    sheet.append(HEADER)
    for number, row in enumerate(ROWS):
        account, symbol, order_type, side, size, price, when, session, status, repeats = row
        root, title, expiry, exchange = PRODUCTS[symbol]
        trade = 31_552_000 + (number if repeats is None else repeats)
        first = [account, symbol, title, expiry, order_type, exchange, f"X{9100 + number}", root, side, size, price]
        last = [date.fromisoformat(session), trade, 609_533_386_765 + number, 7_204_118_000 + number]
        sheet.append([*first, *last, datetime.fromisoformat(when), status])
        sheet.cell(sheet.max_row, len(HEADER) - 1).number_format = "m/d/yyyy h:mm:ss.000"
    book.save(path)


if __name__ == "__main__":
    write_amp_workbook(FOLDER / "amp_cqg" / "orders.xlsx")
