"""Workbooks of executions: cells as a spreadsheet program writes them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook

from polybroker.errors import StatementError
from polybroker.statements.document import Document, open_document
from polybroker.statements.options import ParseOptions
from polybroker_generic_csv import parse_statement, recognize_statement

HEADER = ("Date", "Time", "Symbol", "Side", "Quantity", "Price", "Commission")
ROW = (date(2024, 11, 29), time(9, 30), "MES", "Buy", 1, 6050.25, -1.24)


def workbook(**sheets: Sequence[Sequence[Any]]) -> Document:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return open_document(content.getvalue(), name="fills.xlsx")


def draft(*rows: Sequence[Any]) -> pl.DataFrame:
    statement = parse_statement([workbook(Fills=rows)], ParseOptions())
    assert statement.rows.problems == []
    return statement.draft()


def test_dates_and_times_of_cells_are_exact() -> None:
    (fill,) = draft(HEADER, ROW).iter_rows(named=True)
    assert fill["local_time"] == datetime(2024, 11, 29, 9, 30)  # noqa: DTZ001 - a wall clock
    assert (fill["price"], fill["commission"]) == (Decimal("6050.25"), Decimal("-1.24"))


def test_a_cell_can_hold_date_and_time() -> None:
    at = datetime(2024, 11, 29, 9, 30, 12, 250000)  # noqa: DTZ001
    fills = draft(("Executed At", *HEADER[2:]), (at, *ROW[2:]))
    assert fills["local_time"][0] == at


def test_numbers_with_the_noise_of_binary_fractions_are_what_was_typed() -> None:
    fills = draft(HEADER, (*ROW[:5], 75.07000000000001, -0.30000000000000004))
    assert (fills["price"][0], fills["commission"][0]) == (Decimal("75.07"), Decimal("-0.3"))


def test_ids_keep_all_their_digits() -> None:
    fills = draft((*HEADER, "Execution ID"), (*ROW, 609533386765.0))
    assert fills["execution_id"][0] == "609533386765"


@pytest.mark.parametrize("expiration", [202503, "2025-03", date(2025, 3, 21), 20250321, "MAR25"])
def test_an_expiration_is_a_month_or_a_day_in_any_cell(expiration: Any) -> None:
    fills = draft((*HEADER, "Expiration"), (*ROW, expiration))
    assert fills["symbol_key"][0] == "future:CME:MES:2025-03"


def test_the_sheet_with_the_executions_is_found() -> None:
    document = workbook(Notes=[("my", "notes")], Fills=[("Fills of November",), (), HEADER, ROW])
    assert recognize_statement(document) is not None
    assert parse_statement([document], ParseOptions()).draft()["row"].to_list() == [4]


def test_two_sheets_of_executions_are_refused_rather_than_one_forgotten() -> None:
    document = workbook(January=[HEADER, ROW], February=[HEADER, ROW])
    assert recognize_statement(document) is not None
    with pytest.raises(StatementError, match="'January', 'February'"):
        parse_statement([document], ParseOptions())
