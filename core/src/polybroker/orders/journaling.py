"""The journal policy: what is wanted is durable before the first byte leaves, and what became of it after."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
from attrs import define, evolve

from polybroker.errors import (
    AuthError,
    BrokerError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    Unsupported,
)
from polybroker.faults import in_words
from polybroker.model.accounts import Account
from polybroker.model.orders import Ack, OrderEvent
from polybroker.orders.calls import Claims, Operation, OrderCall, Proceed
from polybroker.orders.intents import Claimed, Draft, Intent, IntentState, Journal, Step
from polybroker.orders.news import acknowledged, failed, told
from polybroker.streams import as_events

if TYPE_CHECKING:
    from polybroker.session import Session

_LOG: Final = logging.getLogger("polybroker.orders")


@define(kw_only=True, eq=False)
class JournalPolicy:
    """Made by `polybroker.policies.journal`."""

    store: Journal
    settling: timedelta
    """How long, beyond the broker's consistency delay, its positions may not show the fills of an ended order."""

    reserves = True
    """A journal runs `OrderCall.reservations`; the risk policy looks for this mark."""

    async def __call__(self, call: OrderCall, proceed: Proceed) -> Ack:
        """Record, proceed, and note the outcome, also while being cancelled."""
        try:
            intent, fresh = await self.store.record(self._draft(call), call.reservations)
        except Exception as error:
            if call.operation is not Operation.CANCEL:
                raise _not_recorded(error) from error
            _LOG.exception("a cancel is sent although it cannot be recorded")
            return await proceed(call)
        if not fresh:
            return _answer_again(intent)
        call.request = intent.request
        call.claims = partial(claims, self.store, call.session.broker_id, call.account, intent.id)
        return await self._carried_out(call, intent, proceed)

    async def observe(self, session: Session, event: OrderEvent) -> None:
        """Apply an event to every intent that it concerns."""
        await learn(self.store, session, event)

    def _draft(self, call: OrderCall) -> Draft:
        request, now = call.request, call.session.clock.now()
        if request is not None and (call.made_id or _has_the_orders_id(call)):
            request = evolve(request, client_order_id=None)
        return Draft(
            broker_id=call.session.broker_id,
            account_id=call.account.account_id,
            operation=call.operation,
            request=request,
            target=call.order.order_id if call.order else None,
            rule=call.session.info.client_order_ids,
            at=now,
            recent_since=now - call.session.info.consistency_delay - self.settling,
        )

    async def _carried_out(self, call: OrderCall, intent: Intent, proceed: Proceed) -> Ack:
        clock = call.session.clock
        try:
            ack = await proceed(call)
        except BaseException as error:
            state, reason = _verdict(error), call.session.net.redactor.clean(in_words(error))
            await self._note(intent, lambda known: failed(known, state, reason, clock.now()))
            raise
        try:
            await self._note(intent, lambda known: _with_answer(known, call, ack))
        except Claimed as error:
            reason = str(error)
            await self._note(intent, lambda known: failed(known, IntentState.UNKNOWN, reason, clock.now()))
            raise OutcomeUnknown(f"the order that was answered is not this one: {error}") from error
        return ack

    async def _note(self, intent: Intent, step: Step) -> None:
        """Write down what became of the intent. Where that fails it stays recorded, which counts as unknown."""
        with anyio.CancelScope(shield=True):
            try:
                await self.store.resolve(intent.id, step)
            except Claimed:
                raise
            except Exception:
                _LOG.exception("the outcome of intent %d cannot be recorded", intent.id)


def _has_the_orders_id(call: OrderCall) -> bool:
    """Whether a replacement was made out of the order's own request, with its client order id: it needs a new one."""
    given = call.request.client_order_id if call.request else None
    return call.order is not None and given is not None and given == call.order.client_order_id


def _not_recorded(error: Exception) -> BrokerError:
    if isinstance(error, BrokerError):
        return error
    return Unavailable(f"nothing was sent, since it cannot be recorded: {in_words(error)}")


def _answer_again(intent: Intent) -> Ack:
    """The answer to a question that was asked before with this client order id: nothing is sent again."""
    if intent.order_id is not None:
        return Ack(order_id=intent.order_id, client_order_id=intent.client_order_id, status=intent.status)
    if intent.state.unproved:
        raise OutcomeUnknown(f"the order {intent.client_order_id} may have been sent before; it is not sent again")
    raise Rejected(f"the order {intent.client_order_id} was {intent.state} before", reason=intent.reason)


def _verdict(error: BaseException) -> IntentState:
    """What the sender knows of its request after `error`."""
    if isinstance(error, Unavailable | Unsupported):
        return IntentState.NOT_SENT
    if isinstance(error, Rejected | AuthError | RateLimited):
        return IntentState.REJECTED
    return IntentState.UNKNOWN


def _with_answer(intent: Intent, call: OrderCall, ack: Ack) -> Intent:
    at = call.session.clock.now()
    intent = acknowledged(intent, ack, at)
    for event in as_events(call.found) if call.found else ():
        intent = told(intent, event, at)
    return intent


async def learn(store: Journal, session: Session, event: OrderEvent) -> Sequence[Intent]:
    """Apply an event to every intent that it concerns; those that changed."""
    changed = []
    step: Step = partial(told, event=event, at=session.clock.now())
    place = (session.broker_id, event.account_id)
    for intent in await store.concerning(*place, event.order_id, event.client_order_id):
        if step(intent) is intent:
            continue
        try:
            changed.append(await store.resolve(intent.id, step))
        except Claimed:
            _LOG.warning("order %s has the client order id of intent %d, but is another's", event.order_id, intent.id)
    return changed


async def claims(store: Journal, broker_id: str, account: Account, intent_id: int, candidates: Sequence[str]) -> Claims:
    """Which of the candidates belong to other intents, and which requests are still in flight."""
    taken = set()
    for order_id in candidates:
        for other in await store.concerning(broker_id, account.account_id, order_id):
            if other.id != intent_id and order_id == other.owned_order:
                taken.add(order_id)
    flying = [
        other.request
        for other in await store.live(broker_id, account.account_id)
        if other.id != intent_id and other.request is not None and other.state is IntentState.RECORDED
    ]
    return Claims(order_ids=frozenset(taken), in_flight=tuple(flying))
