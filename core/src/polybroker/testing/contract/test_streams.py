"""Laws about streams: what they tell adds up to the truth, whatever happens to the connection."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from polybroker.errors import AuthError, BrokerError
from polybroker.model.accounts import Position
from polybroker.model.orders import Order, OrderEvent, OrderStatus
from polybroker.net import Effect
from polybroker.orders.state import apply_all
from polybroker.testing.desk import Desk
from polybroker.testing.laws import SESSION, law
from polybroker.testing.simulator.frames import FrameFault
from polybroker.testing.simulator.misfortune import Misfortune
from polybroker.testing.stories import story
from polybroker.testing.tour import check_exact, check_times

EVENTS = ("order_events", "place_order", "orders", "open_session")
PATIENCE = 120.0
"""Virtual seconds within which a stream has to tell what happened, reconnecting included."""


async def heard(desk: Desk, events: Any, enough: Callable[[list[OrderEvent]], bool]) -> list[OrderEvent]:
    """What is told until it is enough; an error says what was told where it never is."""
    found: list[OrderEvent] = []
    try:
        with desk.clock.fail_after(PATIENCE):
            async for event in events:
                found.append(event)
                if enough(found):
                    return found
    except TimeoutError:
        pass
    shown = [(event.order_id, str(event.status), event.filled_quantity, event.fill) for event in found[-6:]]
    raise AssertionError(f"after {PATIENCE:g} s the stream has told only {shown}")


def book(desk: Desk, events: list[OrderEvent], order_id: str) -> Order:
    """The order as the events tell it, from the moment at which it was placed."""
    truth = desk.truth(order_id)
    start = Order(
        broker_id=truth.broker_id,
        account_id=truth.account_id,
        order_id=order_id,
        client_order_id=truth.client_order_id,
        request=truth.request,
        status=OrderStatus.PENDING,
    )
    return apply_all(start, [event for event in events if event.order_id == order_id])


def shows(desk: Desk, order_id: str) -> Callable[[list[OrderEvent]], bool]:
    """Whether the events tell of all that the broker knows of an order."""

    def enough(events: list[OrderEvent]) -> bool:
        order, truth = book(desk, events, order_id), desk.truth(order_id)
        return order.status == truth.status and order.filled_quantity == truth.filled_quantity

    return enough


@law(*EVENTS, needs=("simulator",))
@story
async def test_events_add_up_to_the_order(desk: Desk) -> None:
    """An app keeps its book by events alone: status, filled quantity and every fill, each once."""
    async with desk.session.order_events() as events:
        ack, _ = await desk.placed()
        found = await heard(desk, events, shows(desk, ack.order_id))
        for quantity in (1, 1, 1):
            desk.clock.advance(1)
            desk.simulator.fill(ack.order_id, Decimal(quantity))
            found += await heard(desk, events, lambda more: shows(desk, ack.order_id)(found + more))  # noqa: B023
    order, truth = book(desk, found, ack.order_id), desk.truth(ack.order_id)
    if any(event.fill for event in found):
        told = [(fill.execution_id, fill.quantity, fill.price) for fill in order.fills]
        assert told == [(fill.execution_id, fill.quantity, fill.price) for fill in truth.fills]
    for event in found:
        assert event.account_id == truth.account_id
        assert event.filled_quantity is None or event.filled_quantity <= truth.filled_quantity, event


@law(*EVENTS, "cancel_order", "open_orders", needs=("simulator",))
@story
async def test_the_end_of_an_order_is_told(desk: Desk) -> None:
    """A cancel is only asked for; that it happened comes as an event, of that order and no other."""
    async with desk.session.order_events() as events:
        keep, _ = await desk.placed()
        gone, _ = await desk.placed(number=1)
        await desk.settle()
        account = await desk.account()
        [order] = [each for each in await desk.session.open_orders(account) if each.order_id == gone.order_id]
        await desk.session.cancel_order(account, order)
        found = await heard(desk, events, shows(desk, gone.order_id))
    assert book(desk, found, gone.order_id).status is OrderStatus.CANCELED
    assert not any(event.status.terminal for event in found if event.order_id == keep.order_id)


@law(*EVENTS, needs=("simulator",))
@story
async def test_what_happened_before_the_stream_stood_is_told(desk: Desk) -> None:
    """Between placing an order and hearing of it lies a moment in which it can be filled."""
    ack, _ = await desk.placed()
    desk.simulator.fill(ack.order_id, Decimal(2))
    await desk.settle()
    async with desk.session.order_events() as events:
        found = await heard(desk, events, shows(desk, ack.order_id))
    assert book(desk, found, ack.order_id).filled_quantity == 2


@law(*EVENTS, needs=("simulator",))
@story
async def test_a_gap_is_repaired(desk: Desk) -> None:
    """Connections break in the busiest minute: what was filled meanwhile is told once the stream stands again."""
    async with desk.session.order_events() as events:
        ack, _ = await desk.placed()
        found = await heard(desk, events, shows(desk, ack.order_id))
        for _ in range(2):
            desk.simulator.drop_streams()
            desk.simulator.fill(ack.order_id, Decimal(1))
            found += await heard(desk, events, lambda more: shows(desk, ack.order_id)(found + more))  # noqa: B023
    assert book(desk, found, ack.order_id).filled_quantity == 2


@law(*EVENTS, needs=("simulator",))
@story
async def test_replayed_reordered_and_lost_events_change_nothing(desk: Desk) -> None:
    """Streams repeat themselves after every reconnection; a fill that counts twice is a position that is not there."""
    async with desk.session.order_events() as events:
        ack, _ = await desk.placed()
        found = await heard(desk, events, shows(desk, ack.order_id))
        for fault in (FrameFault.DUPLICATE, FrameFault.REORDERED, FrameFault.GAP):
            desk.weather.disturb(fault)
            desk.weather.strike(Misfortune.REPLY_LOST, effect=Effect.READ)
            desk.clock.advance(1)
            desk.simulator.fill(ack.order_id, Decimal(1))
            if fault is FrameFault.REORDERED:
                await desk.placed(number=2)
            if fault is FrameFault.GAP:
                desk.simulator.drop_streams()
            found += await heard(desk, events, lambda more: shows(desk, ack.order_id)(found + more))  # noqa: B023
    order, truth = book(desk, found, ack.order_id), desk.truth(ack.order_id)
    assert order.filled_quantity == truth.filled_quantity
    made_up = {fill.execution_id for fill in order.fills} - {fill.execution_id for fill in truth.fills}
    assert not made_up, f"fills that the broker does not know: {made_up}"


@law(*EVENTS, needs=("simulator",))
@story
async def test_a_stream_ends_with_its_block(desk: Desk) -> None:
    """An app that stops listening wants quiet: nothing polls, reconnects or holds a socket for it any longer."""
    async with desk.session.order_events() as events:
        ack, _ = await desk.placed()
        await heard(desk, events, shows(desk, ack.order_id))
    await desk.clock.sleep(5)
    sent = len(desk.session.net.wire)
    await desk.clock.sleep(20)
    left = len(desk.session.net.wire) - sent
    assert left == 0, f"{left} requests left after the end of the block"


@law(*EVENTS, needs=("simulator",))
@story
async def test_a_stream_without_a_login_says_so(desk: Desk) -> None:
    """A stream that has gone silent looks like a quiet market; only an error brings a person to log in again."""

    async def listen() -> None:
        with desk.clock.fail_after(600):
            async with desk.session.order_events() as events:
                ack, _ = await desk.placed()
                await heard(desk, events, shows(desk, ack.order_id))
                desk.simulator.revoke_login()
                desk.simulator.drop_streams()
                async for _ in events:
                    pass

    try:
        await listen()
    except AuthError:
        return
    except (BrokerError, TimeoutError) as error:
        raise AssertionError(f"a revoked login leads to {error!r}") from error
    raise AssertionError("the stream has ended in silence")


@law("account_events", "place_order", "open_session", needs=("simulator",))
@story
async def test_account_events_follow_the_account(desk: Desk) -> None:
    """A position that is shown after it was closed is closed a second time."""
    async with desk.session.account_events() as events:
        ack, request = await desk.placed()
        desk.simulator.fill(ack.order_id)
        with desk.clock.fail_after(PATIENCE):
            async for event in events:
                check_exact("account_events", event)
                check_times("account_events", event)
                if isinstance(event, Position) and event.instrument == request.instrument and event.quantity == 3:
                    return


@law("quote_stream", "accounts", "open_session", needs=(SESSION,))
@story
async def test_streamed_quotes_are_of_what_was_asked_for(desk: Desk) -> None:
    """A quote under another instrument's name moves stops that nobody touched."""
    account = await desk.account()
    wanted = desk.instruments(account)[-2:]
    seen = set()
    async with desk.session.quote_stream(wanted) as quotes:
        with desk.clock.fail_after(PATIENCE):
            async for quote in quotes:
                check_exact("quote_stream", quote)
                check_times("quote_stream", quote)
                assert quote.instrument in wanted, f"{quote.instrument} was not asked for"
                assert quote.broker_id == desk.broker.id
                seen.add(quote.instrument)
                if len(seen) == len(wanted):
                    break
    if desk.broker.offers("quotes"):
        for quote in await desk.session.quotes(wanted):
            assert quote.instrument in seen
