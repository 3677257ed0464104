"""AMP's export files, from document to draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from polybroker.errors import StatementError
from polybroker.model.broker_info import StatementKind
from polybroker.model.executions import Granularity
from polybroker.statements.document import Document
from polybroker.statements.options import ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.schema import UTC_TIME
from polybroker.statements.statement import Statement
from polybroker_amp_cqg import kinds
from polybroker_amp_cqg.reading import ROWS, read
from polybroker_amp_cqg.reconciling import reconcile
from polybroker_amp_cqg.sheets import report_of

PARSER_VERSION: Final = "amp_cqg/1"


def recognize_statement(document: Document) -> StatementKind | None:
    """The kind of report that `document` is by its header, whatever the file or its sheets are called."""
    report = report_of(document)
    return next((kind for kind in (kinds.ORDERS, kinds.TRADES) if report is not None and kind.id == report.kind), None)


def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The fills of all `documents` that stand; raises `StatementError` where a needed column is missing."""
    account = RowAccount()
    readings = []
    for document in documents:
        report = report_of(document)
        if report is None:
            raise StatementError("this is no order report of CQG", source=document.name)
        readings.append(read(document, report, options, account))
    rows = pl.concat([reading.rows for reading in readings]) if readings else pl.DataFrame(schema=ROWS)
    warnings = [warning for reading in readings for warning in reading.warnings]
    return Statement(_draft(reconcile(rows, account)), account, PARSER_VERSION, warnings)


def _draft(fills: pl.DataFrame) -> pl.DataFrame:
    gmt = pl.col("kind") == kinds.TRADES.id
    return fills.with_columns(
        pl.when(gmt).then(pl.col("timestamp").fill_null(pl.col("local_time").cast(UTC_TIME))).otherwise("timestamp"),
        pl.when(gmt).then(pl.col("timezone").fill_null(pl.lit("UTC"))).otherwise("timezone"),
        _sequence(fills["execution_id"]),
        pl.lit(str(Granularity.FILL)).alias("granularity"),
    ).drop("meaning", "trade_id", "execution", "reference", "contract", "place", "lead")


def _sequence(ids: pl.Series) -> pl.Series:
    """Numbers in the order of the ids, which CQG gives out ascending in time; equal for equal rows in any order."""
    numbers = ids.cast(pl.Int64, strict=False)
    if numbers.null_count():
        distinct = ids.unique().drop_nulls().to_frame("id").sort(pl.col("id").str.len_bytes(), "id")
        table = distinct.with_row_index("sequence")
        numbers = ids.to_frame("id").join(table, on="id", how="left", maintain_order="left")["sequence"].cast(pl.Int64)
    return numbers.alias("sequence")
