"""HTTP/1.1 on anyio's streams, beneath httpx's request and response types.

httpx's own pool costs many times the CPU of the exchange itself under concurrency; this transport keeps
idle connections in a stack per origin, parses with httptools, and says of every failure whether a byte of
the request may have left.
"""

from __future__ import annotations

import select
import ssl
from collections import deque
from typing import Final

import anyio
import httptools
import httpx
from anyio.abc import ByteStream, SocketAttribute
from attrs import define, field

from polybroker.net.clock import Clock

CHUNK: Final = 65_536
Origin = tuple[str, str, int]


class NotSent(Exception):
    """No byte of the request left."""


class MaybeSent(Exception):
    """The request may have left, whole or in part; the answer is missing or broken."""


class _Answer:
    """What httptools tells of one response."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.keep_alive = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.size = 0
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.keep_alive = self.parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self.body.append(body)
        self.size += len(body)

    def on_message_complete(self) -> None:
        self.complete = True

    def informational(self) -> bool:
        """Whether this is a 1xx, which the answer proper follows."""
        return self.complete and 100 <= self.status < 200

    def ends_with_connection(self) -> bool:
        """Whether an answer without a length ends, as HTTP/1.0 has it, where the connection does."""
        names = {name.lower() for name, _ in self.headers}
        return bool(self.status) and not names & {b"content-length", b"transfer-encoding"}


@define
class _Connection:
    stream: ByteStream
    idle_since: float = 0.0

    def gone(self) -> bool:
        """Whether the peer has closed (or spoken out of turn) while the connection lay idle."""
        raw = self.stream.extra(SocketAttribute.raw_socket, None)
        if raw is None:
            return False
        readable, _, _ = select.select([raw], [], [], 0)
        return bool(readable)


@define
class HttpTransport:
    """Connections to any number of origins. Time limits are in seconds."""

    clock: Clock
    ssl_context: ssl.SSLContext | None = None
    connect_timeout: float = 10.0
    keep_alive: float = 30.0
    max_connections: int = 100
    """For each origin; a further request waits for its turn."""
    max_body: int = 64 * 1024 * 1024
    _idle: dict[Origin, deque[_Connection]] = field(factory=dict, init=False)
    _slots: dict[Origin, anyio.Semaphore] = field(factory=dict, init=False)

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        """Send `request` and read the whole answer within `timeout` seconds.

        Raises `NotSent` or `MaybeSent`, each with the failure as its cause.
        """
        origin = _origin(request.url)
        slot = self._slots.get(origin)
        if slot is None:
            slot = self._slots[origin] = anyio.Semaphore(self.max_connections)
        async with slot:
            connection = await self._connection(origin)
            return await self._exchange(connection, origin, request, timeout)

    async def _exchange(
        self, connection: _Connection, origin: Origin, request: httpx.Request, timeout: float
    ) -> httpx.Response:
        reusable = False
        try:
            with self.clock.fail_after(timeout):
                await connection.stream.send(_head(request) + request.content)
                response, reusable = await self._receive(connection.stream, request)
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream) as error:
            raise MaybeSent("the connection broke before the whole answer was there") from error
        except TimeoutError as error:
            raise MaybeSent(f"no answer within {timeout:g} s") from error
        except httptools.HttpParserError as error:
            raise MaybeSent("the answer is not HTTP") from error
        finally:
            if reusable:
                connection.idle_since = self.clock.monotonic()
                self._idle.setdefault(origin, deque()).append(connection)
            else:
                await anyio.aclose_forcefully(connection.stream)
        return response

    async def _receive(self, stream: ByteStream, request: httpx.Request) -> tuple[httpx.Response, bool]:
        answer = _Answer()
        while not answer.complete:
            try:
                data = await stream.receive(CHUNK)
            except anyio.EndOfStream:
                if not answer.ends_with_connection():
                    raise
                break
            answer.parser.feed_data(data)
            if answer.size > self.max_body:
                raise MaybeSent(f"the answer is larger than {self.max_body} bytes")
            if answer.informational():
                answer = _Answer()
            elif request.method == "HEAD" and answer.status:
                break
        response = httpx.Response(answer.status, headers=answer.headers, content=b"".join(answer.body), request=request)
        return response, answer.complete and answer.keep_alive

    async def _connection(self, origin: Origin) -> _Connection:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if self.clock.monotonic() - connection.idle_since < self.keep_alive and not connection.gone():
                return connection
            await anyio.aclose_forcefully(connection.stream)
        scheme, host, port = origin
        try:
            with self.clock.fail_after(self.connect_timeout):
                context = self._context() if scheme == "https" else None
                return _Connection(await _connect(host, port, context))
        except (OSError, ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            raise NotSent(f"no connection to {host}:{port}: {error}") from error

    def _context(self) -> ssl.SSLContext:
        if self.ssl_context is None:
            self.ssl_context = ssl.create_default_context()
        return self.ssl_context

    async def aclose(self) -> None:
        """Close all idle connections."""
        for connections in self._idle.values():
            while connections:
                await anyio.aclose_forcefully(connections.pop().stream)


async def _connect(host: str, port: int, context: ssl.SSLContext | None) -> ByteStream:
    if context is None:
        return await anyio.connect_tcp(host, port)
    return await anyio.connect_tcp(host, port, ssl_context=context, tls_standard_compatible=False)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _head(request: httpx.Request) -> bytes:
    lines: list[bytes] = [request.method.encode("ascii"), b" ", request.url.raw_path, b" HTTP/1.1\r\n"]
    for name, value in request.headers.raw:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)
