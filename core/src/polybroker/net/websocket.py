"""Websockets for plugins: frames in batches, requests with answers, and what a broken connection means.

The protocol is the sans-I/O core of `websockets`, on anyio's streams: asyncio and trio alike. Its pings are
answered as they come.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import httpx
from anyio.abc import ByteStream
from attrs import define, field
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from polybroker.errors import AuthError, BrokerError, OutcomeUnknown, RateLimited, Unavailable
from polybroker.net.background import background_tasks
from polybroker.net.clock import Clock
from polybroker.net.effects import Effect, Sent, WireLog
from polybroker.net.hosts import check_target
from polybroker.net.limits import Throttle
from polybroker.net.redact import Redactor, reveal, secrets_in

Data = str | bytes
Dial = Callable[[httpx.URL], Awaitable[ByteStream]]
"""Opens a connection to the host of a URL, in place of TCP and TLS; raises `OSError` where that fails."""
FrameKey = Callable[[Data], Hashable | None]
"""A plugin's pure reading of a frame: the key of the request that it answers, or None."""
CHUNK: Final = 262_144


@define(eq=False)
class _Pending:
    effect: Effect
    done: anyio.Event = field(factory=anyio.Event)
    answer: Data | None = None


@define(eq=False)
class Socket:
    """An open websocket. Iterating gives batches: every frame that one read brought, as a tuple."""

    endpoint: str
    host: str
    clock: Clock
    throttle: Throttle
    wire: WireLog
    frame_key: FrameKey | None
    max_buffered: int
    _stream: ByteStream
    _protocol: ClientProtocol
    close_code: int | None = None
    """The peer's close code; 1006 where the connection broke without one; None while it is open."""
    close_reason: str = ""
    _batches: deque[tuple[Data, ...]] = field(factory=deque)
    _buffered: int = 0
    _news: anyio.Event = field(factory=anyio.Event)
    _room: anyio.Event = field(factory=anyio.Event)
    _pending: dict[Hashable, _Pending] = field(factory=dict)
    _parts: list[bytes] = field(factory=list)
    _text: bool = False
    _writing: anyio.Lock = field(factory=anyio.Lock)

    async def send(self, frame: Data, *, effect: Effect = Effect.READ, account: str | None = None) -> None:
        """Send one text or binary frame; `Unavailable` where the connection is closed and nothing left."""
        await self.throttle.admit(effect, self.endpoint, account)
        if self.close_code is not None:
            raise Unavailable(f"{self.endpoint}: the connection is closed ({self.close_code})")
        self.wire.record(Sent(self.endpoint, effect, account, self.host, self.clock.now()))
        if isinstance(frame, str):
            self._protocol.send_text(frame.encode())
        else:
            self._protocol.send_binary(frame)
        try:
            await self._flush()
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            await self._ended(1006, "the connection broke")
            raise _broken(self.endpoint, effect, "the connection broke while sending") from error

    async def ask(
        self, frame: Data, key: Hashable, effect: Effect, *, account: str | None = None, timeout: float = 15.0
    ) -> Data:
        """Send `frame` and return the frame that `frame_key` says answers `key`.

        A connection that breaks after sending, or no answer within `timeout` seconds, is `OutcomeUnknown` for
        anything but a read, and `Unavailable` for that.
        """
        if key in self._pending:
            raise ValueError(f"{key!r} is being asked already")
        pending = self._pending[key] = _Pending(effect)
        try:
            await self.send(frame, effect=effect, account=account)
            with self.clock.fail_after(timeout):
                await pending.done.wait()
        except TimeoutError:
            raise _broken(self.endpoint, effect, f"no answer within {timeout:g} s") from None
        finally:
            del self._pending[key]
        if pending.answer is None:
            raise _broken(self.endpoint, effect, f"the connection closed ({self.close_code}) before the answer")
        return pending.answer

    def __aiter__(self) -> AsyncIterator[tuple[Data, ...]]:
        return self

    async def __anext__(self) -> tuple[Data, ...]:
        while not self._batches:
            if self.close_code is not None:
                raise StopAsyncIteration
            await self._news.wait()
        batch = self._batches.popleft()
        self._buffered -= len(batch)
        self._room.set()
        return batch

    async def _read(self) -> None:
        """Take in what comes until the connection ends; runs beside the block that holds the socket."""
        try:
            while self._protocol.close_rcvd is None:
                while self._buffered >= self.max_buffered:
                    self._room = anyio.Event()
                    await self._room.wait()
                self._protocol.receive_data(await self._stream.receive(CHUNK))
                self._deliver(self._protocol.events_received())
                await self._flush()
        except (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._protocol.receive_eof()
        goodbye = self._protocol.close_rcvd
        await self._ended(goodbye.code if goodbye else 1006, goodbye.reason if goodbye else "")

    def _deliver(self, events: Sequence[Event]) -> None:
        batch = []
        for event in events:
            data = self._assemble(event) if isinstance(event, Frame) else None
            if data is None:
                continue
            key = self.frame_key(data) if self._pending and self.frame_key is not None else None
            pending = self._pending.get(key) if key is not None else None
            if pending is not None and not pending.done.is_set():
                pending.answer = data
                pending.done.set()
            else:
                batch.append(data)
        if batch:
            self._batches.append(tuple(batch))
            self._buffered += len(batch)
            self._wake()

    def _assemble(self, frame: Frame) -> Data | None:
        """A whole message, or None for a control frame or a part."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return None
        if frame.opcode is not Opcode.CONT:
            self._text, self._parts = frame.opcode is Opcode.TEXT, []
        if not frame.fin:
            self._parts.append(bytes(frame.data))
            return None
        data = b"".join([*self._parts, bytes(frame.data)]) if self._parts else bytes(frame.data)
        self._parts = []
        return data.decode("utf-8", errors="replace") if self._text else data

    async def _flush(self) -> None:
        async with self._writing:
            if data := b"".join(self._protocol.data_to_send()):
                await self._stream.send(data)

    async def _ended(self, code: int, reason: str) -> None:
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
        for pending in self._pending.values():
            pending.done.set()
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye; harmless where the connection has ended."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            try:
                await self._flush()
            except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await self._ended(1006, "the connection broke")


def _broken(endpoint: str, effect: Effect, text: str) -> BrokerError:
    return (Unavailable if effect.repeatable else OutcomeUnknown)(f"{endpoint}: {text}")


@define(kw_only=True)
class Sockets:
    """Opens websockets for a plugin."""

    clock: Clock
    throttle: Throttle
    redactor: Redactor
    wire: WireLog
    hosts: Sequence[str]
    ssl_context: ssl.SSLContext | None = None
    connect_timeout: float = 15.0
    dial: Dial | None = None

    @asynccontextmanager
    async def open(
        self,
        url: str,
        *,
        endpoint: str,
        headers: Mapping[str, Any] | None = None,
        subprotocols: Sequence[str] = (),
        frame_key: FrameKey | None = None,
        max_message: int = 16 * 1024 * 1024,
        max_buffered: int = 100_000,
    ) -> AsyncIterator[Socket]:
        """A connected websocket, closed at the end of the block.

        Raises `Unavailable` where no connection came about, `AuthError` and `RateLimited` by the handshake's
        status. `max_message` is in bytes; at `max_buffered` unread frames reading pauses until they are read.
        """
        target = httpx.URL(url)
        check_target(target, self.hosts)
        for secret in secrets_in(headers):
            self.redactor.learn(secret)
        await self.throttle.admit(Effect.READ, endpoint, None)
        protocol = ClientProtocol(
            parse_uri(url), subprotocols=[Subprotocol(name) for name in subprotocols] or None, max_size=max_message
        )
        self.wire.record(Sent(endpoint, Effect.READ, None, target.host, self.clock.now()))
        stream, early = await self._connected(target, endpoint, protocol, reveal(dict(headers or {})))
        socket = Socket(
            endpoint, target.host, self.clock, self.throttle, self.wire, frame_key, max_buffered, stream, protocol
        )
        socket._deliver(early)
        try:
            async with background_tasks() as tasks:
                tasks.start_soon(socket._read)
                try:
                    yield socket
                finally:
                    with anyio.CancelScope(shield=True):
                        await socket.close()
        finally:
            await anyio.aclose_forcefully(stream)

    async def _connected(
        self, target: httpx.URL, endpoint: str, protocol: ClientProtocol, headers: Mapping[str, str]
    ) -> tuple[ByteStream, list[Event]]:
        stream: ByteStream | None = None
        try:
            with self.clock.fail_after(self.connect_timeout):
                stream = await (self.dial or self._dial)(target)
                early = await _shake_hands(stream, protocol, headers)
        except (OSError, ssl.SSLError, TimeoutError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            if stream is not None:
                await anyio.aclose_forcefully(stream)
            raise Unavailable(f"{endpoint}: no websocket to {target.host}: {type(error).__name__}") from error
        except InvalidHandshake as error:
            if stream is not None:
                await anyio.aclose_forcefully(stream)
            raise _refused(endpoint, error) from None
        return stream, early

    async def _dial(self, target: httpx.URL) -> ByteStream:
        if target.scheme != "wss":
            return await anyio.connect_tcp(target.host, target.port or 80)
        context = self.ssl_context or ssl.create_default_context()
        return await anyio.connect_tcp(
            target.host, target.port or 443, ssl_context=context, tls_standard_compatible=False
        )


async def _shake_hands(stream: ByteStream, protocol: ClientProtocol, headers: Mapping[str, str]) -> list[Event]:
    """Frames that came along with the answer to the handshake."""
    request = protocol.connect()
    extra = Headers()
    extra.update(headers)
    request.headers.update(extra)
    protocol.send_request(request)
    for data in protocol.data_to_send():
        await stream.send(data)
    while protocol.state is State.CONNECTING:
        protocol.receive_data(await stream.receive(CHUNK))
        if protocol.handshake_exc is not None:
            raise protocol.handshake_exc
    return [event for event in protocol.events_received() if not isinstance(event, Response)]


def _refused(endpoint: str, error: InvalidHandshake) -> BrokerError:
    status = error.response.status_code if isinstance(error, InvalidStatus) else None
    text = f"{endpoint}: the websocket handshake was refused" + (f" with HTTP {status}" if status else "")
    if status in (401, 403):
        return AuthError(text)
    if status == 429:
        return RateLimited(text)
    return Unavailable(text)
