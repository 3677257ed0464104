"""The simulator kit: the same app in process and on loopback, and every misfortune doing what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from decimal import Decimal

import pytest

from polybroker.errors import AuthError, BrokerError, OutcomeUnknown, PluginError, RateLimited, Unavailable
from polybroker.net import Effect, Exchange, Net, exact_json, open_net
from polybroker.testing.clock import VirtualClock
from polybroker.testing.simulator import (
    DONE,
    App,
    FrameFault,
    InProcess,
    Misfortune,
    Peer,
    Reply,
    Request,
    Weather,
    json_reply,
    on_loopback,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Counter:
    """An app that counts what arrives, and a websocket that echoes and can be spoken through."""

    def __init__(self) -> None:
        self.app, self.orders, self.peers = App(), 0, list[Peer]()
        self.app.route("POST", "/accounts/{account}/orders", self.order)
        self.app.route("GET", "/price", self.price)
        self.app.socket("/stream", self)

    async def order(self, request: Request) -> Reply:
        self.orders += 1
        return json_reply({"account": request.captured["account"], "asked": request.json, "number": self.orders})

    async def price(self, request: Request) -> Reply:
        return json_reply({"price": Decimal("0.10"), "query": request.query})

    def admit(self, request: Request) -> Reply | None:
        return None if request.bearer == "good" else json_reply({"error": "who are you?"}, 401)

    def opened(self, peer: Peer) -> None:
        self.peers.append(peer)

    def frame(self, peer: Peer, data: str | bytes) -> None:
        peer.send(data)

    def closed(self, peer: Peer) -> None:
        self.peers.remove(peer)


@asynccontextmanager
async def in_process(counter: Counter) -> AsyncIterator[tuple[Net, str, str]]:
    async with open_net(["sim.test"], transport=InProcess(counter.app), clock=VirtualClock()) as net:
        yield net, "https://sim.test", "wss://sim.test"


@asynccontextmanager
async def loopback(counter: Counter) -> AsyncIterator[tuple[Net, str, str]]:
    async with on_loopback(counter.app) as place, open_net(["127.0.0.1"]) as net:
        yield net, f"http://{place}", f"ws://{place}"


@pytest.mark.parametrize("carrier", [in_process, loopback])
async def test_an_app_answers_alike_in_process_and_on_loopback(carrier: Callable[..., object]) -> None:
    counter = Counter()
    async with carrier(counter) as (net, http, ws):  # type: ignore[attr-defined]
        response = await net.http.request(
            "POST", f"{http}/accounts/A%2F1/orders", endpoint="order", effect=Effect.ORDER, json={"quantity": "1"}
        )
        assert exact_json(response) == {"account": "A/1", "asked": {"quantity": "1"}, "number": 1}
        price = await net.http.get(f"{http}/price", endpoint="price", params={"symbol": "BRK.B x"})
        assert price.text == '{"price":0.10,"query":{"symbol":"BRK.B x"}}'
        for path, status in (("/nothing", 404), ("/accounts/A/orders", 405)):
            with pytest.raises(BrokerError, match=str(status)):
                await net.http.get(http + path, endpoint="nothing")
        with pytest.raises(AuthError):
            async with net.sockets.open(f"{ws}/stream", endpoint="stream"):
                pass
        good = {"Authorization": "Bearer good"}
        async with net.sockets.open(f"{ws}/stream", endpoint="stream", headers=good) as socket:
            for text in ("a", "b" * 70_000):
                await socket.send(text)
                assert await anext(aiter(socket)) == (text,)
            counter.peers[0].close(4001, "enough")
            assert [batch async for batch in socket] == []
            assert socket.close_code == 4001
        async with net.sockets.open(f"{ws}/stream", endpoint="stream", headers=good) as socket:
            counter.peers[-1].drop()
            assert [batch async for batch in socket] == []
            assert socket.close_code == 1006


@asynccontextmanager
async def stormy(counter: Counter) -> AsyncIterator[tuple[Net, Weather, VirtualClock]]:
    clock = VirtualClock()
    weather = Weather(InProcess(counter.app), clock)
    wire: Exchange = weather
    async with open_net(["sim.test"], transport=wire, clock=clock) as net:
        yield net, weather, clock


EXPECTED = {
    Misfortune.NEVER_CONNECTS: Unavailable,
    Misfortune.TOO_MANY: RateLimited,
    Misfortune.REPLY_LATE: None,
    Misfortune.TOKEN_EXPIRES: None,
}


@pytest.mark.parametrize("misfortune", Misfortune)
async def test_each_misfortune_does_to_an_order_what_it_says(misfortune: Misfortune) -> None:
    counter = Counter()

    async def order(net: Net) -> None:
        where = "https://sim.test/accounts/A/orders"
        await net.http.request("POST", where, endpoint="order", effect=Effect.ORDER, json={})

    async with stormy(counter) as (net, weather, _):
        weather.expire = lambda: None
        weather.strike(misfortune, effect=Effect.ORDER)
        await net.http.get("https://sim.test/price", endpoint="price")
        assert weather.struck == []
        expected = EXPECTED.get(misfortune, OutcomeUnknown)
        if expected is None:
            await order(net)
        else:
            with pytest.raises(expected):
                await order(net)
        await weather.settle()
        assert counter.orders == (misfortune in DONE or misfortune is Misfortune.TOKEN_EXPIRES)
        assert [struck for struck, _ in weather.struck] == [misfortune]
        await order(net)


@pytest.mark.parametrize("misfortune", sorted(set(Misfortune) - {Misfortune.TOKEN_EXPIRES}))
async def test_a_read_survives_every_misfortune_once(misfortune: Misfortune) -> None:
    async with stormy(Counter()) as (net, weather, _):
        weather.strike(misfortune, endpoint="price")
        response = await net.http.get("https://sim.test/price", endpoint="price")
        assert exact_json(response)["price"] == Decimal("0.10")


FRAMES = {
    FrameFault.GAP: [],
    FrameFault.DUPLICATE: ["first", "first", "second"],
    FrameFault.REORDERED: ["second", "first"],
    FrameFault.MALFORMED: ["fi", "second"],
}


@pytest.mark.parametrize("fault", FrameFault)
async def test_each_fault_does_to_a_message_what_it_says(fault: FrameFault) -> None:
    counter = Counter()
    async with stormy(counter) as (net, weather, clock):
        weather.refuse_sockets()
        with pytest.raises(Unavailable):
            async with net.sockets.open("wss://sim.test/stream", endpoint="stream"):
                pass
        with pytest.raises(AuthError):
            async with net.sockets.open("wss://sim.test/stream", endpoint="stream"):
                pass
        weather.disturb(fault)
        good = {"Authorization": "Bearer good"}
        async with net.sockets.open("wss://sim.test/stream", endpoint="stream", headers=good) as socket:
            for text in ("first", "second"):
                counter.peers[0].send(text)
            heard: list[str | bytes] = []
            with pytest.raises(TimeoutError) if fault is not FrameFault.GAP else nullcontext():
                with clock.fail_after(1):
                    async for batch in socket:
                        heard += batch
            assert heard == FRAMES[fault]
            assert (socket.close_code == 1006) is (fault is FrameFault.GAP)


async def test_weather_that_cannot_do_what_it_is_told_says_so() -> None:
    async with stormy(Counter()) as (net, weather, _):
        weather.strike(Misfortune.TOKEN_EXPIRES)
        with pytest.raises((TypeError, PluginError)):
            await net.http.get("https://sim.test/price", endpoint="price")
