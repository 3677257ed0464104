"""Receives the redirect of a login on this machine, for command-line use; without a browser, paste the address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream
from attrs import define, field

from polybroker.errors import AuthError
from polybroker.net.background import background_tasks
from polybroker.net.clock import Clock

_DONE: Final = "<!doctype html><title>polybroker</title><p>The login came through. You can close this page."
_ELSEWHERE: Final = "<!doctype html><title>polybroker</title><p>Nothing here."
_LONGEST_HEAD: Final = 16_384


@define(eq=False)
class Receiver:
    """Waits for one redirect to `redirect_uri`."""

    redirect_uri: str
    _clock: Clock
    _path: str
    _arrived: anyio.Event = field(factory=anyio.Event)
    _address: str | None = None

    async def redirected(self, within: float = 600.0) -> str:
        """The whole address that the person was sent back to; `AuthError` if none comes within so many seconds."""
        try:
            with self._clock.fail_after(within):
                await self._arrived.wait()
        except TimeoutError:
            raise AuthError("nobody completed the login in time: begin a new one") from None
        assert self._address is not None  # noqa: S101
        return self._address

    async def _serve(self, stream: SocketStream) -> None:
        async with stream:
            try:
                with self._clock.fail_after(10):
                    target = await _request_target(stream)
                    ours = target is not None and urlsplit(target).path == self._path
                    if ours and self._address is None:
                        base = urlsplit(self.redirect_uri)
                        self._address = f"{base.scheme}://{base.netloc}{target}"
                    await stream.send(_page(_DONE if ours else _ELSEWHERE, "200 OK" if ours else "404 Not Found"))
            except (OSError, TimeoutError, anyio.EndOfStream, anyio.BrokenResourceError):
                return
        if self._address is not None:
            self._arrived.set()


@asynccontextmanager
async def receive_redirect(clock: Clock, *, port: int = 0, path: str = "/callback") -> AsyncIterator[Receiver]:
    """Listen on 127.0.0.1; `port` 0 takes a free one. Brokers that want an exact address need a fixed one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    number = listener.extra(SocketAttribute.local_port)
    receiver = Receiver(f"http://127.0.0.1:{number}{path}", clock, path)
    async with listener, background_tasks() as tasks:
        tasks.start_soon(listener.serve, receiver._serve)
        yield receiver


async def _request_target(stream: SocketStream) -> str | None:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
        head += await stream.receive()
    words = head.split(b"\r\n", 1)[0].decode("ascii", errors="replace").split(" ")
    return words[1] if len(words) == 3 and words[0] == "GET" and words[1].startswith("/") else None


def _page(text: str, status: str) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(text.encode())}",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()
