"""Time, given to everybody who needs it. No other module sleeps, times out or asks what time it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Protocol

import anyio


class Clock(Protocol):
    """What the core and the plugins know of time."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    async def sleep(self, seconds: float) -> None:
        """Wait; 0 lets other tasks run."""

    def fail_after(self, seconds: float | None) -> AbstractContextManager[None]:
        """Raise `TimeoutError` if the block takes longer; None never does."""


class SystemClock:
    """The machine's time, on asyncio and trio alike."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; 0 lets other tasks run."""
        await anyio.sleep(seconds)

    @contextmanager
    def fail_after(self, seconds: float | None) -> Iterator[None]:
        """Raise `TimeoutError` if the block takes longer; None never does."""
        if seconds is None:
            yield
            return
        with anyio.fail_after(seconds):
            yield
