"""Files that overlap, repeat and contradict each other; where every row of them goes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.statements.document import Document, open_document
from polybroker.statements.importer import Import, import_statements
from polybroker.statements.rows import Skipped

START = datetime(2025, 3, 3, 9, 30)  # noqa: DTZ001 - a wall clock
PLACES = ("source_file", "source_row")
LAW = settings(deadline=None, max_examples=40)


def row(minute: int = 0, /, **more: Any) -> dict[str, Any]:
    time = (START + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M:%S")
    return {"Account": "A1", "Time": time, "Symbol": "MESH5", "Side": "Buy", "Qty": 1, "Price": "6050.25", **more}


def of(tiny: SimpleNamespace, *files: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> Import:
    documents = [
        open_document(tiny.acme_csv(rows), name=names[index] if names else f"part{index}.csv")
        for index, rows in enumerate(files)
    ]
    return import_statements(documents, brokers=tiny.both)


def places(found: Import) -> Counter[str]:
    return Counter({entry.reason: entry.rows for entry in found.report.skipped})


def balanced(found: Import) -> bool:
    report = found.report
    problems = {(problem.file, problem.row) for problem in report.problems}
    return report.rows == report.used + report.joined + sum(entry.rows for entry in report.skipped) + len(problems)


def content(found: Import) -> pl.DataFrame:
    return found.executions.drop(PLACES)


def test_twins_within_one_file_stay_and_are_told_apart(tiny: SimpleNamespace) -> None:
    found = of(tiny, [row(), row(), row(1)])
    ids = found.executions["execution_id"].to_list()
    assert len(set(ids)) == 3
    assert ids[1] == f"{ids[0]}:2"
    assert found.report.skipped == ()


def test_a_second_import_of_the_same_file_adds_nothing(tiny: SimpleNamespace) -> None:
    rows = [row(), row(), row(1, Side="Sell"), row(2, **{"Acme Fill": "F9"})]
    once, twice = of(tiny, rows), of(tiny, rows, rows)
    assert content(once).equals(content(twice))
    assert twice.report.skipped == (Skipped("duplicate", 4),)
    assert balanced(twice)


def test_of_each_identity_the_largest_count_of_any_one_file_is_kept(tiny: SimpleNamespace) -> None:
    found = of(tiny, [row(), row(), row()], [row(), row()], [row()])
    assert found.executions.height == 3
    assert places(found) == {"duplicate": 3}


def test_duplicates_are_skipped_in_the_file_that_repeats_them(tiny: SimpleNamespace) -> None:
    found = of(tiny, [row(), row(1)], [row(1), row(2)])
    assert found.executions.select(PLACES).rows() == [("part0.csv", 2), ("part1.csv", 2), ("part1.csv", 3)]


def test_accounts_have_identities_of_their_own(tiny: SimpleNamespace) -> None:
    one = {"Acme Fill": "F1"}
    found = of(tiny, [row(**one), row(**one, Account="A2"), row(3), row(3, Account="A2")])
    assert found.executions.height == 4
    assert found.report.skipped == ()


def test_one_fill_id_reported_twice_with_equal_content_counts_once(tiny: SimpleNamespace) -> None:
    found = of(tiny, [row(**{"Acme Fill": "F1"}), row(**{"Acme Fill": "F1"})])
    assert found.executions["execution_id"].to_list() == ["F1"]
    assert places(found) == {"duplicate": 1}


def test_a_fill_id_that_is_used_again_for_something_else_is_a_problem(tiny: SimpleNamespace) -> None:
    found = of(tiny, [row(**{"Acme Fill": "F1"}), row(1), row(**{"Acme Fill": "F1"}, Price="6051")])
    assert found.executions["source_row"].to_list() == [2, 3]
    [problem] = found.report.problems
    assert (problem.file, problem.row) == ("part0.csv", 4)
    assert problem.message == "execution id F1 is already used by row 2 with other values"
    assert balanced(found)


def test_the_file_that_reaches_further_corrects_an_earlier_one(tiny: SimpleNamespace) -> None:
    old = [row(**{"Acme Fill": "F1"}, Commission="")]
    new = [row(**{"Acme Fill": "F1"}, Commission="-1.24"), row(5, **{"Acme Fill": "F2"})]
    for files in ((old, new), (new, old)):
        found = of(tiny, *files)
        assert [str(value) for value in found.executions["commission"].head(1)] == ["-1.240000000000000000"]
        assert any("F1" in warning and "other values" in warning for warning in found.report.warnings)


def test_a_better_kind_of_file_supersedes_a_worse_one(tiny: SimpleNamespace, tmp_path: Path) -> None:
    fills = tmp_path / "fills.csv"
    fills.write_bytes(tiny.acme_csv([row(0, Order="7", Qty=1), row(1, Order="7", Qty=2), row(9, Order="9")]))
    orders = tmp_path / "orders.csv"
    listed = [row(1, Order="7", Qty=3), row(2, Order="8"), row(3)]
    orders.write_bytes(tiny.acme_csv(listed, "Total"))
    for files in ([fills, orders], [orders, fills]):
        found = import_statements(files, brokers=tiny.both)
        assert places(found) == {"superseded": 2}
        assert found.executions["order_id"].to_list() == ["7", "7", "8", "9"]
        assert (found.kind, balanced(found)) == ("several", True)


def test_rows_that_a_parser_leaves_out_are_counted(tiny: SimpleNamespace) -> None:
    found = of(tiny, [row(), row(Qty=None), row(Price="six")])
    assert places(found) == {"not a trade": 1}
    assert [problem.row for problem in found.report.problems] == [4]
    assert balanced(found)


# laws

trades = st.lists(
    st.builds(
        row,
        st.integers(0, 6),
        Side=st.sampled_from(["Buy", "Sell"]),
        Qty=st.integers(1, 2),
        Symbol=st.sampled_from(["MESH5", "ESH5", "??"]),
        Account=st.sampled_from(["A1", None]),
    ),
    max_size=14,
)
with_ids = trades.map(lambda rows: [{**entry, "Acme Fill": f"F{index}"} for index, entry in enumerate(rows)])


def in_order(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda entry: entry["Time"])


@LAW
@given(st.lists(trades | with_ids, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(
    tiny: SimpleNamespace, files: list[list[Mapping[str, Any]]], shuffler: random.Random
) -> None:
    names = [f"part{index}.csv" for index in range(len(files))]
    shuffled = list(zip(files, names, strict=True))
    shuffler.shuffle(shuffled)
    one, other = of(tiny, *files, names=names), of(tiny, *(f for f, _ in shuffled), names=[n for _, n in shuffled])
    assert one.executions.equals(other.executions)
    assert one.report == other.report


@LAW
@given(trades | with_ids)
def test_importing_twice_is_importing_once(tiny: SimpleNamespace, rows: list[Mapping[str, Any]]) -> None:
    once, twice = of(tiny, rows), of(tiny, rows, rows)
    assert content(once).equals(content(twice))
    assert twice.report.used == once.report.used
    assert places(twice) == Counter({"duplicate": len(rows)} if rows else {})


@LAW
@given(trades | with_ids, st.data())
def test_overlapping_parts_of_a_file_merge_to_the_whole(
    tiny: SimpleNamespace, rows: list[Mapping[str, Any]], data: st.DataObject
) -> None:
    # A part begins and ends between rows that differ: the twins of one moment are in one export or in none.
    whole = in_order(rows)
    cuts = [0, *(i for i in range(1, len(whole)) if whole[i]["Time"] != whole[i - 1]["Time"]), len(whole)]
    begin, end = sorted((data.draw(st.sampled_from(cuts)), data.draw(st.sampled_from(cuts))))
    parts = (whole[:end], whole[begin:])
    names = data.draw(st.permutations(["a.csv", "b.csv"]))
    assert content(of(tiny, *parts, names=names)).equals(content(of(tiny, whole)))


@LAW
@given(st.lists(trades | with_ids, min_size=1, max_size=3))
def test_every_row_ends_in_one_place(tiny: SimpleNamespace, files: list[list[Mapping[str, Any]]]) -> None:
    found = of(tiny, *files)
    assert balanced(found)
    assert found.report.rows == sum(map(len, files))
    assert found.report.used == found.executions.height == found.report.executions
    assert found.executions.select("account", "execution_id").is_unique().all()


@LAW
@given(trades, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_which_executions_there_are(
    tiny: SimpleNamespace, rows: list[Mapping[str, Any]], shuffler: random.Random
) -> None:
    shuffled = shuffler.sample(rows, len(rows))
    one, other = of(tiny, rows), of(tiny, shuffled)
    assert sorted(one.executions["execution_id"]) == sorted(other.executions["execution_id"])


def test_documents_may_be_given_open(tiny: SimpleNamespace) -> None:
    document = open_document(tiny.acme_csv([row()]), name="x.csv")
    assert isinstance(document, Document)
    assert import_statements(document, brokers=tiny.both).files[0].file == "x.csv"
