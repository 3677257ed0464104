"""The server's end of a websocket, without I/O: bytes go in, bytes come out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
import httpx
from attrs import define, field
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import State
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    from polybroker.testing.simulator.app import Reply, SocketEndpoint

Admit = Callable[[str, httpx.Headers], "tuple[SocketEndpoint | None, Reply | None]"]


@define(eq=False)
class Peer:
    """One connected client. `send` and `close` take effect at once; whoever carries the bytes waits for them."""

    _admit: Admit
    gone: bool = False
    """Whether the connection has ended, from either side."""
    endpoint: SocketEndpoint | None = None
    _protocol: ServerProtocol = field(factory=ServerProtocol)
    _parts: list[bytes] = field(factory=list)
    _text: bool = False
    _told: bool = False
    _news: anyio.Event | None = None

    def send(self, data: str | bytes) -> None:
        """Send a message; nobody hears it where the connection has ended."""
        if self.gone or self._protocol.state is not State.OPEN:
            return
        if isinstance(data, str):
            self._protocol.send_text(data.encode())
        else:
            self._protocol.send_binary(data)
        self._wake()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye."""
        if not self.gone and self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
        self._wake()

    def drop(self) -> None:
        """End the connection without a goodbye, whatever is on its way."""
        if self.gone:
            return
        self.gone = True
        if self._told and self.endpoint is not None:
            self.endpoint.closed(self)
        self._wake()

    def feed(self, data: bytes) -> None:
        """Take in what the client sent."""
        if self.gone:
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Handshake):
                self._shake_hands(event)
            elif isinstance(event, Frame):
                self._frame(event)
        self._wake()

    def take(self) -> bytes:
        """What is to be sent to the client now."""
        return b"".join(self._protocol.data_to_send())

    @property
    def over(self) -> bool:
        """Whether there is nothing more to send, ever."""
        return self.gone or self._protocol.state is State.CLOSED or self._protocol.close_expected()

    async def news(self) -> None:
        """Wait until there may be something to take."""
        self._news = anyio.Event()
        await self._news.wait()

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()

    def _shake_hands(self, request: Handshake) -> None:
        headers = httpx.Headers(list(request.headers.raw_items()))
        self.endpoint, refusal = self._admit(request.path, headers)
        if refusal is not None:
            response = self._protocol.reject(HTTPStatus(refusal.status), refusal.body.decode())
            for name, value in refusal.headers.items():
                if name.lower() != "content-type":
                    response.headers[name] = value
            self._protocol.send_response(response)
            return
        self._protocol.send_response(self._protocol.accept(request))
        if self.endpoint is not None and self._protocol.state is State.OPEN:
            self._told = True
            self.endpoint.opened(self)

    def _frame(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._text, self._parts = frame.opcode is Opcode.TEXT, []
        self._parts.append(bytes(frame.data))
        if frame.fin and self.endpoint is not None:
            data = b"".join(self._parts)
            self.endpoint.frame(self, data.decode() if self._text else data)
