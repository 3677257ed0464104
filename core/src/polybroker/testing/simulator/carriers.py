"""Two ways to reach an app: within the process, without sockets, and on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import anyio
import httptools
import httpx
from anyio.abc import ByteStream, SocketAttribute
from attrs import define, field

from polybroker.net.background import background_tasks
from polybroker.net.transport import CHUNK
from polybroker.testing.simulator.app import App, Reply, Request
from polybroker.testing.simulator.peers import Peer

_LOST: Final = (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@define
class InProcess:
    """An `Exchange` that hands requests to an app: no sockets, no waiting, the same every time."""

    app: App

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        """The app's reply; what the app raises comes out as it is, for it is the simulator's own fault."""
        target = request.url.raw_path.decode("ascii")
        asked = Request.of(request.method, target, httpx.Headers(request.headers), request.read())
        reply = await self.app.handle(asked)
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)

    async def dial(self, target: httpx.URL) -> ByteStream:
        """A connection for a websocket."""
        return PeerStream(self.app.peer())

    async def aclose(self) -> None:
        """Nothing is held."""


@define(eq=False)
class PeerStream(ByteStream):
    """The client's end of a connection within the process."""

    peer: Peer
    _ready: bytearray = field(factory=bytearray)
    _closed: bool = False

    async def send(self, item: bytes) -> None:
        """To the peer at once; a broken connection is found out when it is read."""
        await anyio.lowlevel.checkpoint()
        if self.peer.gone:
            raise anyio.BrokenResourceError
        self.peer.feed(item)

    async def receive(self, max_bytes: int = CHUNK) -> bytes:
        """What the peer sends; `EndOfStream` where it has gone."""
        await anyio.lowlevel.checkpoint()
        while not self._ready:
            if self._closed:
                raise anyio.ClosedResourceError
            if self.peer.gone:
                raise anyio.EndOfStream
            self._ready += self.peer.take()
            if not self._ready:
                if self.peer.over:
                    raise anyio.EndOfStream
                await self.peer.news()
        data = bytes(self._ready[:max_bytes])
        del self._ready[:max_bytes]
        return data

    async def send_eof(self) -> None:
        """The client has nothing more to say."""

    async def aclose(self) -> None:
        """Leave."""
        self._closed = True
        self.peer.drop()
        await anyio.lowlevel.checkpoint()

    @property
    def extra_attributes(self) -> Any:
        """None: there is no socket beneath."""
        return {}


@asynccontextmanager
async def on_loopback(app: App) -> AsyncIterator[str]:
    """Serve `app` on 127.0.0.1, HTTP/1.1 with keep-alive and websockets; yields `127.0.0.1:port`."""

    async def connection(stream: ByteStream) -> None:
        with suppress(*_LOST):
            async with stream:
                await _serve(app, stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, background_tasks() as tasks:
        tasks.start_soon(listener.serve, connection)
        yield f"127.0.0.1:{listener.extra(SocketAttribute.local_port)}"


class _Incoming:
    """What httptools tells of one request."""

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


async def _serve(app: App, stream: ByteStream) -> None:
    """Requests one after the other until the client leaves; pipelining is not for order flow and not served."""
    while True:
        received, incoming = b"", _Incoming()
        while not incoming.complete:
            data = await stream.receive(CHUNK)
            received += data
            try:
                incoming.parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                await _websocket(app, stream, received)
                return
            except httptools.HttpParserError:
                await stream.send(_bytes(Reply(400)))
                return
        parser, headers = incoming.parser, httpx.Headers(incoming.headers)
        request = Request.of(parser.get_method().decode(), incoming.target.decode(), headers, incoming.body)
        await stream.send(_bytes(await app.handle(request)))
        if not parser.should_keep_alive():
            return


async def _websocket(app: App, stream: ByteStream, received: bytes) -> None:
    peer = app.peer()

    async def write() -> None:
        with suppress(*_LOST):
            while True:
                if data := peer.take():
                    await stream.send(data)
                elif peer.over:
                    break
                else:
                    await peer.news()
        await anyio.aclose_forcefully(stream)

    peer.feed(received)
    try:
        async with background_tasks() as tasks:
            tasks.start_soon(write)
            while not peer.over:
                peer.feed(await stream.receive(CHUNK))
            if data := peer.take():
                with anyio.CancelScope(shield=True):
                    await stream.send(data)
    finally:
        peer.drop()


def _bytes(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {httpx.codes.get_reason_phrase(reply.status)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines += [f"content-length: {len(reply.body)}", "", ""]
    return "\r\n".join(lines).encode() + reply.body
