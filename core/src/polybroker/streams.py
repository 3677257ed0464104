"""Streams that repair their gaps: what a plugin's stream hook becomes for the app.

The core runs the hook, passes its batches on, and calls it again after a pause when it returns or the
connection fails. When a subscription stands, order events are preceded by what was missed: the account's orders
are read and told as events. Doubles do no harm, since an order's state only goes forward.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from attrs import define, field

from polybroker.errors import BrokerError, OutcomeUnknown, PluginError, RateLimited, Unavailable
from polybroker.faults import in_words
from polybroker.model.orders import Order, OrderEvent, OrderStatus
from polybroker.net.background import background_tasks
from polybroker.orders.calls import Observer

if TYPE_CHECKING:
    from polybroker.session import Session

T = TypeVar("T")
T_in = TypeVar("T_in", contravariant=True)
Emit = Callable[[Sequence[T_in]], Awaitable[None]]
"""What a stream hook passes batches to; it waits while the app lags behind."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
RESYNC_WINDOW: Final = timedelta(days=1)
_BUFFER: Final = 1024


class Events(Generic[T]):
    """Iterating gives events one by one; `batches()` gives them as the plugin brought them."""

    def __init__(self, receive: MemoryObjectReceiveStream[tuple[T, ...]]) -> None:
        self._receive = receive
        self._waiting: deque[T] = deque()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._waiting:
            self._waiting.extend(await self._receive.__anext__())
        return self._waiting.popleft()

    def batches(self) -> AsyncIterator[tuple[T, ...]]:
        """Whole batches, never empty."""
        return self._receive


@define(eq=False)
class Stream(Generic[T]):
    """One stream hook of a session with its arguments."""

    session: Session
    hook: str
    wanted: Any
    arguments: Mapping[str, object] = field(factory=dict)
    gaps: int = 0
    _pause: float = FIRST_PAUSE

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Events[T]]:
        """The events, until the block ends. An error that only a person can settle is raised in the block."""
        self.session.broker.require(self.hook)
        send, receive = anyio.create_memory_object_stream[tuple[T, ...]](_BUFFER)
        async with background_tasks() as tasks, send, receive:
            tasks.start_soon(self._supervise, send)
            yield Events(receive)

    async def _supervise(self, send: MemoryObjectSendStream[tuple[T, ...]]) -> None:
        while True:
            run = _Run(self, send)
            pause = 0.0
            try:
                await self.session.broker.require(self.hook)(session=self.session, emit=run.emit, **self.arguments)
            except (Unavailable, OutcomeUnknown):
                pass
            except RateLimited as error:
                pause = error.retry_after or 0.0
            except BrokerError:
                raise
            except Exception as error:
                words = self.session.net.redactor.clean(in_words(error))
                raise PluginError(f"{self.session.broker_id}: {self.hook} raised {words}") from error
            self.gaps += 1
            self._pause = FIRST_PAUSE if run.stands else min(self._pause * 2, LONGEST_PAUSE)
            await self.session.clock.sleep(max(pause, self._pause * (0.5 + random.random() / 2)))  # noqa: S311


@define(eq=False)
class _Run(Generic[T]):
    """One subscription, from its first emit to its gap."""

    stream: Stream[T]
    send: MemoryObjectSendStream[tuple[T, ...]]
    stands: bool = False

    async def emit(self, batch: Sequence[T]) -> None:
        """Pass on a batch; before the first one, what was missed."""
        if not self.stands:
            self.stands = True
            if self.stream.hook == "order_events":
                await self._deliver(tuple(await missed(self.stream.session)))  # type: ignore[arg-type]
        for event in batch:
            self.stream.session._check(self.stream.hook, event, self.stream.wanted)
        await self._deliver(tuple(batch))

    async def _deliver(self, batch: tuple[T, ...]) -> None:
        if not batch:
            return
        for policy in self.stream.session.policies:
            if isinstance(policy, Observer):
                for event in batch:
                    if isinstance(event, OrderEvent):
                        await policy.observe(self.stream.session, event)
        await self.send.send(batch)


async def missed(session: Session) -> list[OrderEvent]:
    """The state of every open or recent order of every account, as events."""
    since = session.clock.now() - min(session.info.history_window or RESYNC_WINDOW, RESYNC_WINDOW)
    events = []
    for account in await session.accounts():
        found = {order.order_id: order for order in await session.orders(account, since)}
        found |= {order.order_id: order for order in await session.open_orders(account)}
        for order in found.values():
            events += as_events(order)
    return events


def as_events(order: Order) -> list[OrderEvent]:
    """What a stream would have said of an order: a fill each, then the state."""
    base: dict[str, Any] = {
        "account_id": order.account_id,
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "status": order.status,
        "timestamp": order.updated_at,
        "reason": order.reason,
        "replaced_by": order.replaced_by,
    }
    on_the_way = {**base, "status": OrderStatus.PARTIALLY_FILLED, "reason": None, "replaced_by": None}
    fills = [OrderEvent(**{**on_the_way, "timestamp": fill.timestamp}, fill=fill) for fill in order.fills]
    return [*fills, OrderEvent(**base, filled_quantity=order.filled_quantity)]
