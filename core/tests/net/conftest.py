"""Loopback servers that speak raw bytes, and a clock that needs no waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from polybroker.net.background import background_tasks

Handler = Callable[[SocketStream], Awaitable[None]]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def serve_raw(handler: Handler) -> AsyncIterator[str]:
    """A TCP server on loopback; yields `127.0.0.1:port`."""

    async def guarded(stream: SocketStream) -> None:
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with stream:
                await handler(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, background_tasks() as tasks:
        tasks.start_soon(listener.serve, guarded)
        yield f"127.0.0.1:{listener.extra(SocketAttribute.local_port)}"


@pytest.fixture
def raw_server() -> Callable[[Handler], object]:
    return serve_raw
