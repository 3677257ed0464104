"""A websocket's bytes on their way to the client, of which single messages can be lost, doubled or held back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import anyio
from anyio.abc import ByteStream
from attrs import define, field


class FrameFault(StrEnum):
    """What goes wrong with one message from the broker."""

    GAP = "gap"
    """It is lost, and the connection breaks without a goodbye."""
    DUPLICATE = "duplicate"
    """It comes twice: a doubled answer, or a replayed event."""
    REORDERED = "reordered"
    """It comes after the next one."""
    MALFORMED = "malformed"
    """It comes with half of its text."""


@define(eq=False)
class Frames(ByteStream):
    """A connection whose incoming messages meet the faults of a list, each fault once."""

    stream: ByteStream
    faults: list[FrameFault]
    _incoming: bytes = b""
    _upgraded: bool = False
    _refused: bool = False
    _held: bytes = b""
    _broken: bool = False
    _ready: bytearray = field(factory=bytearray)

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        """The next bytes for the client."""
        while not self._ready:
            if self._broken:
                raise anyio.EndOfStream
            self._incoming += await self.stream.receive(max_bytes)
            self._take_in()
        data = bytes(self._ready[:max_bytes])
        del self._ready[:max_bytes]
        return data

    async def send(self, item: bytes) -> None:
        """To the broker, unchanged."""
        if self._broken:
            raise anyio.BrokenResourceError
        await self.stream.send(item)

    async def send_eof(self) -> None:
        """The client has nothing more to say."""
        await self.stream.send_eof()

    async def aclose(self) -> None:
        """Leave."""
        await self.stream.aclose()

    @property
    def extra_attributes(self) -> Any:
        """Those of the connection beneath."""
        return self.stream.extra_attributes

    def _take_in(self) -> None:
        if not self._upgraded and not self._refused:
            head, blank, rest = self._incoming.partition(b"\r\n\r\n")
            if not blank:
                return
            self._upgraded = head.split(b" ", 2)[1] == b"101"
            self._refused = not self._upgraded
            self._ready += head + blank
            self._incoming = rest
        if self._refused:
            self._ready += self._incoming
            self._incoming = b""
        while not self._broken and (size := _frame_size(self._incoming)):
            frame, self._incoming = self._incoming[:size], self._incoming[size:]
            self._pass(frame)

    def _pass(self, frame: bytes) -> None:
        message = frame[0] & 0x0F in (1, 2)
        fault = self.faults.pop(0) if message and self.faults and not self._held else None
        if fault is FrameFault.GAP:
            self._broken = True
        elif fault is FrameFault.REORDERED:
            self._held = frame
        elif fault is FrameFault.MALFORMED:
            payload = frame[_head_size(frame) :]
            self._ready += _frame(frame[0], payload[: len(payload) // 2])
        else:
            self._ready += frame * 2 if fault is FrameFault.DUPLICATE else frame
            if message and self._held:
                self._ready += self._held
                self._held = b""


def _head_size(data: bytes) -> int:
    """Of a frame from a server, which is never masked."""
    return {126: 4, 127: 10}.get(data[1] & 0x7F, 2)


def _frame_size(data: bytes) -> int:
    """Of the first whole frame of `data`; 0 while some of it is missing."""
    if len(data) < 2 or len(data) < (head := _head_size(data)):
        return 0
    length = data[1] & 0x7F if head == 2 else int.from_bytes(data[2:head])
    return head + length if len(data) >= head + length else 0


def _frame(first: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes((first, len(payload))) + payload
    if len(payload) < 65_536:
        return bytes((first, 126)) + len(payload).to_bytes(2) + payload
    return bytes((first, 127)) + len(payload).to_bytes(8) + payload
