from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import StatementError

Make = Callable[..., Any]
ID = "Orders_Transactions_TransactionID"


@pytest.mark.parametrize(
    "cell", [609533386765, 609533386765.0, "609533386765.0", "6.09533386765E+11", " 609533386765 ", "609533386765"]
)
def test_an_id_of_any_make_is_the_same_id(cell: object, fill: Make, to_xlsx: Make, read: Make) -> None:
    outcome = read(to_xlsx([fill(id=cell, trade=float(31552001), execution=str(7.204118201e9))]))
    assert outcome.column("execution_id") == outcome.column("transaction_id") == ["609533386765"]


def test_a_number_cell_written_with_an_exponent_keeps_its_digits(fill: Make, to_xlsx: Make, read: Make) -> None:
    content = to_xlsx([fill()])
    changed = replaced(content, b"<v>609533386765</v>", b"<v>6.09533386765E11</v>")
    assert changed != content
    assert read(changed).column("execution_id") == ["609533386765"]


def replaced(workbook: bytes, old: bytes, new: bytes) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(old, new))
    return buffer.getvalue()


def test_an_id_cut_by_a_spreadsheet_is_a_problem(fill: Make, to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([fill(id="6.09533E+11"), fill(id=2, trade=None)]))
    assert outcome.column("execution_id") == ["2"]
    ((row, column, message),) = outcome.problems
    assert (row, column) == (2, ID)
    assert "6.09533E+11" in message


def test_trade_ids_cut_by_a_spreadsheet_never_make_twins_one(fill: Make, to_csv: Make, read: Make) -> None:
    rows = [fill(id=number, trade="3.1552E+11") for number in (1, 2)]
    outcome = read(to_csv(rows))
    assert outcome.fills.height == 2
    assert "2 ids in Orders_OrderFills_GWTradeID lost digits" in outcome.statement.warnings[0]


def test_an_empty_report_has_no_fills_and_no_problems(fill: Make, to_csv: Make, to_xlsx: Make, read: Make) -> None:
    for content in (to_csv([]), to_xlsx([]), to_xlsx([{}, {}], headers=list(fill()))):
        outcome = read(content)
        assert (outcome.fills.height, outcome.problems, outcome.skipped) == (0, [], {})
        assert outcome.statement.rows.total() == 0


def test_rows_of_blanks_are_no_rows(fill: Make, to_csv: Make, read: Make) -> None:
    content = to_csv([fill()]) + b"," * 13 + b"\n\n" + b" ," * 13 + b"\n"
    outcome = read(content)
    assert outcome.statement.rows.total() == 1


def test_a_preamble_above_the_header_does_not_count(fill: Make, to_csv: Make, read: Make) -> None:
    content = b"Order report\nAccount,AMP1\n\n" + to_csv([fill()])
    outcome = read(content)
    assert outcome.column("row") == [5]


def test_a_row_that_was_cut_short_is_a_problem(fill: Make, to_csv: Make, read: Make) -> None:
    whole = to_csv([fill(), fill(id=2, trade=2)])
    cut = whole[: whole.rindex(b",7204118201")]
    outcome = read(cut)
    assert outcome.column("execution_id") == ["609533386765"]
    assert [row for row, _, _ in outcome.problems] == [3]


def test_two_sheets_of_orders_are_refused_and_an_empty_one_is_not(fill: Make, to_xlsx: Make, read: Make) -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([fill()])))
    page = book.create_sheet("Orders (2)")
    page.append(list(fill()))
    assert read(saved(book)).fills.height == 1
    page.append(list(fill(id=2).values()))
    with pytest.raises(StatementError, match=r"'Orders' and 'Orders \(2\)'"):
        read(saved(book))


def test_other_sheets_do_not_count(fill: Make, to_xlsx: Make, read: Make) -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([fill()])))
    for place, title in enumerate(("Cover", "Positions")):
        page = book.create_sheet(title, place)
        page.append(["Account", "AMP1"])
        page.append(["Orders_Total", 7])
    assert read(saved(book)).fills.height == 1


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_times_as_plain_serial_numbers_are_times(fill: Make, to_xlsx: Make, read: Make) -> None:
    outcome = read(to_xlsx([fill(when=45663.354908796, day=45663, expiration=45737)]))
    assert outcome.column("local_time") == [datetime.fromisoformat("2025-01-06 08:31:04.120")]
    assert outcome.column("trading_day") == [date(2025, 1, 6)]
    assert outcome.column("symbol_key") == ["MESH25"]


def test_a_column_that_is_there_twice_is_refused(fill: Make, to_xlsx: Make, read: Make) -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([fill()])))
    book.worksheets[0].cell(1, 20, "Orders_OrderFills_Price")
    with pytest.raises(StatementError, match="Orders_OrderFills_Price"):
        read(saved(book))


GARBAGE = st.one_of(
    st.none(),
    st.text(max_size=8).filter(lambda text: "\0" not in text),
    st.integers(-5, 10**13),
    st.floats(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(
        ["Fill", "Fill Bust", "Fill Correction", "Buy", "EPH5", "2025-01-06", "6.09533E+11", "1,5", "=1+1", "0"]
    ),
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["symbol", "root", "expiration", "side", "size", "price", "day", "trade", "id", "when", "status", "ref"]
            ),
            GARBAGE,
        ),
        max_size=5,
    )
)
def test_garbage_in_any_cell_is_accounted_for_or_refused(
    fill: Make, to_csv: Make, read: Make, changes: list[dict[str, Any]]
) -> None:
    rows = [
        fill(),
        *(fill(**{"id": 1000 + number, "trade": 1000 + number, **change}) for number, change in enumerate(changes)),
    ]
    try:
        outcome = read(to_csv(rows))
    except StatementError:
        return
    account = outcome.statement.rows
    places = outcome.fills.height + account.joined() + account.problem_rows() + sum(outcome.skipped.values())
    assert places == account.total()
    assert (outcome.fills["quantity"] > Decimal(0)).all()
