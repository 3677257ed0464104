"""Bad weather between a plugin and its broker: every way in which a request, an answer or a stream can go wrong.

`Weather` wraps any `Exchange`, a simulator's or a real one. What it is told to strike, it strikes once, in the order
in which it was told; everything else passes::

    weather = Weather(simulator.exchange(clock), clock)
    weather.strike(Misfortune.REPLY_LOST, effect=Effect.ORDER)
    async with broker.connect(transport=weather, clock=clock, ...) as session:
        ...  # the next order arrives at the broker, but its answer does not come back
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import httpx
from anyio.abc import ByteStream
from attrs import define, field, frozen

from polybroker.net.clock import Clock
from polybroker.net.effects import Effect, Sent
from polybroker.net.http import Exchange
from polybroker.net.transport import MaybeSent, NotSent
from polybroker.testing.simulator.frames import FrameFault, Frames

_PAGE: Final = b"<!doctype html><html><head><title>502</title></head><body><h1>We'll be back soon</h1></body></html>"


class Misfortune(StrEnum):
    """What goes wrong with one request."""

    NEVER_CONNECTS = "never_connects"
    """No byte leaves."""
    REQUEST_LOST = "request_lost"
    """It leaves and never arrives."""
    REQUEST_LATE = "request_late"
    """It arrives after the client has given up waiting."""
    REPLY_LOST = "reply_lost"
    """It is done; the answer never comes."""
    REPLY_LATE = "reply_late"
    """It is done; the answer comes slowly, but in time."""
    ERROR_DONE = "error_done"
    """It is done and answered with 502."""
    ERROR_NOT_DONE = "error_not_done"
    """It is not done and answered with 503."""
    TOO_MANY = "too_many"
    """It is not done and answered with 429 and a pause to keep."""
    MALFORMED = "malformed"
    """It is done; the answer is no JSON."""
    TRUNCATED = "truncated"
    """It is done; half of the answer is missing."""
    PAGE = "page"
    """It is done; the answer is a page for people, with status 200."""
    TOKEN_EXPIRES = "token_expires"  # noqa: S105
    """The access token dies before it arrives."""


DONE: Final = frozenset(
    {
        Misfortune.REQUEST_LATE,
        Misfortune.REPLY_LOST,
        Misfortune.REPLY_LATE,
        Misfortune.ERROR_DONE,
        Misfortune.MALFORMED,
        Misfortune.TRUNCATED,
        Misfortune.PAGE,
    }
)
"""Those after which the broker has carried the request out, or will."""


@frozen
class _Strike:
    misfortune: Misfortune
    effect: Effect | None
    endpoint: str | None

    def hits(self, sent: Sent | None) -> bool:
        if sent is None:
            return self.effect is None and self.endpoint is None
        return self.effect in (None, sent.effect) and self.endpoint in (None, sent.endpoint)


@define(eq=False)
class Weather:
    """An `Exchange` on which misfortune falls as told. `expire` makes the broker's access tokens die."""

    broker: Exchange
    clock: Clock
    expire: Callable[[], None] | None = None
    pause: float = 2.0
    """Seconds that 429 asks to wait, and that a late answer takes."""
    struck: list[tuple[Misfortune, Sent | None]] = field(factory=list, init=False)
    """What has befallen whom."""
    _strikes: list[_Strike] = field(factory=list, init=False)
    _faults: list[FrameFault] = field(factory=list, init=False)
    _late: list[httpx.Request] = field(factory=list, init=False)
    _refused_dials: int = field(default=0, init=False)

    def strike(self, misfortune: Misfortune, *, effect: Effect | None = None, endpoint: str | None = None) -> None:
        """Let it befall the next request of that effect and endpoint (None: any) that nothing else is meant for."""
        self._strikes.append(_Strike(misfortune, effect, endpoint))

    def disturb(self, fault: FrameFault) -> None:
        """Let it befall the next message that a websocket brings."""
        self._faults.append(fault)

    def refuse_sockets(self, times: int = 1) -> None:
        """So many further websockets do not come about."""
        self._refused_dials += times

    async def settle(self) -> None:
        """Everything that was late arrives."""
        while self._late:
            await self.broker.exchange(self._late.pop(0), 15.0)

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        """As the wrapped one, unless misfortune strikes."""
        sent: Sent | None = request.extensions.get("polybroker")
        strike = next((strike for strike in self._strikes if strike.hits(sent)), None)
        if strike is None:
            return await self.broker.exchange(request, timeout)
        self._strikes.remove(strike)
        self.struck.append((strike.misfortune, sent))
        return await self._befall(strike.misfortune, request, timeout)

    async def dial(self, target: httpx.URL) -> ByteStream:
        """A connection for a websocket, whose messages can be disturbed."""
        if self._refused_dials:
            self._refused_dials -= 1
            raise OSError("no connection")
        dial = getattr(self.broker, "dial", None)
        if dial is None:
            raise TypeError("the wrapped exchange carries no websockets")
        return Frames(await dial(target), self._faults)

    async def aclose(self) -> None:
        """Give up the connections of the wrapped one."""
        await self.broker.aclose()

    async def _befall(self, misfortune: Misfortune, request: httpx.Request, timeout: float) -> httpx.Response:
        if misfortune is Misfortune.NEVER_CONNECTS:
            raise NotSent("no connection")
        if misfortune is Misfortune.ERROR_NOT_DONE:
            return _page(request, 503)
        if misfortune is Misfortune.TOO_MANY:
            headers = {"retry-after": f"{self.pause:g}"}
            return httpx.Response(429, headers=headers, json={"error": "too many requests"}, request=request)
        if misfortune in (Misfortune.REQUEST_LOST, Misfortune.REQUEST_LATE):
            if misfortune is Misfortune.REQUEST_LATE:
                self._late.append(request)
            await self.clock.sleep(timeout)
            raise MaybeSent(f"no answer within {timeout:g} s")
        if misfortune is Misfortune.TOKEN_EXPIRES:
            if self.expire is None:
                raise TypeError("this weather was not told how to expire tokens")
            self.expire()
        response = await self.broker.exchange(request, timeout)
        if misfortune is Misfortune.REPLY_LOST:
            await self.clock.sleep(timeout)
            raise MaybeSent(f"no answer within {timeout:g} s")
        if misfortune is Misfortune.REPLY_LATE:
            await self.clock.sleep(min(self.pause, timeout / 2))
        return _marred(misfortune, response, request)


def _marred(misfortune: Misfortune, response: httpx.Response, request: httpx.Request) -> httpx.Response:
    if misfortune is Misfortune.ERROR_DONE:
        return _page(request, 502)
    if misfortune is Misfortune.PAGE:
        return _page(request, 200)
    if misfortune in (Misfortune.MALFORMED, Misfortune.TRUNCATED):
        half = response.content[: len(response.content) // 2] or b"{"
        body = half if misfortune is Misfortune.TRUNCATED else response.content + b"}]"
        headers: dict[str, Any] = {"content-type": "application/json"}
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)
    return response


def _page(request: httpx.Request, status: int) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": "text/html"}, content=_PAGE, request=request)
