"""What a failure on the wire means, with real sockets on loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal

import anyio
import httpx
import pytest
from anyio.abc import SocketStream

from polybroker.errors import (
    AuthError,
    BrokerError,
    ErrorCode,
    OutcomeUnknown,
    PluginError,
    RateLimited,
    Rejected,
    Unavailable,
)
from polybroker.model.secret import Secret
from polybroker.net import Effect, Net, Patience, exact_json, open_net

pytestmark = pytest.mark.anyio

Server = Callable[[Callable[[SocketStream], Awaitable[None]]], AbstractAsyncContextManager[str]]
QUICK = Patience(timeout=0.5, deadline=5, tries=3, pause=0.001)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def read_request(stream: SocketStream) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive()
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"content-length" in line.lower()), 0)
    while len(body) < length:
        body += await stream.receive()
    return head + b"\r\n\r\n" + body


class Script:
    """Answers each request with the next part of a script; remembers the requests and counts connections."""

    def __init__(self, *parts: bytes | None) -> None:
        self.parts, self.requests, self.connections = list(parts), [], 0

    async def __call__(self, stream: SocketStream) -> None:
        self.connections += 1
        while True:
            self.requests.append(await read_request(stream))
            part = self.parts.pop(0)
            if part is None:
                return
            await stream.send(part)


async def place(net: Net, host: str, effect: Effect = Effect.ORDER, **more: object) -> httpx.Response:
    return await net.http.request("POST", f"http://{host}/orders", endpoint="orders", effect=effect, **more)


async def test_connections_are_kept_and_numbers_are_exact(raw_server: Server) -> None:
    script = Script(*[answer(b'{"price": 0.1000000000000000055}')] * 3)
    async with raw_server(script) as host, open_net(["127.0.0.1"]) as net:
        for _ in range(3):
            response = await net.http.get(f"http://{host}/quote", endpoint="quote")
            assert exact_json(response)["price"] == Decimal("0.1000000000000000055")
    assert script.connections == 1
    assert net.wire.count(Effect.READ, endpoint="quote") == 3


@pytest.mark.parametrize(
    "body",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\n3\r\n, 3\r\n1\r\n]\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"[1, 2, 3]"),
    ],
)
async def test_every_framing_is_read(raw_server: Server, body: bytes) -> None:
    async with raw_server(Script(body)) as host, open_net(["127.0.0.1"]) as net:
        assert (await net.http.get(f"http://{host}/x", endpoint="x")).json() == [1, 2, 3]


async def test_an_answer_that_ends_with_the_connection_is_whole(raw_server: Server) -> None:
    async def old(stream: SocketStream) -> None:
        await read_request(stream)
        await stream.send(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[1]")

    async with raw_server(old) as host, open_net(["127.0.0.1"]) as net:
        assert (await net.http.get(f"http://{host}/x", endpoint="x")).json() == [1]


async def test_a_refused_connection_sent_nothing() -> None:
    async with open_net(["127.0.0.1"], patience=QUICK) as net:
        with pytest.raises(Unavailable):
            await place(net, "127.0.0.1:9")
    assert len(net.wire) == 0


LOST = [None, b"HTTP/1.1 200 OK\r\nContent-Le", answer(b"{}")[:-1], b"gibberish\r\n\r\n"]


@pytest.mark.parametrize("part", LOST)
async def test_a_lost_or_broken_reply_to_an_order_is_outcome_unknown(raw_server: Server, part: bytes | None) -> None:
    async def broken(stream: SocketStream) -> None:
        await read_request(stream)
        if part is not None:
            await stream.send(part)

    async with raw_server(broken) as host, open_net(["127.0.0.1"], patience=QUICK) as net:
        with pytest.raises(OutcomeUnknown):
            await place(net, host)
        assert net.wire.count(Effect.ORDER) == 1
        with pytest.raises(Unavailable):
            await net.http.get(f"http://{host}/x", endpoint="x")
        assert net.wire.count(Effect.READ) == QUICK.tries


async def test_a_silent_server_is_outcome_unknown_for_an_order(raw_server: Server) -> None:
    async def silent(stream: SocketStream) -> None:
        await read_request(stream)
        await anyio.sleep(30)

    async with raw_server(silent) as host, open_net(["127.0.0.1"], patience=QUICK) as net:
        with pytest.raises(OutcomeUnknown):
            await place(net, host, timeout=0.1)


@pytest.mark.parametrize(
    ("status", "for_orders", "for_reads"),
    [
        ("500 Error", OutcomeUnknown, Unavailable),
        ("502 Bad Gateway", OutcomeUnknown, Unavailable),
        ("302 Found", OutcomeUnknown, Unavailable),
        ("408 Timeout", OutcomeUnknown, Unavailable),
        ("429 Too Many", RateLimited, RateLimited),
        ("401 No", AuthError, AuthError),
        ("403 No", AuthError, AuthError),
        ("400 Bad", Rejected, Rejected),
    ],
)
async def test_a_status_means_the_same_for_every_broker(
    raw_server: Server, status: str, for_orders: type[BrokerError], for_reads: type[BrokerError]
) -> None:
    async with raw_server(Script(*[answer(b"{}", status)] * 9)) as host:
        async with open_net(["127.0.0.1"], patience=QUICK) as net:
            with pytest.raises(BrokerError) as placed:
                await place(net, host)
            assert type(placed.value) is for_orders
            assert net.wire.count(Effect.ORDER) == 1
        async with open_net(["127.0.0.1"], patience=Patience(tries=1)) as net:
            with pytest.raises(BrokerError) as read:
                await net.http.get(f"http://{host}/x", endpoint="x")
            assert type(read.value) is for_reads


async def test_html_where_json_is_due_is_no_answer(raw_server: Server) -> None:
    async with raw_server(Script(*[answer(b"<html>Maintenance</html>")] * 9)) as host:
        async with open_net(["127.0.0.1"], patience=QUICK) as net:
            with pytest.raises(OutcomeUnknown):
                await place(net, host)
            with pytest.raises(Unavailable):
                await net.http.get(f"http://{host}/x", endpoint="x")


async def test_a_read_is_tried_again_and_an_order_is_not(raw_server: Server) -> None:
    script = Script(answer(b"", "503 Busy"), answer(b"", "500 Error"), answer(b"[]"))
    async with raw_server(script) as host, open_net(["127.0.0.1"], patience=QUICK) as net:
        assert (await net.http.get(f"http://{host}/x", endpoint="x")).json() == []
    assert len(script.requests) == 3


async def test_a_pause_that_the_broker_asks_for_is_kept(raw_server: Server) -> None:
    script = Script(answer(b"", "429 Too Many", "Retry-After: 1"), answer(b"[]"))
    async with raw_server(script) as host, open_net(["127.0.0.1"], patience=QUICK) as net:
        began = net.clock.monotonic()
        await net.http.get(f"http://{host}/x", endpoint="x")
        assert net.clock.monotonic() - began >= 1


async def test_a_connection_that_the_broker_closed_meanwhile_is_not_used(raw_server: Server) -> None:
    served = 0

    async def once(stream: SocketStream) -> None:
        nonlocal served
        await read_request(stream)
        served += 1
        await stream.send(answer(b"{}"))

    async with raw_server(once) as host, open_net(["127.0.0.1"], patience=QUICK) as net:
        await place(net, host)
        await anyio.sleep(0.05)
        await place(net, host)
    assert served == 2


async def test_a_plugin_reads_failures_that_hide_in_a_success(raw_server: Server) -> None:
    def refused(response: httpx.Response) -> BrokerError | None:
        text = response.json().get("errorText")
        return Rejected(text, code=ErrorCode.INSUFFICIENT_FUNDS) if text else None

    async with raw_server(Script(answer(b'{"errorText": "no money"}'))) as host, open_net(["127.0.0.1"]) as net:
        with pytest.raises(Rejected, match="no money") as error:
            await place(net, host, refused=refused)
    assert error.value.code is ErrorCode.INSUFFICIENT_FUNDS


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "https://elsewhere.test/x", "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x"]
)
async def test_undeclared_or_clear_text_targets_are_refused(url: str) -> None:
    async with open_net(["127.0.0.1", "example.com"]) as net:
        with pytest.raises(PluginError):
            await net.http.get(url, endpoint="x")
    assert len(net.wire) == 0


async def test_secrets_are_sent_and_never_shown(raw_server: Server) -> None:
    secret = Secret("s3cr3t-value+/=")
    script = Script(answer(b'{"message": "bad s3cr3t-value+/= or s3cr3t-value%2B%2F%3D"}', "400 Bad"))
    async with raw_server(script) as host, open_net(["127.0.0.1"]) as net:
        with pytest.raises(Rejected) as error:
            await place(net, host, headers={"Authorization": secret}, form={"password": secret}, params={"t": secret})
    assert script.requests[0].count(b"s3cr3t-value") == 3
    assert "s3cr3t" not in f"{error.value!r} {error.value} {error.value.reason}"
