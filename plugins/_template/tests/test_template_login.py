"""Logging in, staying logged in, and the end of it."""

from __future__ import annotations

from typing import Any

import pytest

from polybroker.auth.attempts import Redeemed, check_reply, new_attempt, reply_of
from polybroker.broker import Broker
from polybroker.errors import AuthError, ReauthRequired
from polybroker.model.login import Secrets
from polybroker.net import open_net
from polybroker.testing.clock import VirtualClock
from polybroker_template.facts import BROKER, INFO
from polybroker_template.testing import SimulatedBroker

pytestmark = pytest.mark.anyio


async def test_a_person_logs_in(broker: Broker, connect: Any, simulator: SimulatedBroker, clock: VirtualClock) -> None:
    attempt = new_attempt(BROKER, "demo", clock, redirect_uri="http://127.0.0.1:8765/callback")
    async with open_net(simulator.environment.hosts, transport=simulator.exchange(clock), clock=clock) as net:
        step = await broker.begin_login(simulator.config, attempt, net)
        assert step.url is not None
        address = simulator.approve(step.url)
        reply = reply_of(address)
        check_reply(attempt, reply, clock, Redeemed(), redirected=address)
        secrets = await broker.redeem_login(simulator.config, attempt, reply, net)
        with pytest.raises(AuthError):
            await broker.redeem_login(simulator.config, attempt, reply, net)
    assert INFO.login_lifetime is not None
    assert secrets.login_again_by == clock.now() + INFO.login_lifetime
    async with connect(secrets=secrets) as session:
        assert len(await session.accounts()) == 2


async def test_tokens_that_run_out_are_renewed_and_saved_first(
    connect: Any, simulator: SimulatedBroker, clock: VirtualClock
) -> None:
    saved: list[Secrets] = []

    async def save(secrets: Secrets) -> None:
        saved.append(secrets)

    async with connect(save_secrets=save) as session:
        simulator.expire_tokens()
        assert len(await session.accounts()) == 2
        assert INFO.access_lifetime is not None
        clock.advance(INFO.access_lifetime.total_seconds())
        assert len(await session.accounts()) == 2
        assert len(saved) == 2
        assert session.secrets is saved[-1]
    clock.advance(INFO.access_lifetime.total_seconds())
    async with connect(secrets=saved[-1], save_secrets=save):
        assert len(saved) == 3


async def test_a_stream_outlives_its_token(connect: Any, simulator: SimulatedBroker) -> None:
    async with connect() as session, session.quote_stream(simulator.instruments) as quotes:
        await anext(aiter(quotes))
        before = session.secrets
        simulator.expire_tokens()
        async for _ in quotes:
            if session.secrets is not before:
                break


async def test_the_end_of_a_login_needs_a_person(connect: Any, simulator: SimulatedBroker) -> None:
    async with connect() as session:
        await session.revoke()
        with pytest.raises(ReauthRequired):
            await session.accounts()
    secrets = simulator.secrets()
    simulator.revoke_login()
    with pytest.raises(ReauthRequired):
        async with connect(secrets=secrets):
            pass
    with pytest.raises(ReauthRequired):
        async with connect(secrets=Secrets()):
            pass
