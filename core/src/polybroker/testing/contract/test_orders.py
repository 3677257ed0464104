"""Laws about orders: the broker receives what the app asked for, once, and the app learns what became of it."""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from polybroker.errors import BrokerError, OutcomeUnknown, PluginError, RateLimited, Rejected, Unsupported
from polybroker.model.accounts import Account
from polybroker.model.orders import Ack, OrderRequest, OrderStatus
from polybroker.net import Effect
from polybroker.orders.calls import Operation
from polybroker.testing.desk import BEGINNING, Desk
from polybroker.testing.laws import SESSION, law
from polybroker.testing.stories import story
from polybroker.testing.terms import same_terms
from polybroker.testing.tour import outcome

PLACING = ("place_order", "check_order", "accounts", "open_session")
LOOKING = ("open_orders", "orders", *PLACING)


async def taken(desk: Desk, account: Account) -> list[OrderRequest]:
    """Every kind of order that `check_order` takes."""
    return [request for request in await desk.variety(account) if desk.takes(account, request)]


# placing


@law(*PLACING, needs=("simulator",))
@story
async def test_the_broker_receives_what_the_app_asked_for(desk: Desk) -> None:
    """Side, quantity, type, prices, time in force, account, id: each of them decoded from what arrived."""
    account = await desk.account()
    await desk.hold(account)
    requests = await taken(desk, account)
    assert requests, "check_order takes nothing"
    for asked in requests:
        before = len(desk.simulator.received())
        found = await outcome(desk.session.place_order, account, asked)
        assert isinstance(found, Ack | Rejected), f"{asked} leads to {found!r}"
        assert len(desk.simulator.received()) == before + 1, "it arrived more than once, or not at all"
        arrived = desk.arrived()
        assert arrived.operation is Operation.PLACE
        assert arrived.account_id == account.account_id, f"it arrived for {arrived.account_id}"
        assert arrived.request is not None
        same_terms(arrived.request, asked)
        if isinstance(found, Ack) and desk.info.client_order_ids is not None:
            assert arrived.client_order_id == found.client_order_id


@law(*PLACING, needs=("simulator",))
@story
async def test_an_order_goes_to_its_account(desk: Desk) -> None:
    """A login sees several accounts, of other people too: the one that is named is the one that trades."""
    for account in await desk.accounts():
        request = await desk.resting(account)
        await outcome(desk.session.place_order, account, request)
        assert desk.arrived().account_id == account.account_id


@law(*PLACING, needs=("simulator",))
@story
async def test_any_price_and_quantity_arrives_to_the_last_digit(desk: Desk) -> None:
    """A price that went through a float comes out as another one; it is the last digits that tell."""
    account = await desk.account()
    request = await desk.resting(account)
    for digits in ("0.07", "4.35", "1.1", "8.29", "2.675", "3.0001"):
        for asked in (
            evolve(request, limit_price=Decimal(digits)),
            evolve(request, quantity=Decimal(digits)),
            evolve(request, quantity=Decimal("1E+1")),
        ):
            if desk.takes(account, asked):
                found = await outcome(desk.session.place_order, account, asked)
                if not isinstance(found, Unsupported):
                    arrived = desk.arrived().request
                    assert arrived is not None
                    same_terms(arrived, asked)


@law(*PLACING, needs=("simulator",))
@story
async def test_placing_once_sends_once(desk: Desk) -> None:
    """One call, one request, one order: counted by the core, by the broker, and in its book."""
    orders = len(desk.simulator.orders())
    ack, _ = await desk.placed()
    assert desk.session.net.wire.count(Effect.ORDER) == 1
    assert len(desk.simulator.received()) == 1
    assert len(desk.simulator.orders()) == orders + 1
    assert [sent.account for sent in desk.session.net.wire if sent.effect is Effect.ORDER] in (
        [desk.truth(ack.order_id).account_id],
        [None],
    )


@law(*PLACING, needs=("simulator",))
@story
async def test_the_ack_names_the_order(desk: Desk) -> None:
    """Without the right id an order cannot be cancelled; and an id that is another order's cancels that one."""
    account = await desk.account()
    before = {order.order_id for order in desk.simulator.orders()}
    ack, request = await desk.placed(account)
    made = [order for order in desk.simulator.orders() if order.order_id not in before]
    assert [order.order_id for order in made] == [ack.order_id]
    if desk.info.client_order_ids is not None:
        assert ack.client_order_id, "the ack lacks the client order id"
        assert ack.client_order_id == made[0].client_order_id
    own = f"{ack.client_order_id or 'A1'}"[::-1]
    if desk.info.client_order_ids is not None and own != ack.client_order_id:
        again = await desk.session.place_order(account, evolve(request, client_order_id=own))
        assert again.client_order_id == own, "the app's own client order id was not kept"
        assert desk.truth(again.order_id).client_order_id == own


@law(*PLACING, needs=(SESSION,))
@story
async def test_what_is_not_taken_sends_nothing(desk: Desk) -> None:
    """`Unsupported` comes before any I/O: an app may ask for anything to learn what it may offer."""
    account = await desk.account()
    requests = [request for request in await desk.variety(account) if not desk.takes(account, request)]
    sent = len(desk.session.net.wire)
    for request in requests:
        found = await outcome(desk.session.place_order, account, request)
        assert isinstance(found, Unsupported), f"{request} leads to {found!r}"
        assert str(found).strip(), "it does not say why"
    assert len(desk.session.net.wire) == sent, "something was sent"
    assert desk.made is None or not desk.simulator.received()


@law(*PLACING, needs=(SESSION,))
@story
async def test_what_is_taken_is_placed_or_refused_by_its_type(desk: Desk) -> None:
    """What `check_order` takes the plugin can send: no crash half-way, and no second thoughts."""
    account = await desk.account()
    for request in await taken(desk, account):
        found = await outcome(desk.session.place_order, account, request)
        assert not isinstance(found, PluginError | OutcomeUnknown | Unsupported), f"{request} leads to {found!r}"
        assert isinstance(found, Ack | Rejected), f"{request} leads to {found!r}"


@law(*PLACING, needs=(SESSION,))
@story
async def test_checking_an_order_is_pure(desk: Desk) -> None:
    """The same question has the same answer, at any time, and nobody hears of it."""
    account = await desk.account()
    requests = await desk.variety(account)
    sent = len(desk.session.net.wire)
    first = [desk.takes(account, request) for request in requests]
    desk.clock.advance(3600.0)
    again = [desk.takes(account, request) for request in reversed(requests)][::-1]
    assert first == again
    assert len(desk.session.net.wire) == sent


@law(*PLACING, needs=("simulator",))
@story
async def test_a_refusal_says_so_by_its_code(desk: Desk) -> None:
    """What to do next depends on why: wait, log in, add money, or ask another way. Silence is none of them."""
    account = await desk.account()
    for code in sorted(desk.simulator.provokes):
        request = await desk.resting(account)
        orders = len(desk.simulator.orders())
        desk.simulator.provoke(code)
        found = await outcome(desk.session.place_order, account, request)
        if isinstance(found, Ack):
            ended = {order.order_id: order.status for order in desk.simulator.orders()}
            status = ended.get(found.order_id)
            assert status is OrderStatus.REJECTED, f"{code}: an ack for an order that was refused"
            continue
        assert isinstance(found, BrokerError), f"{code} leads to {found!r}"
        assert found.code is code, f"{code} is said to be {found.code}"
        assert not isinstance(found, OutcomeUnknown), f"{code} is a clear answer"
        assert str(found).strip()
        if isinstance(found, RateLimited):
            await desk.clock.sleep(found.retry_after or 60)
        assert len(desk.simulator.orders()) == orders, f"{code}: there is an order all the same"


@law("preview_order", "orders", *PLACING, needs=(SESSION,))
@story
async def test_a_preview_places_nothing(desk: Desk) -> None:
    """People look at what an order would cost in order not to place it."""
    account = await desk.account()
    await desk.session.preview_order(account, await desk.resting(account))
    await desk.settle()
    assert not await desk.session.orders(account, BEGINNING)
    assert desk.made is None or not desk.simulator.orders()
    assert desk.session.net.wire.count(Effect.ORDER) == 0


# client order ids


@law(*PLACING, needs=("simulator",))
@story
async def test_client_order_ids_are_taken_as_declared(desk: Desk) -> None:
    """Every character and the full length: the core makes ids by these facts, and lost orders are found by them."""
    rule = desk.info.client_order_ids
    if rule is None:
        return
    account = await desk.account()
    request = await desk.resting(account)
    size = rule.max_length
    letters = [rule.charset[start : start + size] for start in range(0, len(rule.charset), size)]
    for own in {text.ljust(size, rule.charset[0]) for text in letters} | {rule.charset[-1]}:
        ack = await desk.session.place_order(account, evolve(request, client_order_id=own))
        assert desk.truth(ack.order_id).client_order_id == own, f"{own} arrived as another id"


@law(*PLACING, needs=("simulator",))
@story
async def test_a_known_client_order_id_makes_no_second_order(desk: Desk) -> None:
    """Only where this holds may a lost order be sent again; where it does not, broker_info must not say so."""
    rule = desk.info.client_order_ids
    if rule is None or not rule.idempotent:
        return
    ack, request = await desk.placed()
    account, orders = await desk.account(), len(desk.simulator.orders())
    again = evolve(request, client_order_id=ack.client_order_id)
    found = await outcome(desk.session.place_order, account, again)
    assert len(desk.simulator.orders()) == orders, "broker_info says idempotent, but there is a second order"
    assert isinstance(found, Ack | Rejected), f"a known id leads to {found!r}"
    assert not isinstance(found, Ack) or found.order_id == ack.order_id


@law("order_by_client_id", *PLACING, needs=(SESSION,))
@story
async def test_an_order_is_found_by_its_client_order_id(desk: Desk) -> None:
    """After a lost answer this is the first question; the wrong order, or an error for none, answers another one."""
    account = await desk.account()
    acks = [await desk.traded(account)] if desk.broker.offers("executions") else []
    acks += [(await desk.placed(account, number=number))[0] for number in range(4)]
    await desk.settle()
    for ack in acks:
        assert ack.client_order_id is not None
        found = await desk.session.order_by_client_id(account, ack.client_order_id)
        assert found is not None, f"{ack.client_order_id} is not found"
        assert found.order_id == ack.order_id
    rule = desk.info.client_order_ids
    unknown = (rule.charset[0] if rule else "Z") * 8
    assert await desk.session.order_by_client_id(account, unknown) is None
