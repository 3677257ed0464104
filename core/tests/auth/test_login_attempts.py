"""An attempt is redeemed once, in time, by the answer that belongs to it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from polybroker.auth.attempts import Redeemed, check_reply, code_challenge, new_attempt, reply_of
from polybroker.auth.oauth2 import authorization_url
from polybroker.errors import AuthError
from polybroker.model.login import LoginAttempt
from polybroker.model.secret import Secret

HERE = "https://127.0.0.1:8182/callback"


@pytest.fixture
def attempt(clock: Any) -> LoginAttempt:
    return new_attempt("acme", "demo", clock, redirect_uri=HERE, issuer="https://acme.test")


def test_the_challenge_is_that_of_rfc_7636() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_attempts_are_their_own(clock: Any) -> None:
    first, second = (new_attempt("acme", "demo", clock) for _ in range(2))
    assert first.state != second.state
    assert first.code_verifier is not None
    assert first.code_verifier != second.code_verifier
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}", first.code_verifier.reveal())
    assert first.code_verifier.reveal() not in repr(first)


def test_the_address_carries_everything_once(attempt: LoginAttempt) -> None:
    url = authorization_url("https://acme.test/authorize?tenant=1", attempt, client_id="me", scope="read trade")
    query = parse_qs(urlsplit(url).query)
    assert all(len(values) == 1 for values in query.values())
    assert query["state"] == [attempt.state]
    assert query["redirect_uri"] == [HERE]
    assert query["code_challenge_method"] == ["S256"]
    assert query["tenant"] == ["1"]
    assert "code_challenge" not in authorization_url("https://acme.test/a", attempt, client_id="me", pkce=False)


def good(attempt: LoginAttempt, **more: str) -> dict[str, str]:
    return {"state": attempt.state, "code": "C0.abc@", "iss": "https://acme.test", **more}


def test_the_right_answer_is_taken_once(attempt: LoginAttempt, clock: Any) -> None:
    redeemed = Redeemed()
    check_reply(attempt, good(attempt), clock, redeemed, redirected=f"{HERE}?{urlencode(good(attempt))}")
    with pytest.raises(AuthError, match="already"):
        check_reply(attempt, good(attempt), clock, redeemed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "other"}, "another login"),
        ({"state": ""}, "another login"),
        ({"iss": "https://evil.test"}, "another server"),
        ({"error": "access_denied"}, "refused"),
    ],
)
def test_a_wrong_answer_is_refused_and_spends_nothing(
    attempt: LoginAttempt, clock: Any, change: dict[str, str], words: str
) -> None:
    redeemed = Redeemed()
    with pytest.raises(AuthError, match=words):
        check_reply(attempt, good(attempt, **change), clock, redeemed)
    check_reply(attempt, good(attempt), clock, redeemed)


@pytest.mark.parametrize("address", [HERE + "/", "http" + HERE[5:], HERE.replace("8182", "8183"), HERE.upper()])
def test_another_address_is_refused(attempt: LoginAttempt, clock: Any, address: str) -> None:
    with pytest.raises(AuthError, match="address"):
        check_reply(attempt, good(attempt), clock, Redeemed(), redirected=f"{address}?code=1")


def test_ten_minutes_are_enough(attempt: LoginAttempt, clock: Any) -> None:
    clock.time += timedelta(minutes=10)
    with pytest.raises(AuthError, match="ten minutes"):
        check_reply(attempt, good(attempt), clock, Redeemed())


def test_a_missing_issuer_is_not_a_wrong_one(attempt: LoginAttempt, clock: Any) -> None:
    reply = good(attempt)
    del reply["iss"]
    check_reply(attempt, reply, clock, Redeemed())
    check_reply(evolve(attempt, issuer=None, state="other"), good(attempt, state="other"), clock, Redeemed())


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_a_reply_is_read_from_an_address_or_its_query(reply: dict[str, str]) -> None:
    query = urlencode(reply)
    if query:
        assert reply_of(f"{HERE}?{query}") == reply_of(f" {HERE}?{query}\n") == reply


def test_a_doubled_parameter_is_refused() -> None:
    with pytest.raises(AuthError, match="twice"):
        reply_of(f"{HERE}?code=1&code=2&state=x")
    assert reply_of(f"{HERE}?code=C0.a%40&session=1")["code"] == "C0.a@"
