"""HTTP for plugins: every request names its endpoint and effect; every failure says what the caller may do."""

from __future__ import annotations

import json as json_text
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

import httpx
from attrs import define, field, frozen

from polybroker.errors import BrokerError, OutcomeUnknown, RateLimited, Unavailable
from polybroker.net.clock import Clock
from polybroker.net.effects import Effect, Sent, WireLog
from polybroker.net.failures import from_failure, from_status
from polybroker.net.hosts import check_target
from polybroker.net.limits import Throttle
from polybroker.net.redact import Redactor, reveal, secrets_in
from polybroker.net.transport import MaybeSent, NotSent

Refusal = Callable[[httpx.Response], BrokerError | None]
"""A plugin's reading of an answer: the typed error it stands for, or None where it is none."""


class Exchange(Protocol):
    """What carries one request to the broker and its answer back."""

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        """Raises `NotSent` or `MaybeSent`."""

    async def aclose(self) -> None:
        """Give up all connections."""


@frozen(kw_only=True)
class Patience:
    """How long a request may take, and how often a read is tried. Seconds."""

    timeout: float = 15.0
    """For one exchange."""
    deadline: float = 45.0
    """For a read with all its tries and pauses."""
    tries: int = 3
    pause: float = 0.25
    """Before the second try, doubled for each further one, with full jitter."""


@define(kw_only=True)
class Http:
    """The HTTP client that the core gives to a plugin."""

    transport: Exchange
    clock: Clock
    throttle: Throttle
    redactor: Redactor
    wire: WireLog
    hosts: Sequence[str]
    patience: Patience = field(factory=Patience)
    jitter: Callable[[], float] = random.random

    async def request(
        self,
        method: str,
        url: str,
        *,
        endpoint: str,
        effect: Effect,
        account: str | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        refused: Refusal | None = None,
        json_answer: bool = True,
        timeout: float | None = None,
    ) -> httpx.Response:
        """Send one request and return the broker's answer, of status 2xx.

        `Secret`s may stand in params, headers, json and form. A read is tried again where that can help; anything
        else leaves at most once. `refused` sees every whole answer first. Raises the errors of
        `polybroker.errors`: `Unavailable` (nothing left, or a read failed), `OutcomeUnknown` (it may have been
        done), `RateLimited`, `AuthError`, `Rejected`.
        """
        for secret in secrets_in((params, headers, json, form)):
            self.redactor.learn(secret)
        request = _build(method, url, params=params, headers=headers, json=json, form=form, content=content)
        check_target(request.url, self.hosts)
        call = _Call(request, endpoint, effect, account, refused, json_answer, timeout or self.patience.timeout)
        if not effect.repeatable:
            return await self._once(call)
        return await self._repeated(call)

    async def get(self, url: str, *, endpoint: str, **more: Any) -> httpx.Response:
        """A read by GET."""
        return await self.request("GET", url, endpoint=endpoint, effect=Effect.READ, **more)

    async def _repeated(self, call: _Call) -> httpx.Response:
        ends = self.clock.monotonic() + self.patience.deadline
        for number in range(1, self.patience.tries + 1):
            try:
                return await self._once(call)
            except (Unavailable, RateLimited) as error:
                pause = self.patience.pause * 2 ** (number - 1) * self.jitter()
                if isinstance(error, RateLimited):
                    pause = max(pause, error.retry_after or 0.0)
                if number == self.patience.tries or self.clock.monotonic() + pause >= ends:
                    raise
                await self.clock.sleep(pause)
        raise AssertionError("unreachable")

    async def _once(self, call: _Call) -> httpx.Response:
        await self.throttle.admit(call.effect, call.endpoint, call.account)
        sent = Sent(call.endpoint, call.effect, call.account, call.request.url.host, self.clock.now())
        self.wire.record(sent)
        call.request.extensions["polybroker"] = sent  # what a transport may want to know of the request
        try:
            response = await self.transport.exchange(call.request, call.timeout)
        except (NotSent, MaybeSent) as failure:
            if isinstance(failure, NotSent):
                self.wire.withdraw(sent)
            raise from_failure(failure, call.endpoint, call.effect) from failure
        error = self._error(call, response)
        if error is None:
            return response
        if isinstance(error, RateLimited):
            self.throttle.pause(call.effect, call.endpoint, call.account, error.retry_after or 1.0)
        raise error

    def _error(self, call: _Call, response: httpx.Response) -> BrokerError | None:
        whole = not call.json_answer or response.status_code == 204 or not response.content or _is_json(response)
        if call.refused is not None and (whole or response.status_code >= 400):
            error = call.refused(response)
            if error is not None:
                return error
        if response.is_success and whole:
            return None
        if response.is_success:
            text = f"{call.endpoint}: the answer is no JSON"
            return Unavailable(text) if call.effect.repeatable else OutcomeUnknown(text)
        words = self.redactor.clean(response.text[:_WORDS]) if response.content else ""
        return from_status(response, call.endpoint, call.effect, words)


_WORDS: Final = 300


@frozen
class _Call:
    request: httpx.Request
    endpoint: str
    effect: Effect
    account: str | None
    refused: Refusal | None
    json_answer: bool
    timeout: float


def exact_json(response: httpx.Response) -> Any:
    """The answer's JSON with every number that has a point or exponent as an exact `Decimal`; parsed once."""
    known = response.extensions
    if _PARSED not in known:
        known[_PARSED] = json_text.loads(response.content, parse_float=Decimal, parse_constant=_no_constant)
    return known[_PARSED]


_PARSED: Final = "polybroker.json"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _is_json(response: httpx.Response) -> bool:
    try:
        exact_json(response)
    except ValueError:
        return False
    return True


def _build(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None,
    headers: Mapping[str, Any] | None,
    json: Any,
    form: Mapping[str, Any] | None,
    content: bytes | None,
) -> httpx.Request:
    revealed = reveal(dict(headers or {}))
    if json is not None:
        content = json_text.dumps(reveal(json), separators=(",", ":"), default=_number).encode()
        revealed.setdefault("Content-Type", "application/json")
    revealed.setdefault("Accept", "application/json")
    return httpx.Request(
        method,
        url,
        params=reveal(params) if params is not None else None,
        headers=revealed,
        data=reveal(form) if form is not None else None,
        content=content,
    )


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
