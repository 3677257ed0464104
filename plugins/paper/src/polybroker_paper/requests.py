"""What the simulated broker takes as an order (`check_order`), and what is wrong with one that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from polybroker.errors import ErrorCode, Rejected, Unsupported
from polybroker.model.broker_info import ClientOrderIds
from polybroker.model.instruments import AssetClass, Future, Instrument
from polybroker.model.money import exact
from polybroker.model.orders import Linkage, OrderRequest, OrderSide, OrderType, TimeInForce
from polybroker.orders.ids import check_client_order_id
from polybroker_paper.listing import tick_size
from polybroker_paper.market import positive_only

CLIENT_ORDER_IDS: Final = ClientOrderIds(
    charset="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", max_length=64, idempotent=True
)
_PLACES: Final = {
    AssetClass.FUTURE: 0,
    AssetClass.OPTION: 0,
    AssetClass.STOCK: 6,
    AssetClass.CRYPTO: 8,
    AssetClass.FOREX: 2,
}
"""Decimal places that a quantity may have."""
_MOST: Final = Decimal(10) ** 12
_AT_ONCE: Final = (TimeInForce.IOC, TimeInForce.FOK)
_STOPS: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)


def family(request: OrderRequest) -> Iterator[OrderRequest]:
    """The order and its linked ones."""
    yield request
    yield from request.linked


def check_order(request: OrderRequest) -> None:
    """`Unsupported` that says why such an order is not taken."""
    for member in family(request):
        _check_member(member)
    if any(linked.linked for linked in request.linked):
        raise Unsupported("linked orders have no linked orders of their own")
    if request.linked and any(len(member.legs) > 1 for member in family(request)):
        raise Unsupported("orders of several legs are not linked to others")
    if request.linkage is Linkage.BRACKET:
        _check_bracket(request)


def _check_member(request: OrderRequest) -> None:
    for leg in request.legs:
        _check_quantity(leg.instrument, request.quantity * leg.ratio)
        short_sides = leg.side in (OrderSide.SELL_SHORT, OrderSide.BUY_TO_COVER)
        if short_sides and leg.instrument.asset_class is not AssetClass.STOCK:
            raise Unsupported(f"{leg.side} is for shares; here it is buy or sell")
        if isinstance(leg.instrument, Future) and leg.instrument.expiry is None:
            raise Unsupported(f"{leg.instrument.instrument_id} has no month: one contract is traded, not a root")
    if len(request.legs) > 1:
        _check_legs(request)
    if request.time_in_force in _AT_ONCE and request.order_type in _STOPS:
        raise Unsupported(f"a {request.order_type} order waits, so it is not {request.time_in_force}")
    if request.extended_hours and (request.order_type is not OrderType.LIMIT or request.time_in_force in _AT_ONCE):
        raise Unsupported("in extended hours there are limit orders only, which may wait")
    if request.trail_percent is not None and request.trail_percent >= 100:
        raise Unsupported("a trailing stop stays within 100 percent")
    if request.client_order_id is not None:
        try:
            check_client_order_id(CLIENT_ORDER_IDS, request.client_order_id)
        except ValueError as error:
            raise Unsupported(str(error)) from None


def _check_quantity(instrument: Instrument, quantity: Decimal) -> None:
    places = _PLACES[instrument.asset_class]
    try:
        fits = exact(quantity) == quantity and quantity < _MOST and quantity == round(quantity, places)
    except (ValueError, ArithmeticError):
        fits = False
    if not fits:
        raise Unsupported(
            f"{instrument.asset_class}: a quantity has {places} decimal places at most and is below 10^12"
        )


def _check_legs(request: OrderRequest) -> None:
    if any(leg.instrument.asset_class is not AssetClass.OPTION for leg in request.legs):
        raise Unsupported("an order of several legs is one of options")
    if len({leg.instrument for leg in request.legs}) != len(request.legs):
        raise Unsupported("the legs of an order are different options")
    if len({leg.instrument.currency for leg in request.legs}) != 1:
        raise Unsupported("the legs of an order have one currency")
    if request.order_type not in (OrderType.MARKET, OrderType.LIMIT):
        raise Unsupported("an order of several legs is a market or limit order at a net price")


def _check_bracket(request: OrderRequest) -> None:
    profit = [linked for linked in request.linked if linked.order_type is OrderType.LIMIT]
    loss = [linked for linked in request.linked if linked.order_type in _STOPS]
    if len(profit) != 1 or len(loss) != 1:
        raise Unsupported("a bracket has a limit order that takes the profit and a stop order that limits the loss")
    for linked in request.linked:
        if linked.instrument != request.instrument or linked.side.sign == request.side.sign:
            raise Unsupported("the linked orders of a bracket close what its first one opens")
        if linked.quantity > request.quantity:
            raise Unsupported("the linked orders of a bracket close no more than its first one opens")


def validate(request: OrderRequest, at: datetime) -> None:
    """`Rejected` where a price is off the tick or below it, or the order's time is over."""
    for member in family(request):
        if member.good_till is not None and member.good_till <= at:
            raise Rejected(f"good_till {member.good_till} is over", code=ErrorCode.INVALID_ORDER)
        if len(member.legs) == 1:
            for name in ("limit_price", "stop_price", "trail_amount"):
                _validate_price(member.instrument, name, getattr(member, name))


def _validate_price(instrument: Instrument, name: str, price: Decimal | None) -> None:
    if price is None:
        return
    if abs(price) >= _MOST:
        raise Rejected(f"{name} {price} is out of bounds", code=ErrorCode.INVALID_ORDER)
    if positive_only(instrument) and price <= 0:
        raise Rejected(f"{name} is above 0 for {instrument.instrument_id}, not {price}", code=ErrorCode.INVALID_ORDER)
    step = tick_size(instrument)
    if price % step:
        name_of = instrument.instrument_id
        raise Rejected(f"{name} {price} is no multiple of the tick {step} of {name_of}", code=ErrorCode.INVALID_ORDER)
