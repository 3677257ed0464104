"""Laws about orders that are there: the lists show them all, and what is changed is that order and no other."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from attrs import evolve

from polybroker.errors import Rejected
from polybroker.model.accounts import Account
from polybroker.model.orders import Ack, OrderStatus
from polybroker.net import Effect
from polybroker.orders.calls import Operation
from polybroker.testing.desk import BEGINNING, Desk
from polybroker.testing.laws import SESSION, law
from polybroker.testing.stories import story
from polybroker.testing.terms import same_order, same_terms
from polybroker.testing.tour import outcome

LOOKING = ("open_orders", "orders", "place_order", "check_order", "accounts", "open_session")


async def mixture(desk: Desk, account: Account) -> list[Ack]:
    """Orders in every state: resting, filled in part, filled, cancelled; more than one of some."""
    session = desk.session
    acks = []
    for number in range(6):
        desk.clock.advance(60)
        acks.append((await desk.placed(account, number=number))[0])
    desk.simulator.fill(acks[0].order_id, Decimal(1))
    desk.simulator.fill(acks[0].order_id, Decimal(1))
    desk.simulator.fill(acks[1].order_id)
    desk.simulator.fill(acks[2].order_id, Decimal(1))
    await desk.settle()
    for order in await session.open_orders(account):
        if order.order_id in (acks[2].order_id, acks[3].order_id):
            await session.cancel_order(account, order)
    await desk.settle()
    return acks


@law("cancel_order", *LOOKING, needs=("simulator",))
@story
async def test_open_orders_are_all_that_live(desk: Desk) -> None:
    """One that is missing is forgotten and fills in the night; one that has ended is cancelled in vain."""
    accounts = await desk.accounts()
    await mixture(desk, accounts[0])
    if len(accounts) > 1:
        await outcome(desk.placed, accounts[1])
        await desk.settle()
    for account in accounts:
        found = Counter(order.order_id for order in await desk.session.open_orders(account))
        assert found == Counter(desk.living(account).keys()), account.account_id


@law("cancel_order", *LOOKING, needs=("simulator",))
@story
async def test_an_order_is_shown_as_the_broker_has_it(desk: Desk) -> None:
    """Status, filled quantity, fills, terms and ids: a strategy decides by them what to do next."""
    account = await desk.account()
    await mixture(desk, account)
    shown = [*await desk.session.orders(account, BEGINNING), *await desk.session.open_orders(account)]
    assert shown
    for order in shown:
        same_order(order, desk.truth(order.order_id))
        assert order.broker_id == desk.broker.id
        assert order.account_id == account.account_id


@law("cancel_order", *LOOKING, needs=("simulator",))
@story
async def test_orders_have_the_ended_ones_of_the_time_asked_for(desk: Desk) -> None:
    """The list that is searched after a lost answer: every page, ended ones too, and just those of the window."""
    account = await desk.account()
    acks = await mixture(desk, account)
    everything = await desk.session.orders(account, BEGINNING)
    wanted = Counter(order.order_id for order in desk.simulator.orders() if order.account_id == account.account_id)
    assert Counter(order.order_id for order in everything) == wanted
    entered = {order.order_id: order.submitted_at for order in everything}
    middle = entered[acks[3].order_id]
    if middle is None:
        return
    window = await desk.session.orders(account, middle - timedelta(seconds=30), middle + timedelta(seconds=90))
    assert {order.order_id for order in window} == {ack.order_id for ack in acks[3:5]}


# changing


@law("cancel_order", *LOOKING, needs=("simulator",))
@story
async def test_a_cancel_ends_that_order_and_no_other(desk: Desk) -> None:
    """Cancelling a neighbour leaves a stop loss out and the unwanted order in."""
    account = await desk.account()
    acks = [(await desk.placed(account, number=number))[0] for number in range(4)]
    await desk.settle()
    doomed = acks[1].order_id
    [order] = [each for each in await desk.session.open_orders(account) if each.order_id == doomed]
    await desk.session.cancel_order(account, order)
    await desk.settle()
    assert desk.session.net.wire.count(Effect.CANCEL) == 1
    assert desk.truth(doomed).status is OrderStatus.CANCELED
    assert set(desk.living(account)) == {ack.order_id for ack in acks} - {doomed}


@law("cancel_order", *LOOKING, needs=("simulator",))
@story
async def test_what_has_ended_cannot_be_cancelled_in_silence(desk: Desk) -> None:
    """A cancel that came too late means a position: `Rejected`, or an ack that says filled."""
    account = await desk.account()
    ack, _ = await desk.placed(account)
    await desk.settle()
    [order] = [each for each in await desk.session.open_orders(account) if each.order_id == ack.order_id]
    desk.simulator.fill(ack.order_id)
    found = await outcome(desk.session.cancel_order, account, order)
    late = isinstance(found, Ack) and found.status is OrderStatus.FILLED
    assert late or isinstance(found, Rejected), f"it is filled, and cancelling it leads to {found!r}"


@law("replace_order", *LOOKING, needs=(SESSION,))
@story
async def test_a_replaced_order_has_the_new_terms(desk: Desk) -> None:
    """The ack names the order that lives on, with what was asked for now; there are never two that live."""
    account = await desk.account()
    ack, request = await desk.placed(account)
    other, _ = await desk.placed(account, number=3)
    await desk.settle()
    [order] = [each for each in await desk.session.open_orders(account) if each.order_id == ack.order_id]
    assert request.limit_price is not None
    asked = evolve(request, limit_price=request.limit_price - 1, quantity=Decimal(2))
    new = await desk.session.replace_order(account, order, asked)
    await desk.settle()
    living = {each.order_id: each for each in await desk.session.open_orders(account)}
    assert living.keys() == {new.order_id, other.order_id}
    same_terms(living[new.order_id].request, asked)
    if desk.made is not None:
        assert desk.arrived().operation is Operation.REPLACE
        assert desk.session.net.wire.count(Effect.ORDER) == 3
        assert set(desk.living(account)) == living.keys()
        same_terms(desk.truth(new.order_id).request, asked)


@law("cancel_all", *LOOKING, needs=(SESSION,))
@story
async def test_cancelling_all_spares_other_accounts(desk: Desk) -> None:
    """The button for bad days: every living order of the account, all pages, and nobody else's."""
    accounts = await desk.accounts()
    for number in range(5):
        await desk.placed(accounts[0], number=number)
    for account in accounts[1:]:
        await outcome(desk.placed, account)
    await desk.settle()
    before = [await open_ids(desk, account) for account in accounts]
    acks = await desk.session.cancel_all(accounts[0])
    await desk.settle()
    assert len(acks) == len(before[0]) == 5, f"{len(before[0])} orders were open, {len(acks)} acks came"
    after = [await open_ids(desk, account) for account in accounts]
    assert after == [set(), *before[1:]]


async def open_ids(desk: Desk, account: Account) -> set[str]:
    """The account's living orders, by the simulator's book where there is one."""
    if desk.made is not None:
        return set(desk.living(account))
    return {order.order_id for order in await desk.session.open_orders(account)}


@law("cancel_order", *LOOKING, needs=(SESSION,))
@story
async def test_an_order_that_was_placed_can_be_seen_and_cancelled(desk: Desk) -> None:
    """The least that a broker has to do, with or without a wire: place, see, cancel, see it ended."""
    account = await desk.account()
    ack, request = await desk.placed(account)
    await desk.settle()
    [order] = [each for each in await desk.session.open_orders(account) if each.order_id == ack.order_id]
    same_terms(order.request, request)
    assert not order.status.terminal
    await desk.session.cancel_order(account, order)
    await desk.settle()
    assert ack.order_id not in [each.order_id for each in await desk.session.open_orders(account)]
    ended = [each for each in await desk.session.orders(account, BEGINNING) if each.order_id == ack.order_id]
    assert [each.status for each in ended] == [OrderStatus.CANCELED]
