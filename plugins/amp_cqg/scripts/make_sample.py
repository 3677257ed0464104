"""Writes the sample files in `data`: one made-up week of two accounts, with everything that the reports can hold."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl

DATA = Path(__file__).parent.parent / "src" / "polybroker_amp_cqg" / "data"
ORDERS = (
    "Orders_AccountName",
    "Orders_Symbol",
    "Orders_CommodityDescription",
    "Orders_ContractExpiration",
    "Orders_Exchange",
    "Orders_OrderType",
    "Orders_ExchangeConfirmation",
    "Orders_OrderFills_SymbolCommodity",
    "Orders_OrderFills_Side",
    "Orders_OrderFills_Size",
    "Orders_OrderFills_Price",
    "Orders_OrderFills_TradeDate",
    "Orders_OrderFills_GWTradeID",
    "Orders_Transactions_OrderExecID",
    "Orders_Transactions_TransactionID",
    "Orders_Transactions_When_Ms",
    "Orders_Transactions_Status",
)
TRADES = (
    "Trades_AccountName", "Trades_ContractName", "Trades_Currency", "Trades_Side", "Trades_Size", "Trades_Price",
    "Trades_StatementDate", "Trades_TradeDate", "Trades_GMTFillTime", "Trades_GWOrderID", "Trades_GWTradeID",
    "Trades_OrderType", "Trades_ManualFill",
)  # fmt: skip
PRODUCTS = {
    "EPH5": ("EP", "E-Mini S&P 500", date(2025, 3, 21), "CME"),
    "MESH5": ("MES", "Micro E-mini S&P 500", date(2025, 3, 21), "CME"),
    "ENQH5": ("ENQ", "E-mini NASDAQ-100", date(2025, 3, 21), "CME"),
    "CLEG5": ("CLE", "Crude Light", date(2025, 1, 21), "NYMEX"),
    "EU6H5": ("EU6", "Euro FX", date(2025, 3, 17), "CME"),
}
# account, symbol, order type, side, size, price, Chicago time, trading day, status, rows up to the fill of an event
EVENTS: tuple[tuple[str, str, str, str, int | None, float | None, str, str, str, int], ...] = (
    ("AMP10417", "MESH5", "Limit", "Buy", None, None, "2025-01-06 08:30:58.402", "2025-01-06", "Working", 0),
    ("AMP10417", "MESH5", "Limit", "Buy", 2, 6012.25, "2025-01-06 08:31:04.120", "2025-01-06", "Partial Fill", 0),
    ("AMP10417", "MESH5", "Limit", "Buy", 1, 6012.25, "2025-01-06 08:31:04.377", "2025-01-06", "Fill", 0),
    ("AMP10417", "MESH5", "Limit", "Sell", 3, 6019.5, "2025-01-06 09:47:12.005", "2025-01-06", "Fill", 0),
    ("AMP10417", "ENQH5", "Market", "Sell", 1, 21650.75, "2025-01-06 17:02:30.918", "2025-01-07", "Fill", 0),
    ("AMP10417", "ENQH5", "Limit", "Buy", 1, 21612.5, "2025-01-06 19:20:44.651", "2025-01-07", "Fill", 0),
    ("AMP10417", "CLEG5", "Stop", "Buy", 1, 74.07, "2025-01-07 09:05:00.000", "2025-01-07", "Fill", 0),
    ("AMP10417", "CLEG5", "Stop", "Buy", 1, 74.17, "2025-01-07 09:31:10.200", "2025-01-07", "Fill Correction", 1),
    ("AMP10417", "CLEG5", "Market", "Sell", 1, 74.42, "2025-01-07 10:15:31.640", "2025-01-07", "Fill", 0),
    ("AMP10417", "EPH5", "Market", "Buy", 1, 5998.75, "2025-01-08 08:30:00.044", "2025-01-08", "Fill", 0),
    ("AMP10417", "EPH5", "Market", "Buy", 1, 5998.75, "2025-01-08 08:52:17.730", "2025-01-08", "Fill Bust", 1),
    ("AMP10417", "EPH5", "Limit", "Buy", None, None, "2025-01-08 09:00:00.000", "2025-01-08", "Cancelled", 0),
    ("AMP22093", "EU6H5", "Limit", "Buy", 2, 1.0315, "2025-01-09 03:11:08.559", "2025-01-09", "Fill", 0),
    ("AMP22093", "EU6H5", "Stop", "Sell", 2, 1.0301, "2025-01-09 07:30:00.871", "2025-01-09", "Fill", 0),
    ("AMP22093", "MESH5", "Market", "Sell", 4, 5965, "2025-01-10 08:45:00.000", "2025-01-10", "Fill", 0),
    ("AMP22093", "MESH5", "Limit", "Buy", 3, 5871.75, "2025-01-10 14:30:02.115", "2025-01-10", "Fill", 0),
)


def orders() -> list[list[Any]]:
    """The rows of the order report, ids as the numbers they are in a workbook."""
    rows = []
    for number, (account, symbol, order_type, side, size, price, when, day, status, up) in enumerate(EVENTS):
        root, title, expiry, exchange = PRODUCTS[symbol]
        trade = None if size is None else 31_552_001 + number - up
        execution = None if size is None else 7_204_118_200 + number - up
        cells = [account, symbol, title, expiry, exchange, order_type, f"X{9100 + number}", root, side, size, price]
        cells += [date.fromisoformat(day), trade, execution, 609_533_386_765 + 3 * number]
        rows.append([*cells, datetime.fromisoformat(when), status])
    return rows


def trades() -> list[list[str]]:
    """The rows of the trade report on the same fills: what stands at the end, in GMT."""
    rows = []
    for number, (account, symbol, order_type, side, size, price, when, day, status, up) in enumerate(EVENTS):
        if size is None or "Bust" in status or number in (6, 9):
            continue
        clock = datetime.fromisoformat(when) if not up else datetime.fromisoformat(EVENTS[number - up][6])
        gmt = clock.replace(tzinfo=ZoneInfo("America/Chicago")).astimezone(ZoneInfo("UTC"))
        contract = f"F.US.{symbol[:-1]}25"
        cells = [
            account,
            contract,
            "USD",
            side[0],
            str(size),
            str(price),
            day,
            day,
            f"{gmt:%Y-%m-%d %H:%M:%S}.{gmt.microsecond // 1000:03d}",
        ]
        rows.append([*cells, str(4_410_000 + number), str(31_552_001 + number - up), order_type, "N"])
    return rows


def workbook(rows: list[list[Any]]) -> bytes:
    """The order report as a workbook, the same bytes every time."""
    book = openpyxl.Workbook()
    book.properties.creator = "polybroker"
    book.properties.created = book.properties.modified = datetime(2025, 1, 11)  # noqa: DTZ001 - openpyxl has no zones
    sheet = book.worksheets[0]
    sheet.title = "Orders"
    sheet.append(ORDERS)
    for row in rows:
        sheet.append(row)
        sheet.cell(
            sheet.max_row, ORDERS.index("Orders_Transactions_When_Ms") + 1
        ).number_format = "m/d/yyyy h:mm:ss.000"
    buffer = io.BytesIO()
    book.save(buffer)
    return _undated(buffer.getvalue())


def _undated(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                # openpyxl writes the present time over what was set.
                start, end = data.index(b"<dcterms:modified"), data.index(b"</dcterms:modified>")
                data = data[: data.index(b">", start) + 1] + b"2025-01-11T00:00:00Z" + data[end:]
            new.writestr(zipfile.ZipInfo(name, (2025, 1, 11, 0, 0, 0)), data)
    return buffer.getvalue()


def table(header: tuple[str, ...], rows: list[list[Any]]) -> bytes:
    """A report as CSV, dates and times as the report writes them."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_text(cell) for cell in row])
    return buffer.getvalue().encode()


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        clock = cell + timedelta(microseconds=500)
        return f"{clock:%m/%d/%Y %I:%M:%S}.{clock.microsecond // 1000:03d} {clock:%p}"
    if isinstance(cell, date):
        return f"{cell:%m/%d/%Y}"
    return "" if cell is None else str(cell)


def files() -> dict[str, bytes]:
    """Name and content of each sample file."""
    return {
        "sample.xlsx": workbook(orders()),
        "sample.csv": table(ORDERS, orders()),
        "sample_trades.csv": table(TRADES, trades()),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    for name, content in files().items():
        (folder / name).write_bytes(content)
