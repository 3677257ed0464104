"""Rate limits: never above what the broker allows in any window, and the urgent first."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress

import anyio
from attrs import define, field, frozen

from polybroker.net.clock import Clock
from polybroker.net.effects import Effect

_PRIORITY = {Effect.CANCEL: 0, Effect.AUTH: 1, Effect.ORDER: 1, Effect.READ: 2}


@frozen(kw_only=True)
class RateLimit:
    """At most `requests` in any `seconds`, over the requests that the conditions name."""

    requests: int
    seconds: float
    effects: frozenset[Effect] | None = None
    """None: of every effect."""
    endpoint: str | None = None
    """None: at every endpoint."""
    per_account: bool = False
    """Whether each account has the limit for itself."""

    def concerns(self, effect: Effect, endpoint: str) -> bool:
        """Whether a request of this kind counts."""
        return (self.effects is None or effect in self.effects) and self.endpoint in (None, endpoint)


@define(eq=False)
class _Window:
    limit: RateLimit
    sent: deque[float] = field(factory=deque)
    closed_until: float = 0.0

    def delay(self, now: float) -> float:
        """Seconds until one more request fits."""
        while self.sent and self.sent[0] <= now - self.limit.seconds:
            self.sent.popleft()
        wait = self.closed_until - now
        if len(self.sent) >= self.limit.requests:
            wait = max(wait, self.sent[0] + self.limit.seconds - now)
        return max(wait, 0.0)


Ticket = tuple[int, int]


@define
class Throttle:
    """The windows of one connection. Whoever waits goes in the order cancels, orders, reads; within one, first come."""

    limits: Sequence[RateLimit]
    clock: Clock
    _windows: dict[tuple[int, str | None], _Window] = field(factory=dict, init=False)
    _waiting: dict[Ticket, tuple[_Window, ...]] = field(factory=dict, init=False)
    _numbers: Iterable[int] = field(factory=itertools.count, init=False)
    _changed: anyio.Event = field(factory=anyio.Event, init=False)

    async def admit(self, effect: Effect, endpoint: str, account: str | None) -> None:
        """Return when one more request may leave; it is then counted as having left."""
        windows = self._concerned(effect, endpoint, account)
        if not windows:
            return
        ticket = (_PRIORITY[effect], next(iter(self._numbers)))
        self._waiting[ticket] = windows
        try:
            while True:
                changed = self._changed
                if self._someone_before(ticket, windows):
                    await changed.wait()
                    continue
                delay = max(window.delay(self.clock.monotonic()) for window in windows)
                if delay <= 0:
                    break
                await self.clock.sleep(delay)
            now = self.clock.monotonic()
            for window in windows:
                window.sent.append(now)
        finally:
            del self._waiting[ticket]
            self._changed.set()
            self._changed = anyio.Event()

    def pause(self, effect: Effect, endpoint: str, account: str | None, seconds: float) -> None:
        """The broker asked for a pause: nothing that shares a window with this request leaves before it is over."""
        until = self.clock.monotonic() + seconds
        for window in self._concerned(effect, endpoint, account) or (self._catch_all(effect),):
            window.closed_until = max(window.closed_until, until)

    def _concerned(self, effect: Effect, endpoint: str, account: str | None) -> tuple[_Window, ...]:
        found = [
            self._window(number, limit, account if limit.per_account else None)
            for number, limit in enumerate(self.limits)
            if limit.concerns(effect, endpoint)
        ]
        with suppress(KeyError):
            found.append(self._windows[-1 - _PRIORITY[effect], None])
        return tuple(found)

    def _window(self, number: int, limit: RateLimit, account: str | None) -> _Window:
        return self._windows.setdefault((number, account), _Window(limit))

    def _catch_all(self, effect: Effect) -> _Window:
        """A window without a limit of its own, for a broker that declares none and asks for a pause all the same."""
        return self._window(-1 - _PRIORITY[effect], RateLimit(requests=2**62, seconds=1.0), None)

    def _someone_before(self, ticket: Ticket, windows: tuple[_Window, ...]) -> bool:
        mine = set(map(id, windows))
        return any(other < ticket and not mine.isdisjoint(map(id, theirs)) for other, theirs in self._waiting.items())
