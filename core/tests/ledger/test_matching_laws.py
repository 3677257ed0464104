"""What holds for every method of matching and all fills."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_fills import Fill, fill_lists, frame_of
from plain_ledger import books_of, charge_of, exact, money, plain_match

from polybroker.ledger import scaled
from polybroker.ledger.matching import match
from polybroker.model.executions import Method
from polybroker.statements.schema import EXACT, EXECUTIONS, OPEN_POSITIONS, ROUND_TRIPS

METHODS = st.sampled_from(list(Method))


def by_book(positions: list[dict[str, Any]]) -> dict[tuple[Any, str], dict[str, Any]]:
    return {(entry["account"], entry["instrument_id"]): entry for entry in positions}


@settings(max_examples=150, deadline=None)
@given(fill_lists(), METHODS)
def test_columns_equal_the_plain_ledger(fills: list[Fill], method: Method) -> None:
    matched = match(frame_of(fills), method)
    trips, positions = plain_match(fills, method)
    assert matched.round_trips.schema == ROUND_TRIPS
    assert matched.open_positions.schema == OPEN_POSITIONS
    assert matched.round_trips.to_dicts() == trips
    assert by_book(matched.open_positions.to_dicts()) == by_book(positions)


def flattened(fills: list[Fill], method: Method) -> list[Fill]:
    """The fills, and then for each open position one that closes it for nothing and free of charge."""
    moment, currency = fills[-1]["timestamp"], fills[-1]["currency"]
    closing = [
        {
            **{name: entry[name] for name in ("account", "instrument_id", "symbol", "contract")},
            "side": "sell" if entry["quantity"] > 0 else "buy",
            "quantity": abs(entry["quantity"]),
            "price": Decimal(0),
            "multiplier": Decimal(1),
            "currency": currency,
            "commission": Decimal(0),
            "fees": None,
            "timestamp": moment,
            "trading_day": moment.date(),
            "execution_id": "end",
        }
        for entry in match(frame_of(fills), method).open_positions.to_dicts()
    ]
    return fills + closing


def in_known_money(fills: list[Fill]) -> list[Fill]:
    return [{**fill, "multiplier": fill["multiplier"] or Decimal(1), "currency": "USD"} for fill in fills]


@settings(max_examples=60, deadline=None)
@given(fill_lists().map(in_known_money), METHODS)
def test_cash_and_charges_are_conserved_to_the_last_digit(fills: list[Fill], method: Method) -> None:
    fills = flattened(fills, method)
    matched = match(frame_of(fills), method)
    assert matched.open_positions.is_empty()
    trips = matched.round_trips.to_dicts()
    flows = [(fill["side"], money(fill, Fraction(fill["quantity"])) or Fraction(0)) for fill in fills]
    cash = sum(flow if side == "sell" else -flow for side, flow in flows)
    tolerance = Fraction(len(trips), 10**18)  # for money that has more than 18 decimal places
    assert abs(sum(Fraction(trip["gross_pnl"]) for trip in trips) - cash) <= tolerance
    charges = sum((charge_of(fill) or Fraction(0) for fill in fills), Fraction(0))
    assert sum((Fraction(trip["fees"] or 0) for trip in trips), Fraction(0)) == charges
    for trip in trips:
        assert Fraction(trip["net_pnl"]) == Fraction(trip["gross_pnl"]) + Fraction(trip["fees"] or 0)


@settings(max_examples=60, deadline=None)
@given(fill_lists(), METHODS)
def test_every_unit_is_in_a_round_trip_or_open(fills: list[Fill], method: Method) -> None:
    matched = match(frame_of(fills), method)
    held = by_book(matched.open_positions.to_dicts())
    closed: dict[tuple[Any, str], Decimal] = {}
    for trip in matched.round_trips.to_dicts():
        key = trip["account"], trip["instrument_id"]
        closed[key] = closed.get(key, Decimal(0)) + trip["quantity"]
    for key in {(fill["account"], fill["instrument_id"]) for fill in fills}:
        mine = [fill for fill in fills if (fill["account"], fill["instrument_id"]) == key]
        bought, sold = (sum(fill["quantity"] for fill in mine if fill["side"] == side) for side in ("buy", "sell"))
        left = held[key]["quantity"] if key in held else 0
        assert bought - sold == left
        if method is not Method.PER_POSITION:
            assert 2 * closed.get(key, 0) + abs(left) == bought + sold


@settings(max_examples=60, deadline=None)
@given(fill_lists(), METHODS, st.data())
def test_later_fills_never_change_earlier_round_trips(fills: list[Fill], method: Method, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(fills)))
    early, all_ = match(frame_of(fills[:cut]), method), match(frame_of(fills), method)
    assert all_.round_trips.head(early.round_trips.height).equals(early.round_trips)


@settings(max_examples=50, deadline=None)
@given(fill_lists().map(in_known_money), st.sampled_from([Method.FIFO, Method.LIFO]), st.data())
def test_going_on_from_open_lots_equals_the_whole_history(
    fills: list[Fill], method: Method, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(fills)))
    lots = [lot for book in books_of(fills[:cut], method.value) for lot in book.held]
    names = ("account", "instrument_id", "symbol", "contract", "currency", "multiplier", "timestamp")
    opening = pl.DataFrame(
        [
            {name: lot[name] for name in names} | {"average_price": lot["price"], "quantity": exact(signed(lot, left))}
            for lot, left in lots
        ],
        schema={name: EXECUTIONS[name] for name in names} | {"average_price": EXACT, "quantity": EXACT},
    )
    full = match(frame_of(fills), method)
    later = match(frame_of(fills[cut:]), method, opening)
    unlike = ("fees", "net_pnl", "entry_id")  # what a lot does not know
    rest = full.round_trips.tail(later.round_trips.height)
    assert match(frame_of(fills[:cut]), method).round_trips.height + rest.height == full.round_trips.height
    assert later.round_trips.drop(unlike).equals(rest.drop(unlike))
    assert by_book(later.open_positions.to_dicts()) == by_book(full.open_positions.to_dicts())


def signed(fill: Fill, units: Fraction) -> Fraction:
    return units if fill["side"] == "buy" else -units


@settings(max_examples=50, deadline=None)
@given(fill_lists(), METHODS)
def test_books_do_not_know_of_each_other(fills: list[Fill], method: Method) -> None:
    keys = ["account", "instrument_id"]
    together = match(frame_of(fills), method)
    apart = [match(part, method) for part in frame_of(fills).partition_by(keys, maintain_order=True)]
    trips = pl.concat([part.round_trips for part in apart])
    assert together.round_trips.equals(trips.sort("exit_time", maintain_order=True))
    positions = pl.concat([part.open_positions for part in apart])
    assert by_book(together.open_positions.to_dicts()) == by_book(positions.to_dicts())


@settings(max_examples=40, deadline=None)
@given(fill_lists(), METHODS)
def test_python_integers_and_machine_integers_give_the_same(fills: list[Fill], method: Method) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaled, "_SAFE", 1)
        slow = match(frame_of(fills), method)
    fast = match(frame_of(fills), method)
    assert fast.round_trips.equals(slow.round_trips)
    assert fast.open_positions.equals(slow.open_positions)


@settings(max_examples=40, deadline=None)
@given(fill_lists(), st.sampled_from([Method.FIFO, Method.LIFO]), st.integers(1, 5))
def test_the_size_of_a_batch_does_not_matter(fills: list[Fill], method: Method, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("polybroker.ledger.matching.fifo"), "_BATCH", size)
        patch.setattr(import_module("polybroker.ledger.matching.pairs"), "_BLOCK", size)
        small = match(frame_of(fills), method)
    large = match(frame_of(fills), method)
    assert large.round_trips.equals(small.round_trips)
    assert large.open_positions.equals(small.open_positions)


@pytest.mark.parametrize("method", list(Method))
def test_no_executions_make_no_round_trips(method: Method) -> None:
    matched = match(frame_of([]), method)
    assert matched.round_trips.schema == ROUND_TRIPS
    assert matched.open_positions.schema == OPEN_POSITIONS
    assert matched.round_trips.is_empty()
