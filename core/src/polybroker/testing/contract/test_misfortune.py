"""Laws for bad weather: the same for every plugin, since it is the core that says what was sent and what was not."""

from __future__ import annotations

from polybroker.errors import AuthError, BrokerError, OutcomeUnknown, PluginError, RateLimited, Unavailable
from polybroker.model.orders import Ack
from polybroker.net import Effect
from polybroker.testing.desk import Desk
from polybroker.testing.laws import law
from polybroker.testing.simulator.misfortune import DONE, Misfortune
from polybroker.testing.stories import story
from polybroker.testing.tour import history, outcome, reads

PLACING = ("place_order", "accounts", "open_session")
ANSWERS = ("accounts", "open_session")
LOST = (
    Misfortune.REQUEST_LOST,
    Misfortune.REQUEST_LATE,
    Misfortune.REPLY_LOST,
    Misfortune.ERROR_DONE,
    Misfortune.ERROR_NOT_DONE,
    Misfortune.MALFORMED,
    Misfortune.TRUNCATED,
    Misfortune.PAGE,
)
"""After any of these nobody can know whether it was done."""
TRIES = 12
"""More often than any read is tried."""


# orders


@law(*PLACING, needs=("simulator",))
@story
async def test_an_order_that_never_left_is_unavailable(desk: Desk) -> None:
    """Nothing was sent: the one failure after which trying again is safe, and it has to be recognizable."""
    request = await desk.resting(await desk.account())
    account = await desk.account()
    desk.weather.strike(Misfortune.NEVER_CONNECTS, effect=Effect.ORDER)
    found = await outcome(desk.session.place_order, account, request)
    assert isinstance(found, Unavailable), f"it leads to {found!r}"
    assert not desk.simulator.received()
    assert desk.session.net.wire.count(Effect.ORDER) == 0


@law(*PLACING, needs=("simulator",))
@story
async def test_a_lost_answer_to_an_order_is_outcome_unknown(desk: Desk) -> None:
    """Brokers execute orders that they answer with 502, or not at all. It is neither rejected nor sent again."""
    account = await desk.account()
    request = await desk.resting(account)
    for misfortune in LOST:
        sent, orders = desk.session.net.wire.count(Effect.ORDER), len(desk.simulator.orders())
        desk.weather.strike(misfortune, effect=Effect.ORDER)
        found = await outcome(desk.session.place_order, account, request)
        assert isinstance(found, OutcomeUnknown), f"{misfortune} leads to {found!r}"
        left = desk.session.net.wire.count(Effect.ORDER) - sent
        assert left == 1, f"after {misfortune} the order was sent {left} times"
        await desk.weather.settle()
        await desk.clock.sleep(120)
        assert desk.session.net.wire.count(Effect.ORDER) - sent == 1, f"after {misfortune} it was sent again later"
        made = len(desk.simulator.orders()) - orders
        assert made == (misfortune in DONE), f"after {misfortune} there are {made} orders"


@law(*PLACING, needs=("simulator",))
@story
async def test_too_many_requests_is_no_rejection(desk: Desk) -> None:
    """The broker asks to wait and says how long; the order was not looked at, and nobody sends it again by itself."""
    account = await desk.account()
    request = await desk.resting(account)
    desk.weather.strike(Misfortune.TOO_MANY, effect=Effect.ORDER)
    found = await outcome(desk.session.place_order, account, request)
    assert isinstance(found, RateLimited), f"429 leads to {found!r}"
    assert found.retry_after == desk.weather.pause, f"to wait {desk.weather.pause:g} s, not {found.retry_after}"
    assert desk.session.net.wire.count(Effect.ORDER) == 1
    assert not desk.simulator.orders()


@law(*PLACING, needs=("simulator",))
@story
async def test_a_late_answer_is_an_answer(desk: Desk) -> None:
    """A slow broker is no silent one: an order that is given up too early is one that has to be looked for."""
    account = await desk.account()
    request = await desk.resting(account)
    desk.weather.strike(Misfortune.REPLY_LATE, effect=Effect.ORDER)
    found = await outcome(desk.session.place_order, account, request)
    assert isinstance(found, Ack), f"a slow answer leads to {found!r}"
    assert [order.order_id for order in desk.simulator.orders()] == [found.order_id]


@law("cancel_order", "open_orders", *PLACING, needs=("simulator",))
@story
async def test_a_lost_answer_to_a_cancel_is_outcome_unknown(desk: Desk) -> None:
    """The order may live or have ended: to think either without looking is wrong half the time."""
    account = await desk.account()
    for number, misfortune in enumerate(LOST):
        ack, _ = await desk.placed(account, number=number % 3)
        await desk.settle()
        [order] = [each for each in await desk.session.open_orders(account) if each.order_id == ack.order_id]
        sent = desk.session.net.wire.count(Effect.CANCEL)
        desk.weather.strike(misfortune, effect=Effect.CANCEL)
        found = await outcome(desk.session.cancel_order, account, order)
        assert isinstance(found, OutcomeUnknown), f"{misfortune} leads to {found!r}"
        assert desk.session.net.wire.count(Effect.CANCEL) == sent + 1, f"{misfortune}: it was sent again"
        await desk.weather.settle()


@law(*PLACING, needs=("simulator",))
@story
async def test_a_token_that_dies_on_the_way_costs_no_second_order(desk: Desk) -> None:
    """The broker refuses an order with a dead token and has not done it: an `AuthError`, or one order, never two."""
    account = await desk.account()
    request = await desk.resting(account)
    desk.weather.strike(Misfortune.TOKEN_EXPIRES, effect=Effect.ORDER)
    found = await outcome(desk.session.place_order, account, request)
    accepted = len(desk.simulator.orders())
    assert accepted == isinstance(found, Ack), f"{accepted} orders, and {found!r}"
    assert isinstance(found, Ack | AuthError), f"a dead token leads to {found!r}"


# reads


@law(*ANSWERS, needs=("simulator",))
@story
async def test_a_read_survives_a_bad_moment(desk: Desk) -> None:
    """To look twice does no harm: what fails once is asked again, and the answer is the same."""
    account, client_order_id = await history(desk)
    calls = reads(desk, account, client_order_id)
    for hook, call in calls.items():
        wanted = settled(await call())
        for misfortune in (Misfortune.NEVER_CONNECTS, *LOST, Misfortune.TOO_MANY):
            desk.weather.strike(misfortune, effect=Effect.READ)
            found = await outcome(call)
            assert not isinstance(found, BrokerError), f"{hook} after {misfortune} raises {found!r}"
            assert settled(found) == wanted, f"{hook} after {misfortune} differs"


def settled(answer: object) -> object:
    """What of an answer does not depend on the minute: how many records there are, and which."""
    if isinstance(answer, tuple):
        return [settled(item) for item in answer]
    names = ("account_id", "order_id", "currency", "raw_symbol", "instrument", "fill", "status", "filled_quantity")
    return [type(answer).__name__, *[getattr(answer, name, None) for name in names]]


@law(*ANSWERS, needs=("simulator",))
@story
async def test_an_error_never_looks_like_an_empty_answer(desk: Desk) -> None:
    """To hold nothing and not to know are opposites for a trader: what goes wrong for good is raised."""
    account, client_order_id = await history(desk)
    for hook, call in reads(desk, account, client_order_id).items():
        for misfortune in (Misfortune.NEVER_CONNECTS, *LOST, Misfortune.TOO_MANY):
            for _ in range(TRIES):
                desk.weather.strike(misfortune, effect=Effect.READ)
            found = await outcome(call)
            assert isinstance(found, BrokerError), f"{hook} in {misfortune} returns {found!r}"
            assert not isinstance(found, PluginError), f"{hook} in {misfortune} raises {found!r}"
            clear(desk)
            await desk.clock.sleep(60)


def clear(desk: Desk) -> None:
    """No misfortune any longer."""
    desk.weather._strikes.clear()


@law(*ANSWERS, "renew_session", needs=("simulator",))
@story
async def test_a_token_may_die_at_any_step(desk: Desk) -> None:
    """Between any two pages: the session renews, and the answer is whole."""
    account, client_order_id = await history(desk)
    for hook, call in reads(desk, account, client_order_id).items():
        wanted = settled(await call())
        desk.weather.strike(Misfortune.TOKEN_EXPIRES, effect=Effect.READ)
        found = await outcome(call)
        assert not isinstance(found, BrokerError), f"{hook} with a dying token raises {found!r}"
        assert settled(found) == wanted, f"{hook} with a dying token differs"


# sessions


@law(*ANSWERS, "close_session", needs=("simulator",))
@story(open_session=False)
async def test_opening_in_bad_weather_ends(desk: Desk) -> None:
    """It opens, or says by a typed error why not, within minutes: an app at start has other brokers to open."""
    for misfortune in Misfortune:
        for times in (1, 5 * TRIES):
            for _ in range(times):
                desk.weather.strike(misfortune)

            async def look() -> object:
                async with desk.connected() as session:
                    return await session.accounts()

            began = desk.clock.monotonic()
            found = await outcome(look)
            assert not isinstance(found, PluginError), f"{misfortune} leads to {found!r}"
            assert desk.clock.monotonic() - began < 900, f"in {misfortune} it took too long"
            clear(desk)
            desk.secrets = desk.simulator.secrets()
            await desk.clock.sleep(60)


@law(*ANSWERS, needs=("simulator",))
@story
async def test_a_clock_that_jumps_does_no_harm(desk: Desk) -> None:
    """Machines wake from sleep and correct their time; sessions go on, orders still leave once."""
    for hours in (1, -2, 1):
        desk.clock.jump(hours * 3600)
        found = await outcome(desk.session.accounts)
        assert not isinstance(found, BrokerError) or isinstance(found, AuthError), f"{hours} h lead to {found!r}"
        if isinstance(found, BrokerError):
            continue
        if desk.broker.offers("place_order"):
            sent = desk.session.net.wire.count(Effect.ORDER)
            placed = await outcome(desk.placed)
            assert not isinstance(placed, BrokerError), f"{hours} h lead to {placed!r}"
            assert desk.session.net.wire.count(Effect.ORDER) == sent + 1
