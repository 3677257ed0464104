"""Login attempts: what is sent along with a person, and the proof that what comes back belongs to it.

An attempt is bound to one broker, environment and redirect address, good for ten minutes, and redeemed once.
It can be kept as JSON between two processes; its verifier and token secret are `Secret`s and have to be kept as such.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from polybroker.errors import AuthError, ErrorCode
from polybroker.model.login import LoginAttempt
from polybroker.model.secret import Secret
from polybroker.net.clock import Clock

GOOD_FOR: Final = timedelta(minutes=10)
_VERIFIER_BYTES: Final = 64


def new_attempt(
    broker_id: str, environment: str, clock: Clock, *, redirect_uri: str | None = None, issuer: str | None = None
) -> LoginAttempt:
    """A fresh attempt with its own state and PKCE verifier (86 characters)."""
    now = clock.now()
    return LoginAttempt(
        broker_id=broker_id,
        environment=environment,
        state=secrets.token_urlsafe(32),
        created_at=now,
        expires_at=now + GOOD_FOR,
        redirect_uri=redirect_uri,
        code_verifier=Secret(secrets.token_urlsafe(_VERIFIER_BYTES)),
        issuer=issuer,
    )


def code_challenge(verifier: Secret) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.reveal().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class Redeemed:
    """The states that were redeemed already; one of these for each app, or a durable one of the app's own."""

    def __init__(self) -> None:
        self._states: set[str] = set()

    def use(self, state: str) -> None:
        """Spend a state; `AuthError` where it was spent before."""
        if state in self._states:
            raise AuthError("this login was completed already: begin a new one")
        self._states.add(state)


def reply_of(redirected: str) -> dict[str, str]:
    """The parameters of the address that the broker sent the person back to, as pasted or received.

    Values are decoded once; a parameter that comes twice is an `AuthError`.
    """
    query = urlsplit(redirected.strip()).query or redirected.strip().lstrip("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise AuthError("the address has a parameter twice: begin a new login")
    return dict(pairs)


def check_reply(
    attempt: LoginAttempt, reply: Mapping[str, str], clock: Clock, redeemed: Redeemed, *, redirected: str | None = None
) -> None:
    """Prove that `reply` answers `attempt`; `AuthError` says why it does not.

    `redirected` is the whole address, where known: it has to be the attempt's redirect address to the letter,
    but for the query. Checked in this order: address, time, state, issuer, the broker's own refusal, single use.
    """
    if redirected is not None and attempt.redirect_uri is not None:
        arrived = urlsplit(redirected.strip())._replace(query="", fragment="").geturl()
        if arrived != attempt.redirect_uri:
            raise AuthError("the login came back to another address than it was sent to")
    if clock.now() >= attempt.expires_at:
        raise AuthError("the login took more than ten minutes: begin a new one")
    if attempt.request_token is None and not compare_digest(reply.get("state", ""), attempt.state):
        raise AuthError("the answer belongs to another login (its state differs)")
    if attempt.issuer is not None and reply.get("iss", attempt.issuer) != attempt.issuer:
        raise AuthError("the answer comes from another server than the login was sent to")
    if "error" in reply:
        words = reply.get("error_description") or reply["error"]
        raise AuthError(f"the broker refused the login: {words[:200]}", code=ErrorCode.AUTH_REVOKED)
    redeemed.use(attempt.state)
