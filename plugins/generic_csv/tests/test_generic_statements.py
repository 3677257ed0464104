"""Tables of executions in any layout: the same executions, or a refusal that says what is missing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.model.instruments import AssetClass
from polybroker.statements.document import Document, open_document
from polybroker.statements.options import CommissionSign, ParseOptions
from polybroker.statements.statement import Statement
from polybroker_generic_csv import broker_info, parse_statement, recognize_statement
from polybroker_generic_csv.columns import column_names, header_key

Row = Mapping[str, str]
BUY: Row = {
    "Date": "2024-11-29",
    "Time": "09:30:00",
    "Symbol": "MES",
    "Side": "Buy",
    "Quantity": "1",
    "Price": "6050.25",
    "Commission": "-1.24",
}
SELL: Row = {**BUY, "Time": "09:45:10", "Side": "Sell", "Price": "6051.50"}


def document(rows: Sequence[Row], *, delimiter: str = ",") -> Document:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return open_document(text.getvalue().encode(), name="fills.csv")


def read(rows: Sequence[Row], **answers: Any) -> Statement:
    statement = parse_statement([document(rows)], ParseOptions(**answers))
    statement.rows.use(0, statement.fills["row"].to_numpy())
    statement.rows.settle()
    return statement


def draft(rows: Sequence[Row], **answers: Any) -> pl.DataFrame:
    statement = read(rows, **answers)
    assert statement.rows.problems == []
    return statement.draft()


def without(row: Row, *columns: str) -> Row:
    return {column: cell for column, cell in row.items() if column not in columns}


def renamed(row: Row, names: Mapping[str, str]) -> Row:
    return {names.get(column, column): cell for column, cell in row.items()}


def problems(rows: Sequence[Row], **answers: Any) -> list[tuple[int | None, str | None]]:
    return [(problem.row, problem.column) for problem in read(rows, **answers).rows.problems]


def test_the_example_row_is_one_exact_execution() -> None:
    (fill,) = draft([BUY]).iter_rows(named=True)
    assert fill["local_time"] == datetime(2024, 11, 29, 9, 30)  # noqa: DTZ001 - a wall clock
    assert (fill["raw_symbol"], fill["side"], fill["quantity"]) == ("MES", "buy", Decimal(1))
    assert (fill["price"], fill["commission"]) == (Decimal("6050.25"), Decimal("-1.24"))
    assert (fill["row"], fill["file"], fill["kind"], fill["granularity"]) == (2, 0, "executions", "fill")
    assert all(fill[name] is None for name in ("execution_id", "timestamp", "timezone", "account", "fees", "currency"))


# layouts

FIELDS = {"Date": "date", "Time": "time", "Symbol": "symbol", "Side": "side", "Quantity": "quantity", "Price": "price"}
layouts = st.fixed_dictionaries({header: st.sampled_from(column_names()[field]) for header, field in FIELDS.items()})


@settings(max_examples=60, deadline=None)
@given(
    layouts,
    st.permutations(list(BUY)),
    st.sampled_from([str.upper, str.title, lambda text: f" {text.replace(' ', '_')}. "]),
)
def test_names_and_order_of_columns_do_not_matter(names: dict[str, str], order: list[str], write: Any) -> None:
    rows = [{write(names.get(column, column)): row[column] for column in order} for row in (BUY, SELL)]
    assert recognize_statement(document(rows)) is not None
    assert draft(rows).equals(draft([BUY, SELL]))


@settings(deadline=None)
@given(st.sampled_from([";", "\t", "|"]))
def test_the_delimiter_does_not_matter(delimiter: str) -> None:
    statement = parse_statement([document([BUY, SELL], delimiter=delimiter)], ParseOptions())
    assert statement.draft().equals(draft([BUY, SELL]))


@pytest.mark.parametrize(
    ("text", "key"),
    [("ExecTime", "exec time"), ("exec_time", "exec time"), ("Exec. Time (ET)", "exec time"), ("T/D", "t d")]
    + [("OrderID", "order id"), ("IBCommission", "ib commission"), ("Price ($)", "price"), ("Price USD", "price")],
)  # fmt: skip
def test_header_texts_are_compared_by_their_words(text: str, key: str) -> None:
    assert header_key(text) == key


def test_no_name_stands_for_two_fields() -> None:
    names = [name for names in column_names().values() for name in names]
    assert len(set(names)) == len(names)
    assert [header_key(name) for name in names] == names


def test_further_columns_are_welcome() -> None:
    assert draft([{"No": "1", **BUY, "Note": "first, of the day"}]).equals(draft([BUY]))


def test_the_better_of_two_columns_is_taken() -> None:
    (fill,) = draft([{**BUY, "Fill Price": "6050.50", "Filled Qty": "3"}]).iter_rows(named=True)
    assert (fill["price"], fill["quantity"]) == (Decimal("6050.5"), Decimal(3))


def test_given_names_of_columns_win() -> None:
    odd = renamed(BUY, {"Price": "Kurs", "Quantity": "Stueck"})
    assert recognize_statement(document([odd])) is None
    assert draft([odd], columns={"price": "Kurs", "quantity": " STUECK "}).equals(draft([BUY]))


@pytest.mark.parametrize(
    ("columns", "named"),
    [({"prise": "Price"}, "prise"), ({"price": "Kurs"}, "Kurs"), ({"price": "Price", "strike": "Price"}, "two fields")],
)
def test_a_given_name_that_leads_nowhere_is_refused(columns: dict[str, str], named: str) -> None:
    with pytest.raises(StatementError, match=named):
        read([BUY], columns=columns)


@pytest.mark.parametrize("missing", ["Symbol", "Quantity", "Price"])
def test_a_missing_column_is_an_error_that_lists_what_there_is(missing: str) -> None:
    rows = [without(BUY, missing)]
    assert recognize_statement(document(rows)) is None
    with pytest.raises(StatementError, match=f"no column for {missing.lower()}; .*Commission") as refusal:
        read(rows)
    assert refusal.value.column == missing.lower()


@pytest.mark.parametrize("missing", [("Date", "Time"), ("Date",)])
def test_a_table_without_dates_is_none_of_ours(missing: tuple[str, ...]) -> None:
    rows = [without(BUY, *missing)]
    assert recognize_statement(document(rows)) is None
    with pytest.raises(StatementError, match="no column for date"):
        read(rows)


def test_exports_whose_price_is_no_price_are_none_of_ours() -> None:
    row = {
        "Date": "2024-08-16",
        "Sub Type": "Buy",
        "Action": "BUY",
        "Symbol": "X",
        "Quantity": "1",
        "Average Price": "-103",
    }
    assert recognize_statement(document([row])) is None


@pytest.mark.parametrize("mark", ["Header", "DataDiscriminator", "LevelOfDetail"])
def test_exports_that_repeat_rows_are_none_of_ours(mark: str) -> None:
    assert recognize_statement(document([{mark: "Data", **BUY}])) is None


def test_raw_copies_of_columns_are_not_preferred() -> None:
    assert draft([{"_price": "6050.250000000001", **BUY}]).equals(draft([BUY]))


def test_a_header_without_rows_is_no_execution() -> None:
    for text in (
        b"Date,Symbol,Side,Quantity,Price\n",
        b"Date,Symbol,Side,Quantity,Price,Strike,Currency,Fee\nTotal,,,,,,,\n",
    ):
        statement = parse_statement([open_document(text, name="x")], ParseOptions())
        assert statement.draft().height == 0
        statement.rows.settle()


def test_other_documents_are_none_of_ours() -> None:
    for text in (b'{"Date": 1}', b"<a/>", b"just a line of text"):
        assert recognize_statement(open_document(text, name="x")) is None


def test_a_column_named_type_is_what_its_cells_are() -> None:
    assert draft([{**BUY, "Type": "Limit"}])["order_type"][0] == "limit"
    assert draft([{**BUY, "Symbol": "ES", "Type": "Stock"}])["symbol_key"][0] == "stock:ES"
    assert draft([renamed(SELL, {"Side": "Type"})])["side"][0] == "sell"
    assert draft([{**BUY, "Type": "0"}]).equals(draft([BUY]))


# sides and numbers


def test_the_sign_of_the_quantity_is_the_side_where_no_column_is() -> None:
    rows = [{**without(BUY, "Side"), "Quantity": quantity} for quantity in ("2", "-3")]
    assert recognize_statement(document(rows)) is not None
    fills = draft(rows)
    assert fills["side"].to_list() == ["buy", "sell"]
    assert fills["quantity"].to_list() == [Decimal(2), Decimal(3)]


def test_nothing_but_positive_quantities_without_sides_is_refused() -> None:
    rows = [without(BUY, "Side")]
    assert recognize_statement(document(rows)) is None
    with pytest.raises(StatementError, match="no column says buy or sell"):
        read(rows)


def test_a_sale_may_have_a_negative_quantity_and_a_buy_may_not() -> None:
    assert draft([{**SELL, "Quantity": "-1"}]).equals(draft([SELL]))
    assert problems([{**BUY, "Quantity": "-1"}, SELL]) == [(2, "Quantity")]


@pytest.mark.parametrize(("column", "cell"), [("Quantity", "0"), ("Quantity", ""), ("Quantity", "1x"), ("Price", "")])
def test_a_row_without_quantity_or_price_is_a_problem(column: str, cell: str) -> None:
    assert problems([SELL, {**BUY, column: cell}]) == [(3, column)]


def test_negative_and_zero_prices_are_prices() -> None:
    assert draft([{**BUY, "Price": "-37.63"}, {**SELL, "Price": "0"}])["price"].to_list() == [
        Decimal("-37.63"),
        Decimal(0),
    ]


def test_a_file_that_can_be_read_two_ways_is_refused_until_the_question_is_answered() -> None:
    rows = [{**BUY, "Price": "6,050", "Commission": "1"}]
    with pytest.raises(AmbiguousStatement) as refusal:
        read(rows)
    assert (refusal.value.source, refusal.value.row, refusal.value.column) == ("fills.csv", 2, "Price")
    assert draft(rows, decimal_comma=True)["price"][0] == Decimal("6.05")
    assert draft(rows, decimal_comma=False)["price"][0] == Decimal(6050)


# charges


def charges(values: Sequence[str], **answers: Any) -> list[Decimal | None]:
    found: list[Decimal | None] = draft([{**BUY, "Commission": value} for value in values], **answers)[
        "commission"
    ].to_list()
    return found


def test_charges_of_one_sign_are_charges() -> None:
    assert charges(["1.24", "", "0"]) == [Decimal("-1.24"), None, Decimal(0)]
    assert charges(["-1.24", "--", "0"]) == [Decimal("-1.24"), None, Decimal(0)]
    assert charges(["($1.24)"]) == [Decimal("-1.24")]


def test_charges_of_both_signs_need_an_answer() -> None:
    with pytest.raises(AmbiguousStatement) as refusal:
        charges(["1.24", "-0.20"])
    assert "--commission-sign" in refusal.value.question
    assert refusal.value.row == 3
    assert charges(["1.24", "-0.20"], commission_sign=CommissionSign.POSITIVE) == [Decimal("-1.24"), Decimal("0.2")]
    assert charges(["1.24", "-0.20"], commission_sign=CommissionSign.NEGATIVE) == [Decimal("1.24"), Decimal("-0.2")]


def test_rows_that_are_no_executions_do_not_tell_the_sign() -> None:
    rows = [{**BUY, "Commission": "1.24"}, {**BUY, "Commission": "-9", "Quantity": "0"}]
    assert read(rows).fills["commission"].to_list() == [Decimal("-1.24")]


def test_all_columns_of_fees_are_added_up_beside_the_commission() -> None:
    (fill,) = draft([{**BUY, "Commission": "1", "SEC": "0.02", "TAF": "0.01", "Exchange Fee": ""}]).iter_rows(
        named=True
    )
    assert (fill["commission"], fill["fees"]) == (Decimal(-1), Decimal("-0.03"))


def test_commission_and_fees_have_one_sign_together() -> None:
    row = {**BUY, "Commission": "-1", "ECN": "0.30"}
    with pytest.raises(AmbiguousStatement):
        read([row])
    assert draft([row], commission_sign=CommissionSign.NEGATIVE)["fees"][0] == Decimal("0.3")


def test_a_sum_of_charges_is_used_only_where_nothing_else_is_known() -> None:
    assert draft([{**BUY, "Total Fees": "-9"}])["fees"][0] is None
    assert draft([{**without(BUY, "Commission"), "Total Fees": "2.48"}])["fees"][0] == Decimal("-2.48")


def test_an_absurd_charge_is_a_problem_and_not_an_overflow() -> None:
    huge = "-99999999999999999999"
    assert problems([{**BUY, "SEC": huge, "TAF": huge}]) == [(2, "SEC"), (2, "TAF")]


@settings(deadline=None)
@given(st.sampled_from(CommissionSign), st.sampled_from(["UTC", "Asia/Tokyo"]))
def test_answers_change_no_more_than_the_sign_of_charges(sign: CommissionSign, zone: str) -> None:
    plain, answered = draft([BUY, SELL]), draft([BUY, SELL], commission_sign=sign, timezone=zone)
    assert answered.with_columns(pl.col("commission").abs()).equals(plain.with_columns(pl.col("commission").abs()))


# times


def test_one_column_can_hold_date_and_time() -> None:
    row = {"Executed At": "11/29/2024 9:30:00 AM", **without(BUY, "Date", "Time")}
    assert draft([row])["local_time"][0] == draft([BUY])["local_time"][0]


def test_a_column_of_full_times_needs_no_date_beside_it() -> None:
    row = {**BUY, "Date": "2024-12-02", "Time": "2024-11-29 18:05:00"}
    assert draft([row])["local_time"][0] == datetime(2024, 11, 29, 18, 5)  # noqa: DTZ001


def test_a_zone_in_the_time_is_the_moment() -> None:
    fills = draft([{**without(BUY, "Date"), "Time": "2024-11-29T09:30:00-05:00"}])
    assert fills["timestamp"][0] == datetime(2024, 11, 29, 14, 30, tzinfo=UTC)
    assert fills["timezone"][0] == "-05:00"


def test_a_column_can_name_the_zone_of_each_row() -> None:
    rows = [{**BUY, "Time Zone": zone} for zone in ("America/Chicago", "EST", "+0100", "UTC", "")]
    fills = draft(rows)
    assert fills["timezone"].to_list() == ["America/Chicago", "-05:00", "+01:00", "UTC", None]
    hours = [None if at is None else at.hour for at in fills["timestamp"]]
    assert hours == [None, 14, 8, 9, None]
    assert problems([{**BUY, "Time Zone": "Atlantis"}]) == [(2, "Time Zone")]


def test_a_header_can_name_the_zone() -> None:
    statement = read([renamed(BUY, {"Time": "Time (EST)"})])
    assert statement.fills["timezone"][0] == "America/New_York"
    assert "America/New_York" in statement.warnings[0]
    assert read([renamed(BUY, {"Time": "Time (UTC)"})]).warnings == ()
    answered = read([renamed(BUY, {"Time": "Time (EST)"})], timezone="Europe/Berlin")
    assert answered.draft()["timezone"][0] is None


def test_rows_without_a_time_are_midnight_with_a_warning() -> None:
    statement = read([without(BUY, "Time")])
    assert statement.fills["local_time"][0] == datetime(2024, 11, 29)  # noqa: DTZ001
    assert "1 rows have no time of day" in statement.warnings[0]


@pytest.mark.parametrize(
    ("column", "cell"), [("Date", ""), ("Date", "2024-02-30"), ("Time", "25:00"), ("Time", "noon")]
)
def test_a_row_without_a_time_that_exists_is_a_problem(column: str, cell: str) -> None:
    assert problems([SELL, {**BUY, column: cell}]) == [(3, column)]


def test_the_order_of_day_and_month_is_asked_for_once() -> None:
    rows = [{**BUY, "Date": "01/02/2024"}]
    with pytest.raises(AmbiguousStatement) as refusal:
        read(rows)
    assert (refusal.value.row, refusal.value.column) == (2, "Date")
    assert draft(rows, day_first=True)["local_time"].dt.month()[0] == 2


def test_a_file_with_the_latest_first_is_put_in_order() -> None:
    days = ["2024-12-02", "2024-12-02", "2024-11-29"]
    fills = draft([{**without(BUY, "Time"), "Date": day, "Price": str(number)} for number, day in enumerate(days, 1)])
    assert fills.sort("local_time", "sequence")["price"].to_list() == [Decimal(3), Decimal(2), Decimal(1)]


def test_the_brokers_trading_day_is_kept() -> None:
    assert draft([{**BUY, "Trading Day": "2024-12-02"}])["trading_day"][0] == date(2024, 12, 2)
    assert problems([{**BUY, "Trading Day": "someday"}]) == [(2, "Trading Day")]


# symbols and the rest


def test_a_stock_that_is_a_future_too_is_the_future_with_a_warning() -> None:
    statement = read([{**BUY, "Symbol": "ES"}, {**BUY, "Symbol": "CL"}, BUY])
    assert statement.fills["symbol_key"].to_list() == ["ES", "CL", "MES"]
    (warning,) = statement.warnings
    assert "CL, ES" in warning
    answered = read([{**BUY, "Symbol": "ES"}], asset_class=AssetClass.STOCK)
    assert answered.fills["symbol_key"][0] == "stock:ES"
    assert answered.warnings == ()


def test_options_of_one_underlying_do_not_look_alike() -> None:
    option = {**BUY, "Symbol": "AAPL", "Expiration": "01/17/2025", "Right": "Call", "Strike": "150"}
    fills = draft([option, {**option, "Strike": "155.5"}])
    assert fills["raw_symbol"].to_list() == ["AAPL 2025-01-17 150 C", "AAPL 2025-01-17 155.5 C"]
    assert fills["symbol_key"].to_list() == ["AAPL  250117C00150000", "AAPL  250117C00155500"]


def test_underlyings_do_for_symbols_where_no_row_lacks_one() -> None:
    option = without({**BUY, "Underlying": "AAPL", "Expiration": "2025-01-17", "Right": "C", "Strike": "150"}, "Symbol")
    assert draft([option])["symbol_key"][0] == "AAPL  250117C00150000"
    with pytest.raises(StatementError, match="no column for symbol") as refusal:
        read([option, {**option, "Underlying": ""}])
    assert refusal.value.row == 3


def test_ids_words_and_money_of_the_file_are_kept() -> None:
    row = {**BUY, "Account": "A-1", "Order ID": "0007", "Execution ID": "e1", "Trade ID": "t1", "Currency": "usd"}
    row |= {"Multiplier": "5", "Order Type": "LMT", "Liquidity": "Added"}
    (fill,) = draft([row]).iter_rows(named=True)
    assert (fill["account"], fill["order_id"], fill["execution_id"], fill["transaction_id"]) == (
        "A-1",
        "0007",
        "e1",
        "t1",
    )
    assert (fill["currency"], fill["multiplier"]) == ("USD", Decimal(5))
    assert (fill["order_type"], fill["liquidity"]) == ("limit", "maker")


@pytest.mark.parametrize(("column", "cell"), [("Currency", "12"), ("Multiplier", "0"), ("Strike", "x"), ("Symbol", "")])
def test_a_cell_that_cannot_be_believed_is_a_problem(column: str, cell: str) -> None:
    assert problems([{**BUY, column: cell}, {**SELL, column: ""} if column != "Symbol" else SELL]) == [(2, column)]


def test_orders_that_were_not_filled_are_skipped_with_the_reason() -> None:
    statement = read([{**BUY, "Status": "Filled"}, {**BUY, "Status": "Cancelled"}, {**BUY, "Status": "Settled"}])
    assert statement.fills.height == 2
    assert [(entry.reason, entry.rows) for entry in statement.rows.skipped()] == [
        ("an order that was not filled: Cancelled", 1)
    ]


def test_a_cancelled_order_that_was_filled_in_part_counts() -> None:
    rows = [{**renamed(BUY, {"Quantity": "Filled Qty"}), "Status": "Cancelled"} for _ in range(2)]
    rows[1] = {**rows[1], "Filled Qty": "0"}
    assert read(rows).fills["row"].to_list() == [2]


def test_totals_and_repeated_headers_are_skipped_with_the_reason() -> None:
    header = {column: column for column in BUY}
    total = dict.fromkeys(BUY, "") | {"Date": "Total", "Commission": "-2.48"}
    statement = read([BUY, header, SELL, total])
    assert statement.fills["row"].to_list() == [2, 4]
    assert {entry.reason: entry.rows for entry in statement.rows.skipped()} == {
        "the header again": 1,
        "a line of totals": 1,
    }


cells = st.sampled_from(
    ["", "x", "0", "-1", "1,5", "1e400", "2024-02-30", "Total", "'", '"', "\N{SNOWMAN}", "Buy", "--"]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(list(BUY)), cells, max_size=4), min_size=1, max_size=5))
def test_noise_never_loses_a_row_in_silence(noise: list[dict[str, str]]) -> None:
    rows = [{**BUY, **cells} for cells in noise] + [SELL]
    try:
        statement = read(rows)
    except StatementError as refusal:
        assert str(refusal)  # noqa: PT017 - either way is right
        return
    account = statement.rows
    assert account.used() + account.problem_rows() + sum(entry.rows for entry in account.skipped()) == account.total()
    assert statement.fills["row"].to_list()[-1] == len(rows) + 1


def test_several_files_are_read_in_one_go() -> None:
    statement = parse_statement([document([BUY]), document([{**SELL, "Account": "B"}])], ParseOptions())
    assert statement.draft().select("file", "row", "account").rows() == [(0, 2, None), (1, 2, "B")]


# what is shipped


def template(name: str) -> Document:
    return open_document(files("polybroker_generic_csv").joinpath("data", name).read_bytes(), name=name)


@pytest.mark.parametrize("name", ["executions.csv", "executions.xlsx", "executions_all_columns.csv"])
def test_the_templates_are_read_without_a_complaint(name: str) -> None:
    assert recognize_statement(template(name)) in broker_info().statement_kinds
    statement = parse_statement([template(name)], ParseOptions())
    assert statement.rows.problems == []
    assert statement.warnings == ()
    assert statement.fills.height > 4


def test_the_workbook_says_what_the_csv_template_says() -> None:
    workbook, text = (parse_statement([template(f"executions.{end}")], ParseOptions()) for end in ("xlsx", "csv"))
    assert workbook.draft().equals(text.draft())


def test_the_sample_is_shipped() -> None:
    (kind,) = broker_info().statement_kinds
    assert files("polybroker_generic_csv").joinpath("data", kind.sample).is_file()
    assert not kind.exact
