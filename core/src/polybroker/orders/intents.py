"""Intents: what an app wanted of a broker, written down before the first byte leaves, and what became of it.

An intent only ever learns: what proves that its order exists is believed whenever it comes, and nothing but the
sender's own first-hand answer, or a person, says that an order does not exist. No count of "not found" and no
time that passes turns an unknown intent into a rejected one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

from attrs import evolve, frozen

from polybroker.errors import ErrorCode, Rejected
from polybroker.model.broker_info import ClientOrderIds
from polybroker.model.json import to_json
from polybroker.model.orders import Fill, OrderRequest, OrderStatus
from polybroker.orders.calls import LiveOrder, Operation, Reservation
from polybroker.orders.ids import client_order_id


class IntentState(StrEnum):
    """What is known of an intent."""

    RECORDED = "recorded"
    """Durable; the answer is awaited, or the program ended before it came."""
    NOT_SENT = "not_sent"
    """Proved: no byte left."""
    LIVE = "live"
    """The broker has the order (or the wish to change it)."""
    ENDED = "ended"
    """The order has ended at the broker; `Intent.status` says how."""
    REJECTED = "rejected"
    """The broker refused it in its answer."""
    UNKNOWN = "unknown"
    """It may or may not have reached the broker; counted as live at full size until there is proof."""

    @property
    def open(self) -> bool:
        """Whether something can still come of it."""
        return self in OPEN

    @property
    def unproved(self) -> bool:
        """Whether nobody knows if the broker has it."""
        return self in (IntentState.RECORDED, IntentState.UNKNOWN)


OPEN: Final = frozenset({IntentState.RECORDED, IntentState.LIVE, IntentState.UNKNOWN})


@frozen(kw_only=True)
class Intent:
    """One wish to place, replace or cancel an order. Times are those of the session's clock."""

    id: int
    """Its place in the journal's sequence."""
    broker_id: str
    account_id: str
    operation: Operation
    client_order_id: str | None
    order_id: str | None = None
    """The order at the broker that came of it; None as long as nobody knows of one."""
    target: str | None = None
    """The order that is to be replaced or cancelled."""
    request: OrderRequest | None
    """None for a cancel."""
    fingerprint: str
    """SHA-256 of the parameters: a client order id stands for one order only."""
    state: IntentState = IntentState.RECORDED
    status: OrderStatus = OrderStatus.UNKNOWN
    filled_quantity: Decimal = Decimal(0)
    fills: tuple[Fill, ...] = ()
    linked: tuple[str, ...] = ()
    """Orders that depend on this one, where the broker named them."""
    reason: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def owned_order(self) -> str | None:
        """The order that exists because of this intent and no other."""
        if self.operation is Operation.CANCEL or self.order_id == self.target:
            return None
        return self.order_id


@frozen(kw_only=True)
class Draft:
    """An intent that is to be recorded."""

    broker_id: str
    account_id: str
    operation: Operation
    request: OrderRequest | None = None
    target: str | None = None
    rule: ClientOrderIds | None = None
    """Makes a client order id where the request has none; None: the broker takes none."""
    at: datetime
    recent_since: datetime | None = None
    """Reservations are shown what has ended since then, besides what is open."""


Step = Callable[[Intent], Intent]
"""What a piece of news makes of an intent; pure."""


class Claimed(Exception):
    """The order already belongs to another intent."""


class Journal(Protocol):
    """Where intents are kept. Each method is one transaction, safe beside other tasks and processes."""

    async def record(self, draft: Draft, reservations: Sequence[Reservation] = ()) -> tuple[Intent, bool]:
        """The intent, durable when this returns, and whether it is to be sent.

        It is not where the same request with the same client order id was recorded before (unless that was
        proved not to have been sent): then the intent of that time is returned. Raises `Rejected` where a reservation
        does, or where the client order id stands for another request; nothing is recorded then.
        """

    async def resolve(self, intent_id: int, step: Step) -> Intent:
        """Replace the intent by `step` of it, durably. `Claimed` where its order belongs to another intent."""

    async def intent(self, intent_id: int) -> Intent:
        """The intent of that number; `KeyError` where there is none."""

    async def by_client_id(self, broker_id: str, account_id: str, client_order_id: str) -> Intent | None:
        """The intent of that client order id."""

    async def concerning(
        self, broker_id: str, account_id: str, order_id: str, client_order_id: str | None = None
    ) -> Sequence[Intent]:
        """Every intent that led to the order, is about it, or has its client order id."""

    async def live(self, broker_id: str | None = None, account_id: str | None = None) -> Sequence[Intent]:
        """Every intent of which something can still come: recorded, unknown and live ones."""

    async def unknown(self) -> Sequence[Intent]:
        """Every intent of which nobody knows whether the broker has it: recorded and unknown ones."""

    async def history(self, since: datetime | None = None) -> Sequence[Intent]:
        """Every intent created at or after `since`, oldest first."""


# recording


def fingerprint(draft: Draft) -> str:
    """SHA-256 of everything that makes the request what it is, its client order id left out."""
    asked = None if draft.request is None else evolve(draft.request, client_order_id=None)
    parts = (draft.broker_id, draft.account_id, draft.operation.value, draft.target, to_json(asked))
    return sha256(json.dumps(parts, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def admit(
    draft: Draft,
    *,
    known: Intent | None,
    alive: Iterable[Intent],
    reservations: Sequence[Reservation],
    installation: str,
    sequence: int,
) -> tuple[Intent, bool]:
    """What `Journal.record` returns; to be called within its transaction.

    `known` has the draft's client order id; `alive` are the account's open intents and those ended since
    `draft.recent_since`.
    """
    print_of_it = fingerprint(draft)
    if known is not None:
        if known.fingerprint != print_of_it:
            reason = f"the client order id {known.client_order_id} stands for another order"
            raise Rejected(reason, code=ErrorCode.INVALID_ORDER, reason=reason)
        if known.state is not IntentState.NOT_SENT:
            return known, False
    if reservations:
        orders = live_orders(alive)
        for reservation in reservations:
            reservation(orders)
    if known is not None:
        return evolve(known, state=IntentState.RECORDED, reason=None, updated_at=draft.at), True
    request = _identified(draft, installation, sequence)
    intent = Intent(
        id=sequence,
        broker_id=draft.broker_id,
        account_id=draft.account_id,
        operation=draft.operation,
        client_order_id=request.client_order_id if request else None,
        target=draft.target,
        request=request,
        fingerprint=print_of_it,
        created_at=draft.at,
        updated_at=draft.at,
    )
    return intent, True


def _identified(draft: Draft, installation: str, sequence: int) -> OrderRequest | None:
    if draft.request is None or draft.request.client_order_id is not None or draft.rule is None:
        return draft.request
    where = f"{draft.broker_id}/{draft.account_id}"
    made = client_order_id(draft.rule, installation=installation, account=where, sequence=sequence)
    return evolve(draft.request, client_order_id=made)


def live_orders(intents: Iterable[Intent]) -> tuple[LiveOrder, ...]:
    """The orders among `intents` (cancels are none), unknown ones at full size."""
    return tuple(
        LiveOrder(
            request=intent.request,
            filled=intent.filled_quantity,
            unknown=intent.state.unproved,
            order_id=intent.order_id,
            replaces=intent.target,
            ended=not intent.state.open,
            updated_at=intent.updated_at,
        )
        for intent in intents
        if intent.request is not None
    )
