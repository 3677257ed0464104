"""The simulated broker's books: accounts, orders, fills, positions and money. Knows no JSON and no sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from attrs import define, evolve, field, frozen

from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Future, Instrument, Stock
from polybroker.model.orders import Fill, Order, OrderRequest, OrderSide, OrderStatus, TimeInForce
from polybroker.model.products import product
from polybroker.net import Clock
from polybroker_template.facts import BROKER
from polybroker_template.symbols import from_broker_symbol, to_broker_symbol

MARGIN: Final = Decimal("0.1")
"""What an order for a future needs, as a share of the contract's value."""
ACCOUNTS: Final = ("T-1001", "T-1002")


class Refused(Exception):
    """An order that the broker does not take; `code` as in its documentation."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@define
class Market:
    """The price of one instrument."""

    instrument: Instrument
    bid: Decimal
    ask: Decimal
    volume: Decimal = Decimal(0)


@define
class Held:
    """A position; `quantity` is signed."""

    quantity: Decimal = Decimal(0)
    average_price: Decimal = Decimal(0)


@define(eq=False)
class Holdings:
    """What one account has."""

    cash: Decimal
    positions: dict[Instrument, Held] = field(factory=dict)

    def book(self, instrument: Instrument, quantity: Decimal, price: Decimal) -> None:
        """A fill: stocks are paid for, futures settle their profit when they are closed."""
        held = self.positions.setdefault(instrument, Held())
        closing = min(abs(quantity), abs(held.quantity)) if quantity * held.quantity < 0 else Decimal(0)
        sign = 1 if held.quantity > 0 else -1
        if isinstance(instrument, Stock):
            self.cash -= quantity * price
        else:
            self.cash += closing * sign * (price - held.average_price) * instrument.multiplier
        after = held.quantity + quantity
        if after == 0:
            del self.positions[instrument]
            return
        if abs(quantity) > closing:
            kept = abs(held.quantity) - closing
            held.average_price = (kept * held.average_price + (abs(quantity) - closing) * price) / abs(after)
        held.quantity = after


@frozen
class Change:
    """What just happened to an order."""

    order: Order
    fill: Fill | None = None


@define(eq=False)
class Books:
    """Everything that the broker remembers."""

    clock: Clock
    tell: Callable[[Change], None] = lambda change: None
    holdings: dict[str, Holdings] = field(factory=dict)
    markets: dict[str, Market] = field(factory=dict)
    orders: dict[str, Order] = field(factory=dict)
    entered: dict[str, datetime] = field(factory=dict)
    client_ids: dict[tuple[str, str], str] = field(factory=dict)
    """By account and client order id, every one that an order ever had: its order id."""
    first_requests: dict[tuple[str, str], OrderRequest] = field(factory=dict)

    @classmethod
    def fresh(cls, clock: Clock) -> Books:
        """Two accounts, the first with a million, and a few markets."""
        known = product("MES")
        if known is None:
            raise LookupError("no product MES")
        instruments: tuple[Instrument, ...] = (Stock("AAPL"), Stock("BRK.B"), known.future(ContractMonth(2026, 6)))
        prices = (Decimal("251.35"), Decimal("503.75"), Decimal("6950.25"))
        steps = (Decimal("0.01"), Decimal("0.01"), Decimal("0.25"))
        markets = {
            to_broker_symbol(instrument): Market(instrument, price, price + step)
            for instrument, price, step in zip(instruments, prices, steps, strict=True)
        }
        return cls(
            clock,
            holdings={ACCOUNTS[0]: Holdings(Decimal(1_000_000)), ACCOUNTS[1]: Holdings(Decimal(0))},
            markets=markets,
        )

    def buying_power(self, account: str) -> Decimal:
        """Cash that no position and no living order of a future needs."""
        holdings = self.holdings[account]
        held = sum(
            (
                self._needs(each, abs(position.quantity))
                for each, position in holdings.positions.items()
                if not isinstance(each, Stock)
            ),
            Decimal(0),
        )
        living = sum(
            (
                self._needs(order.request.instrument, order.remaining_quantity)
                for order in self.orders.values()
                if order.account_id == account and order.request.side.sign > 0
            ),
            Decimal(0),
        )
        return holdings.cash - held - living

    def place(self, account: str, request: OrderRequest) -> Order:
        """A new order; the first one again where the client order id is known with the same terms."""
        key = (account, request.client_order_id or "")
        if key in self.client_ids:
            if self.first_requests.get(key) != request:
                raise Refused("bad_order", "the client order id is in use for another order")
            return self.orders[self.client_ids[key]]
        self._check(account, request)
        order_id = f"O-{len(self.orders) + 1001}"
        at_once = request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
        order = Order(
            broker_id=BROKER,
            account_id=account,
            order_id=order_id,
            client_order_id=request.client_order_id,
            request=request,
            status=OrderStatus.CANCELED if at_once else OrderStatus.WORKING,
            reason="nothing to fill it with" if at_once else None,
            submitted_at=self.clock.now(),
            updated_at=self.clock.now(),
        )
        self.client_ids[key], self.first_requests[key] = order_id, request
        return self._keep(order)

    def replace(self, account: str, order_id: str, request: OrderRequest) -> Order:
        """The living order with other terms, under a further client order id."""
        order = self._living(account, order_id)
        if (request.instrument, request.side) != (order.request.instrument, order.request.side):
            raise Refused("bad_order", "an order keeps its instrument and side")
        if request.quantity <= order.filled_quantity:
            raise Refused("bad_order", "that much is filled already")
        key = (account, request.client_order_id or "")
        if self.client_ids.get(key, order_id) != order_id:
            raise Refused("bad_order", "the client order id is in use for another order")
        self._check(account, request)
        self.client_ids[key] = order_id
        return self._keep(
            evolve(order, request=request, client_order_id=request.client_order_id, updated_at=self.clock.now())
        )

    def cancel(self, account: str, order_id: str) -> Order:
        """The end of a living order."""
        order = self._living(account, order_id)
        return self._keep(evolve(order, status=OrderStatus.CANCELED, updated_at=self.clock.now()))

    def fill(self, order_id: str, quantity: Decimal | None, price: Decimal | None) -> Order:
        """The market fills a living order, in part or in whole."""
        order = self.orders[order_id]
        quantity = min(quantity or order.remaining_quantity, order.remaining_quantity)
        if quantity <= 0:
            raise ValueError(f"nothing of {order_id} is left to fill")
        market = self.markets[to_broker_symbol(order.request.instrument)]
        sign = order.request.side.sign
        price = price or order.request.limit_price or (market.ask if sign > 0 else market.bid)
        now = self.clock.now()
        fill = Fill(execution_id=f"X-{order_id}-{len(order.fills) + 1}", quantity=quantity, price=price, timestamp=now)
        filled = order.filled_quantity + quantity
        done = filled >= order.request.quantity
        self.holdings[order.account_id].book(order.request.instrument, sign * quantity, price)
        market.volume += quantity
        return self._keep(
            evolve(
                order,
                fills=(*order.fills, fill),
                filled_quantity=filled,
                status=OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED,
                updated_at=now,
            ),
            fill,
        )

    def market(self, symbol: str) -> Market:
        """The market of that symbol."""
        if symbol not in self.markets:
            raise Refused("unknown_symbol", symbol)
        return self.markets[symbol]

    def of(self, account: str) -> Mapping[str, Order]:
        """The account's orders, in the order in which they came."""
        return {key: order for key, order in self.orders.items() if order.account_id == account}

    def _keep(self, order: Order, fill: Fill | None = None) -> Order:
        self.orders[order.order_id] = order
        self.tell(Change(order, fill))
        return order

    def _living(self, account: str, order_id: str) -> Order:
        order = self.of(account).get(order_id)
        if order is None:
            raise Refused("bad_order", f"there is no order {order_id}")
        if order.status.terminal:
            raise Refused("bad_order", f"the order {order_id} has ended: {order.status}")
        return order

    def _check(self, account: str, request: OrderRequest) -> None:
        market = self.market(to_broker_symbol(request.instrument))
        prices = [price for price in (request.limit_price, request.stop_price) if price is not None]
        if isinstance(request.instrument, Stock) and any(price <= 0 for price in prices):
            raise Refused("bad_order", "a price is above 0")
        price = max([*prices, market.ask])
        if request.side is OrderSide.BUY and self._value(
            request.instrument, request.quantity, price
        ) > self.buying_power(account):
            raise Refused("no_money", "the order is larger than the buying power")

    def _needs(self, instrument: Instrument, quantity: Decimal) -> Decimal:
        return self._value(instrument, quantity, self.markets[to_broker_symbol(instrument)].ask)

    def _value(self, instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
        share = MARGIN if isinstance(instrument, Future) else Decimal(1)
        return quantity * price * instrument.multiplier * share


def known_instrument(symbol: str) -> Instrument:
    """What the broker means by a symbol today."""
    return from_broker_symbol(symbol, datetime(2026, 3, 2, tzinfo=UTC).date())
