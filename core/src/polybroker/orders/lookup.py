"""Find an order again whose answer was lost.

Brokers with client order ids are asked for the id: directly, then in the open orders, the history and the
executions. At the others the order is known by its account, time, legs, price and quantity, and only where exactly
one order fits that no other intent lays claim to; two are an open question. An error is never "not there", and
"not there" counts only where every list has answered, reaches back far enough and knows client order ids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field, frozen

from polybroker.errors import BrokerError
from polybroker.faults import in_words
from polybroker.model.accounts import Account
from polybroker.model.orders import AccountExecution, Ack, Order, OrderRequest, OrderStatus
from polybroker.orders.calls import Operation, ReadClaims

if TYPE_CHECKING:
    from polybroker.session import Session

T = TypeVar("T")


@frozen(kw_only=True)
class Window:
    """Where an order is looked for, around the time at which it was recorded."""

    history: timedelta = timedelta(days=1)
    """How far before it the lists are read: clocks differ."""
    early: timedelta = timedelta(minutes=2)
    """An order that is known by its terms alone was entered at most this long before..."""
    late: timedelta = timedelta(minutes=10)
    """... or this long after."""


@frozen(kw_only=True)
class Sought:
    """What is looked for."""

    account: Account
    operation: Operation
    request: OrderRequest | None
    target: str | None
    """The order that was to be replaced or cancelled."""
    since: datetime
    """When it was recorded."""

    @property
    def client_order_id(self) -> str | None:
        """The client order id that it left with."""
        return self.request.client_order_id if self.request else None


@frozen(kw_only=True)
class Finding:
    """What the broker's lists say."""

    order_id: str | None = None
    """The order; None: not found, or not for certain."""
    order: Order | None = None
    """As the broker lists it; None where only an execution of it was found."""
    absent: bool = False
    """Whether every list says, and can say, that there is no such order."""
    candidates: tuple[str, ...] = ()
    """Orders that it might be; what is found is not among them."""
    failures: tuple[str, ...] = ()
    """Why lists could not be read."""

    def ack(self, client_order_id: str | None) -> Ack:
        """The answer that was lost."""
        if self.order_id is None:
            raise ValueError("nothing was found")
        status = self.order.status if self.order else OrderStatus.PARTIALLY_FILLED
        return Ack(order_id=self.order_id, client_order_id=client_order_id, status=status)


async def find_order(
    session: Session, sought: Sought, claims: ReadClaims | None = None, window: Window | None = None
) -> Finding:
    """Look for an order. Raises no `BrokerError`: what could not be read is in `failures`."""
    search = _Search(session, sought, claims, window or Window())
    return await search.run()


@define
class _Search:
    session: Session
    sought: Sought
    claims: ReadClaims | None
    window: Window
    failures: list[str] = field(factory=list)
    listed: dict[str, Order] = field(factory=dict)
    executions: list[AccountExecution] = field(factory=list)

    async def run(self) -> Finding:
        by_id = self.session.info.client_order_ids is not None and self.sought.client_order_id is not None
        if by_id and self.session.broker.offers("order_by_client_id"):
            order = await self._read(self._ask_by_client_id())
            if order is not None:
                return Finding(order_id=order.order_id, order=order)
        await self._read_lists()
        if self.sought.operation is Operation.CANCEL:
            return self._cancelled()
        if by_id:
            return await self._known_by_id()
        return await self._known_by_terms()

    # what the broker says

    async def _ask_by_client_id(self) -> Order | None:
        order = await self.session.order_by_client_id(self.sought.account, self.sought.client_order_id or "")
        return order if order is not None and order.account_id == self.sought.account.account_id else None

    async def _read_lists(self) -> None:
        account, since = self.sought.account, self._since()
        opened = await self._read(self.session.open_orders(account)) or ()
        history = await self._read(self.session.orders(account, since)) or ()
        if self.session.broker.offers("executions"):
            self.executions += await self._read(self.session.executions(account, since)) or ()
        self.listed = {order.order_id: order for order in (*opened, *history)}

    async def _read(self, answer: Awaitable[T]) -> T | None:
        """The answer; None where there is none, which is then in `failures`."""
        try:
            return await answer
        except BrokerError as error:
            self.failures.append(self.session.net.redactor.clean(in_words(error)))
            return None

    def _since(self) -> datetime:
        since = self.sought.since - self.window.history
        reach = self.session.info.history_window
        return since if reach is None else max(since, self.session.clock.now() - reach)

    # what follows from it

    def _cancelled(self) -> Finding:
        order = self.listed.get(self.sought.target or "")
        if order is not None and (order.status.terminal or order.status is OrderStatus.PENDING_CANCEL):
            return Finding(order_id=order.order_id, order=order)
        return self._open_question()

    async def _known_by_id(self) -> Finding:
        wanted = self.sought.client_order_id
        for order in self.listed.values():
            if order.client_order_id == wanted:
                return Finding(order_id=order.order_id, order=order)
        for execution in self.executions:
            if execution.client_order_id == wanted and execution.order_id is not None:
                return Finding(order_id=execution.order_id, order=self.listed.get(execution.order_id))
        if self.sought.operation is Operation.REPLACE:
            return self._replaced() or self._open_question()
        anonymous = [order for order in self.listed.values() if order.client_order_id is None]
        candidates, _ = await self._unclaimed(self._fitting(anonymous))
        absent = not candidates and not self.failures and self._reaches_back() and self._lists_know_ids(anonymous)
        return self._open_question(candidates, absent=absent)

    async def _known_by_terms(self) -> Finding:
        if self.sought.operation is Operation.REPLACE and (replaced := self._replaced()):
            return replaced
        fitting = [*self._fitting(self.listed.values()), *self._executed()]
        candidates, alone = await self._unclaimed(fitting)
        if len(candidates) != 1 or not alone or self.failures or not self._certain(candidates[0]):
            return self._open_question(candidates)
        return Finding(order_id=candidates[0], order=self.listed.get(candidates[0]))

    def _replaced(self) -> Finding | None:
        """The replacement that the broker names, or the order itself with the terms that it was to get."""
        target, request = self.listed.get(self.sought.target or ""), self.sought.request
        if target is None or request is None:
            return None
        if target.replaced_by is not None:
            later = self.listed.get(target.replaced_by)
            if later is not None and later.client_order_id is not None and self.sought.client_order_id is not None:
                return None  # it would have been found by its id
            return Finding(order_id=target.replaced_by, order=later)
        if not target.status.terminal and same_terms(target.request, request):
            return Finding(order_id=target.order_id, order=target)
        return None

    def _fitting(self, orders: Iterable[Order]) -> list[str]:
        request, since = self.sought.request, self.sought.since
        assert request is not None  # noqa: S101  cancels are dealt with before
        first, last = since - self.window.early, since + self.window.late
        return [
            order.order_id
            for order in orders
            if order.parent_order_id is None
            and order.order_id != self.sought.target
            and (order.submitted_at is None or first <= order.submitted_at <= last)
            and same_terms(order.request, request)
        ]

    def _executed(self) -> list[str]:
        """Orders that no list has, but of which there are executions that fit."""
        request = self.sought.request
        assert request is not None  # noqa: S101  cancels are dealt with before
        sides = {(leg.instrument.instrument_id, leg.side.sign) for leg in request.legs}
        filled: dict[str, Decimal] = {}
        for each in self.executions:
            if each.order_id is None or each.order_id in self.listed or each.instrument is None:
                continue
            late_enough = each.fill.timestamp >= self.sought.since - self.window.early
            if late_enough and (each.instrument.instrument_id, each.side.sign) in sides:
                filled[each.order_id] = filled.get(each.order_id, Decimal(0)) + each.fill.quantity
        most = request.quantity * sum(leg.ratio for leg in request.legs)
        return [order_id for order_id, quantity in filled.items() if quantity <= most]

    async def _unclaimed(self, order_ids: Iterable[str]) -> tuple[tuple[str, ...], bool]:
        """Those that are nobody else's, and whether no one else awaits an order like them. Asked after the lists."""
        candidates, request = tuple(dict.fromkeys(order_ids)), self.sought.request
        if not candidates or self.claims is None or request is None:
            return candidates, False
        claims = await self.claims(candidates)
        alone = not any(same_terms(other, request) for other in claims.in_flight)
        return tuple(each for each in candidates if each not in claims.order_ids), alone

    def _reaches_back(self) -> bool:
        reach = self.session.info.history_window
        return reach is None or self.session.clock.now() - self.sought.since < reach

    def _lists_know_ids(self, anonymous: list[Order]) -> bool:
        """Whether an order could not hide in the lists because they leave client order ids out."""
        return self.session.broker.offers("order_by_client_id") or not anonymous

    def _certain(self, order_id: str) -> bool:
        order = self.listed.get(order_id)
        return order is None or order.submitted_at is not None

    def _open_question(self, candidates: tuple[str, ...] = (), *, absent: bool = False) -> Finding:
        return Finding(candidates=candidates, failures=tuple(self.failures), absent=absent)


def same_terms(one: OrderRequest, other: OrderRequest) -> bool:
    """Whether two requests ask for the same legs, quantity, kind and prices."""
    return _terms(one) == _terms(other)


def _terms(request: OrderRequest) -> tuple[object, ...]:
    legs = sorted((leg.instrument.instrument_id, leg.side.sign, leg.ratio) for leg in request.legs)
    prices = (request.limit_price, request.stop_price, request.trail_amount, request.trail_percent)
    return (legs, request.quantity, request.order_type, prices)
