"""Orders and their life: who lives, who waits for whom, and everything that was ever told of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from attrs import define, evolve, field, frozen

from polybroker.errors import ErrorCode, Rejected
from polybroker.model.orders import Ack, Fill, Linkage, Order, OrderEvent, OrderRequest, OrderStatus
from polybroker_paper.account import average
from polybroker_paper.matching import Watch
from polybroker_paper.requests import family


@define(eq=False)
class Entry:
    """One order in the book."""

    order: Order
    group: str
    """A fill of one cancels the others of its group."""
    deadline: datetime | None = None
    """When it expires; None: never, or not while it waits for its parent."""
    watch: Watch = field(factory=Watch)
    children: tuple[str, ...] = ()

    @property
    def request(self) -> OrderRequest:
        """The terms as they are now."""
        return self.order.request

    @property
    def living(self) -> bool:
        """Whether something can still happen to it."""
        return not self.order.status.terminal

    @property
    def active(self) -> bool:
        """Whether it is in the market: it lives, and waits for no other order."""
        return self.living and self.order.status is not OrderStatus.HELD


@frozen
class Known:
    """What a client order id was used for: the terms, the order it replaced (None: it was placed), the answer."""

    request: OrderRequest
    replaced: str | None
    ack: Ack


@define(eq=False)
class Book:
    """All orders of a world, the living ones apart, and the log of events."""

    events: list[OrderEvent] = field(factory=list)
    _entries: dict[str, Entry] = field(factory=dict, init=False)
    _living: dict[str, Entry] = field(factory=dict, init=False)
    _answers: dict[tuple[str, str], Known] = field(factory=dict, init=False)
    _client_ids: dict[tuple[str, str], str] = field(factory=dict, init=False)

    def entries(self, account_id: str) -> Iterator[Entry]:
        """All orders of an account, in the order in which they were entered."""
        return (entry for entry in self._entries.values() if entry.order.account_id == account_id)

    def living(self, account_id: str | None = None) -> list[Entry]:
        """The living orders of an account, or of all."""
        return [entry for entry in self._living.values() if account_id in (None, entry.order.account_id)]

    def entry(self, account_id: str, order_id: str) -> Entry:
        """The order of that id; `Rejected` where the account has none."""
        found = self._entries.get(order_id)
        if found is None or found.order.account_id != account_id:
            raise Rejected(f"account {account_id} has no order {order_id}", code=ErrorCode.INVALID_ORDER)
        return found

    def children(self, entry: Entry) -> list[Entry]:
        """The orders that wait, or waited, for this one."""
        return [self._entries[order_id] for order_id in entry.children]

    def by_client_id(self, account_id: str, client_order_id: str) -> Entry | None:
        """The order of a client order id, also of one that it had before it was replaced."""
        order_id = self._client_ids.get((account_id, client_order_id))
        return None if order_id is None else self._entries[order_id]

    # client order ids

    def answered(self, account_id: str, request: OrderRequest, replaced: str | None = None) -> Ack | None:
        """The first answer to the same question; `Rejected` where an id of it was used for another one."""
        known = self._answers.get((account_id, request.client_order_id or ""))
        if known is not None and (known.request, known.replaced) == (request, replaced):
            return known.ack
        for member in family(request):
            used = self._client_ids.get((account_id, member.client_order_id or ""))
            if used is not None and used != replaced:
                reason = f"the client order id {member.client_order_id} was used for order {used}"
                raise Rejected(reason, code=ErrorCode.INVALID_ORDER)
        return None

    def remember(self, account_id: str, request: OrderRequest, ack: Ack, replaced: str | None = None) -> Ack:
        """Note the answer to a question, for when it comes again."""
        if request.client_order_id is not None:
            self._answers[account_id, request.client_order_id] = Known(request, replaced, ack)
            self._client_ids[account_id, request.client_order_id] = ack.order_id
        return ack

    # life

    def enter(self, account_id: str, request: OrderRequest, at: datetime) -> list[Entry]:
        """A new order with its linked ones, the first of them first; those of a bracket or OTO are held."""
        first = self._new(account_id, request, at)
        if request.linkage is Linkage.OCO:
            return [first, *(self._new(account_id, linked, at, group=first.group) for linked in request.linked)]
        parent = first.order.order_id
        group = f"{parent}/linked" if request.linkage is Linkage.BRACKET else None
        held = [self._new(account_id, linked, at, group=group, parent=parent) for linked in request.linked]
        first.children = tuple(child.order.order_id for child in held)
        return [first, *held]

    def _new(
        self, account_id: str, request: OrderRequest, at: datetime, group: str | None = None, parent: str | None = None
    ) -> Entry:
        order_id = f"P{len(self._entries) + 1:06d}"
        order = Order(
            broker_id="paper",
            account_id=account_id,
            order_id=order_id,
            client_order_id=request.client_order_id,
            request=request,
            status=OrderStatus.HELD if parent else OrderStatus.WORKING,
            submitted_at=at,
            updated_at=at,
            parent_order_id=parent,
        )
        entry = Entry(order, group or order_id)
        self._entries[order_id] = self._living[order_id] = entry
        if request.client_order_id is not None:
            self._client_ids[account_id, request.client_order_id] = order_id
        self._tell(entry)
        return entry

    def withdraw(self, entries: list[Entry], events: int) -> None:
        """Take back orders that were entered and never accepted, and what was told since there were `events`."""
        for entry in entries:
            order = entry.order
            del self._entries[order.order_id], self._living[order.order_id]
            self._client_ids.pop((order.account_id, order.client_order_id or ""), None)
        del self.events[events:]

    def change(self, entry: Entry, at: datetime, status: OrderStatus, reason: str | None = None) -> None:
        """Lead an order to another status."""
        entry.order = evolve(entry.order, status=status, updated_at=at, reason=reason or entry.order.reason)
        self._tell(entry)

    def amend(self, entry: Entry, at: datetime, request: OrderRequest) -> None:
        """Give an order other terms."""
        client_order_id = request.client_order_id or entry.order.client_order_id
        entry.order = evolve(entry.order, request=request, client_order_id=client_order_id, updated_at=at)
        entry.watch = Watch()
        self._tell(entry)

    def fill(self, entry: Entry, at: datetime, units: Decimal, fills: list[Fill]) -> None:
        """Add fills, one for each leg, of so many units of the order."""
        order = entry.order
        filled = order.filled_quantity + units
        done = filled == order.request.quantity
        everything = (*order.fills, *fills)
        entry.order = evolve(
            order,
            status=OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED,
            filled_quantity=filled,
            fills=everything,
            average_fill_price=_average(order.request, everything, filled),
            updated_at=at,
            filled_at=at,
        )
        for fill in fills:
            self._tell(entry, fill)

    def _tell(self, entry: Entry, fill: Fill | None = None) -> None:
        order = entry.order
        if order.status.terminal:
            self._living.pop(order.order_id, None)
        event = OrderEvent(
            account_id=order.account_id,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            status=order.status,
            filled_quantity=order.filled_quantity,
            fill=fill,
            timestamp=order.updated_at,
            reason=order.reason,
        )
        self.events.append(event)


def _average(request: OrderRequest, fills: tuple[Fill, ...], filled: Decimal) -> Decimal:
    """The average price, of several legs the net one, rounded half-even."""
    many = len(request.legs) > 1
    value = Decimal(0)
    for fill in fills:
        value += fill.price * fill.quantity * (request.legs[fill.leg].side.sign if many else 1)
    return average(value, filled)
