"""Virtual time: it passes only when nothing else can happen."""

from __future__ import annotations

import time
from datetime import timedelta

import anyio
import pytest

from polybroker.net import Clock
from polybroker.testing.clock import START, VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_day_passes_in_a_moment_and_in_order() -> None:
    clock, woken = VirtualClock(), []
    began = time.monotonic()

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    async with anyio.create_task_group() as tasks:
        for seconds in (86_400.0, 5.0, 3600.0):
            tasks.start_soon(sleeper, seconds)
    assert woken == [(5.0, 5.0), (3600.0, 3600.0), (86_400.0, 86_400.0)]
    assert clock.now() == START + timedelta(days=1)
    assert time.monotonic() - began < 5


async def test_time_stands_while_a_task_has_work_to_do() -> None:
    clock, at = VirtualClock(), []

    async def busy() -> None:
        for _ in range(500):
            await anyio.lowlevel.checkpoint()
        at.append(clock.monotonic())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep, 1.0)
        tasks.start_soon(busy)
    assert at == [0.0]


async def test_a_time_limit_rings_where_nobody_sleeps() -> None:
    clock = VirtualClock()
    with pytest.raises(TimeoutError):
        with clock.fail_after(30):
            await anyio.sleep_forever()
    assert clock.monotonic() == 30
    with clock.fail_after(30):
        await clock.sleep(29)
    with clock.fail_after(None):
        await clock.sleep(1000)


async def test_the_nearer_of_two_limits_is_the_one_that_rings() -> None:
    clock = VirtualClock()
    with pytest.raises(TimeoutError):
        with clock.fail_after(10):
            with clock.fail_after(20):
                await anyio.sleep_forever()
    assert clock.monotonic() == 10


async def test_time_passes_at_once_by_hand_and_the_time_of_day_can_jump_alone() -> None:
    clock = VirtualClock()
    clock.advance(60)
    clock.jump(-3600)
    assert (clock.monotonic(), clock.now()) == (60, START - timedelta(minutes=59))


def test_a_clock_outlives_an_event_loop() -> None:
    clock: VirtualClock = VirtualClock()
    lives: Clock = clock

    async def cut_short() -> None:
        with anyio.move_on_after(0):
            await lives.sleep(100)

    for backend in ("asyncio", "trio", "asyncio"):
        anyio.run(cut_short, backend=backend)
        before = clock.monotonic()
        anyio.run(clock.sleep, 7, backend=backend)
        assert clock.monotonic() == before + 7
