"""From a document to a typed frame: one row for each fill, and for each event that changes one.

Rows of no interest are skipped and unreadable ones become problems here, so that what follows can trust every cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl
from attrs import frozen

from polybroker.errors import StatementError
from polybroker.model.orders import OrderType
from polybroker.statements.document import Document, DocumentFormat, Table
from polybroker.statements.numbers import NumberStyle, bad_number, number_style, parse_numbers
from polybroker.statements.options import ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.schema import EXACT, UTC_TIME, WALL_TIME
from polybroker.statements.sides import parse_sides
from polybroker_amp_cqg import ids
from polybroker_amp_cqg.columns import ORDERS, Report
from polybroker_amp_cqg.contracts import name_contracts
from polybroker_amp_cqg.dates import read_dates
from polybroker_amp_cqg.faults import Faults
from polybroker_amp_cqg.sheets import sheet_of
from polybroker_amp_cqg.statuses import Meaning, meanings

_IDS: Final = ("transaction_id", "trade_id", "execution", "reference", "order_id")
_OPTIONAL: Final = ("symbol", "root", "expiration", "trading_day", "order_type", "account", "currency", *_IDS)
ROWS: Final = pl.Schema(
    {
        "file": pl.UInt32(),
        "row": pl.UInt32(),
        "kind": pl.String(),
        "meaning": pl.String(),
        "transaction_id": pl.String(),
        "trade_id": pl.String(),
        "execution": pl.String(),
        "reference": pl.String(),
        "order_id": pl.String(),
        "account": pl.String(),
        "timestamp": UTC_TIME,
        "local_time": WALL_TIME,
        "timezone": pl.String(),
        "trading_day": pl.Date(),
        "raw_symbol": pl.String(),
        "symbol_key": pl.String(),
        "contract": pl.String(),
        "side": pl.String(),
        "quantity": EXACT,
        "price": EXACT,
        "order_type": pl.String(),
        "currency": pl.String(),
    }
)
"""The columns of a reading: those of a draft and what it takes to tell which rows are about one fill."""

_ORDER_TYPES: Final = {
    **dict.fromkeys(("market", "mkt"), OrderType.MARKET),
    **dict.fromkeys(("limit", "lmt"), OrderType.LIMIT),
    **dict.fromkeys(("stop", "stp", "stopmarket"), OrderType.STOP),
    **dict.fromkeys(("stoplimit", "stl", "stplmt"), OrderType.STOP_LIMIT),
    **dict.fromkeys(("trailingstop", "trailstop"), OrderType.TRAILING_STOP),
}


@frozen(eq=False)
class Reading:
    """What one document says."""

    rows: pl.DataFrame
    """Fills, busts and corrections: ids are clean, numbers exact, and every fill is complete."""
    warnings: tuple[str, ...]


def read(document: Document, report: Report, options: ParseOptions, account: RowAccount) -> Reading:
    """Read `document`, which is `report`, and tell `account` of its rows as those of the next file.

    Raises `StatementError` where a column is missing without which no fill can be read.
    """
    columns = report.columns(options.columns)
    table = document.table(list(columns.values()), section=sheet_of(document, report))
    headers = {name: column.name for name, column in columns.items() if table.has(column.name)}
    if "symbol" not in headers and "root" not in headers:
        name = columns["symbol"].name
        message = f"the column {name!r} is missing; there are: {', '.join(table.headers)}"
        raise StatementError(message, source=document.name, column=name)
    frame = table.frame.select("row", **{name: pl.col(header) for name, header in headers.items()})
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in headers)
    file = _open(document, table, account)
    frame = _of_interest(frame, report, headers, file, account)
    faults = Faults(frame, headers)
    warnings: list[str] = []
    typed = frame.with_columns(
        *_ids(frame, faults, warnings, needed=report is ORDERS),
        *_times(frame, faults, warnings, options, document.name),
        *_numbers(frame, faults, options, document),
        *_sides(frame, faults),
        *_contracts(frame, faults, warnings),
        _order_types(frame),
        pl.lit(file, pl.UInt32).alias("file"),
        pl.lit(report.kind).alias("kind"),
    ).filter(~pl.Series(np.isin(frame["row"].to_numpy(), faults.rows().to_numpy())))
    faults.report(file, account)
    typed = typed.select(pl.col(name).cast(dtype) for name, dtype in ROWS.items())
    return Reading(typed, tuple(f"{document.name}: {warning}" for warning in warnings))


def _open(document: Document, table: Table, account: RowAccount) -> int:
    rows = table.frame["row"].to_numpy().astype(np.int64)
    if table.damaged:
        rows = np.sort(np.append(rows, [row.row for row in table.damaged]))
    file = account.open_file(document.name, rows)
    for row in table.damaged:
        account.problem(file, row.row, None, row.message)
    return file


def _of_interest(
    frame: pl.DataFrame, report: Report, headers: Mapping[str, str], file: int, account: RowAccount
) -> pl.DataFrame:
    """The rows that are fills, busts or corrections by their status, in a column `meaning`."""
    if report is not ORDERS:
        return frame.with_columns(pl.lit(str(Meaning.FILL)).alias("meaning"))
    frame = frame.with_columns(meanings(frame["status"]).alias("meaning"))
    strange = pl.col("meaning") == Meaning.UNKNOWN
    nothing = pl.all_horizontal(pl.col("quantity", "price").is_null()) & ~pl.col("status").str.contains(
        "(?i)fill"
    ).fill_null(value=False)
    masks = frame.select(
        event=pl.col("meaning") == Meaning.ORDER_EVENT, nothing=strange & nothing, fault=strange & ~nothing
    )
    for name, reason in (("event", "order event, not a fill"), ("nothing", "no fill, under an unknown status")):
        account.skip(file, frame["row"].filter(masks[name]).to_numpy(), reason)
    faults = Faults(frame, headers)
    faults.add(masks["fault"], "status", lambda word: f"the status {word!r} is not known to be a fill or none")
    faults.report(file, account)
    return frame.filter(~(masks["event"] | masks["nothing"] | masks["fault"]))


def _fills(frame: pl.DataFrame) -> pl.Series:
    return frame["meaning"] == Meaning.FILL


def _ids(frame: pl.DataFrame, faults: Faults, warnings: list[str], *, needed: bool) -> list[pl.Series]:
    cleaned = []
    for name in _IDS:
        column, lost = ids.clean(frame[name])
        cleaned.append(column.alias(name))
        if name == "transaction_id" and needed:
            faults.add(
                lost, name, lambda cell: f"the id {cell!r} lost digits when a spreadsheet saved it: export again"
            )
            faults.add(column.is_null() & ~lost, name, "the row has no transaction id")
        elif lost.any():
            header = faults.headers[name]
            warnings.append(f"{lost.sum()} ids in {header} lost digits when a spreadsheet saved them, and are not used")
    return cleaned


def _times(
    frame: pl.DataFrame, faults: Faults, warnings: list[str], options: ParseOptions, source: str
) -> list[pl.Series]:
    dates = read_dates(frame, name=faults.headers["time"], day_first=options.day_first, source=source)
    faults.add(dates.bad, "time", lambda cell: f"{cell!r} is no time")
    faults.add(dates.bad_trading_day, "trading_day", lambda cell: f"{cell!r} is no date")
    faults.add(_fills(frame) & dates.local.is_null() & ~dates.bad, "time", "the fill has no time")
    if (dates.date_only & _fills(frame)).any():
        warnings.append(f"{dates.date_only.sum()} rows have a date without a time of day; midnight is taken")
    columns = {"local_time": dates.local, "timestamp": dates.utc, "timezone": dates.zone}
    return [*(column.alias(name) for name, column in columns.items()), dates.trading_day.alias("trading_day")]


def _numbers(frame: pl.DataFrame, faults: Faults, options: ParseOptions, document: Document) -> list[pl.Series]:
    style = _style(frame, options, document)
    parsed = []
    for name in ("quantity", "price"):
        column, bad = parse_numbers(frame[name], style)
        faults.add(bad, name, lambda cell: bad_number(cell, style))
        faults.add(_fills(frame) & column.is_null() & ~bad, name, f"the fill has no {name}")
        parsed.append(column.alias(name))
    quantity = parsed[0]
    wrong = (quantity <= 0) | (quantity.round(0) != quantity)
    faults.add(wrong.fill_null(value=False), "quantity", lambda cell: f"{cell!r} is no number of contracts")
    return parsed


def _style(frame: pl.DataFrame, options: ParseOptions, document: Document) -> NumberStyle:
    columns = [frame[name].alias(name) for name in ("quantity", "price")]
    if document.format is DocumentFormat.WORKBOOK and not any(
        column.str.contains_any([","]).any() for column in columns
    ):
        # Cells that are numbers have no style: an answer about commas is about other files of the run.
        return NumberStyle()
    return number_style(columns, decimal_comma=options.decimal_comma, rows=frame["row"], source=document.name)


def _sides(frame: pl.DataFrame, faults: Faults) -> list[pl.Series]:
    sides, bad = parse_sides(frame["side"])
    faults.add(bad, "side", lambda cell: f"{cell!r} is no side")
    faults.add(_fills(frame) & sides.is_null() & ~bad, "side", "the fill has no side")
    return [sides.alias("side")]


def _contracts(frame: pl.DataFrame, faults: Faults, warnings: list[str]) -> list[pl.Series]:
    named = name_contracts(frame)
    faults.add(_fills(frame) & named["raw_symbol"].is_null(), "symbol", "the fill has no symbol")
    faults.add(named["disagree"], "root", lambda cell: f"the symbol and the commodity {cell!r} name different products")
    rootless = frame["symbol"].is_null() & named["raw_symbol"].is_not_null()
    if rootless.any():
        warnings.append(f"{rootless.sum()} rows have no full symbol: their contract month is not known")
    return named.drop("disagree").get_columns()


def _order_types(frame: pl.DataFrame) -> pl.Series:
    words = frame["order_type"].unique().drop_nulls().to_list()
    letters = {word: "".join(letter for letter in word.casefold() if letter.isalpha()) for word in words}
    known = {word: str(_ORDER_TYPES.get(letters[word], word)) for word in words}
    return frame["order_type"].replace_strict(known, default=None, return_dtype=pl.String).alias("order_type")
