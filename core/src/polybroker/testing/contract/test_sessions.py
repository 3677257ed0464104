"""Laws about sessions: they open, renew and end without harm, and keep what they know to themselves."""

from __future__ import annotations

import logging
from datetime import timedelta

import anyio

from polybroker.errors import AuthError, BrokerError, ErrorCode, Unsupported
from polybroker.matrix import HOOKS
from polybroker.net import Effect
from polybroker.net.hosts import is_loopback
from polybroker.testing.audit import watched
from polybroker.testing.desk import BEGINNING, Desk
from polybroker.testing.laws import SESSION, law
from polybroker.testing.simulator.misfortune import Misfortune
from polybroker.testing.stories import story
from polybroker.testing.tour import everything_secret, leaks, outcome, reads, told, tour


@law("open_session", "close_session", "accounts", needs=(SESSION,))
@story(open_session=False)
async def test_opening_and_closing_touches_no_order(desk: Desk) -> None:
    """A session is opened to look as often as to trade: whoever connects twice a minute must not move a thing."""
    for _ in range(2):
        async with desk.connected() as session:
            assert await session.accounts(), "the login sees no account"
        assert session.net.wire.count(Effect.ORDER) == 0
        assert session.net.wire.count(Effect.CANCEL) == 0


@law("open_session", "accounts", needs=("simulator",))
@story(open_session=False)
async def test_a_dead_login_is_said_at_once(desk: Desk) -> None:
    """A login that was revoked needs a person: an `AuthError`, from opening or the first look, never an empty list."""
    desk.simulator.revoke_login()

    async def look() -> object:
        async with desk.connected() as session:
            return await session.accounts()

    found = await outcome(look)
    assert isinstance(found, AuthError), f"a revoked login leads to {found!r}"


@law("open_session", "renew_session", "accounts", needs=("simulator",))
@story
async def test_a_session_outlives_its_tokens(desk: Desk) -> None:
    """Access tokens are short-lived by design; an app that runs for days never notices."""
    lifetime = desk.info.access_lifetime or timedelta(hours=1)
    for _ in range(3):
        before = desk.session.secrets
        desk.clock.advance((lifetime * 1.5).total_seconds())
        assert await desk.session.accounts()
        if before.access_expires_at is not None:
            assert desk.session.secrets is not before, "the secrets have run out and were not renewed"


@law("open_session", "renew_session", "accounts", needs=("simulator",))
@story
async def test_an_expired_token_is_renewed_in_the_middle_of_a_call(desk: Desk) -> None:
    """Brokers end tokens early. That answer has to be told from a revoked login, or a person is called for nothing."""
    desk.simulator.expire_tokens()
    assert await desk.session.accounts()


@law("open_session", "renew_session", "accounts", needs=("simulator",))
@story
async def test_one_renewal_is_in_flight(desk: Desk) -> None:
    """A refresh token that is used twice is a theft to many brokers, and ends the login."""
    start = desk.session.net.wire.count(Effect.AUTH)
    await desk.session.renew()
    once = desk.session.net.wire.count(Effect.AUTH) - start
    desk.simulator.expire_tokens()
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(desk.session.accounts)
    again = desk.session.net.wire.count(Effect.AUTH) - start - once
    assert again == once, f"a renewal takes {once} requests, but 8 calls at once sent {again}"


@law("open_session", "renew_session", "accounts", needs=("simulator",))
@story
async def test_a_dead_token_is_never_used_again(desk: Desk) -> None:
    """After a renewal the old token is dead: whatever still carries it fails, and looks like a thief's."""
    before = desk.session.secrets
    await desk.session.accounts()
    await desk.session.renew()
    after = desk.session.secrets
    dead = [secret for name, secret in before.values.items() if after.values.get(name) != secret]
    assert dead, "the renewal brought no new secret"
    start = len(desk.tapped)
    await desk.session.accounts()
    if desk.broker.offers("place_order"):
        await desk.placed()
    for tap in desk.tapped[start:]:
        assert not any(secret.reveal() in tap.text for secret in dead), f"{tap.request.url} carries a dead secret"


@law("open_session", "renew_session", needs=("simulator",))
@story
async def test_renewed_secrets_are_complete(desk: Desk) -> None:
    """An app saves what a renewal brings and nothing else: what is not in it is lost when the app starts again."""
    before = desk.session.secrets
    await desk.session.renew()
    assert desk.saved == [desk.session.secrets]
    missing = before.values.keys() - desk.session.secrets.values.keys()
    assert not missing, f"the renewal has lost {', '.join(sorted(missing))}"
    async with desk.connected(desk.saved[-1]) as later:
        assert await later.accounts()


@law("open_session", "renew_session", needs=("simulator",))
@story
async def test_lifetimes_are_what_the_broker_keeps(desk: Desk) -> None:
    """Renewals are planned by these dates: one that promises too much lets an order meet a dead token."""
    await desk.session.renew()
    secrets, now = desk.session.secrets, desk.clock.now()
    lifetime = desk.info.access_lifetime
    if lifetime is not None:
        assert secrets.access_expires_at is not None, "broker_info has an access_lifetime, the secrets have no end"
        assert abs(secrets.access_expires_at - now - lifetime) <= timedelta(seconds=1), secrets.access_expires_at
    if secrets.access_expires_at is not None:
        requests = desk.session.net.wire.count(Effect.AUTH)
        desk.clock.advance((secrets.access_expires_at - now).total_seconds() - 61)
        await desk.session.accounts()
        assert desk.session.net.wire.count(Effect.AUTH) == requests, "the token died before its time"


@law("open_session", "revoke_login", "accounts", needs=("simulator",))
@story
async def test_a_revoked_login_is_worthless(desk: Desk) -> None:
    """Who revokes a login has lost a laptop: every secret of it has to be dead at the broker."""
    secrets = desk.session.secrets
    await desk.session.revoke()

    async def look() -> object:
        async with desk.connected(secrets) as session:
            return await session.accounts()

    found = await outcome(look)
    assert isinstance(found, AuthError), f"a revoked login leads to {found!r}"


@law("open_session", "accounts", needs=(SESSION,))
@story
async def test_hooks_that_are_not_offered_send_nothing(desk: Desk) -> None:
    """An app asks what it may show by trying: `Unsupported` costs nothing, and comes before anything is sent."""
    account = await desk.account()
    request = await desk.resting(account)
    session, now = desk.session, desk.clock.now()
    sent = len(session.net.wire)
    calls = {
        "balances": lambda: session.balances(account),
        "positions": lambda: session.positions(account),
        "executions": lambda: session.executions(account, now),
        "preview_order": lambda: session.preview_order(account, request),
        "order_by_client_id": lambda: session.order_by_client_id(account, "X1"),
        "quotes": lambda: session.quotes([request.instrument]),
        "option_chain": lambda: session.option_chain(request.instrument.symbol),
        "search_instruments": lambda: session.search_instruments("A"),
        "price_history": lambda: session.price_history(request.instrument, now, now, timedelta(minutes=1)),
        "market_hours": lambda: session.market_hours("equity", now.date()),
        "movers": lambda: session.movers("equity"),
    }
    for hook in HOOKS:
        if hook in calls and not desk.broker.offers(hook):
            found = await outcome(calls[hook])
            assert isinstance(found, Unsupported), f"{hook} is not offered and leads to {found!r}"
    assert len(session.net.wire) == sent, "something was sent"


@law("open_session", "accounts", needs=("simulator",))
@story
async def test_secrets_are_never_seen(desk: Desk) -> None:
    """Logs and error reports are read by many; a token in one of them is an account in strangers' hands."""
    texts: dict[str, str] = {}
    await desk.session.accounts()
    first = desk.session.secrets
    with logged() as lines:
        answers = await tour(desk)
        account, session = await desk.account(), desk.session
        for hook, answer in answers.items():
            texts[f"the answer of {hook}"] = f"{answer!r} {[getattr(item, 'raw', '') for item in listed(answer)]}"
        for misfortune in (Misfortune.REPLY_LOST, Misfortune.PAGE, Misfortune.NEVER_CONNECTS, Misfortune.TOO_MANY):
            for effect in Effect:
                desk.weather.strike(misfortune, effect=effect)
            for hook, call in reads(desk, account, "X1").items():
                texts[f"{hook} after {misfortune}"] = said(await outcome(call))
            if desk.broker.offers("place_order"):
                texts[f"place_order after {misfortune}"] = said(await outcome(desk.placed))
        for code in sorted(desk.simulator.provokes) if desk.broker.offers("place_order") else ():
            desk.simulator.provoke(code)
            texts[f"place_order after {code}"] = said(await outcome(desk.placed))
        texts["the session"] = f"{session!r} {session.secrets!r} {session.state!r}"
        desk.simulator.revoke_login()
        texts["accounts after a revoked login"] = said(await outcome(session.accounts))
    texts["the log"] = "\n".join(lines)
    desk.saved.append(first)
    found = leaks(everything_secret(desk), texts)
    assert not found, "; ".join(found)


@law("open_session", "accounts", needs=(SESSION,))
@story(open_session=False)
async def test_the_event_loop_is_never_held_up(desk: Desk) -> None:
    """A hook that waits without `await` stops everybody: the other brokers, the heartbeats, the cancel button."""
    with watched() as seen:
        async with desk.connected():
            await wander(desk)
    blocking = [entry for entry in seen if entry.blocks]
    assert not blocking, f"held up by {blocking[0]}"


@law("open_session", "accounts", needs=(SESSION,))
@story(open_session=False)
async def test_no_undeclared_host_is_contacted(desk: Desk) -> None:
    """A plugin's whole traffic goes through the core, to the hosts that it declares: nobody else learns of a trade."""
    with watched() as seen:
        async with desk.connected() as session:
            await wander(desk)
    elsewhere = [entry for entry in seen if entry.connects]
    assert not elsewhere, f"past the core: {elsewhere[0]}"
    declared = set(session.environment.hosts)
    for world in desk.info.environments:
        for purpose, url in world.endpoints.items():
            scheme, _, rest = url.partition("://")
            secure = scheme in ("https", "wss") or is_loopback(rest.split("/")[0].rpartition(":")[0] or rest)
            assert secure, f"{world.name}: {purpose} is {url}"
    for host in declared:
        assert host not in ("*", "*.*"), "every host is declared"
        assert not host.startswith("*.") or host.count(".") > 1, f"{host} are too many hosts"


@law("open_session", "accounts", needs=("simulator",))
@story(sockets=True)
async def test_every_address_comes_from_the_environment(desk: Desk) -> None:
    """Demo, live, a firm's own system: who writes an address into the code sends paper orders to the real market."""
    make = desk.subject.facts.simulator
    assert make is not None
    simulator = make()
    async with simulator.serve() as environment:
        secrets, config = simulator.secrets(), simulator.config
        async with desk.broker.connect(secrets=secrets, environment=environment, config=config) as session:
            found = {account.account_id for account in await session.accounts()}
            assert found == set(simulator.account_ids)
            if desk.broker.offers("renew_session"):
                await session.renew()
                assert await session.accounts()


@law("open_session", "accounts", needs=("simulator",))
@story
async def test_an_answer_that_says_expired_and_one_that_says_revoked_differ(desk: Desk) -> None:
    """The first is renewed in silence, the second needs a person; mixed up, an app locks itself out or nags."""
    for code in (ErrorCode.AUTH_EXPIRED, ErrorCode.AUTH_REVOKED):
        if code in desk.simulator.provokes and desk.broker.offers("place_order"):
            desk.simulator.provoke(code)
            found = await outcome(desk.placed)
            assert isinstance(found, AuthError), f"{code} leads to {found!r}"
            assert found.code is code, f"{code} is said to be {found.code}"


async def wander(desk: Desk) -> None:
    """Use all that can be used, here or on a simulator."""
    if desk.made is not None:
        await tour(desk)
        return
    account = await desk.account()
    for call in reads(desk, account, "X1").values():
        await outcome(call)
    if desk.broker.offers("place_order"):
        await outcome(desk.placed)
        await desk.session.orders(account, BEGINNING)


def listed(answer: object) -> list[object]:
    """The records of an answer."""
    return list(answer) if isinstance(answer, list | tuple) else [answer]


def said(found: object) -> str:
    """All that can be read of an outcome."""
    return told(found) if isinstance(found, BrokerError) else repr(found)


class logged(logging.Handler):  # noqa: N801 - a context manager
    """Every line that is logged within the block, from all loggers, at all levels."""

    def __enter__(self) -> list[str]:
        self.lines: list[str] = []
        self._level = logging.root.level
        logging.root.addHandler(self)
        logging.root.setLevel(logging.DEBUG)
        return self.lines

    def __exit__(self, *error: object) -> None:
        logging.root.removeHandler(self)
        logging.root.setLevel(self._level)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(self.format(record))
