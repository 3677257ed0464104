"""Never more than the limit in any window; the urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.net import Effect, RateLimit, Throttle


class JumpingClock:
    """Time that passes only in `sleep`, and then at once when everybody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.sleepers: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        until = self.time + seconds
        self.sleepers.append(until)
        while self.time < until:
            await anyio.lowlevel.checkpoint()
            if min(self.sleepers) == until:
                self.time = max(self.time, until)
        self.sleepers.remove(until)

    @contextmanager
    def fail_after(self, seconds: float | None) -> Iterator[None]:
        yield


async def run(
    limits: list[RateLimit], calls: list[tuple[Effect, str | None]]
) -> list[tuple[float, Effect, str | None]]:
    clock = JumpingClock()
    throttle = Throttle(limits, clock)
    left: list[tuple[float, Effect, str | None]] = []

    async def one(effect: Effect, account: str | None) -> None:
        await throttle.admit(effect, "orders", account)
        left.append((clock.monotonic(), effect, account))

    async with anyio.create_task_group() as tasks:
        for effect, account in calls:
            tasks.start_soon(one, effect, account)
    return left


LIMITS = st.builds(
    RateLimit,
    requests=st.integers(1, 4),
    seconds=st.sampled_from([0.5, 1.0, 3.0]),
    effects=st.sampled_from([None, frozenset({Effect.READ}), frozenset({Effect.ORDER, Effect.CANCEL})]),
    per_account=st.booleans(),
)
CALLS = st.lists(st.tuples(st.sampled_from([Effect.READ, Effect.ORDER, Effect.CANCEL]), st.sampled_from(["A", "B"])))


@settings(max_examples=60, deadline=None)
@given(st.lists(LIMITS, min_size=1, max_size=3), CALLS)
def test_no_window_ever_holds_more_than_the_limit(
    limits: list[RateLimit], calls: list[tuple[Effect, str | None]]
) -> None:
    left = anyio.run(run, limits, calls)
    assert len(left) == len(calls)
    for limit in limits:
        for account in ("A", "B") if limit.per_account else (None,):
            times = sorted(
                time for time, effect, whose in left if limit.concerns(effect, "orders") and account in (None, whose)
            )
            for first, later in zip(times, times[limit.requests :], strict=False):
                assert later - first >= limit.seconds


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancels_leave_before_orders_and_orders_before_reads(backend: str) -> None:
    calls: list[tuple[Effect, str | None]] = [(Effect.READ, None)] * 4 + [(Effect.ORDER, None)] * 3
    calls += [(Effect.CANCEL, None)] * 2
    left = anyio.run(run, [RateLimit(requests=1, seconds=1.0)], calls, backend=backend)
    waited = [effect for _, effect, _ in left[1:]]
    assert waited == sorted(waited, key=[Effect.CANCEL, Effect.ORDER, Effect.READ].index)


def test_a_pause_closes_the_windows_it_shares() -> None:
    async def main() -> float:
        clock = JumpingClock()
        throttle = Throttle([], clock)
        throttle.pause(Effect.READ, "quotes", None, 7.0)
        await throttle.admit(Effect.ORDER, "orders", None)
        assert clock.monotonic() == 0
        await throttle.admit(Effect.READ, "quotes", None)
        return clock.monotonic()

    assert anyio.run(main) == 7.0
