"""A session with the simulated broker, for every test that wants one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

import polybroker_template
from polybroker.broker import Broker
from polybroker.plugin_loading import broker_of
from polybroker.session import Session
from polybroker.testing.clock import VirtualClock
from polybroker_template.facts import BROKER
from polybroker_template.testing import SimulatedBroker

Connect = Callable[..., AbstractAsyncContextManager[Session]]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def broker() -> Broker:
    return broker_of(polybroker_template, BROKER)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def simulator() -> SimulatedBroker:
    return SimulatedBroker()


@pytest.fixture
def connect(broker: Broker, simulator: SimulatedBroker, clock: VirtualClock) -> Connect:
    """`async with connect() as session`: within the process, in virtual time."""

    @asynccontextmanager
    async def connected(**more: Any) -> AsyncIterator[Session]:
        transport = simulator.exchange(clock)
        arguments = {"secrets": simulator.secrets(), "config": simulator.config, "transport": transport, **more}
        async with broker.connect(environment=simulator.environment, clock=clock, **arguments) as session:
            yield session

    return connected
