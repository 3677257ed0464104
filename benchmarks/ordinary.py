"""The ordinary way: a row loop over Decimals, a dictionary of deques. What most importers do, done right."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.measure import Work

CHICAGO, NEW_YORK = ZoneInfo("America/Chicago"), ZoneInfo("America/New_York")
MULTIPLIER = {
    root: Decimal(text) for root, text in (("ES", "50"), ("NQ", "20"), ("MES", "5"), ("MNQ", "2"), ("CL", "1000"))
}
CQG = {"EP": "ES", "ENQ": "NQ", "MES": "MES", "MNQ": "MNQ", "CLE": "CL"}

Fill = dict[str, Any]


def trading_day(moment: datetime) -> date:
    """The session date: from 17:00 Chicago on the next weekday."""
    local = moment.astimezone(CHICAGO)
    day = local.date() + timedelta(days=1) if local.time() >= time(17) else local.date()
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def positions_and_trips(fills: Iterable[Fill]) -> tuple[list[Fill], list[dict[str, Any]]]:
    """Each fill with its running position, and FIFO round trips with exact money."""
    done: list[Fill] = []
    trips: list[dict[str, Any]] = []
    held: dict[tuple[str, str], deque[list[Any]]] = defaultdict(deque)
    position: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for fill in fills:
        key = (fill["account"], fill["instrument"])
        sign = 1 if fill["side"] == "buy" else -1
        before = position[key]
        position[key] = after = before + sign * fill["quantity"]
        fill["position_effect"], fill["position_quantity"] = abs(after) - abs(before), after
        left, queue = fill["quantity"], held[key]
        charge = fill["commission"] / fill["quantity"] if fill["commission"] is not None else None
        while left and queue and queue[0][0] != sign:
            entry = queue[0]
            matched = min(left, entry[1])
            direction = Decimal(entry[0])
            gross = (fill["price"] - entry[2]["price"]) * matched * direction * fill["multiplier"]
            fees = (charge + entry[3]) * matched if charge is not None else None
            net = gross + fees if fees is not None else gross
            trips.append({"entry": entry[2], "exit": fill, "quantity": matched, "gross": gross, "net": net})
            left -= matched
            entry[1] -= matched
            if not entry[1]:
                queue.popleft()
        if left:
            queue.append([sign, left, fill, charge])
        done.append(fill)
    return done, trips


def answer(fills: list[Fill], trips: list[dict[str, Any]]) -> Mapping[str, Any]:
    """The figures in which every way has to agree."""
    gross = sum((trip["gross"] for trip in trips), Decimal(0))
    return {"executions": len(fills), "round_trips": len(trips), "gross": f"{gross:.2f}"}


def workbook(path: str) -> Work:
    """pandas reads the workbook with openpyxl; a loop does the rest."""
    import pandas as pd

    def rows() -> Iterator[Fill]:
        frame = pd.read_excel(path, sheet_name="Orders", engine="openpyxl")
        for record in frame.to_dict("records"):
            if "fill" not in str(record["Orders_Transactions_Status"]).lower():
                continue
            local = record["Orders_Transactions_When_Ms"].to_pydatetime().replace(tzinfo=CHICAGO)
            root = CQG[record["Orders_OrderFills_SymbolCommodity"]]
            yield {
                "id": str(record["Orders_Transactions_TransactionID"]),
                "account": record["Orders_AccountName"],
                "instrument": record["Orders_Symbol"],
                "time": local.astimezone(UTC),
                "trading_day": trading_day(local),
                "side": record["Orders_OrderFills_Side"].lower(),
                "quantity": Decimal(str(record["Orders_OrderFills_Size"])),
                "price": Decimal(str(record["Orders_OrderFills_Price"])),
                "multiplier": MULTIPLIER[root],
                "commission": None,
            }

    def work() -> Mapping[str, Any]:
        fills = sorted(rows(), key=lambda fill: fill["time"])
        return answer(*positions_and_trips(fills))

    return work


def csv_file(path: str) -> Work:
    """csv.DictReader, a content hash with an ordinal for each row, and the same loop."""
    twins: Counter[str] = Counter()

    def identity(row: Mapping[str, str]) -> str:
        names = ("Account", "Date", "Time", "Symbol", "Side", "Quantity", "Price", "Commission")
        digest = hashlib.blake2b("\x1f".join(row[name] for name in names).encode(), digest_size=16).hexdigest()
        twins[digest] += 1
        return f"{digest}:{twins[digest]}"

    def rows() -> Iterator[Fill]:
        with Path(path).open(newline="") as file:
            for row in csv.DictReader(file):
                local = datetime.strptime(f"{row['Date']} {row['Time']}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=NEW_YORK)
                yield {
                    "id": identity(row),
                    "account": row["Account"],
                    "instrument": row["Symbol"],
                    "time": local.astimezone(UTC),
                    "trading_day": trading_day(local),
                    "side": row["Side"].strip().lower(),
                    "quantity": Decimal(row["Quantity"]),
                    "price": Decimal(row["Price"]),
                    "multiplier": MULTIPLIER[row["Symbol"][:-3]],
                    "commission": Decimal(row["Commission"]),
                }

    def work() -> Mapping[str, Any]:
        fills = sorted(rows(), key=lambda fill: fill["time"])
        return answer(*positions_and_trips(fills))

    return work
