"""Wire and clock that need neither network nor waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import httpx
import pytest

from polybroker.net.transport import MaybeSent


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class StillClock:
    """Time that stands until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 15, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    @contextmanager
    def fail_after(self, seconds: float | None) -> Iterator[None]:
        yield


class TokenServer:
    """A token endpoint: answers each form with what `answer` says."""

    def __init__(self, answer: Callable[[dict[str, str]], tuple[int, object] | None]) -> None:
        self.answer, self.forms, self.headers = answer, [], []  # type: ignore[var-annotated]

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        self.forms.append(form)
        self.headers.append(request.headers)
        answer = self.answer(form)
        if answer is None:
            raise MaybeSent("lost")
        status, body = answer
        return httpx.Response(status, json=body, request=request)

    async def aclose(self) -> None:
        pass


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def token_server() -> type[TokenServer]:
    return TokenServer
