"""The wire: HTTP, websockets and time, given to plugins by the core; they do no other I/O.

So the core counts what left, says of each failure whether anything was sent, repeats only reads, obeys the
broker's rate limits, and keeps secrets out of every text.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from attrs import frozen

from polybroker.net.clock import Clock, SystemClock
from polybroker.net.effects import Effect, Sent, WireLog
from polybroker.net.http import Exchange, Http, Patience, exact_json
from polybroker.net.limits import RateLimit, Throttle
from polybroker.net.redact import Redactor
from polybroker.net.transport import HttpTransport
from polybroker.net.websocket import Socket, Sockets

__all__ = [
    "Clock",
    "Effect",
    "Exchange",
    "Http",
    "Net",
    "Patience",
    "RateLimit",
    "Sent",
    "Socket",
    "Sockets",
    "SystemClock",
    "WireLog",
    "exact_json",
    "open_net",
]


@frozen(kw_only=True)
class Net:
    """Everything that a plugin may use to reach its broker."""

    clock: Clock
    http: Http
    sockets: Sockets
    wire: WireLog
    redactor: Redactor


@asynccontextmanager
async def open_net(
    hosts: Sequence[str],
    *,
    limits: Sequence[RateLimit] = (),
    clock: Clock | None = None,
    transport: Exchange | None = None,
    ssl_context: ssl.SSLContext | None = None,
    patience: Patience | None = None,
) -> AsyncIterator[Net]:
    """A `Net` for one connection; `hosts` are the patterns that the environment declares.

    `transport` replaces the wire beneath HTTP: an in-process simulator, or one that brings misfortune. One that has a
    method `dial` carries websockets too.
    """
    clock = clock or SystemClock()
    wire, redactor, throttle = WireLog(), Redactor(), Throttle(limits, clock)
    carrier = transport or HttpTransport(clock, ssl_context)
    http = Http(
        transport=carrier,
        clock=clock,
        throttle=throttle,
        redactor=redactor,
        wire=wire,
        hosts=hosts,
        patience=patience or Patience(),
    )
    sockets = Sockets(
        clock=clock,
        throttle=throttle,
        redactor=redactor,
        wire=wire,
        hosts=hosts,
        ssl_context=ssl_context,
        dial=getattr(transport, "dial", None),
    )
    try:
        yield Net(clock=clock, http=http, sockets=sockets, wire=wire, redactor=redactor)
    finally:
        await carrier.aclose()
