"""Tokens: what is asked, what is kept, what a refusal means."""

from __future__ import annotations

import base64
import hmac
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote

import pytest

from polybroker.auth.attempts import new_attempt
from polybroker.auth.oauth1 import signed_headers
from polybroker.auth.oauth2 import client_credentials, password_grant, redeem_code, refresh
from polybroker.errors import AuthError, BrokerError, OutcomeUnknown, ReauthRequired, Unavailable
from polybroker.model.login import Secrets
from polybroker.model.secret import Secret
from polybroker.net import Effect, open_net

pytestmark = pytest.mark.anyio

TOKEN = "https://acme.test/token"
GOOD = {"access_token": "acc-1", "refresh_token": "ref-1", "expires_in": 1800, "token_type": "Bearer"}


async def test_a_code_becomes_tokens_with_their_lifetimes(token_server: Any, clock: Any) -> None:
    server = token_server(lambda form: (200, GOOD))
    attempt = new_attempt("acme", "demo", clock, redirect_uri="https://127.0.0.1/cb")
    async with open_net(["acme.test"], clock=clock, transport=server) as net:
        secrets = await redeem_code(
            net, TOKEN, attempt, {"code": "C0@"}, client_id="me", login_lifetime=timedelta(days=7)
        )
    assert attempt.code_verifier is not None
    assert server.forms == [
        {
            "grant_type": "authorization_code",
            "code": "C0@",
            "redirect_uri": "https://127.0.0.1/cb",
            "code_verifier": attempt.code_verifier.reveal(),
            "client_id": "me",
        }
    ]
    assert secrets.values["access_token"] == Secret("acc-1")
    assert secrets.access_expires_at == clock.time + timedelta(minutes=30)
    assert secrets.login_again_by == clock.time + timedelta(days=7)
    assert "acc-1" not in repr(secrets)


async def test_a_refresh_keeps_what_the_answer_does_not_rotate(token_server: Any, clock: Any) -> None:
    known = Secrets(
        values={"access_token": Secret("old"), "refresh_token": Secret("ref-0"), "account_key": Secret("k")},
        login_again_by=clock.time + timedelta(days=2),
    )
    answers = [(200, {"access_token": "acc-2", "expires_in": "90"}), (200, GOOD)]
    server = token_server(lambda form: answers.pop(0))
    async with open_net(["acme.test"], clock=clock, transport=server) as net:
        kept = await refresh(net, TOKEN, known, client_id="me", client_secret=Secret("hush"), basic=True)
        rotated = await refresh(net, TOKEN, kept, client_id="me")
    assert kept.values["refresh_token"] == Secret("ref-0")
    assert kept.values["account_key"] == Secret("k")
    assert rotated.values["refresh_token"] == Secret("ref-1")
    assert kept.login_again_by == rotated.login_again_by == known.login_again_by
    assert server.headers[0]["authorization"] == "Basic " + base64.b64encode(b"me:hush").decode()
    assert "client_secret" not in server.forms[0]


async def test_other_grants_ask_for_what_they_are(token_server: Any, clock: Any) -> None:
    server = token_server(lambda form: (200, GOOD))
    async with open_net(["acme.test"], clock=clock, transport=server) as net:
        await client_credentials(net, TOKEN, client_id="me", client_secret=Secret("hush"), scope="read")
        await password_grant(net, TOKEN, client_id="me", username="ann", password=Secret("pw-123"))
    assert [form["grant_type"] for form in server.forms] == ["client_credentials", "password"]
    assert server.forms[1]["password"] == "pw-123"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"error": "invalid_grant"}), ReauthRequired),
        ((200, {"error": "invalid_grant"}), ReauthRequired),
        ((400, {"error": "unsupported_token_type"}), ReauthRequired),
        ((401, {"error": "invalid_client"}), AuthError),
        ((503, {"error": "temporarily_unavailable"}), Unavailable),
        ((200, {"token_type": "Bearer"}), AuthError),
        ((200, {"access_token": "", "expires_in": 1}), AuthError),
        ((200, {"access_token": "a", "expires_in": "soon"}), AuthError),
        ((200, {"access_token": "a", "expires_in": -1}), AuthError),
        ((200, []), AuthError),
        ((500, {}), OutcomeUnknown),
        (None, OutcomeUnknown),
    ],
)
async def test_a_refusal_is_typed_and_asked_only_once(
    token_server: Any, clock: Any, answer: Any, error: type[BrokerError]
) -> None:
    server = token_server(lambda form: answer)
    known = Secrets(values={"refresh_token": Secret("ref-canary")})
    async with open_net(["acme.test"], clock=clock, transport=server) as net:
        with pytest.raises(BrokerError) as caught:
            await refresh(net, TOKEN, known, client_id="me")
        assert net.wire.count(Effect.AUTH) == 1
    assert type(caught.value) is error
    assert "canary" not in str(caught.value)


async def test_without_a_refresh_token_nothing_is_asked(token_server: Any, clock: Any) -> None:
    server = token_server(lambda form: (200, GOOD))
    async with open_net(["acme.test"], clock=clock, transport=server) as net:
        with pytest.raises(ReauthRequired):
            await refresh(net, TOKEN, Secrets(), client_id="me")
    assert server.forms == []


def test_the_signature_is_that_of_rfc_5849() -> None:
    """Section 3.4: HMAC-SHA1 over method, base URL and sorted parameters, worked out here by hand."""
    header = signed_headers(
        "GET",
        "http://photos.example.net/photos?file=vacation.jpg&size=original",
        client_key="dpf43f3p2l4k3l03",
        client_secret=Secret("kd94hf93k423kf44"),
        token=Secret("nnch734d00sl2jdk"),
        token_secret=Secret("pfkkdhi9sl3r4s00"),
        nonce="kllo9940pd9333jh",
        timestamp=1191242096,
    )["Authorization"]
    sent = dict(re.findall(r'(oauth_\w+)="([^"]*)"', header.reveal()))
    signature = base64.b64decode(unquote(sent.pop("oauth_signature")))
    pairs = sorted({**sent, "file": "vacation.jpg", "size": "original"}.items())
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = f"GET&{quote('http://photos.example.net/photos', safe='')}&{quote(joined, safe='')}"
    assert signature == hmac.digest(b"kd94hf93k423kf44&pfkkdhi9sl3r4s00", base.encode(), "sha1")
    assert sent["oauth_signature_method"] == "HMAC-SHA1"
    assert "kd94hf93" not in repr(header)
