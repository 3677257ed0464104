"""One row for each fill that stands, out of all that the files of a run say about it.

A fill can be reported by several transactions, be taken back by a bust or given another size or price by a
correction, before or after its own row and in any file. The order of rows and files has no part in the outcome. The
same id in several files is left to the core, which merges overlapping exports of any broker.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from polybroker.errors import StatementError
from polybroker.statements.rows import RowAccount
from polybroker_amp_cqg.columns import ORDERS, REPORTS
from polybroker_amp_cqg.corrections import apply_events, skip
from polybroker_amp_cqg.statuses import Meaning

DUPLICATE: Final = "duplicate report of the same fill"

_VALUES: Final = ("contract", "side", "quantity", "price")
"""What all reports of one fill agree on."""
_ID: Final = ("file", "account", "execution_id")
_TRADE: Final = ("account", "trade_id", *_VALUES)
_LEADS: Final = pl.col("lead").eq_missing(pl.col("execution_id"))
_ID_HEADERS: Final = {
    report.kind: report.fields["transaction_id" if report is ORDERS else "trade_id"].name for report in REPORTS
}


def reconcile(rows: pl.DataFrame, account: RowAccount) -> pl.DataFrame:
    """The fills that stand, of `rows` (`reading.ROWS`) from all files of a run, with their `execution_id`.

    The id is the transaction's, or the gateway's trade id in a report without transactions. Rows that do not stand
    are skipped, joined or made problems in `account`.
    """
    fills = _once_a_file(_with_ids(rows.filter(pl.col("meaning") == Meaning.FILL)), account)
    _refuse_untellable(fills)
    fills = _with_leads(fills)
    skip(fills.filter(~_LEADS), account, DUPLICATE)
    events = rows.filter(pl.col("meaning") != Meaning.FILL)
    if events.is_empty():
        return fills.filter(_LEADS)
    # A corrected fill can be the same as one that the report has as a new fill.
    standing = _with_leads(apply_events(fills, events, account))
    skip(standing.filter(~_LEADS), account, DUPLICATE)
    return standing.filter(_LEADS)


def _with_ids(fills: pl.DataFrame) -> pl.DataFrame:
    """`fills` with a `place` each and an `execution_id`; a transaction that made several trades gets one for each."""
    fills = fills.with_row_index("place").with_columns(execution_id=pl.coalesce("transaction_id", "trade_id"))
    if not _repeats(fills, _ID):
        return fills
    trades = pl.col("trade_id").drop_nulls().n_unique().over("account", "transaction_id")
    several = (trades > 1) & pl.all_horizontal(pl.col("transaction_id", "trade_id").is_not_null())
    each = pl.format("{}:{}", "transaction_id", "trade_id")
    return fills.with_columns(execution_id=pl.when(several).then(each).otherwise("execution_id"))


def _once_a_file(fills: pl.DataFrame, account: RowAccount) -> pl.DataFrame:
    """One row for each id of a file; rows of one id that differ are problems, as no one knows which is right."""
    known = fills.filter(pl.col("execution_id").is_not_null())
    if not _repeats(known, _ID):
        return fills
    unlike = known.filter(pl.struct(_VALUES).n_unique().over(_ID) > 1).sort("file", "row")
    for row in unlike.iter_rows(named=True):
        message = f"the id {row['execution_id']} stands for fills that differ in contract, side, size or price"
        account.problem(row["file"], row["row"], _ID_HEADERS[row["kind"]], message)
    alike = known.join(unlike, on="place", how="anti")
    latest = pl.col("place").sort_by("local_time", "row", descending=[True, False]).first().over(_ID)
    again = alike.filter(pl.col("place") != latest)
    skip(again, account, DUPLICATE)
    return fills.filter(~pl.col("place").is_in([*unlike["place"], *again["place"]]))


def _refuse_untellable(fills: pl.DataFrame) -> None:
    """Both reports of one run repeat each other: without trade ids nobody can tell what is counted twice."""
    lacking = fills.filter(pl.col("trade_id").is_null())["kind"].unique().to_list()
    if fills["kind"].n_unique() > 1 and lacking:
        raise StatementError(
            f"an order report and a trade report can be read together only where all fills have GWTradeID, which the "
            f"{' and the '.join(sorted(lacking))} report lacks; read one of the two"
        )


def _with_leads(fills: pl.DataFrame) -> pl.DataFrame:
    """`fills` with `lead`: the id under which a trade counts that is reported under several.

    Reports of one trade agree on trade id, contents and trading day, where they give one.
    """
    traded = fills.filter(pl.col("trade_id").is_not_null())
    if not _repeats(traded, _TRADE):
        return fills.with_columns(lead="execution_id")
    days = pl.col("trading_day").drop_nulls().n_unique().over(_TRADE)
    traded = traded.with_columns(day=pl.when(days > 1).then("trading_day"))
    ranked = pl.col("execution_id").sort_by(
        pl.col("kind") != ORDERS.kind, pl.col("execution_id").str.len_bytes(), "execution_id"
    )
    leads = traded.select("place", lead=ranked.first().over(*_TRADE, "day"))
    fills = fills.drop("lead", strict=False).join(leads, on="place", how="left", maintain_order="left")
    return fills.with_columns(lead=pl.coalesce("lead", "execution_id"))


def _repeats(rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    return bool(rows.select(key).is_duplicated().any())
