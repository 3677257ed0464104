"""Made-up reports for the tests, as CSV and as workbooks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
import polars as pl
import pytest
from attrs import frozen

from polybroker.statements.document import open_document
from polybroker.statements.options import ParseOptions
from polybroker.statements.statement import Statement
from polybroker_amp_cqg.statements import parse_statement, recognize_statement

Report = Sequence[Mapping[str, Any]]

FILL: Mapping[str, Any] = {
    "Orders_AccountName": "AMP1",
    "Orders_Symbol": "MESH5",
    "Orders_OrderFills_SymbolCommodity": "MES",
    "Orders_ContractExpiration": date(2025, 3, 21),
    "Orders_OrderType": "Limit",
    "Orders_OrderFills_Side": "Buy",
    "Orders_OrderFills_Size": 1,
    "Orders_OrderFills_Price": 6012.25,
    "Orders_OrderFills_TradeDate": date(2025, 1, 6),
    "Orders_OrderFills_GWTradeID": 31552001,
    "Orders_Transactions_OrderExecID": 7204118201,
    "Orders_Transactions_TransactionID": 609533386765,
    "Orders_Transactions_When_Ms": datetime.fromisoformat("2025-01-06 08:31:04.120"),
    "Orders_Transactions_Status": "Fill",
}
SHORT = {
    "account": "Orders_AccountName",
    "symbol": "Orders_Symbol",
    "root": "Orders_OrderFills_SymbolCommodity",
    "expiration": "Orders_ContractExpiration",
    "order_type": "Orders_OrderType",
    "side": "Orders_OrderFills_Side",
    "size": "Orders_OrderFills_Size",
    "price": "Orders_OrderFills_Price",
    "day": "Orders_OrderFills_TradeDate",
    "trade": "Orders_OrderFills_GWTradeID",
    "execution": "Orders_Transactions_OrderExecID",
    "id": "Orders_Transactions_TransactionID",
    "when": "Orders_Transactions_When_Ms",
    "status": "Orders_Transactions_Status",
    "ref": "Orders_Transactions_RefTransactionID",
}


@frozen(eq=False)
class Outcome:
    """What the parser made of some files."""

    statement: Statement

    @property
    def fills(self) -> pl.DataFrame:
        return self.statement.draft()

    @property
    def problems(self) -> list[tuple[int | None, str | None, str]]:
        return [(problem.row, problem.column, problem.message) for problem in self.statement.rows.problems]

    @property
    def skipped(self) -> dict[str, int]:
        return {entry.reason: entry.rows for entry in self.statement.rows.skipped()}

    @property
    def joined(self) -> int:
        return self.statement.rows.joined()

    def column(self, name: str) -> list[Any]:
        return self.fills.sort("execution_id")[name].to_list()

    def check_equation(self) -> None:
        """Every row ends in one place: what is left open are exactly the rows that fills name."""
        for file in range(self.statement.rows.files):
            used = self.fills.filter(pl.col("file") == file)["row"].to_list()
            assert sorted(self.statement.rows.open_rows(file)) == sorted(used)


def make_fill(**changes: Any) -> dict[str, Any]:
    return {**FILL, **{SHORT[name]: value for name, value in changes.items()}}


def write_csv(rows: Report, *, delimiter: str = ",") -> bytes:
    buffer = io.StringIO(newline="")
    headers = list(dict.fromkeys(name for row in rows for name in row)) or list(FILL)
    writer = csv.DictWriter(buffer, headers, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _text(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue().encode()


def _text(value: Any) -> Any:
    return value.isoformat(sep=" ", timespec="milliseconds") if isinstance(value, datetime) else value


def write_xlsx(
    rows: Report, *, sheet: str = "Orders", epoch: datetime | None = None, headers: Sequence[str] = ()
) -> bytes:
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    page = book.worksheets[0]
    page.title = sheet
    names = list(headers) or list(dict.fromkeys(name for row in rows for name in row)) or list(FILL)
    page.append(names)
    for row in rows:
        page.append([row.get(name) for name in names])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read_reports(*contents: bytes, options: ParseOptions | None = None) -> Outcome:
    documents = [open_document(content, name=f"report{number}") for number, content in enumerate(contents, 1)]
    assert all(recognize_statement(document) for document in documents)
    outcome = Outcome(parse_statement(documents, options or ParseOptions()))
    outcome.check_equation()
    return outcome


@pytest.fixture(scope="session")
def fill() -> Callable[..., dict[str, Any]]:
    return make_fill


@pytest.fixture(scope="session")
def to_csv() -> Callable[..., bytes]:
    return write_csv


@pytest.fixture(scope="session")
def to_xlsx() -> Callable[..., bytes]:
    return write_xlsx


@pytest.fixture(scope="session")
def read() -> Callable[..., Outcome]:
    return read_reports
