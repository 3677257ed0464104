"""No order is doubled, none is lost, every unknown is visible: whatever the wire, the brokers and the program do.

POLYBROKER_SCHEDULES sets how many schedules run; a seed that fails is run again by `run(seed)`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from faulty_brokers import FAULTS
from order_schedules import Schedule, actions_of

pytestmark = pytest.mark.anyio
SCHEDULES = int(os.environ.get("POLYBROKER_SCHEDULES", "4000"))
PARTS = 8


async def run(seed: int) -> Schedule:
    schedule = Schedule(seed)
    await schedule.run(actions_of(seed))
    return schedule


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("part", range(PARTS))
async def test_seeded_schedules_of_faults_double_and_lose_nothing(part: int) -> None:
    counted: Counter[str] = Counter()
    broken = {}
    for seed in range(part, SCHEDULES, PARTS):
        schedule = await run(seed)
        counted += schedule.counted
        if schedule.broken:
            broken[seed] = schedule.broken
    print(f"schedules {part}/{PARTS} of {SCHEDULES}:", dict(counted))  # noqa: T201  shown with -s or on failure
    assert not broken, f"{len(broken)} seeds: {dict(list(broken.items())[:10])}"
    faults = {kind: counted[kind] for kind in (*FAULTS, "events_replayed", "events_reordered", "stream_gap")}
    assert min(faults.values()) > sum(faults.values()) / 100, f"a kind of fault hardly happens: {faults}"


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_schedules_hold_on_trio_too() -> None:
    for seed in range(60):
        schedule = await run(seed)
        assert not schedule.broken, seed


WORKFLOWS = (("place",), ("place", "cancel"), ("place", "replace"), ("place", "replace", "cancel", "trade", "listen"))


@pytest.mark.parametrize("actions", WORKFLOWS, ids="-".join)
@pytest.mark.parametrize("likelihood", [0.0, 0.6])
async def test_the_program_may_end_at_any_point_of_a_workflow(actions: tuple[str, ...], likelihood: float) -> None:
    """Crash at I/O point 1, 2, ... until the workflow gets by without; also while lost replies are looked up."""
    points, brokers = 0, Counter[str]()
    for seed in range(6):
        crash_at, crashed = 0, True
        while crashed:
            crash_at += 1
            schedule = Schedule(seed)
            schedule.weather.kinds = ("reply_lost", "request_lost", "error_accepted", "token_expired")
            schedule.weather.likelihood, schedule.weather.crash_at = likelihood, crash_at
            await schedule.run(actions)
            assert not schedule.broken, f"seed {seed}, crash at point {crash_at}: {schedule.broken}"
            crashed = bool(schedule.counted["crash_at_point"])
            brokers.update(wish.broker for wish in schedule.wishes)
        points += crash_at - 1
    assert points > 50
    assert len(brokers) == 2
