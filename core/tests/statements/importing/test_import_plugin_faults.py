"""What a plugin's parser may not hand over: refused with the plugin's name and the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import attrs
import polars as pl
import pytest

from polybroker.errors import PluginError, StatementError
from polybroker.hookspecs import hookimpl
from polybroker.statements.document import Document
from polybroker.statements.importer import import_statements
from polybroker.statements.options import ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.statement import Statement

ROW = {"Account": "A1", "Time": "2025-03-03 09:30:00", "Symbol": "MESH5", "Side": "Buy", "Qty": 1, "Price": "6050.25"}
Fault = Callable[[Statement], Any]


def fills(**columns: Any) -> Fault:
    return lambda statement: attrs.evolve(statement, fills=statement.fills.with_columns(**columns))


def run(tiny: SimpleNamespace, fault: Fault) -> None:
    class Faulty(tiny.plugin):  # type: ignore[name-defined,misc]
        @hookimpl
        def parse_statement(self, documents: Sequence[Document], options: ParseOptions) -> Any:
            return fault(super().parse_statement(documents, options))

    broker = tiny.broker_of(Faulty(tiny.acme.info, "Acme Fill"), "acme")
    import_statements(tiny.acme_csv([ROW, {**ROW, "Price": "6051"}]), brokers={"acme": broker})


def raising(error: Exception) -> Fault:
    def fault(_: Statement) -> Statement:
        raise error

    return fault


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda _: None, "has to return a Statement"),
        (fills(colour=pl.lit("red")), "column 'colour'"),
        (fills(quantity=pl.lit(1.5)), "column 'quantity' of type Float64"),
        (fills(quantity=pl.lit(0).cast(pl.Decimal(38, 18))), "row 2: the quantity is not above 0"),
        (fills(side=pl.lit("BUY")), "row 2: the side is none of buy, sell"),
        (fills(side=pl.lit(None, pl.String)), "row 2: the fill has no side"),
        (fills(local_time=pl.lit(None, pl.Datetime("us"))), "row 2: the fill has no local_time"),
        (fills(price=pl.when(pl.col("row") == 2).then("price")), "row 3: the fill has no price"),
        (fills(kind=pl.lit("other")), "the kind is none of acme_fills, acme_orders"),
        (fills(granularity=pl.lit("day")), "the granularity is none of fill, order, round_trip"),
        (fills(file=pl.lit(7, pl.UInt32)), "file 7, row 2: there is no document of this index"),
        (fills(row=pl.lit(9, pl.UInt32)), "a row that the file does not have"),
        (
            lambda statement: attrs.evolve(statement, fills=statement.fills.head(1)),
            r"row 3 \(and 0 more\) ended nowhere",
        ),
        (lambda statement: attrs.evolve(statement, rows=RowAccount()), "the rows of 0 of 1 documents"),
        (raising(KeyError("Qty")), "acme: parse_statement raised KeyError"),
    ],
)
def test_a_faulty_statement_is_a_plugin_error(tiny: SimpleNamespace, fault: Fault, message: str) -> None:
    with pytest.raises(PluginError, match=message) as caught:
        run(tiny, fault)
    assert "acme" in str(caught.value)


def test_a_row_that_is_used_and_skipped_is_a_plugin_error(tiny: SimpleNamespace) -> None:
    def fault(statement: Statement) -> Statement:
        statement.rows.skip(0, [2], "not a trade")
        return statement

    with pytest.raises(PluginError, match="row 2 ended in two places"):
        run(tiny, fault)


def test_the_cause_of_a_crash_is_kept(tiny: SimpleNamespace) -> None:
    error = ZeroDivisionError("oops")
    with pytest.raises(PluginError) as caught:
        run(tiny, raising(error))
    assert caught.value.__cause__ is error


def test_what_a_parser_raises_on_purpose_passes_through(tiny: SimpleNamespace) -> None:
    error = StatementError("no column Price", source="x.csv")
    with pytest.raises(StatementError) as caught:
        run(tiny, raising(error))
    assert caught.value is error
