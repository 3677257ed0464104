"""Orders: what the broker takes, and the requests that place, change, cancel and list them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from polybroker.errors import Unsupported
from polybroker.model.accounts import Account
from polybroker.model.instruments import Stock
from polybroker.model.orders import Ack, Order, OrderRequest, OrderSide, OrderType, TimeInForce
from polybroker.net import Effect
from polybroker.session import Session
from polybroker_template import client, wire
from polybroker_template.symbols import to_broker_symbol

_AT_ONCE: Final = (TimeInForce.IOC, TimeInForce.FOK)
_SHORT: Final = (OrderSide.SELL_SHORT, OrderSide.BUY_TO_COVER)


def check_order(account: Account, order: OrderRequest) -> None:
    """One instrument, whole units, no linked orders; pure, so that it answers before anything is sent."""
    if len(order.legs) != 1 or order.legs[0].ratio != 1 or order.legs[0].intent is not None:
        raise Unsupported("Template takes orders of one plain leg")
    if order.linked:
        raise Unsupported("Template takes no linked orders")
    if order.extended_hours:
        raise Unsupported("Template trades in regular hours only")
    if order.order_type not in wire.TYPES:
        raise Unsupported(f"Template takes no {order.order_type} orders")
    if order.time_in_force not in wire.LIFETIMES:
        raise Unsupported(f"Template takes no {order.time_in_force} orders")
    if order.time_in_force in _AT_ONCE and order.order_type in (OrderType.STOP, OrderType.STOP_LIMIT):
        raise Unsupported("a stop order cannot be filled at once")
    if order.quantity != order.quantity.to_integral_value():
        raise Unsupported("Template takes whole shares and contracts")
    if order.side in _SHORT and not isinstance(order.instrument, Stock):
        raise Unsupported("sell short and buy to cover are for stocks; futures are bought and sold")
    to_broker_symbol(order.instrument)


async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
    """Send the order."""
    where = client.path(account, "orders")
    body = wire.order_json(order)
    return wire.ack(await client.write(session, "POST", "place", where, account, Effect.ORDER, body))


async def replace_order(session: Session, account: Account, order: Order, request: OrderRequest) -> Ack:
    """Change quantity, type, prices or lifetime; the order keeps its id."""
    if (request.instrument, request.side) != (order.request.instrument, order.request.side):
        raise Unsupported("an order keeps its instrument and side: cancel it and place another")
    where = client.path(account, "orders", order.order_id)
    body = wire.order_json(request)
    return wire.ack(await client.write(session, "PUT", "replace", where, account, Effect.ORDER, body))


async def cancel_order(session: Session, account: Account, order: Order) -> Ack:
    """Ask to cancel."""
    where = client.path(account, "orders", order.order_id)
    return wire.ack(await client.write(session, "DELETE", "cancel", where, account, Effect.CANCEL))


async def open_orders(session: Session, account: Account) -> Sequence[Order]:
    """All pages."""
    found = await client.pages(session, "orders", client.path(account, "orders"), account, state="open")
    return [wire.order(each, account.account_id) for each in found]


async def orders(session: Session, account: Account, since: datetime, until: datetime | None) -> Sequence[Order]:
    """All pages, ended ones included."""
    query = {"since": wire.moment_text(since)}
    if until is not None:
        query["until"] = wire.moment_text(until)
    found = await client.pages(session, "orders", client.path(account, "orders"), account, **query)
    return [wire.order(each, account.account_id) for each in found]


async def order_by_client_id(session: Session, account: Account, client_order_id: str) -> Order | None:
    """The broker finds an order under every client id that it ever had."""
    query = {"client_order_id": client_order_id}
    found = await client.pages(session, "orders", client.path(account, "orders"), account, **query)
    return wire.order(found[0], account.account_id) if found else None
