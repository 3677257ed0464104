"""Logging in: OAuth 2 with PKCE, refresh tokens that rotate, a new login every seven days."""

from __future__ import annotations

from collections.abc import Mapping

from polybroker.auth import oauth2
from polybroker.errors import AuthError, ReauthRequired
from polybroker.model.login import LoginAttempt, LoginStep, Secrets
from polybroker.net import Effect, Net
from polybroker.session import Session
from polybroker_template import client
from polybroker_template.facts import INFO


async def begin_login(config: Mapping[str, str], attempt: LoginAttempt) -> LoginStep:
    """A page on which the person agrees."""
    url = oauth2.authorization_url(
        f"{_login(attempt)}/authorize", attempt, client_id=config["client_id"], scope="read trade"
    )
    return LoginStep(attempt=attempt, url=url, instructions="Log in to Template and allow the app to trade.")


async def redeem_login(config: Mapping[str, str], attempt: LoginAttempt, reply: Mapping[str, str], net: Net) -> Secrets:
    """The tokens for the code that came back."""
    return await oauth2.redeem_code(
        net,
        f"{_login(attempt)}/token",
        attempt,
        reply,
        client_id=config["client_id"],
        login_lifetime=INFO.login_lifetime,
    )


async def open_session(session: Session) -> None:
    """See whether the broker takes the token, and renew one that has run out since it was saved."""
    if "access_token" not in session.secrets.values:
        raise ReauthRequired("there is no access token: log in")
    try:
        await client.accounts(session)
    except ReauthRequired:
        raise
    except AuthError:
        await session.renew()


async def renew_session(session: Session) -> Secrets:
    """New tokens. The refresh token changes with every use."""
    return await oauth2.refresh(
        session.net,
        f"{session.environment.endpoints['login']}/token",
        session.secrets,
        client_id=session.config["client_id"],
    )


async def close_session(session: Session) -> None:
    """There is nothing to close at the broker: its tokens outlive the connection."""


async def revoke_login(session: Session) -> None:
    """The broker forgets all tokens of this login."""
    await session.net.http.request(
        "POST",
        f"{session.environment.endpoints['login']}/revoke",
        endpoint="revoke",
        effect=Effect.AUTH,
        form={"token": session.secrets.values["refresh_token"], "client_id": session.config["client_id"]},
    )


def _login(attempt: LoginAttempt) -> str:
    """Where the environment that the login is for has its login."""
    return next(each.endpoints["login"] for each in INFO.environments if each.name == attempt.environment)
