"""The order's state machine only goes forward, whatever a stream does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polybroker.model.instruments import Stock
from polybroker.model.orders import Fill, Leg, Order, OrderEvent, OrderRequest, OrderSide, OrderStatus, single
from polybroker.orders.state import apply, apply_all

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
NEW = Order(
    broker_id="acme",
    account_id="A",
    order_id="1",
    client_order_id=None,
    request=single(Stock("AAPL"), OrderSide.BUY, Decimal(10)),
    status=OrderStatus.PENDING,
)
ENDS = [status for status in OrderStatus if status.terminal]


def event(
    status: OrderStatus, minute: int | None = None, filled: int | None = None, fill: Fill | None = None
) -> OrderEvent:
    when = None if minute is None else START + timedelta(minutes=minute)
    quantity = None if filled is None else Decimal(filled)
    return OrderEvent(account_id="A", order_id="1", status=status, filled_quantity=quantity, timestamp=when, fill=fill)


def fill(number: int, quantity: int, price: str = "10") -> Fill:
    when = START + timedelta(minutes=number)
    return Fill(execution_id=f"E{number}", quantity=Decimal(quantity), price=Decimal(price), timestamp=when)


FILLS = st.builds(fill, st.integers(1, 6), st.integers(1, 4))
EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(OrderStatus),
        st.none() | st.integers(0, 9),
        st.none() | st.integers(0, 10),
        st.none() | FILLS,
    ),
    max_size=12,
)


@given(EVENTS)
def test_no_event_lowers_the_filled_quantity_or_leaves_an_end(events: list[OrderEvent]) -> None:
    order = NEW
    for each in events:
        after = apply(order, each)
        assert after.filled_quantity >= order.filled_quantity
        assert not order.status.terminal or after.status is order.status
        assert after.remaining_quantity >= 0
        order = after


@given(EVENTS)
def test_hearing_everything_twice_changes_nothing(events: list[OrderEvent]) -> None:
    once = apply_all(NEW, events)
    again = apply_all(once, events)
    assert (again.filled_quantity, again.fills) == (once.filled_quantity, once.fills)
    assert not once.status.terminal or again.status is once.status


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6).filter(lambda parts: sum(parts) <= 10), st.randoms())
def test_fills_count_once_in_any_order(parts: list[int], random: object) -> None:
    events = [event(OrderStatus.WORKING, n, None, fill(n, part, f"{n}.5")) for n, part in enumerate(parts, start=1)]
    shuffled = events * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    order = apply_all(NEW, shuffled)
    assert order.filled_quantity == sum(parts)
    assert [each.execution_id for each in order.fills] == [f"E{n}" for n in range(1, len(parts) + 1)]
    value = sum(part * Decimal(f"{n}.5") for n, part in enumerate(parts, start=1))
    assert order.average_fill_price is not None
    assert abs(order.average_fill_price * sum(parts) - value) < Decimal("1e-8")
    assert order.status is (OrderStatus.FILLED if sum(parts) == 10 else OrderStatus.PARTIALLY_FILLED)


@pytest.mark.parametrize("end", ENDS)
def test_a_late_fill_after_an_end_is_counted_and_the_end_stays(end: OrderStatus) -> None:
    order = apply_all(NEW, [event(end, 1), event(OrderStatus.WORKING, 2, None, fill(2, 3))])
    assert order.status is end
    assert order.filled_quantity == (10 if end is OrderStatus.FILLED else 3)


def test_a_refused_cancel_leads_back_to_working_and_an_old_event_does_not() -> None:
    order = apply_all(NEW, [event(OrderStatus.WORKING, 1), event(OrderStatus.PENDING_CANCEL, 2)])
    assert apply(order, event(OrderStatus.WORKING, 1)).status is OrderStatus.PENDING_CANCEL
    assert apply(order, event(OrderStatus.WORKING)).status is OrderStatus.PENDING_CANCEL
    assert apply(order, event(OrderStatus.WORKING, 3)).status is OrderStatus.WORKING


def test_unknown_tells_nothing() -> None:
    assert apply(evolve(NEW, status=OrderStatus.WORKING), event(OrderStatus.UNKNOWN, 5)).status is OrderStatus.WORKING


def test_an_event_of_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="order 2"):
        apply(NEW, evolve(event(OrderStatus.WORKING), order_id="2"))


def test_every_sequence_of_four_events_keeps_the_laws() -> None:
    """Exhaustive over short sequences: 12 events, all sequences of length 4."""
    kinds = [event(status) for status in OrderStatus if status not in (OrderStatus.UNKNOWN, OrderStatus.HELD)]
    kinds += [event(OrderStatus.WORKING, None, None, fill(1, 4)), event(OrderStatus.PARTIALLY_FILLED, None, 6)]
    for sequence in product(kinds, repeat=4):
        order = NEW
        for each in sequence:
            after = apply(order, each)
            assert after.filled_quantity >= order.filled_quantity
            assert not order.status.terminal or after.status is order.status
            order = after


def test_a_multi_leg_order_is_filled_as_far_as_its_least_filled_leg() -> None:
    legs = (
        Leg(instrument=Stock("AAPL"), side=OrderSide.BUY),
        Leg(instrument=Stock("MSFT"), side=OrderSide.SELL, ratio=2),
    )
    order = evolve(NEW, request=OrderRequest(legs=legs, quantity=Decimal(3)))
    first = apply(order, event(OrderStatus.WORKING, 1, None, fill(1, 3)))
    assert first.filled_quantity == 0
    second = apply(first, event(OrderStatus.WORKING, 2, None, evolve(fill(2, 4), leg=1)))
    assert (second.filled_quantity, second.status) == (2, OrderStatus.PARTIALLY_FILLED)
    third = apply(second, event(OrderStatus.WORKING, 3, None, evolve(fill(3, 2), leg=1)))
    assert (third.filled_quantity, third.status) == (3, OrderStatus.FILLED)


def test_an_average_price_is_plain() -> None:
    order = apply(NEW, event(OrderStatus.WORKING, 1, None, fill(1, 4, "6000")))
    assert str(order.average_fill_price) == "6000"
