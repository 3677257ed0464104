"""The simulated login: an OAuth server with PKCE, refresh tokens that rotate, and an end after seven days."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from attrs import define, field

from polybroker.net import Clock
from polybroker.testing.simulator import App, Reply, Request, json_reply

ACCESS: Final = timedelta(minutes=30)
LOGIN: Final = timedelta(days=7)
CODE: Final = timedelta(minutes=1)
CLIENT_ID: Final = "simulated-app"
REVOKED, EXPIRED = "token_revoked", "token_expired"


@define(eq=False)
class Grant:
    """What a person has agreed to once."""

    began: datetime
    refresh_token: str = ""
    access_tokens: dict[str, datetime] = field(factory=dict)
    """With the end of each."""
    revoked: bool = False


@define(eq=False)
class LoginServer:
    """Codes, grants and tokens."""

    clock: Clock
    _codes: dict[str, tuple[dict[str, str], datetime]] = field(factory=dict)
    _grants: list[Grant] = field(factory=list)
    _numbers: Iterator[int] = field(factory=lambda: itertools.count(1))

    def add_to(self, app: App) -> None:
        """Serve the login's paths."""
        app.route("POST", "/token", self._token)
        app.route("POST", "/revoke", self._revoke)

    def approve(self, url: str) -> str:
        """A person agrees on the page `url`; where they are sent."""
        asked = dict(parse_qsl(urlsplit(url).query))
        if asked["response_type"] != "code" or asked["client_id"] != CLIENT_ID:
            raise ValueError("not a login of this app")
        if asked.get("code_challenge_method") != "S256":
            raise ValueError("no PKCE")
        code = self._text("code")
        self._codes[code] = (asked, self.clock.now() + CODE)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def new_grant(self) -> Grant:
        """A grant with its first tokens."""
        grant = Grant(self.clock.now())
        self._grants.append(grant)
        self._issue(grant)
        return grant

    def fault(self, token: str | None) -> str | None:
        """What is wrong with an access token; None: it is good."""
        for grant in self._grants:
            if token in grant.access_tokens:
                if grant.revoked or self._over(grant):
                    return REVOKED
                return EXPIRED if self.clock.now() >= grant.access_tokens[token] else None
        return REVOKED

    def expire(self) -> None:
        """All access tokens end now."""
        for grant in self._grants:
            grant.access_tokens = dict.fromkeys(grant.access_tokens, self.clock.now())

    def revoke(self) -> None:
        """All grants end now."""
        for grant in self._grants:
            grant.revoked = True

    async def _token(self, request: Request) -> Reply:
        form = request.form
        if form.get("client_id") != CLIENT_ID:
            return json_reply({"error": "invalid_client"}, 401)
        grant = self._redeemed(form) if form.get("grant_type") == "authorization_code" else self._refreshed(form)
        if grant is None:
            return json_reply({"error": "invalid_grant"}, 400)
        access = self._issue(grant)
        seconds = int(ACCESS.total_seconds())
        return json_reply(
            {
                "access_token": access,
                "refresh_token": grant.refresh_token,
                "token_type": "bearer",
                "expires_in": seconds,
            }
        )

    async def _revoke(self, request: Request) -> Reply:
        for grant in self._grants:
            grant.revoked = grant.revoked or grant.refresh_token == request.form.get("token")
        return Reply(200)

    def _redeemed(self, form: Mapping[str, str]) -> Grant | None:
        asked, until = self._codes.pop(form.get("code", ""), ({}, self.clock.now()))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = self.clock.now() < until and asked.get("code_challenge") == challenge
        if not good or asked.get("redirect_uri") != form.get("redirect_uri"):
            return None
        grant = Grant(self.clock.now())
        self._grants.append(grant)
        return grant

    def _refreshed(self, form: Mapping[str, str]) -> Grant | None:
        token = form.get("refresh_token", "")
        grants = (grant for grant in self._grants if grant.refresh_token == token)
        return next((grant for grant in grants if not grant.revoked and not self._over(grant)), None)

    def _over(self, grant: Grant) -> bool:
        return self.clock.now() >= grant.began + LOGIN

    def _issue(self, grant: Grant) -> str:
        """A new access token and a new refresh token, which ends the old one."""
        access, grant.refresh_token = self._text("access"), self._text("refresh")
        grant.access_tokens[access] = self.clock.now() + ACCESS
        return access

    def _text(self, kind: str) -> str:
        return f"{kind}-{hashlib.sha256(f'{kind}{next(self._numbers)}'.encode()).hexdigest()[:40]}"
