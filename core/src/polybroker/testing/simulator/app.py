"""A small web app: routes by method and path, and websocket endpoints; served in process or on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import httpx
from attrs import define, evolve, field, frozen

from polybroker.testing.simulator.peers import Peer


@frozen(kw_only=True)
class Request:
    """What arrived. `path` is as it was sent; `captured` has the parts of it that the route names, decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(factory=dict)
    headers: httpx.Headers = field(factory=httpx.Headers, repr=False)
    body: bytes = field(default=b"", repr=False)
    captured: Mapping[str, str] = field(factory=dict)

    @classmethod
    def of(cls, method: str, target: str, headers: httpx.Headers, body: bytes) -> Request:
        """A request with the target of its first line, `/path?query`."""
        path, _, query = target.partition("?")
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        return cls(method=method, path=path, query=pairs, headers=headers, body=body)

    @property
    def json(self) -> Any:
        """The body's JSON, numbers with a point as `Decimal`; `ValueError` where it is none."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def form(self) -> Mapping[str, str]:
        """The body's form fields."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None


@frozen
class Reply:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(factory=dict)


def json_reply(data: Any, status: int = 200, **headers: str) -> Reply:
    """JSON, decimals as exact numbers; `retry_after="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, _exact(data).encode(), {"content-type": "application/json", **named})


Handler = Callable[[Request], Awaitable[Reply]]


class SocketEndpoint(Protocol):
    """What a websocket leads to. Nothing here waits: frames go out by `peer.send`."""

    def admit(self, request: Request) -> Reply | None:
        """The refusal of a handshake; None lets the peer in."""

    def opened(self, peer: Peer) -> None:
        """A peer is there."""

    def frame(self, peer: Peer, data: str | bytes) -> None:
        """A peer has sent a message."""

    def closed(self, peer: Peer) -> None:
        """A peer has gone."""


@define
class App:
    """Routes to handlers. Paths are patterns: `/accounts/{account}/orders`."""

    _routes: list[tuple[str, re.Pattern[str], Handler]] = field(factory=list, init=False)
    _sockets: list[tuple[re.Pattern[str], SocketEndpoint]] = field(factory=list, init=False)

    def route(self, method: str, pattern: str, handler: Handler) -> None:
        """Let `handler` answer such requests; the first route that fits is taken."""
        self._routes.append((method, _compiled(pattern), handler))

    def socket(self, pattern: str, endpoint: SocketEndpoint) -> None:
        """Lead websockets of that path to `endpoint`."""
        self._sockets.append((_compiled(pattern), endpoint))

    async def handle(self, request: Request) -> Reply:
        """The reply to `request`; 404 and 405 where nobody answers for it."""
        known = False
        for method, pattern, handler in self._routes:
            if match := pattern.fullmatch(request.path):
                known = True
                if method == request.method:
                    return await handler(evolve(request, captured=_decoded(match)))
        return json_reply({"error": "no such method" if known else "no such path"}, 405 if known else 404)

    def endpoint(self, request: Request) -> SocketEndpoint | None:
        """Where a websocket of that path leads."""
        return next((endpoint for pattern, endpoint in self._sockets if pattern.fullmatch(request.path)), None)

    def peer(self) -> Peer:
        """The server's end of a new connection that asks for a websocket."""
        return Peer(self._admit)

    def _admit(self, target: str, headers: httpx.Headers) -> tuple[SocketEndpoint | None, Reply | None]:
        request = Request.of("GET", target, headers, b"")
        endpoint = self.endpoint(request)
        if endpoint is None:
            return None, json_reply({"error": "no such path"}, 404)
        return endpoint, endpoint.admit(request)


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    )


def _decoded(match: re.Match[str]) -> dict[str, str]:
    return {name: unquote(part) for name, part in match.groupdict().items()}


def _exact(data: Any) -> str:
    """JSON in which a `Decimal` is a number with all its digits, which the standard encoder cannot write."""
    if isinstance(data, Decimal):
        return format(data, "f")
    if isinstance(data, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_exact(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list | tuple):
        return "[" + ",".join(map(_exact, data)) + "]"
    return json.dumps(data)
