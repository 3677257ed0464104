"""What is compared between two views of an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from polybroker.model.orders import Order, OrderRequest


def terms(request: OrderRequest) -> dict[str, Any]:
    """What an order asks for, in a form that is easy to compare and to read; ids and linked orders apart."""
    return {
        "legs": [(leg.instrument.instrument_id, str(leg.side), leg.ratio) for leg in request.legs],
        "quantity": request.quantity,
        "order_type": str(request.order_type),
        "limit_price": request.limit_price,
        "stop_price": request.stop_price,
        "trail_amount": request.trail_amount,
        "trail_percent": request.trail_percent,
        "time_in_force": str(request.time_in_force),
        "good_till": request.good_till,
        "extended_hours": request.extended_hours,
        "linkage": request.linkage and str(request.linkage),
    }


def same_terms(found: OrderRequest, asked: OrderRequest) -> None:
    """Both ask for the same, linked orders included."""
    told, wanted = terms(found), terms(asked)
    differences = {name: (wanted[name], told[name]) for name in wanted if wanted[name] != told[name]}
    assert not differences, "; ".join(f"{name}: asked {was}, got {got}" for name, (was, got) in differences.items())
    assert len(found.linked) == len(asked.linked), f"{len(found.linked)} linked orders, not {len(asked.linked)}"
    for child, wish in zip(found.linked, asked.linked, strict=True):
        same_terms(child, wish)


def same_order(found: Order, truth: Order) -> None:
    """All that is told of an order agrees with the broker's book."""
    assert found.status is truth.status, f"{truth.status} is shown as {found.status}"
    assert found.filled_quantity == truth.filled_quantity, f"{truth.filled_quantity} is filled: {found.filled_quantity}"
    assert found.client_order_id == truth.client_order_id
    same_terms(found.request, truth.request)
    if found.fills:
        told = sorted((fill.execution_id, fill.quantity, fill.price) for fill in found.fills)
        assert told == sorted((fill.execution_id, fill.quantity, fill.price) for fill in truth.fills)
    if found.average_fill_price is not None:
        value = sum((fill.price * fill.quantity for fill in truth.fills), Decimal(0))
        off = found.average_fill_price * truth.filled_quantity - value
        assert abs(off) < Decimal("0.001"), f"the average price is {found.average_fill_price}"
