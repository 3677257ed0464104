"""The wire: our HTTP against aiohttp, and frames to quotes, over loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import anyio

from benchmarks.measure import Work

BODY = b'{"orders":[{"id":1,"price":"10.25"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
REQUESTS = 6000
FRAMES = 100_000


class _Answers(asyncio.Protocol):
    """Answers every request alike, as cheaply as possible."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            self.waiting = self.waiting.split(b"\r\n\r\n", 1)[1]
            self.transport.write(ANSWER)


def http_server() -> int:
    """A server in a process of its own; returns its port."""
    return _started("import benchmarks.wire as wire; wire.serve_http()")


def serve_http() -> None:
    """Prints the port and serves until it is killed."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(main())


def serve_quotes() -> None:
    """A websocket server that sends `FRAMES` quotes to whoever connects."""
    from websockets.asyncio.server import ServerConnection, serve

    quote = {"symbol": "MESH5", "bid": "6050.25", "ask": "6050.50", "last": "6050.25", "time": 1733149864120}

    async def stream(connection: ServerConnection) -> None:
        for number in range(FRAMES):
            await connection.send(json.dumps(quote | {"volume": str(number)}))
        await connection.wait_closed()

    async def main() -> None:
        async with serve(stream, "127.0.0.1", 0, compression=None) as server:
            print(next(iter(server.sockets)).getsockname()[1], flush=True)
            await server.serve_forever()

    asyncio.run(main())


def _started(code: str) -> int:
    import subprocess
    import sys

    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    threading.Thread(target=process.wait, daemon=True).start()
    import atexit

    atexit.register(process.kill)
    return port


def aiohttp_requests(concurrent: str) -> Work:
    """`REQUESTS` reads by aiohttp, its answers parsed."""
    import aiohttp

    url, workers = f"http://127.0.0.1:{http_server()}/v1/orders", int(concurrent)

    async def main() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def worker() -> None:
                for _ in range(REQUESTS // workers):
                    async with session.get(url, headers={"Authorization": "Bearer x"}) as response:
                        await response.json()

            async with asyncio.TaskGroup() as tasks:
                for _ in range(workers):
                    tasks.create_task(worker())

    return _run(lambda: asyncio.run(main()))


def our_requests(concurrent: str, backend: str = "asyncio") -> Work:
    """The same reads through `Net`: throttle, wire log and typed failures included."""
    from polybroker.net import exact_json, open_net

    url, workers = f"http://127.0.0.1:{http_server()}/v1/orders", int(concurrent)

    async def main() -> None:
        async with open_net(["127.0.0.1"]) as net, anyio.create_task_group() as tasks:

            async def worker() -> None:
                for _ in range(REQUESTS // workers):
                    exact_json(await net.http.get(url, endpoint="orders", headers={"Authorization": "Bearer x"}))

            for _ in range(workers):
                tasks.start_soon(worker)

    return _run(lambda: anyio.run(main, backend=backend))


def quote_stream(backend: str = "asyncio") -> Work:
    """`FRAMES` JSON frames from loopback to `Quote` objects."""
    from polybroker.model.instruments import Future
    from polybroker.model.quotes import Quote
    from polybroker.net import open_net

    port = _started("import benchmarks.wire as wire; wire.serve_quotes()")
    instrument = Future("MES", "CME", None, Decimal(5))

    def quote(frame: str | bytes) -> Quote:
        told = json.loads(frame)
        return Quote(
            instrument=instrument,
            broker_id="acme",
            timestamp=datetime.fromtimestamp(told["time"] / 1000, UTC),
            bid=Decimal(told["bid"]),
            ask=Decimal(told["ask"]),
            last=Decimal(told["last"]),
            volume=Decimal(told["volume"]),
        )

    async def main() -> None:
        count = 0
        address = f"ws://127.0.0.1:{port}/"
        async with open_net(["127.0.0.1"]) as net, net.sockets.open(address, endpoint="quotes") as socket:
            async for batch in socket:
                count += len([quote(frame) for frame in batch])
                if count == FRAMES:
                    return

    return _run(lambda: anyio.run(main, backend=backend))


def _run(function: Any) -> Work:
    def work() -> Mapping[str, Any]:
        function()
        return {}

    return work
