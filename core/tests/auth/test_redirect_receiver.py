"""The receiver takes one redirect, on this machine only."""

from __future__ import annotations

import anyio
import pytest

from polybroker.auth.attempts import reply_of
from polybroker.auth.loopback import receive_redirect
from polybroker.errors import AuthError
from polybroker.net.clock import SystemClock

pytestmark = pytest.mark.anyio


async def visit(address: str, method: str = "GET") -> bytes:
    host, _, path = address.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    async with await anyio.connect_tcp(name, int(port)) as stream:
        await stream.send(f"{method} /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return await stream.receive()


async def test_a_redirect_is_received_whole() -> None:
    async with receive_redirect(SystemClock()) as receiver:
        assert b"404" in await visit(receiver.redirect_uri.replace("callback", "favicon.ico"))
        assert b"404" in await visit(receiver.redirect_uri + "?code=1", "POST")
        page = await visit(receiver.redirect_uri + "?code=C0%40&state=s")
        address = await receiver.redirected(within=5)
    assert b"200 OK" in page
    assert b"C0" not in page
    assert address == receiver.redirect_uri + "?code=C0%40&state=s"
    assert reply_of(address) == {"code": "C0@", "state": "s"}


async def test_nobody_coming_is_an_error() -> None:
    async with receive_redirect(SystemClock()) as receiver:
        with pytest.raises(AuthError, match="in time"):
            await receiver.redirected(within=0.05)
