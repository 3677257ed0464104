"""Orders: what an app asks for, what the broker says became of it, and the events in between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from polybroker.model.instruments import Instrument


class OrderSide(StrEnum):
    """The direction of an order, with what it means for the position where brokers ask for it."""

    BUY = "buy"
    SELL = "sell"
    SELL_SHORT = "sell_short"
    BUY_TO_COVER = "buy_to_cover"

    @property
    def sign(self) -> int:
        """+1 for what raises the position, -1 for what lowers it."""
        return 1 if self in (OrderSide.BUY, OrderSide.BUY_TO_COVER) else -1


class OrderType(StrEnum):
    """How the price is made."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long the order lives."""

    DAY = "day"
    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    FOK = "fok"


class Linkage(StrEnum):
    """How an order and its `linked` orders depend on each other."""

    OTO = "oto"
    """The linked orders are sent when this one is filled."""
    OCO = "oco"
    """A fill of one cancels the others."""
    BRACKET = "bracket"
    """As OTO, and the two linked orders (take profit, stop loss) are OCO to each other."""


class PositionIntent(StrEnum):
    """Whether a leg opens or closes; options need it at most brokers."""

    OPEN = "open"
    CLOSE = "close"


class OrderStatus(StrEnum):
    """Where an order stands. `UNKNOWN` is never an end: the broker has to be asked."""

    UNKNOWN = "unknown"
    """It may or may not have reached the broker; counted as live at full size."""
    PENDING = "pending"
    """Sent, not yet confirmed by the broker or exchange."""
    HELD = "held"
    """Waits for its parent (OTO, bracket) or for a condition."""
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    FILLED = "filled"
    CANCELED = "canceled"
    REPLACED = "replaced"
    """Ended in favour of the order `replaced_by`."""
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def terminal(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REPLACED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)


@frozen(kw_only=True)
class Leg:
    """One leg of an order; `ratio` units of it for each unit of the order's quantity."""

    instrument: Instrument
    side: OrderSide
    ratio: int = 1
    intent: PositionIntent | None = None


@frozen(kw_only=True)
class OrderRequest:
    """What an app asks for. Prices are in the instrument's quotation; quantity is in contracts, shares or coins.

    A multi-leg option order has two or more `legs`; its `limit_price` is the net price of one unit: a debit
    is positive, a credit negative. `ValueError` where the fields contradict each other.
    """

    legs: tuple[Leg, ...]
    quantity: Decimal
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    """Distance of a trailing stop in price units; this or `trail_percent`."""
    trail_percent: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    good_till: datetime | None = None
    """Aware; with GTD only."""
    extended_hours: bool = False
    client_order_id: str | None = None
    """Made by the core where absent."""
    linkage: Linkage | None = None
    linked: tuple[OrderRequest, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_request(self)

    @property
    def instrument(self) -> Instrument:
        """The instrument of a single-leg order; `ValueError` for another one."""
        return self._single.instrument

    @property
    def side(self) -> OrderSide:
        """The side of a single-leg order; `ValueError` for another one."""
        return self._single.side

    @property
    def _single(self) -> Leg:
        if len(self.legs) != 1:
            raise ValueError("a multi-leg order has no one instrument and side")
        return self.legs[0]


def single(instrument: Instrument, side: OrderSide, quantity: Decimal, **more: Any) -> OrderRequest:
    """An order of one leg; `more` are further fields of `OrderRequest`."""
    return OrderRequest(legs=(Leg(instrument=instrument, side=side),), quantity=quantity, **more)


_NEEDS = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
    OrderType.TRAILING_STOP: (False, None),
}


def check_request(request: OrderRequest) -> None:
    """`ValueError` that names the field which contradicts the others."""
    if not request.legs or any(leg.ratio < 1 for leg in request.legs):
        raise ValueError("an order has at least one leg, each with a ratio of 1 or more")
    if not request.quantity.is_finite() or request.quantity <= 0:
        raise ValueError(f"quantity is above 0, not {request.quantity}")
    limit, stop = _NEEDS[request.order_type]
    if (request.limit_price is not None) != limit:
        raise ValueError(f"a {request.order_type} order {'needs' if limit else 'has no'} limit_price")
    if stop is not None and (request.stop_price is not None) != stop:
        raise ValueError(f"a {request.order_type} order {'needs' if stop else 'has no'} stop_price")
    trails = [trail for trail in (request.trail_amount, request.trail_percent) if trail is not None]
    if len(trails) != (request.order_type is OrderType.TRAILING_STOP) or any(trail <= 0 for trail in trails):
        raise ValueError("a trailing stop, and nothing else, has one of trail_amount and trail_percent, above 0")
    for name in ("limit_price", "stop_price"):
        price = getattr(request, name)
        if price is not None and not price.is_finite():
            raise ValueError(f"{name} is a finite number")
    if (request.good_till is not None) != (request.time_in_force is TimeInForce.GTD):
        raise ValueError("good_till goes with GTD, and GTD needs it")
    if request.good_till is not None and request.good_till.tzinfo is None:
        raise ValueError("good_till is an aware time")
    if bool(request.linked) != (request.linkage is not None):
        raise ValueError("linkage and linked orders go together")
    if request.linkage is Linkage.BRACKET and len(request.linked) != 2:
        raise ValueError("a bracket has two linked orders: take profit and stop loss")


@frozen(kw_only=True)
class Fill:
    """One execution of an order as the broker reports it."""

    execution_id: str
    quantity: Decimal
    price: Decimal
    timestamp: datetime
    leg: int = 0
    """Index into the order's legs."""
    commission: Decimal | None = None
    """Negative is a charge; None: not reported with the fill."""
    fees: Decimal | None = None


@frozen(kw_only=True)
class Order:
    """An order as the broker knows it."""

    broker_id: str
    account_id: str
    order_id: str
    client_order_id: str | None
    request: OrderRequest
    """The order's terms as the broker states them now."""
    status: OrderStatus
    filled_quantity: Decimal = Decimal(0)
    average_fill_price: Decimal | None = None
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    filled_at: datetime | None = None
    fills: tuple[Fill, ...] = ()
    """The fills known so far; brokers that report only averages leave it empty."""
    reason: str | None = None
    """The broker's words for a rejection or cancellation."""
    replaced_by: str | None = None
    parent_order_id: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False)
    """The broker's answer as it came."""

    @property
    def remaining_quantity(self) -> Decimal:
        """What can still be filled; 0 once the order has ended."""
        return Decimal(0) if self.status.terminal else max(self.request.quantity - self.filled_quantity, Decimal(0))


@frozen(kw_only=True)
class OrderEvent:
    """What a stream says about an order: it can come late, twice and out of order."""

    account_id: str
    order_id: str
    client_order_id: str | None = None
    status: OrderStatus
    filled_quantity: Decimal | None = None
    """Filled so far in all; None: the event does not say."""
    fill: Fill | None = None
    timestamp: datetime | None = None
    reason: str | None = None
    replaced_by: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class Ack:
    """The broker's answer to a placed, replaced or cancelled order: received, not necessarily accepted."""

    order_id: str
    client_order_id: str | None
    status: OrderStatus = OrderStatus.PENDING
    linked: tuple[str, ...] = ()
    """Order ids of the linked orders, where the broker names them at once."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class Preview:
    """What an order would cost, as the broker estimates before it is placed."""

    accepted: bool
    commission: Decimal | None = None
    fees: Decimal | None = None
    buying_power_effect: Decimal | None = None
    reasons: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class AccountExecution:
    """One execution as an account's history lists it: a fill with what it was a fill of."""

    broker_id: str
    account_id: str
    fill: Fill
    instrument: Instrument | None
    """None: the broker's symbol is not known; `raw_symbol` has its text."""
    raw_symbol: str
    side: OrderSide
    order_id: str | None = None
    client_order_id: str | None = None
    transaction_id: str | None = None
    currency: str | None = None
    trading_day: date | None = None
    """Where the broker gives it."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False)
