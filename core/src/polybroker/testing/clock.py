"""Time for tests: it stands while anything can still happen, and jumps to the next alarm when nothing can.

A test with hours of pauses runs in a moment and the same way every time. It works on asyncio and trio, for what
happens within the process: a socket or a thread at work looks like a task that waits for the clock, so tests
with real connections take `SystemClock`.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
from anyio.lowlevel import checkpoint
from attrs import define, field

START: Final = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday, 10 in the morning in New York."""
_ROUNDS: Final = 20
"""How often other tasks may run on an event loop that does not say whether it is idle."""


@define(order=True)
class _Alarm:
    at: float
    number: int
    ring: Callable[[], None] = field(order=False)
    rung: bool = field(default=False, order=False)
    dropped: bool = field(default=False, order=False)


@define(eq=False)
class VirtualClock:
    """A `Clock` whose time passes only when every task waits for it, or by `advance`."""

    start: datetime = START
    _seconds: float = 0.0
    _shift: timedelta = timedelta(0)
    _alarms: list[_Alarm] = field(factory=list, init=False)
    _numbers: Iterator[int] = field(factory=itertools.count, init=False)
    _driver: Any = field(default=None, init=False)

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return self.start + timedelta(seconds=self._seconds) + self._shift

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Wait; 0 lets other tasks run."""
        if seconds <= 0:
            await checkpoint()
            return
        over = anyio.Event()
        alarm = self._set(seconds, over.set)
        try:
            await over.wait()
        finally:
            self._drop(alarm)

    @contextmanager
    def fail_after(self, seconds: float | None) -> Iterator[None]:
        """Raise `TimeoutError` if the block takes longer; None never does."""
        if seconds is None:
            yield
            return
        with anyio.CancelScope() as scope:
            alarm = self._set(max(seconds, 0.0), scope.cancel)
            try:
                yield
            finally:
                self._drop(alarm)
        if alarm.rung and scope.cancelled_caught:
            raise TimeoutError

    def advance(self, seconds: float) -> None:
        """Let time pass at once, whatever the tasks are doing; what is due then rings."""
        self._reach(self._seconds + seconds)

    def jump(self, seconds: float) -> None:
        """Set the time of day forward or back, as a correction of a machine's clock does; nothing rings."""
        self._shift += timedelta(seconds=seconds)

    def _set(self, seconds: float, ring: Callable[[], None]) -> _Alarm:
        alarm = _Alarm(self._seconds + seconds, next(self._numbers), ring)
        heapq.heappush(self._alarms, alarm)
        if self._driver is not (loop := _loop()):
            self._driver = loop
            _start(self._drive)
        return alarm

    def _drop(self, alarm: _Alarm) -> None:
        alarm.dropped = True
        while self._alarms and self._alarms[0].dropped:
            heapq.heappop(self._alarms)

    def _reach(self, seconds: float) -> None:
        while self._alarms and self._alarms[0].at <= seconds:
            alarm = heapq.heappop(self._alarms)
            self._seconds = max(self._seconds, alarm.at)
            if not alarm.dropped:
                alarm.rung = True
                alarm.ring()
        self._seconds = max(self._seconds, seconds)

    async def _drive(self) -> None:
        """Runs beside the tasks while there are alarms."""
        loop = _loop()
        try:
            while self._alarms and self._driver is loop:
                await _idle()
                if self._alarms:
                    self._reach(self._alarms[0].at)
        finally:
            if self._driver is loop:
                self._driver = None


_drivers: set[asyncio.Task[None]] = set()
"""asyncio forgets tasks that nobody holds."""


def _start(drive: Callable[[], Any]) -> None:
    if _on_trio():
        import trio

        trio.lowlevel.spawn_system_task(drive)
        return
    task = asyncio.get_running_loop().create_task(drive())
    _drivers.add(task)
    task.add_done_callback(_drivers.discard)


async def _idle() -> None:
    """Return when every other task waits for something."""
    if _on_trio():
        import trio.testing

        await trio.testing.wait_all_tasks_blocked()
        return
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    for _ in itertools.count() if ready is not None else range(_ROUNDS):
        await asyncio.sleep(0)
        if ready is not None and not ready:
            return


def _loop() -> object:
    """The run of the event loop that this is."""
    if _on_trio():
        import trio

        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()


def _on_trio() -> bool:
    if "trio" not in sys.modules:
        return False
    import trio

    return trio.lowlevel.in_trio_run()
