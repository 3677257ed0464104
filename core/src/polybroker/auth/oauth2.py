"""OAuth 2 (RFC 6749, 7636, 9207): the address to send a person to, and the token endpoint.

A plugin calls these from its auth hooks; the requests go through the core's wire and leave at most once, since a
rotated refresh token must not be used twice.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from polybroker.auth.attempts import code_challenge
from polybroker.errors import AuthError, BrokerError, ErrorCode, PluginError, ReauthRequired, Unavailable
from polybroker.model.login import LoginAttempt, Secrets
from polybroker.model.secret import Secret
from polybroker.net import Effect, Net, exact_json

_LOGIN_ENDED: Final = frozenset({"invalid_grant", "refresh_token_authentication_error", "unsupported_token_type"})
"""Refusals that only a person logging in again can mend."""


def authorization_url(
    endpoint: str,
    attempt: LoginAttempt,
    *,
    client_id: str,
    scope: str | None = None,
    pkce: bool = True,
    more: Mapping[str, str] | None = None,
) -> str:
    """Where to send the person: response type `code`, the attempt's state, and the S256 challenge."""
    query = {"response_type": "code", "client_id": client_id, "state": attempt.state, **(more or {})}
    if attempt.redirect_uri is not None:
        query["redirect_uri"] = attempt.redirect_uri
    if scope is not None:
        query["scope"] = scope
    if pkce:
        if attempt.code_verifier is None:
            raise PluginError("an attempt without a verifier cannot use PKCE")
        query |= {"code_challenge": code_challenge(attempt.code_verifier), "code_challenge_method": "S256"}
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"


async def redeem_code(
    net: Net,
    endpoint: str,
    attempt: LoginAttempt,
    reply: Mapping[str, str],
    *,
    client_id: str,
    client_secret: Secret | None = None,
    pkce: bool = True,
    basic: bool = False,
    **life: timedelta | None,
) -> Secrets:
    """Exchange the code of `reply` for tokens. `basic`: the client proves itself by header instead of form."""
    if "code" not in reply:
        raise AuthError("the broker's answer holds no code")
    form: dict[str, Any] = {"grant_type": "authorization_code", "code": Secret(reply["code"])}
    if attempt.redirect_uri is not None:
        form["redirect_uri"] = attempt.redirect_uri
    if pkce:
        form["code_verifier"] = attempt.code_verifier
    return await _tokens(net, endpoint, form, client_id, client_secret, basic=basic, known=None, **life)


async def refresh(
    net: Net,
    endpoint: str,
    known: Secrets,
    *,
    client_id: str,
    client_secret: Secret | None = None,
    basic: bool = False,
    **life: timedelta | None,
) -> Secrets:
    """New tokens for old. A refresh token that the answer does not rotate stays; so does the day to log in again by."""
    token = known.values.get("refresh_token")
    if token is None:
        raise ReauthRequired("there is no refresh token: log in again", code=ErrorCode.AUTH_EXPIRED)
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await _tokens(net, endpoint, form, client_id, client_secret, basic=basic, known=known, **life)


async def client_credentials(
    net: Net, endpoint: str, *, client_id: str, client_secret: Secret, scope: str | None = None, basic: bool = False
) -> Secrets:
    """Tokens for a program of its own right."""
    form: dict[str, Any] = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    return await _tokens(net, endpoint, form, client_id, client_secret, basic=basic, known=None)


async def password_grant(
    net: Net,
    endpoint: str,
    *,
    client_id: str,
    username: str,
    password: Secret,
    client_secret: Secret | None = None,
    basic: bool = False,
) -> Secrets:
    """Tokens for name and password, for brokers that still offer nothing better."""
    form = {"grant_type": "password", "username": username, "password": password}
    return await _tokens(net, endpoint, form, client_id, client_secret, basic=basic, known=None)


async def _tokens(
    net: Net,
    endpoint: str,
    form: Mapping[str, Any],
    client_id: str,
    client_secret: Secret | None,
    *,
    basic: bool,
    known: Secrets | None,
    login_lifetime: timedelta | None = None,
) -> Secrets:
    headers: dict[str, Any] = {}
    whole = dict(form)
    if basic:
        pair = f"{client_id}:{client_secret.reveal() if client_secret else ''}"
        headers["Authorization"] = Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")
    else:
        whole["client_id"] = client_id
        if client_secret is not None:
            whole["client_secret"] = client_secret
    response = await net.http.request(
        "POST",
        endpoint,
        endpoint="token",
        effect=Effect.AUTH,
        form=whole,
        headers=headers,
        refused=refused_by_token_endpoint,
    )
    return _secrets(net, exact_json(response), known, login_lifetime)


def refused_by_token_endpoint(response: httpx.Response) -> BrokerError | None:
    """The token endpoint's refusal (RFC 6749, section 5.2), also where it hides in a 200."""
    try:
        body = exact_json(response)
    except ValueError:
        return None
    if not isinstance(body, dict) or "error" not in body:
        return None
    error = str(body["error"])[:80]
    if error in _LOGIN_ENDED:
        return ReauthRequired(f"the login has ended ({error}): log in again", code=ErrorCode.AUTH_REVOKED)
    if error in ("temporarily_unavailable", "server_error"):
        return Unavailable(f"the token endpoint is busy ({error})")
    return AuthError(f"the token endpoint refused ({error})", code=ErrorCode.AUTH_REVOKED)


def _secrets(net: Net, body: Any, known: Secrets | None, login_lifetime: timedelta | None) -> Secrets:
    if not isinstance(body, dict) or not isinstance(body.get("access_token"), str) or not body["access_token"]:
        raise AuthError("the token endpoint's answer holds no access token")
    now = net.clock.now()
    values = dict(known.values) if known else {}
    names = ("access_token", "refresh_token", "id_token")
    values |= {name: Secret(body[name]) for name in names if isinstance(body.get(name), str) and body[name]}
    for secret in values.values():
        net.redactor.learn(secret)
    again = known.login_again_by if known else (now + login_lifetime if login_lifetime else None)
    refresh_ends = known.refresh_expires_at if known else None
    if "refresh_token_expires_in" in body:
        refresh_ends = now + _seconds(body["refresh_token_expires_in"])
    return Secrets(
        values=values,
        access_expires_at=now + _seconds(body["expires_in"]) if body.get("expires_in") is not None else None,
        refresh_expires_at=refresh_ends,
        login_again_by=again,
    )


def _seconds(value: Any) -> timedelta:
    try:
        seconds = int(value)
    except (TypeError, ValueError):
        raise AuthError("the token endpoint's answer has a lifetime that is no number") from None
    if not 0 <= seconds <= 10**9:
        raise AuthError("the token endpoint's answer has an impossible lifetime")
    return timedelta(seconds=seconds)
