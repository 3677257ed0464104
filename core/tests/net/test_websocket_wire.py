"""Websockets against a real server on loopback."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from polybroker.errors import AuthError, OutcomeUnknown, PluginError, Unavailable
from polybroker.net import Effect, open_net

pytestmark = pytest.mark.anyio

Server = Callable[[Callable[[SocketStream], Awaitable[None]]], AbstractAsyncContextManager[str]]


class Peer:
    """The server's side of one connection."""

    def __init__(self, stream: SocketStream) -> None:
        self.stream, self.protocol, self.waiting = stream, ServerProtocol(max_size=None), deque[object]()

    async def flush(self) -> None:
        if data := b"".join(self.protocol.data_to_send()):
            await self.stream.send(data)

    async def event(self) -> object:
        """The next event; `anyio.EndOfStream` where the client has gone."""
        while not self.waiting:
            self.protocol.receive_data(await self.stream.receive())
            self.waiting.extend(self.protocol.events_received())
            await self.flush()
        return self.waiting.popleft()

    async def text(self) -> bytes:
        """The next text frame."""
        while True:
            event = await self.event()
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                return bytes(event.data)

    async def accept(self, refuse: int | None = None, first: bytes = b"") -> None:
        request = await self.event()
        assert isinstance(request, Request)
        response = self.protocol.reject(refuse, "no\n") if refuse else self.protocol.accept(request)
        self.protocol.send_response(response)
        if first:
            self.protocol.send_text(first)
        await self.flush()

    async def say(self, text: str) -> None:
        self.protocol.send_text(text.encode())
        await self.flush()


def key(frame: str | bytes) -> object:
    return json.loads(frame).get("id")


async def test_frames_come_whole_in_batches_and_in_order(raw_server: Server) -> None:
    async def peer(stream: SocketStream) -> None:
        server = Peer(stream)
        await server.accept(first=b"first")
        for number in range(500):
            server.protocol.send_text(str(number).encode())
        server.protocol.send_text(b"in ", fin=False)
        server.protocol.send_continuation(b"parts", fin=True)
        server.protocol.send_binary(b"\x00\xff")
        server.protocol.send_close(4001, "enough")
        await server.flush()
        await server.text()

    async with raw_server(peer) as host, open_net(["127.0.0.1"]) as net:
        async with net.sockets.open(f"ws://{host}/stream", endpoint="stream") as socket:
            batches = [batch async for batch in socket]
        frames = [frame for batch in batches for frame in batch]
    assert frames == ["first", *map(str, range(500)), "in parts", b"\x00\xff"]
    assert len(batches) < 100
    assert (socket.close_code, socket.close_reason) == (4001, "enough")


async def test_an_answer_finds_its_question_between_other_frames(raw_server: Server) -> None:
    async def peer(stream: SocketStream) -> None:
        server = Peer(stream)
        await server.accept()
        while True:
            asked = json.loads(await server.text())["id"]
            await server.say(json.dumps({"event": asked}))
            await server.say(json.dumps({"id": asked, "answer": asked * 2}))

    async with raw_server(peer) as host, open_net(["127.0.0.1"]) as net:
        async with net.sockets.open(f"ws://{host}/", endpoint="api", frame_key=key) as socket:
            for number in (1, 2, 3):
                answer = await socket.ask(json.dumps({"id": number}), number, Effect.ORDER, account="A")
                assert json.loads(answer) == {"id": number, "answer": number * 2}
            assert await anext(aiter(socket)) == ('{"event": 1}',)
    assert net.wire.count(Effect.ORDER, account="A") == 3


@pytest.mark.parametrize(("effect", "error"), [(Effect.ORDER, OutcomeUnknown), (Effect.READ, Unavailable)])
async def test_a_drop_after_sending_leaves_the_outcome_of_an_order_unknown(
    raw_server: Server, effect: Effect, error: type[Exception]
) -> None:
    async def peer(stream: SocketStream) -> None:
        server = Peer(stream)
        await server.accept()
        await server.text()

    async with raw_server(peer) as host, open_net(["127.0.0.1"]) as net:
        async with net.sockets.open(f"ws://{host}/", endpoint="api", frame_key=key) as socket:
            with pytest.raises(error):
                await socket.ask('{"id": 1}', 1, effect)
            assert socket.close_code == 1006
            with pytest.raises(Unavailable):
                await socket.ask('{"id": 2}', 2, effect)
    assert net.wire.count(effect) == 1 + (effect is Effect.READ)


async def test_no_answer_in_time_leaves_the_outcome_unknown(raw_server: Server) -> None:
    async def peer(stream: SocketStream) -> None:
        server = Peer(stream)
        await server.accept()
        await server.text()
        await server.text()

    async with raw_server(peer) as host, open_net(["127.0.0.1"]) as net:
        async with net.sockets.open(f"ws://{host}/", endpoint="api", frame_key=key) as socket:
            with pytest.raises(OutcomeUnknown):
                await socket.ask('{"id": 1}', 1, Effect.CANCEL, timeout=0.05)


async def test_a_refused_handshake_is_typed(raw_server: Server) -> None:
    async def peer(stream: SocketStream) -> None:
        await Peer(stream).accept(refuse=401)

    async with raw_server(peer) as host, open_net(["127.0.0.1"]) as net:
        with pytest.raises(AuthError):
            async with net.sockets.open(f"ws://{host}/", endpoint="api"):
                pass
        with pytest.raises(PluginError):
            async with net.sockets.open("ws://example.com/", endpoint="api"):
                pass
        with pytest.raises(Unavailable):
            async with net.sockets.open("ws://127.0.0.1:9/", endpoint="api"):
                pass


async def test_an_error_of_the_block_comes_out_as_it_is(raw_server: Server) -> None:
    async def peer(stream: SocketStream) -> None:
        server = Peer(stream)
        await server.accept()
        await server.text()

    async with raw_server(peer) as host, open_net(["127.0.0.1"]) as net:
        with pytest.raises(KeyError, match="mine"):
            async with net.sockets.open(f"ws://{host}/", endpoint="api"):
                await anyio.lowlevel.checkpoint()
                raise KeyError("mine")
