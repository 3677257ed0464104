from __future__ import annotations

from decimal import Decimal
from importlib import import_module

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_fills import Fill, fill, fill_lists, frame_of, in_time, opening_of
from plain_ledger import plain_positions

from polybroker.ledger.positions import running_positions

ANSWERS = ("position_effect", "position_quantity", "status")


def answers(fills: list[Fill], opening: pl.DataFrame | None = None) -> list[tuple[Decimal, Decimal, str]]:
    return running_positions(frame_of(fills), opening).select(ANSWERS).rows()


def test_each_fill_says_what_it_did() -> None:
    fills = [fill("buy", 2, 1), fill("buy", 1, 1), fill("sell", 1, 1), fill("sell", 4, 1), fill("sell", 1, 1)]
    fills += [fill("buy", 2, 1), fill("buy", 3, 1), fill("sell", 2, 1)]
    assert answers(in_time(fills)) == [
        (2, 2, "To Open Long"),
        (1, 3, "To Open Long"),
        (-1, 2, "To Close Long"),
        (0, -2, "Reverse To Short"),
        (1, -3, "To Open Short"),
        (-2, -1, "To Close Short"),
        (1, 2, "Reverse To Long"),
        (-2, 0, "To Close Long"),
    ]


@settings(max_examples=80, deadline=None)
@given(fill_lists())
def test_columns_equal_the_plain_positions(fills: list[Fill]) -> None:
    assert answers(fills) == plain_positions(fills)


@settings(max_examples=30, deadline=None)
@given(fill_lists())
def test_python_integers_and_machine_integers_give_the_same(fills: list[Fill]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("polybroker.ledger.scaled"), "_SAFE", 1)
        slow = answers(fills)
    assert answers(fills) == slow


@settings(max_examples=40, deadline=None)
@given(fill_lists(), st.data())
def test_going_on_from_the_open_positions_equals_the_whole_history(fills: list[Fill], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(fills)))
    held = {
        (entry["account"], entry["instrument_id"]): after
        for entry, (_, after, _) in zip(fills[:cut], answers(fills[:cut]), strict=True)
    }
    if not held:
        return
    opening = opening_of(*((account, instrument, str(after), "1") for (account, instrument), after in held.items()))
    assert answers(fills[cut:], opening) == answers(fills)[cut:]


def test_an_opening_position_enters_first_and_several_add_up() -> None:
    opening = opening_of(("A", "CME:MES:2026-03", "-2", "100"), ("A", "CME:MES:2026-03", "-1", "90"))
    fills = in_time([fill("buy", 1, 1), fill("buy", 3, 1), fill("buy", 1, 1, account="B")])
    assert answers(fills, opening) == [(-1, -2, "To Close Short"), (-1, 1, "Reverse To Long"), (1, 1, "To Open Long")]


def test_no_account_is_an_account_of_its_own() -> None:
    fills = in_time([fill("buy", 1, 1), fill("buy", 1, 1, account=None), fill("sell", 1, 1, account=None)])
    assert [after for _, after, _ in answers(fills)] == [1, 1, 0]


def test_other_columns_and_the_order_stay_as_they_are() -> None:
    frame = frame_of(in_time([fill("buy", 1, 1), fill("sell", "0.001", 1, account="B")])).with_columns(more=pl.lit(7))
    found = running_positions(frame)
    assert found.drop(ANSWERS).equals(frame)
    assert found["position_quantity"].to_list() == [1, Decimal("-0.001")]


def test_a_frame_without_executions_stays_without() -> None:
    assert running_positions(frame_of([])).is_empty()


@pytest.mark.parametrize("name", ["instrument_id", "side", "quantity", "price"])
def test_an_execution_that_lacks_what_matters_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        running_positions(frame_of([{**entry, name: None} for entry in in_time([fill("buy", 1, 1)])]))


def test_a_quantity_that_is_not_above_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        running_positions(frame_of(in_time([fill("buy", 0, 1)])))


def test_a_side_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        running_positions(frame_of(in_time([fill("Buy", 1, 1)])))
