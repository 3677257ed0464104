"""Laws about logins: a person is led to the broker and back, and what comes back is bound to who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from attrs import frozen

from polybroker.auth.attempts import Redeemed, check_reply, code_challenge, new_attempt, reply_of
from polybroker.errors import AuthError, BrokerError
from polybroker.model.login import LoginAttempt, LoginStep, Secrets
from polybroker.net import Effect, Net, open_net
from polybroker.net.hosts import is_loopback
from polybroker.testing.desk import Desk
from polybroker.testing.laws import law
from polybroker.testing.simulator.misfortune import Misfortune
from polybroker.testing.stories import story
from polybroker.testing.tour import outcome

REDIRECT = "http://127.0.0.1:8123/back"
LOGIN = ("begin_login", "redeem_login")


@frozen
class Login:
    """A login under way."""

    desk: Desk
    net: Net
    attempt: LoginAttempt
    step: LoginStep

    async def redeem(self, reply: dict[str, str] | None = None) -> Secrets:
        """What the broker gives for the reply; by default for what a person comes back with."""
        given = self.reply() if reply is None else reply
        desk = self.desk
        return await desk.broker.redeem_login(desk.simulator.config, self.step.attempt, given, self.net)

    def reply(self) -> dict[str, str]:
        """What comes back from the page after a person has agreed, checked as the core does."""
        assert self.step.url, "a login without a page is not tried here"
        back = self.desk.simulator.approve(self.step.url)
        found = reply_of(back)
        check_reply(self.step.attempt, found, self.desk.clock, Redeemed(), redirected=back)
        return found


@asynccontextmanager
async def begun(desk: Desk) -> AsyncIterator[Login]:
    """A login that was begun."""
    environment = desk.simulator.environment
    attempt = new_attempt(desk.broker.id, environment.name, desk.clock, redirect_uri=REDIRECT)
    async with open_net(environment.hosts, clock=desk.clock, transport=desk.tap) as net:
        step = await desk.broker.begin_login(desk.simulator.config, attempt, net)
        yield Login(desk, net, attempt, step)


@law(*LOGIN, "open_session", "accounts", needs=("simulator",))
@story(open_session=False)
async def test_a_login_leads_to_a_session(desk: Desk) -> None:
    """The whole way: the page, the person's consent, the secrets, and an open session with them."""
    async with begun(desk) as login:
        secrets = await login.redeem()
    async with desk.connected(secrets) as session:
        found = {account.account_id for account in await session.accounts()}
        assert found == set(desk.simulator.account_ids)


@law(*LOGIN, needs=("simulator",))
@story(open_session=False)
async def test_the_page_is_bound_to_its_attempt(desk: Desk) -> None:
    """State and challenge are what tells this person's answer from one that an attacker slipped in."""
    async with begun(desk) as login:
        if login.step.url is None:
            return
        asked = {name: values[0] for name, values in parse_qs(urlsplit(login.step.url).query).items()}
        if login.step.attempt.request_token is not None:
            return  # OAuth 1.0a binds by its request token
        assert asked.get("state") == login.attempt.state, "the page does not carry the state"
        assert asked.get("redirect_uri") == REDIRECT, "the page leads back to another address"
        if desk.info.pkce:
            assert login.attempt.code_verifier is not None
            assert asked.get("code_challenge") == code_challenge(login.attempt.code_verifier)
            assert asked.get("code_challenge_method") == "S256"


@law(*LOGIN, needs=("simulator",))
@story(open_session=False)
async def test_the_page_is_encrypted_and_says_no_secret(desk: Desk) -> None:
    """The address of a page ends up in histories, logs and referrers; a verifier in it protects nobody."""
    async with begun(desk) as login:
        if login.step.url is None:
            return
        url = urlsplit(login.step.url)
        assert url.scheme == "https" or is_loopback(url.hostname or ""), login.step.url
        for secret in (login.attempt.code_verifier, login.step.attempt.request_token_secret):
            assert secret is None or secret.reveal() not in login.step.url, "the page's address has a secret in it"


@law(*LOGIN, needs=("simulator",))
@story(open_session=False)
async def test_a_wrong_answer_is_refused(desk: Desk) -> None:
    """A code that the broker does not know yields an `AuthError`, never secrets that work nowhere."""
    async with begun(desk) as login:
        reply = login.reply()
        for name in reply:
            if name != "state":
                found = await outcome(login.redeem, {**reply, name: "n0nsense-n0nsense"})
                assert isinstance(found, BrokerError), f"a wrong {name} leads to {found!r}"
                assert isinstance(found, AuthError) or found.code, f"a wrong {name} leads to {found!r}"


@law(*LOGIN, needs=("simulator",))
@story(open_session=False)
async def test_an_answer_is_redeemed_once(desk: Desk) -> None:
    """A code is good once; sent again after a lost reply, careful brokers revoke what it was exchanged for."""
    async with begun(desk) as login:
        reply = login.reply()
        sent = login.net.wire.count()
        desk.weather.strike(Misfortune.REPLY_LOST)
        found = await outcome(login.redeem, reply)
        assert isinstance(found, BrokerError), f"a lost reply leads to {found!r}"
        left = login.net.wire.count() - sent
        assert left == 1, f"the answer was sent {left} times"
        assert login.net.wire.count(Effect.READ) == login.net.wire.count() - login.net.wire.count(Effect.AUTH)


@law(*LOGIN, needs=("simulator",))
@story(open_session=False)
async def test_a_login_states_how_long_it_is_good_for(desk: Desk) -> None:
    """The day on which a person has to log in again must not come as a surprise in the middle of a trade."""
    async with begun(desk) as login:
        secrets = await login.redeem()
    now, slack = desk.clock.now(), timedelta(seconds=1)
    assert secrets.values, "the login has yielded no secret"
    if desk.info.access_lifetime is not None:
        assert secrets.access_expires_at is not None, "the secrets do not say when they end"
        assert abs(secrets.access_expires_at - now - desk.info.access_lifetime) <= slack
    if desk.info.login_lifetime is not None:
        ends = [end for end in (secrets.login_again_by, secrets.refresh_expires_at) if end is not None]
        assert ends, "the secrets do not say when a person has to log in again"
        assert abs(min(ends) - now - desk.info.login_lifetime) <= slack
