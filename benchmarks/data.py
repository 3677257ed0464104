"""The inputs: made once, deterministic, kept in `benchmarks/.data`."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent / ".data"
ROOTS = {"EP": ("ES", 4500), "ENQ": ("NQ", 16000), "MES": ("MES", 4500), "MNQ": ("MNQ", 16000), "CLE": ("CL", 75)}
TICKS = {"EP": 0.25, "ENQ": 0.25, "MES": 0.25, "MNQ": 0.25, "CLE": 0.01}
NEEDED = (
    "Orders_Transactions_TransactionID",
    "Orders_Transactions_When_Ms",
    "Orders_Transactions_Status",
    "Orders_Transactions_OrderExecID",
    "Orders_OrderFills_GWTradeID",
    "Orders_ExchangeConfirmation",
    "Orders_OrderFills_TradeDate",
    "Orders_OrderFills_Side",
    "Orders_OrderFills_Size",
    "Orders_OrderFills_Price",
    "Orders_OrderFills_SymbolCommodity",
    "Orders_Symbol",
    "Orders_CommodityDescription",
    "Orders_ContractExpiration",
    "Orders_OrderType",
    "Orders_AccountName",
)


def session_times(rows: int, seed: int) -> list[datetime]:
    """Ascending wall-clock times of weekdays between 08:30 and 15:00, two years long."""
    random.seed(seed)
    start, days = datetime(2023, 1, 9), 500
    a_day = rows // days + 1
    times: list[datetime] = []
    for day in range(days):
        date = start + timedelta(days=day // 5 * 7 + day % 5)
        seconds = sorted(random.randrange(8 * 3600 + 1800, 15 * 3600) for _ in range(min(a_day, rows - len(times))))
        times += [date + timedelta(seconds=second, milliseconds=random.randrange(1000)) for second in seconds]
    return times


def amp_workbook(rows: int = 100_000) -> Path:
    """An AMP order report: `rows` fills, 40 columns of which 16 are needed."""
    path = FOLDER / f"amp_{rows}.xlsx"
    if path.exists():
        return path
    import xlsxwriter

    FOLDER.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    book = xlsxwriter.Workbook(partial, {"default_date_format": "m/d/yyyy h:mm:ss.000"})
    sheet = book.add_worksheet("Orders")
    extras = [f"Orders_Extra_{number:02d}" for number in range(40 - len(NEEDED))]
    sheet.write_row(0, 0, [*NEEDED, *extras])
    for row, when in enumerate(session_times(rows, 7), start=1):
        root = random.choice(list(ROOTS))
        price = ROOTS[root][1] + random.randrange(-400, 400) * TICKS[root]
        values = [
            609533386765 + row,
            when,
            "Fill",
            7_200_000_000 + row,
            31_000_000 + row,
            f"X{row % 5000}",
            when.date(),
        ]
        values += [random.choice(("Buy", "Sell")), random.randrange(1, 6), round(price, 2), root, f"{root}H5"]
        values += ["Futures", "3/21/2025", random.choice(("Market", "Limit")), f"AMP{row % 3}"]
        filler = [row, "text", 1.5, "USD", row % 7, f"note {row % 100}"] * 4
        for column, value in enumerate([*values, *filler[: len(extras)]]):
            sheet.write(row, column, value)
    book.close()
    partial.rename(path)
    return path


def csv_fills(rows: int = 1_000_000, contracts: int = 60) -> Path:
    """A generic file of `rows` fills, 24 columns of which 9 are needed, without execution ids."""
    path = FOLDER / f"fills_{rows}.csv"
    if path.exists():
        return path
    FOLDER.mkdir(exist_ok=True)
    extras = [f"Extra {number}" for number in range(15)]
    header = ["Account", "Date", "Time", "Symbol", "Side", "Quantity", "Price", "Commission", "Currency", *extras]
    symbols = [
        f"{root}{month}{year}"
        for root in ("MES", "MNQ", "ES", "NQ", "CL")
        for month in "HMUZ"
        for year in ("25", "26", "27")
    ]
    with path.with_suffix(".partial").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row, when in enumerate(session_times(rows, 11)):
            symbol, side, quantity = random.choice(symbols[:contracts]), random.choice(("Buy", "Sell")), row % 4 + 1
            price = f"{4000 + random.randrange(4000) * 0.25:.2f}"
            first = [f"A{row % 4}", when.strftime("%Y-%m-%d"), when.strftime("%H:%M:%S"), symbol, side, quantity, price]
            writer.writerow([*first, f"-{quantity * 0.62:.2f}", "USD", *(f"value {row % 1000}" for _ in extras)])
    path.with_suffix(".partial").rename(path)
    return path
