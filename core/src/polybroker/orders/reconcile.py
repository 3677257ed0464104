"""Reconcile: what the journal believes against what the broker says, at the start and while running.

Doing it twice changes nothing more. What cannot be proved stays unknown, and is in the result.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from polybroker.errors import BrokerError
from polybroker.faults import in_words
from polybroker.model.accounts import Account
from polybroker.model.orders import Order
from polybroker.orders.intents import Claimed, Intent, IntentState, Journal
from polybroker.orders.journaling import claims, learn
from polybroker.orders.lookup import Finding, Sought, Window, find_order
from polybroker.orders.news import acknowledged, decided, doubted, told
from polybroker.streams import as_events

if TYPE_CHECKING:
    from polybroker.session import Session

IN_FLIGHT: Final = timedelta(minutes=2)
"""A recorded intent that is younger may still be waiting for its answer."""


@frozen(kw_only=True)
class Reconciliation:
    """What was learnt. Intents are as they are now."""

    settled: tuple[Intent, ...] = ()
    """Nobody knew whether the broker had them; now it is proved that it has, or had."""
    refreshed: tuple[Intent, ...] = ()
    """Live ones of which there was news."""
    unknown: tuple[Intent, ...] = ()
    """Still unproved, those in flight included: they count as live at full size."""
    missing: tuple[Intent, ...] = ()
    """Live ones that the broker's lists do not show."""
    strangers: tuple[Order, ...] = ()
    """Open orders at the broker of which no intent knows."""
    questions: Mapping[int, tuple[str, ...]] = field(factory=dict)
    """Orders that an unknown intent (by its id) might be, where that cannot be decided."""
    failures: tuple[str, ...] = ()
    """What could not be read; nothing is concluded from it."""


async def reconcile(
    session: Session,
    store: Journal,
    *,
    accounts: Sequence[Account] | None = None,
    in_flight: timedelta = IN_FLIGHT,
    window: Window | None = None,
) -> Reconciliation:
    """Look up every unproved intent, refresh every live one, and list the orders that nobody here has placed.

    `accounts` are those of the session where left out. Raises no `BrokerError` but that of reading the accounts.
    """
    work = _Work(session, store, in_flight, window or Window())
    for account in accounts if accounts is not None else await session.accounts():
        await work.account(account)
    return work.result()


async def settle(
    session: Session, store: Journal, intent_id: int, state: IntentState, *, by: str, reason: str
) -> Intent:
    """A person's word on an open intent: NOT_SENT, REJECTED or ENDED. Who and why are kept with it."""
    return await store.resolve(intent_id, partial(decided, state=state, by=by, reason=reason, at=session.clock.now()))


@define
class _Work:
    session: Session
    store: Journal
    in_flight: timedelta
    window: Window
    settled: list[Intent] = field(factory=list)
    refreshed: dict[int, Intent] = field(factory=dict)
    unknown: list[Intent] = field(factory=list)
    missing: list[Intent] = field(factory=list)
    strangers: list[Order] = field(factory=list)
    questions: dict[int, tuple[str, ...]] = field(factory=dict)
    failures: list[str] = field(factory=list)

    async def account(self, account: Account) -> None:
        """Everything about one account."""
        before = await self.store.live(self.session.broker_id, account.account_id)
        opened, history, complete = await self._listed(account, before)
        listed = {order.order_id: order for order in (*opened, *history)}
        for order in listed.values():
            for event in as_events(order):
                for intent in await learn(self.store, self.session, event):
                    self.refreshed[intent.id] = intent
        await self._look_up_all(account)
        for intent in await self.store.live(self.session.broker_id, account.account_id):
            if complete and intent.state is IntentState.LIVE and intent.order_id not in listed:
                self.missing.append(intent)
        await self._count(before)
        for order in opened:
            if not order.status.terminal and not await self._known(order):
                self.strangers.append(order)

    async def _listed(
        self, account: Account, before: Sequence[Intent]
    ) -> tuple[Sequence[Order], Sequence[Order], bool]:
        now, reach = self.session.clock.now(), self.session.info.history_window
        since = min([intent.created_at for intent in before], default=now) - self.window.history
        if reach is not None:
            since = max(since, now - reach)
        failures = len(self.failures)
        opened = await self._read(self.session.open_orders(account))
        history = await self._read(self.session.orders(account, since))
        return opened, history, failures == len(self.failures)

    async def _read(self, answer: Awaitable[Sequence[Order]]) -> Sequence[Order]:
        try:
            return await answer
        except BrokerError as error:
            self.failures.append(self.session.net.redactor.clean(in_words(error)))
            return ()

    async def _look_up_all(self, account: Account) -> None:
        """Look for the orders of unproved intents; what one turns out to own can settle another's question."""
        alive = await self.store.live(self.session.broker_id, account.account_id)
        waiting = [intent for each in alive if (intent := await self._doubted(each)).state is IntentState.UNKNOWN]
        progress = True
        while progress:
            found = [intent for intent in waiting if await self._look_up(account, intent)]
            waiting = [intent for intent in waiting if intent not in found]
            progress = bool(found and waiting)

    async def _doubted(self, intent: Intent) -> Intent:
        """Give up waiting for an answer that is overdue; one from the future was written by a wrong clock."""
        now = self.session.clock.now()
        if intent.state is not IntentState.RECORDED or abs(now - intent.updated_at) < self.in_flight:
            return intent
        return await self.store.resolve(intent.id, partial(doubted, reason="the answer never came", at=now))

    async def _look_up(self, account: Account, intent: Intent) -> bool:
        sought = Sought(
            account=account,
            operation=intent.operation,
            request=intent.request,
            target=intent.target,
            since=intent.created_at,
        )
        read_claims = partial(claims, self.store, self.session.broker_id, account, intent.id)
        finding = await find_order(self.session, sought, read_claims, self.window)
        self.failures += finding.failures
        self.questions.pop(intent.id, None)
        if finding.candidates:
            self.questions[intent.id] = finding.candidates
        return finding.order_id is not None and await self._believe(intent, finding)

    async def _believe(self, intent: Intent, finding: Finding) -> bool:
        at, ack = self.session.clock.now(), finding.ack(intent.client_order_id)

        def step(known: Intent) -> Intent:
            known = acknowledged(known, ack, at)
            for event in as_events(finding.order) if finding.order else ():
                known = told(known, event, at)
            return known

        try:
            await self.store.resolve(intent.id, step)
        except Claimed:
            self.questions[intent.id] = (ack.order_id,)
            return False
        return True

    async def _count(self, before: Sequence[Intent]) -> None:
        """Sort the intents that were alive by what has become of them."""
        for old in before:
            now = await self.store.intent(old.id)
            if now.state.unproved:
                self.unknown.append(now)
            elif old.state.unproved:
                self.settled.append(now)
                self.refreshed.pop(now.id, None)
            elif now != old:
                self.refreshed[now.id] = now

    async def _known(self, order: Order) -> bool:
        place = (order.broker_id, order.account_id)
        for order_id in (order.order_id, order.parent_order_id):
            if order_id and any(
                order_id == intent.owned_order or order_id in intent.linked
                for intent in await self.store.concerning(*place, order_id, order.client_order_id)
            ):
                return True
        return False

    def result(self) -> Reconciliation:
        """All that was learnt."""
        return Reconciliation(
            settled=tuple(self.settled),
            refreshed=tuple(self.refreshed.values()),
            unknown=tuple(self.unknown),
            missing=tuple(self.missing),
            strangers=tuple(self.strangers),
            questions=self.questions,
            failures=tuple(self.failures),
        )
