"""What news makes of an intent. Each function is a `Step` of the journal once everything but the intent is given.

Proof that an order exists is believed whenever it comes, also after a refusal. That it does not exist is
believed of the sender's own answer, and of a person.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from polybroker.model.orders import Ack, Order, OrderEvent, OrderStatus
from polybroker.orders.calls import Operation
from polybroker.orders.intents import Intent, IntentState
from polybroker.orders.state import apply


def acknowledged(intent: Intent, ack: Ack, at: datetime) -> Intent:
    """The broker has answered the request."""
    order_id = intent.order_id or ack.order_id
    state = intent.state if intent.state is IntentState.ENDED else IntentState.LIVE
    known = evolve(intent, order_id=order_id, state=state, linked=intent.linked or ack.linked, updated_at=at)
    if intent.operation is not Operation.CANCEL and ack.status in (OrderStatus.FILLED, OrderStatus.REJECTED):
        return told(known, OrderEvent(account_id=intent.account_id, order_id=order_id, status=ack.status), at)
    return known


def failed(intent: Intent, state: IntentState, reason: str, at: datetime) -> Intent:
    """The sender's own, first-hand news that the request did not go through, or that nobody knows.

    Proof that the broker has the order, where it came first, stands.
    """
    return evolve(intent, state=state, reason=reason, updated_at=at) if intent.state.unproved else intent


def doubted(intent: Intent, reason: str, at: datetime) -> Intent:
    """The answer will not come any more; nobody knows."""
    if intent.state is not IntentState.RECORDED:
        return intent
    return evolve(intent, state=IntentState.UNKNOWN, reason=reason, updated_at=at)


def decided(intent: Intent, state: IntentState, by: str, reason: str, at: datetime) -> Intent:
    """A person's word on an intent that nobody else can settle; `ValueError` where there is nothing to decide."""
    if not intent.state.open or state not in (IntentState.NOT_SENT, IntentState.REJECTED, IntentState.ENDED):
        raise ValueError(f"intent {intent.id} is {intent.state}: it cannot be declared {state}")
    return evolve(intent, state=state, reason=f"decided by {by}: {reason}", updated_at=at)


def told(intent: Intent, event: OrderEvent, at: datetime) -> Intent:
    """What the broker says about an order that concerns the intent. Doubles and late news change nothing."""
    if intent.operation is Operation.CANCEL:
        return _cancel_told(intent, event, at)
    if intent.order_id is None and event.order_id == intent.target:
        return _target_told(intent, event, at)
    if intent.order_id not in (None, event.order_id):
        return intent
    before = _as_order(intent, event)
    after = apply(before, event)
    state = IntentState.ENDED if after.status.terminal else IntentState.LIVE
    news = evolve(
        intent,
        order_id=event.order_id,
        state=state,
        status=after.status,
        filled_quantity=after.filled_quantity,
        fills=after.fills,
        reason=after.reason,
    )
    return intent if news == intent else evolve(news, updated_at=at)


def _cancel_told(intent: Intent, event: OrderEvent, at: datetime) -> Intent:
    """A cancel is over when its order is; that the order works on proves nothing."""
    if not intent.state.open or event.order_id != intent.target:
        return intent
    if event.status.terminal:
        return evolve(intent, order_id=event.order_id, state=IntentState.ENDED, status=event.status, updated_at=at)
    if event.status is OrderStatus.PENDING_CANCEL and intent.state is not IntentState.LIVE:
        return evolve(intent, order_id=event.order_id, state=IntentState.LIVE, updated_at=at)
    return intent


def _target_told(intent: Intent, event: OrderEvent, at: datetime) -> Intent:
    """News of the order that is to be replaced, while nobody knows whether it was.

    A cancelled one proves nothing: some brokers replace an order by cancelling it. Where the broker knows client
    order ids, the replacement is known by its own.
    """
    if not intent.state.unproved:
        return intent
    has_own_id = intent.client_order_id is not None and event.client_order_id is not None
    if event.status is OrderStatus.REPLACED and event.replaced_by is not None and not has_own_id:
        return evolve(intent, order_id=event.replaced_by, state=IntentState.LIVE, updated_at=at)
    if event.status in (OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.REJECTED):
        return evolve(intent, state=IntentState.ENDED, reason=f"the order was {event.status} before", updated_at=at)
    return intent


def _as_order(intent: Intent, event: OrderEvent) -> Order:
    request = intent.request
    assert request is not None  # noqa: S101  a cancel is dealt with before
    replaced_since = event.status is OrderStatus.FILLED and event.filled_quantity and not event.fill
    if replaced_since and event.filled_quantity:
        request = evolve(request, quantity=max(event.filled_quantity, intent.filled_quantity))
    return Order(
        broker_id=intent.broker_id,
        account_id=intent.account_id,
        order_id=event.order_id,
        client_order_id=intent.client_order_id,
        request=request,
        status=intent.status,
        filled_quantity=intent.filled_quantity,
        fills=intent.fills,
        reason=intent.reason if intent.state is IntentState.LIVE else None,
        updated_at=None,
    )
