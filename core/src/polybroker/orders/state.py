"""What events make of an order: a machine that only ever goes forward.

Streams repeat, delay and reorder what they say. Whatever comes, a filled quantity never falls, a fill counts
once, and an order that has ended stays as it ended. Among the states of a living order an event that is newer
by the broker's own time is believed (a refused cancel leads back to working), an older one only where it
tells of progress.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from attrs import evolve

from polybroker.model.money import AVERAGE_PLACES, plain_text
from polybroker.model.orders import Fill, Order, OrderEvent, OrderRequest, OrderStatus

_PROGRESS: Final = {
    OrderStatus.UNKNOWN: 0,
    OrderStatus.PENDING: 1,
    OrderStatus.HELD: 2,
    OrderStatus.WORKING: 3,
    OrderStatus.PARTIALLY_FILLED: 4,
    OrderStatus.PENDING_REPLACE: 5,
    OrderStatus.PENDING_CANCEL: 6,
}
"""How far a living order has come."""


def apply(order: Order, event: OrderEvent) -> Order:
    """`order` after `event`; `ValueError` where the event is another order's."""
    if (event.account_id, event.order_id) != (order.account_id, order.order_id):
        raise ValueError(f"event of order {event.order_id} applied to order {order.order_id}")
    fills = _with_fill(order.fills, event.fill)
    filled = max(order.filled_quantity, event.filled_quantity or Decimal(0), _units(order.request, fills))
    if event.status is OrderStatus.FILLED:
        filled = max(filled, order.request.quantity)
    status = _believed(order, event)
    if filled >= order.request.quantity and not status.terminal:
        status = OrderStatus.FILLED
    elif filled and _PROGRESS.get(status, 9) < _PROGRESS[OrderStatus.PARTIALLY_FILLED]:
        status = OrderStatus.PARTIALLY_FILLED
    return evolve(
        order,
        status=status,
        fills=fills,
        filled_quantity=filled,
        average_fill_price=_average(order.request, fills, filled) or order.average_fill_price,
        client_order_id=order.client_order_id or event.client_order_id,
        updated_at=_latest(order.updated_at, event.timestamp),
        filled_at=_latest(order.filled_at, event.fill.timestamp) if event.fill else order.filled_at,
        reason=order.reason or event.reason,
        replaced_by=order.replaced_by or event.replaced_by,
    )


def apply_all(order: Order, events: Iterable[OrderEvent]) -> Order:
    """`order` after all `events`, in whatever order they come."""
    for event in events:
        order = apply(order, event)
    return order


def _believed(order: Order, event: OrderEvent) -> OrderStatus:
    """The status of the two to believe, before fills have their say. An end is never left, not even for another."""
    known, told = order.status, event.status
    if known.terminal or told is OrderStatus.UNKNOWN:
        return known
    if told.terminal or _PROGRESS[told] > _PROGRESS[known]:
        return told
    newer = event.timestamp is not None and order.updated_at is not None and event.timestamp > order.updated_at
    return told if newer else known


def _with_fill(fills: tuple[Fill, ...], fill: Fill | None) -> tuple[Fill, ...]:
    if fill is None or any(known.execution_id == fill.execution_id for known in fills):
        return fills
    return tuple(sorted((*fills, fill), key=lambda each: (each.timestamp, each.execution_id)))


def _units(request: OrderRequest, fills: tuple[Fill, ...]) -> Decimal:
    """Whole units of the order that the fills complete: the leg that is filled least, by its ratio, decides."""
    if len(request.legs) == 1 and request.legs[0].ratio == 1:
        return sum((fill.quantity for fill in fills), Decimal(0))
    totals = [sum((f.quantity for f in fills if f.leg == leg), Decimal(0)) for leg in range(len(request.legs))]
    return min(total // leg.ratio for total, leg in zip(totals, request.legs, strict=True))


def _average(request: OrderRequest, fills: tuple[Fill, ...], filled: Decimal) -> Decimal | None:
    """The average price where every fill is known; None for multi-leg orders and where some are missing."""
    if not filled or len(request.legs) != 1 or _units(request, fills) != filled:
        return None
    with localcontext(prec=60):
        value = sum((fill.price * fill.quantity for fill in fills), Decimal(0)) / filled
        return Decimal(plain_text(value.quantize(Decimal(1).scaleb(-AVERAGE_PLACES), rounding=ROUND_HALF_EVEN)))


def _latest(known: datetime | None, told: datetime | None) -> datetime | None:
    return max((time for time in (known, told) if time is not None), default=None)
