"""What one broker's plugin hands over: its draft, checked before anything is built on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.broker import Broker
from polybroker.errors import PluginError
from polybroker.model.executions import Granularity, Side
from polybroker.statements.document import Document
from polybroker.statements.options import ParseOptions
from polybroker.statements.rows import RowAccount

_NEEDED: Final = ("file", "row", "kind", "local_time", "raw_symbol", "side", "quantity", "price", "granularity")


@frozen
class Draft:
    """The checked draft of one broker's documents, in the order of file and row.

    `fills` has the columns of `DRAFT`; `account`, `symbol_key` and `sequence` are filled where they can be.
    """

    broker: Broker
    documents: tuple[Document, ...]
    fills: pl.DataFrame
    rows: RowAccount
    parser_version: str
    warnings: tuple[str, ...]


def read_draft(broker: Broker, documents: Sequence[Document], options: ParseOptions) -> Draft:
    """Let the plugin read the documents, and check what it returns.

    Raises what the plugin raises on purpose (`StatementError` and others), and `PluginError` that names the plugin
    and what is wrong with the statement it returned.
    """
    statement = broker.parse_statement(tuple(documents), options)
    with blaming(broker):
        fills = statement.draft()
        if statement.rows.files != len(documents):
            raise PluginError(f"accounted for the rows of {statement.rows.files} of {len(documents)} documents")
        _check(fills, broker, len(documents))
    fills = _completed(fills, options)
    return Draft(broker, tuple(documents), fills, statement.rows, statement.parser_version, statement.warnings)


@contextmanager
def blaming(broker: Broker) -> Iterator[None]:
    """Faults of the statement that are found within name the plugin and its hook."""
    try:
        yield
    except PluginError as error:
        raise PluginError(f"{broker.id}: parse_statement: {error.message}") from error


def _check(fills: pl.DataFrame, broker: Broker, documents: int) -> None:
    if not fills.height:
        return
    for name in _NEEDED:
        if fills.get_column(name).null_count():
            _refuse(fills, fills.get_column(name).is_null(), f"the fill has no {name}")
    _refuse(fills, fills.get_column("file") >= documents, "there is no document of this index")
    _refuse(fills, fills.get_column("quantity") <= 0, "the quantity is not above 0")
    kinds = [kind.id for kind in broker.info.statement_kinds]
    for name, words in (("side", list(Side)), ("kind", kinds), ("granularity", list(Granularity))):
        known = [str(word) for word in words]
        _refuse(fills, ~fills.get_column(name).is_in(known), f"the {name} is none of {', '.join(known)}")


def _refuse(fills: pl.DataFrame, wrong: pl.Series, message: str) -> None:
    if wrong.any():
        index = wrong.arg_max() or 0
        raise PluginError(f"file {fills['file'][index]}, row {fills['row'][index]}: {message}")


def _completed(fills: pl.DataFrame, options: ParseOptions) -> pl.DataFrame:
    if not (fills.get_column("file").is_sorted() and _ascends(fills)):
        fills = fills.sort("file", "row", maintain_order=True)
    columns: list[pl.Expr] = []
    if options.account is not None and fills.get_column("account").null_count():
        columns.append(pl.col("account").fill_null(pl.lit(options.account)))
    if fills.get_column("symbol_key").null_count():
        columns.append(pl.col("symbol_key").fill_null(pl.col("raw_symbol")))
    if fills.get_column("sequence").null_count():
        columns.append(pl.col("sequence").fill_null(pl.col("row").cast(pl.Int64)))
    return (fills.with_columns(columns) if columns else fills).rechunk()


def _ascends(fills: pl.DataFrame) -> bool:
    order = fills.get_column("file").cast(pl.Int64) * (1 << 32) + fills.get_column("row").cast(pl.Int64)
    return order.is_sorted()
