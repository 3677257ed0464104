from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Make = Callable[..., Any]
FIRST, SECOND, EVENT = 609533386765, 609533386768, 609533386790


def two_fills(fill: Make) -> list[dict[str, Any]]:
    return [fill(), fill(id=SECOND, trade=31552002, execution=7204118202, price=6013)]


def event(fill: Make, status: str, **changes: Any) -> dict[str, Any]:
    """An event that names nothing but by what `changes` give."""
    return fill(
        **{
            "status": status,
            "id": EVENT,
            "trade": None,
            "execution": None,
            "when": datetime.fromisoformat("2025-01-06 10:00:00"),
            **changes,
        }
    )


NAMES = [{"ref": FIRST}, {"trade": 31552001}, {"execution": 7204118201}, {"ref": str(FIRST) + ".0"}, {"id": FIRST}]


@pytest.mark.parametrize("names", NAMES, ids=str)
@pytest.mark.parametrize(
    "status", ["Fill Bust", "Fill Cancel", "fill cancelled", "FILL_BUST", "Busted", "Trade Cancel"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bust_removes_the_fill_that_it_names(
    names: dict[str, Any], status: str, place: int, fill: Make, to_csv: Make, read: Make
) -> None:
    rows = two_fills(fill)
    rows.insert(place, event(fill, status, **names))
    outcome = read(to_csv(rows))
    assert outcome.column("execution_id") == [str(SECOND)]
    assert (outcome.joined, outcome.skipped, outcome.problems) == (1, {"busted": 1}, [])


@pytest.mark.parametrize("names", NAMES, ids=str)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_correction_takes_the_place_of_the_fill(
    names: dict[str, Any], place: int, fill: Make, to_csv: Make, read: Make
) -> None:
    rows = two_fills(fill)
    rows.insert(place, event(fill, "Fill Correction", price="6012.50", size=2, **names))
    outcome = read(to_csv(rows))
    assert outcome.column("execution_id") == [str(FIRST), str(SECOND)]
    assert outcome.column("price") == [Decimal("6012.5"), Decimal(6013)]
    assert outcome.column("quantity") == [Decimal(2), Decimal(1)]
    assert outcome.column("transaction_id")[0] == str(names.get("id", EVENT))
    assert outcome.column("row")[0] == place + 2
    assert outcome.column("local_time")[0] == datetime.fromisoformat("2025-01-06 08:31:04.120")
    assert (outcome.joined, outcome.skipped, outcome.problems) == (0, {"superseded by a correction": 1}, [])


@pytest.mark.parametrize(("size", "price", "expected"), [(None, 6020, (1, 6020)), (3, None, (3, "6012.25"))])
def test_a_correction_leaves_what_it_does_not_say(
    size: int | None, price: int | None, expected: tuple[Any, Any], fill: Make, to_csv: Make, read: Make
) -> None:
    outcome = read(to_csv([fill(), event(fill, "Fill Correction", ref=FIRST, size=size, price=price)]))
    (row,) = outcome.fills.iter_rows(named=True)
    assert (row["quantity"], row["price"]) == (Decimal(expected[0]), Decimal(expected[1]))


@pytest.mark.parametrize("status", ["Fill Bust", "Fill Correction"])
@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({}, "names no fill"),
        ({"ref": 1}, "that none of the files has"),
        ({"trade": 5, "execution": 6}, "(5, 6)"),
        ({"ref": FIRST, "account": "AMP2"}, "that none of the files has"),
        ({"ref": FIRST, "symbol": "MESM5", "expiration": date(2025, 6, 20)}, "another contract, MESH5"),
    ],
)
def test_an_event_that_names_no_fill_is_a_problem_and_no_fill(
    status: str, names: dict[str, Any], words: str, fill: Make, to_csv: Make, read: Make
) -> None:
    outcome = read(to_csv([*two_fills(fill), event(fill, status, **names)]))
    assert outcome.column("execution_id") == [str(FIRST), str(SECOND)]
    ((row, column, message),) = outcome.problems
    assert (row, column) == (4, "Orders_Transactions_Status")
    assert words in message


@pytest.mark.parametrize(
    ("status", "changes", "words"),
    [
        ("Fill Bust", {"size": 3}, "takes back 3 of a fill of 1"),
        ("Fill Correction", {"size": None, "price": None}, "neither size nor price"),
        ("Fill Correction", {"side": "Sell", "price": 6020}, "other side"),
        ("Fill Correction", {"size": 0}, "no number of contracts"),
        ("Fill Correction", {"price": "6O12"}, "is not a number"),
    ],
)
def test_an_event_that_does_not_fit_its_fill_is_a_problem(
    status: str, changes: dict[str, Any], words: str, fill: Make, to_csv: Make, read: Make
) -> None:
    outcome = read(to_csv([fill(), event(fill, status, ref=FIRST, **changes)]))
    assert outcome.column("price") == [Decimal("6012.25")]
    assert len(outcome.problems) == 1
    assert words in outcome.problems[0][2]


def test_an_event_needs_only_to_name_its_fill(fill: Make, to_xlsx: Make, read: Make) -> None:
    bare = dict.fromkeys(fill())
    named = {
        "Orders_AccountName": "AMP1",
        "Orders_Transactions_TransactionID": EVENT,
        "Orders_Transactions_RefTransactionID": FIRST,
        "Orders_Transactions_Status": "Fill Bust",
    }
    outcome = read(to_xlsx([fill(ref=None), {**bare, **named}]))
    assert (outcome.fills.height, outcome.joined, outcome.problems) == (0, 1, [])


def test_events_follow_each_other(fill: Make, to_csv: Make, read: Make) -> None:
    first = event(fill, "Fill Correction", ref=FIRST, price=6020)
    second = event(fill, "Fill Correction", ref=EVENT, price=6030, id=EVENT + 1)
    bust = event(fill, "Fill Bust", ref=EVENT + 1, price=6030, id=EVENT + 2)
    corrected = read(to_csv([second, fill(), first]))
    assert corrected.column("price") == [Decimal(6030)]
    assert corrected.skipped == {"superseded by a correction": 2}
    busted = read(to_csv([bust, second, fill(), first]))
    assert busted.fills.height == 0
    assert busted.skipped == {"superseded by a correction": 2, "busted": 1}
    assert (busted.joined, busted.problems) == (1, [])


def test_a_correction_after_the_bust_is_a_problem(fill: Make, to_csv: Make, read: Make) -> None:
    bust = event(fill, "Fill Bust", ref=FIRST)
    late = event(fill, "Fill Correction", ref=FIRST, price=6020, id=EVENT + 1)
    outcome = read(to_csv([late, fill(), bust]))
    assert outcome.fills.height == 0
    assert "taken back before" in outcome.problems[0][2]


def test_a_correction_beside_the_new_fill_that_it_announces_counts_once(fill: Make, to_csv: Make, read: Make) -> None:
    correction = event(fill, "Fill Correction", ref=FIRST, price=6020, trade=31552009)
    new = fill(id=EVENT + 1, price=6020, trade=31552009)
    outcome = read(to_csv([fill(), correction, new]))
    assert outcome.column("price") == [Decimal(6020)]
    assert outcome.skipped == {"superseded by a correction": 1, "duplicate report of the same fill": 1}


def test_a_correction_of_one_of_several_fills_of_a_trade_is_a_problem(fill: Make, to_csv: Make, read: Make) -> None:
    new = fill(id=EVENT + 1, price=6020)
    outcome = read(to_csv([fill(), event(fill, "Fill Correction", trade=31552001, price=6020), new]))
    assert outcome.column("price") == [Decimal("6012.25"), Decimal(6020)]
    assert "cannot be told which one" in outcome.problems[0][2]


def test_a_bust_of_one_of_several_fills_of_a_trade_is_told_by_its_values(fill: Make, to_csv: Make, read: Make) -> None:
    rows = [fill(), fill(id=SECOND, price=6020), event(fill, "Fill Bust", trade=31552001, price=6020)]
    outcome = read(to_csv(rows))
    assert outcome.column("price") == [Decimal("6012.25")]
    assert outcome.problems == []


def test_an_event_may_be_in_another_file(fill: Make, to_csv: Make, to_xlsx: Make, read: Make) -> None:
    january, february = to_csv(two_fills(fill)), to_xlsx([event(fill, "Fill Bust", trade=31552001)])
    for files in ([january, february], [february, january]):
        outcome = read(*files)
        assert outcome.column("execution_id") == [str(SECOND)]
        assert (outcome.joined, outcome.problems) == (1, [])


def test_overlapping_exports_are_corrected_together(fill: Make, to_csv: Make, read: Make) -> None:
    before = to_csv(two_fills(fill))
    after = to_csv([*two_fills(fill), event(fill, "Fill Bust", ref=FIRST)])
    assert set(read(before, after).column("execution_id")) == {str(SECOND)}
    corrected = to_csv([*two_fills(fill), event(fill, "Fill Correction", ref=FIRST, price=6020)])
    outcome = read(before, corrected, corrected)
    prices = dict(outcome.fills.select("execution_id", "price").iter_rows())
    assert prices == {str(FIRST): Decimal(6020), str(SECOND): Decimal(6013)}
    assert outcome.problems == []


def test_the_same_trade_under_two_transactions_counts_once(fill: Make, to_csv: Make, read: Make) -> None:
    rows = [fill(id=SECOND, status="Filled"), fill()]
    outcome = read(to_csv(rows))
    assert outcome.column("execution_id") == [str(FIRST)]
    assert outcome.skipped == {"duplicate report of the same fill": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"trade": None},
        {"trade": 0},
        {"trade": 31552007},
        {"account": "AMP2"},
        {"price": 6012.5},
        {"size": 2},
        {"side": "Sell"},
        {"symbol": "MESM5", "expiration": date(2025, 6, 20)},
        {"day": date(2025, 1, 7)},
    ],
    ids=str,
)
def test_fills_that_differ_are_twins_and_both_count(
    changes: dict[str, Any], fill: Make, to_csv: Make, read: Make
) -> None:
    first = fill(trade=changes["trade"]) if changes.get("trade", 1) in (None, 0) else fill()
    assert read(to_csv([first, fill(id=SECOND, **changes)])).fills.height == 2


def test_a_trade_without_trading_day_is_still_the_same(fill: Make, to_csv: Make, read: Make) -> None:
    assert read(to_csv([fill(), fill(id=SECOND, day=None)])).fills.height == 1


def test_a_bust_of_either_report_removes_the_trade(fill: Make, to_csv: Make, read: Make) -> None:
    for named in (FIRST, SECOND):
        outcome = read(to_csv([fill(), fill(id=SECOND), event(fill, "Fill Bust", ref=named)]))
        assert outcome.fills.height == 0
        assert outcome.skipped == {"busted": 1, "duplicate report of the same fill": 1}


def test_the_same_row_twice_counts_once(fill: Make, to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([fill(), fill(when=datetime.fromisoformat("2025-01-06 08:31:04"))]))
    assert outcome.column("local_time") == [datetime.fromisoformat("2025-01-06 08:31:04.120")]
    assert outcome.skipped == {"duplicate report of the same fill": 1}


def test_one_id_for_different_fills_is_a_problem_of_all(fill: Make, to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([fill(trade=None), fill(trade=None, price=6020), fill(id=SECOND, trade=2)]))
    assert outcome.column("execution_id") == [str(SECOND)]
    assert [problem[:2] for problem in outcome.problems] == [
        (2, "Orders_Transactions_TransactionID"),
        (3, "Orders_Transactions_TransactionID"),
    ]


def test_the_trades_of_one_transaction_have_ids_of_their_own(fill: Make, to_csv: Make, read: Make) -> None:
    outcome = read(to_csv([fill(), fill(trade=31552002), fill(trade=31552003, price=6013)]))
    assert outcome.column("execution_id") == [f"{FIRST}:{trade}" for trade in (31552001, 31552002, 31552003)]
    assert set(outcome.column("transaction_id")) == {str(FIRST)}
    assert outcome.column("sequence") == sorted(outcome.column("sequence"))
    busted = read(to_csv([fill(), fill(trade=31552002), event(fill, "Fill Bust", ref=FIRST, trade=31552002)]))
    assert [problem[2] for problem in busted.problems] == [
        f"the bust names 2 fills by {FIRST}, and it cannot be told which one is meant"
    ]


def test_a_fill_without_digits_in_its_ids_keeps_its_order(fill: Make, to_csv: Make, read: Make) -> None:
    rows = [fill(id=f"T{number}", trade=number) for number in (10, 9, 100)]
    outcome = read(to_csv(rows))
    ordered = outcome.fills.sort("sequence")["execution_id"].to_list()
    assert ordered == ["T9", "T10", "T100"]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Fills of a few trades, duplicates among them, and events on some of them, in file order."""
    count = draw(st.integers(1, 5))
    rows: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        size, price = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        rows.append({"id": 100 + number, "trade": number, "execution": 50 + number, "size": size, "price": price})
        if draw(st.booleans()):
            rows.append({**rows[-1], "id": 200 + number, "execution": 80 + number})
        if draw(st.booleans()):
            status = draw(st.sampled_from(["Fill Bust", "Fill Correction"]))
            name = draw(st.sampled_from([{"ref": 100 + number}, {"ref": None, "trade": number}]))
            rows.append(
                {
                    "id": 300 + number,
                    "trade": None,
                    "execution": None,
                    "size": size,
                    "price": 9,
                    "status": status,
                    **name,
                }
            )
    return rows


def expected(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The prices that stand, by id, computed row by row."""
    prices = {str(row["id"]): Decimal(row["price"]) for row in rows if row["id"] < 200}
    for row in rows:
        if row["id"] > 300:
            named = str(row["id"] - 200)
            if row["status"] == "Fill Bust":
                del prices[named]
            else:
                prices[named] = Decimal(9)
    return prices


@settings(deadline=None, max_examples=40)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_the_order_of_rows_and_the_cut_into_files_change_nothing(
    fill: Make, to_csv: Make, read: Make, history: list[dict[str, Any]], random: Any, files: int
) -> None:
    rows = [fill(**row) for row in history]
    random.shuffle(rows)
    parts = [part for part in (rows[start :: files + 1] for start in range(files + 1)) if part]
    outcome = read(*(to_csv(part) for part in parts))
    found = dict(outcome.fills.select("execution_id", "price").iter_rows())
    assert found == expected(history)
    assert outcome.fills.height == len(found)
    assert outcome.problems == []


@settings(deadline=None, max_examples=25)
@given(histories())
def test_an_export_that_is_read_twice_adds_nothing(
    fill: Make, to_csv: Make, read: Make, history: list[dict[str, Any]]
) -> None:
    content = to_csv([fill(**row) for row in history])
    once, twice = read(content), read(content, content)
    columns = ["execution_id", "transaction_id", "quantity", "price", "local_time", "sequence"]
    assert (
        twice.fills.select(columns)
        .unique()
        .sort("execution_id")
        .equals(once.fills.select(columns).sort("execution_id"))
    )
    assert twice.problems == []
