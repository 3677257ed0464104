from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.statements.document import open_document
from polybroker.statements.options import ParseOptions
from polybroker_amp_cqg.statements import recognize_statement

Make = Callable[..., Any]
REQUIRED = (
    "Orders_Transactions_TransactionID",
    "Orders_Transactions_When_Ms",
    "Orders_Transactions_Status",
    "Orders_OrderFills_Side",
    "Orders_OrderFills_Size",
    "Orders_OrderFills_Price",
)
OPTIONAL = (
    "Orders_AccountName",
    "Orders_OrderFills_SymbolCommodity",
    "Orders_ContractExpiration",
    "Orders_OrderType",
    "Orders_OrderFills_TradeDate",
    "Orders_OrderFills_GWTradeID",
    "Orders_Transactions_OrderExecID",
)


@pytest.fixture(params=["csv", "xlsx"])
def write(request: pytest.FixtureRequest, to_csv: Make, to_xlsx: Make) -> Make:
    return to_csv if request.param == "csv" else to_xlsx


def test_a_fill_becomes_a_draft(fill: Make, write: Make, read: Make) -> None:
    outcome = read(write([fill()]))
    (row,) = outcome.fills.iter_rows(named=True)
    assert row == {
        "file": 0,
        "row": 2,
        "kind": "orders",
        "execution_id": "609533386765",
        "transaction_id": "609533386765",
        "order_id": None,
        "account": "AMP1",
        "timestamp": None,
        "local_time": datetime.fromisoformat("2025-01-06 08:31:04.120"),
        "timezone": None,
        "trading_day": date(2025, 1, 6),
        "sequence": 609533386765,
        "raw_symbol": "MESH5",
        "symbol_key": "MESH25",
        "side": "buy",
        "quantity": Decimal(1),
        "price": Decimal("6012.25"),
        "order_type": "limit",
        "currency": None,
        "multiplier": None,
        "commission": None,
        "fees": None,
        "liquidity": None,
        "granularity": "fill",
    }
    assert (outcome.problems, outcome.skipped, outcome.statement.warnings) == ([], {}, ())
    assert outcome.statement.parser_version == "amp_cqg/1"


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_column_is_an_error_and_never_no_rows(missing: str, fill: Make, write: Make, read: Make) -> None:
    row = {name: value for name, value in fill().items() if name != missing}
    with pytest.raises(StatementError) as caught:
        read(write([row]))
    assert missing in caught.value.message
    assert caught.value.source == "report1"


def test_a_report_without_any_symbol_is_refused(fill: Make, write: Make, read: Make) -> None:
    row = {name: value for name, value in fill().items() if "Symbol" not in name}
    with pytest.raises(StatementError, match="Orders_Symbol") as caught:
        read(write([row]))
    assert caught.value.column == "Orders_Symbol"


@pytest.mark.parametrize("missing", OPTIONAL)
def test_a_report_without_an_optional_column_is_read(missing: str, fill: Make, write: Make, read: Make) -> None:
    row = {name: value for name, value in fill().items() if name != missing}
    outcome = read(write([row]))
    assert outcome.column("execution_id") == ["609533386765"]
    assert outcome.column("symbol_key") == ["MESH5" if missing == "Orders_ContractExpiration" else "MESH25"]
    assert outcome.problems == []


def test_a_report_with_the_commodity_alone_knows_no_contract_month(fill: Make, write: Make, read: Make) -> None:
    row = {name: value for name, value in fill(root="EP").items() if name != "Orders_Symbol"}
    outcome = read(write([row]))
    assert outcome.column("raw_symbol") == outcome.column("symbol_key") == ["EP"]
    assert "contract month is not known" in outcome.statement.warnings[0]


def test_order_of_columns_and_further_ones_do_not_count(fill: Make, write: Make, read: Make) -> None:
    plain = read(write([fill()])).fills
    row = {"Note": "x", **dict(reversed(fill().items())), "Orders_Extra": 5, "Orders_OrderFills_Extra": None}
    assert read(write([row])).fills.equals(plain)


def test_any_sheet_that_has_the_columns_is_read(fill: Make, to_xlsx: Make, read: Make) -> None:
    assert read(to_xlsx([fill()], sheet="Report 7")).fills.height == 1


@pytest.mark.parametrize("epoch", [datetime.fromisoformat("1899-12-30"), datetime.fromisoformat("1904-01-01")])
def test_serial_dates_of_both_systems_are_the_same_time(epoch: datetime, fill: Make, to_xlsx: Make, read: Make) -> None:
    outcome = read(
        to_xlsx([fill(when=datetime.fromisoformat("2025-01-06 17:00:00.007"), day=date(2025, 1, 7))], epoch=epoch)
    )
    assert outcome.column("local_time") == [datetime.fromisoformat("2025-01-06 17:00:00.007")]
    assert outcome.column("trading_day") == [date(2025, 1, 7)]


def test_the_trading_day_is_the_reports_own(fill: Make, write: Make, read: Make) -> None:
    outcome = read(write([fill(when=datetime.fromisoformat("2025-01-06 17:02:30"), day=date(2025, 1, 7))]))
    assert outcome.column("trading_day") == [date(2025, 1, 7)]
    assert read(write([fill(day=None)])).column("trading_day") == [None]


@pytest.mark.parametrize(
    ("word", "side"),
    [("Buy", "buy"), ("BUY", "buy"), ("B", "buy"), ("b", "buy"), ("Sell", "sell"), ("S", "sell"), ("s", "sell")],
)
def test_sides_in_all_spellings(word: str, side: str, fill: Make, to_csv: Make, read: Make) -> None:
    assert read(to_csv([fill(side=word)])).column("side") == [side]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Market", "market"),
        ("LMT", "limit"),
        ("Stop Limit", "stop_limit"),
        ("STL", "stop_limit"),
        ("DTS", "DTS"),
        (None, None),
    ],
)
def test_order_types_are_the_cores_where_they_are_known(
    word: str, meaning: str, fill: Make, to_csv: Make, read: Make
) -> None:
    assert read(to_csv([fill(order_type=word)])).column("order_type") == [meaning]


@pytest.mark.parametrize(
    "status", ["Fill", "FILL", "Filled", "Partial Fill", "partially filled", "Fill (partial)", "PARTIAL_FILL"]
)
def test_the_words_for_a_fill_are_fills(status: str, fill: Make, to_csv: Make, read: Make) -> None:
    assert read(to_csv([fill(status=status)])).fills.height == 1


@pytest.mark.parametrize(
    "status",
    ["Working", "Cancelled", "Canceled", "Rejected", "In Transit", "Expired", "Modified", "Placed", "Ack Modify"],
)
def test_order_events_are_skipped_whatever_else_they_say(status: str, fill: Make, to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([fill(), fill(status=status, id=2, price="?", side="?", when="?")]))
    assert outcome.fills.height == 1
    assert outcome.skipped == {"order event, not a fill": 1}
    assert outcome.problems == []


@pytest.mark.parametrize("status", ["Fill Pending", "Unfilled", "Fill?Cancel?Reject", "refill", "Ausgeführt", None])
def test_an_unknown_status_is_a_problem_and_no_guess(status: str | None, fill: Make, to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([fill(), fill(status=status, id=2)]))
    assert outcome.fills.height == 1
    ((row, column, message),) = outcome.problems
    assert (row, column) == (3, "Orders_Transactions_Status")
    assert (status or "") in message


def test_a_row_without_fill_and_with_an_unknown_status_is_skipped(fill: Make, write: Make, read: Make) -> None:
    outcome = read(write([fill(), fill(status="Amended", id=2, size=None, price=None)]))
    assert outcome.skipped == {"no fill, under an unknown status": 1}
    assert read(write([fill(status="Fill Amended", id=2, size=None, price=None)])).problems[0][0] == 2


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"side": None}, "Orders_OrderFills_Side"),
        ({"side": "Hold"}, "Orders_OrderFills_Side"),
        ({"size": 0}, "Orders_OrderFills_Size"),
        ({"size": -1}, "Orders_OrderFills_Size"),
        ({"size": 1.5}, "Orders_OrderFills_Size"),
        ({"size": None}, "Orders_OrderFills_Size"),
        ({"size": "two"}, "Orders_OrderFills_Size"),
        ({"price": None}, "Orders_OrderFills_Price"),
        ({"price": "110'165"}, "Orders_OrderFills_Price"),
        ({"when": None}, "Orders_Transactions_When_Ms"),
        ({"when": "yesterday"}, "Orders_Transactions_When_Ms"),
        ({"day": "soon"}, "Orders_OrderFills_TradeDate"),
        ({"id": None}, "Orders_Transactions_TransactionID"),
        ({"id": 0}, "Orders_Transactions_TransactionID"),
        ({"symbol": None, "root": None}, "Orders_Symbol"),
        ({"symbol": "EPH5", "root": "MES"}, "Orders_OrderFills_SymbolCommodity"),
    ],
)
def test_a_fill_that_cannot_be_read_is_a_problem_of_its_cell(
    changes: dict[str, Any], column: str, fill: Make, write: Make, read: Make
) -> None:
    outcome = read(write([fill(), fill(**{"id": 609533386766, "trade": 2, **changes})]))
    assert outcome.column("execution_id") == ["609533386765"]
    assert [problem[:2] for problem in outcome.problems] == [(3, column)]


def test_all_that_is_wrong_with_a_row_is_said(fill: Make, write: Make, read: Make) -> None:
    outcome = read(write([fill(side="Hold", size=0, price="x")]))
    assert sorted(problem[1] or "" for problem in outcome.problems) == [
        "Orders_OrderFills_Price",
        "Orders_OrderFills_Side",
        "Orders_OrderFills_Size",
    ]
    assert outcome.statement.rows.problem_rows() == 1


def test_a_price_may_be_negative_or_zero(fill: Make, write: Make, read: Make) -> None:
    rows = [
        fill(symbol="CLEK0", root="CLE", price=price, id=number, trade=number)
        for number, price in enumerate((-37.63, 0), 1)
    ]
    assert read(write(rows)).column("price") == [Decimal("-37.63"), Decimal(0)]


def test_number_cells_mean_what_a_spreadsheet_shows(fill: Make, to_xlsx: Make, read: Make) -> None:
    outcome = read(to_xlsx([fill(price=75.07000000000001, size=2.0)]))
    assert (outcome.column("price"), outcome.column("quantity")) == ([Decimal("75.07")], [Decimal(2)])


def test_a_decimal_comma_is_decided_for_the_file(fill: Make, to_csv: Make, read: Make) -> None:
    rows = [fill(price="6012,25"), fill(price="6.012,5", id=2, trade=2)]
    assert sorted(read(to_csv(rows, delimiter=";")).column("price")) == [Decimal("6012.25"), Decimal("6012.5")]
    with pytest.raises(AmbiguousStatement, match="decimal comma"):
        read(to_csv([fill(price="6,012")]))
    options = ParseOptions(decimal_comma=False)
    assert read(to_csv([fill(price="6,012")]), options=options).column("price") == [Decimal(6012)]


def test_an_answer_about_commas_leaves_number_cells_alone(fill: Make, to_xlsx: Make, read: Make) -> None:
    assert read(to_xlsx([fill()]), options=ParseOptions(decimal_comma=True)).column("price") == [Decimal("6012.25")]


def dated(fill: Make, when: str, day: str | None, expiration: str | None = None, **more: Any) -> dict[str, Any]:
    return fill(when=when, day=day, expiration=expiration, **more)


def test_trading_days_and_expirations_tell_whether_the_day_comes_first(fill: Make, write: Make, read: Make) -> None:
    evening = read(write([dated(fill, "01/06/2025 5:02:30.918 PM", "01/07/2025")]))
    assert evening.column("local_time") == [datetime.fromisoformat("2025-01-06 17:02:30.918")]
    abroad = read(write([dated(fill, "06/01/2025 17:02:30", "07/01/2025")]))
    assert abroad.column("trading_day") == [date(2025, 1, 7)]
    expiring = read(write([dated(fill, "01/06/2025 8:02:30 AM", "01/06/2025", "03/21/2025")]))
    assert expiring.column("trading_day") == [date(2025, 1, 6)]


def test_dates_that_can_be_read_in_two_ways_are_refused_with_the_question(fill: Make, to_csv: Make, read: Make) -> None:
    content = to_csv([dated(fill, "01/06/2025 8:02:30", "01/06/2025")])
    with pytest.raises(AmbiguousStatement) as caught:
        read(content)
    assert "--day-first" in caught.value.question
    assert caught.value.row == 2
    assert read(content, options=ParseOptions(day_first=True)).column("trading_day") == [date(2025, 6, 1)]


def test_an_expiration_in_words_is_left_aside(fill: Make, write: Make, read: Make) -> None:
    outcome = read(write([fill(expiration="March 2025"), fill(expiration="n/a", id=2, trade=2)]))
    assert sorted(outcome.column("symbol_key")) == ["MESH25", "MESH5"]
    assert outcome.problems == []


@pytest.mark.parametrize(
    ("symbol", "root", "expiration", "key"),
    [
        ("EPH5", "EP", date(2025, 3, 21), "EPH25"),
        ("EPH5", "EP", date(2035, 3, 16), "EPH35"),
        ("CLEF6", "CLE", date(2025, 12, 19), "CLEF26"),
        ("EPH5", "EP", date(2029, 3, 16), "EPH5"),
        ("EPH5", "EP", None, "EPH5"),
        ("F.US.EPH25", "EP", None, "EPH25"),
        ("F.US.EP.H25", "EP", date(2025, 3, 21), "EPH25"),
        ("MEH5", "ME", date(2025, 3, 21), "MEH25"),
        ("MEH5", "MES", date(2025, 3, 21), "MEH25"),
        ("ESH5", "ES", date(2025, 3, 21), "ESH5"),
        ("EPH5", "ES", None, "EPH5"),
        ("F.US.EDAS6Z12", "EDA", None, "F.US.EDAS6Z12"),
    ],
)
def test_the_expiration_settles_the_decade(
    symbol: str, root: str, expiration: date | None, key: str, fill: Make, to_csv: Make, read: Make
) -> None:
    outcome = read(to_csv([fill(symbol=symbol, root=root, expiration=expiration)]))
    assert outcome.column("symbol_key") == [key]
    assert outcome.column("raw_symbol") == [symbol]


def test_a_column_of_another_name_can_be_given(fill: Make, to_csv: Make, read: Make) -> None:
    row = {("Fill Px" if "Price" in name else name): value for name, value in fill().items()}
    outcome = read(to_csv([row]), options=ParseOptions(columns={"price": "Fill Px"}))
    assert outcome.column("price") == [Decimal("6012.25")]
    with pytest.raises(StatementError, match="no field 'prize'; the fields are transaction_id"):
        read(to_csv([row]), options=ParseOptions(columns={"prize": "Fill Px"}))


@pytest.mark.parametrize(
    "content", [b"Date,Time,Symbol\n1,2,3\n", b"Orders_OrderFills_Side,Side\nBuy,b\n", b"hello\n", b"{}"]
)
def test_what_is_no_report_is_left_to_others(content: bytes) -> None:
    assert recognize_statement(open_document(content, name="some.csv")) is None


def test_both_reports_are_known_by_their_headers(fill: Make, write: Make, to_csv: Make) -> None:
    kind = recognize_statement(open_document(write([fill()]), name="anything"))
    assert kind is not None
    assert (kind.id, kind.timezone) == ("orders", "America/Chicago")
    kind = recognize_statement(open_document(to_csv([traded()]), name="anything"))
    assert kind is not None
    assert (kind.id, kind.timezone) == ("trades", "UTC")


def traded(**changes: Any) -> dict[str, Any]:
    row = {
        "Trades_AccountName": "AMP1",
        "Trades_ContractName": "F.US.MESH25",
        "Trades_Currency": "USD",
        "Trades_Side": "B",
        "Trades_Size": "1",
        "Trades_Price": "6012.25",
        "Trades_TradeDate": "2025-01-06",
        "Trades_GMTFillTime": "2025-01-06 14:31:04.120",
        "Trades_GWTradeID": "31552001",
    }
    return {**row, **changes}


def test_the_trade_report_is_in_gmt(to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([traded()]))
    assert outcome.column("timestamp") == [datetime(2025, 1, 6, 14, 31, 4, 120_000, tzinfo=UTC)]
    assert outcome.column("local_time") == [datetime.fromisoformat("2025-01-06 14:31:04.120")]
    assert outcome.column("timezone") == ["UTC"]
    assert outcome.column("execution_id") == ["31552001"]
    assert outcome.column("transaction_id") == [None]
    assert outcome.column("currency") == ["USD"]
    assert outcome.column("kind") == ["trades"]


def test_trades_without_an_id_keep_genuine_twins(to_csv: Make, read: Make) -> None:
    rows = [{name: value for name, value in traded().items() if "GWTradeID" not in name}] * 2
    outcome = read(to_csv(rows))
    assert outcome.column("execution_id") == [None, None]


@pytest.mark.parametrize("missing", ["GMTFillTime", "Side", "Size", "Price", "ContractName"])
def test_a_trade_report_needs_its_columns(missing: str, to_csv: Make, read: Make) -> None:
    row = {name: value for name, value in traded().items() if name != f"Trades_{missing}"}
    row["Trades_GWOrderID"] = row["Trades_CQGID"] = "1"
    with pytest.raises(StatementError, match=f"Trades_{missing}"):
        read(to_csv([row]))


def test_both_reports_together_count_each_trade_once(fill: Make, to_csv: Make, to_xlsx: Make, read: Make) -> None:
    orders = to_xlsx([fill()])
    trades = to_csv([traded(), traded(Trades_GWTradeID="31552002", Trades_Price="6013")])
    for contents in ([orders, trades], [trades, orders]):
        outcome = read(*contents)
        assert sorted(outcome.fills["execution_id"]) == ["31552002", "609533386765"]
        assert outcome.skipped == {"duplicate report of the same fill": 1}


def test_both_reports_together_are_refused_where_trades_cannot_be_told(fill: Make, to_csv: Make, read: Make) -> None:
    with pytest.raises(StatementError, match="GWTradeID"):
        read(to_csv([fill(trade=None)]), to_csv([traded()]))


def test_the_frames_have_the_draft_schema(fill: Make, to_csv: Make, read: Make) -> None:
    empty = read(to_csv([]))
    assert empty.fills.height == 0
    assert empty.fills.schema == read(to_csv([fill()])).fills.schema
    assert isinstance(empty.fills, pl.DataFrame)
