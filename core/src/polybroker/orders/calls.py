"""What a policy sees of an order on its way out, and how policies are put around each other.

A policy is an app's own code between itself and the broker: `async def policy(call, proceed)` returns what
`await proceed(call)` returns, or raises. The list is outermost first: audit, risk, journal, ask. A policy that
also has a method `observe` is told every order event that a stream brings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from attrs import define, field, frozen

from polybroker.model.accounts import Account
from polybroker.model.orders import Ack, Order, OrderEvent, OrderRequest

if TYPE_CHECKING:
    from polybroker.session import Session

SETTLING: Final = timedelta(seconds=30)
"""How long, beyond the broker's consistency delay, its positions may not show a fill."""


class Operation(StrEnum):
    """What is done to an order."""

    PLACE = "place"
    REPLACE = "replace"
    CANCEL = "cancel"


@define
class OrderCall:
    """One order on its way to the broker."""

    operation: Operation
    session: Session
    account: Account
    order: Order | None = None
    """The living order that is replaced or cancelled."""
    request: OrderRequest | None = None
    """What is asked for, with its client order id where the broker takes one; None for a cancel."""
    reservations: list[Reservation] = field(factory=list)
    """Checks of the risk policy, run by the journal within the transaction that records the intent."""
    made_id: bool = False
    """Whether the client order id is the core's own: a journal puts one that it has counted in its place."""
    claims: ReadClaims | None = None
    """Which orders belong to other intents; set by the journal for whoever looks an order up beneath it."""
    found: Order | None = None
    """The order as the broker lists it, where it had to be looked up."""

    @property
    def hook(self) -> str:
        """The hook that carries it out."""
        return f"{self.operation}_order"

    @property
    def arguments(self) -> Mapping[str, object]:
        """The hook's arguments besides session and account."""
        if self.operation is Operation.PLACE:
            return {"order": self.request}
        if self.operation is Operation.REPLACE:
            return {"order": self.order, "request": self.request}
        return {"order": self.order}


Proceed = Callable[[OrderCall], Awaitable[Ack]]


class Policy(Protocol):
    """Code of the app around every order."""

    async def __call__(self, call: OrderCall, proceed: Proceed) -> Ack:
        """Carry on with `await proceed(call)`, or raise."""


@runtime_checkable
class Observer(Protocol):
    """A policy that wants to hear what became of orders."""

    async def observe(self, session: Session, event: OrderEvent) -> None:
        """Take note of an event; it may come twice, late and out of order."""


class Reservation(Protocol):
    """A check against everything that is alive in the account; raises `Rejected`."""

    def __call__(self, live: Sequence[LiveOrder], /) -> None:
        """`live` holds every order that can still be filled, unknown ones at full size."""


@frozen(kw_only=True)
class LiveOrder:
    """An order that can still be filled or was until a moment ago, as far as the journal knows."""

    request: OrderRequest
    filled: Decimal = Decimal(0)
    unknown: bool = False
    """Whether it may not exist at all; it counts at full size all the same."""
    order_id: str | None = None
    replaces: str | None = None
    """The order that this one is to take the place of: one of the two can be filled, not both."""
    ended: bool = False
    """It ended so recently that the broker's positions may not show its fills yet."""
    updated_at: datetime | None = None


@frozen(kw_only=True)
class Claims:
    """What an order that is looked up by its terms alone can not be."""

    order_ids: frozenset[str]
    """Those of the orders asked about that belong to other intents."""
    in_flight: tuple[OrderRequest, ...] = ()
    """Requests of other intents whose answer is still awaited: an order like them may be theirs."""


ReadClaims = Callable[[Sequence[str]], Awaitable[Claims]]
"""Which of these order ids are claimed, and what else is in flight."""


def compose(policies: Sequence[Policy], last: Proceed) -> Proceed:
    """`last` with the policies around it, the first outermost."""
    proceed = last
    for policy in reversed(policies):
        proceed = _around(policy, proceed)
    return proceed


def _around(policy: Policy, proceed: Proceed) -> Proceed:
    async def call_policy(call: OrderCall) -> Ack:
        return await policy(call, proceed)

    return call_policy
