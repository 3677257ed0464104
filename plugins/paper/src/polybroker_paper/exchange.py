"""Where orders meet prices: what is accepted, filled, cancelled by another's fill, and sent after one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import define, evolve, field

from polybroker.errors import ErrorCode, Rejected
from polybroker.model.accounts import AccountType
from polybroker.model.instruments import Instrument
from polybroker.model.orders import Fill, Leg, OrderRequest, OrderSide, OrderStatus, OrderType, TimeInForce
from polybroker_paper.account import ZERO, Holdings, tidy
from polybroker_paper.book import Book, Entry
from polybroker_paper.charges import Charges, Cost, Filled
from polybroker_paper.funds import Claim, Funds, pending
from polybroker_paper.listing import margined
from polybroker_paper.market import Market, Prices
from polybroker_paper.matching import fill_price, leg_prices, reached, slipped, stop_level
from polybroker_paper.settings import Settings

_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
_FOR_A_DAY = (TimeInForce.DAY, *_AT_ONCE)


@define(eq=False)
class Exchange:
    """The orders, accounts and prices of a world, at one tick."""

    settings: Settings
    market: Market
    charges: Charges
    at: datetime
    holdings: dict[str, Holdings]
    types: dict[str, AccountType]
    book: Book = field(factory=Book)
    tick: int = 0
    changed: list[tuple[str, Instrument]] = field(factory=list)
    """Accounts and instruments of all fills, in order."""

    def prices(self, instrument: Instrument) -> Prices:
        """The market now."""
        return self.market.prices(instrument, self.tick)

    def mark(self, instrument: Instrument) -> Decimal:
        """What a holding is valued at: the last price."""
        return self.prices(instrument).last

    def funds(self, account_id: str) -> Funds:
        """The buying power of an account now."""
        return Funds(self.settings, self.types[account_id], self.holdings[account_id], self.mark)

    # what an order could do

    def claims(self, account_id: str, without: Entry | None = None) -> list[Claim]:
        """What all active orders of an account could still do."""
        active = [entry for entry in self.book.living(account_id) if entry.active and entry is not without]
        return [claim for entry in active for claim in self.claims_of(entry)]

    def claims_of(self, entry: Entry) -> list[Claim]:
        """What an order could still do to its instruments."""
        left = entry.order.remaining_quantity
        earlier = [_of_leg(entry, leg) for leg in range(len(entry.request.legs))]
        return [self._claim(entry, leg, left * leg.ratio, earlier[at]) for at, leg in enumerate(entry.request.legs)]

    def _claim(self, entry: Entry, leg: Leg, quantity: Decimal, earlier: list[Filled]) -> Claim:
        instrument, sign = leg.instrument, leg.side.sign
        price, worth = self._expected(entry, leg, self.mark(instrument))
        cost = self.charges.of(instrument, earlier, (quantity, price)) if quantity else Cost(ZERO, ZERO)
        lost = max(sign * (price - worth), ZERO) * quantity * instrument.multiplier
        return Claim(
            instrument=instrument,
            quantity=sign * quantity,
            price=worth,
            loss=lost + max(-cost.total, ZERO),
            group=entry.group,
        )

    def _expected(self, entry: Entry, leg: Leg, mark: Decimal) -> tuple[Decimal, Decimal]:
        """The price that a leg is expected to be filled at, and what its instrument is then worth."""
        request, prices, sign = entry.request, self.prices(leg.instrument), leg.side.sign
        slippage = self.settings.slippage_ticks
        if len(request.legs) > 1 or request.order_type is OrderType.MARKET:
            return slipped(leg.instrument, prices.ask if sign > 0 else prices.bid, sign, slippage), mark
        if request.limit_price is not None:
            now = fill_price(request, prices, slippage) if request.stop_price is None else None
            return (request.limit_price, request.limit_price) if now is None else (now, mark)
        stop = request.stop_price or stop_level(request, entry.watch.best or mark)
        return slipped(leg.instrument, stop, sign, slippage), stop

    def cost_of(self, entry: Entry) -> Cost:
        """The charges that an order is expected to cause."""
        commission, fees = ZERO, ZERO
        for leg in entry.request.legs:
            price, _ = self._expected(entry, leg, self.mark(leg.instrument))
            cost = self.charges.of(leg.instrument, [], (entry.request.quantity * leg.ratio, price))
            commission, fees = commission + (cost.commission or ZERO), fees + (cost.fees or ZERO)
        return Cost(commission, fees)

    # what is accepted

    def require_acceptable(self, account_id: str, entries: list[Entry]) -> None:
        """`Rejected` where the market is closed for one of these orders, or the account may or can not afford them."""
        claims = self.claims(account_id)  # the new orders are in the book already
        for entry in entries:
            self._require_open(entry.request)
            mine = self.claims_of(entry)
            for claim, leg in zip(mine, entry.request.legs, strict=True):
                self._require_side(account_id, leg, claim, claims)
            self._require_funds(account_id, mine, claims)

    def _require_open(self, request: OrderRequest) -> None:
        waits = request.extended_hours or request.time_in_force not in _FOR_A_DAY
        if not waits and not self.settings.open(self.at):
            raise Rejected("the market is closed", code=ErrorCode.MARKET_CLOSED)

    def _require_side(self, account_id: str, leg: Leg, claim: Claim, claims: list[Claim]) -> None:
        held = self.holdings[account_id].quantity(leg.instrument)
        name = leg.instrument.instrument_id
        asked, _ = pending(claims, leg.instrument, leg.side.sign)
        if leg.side is OrderSide.BUY_TO_COVER and asked > max(-held, ZERO):
            raise Rejected(f"{asked} {name} to cover, but {max(-held, ZERO)} are short", code=ErrorCode.INVALID_ORDER)
        if leg.side is OrderSide.SELL_SHORT and held > 0:
            raise Rejected(f"{held} {name} are held: sell them first", code=ErrorCode.INVALID_ORDER)
        goes_short = claim.quantity < 0 and asked > max(held, ZERO) and not margined(leg.instrument)
        if not goes_short:
            return
        if not self.settings.shorting:
            raise Rejected(f"{name}: nothing is sold short here", code=ErrorCode.ACCOUNT_RESTRICTED)
        if self.types[account_id] is AccountType.CASH:
            raise Rejected(f"{name}: a cash account sells nothing short", code=ErrorCode.ACCOUNT_RESTRICTED)

    def _require_funds(self, account_id: str, mine: list[Claim], claims: list[Claim]) -> None:
        if all(self._closes(account_id, claim, claims) for claim in mine):
            return
        for currency in dict.fromkeys(claim.instrument.currency for claim in mine):
            excess = self.funds(account_id).excess(currency, claims)
            if excess < 0:
                reason = f"the order needs {tidy(-excess)} {currency} more than account {account_id} has"
                raise Rejected(reason, code=ErrorCode.INSUFFICIENT_FUNDS)

    def _closes(self, account_id: str, claim: Claim, claims: list[Claim]) -> bool:
        """Whether a claim, with all others of its side, only makes a position smaller."""
        held = self.holdings[account_id].quantity(claim.instrument)
        sign = 1 if claim.quantity > 0 else -1
        asked, _ = pending(claims, claim.instrument, sign)
        return held * sign < 0 and asked <= abs(held)

    # what happens to a living order

    def step(self, tick: int, at: datetime) -> None:
        """Let the time be that of a tick: orders whose time is over expire, the others meet the new prices."""
        self.tick, self.at = tick, at
        self.expire()
        for entry in self.book.living():
            self.work(entry)

    def expire(self) -> None:
        """End the orders whose time is over."""
        for entry in self.book.living():
            if entry.active and entry.deadline is not None and entry.deadline <= self.at:
                self.end(entry, OrderStatus.EXPIRED, "its time is over")

    def start(self, entry: Entry) -> None:
        """Let an active order count its time from now, and meet the prices of now."""
        request = entry.request
        entry.deadline = request.good_till
        if request.time_in_force in _FOR_A_DAY:
            entry.deadline = self.settings.day_ends(self.at, extended=request.extended_hours)
        self.work(entry)

    def work(self, entry: Entry) -> None:
        """Fill an order as far as the prices of now allow."""
        if not entry.active or not (entry.request.extended_hours or self.settings.open(self.at)):
            return
        prices = self._reached_prices(entry)
        left = entry.order.remaining_quantity
        units = left if self.settings.max_fill is None else min(left, self._units(entry, self.settings.max_fill))
        force = entry.request.time_in_force
        if prices is not None and units and not (force is TimeInForce.FOK and units < left):
            self._fill(entry, units, prices)
        if force in _AT_ONCE and entry.active:
            self.end(entry, OrderStatus.CANCELED, "it could not be filled at once")

    def _reached_prices(self, entry: Entry) -> list[Decimal] | None:
        """The price of each leg, where the order can be filled now."""
        request = entry.request
        markets = [self.prices(leg.instrument) for leg in request.legs]
        if len(request.legs) > 1:
            return leg_prices(request, markets, self.settings.slippage_ticks)
        if not reached(request, entry.watch, markets[0]):
            return None
        price = fill_price(request, markets[0], self.settings.slippage_ticks)
        return None if price is None else [price]

    def _units(self, entry: Entry, units: Decimal) -> Decimal:
        """`units`, in whole ones where the instrument has no fractions."""
        fractions = all(leg.instrument.asset_class in ("stock", "crypto", "forex") for leg in entry.request.legs)
        return units if fractions else Decimal(max(int(units), 1))

    def _fill(self, entry: Entry, units: Decimal, prices: list[Decimal]) -> None:
        order, account = entry.order, self.holdings[entry.order.account_id]
        fills = []
        for place, (leg, price) in enumerate(zip(order.request.legs, prices, strict=True)):
            quantity = units * leg.ratio
            cost = self.charges.of(leg.instrument, _of_leg(entry, place), (quantity, price))
            account.book(leg.instrument, leg.side.sign * quantity, price, cost.total)
            fill = Fill(
                execution_id=f"{order.order_id}-{len(order.fills) + place + 1}",
                quantity=quantity,
                price=price,
                timestamp=self.at,
                leg=place,
                commission=cost.commission,
                fees=cost.fees,
            )
            fills.append(fill)
            self.changed.append((account.account_id, leg.instrument))
        self.book.fill(entry, self.at, units, fills)
        for other in self.book.living(account.account_id):
            if other is not entry and other.group == entry.group:
                self.end(other, OrderStatus.CANCELED, f"order {order.order_id} was filled")
        if not entry.living:
            self._release(entry)

    def end(self, entry: Entry, status: OrderStatus, reason: str) -> None:
        """End an order before it is filled, or what is left of it."""
        self.book.change(entry, self.at, status, reason)
        self._release(entry)

    def _release(self, parent: Entry) -> None:
        """Send what waits for an order that has ended: exits for what was filled, others where all of it was."""
        filled = parent.order.filled_quantity
        waiting = [child for child in self.book.children(parent) if child.living]
        sent = [child for child in waiting if filled and (_whole(parent) or _exits(child, parent))]
        for child in waiting:
            if child not in sent:
                self.book.change(child, self.at, OrderStatus.CANCELED, f"order {parent.order.order_id} was not filled")
            elif _exits(child, parent) and child.request.quantity > filled:
                self.book.amend(child, self.at, evolve(child.request, quantity=filled))
        self._send(sent)

    def _send(self, children: list[Entry]) -> None:
        """Put orders that were held into the market, those that it does not take excepted."""
        for child in children:
            self.book.change(child, self.at, OrderStatus.WORKING)
            try:
                self.require_acceptable(child.order.account_id, [child])
            except Rejected as error:
                self.end(child, OrderStatus.REJECTED, error.message)
        for child in children:
            if child.active:
                self.start(child)


def _of_leg(entry: Entry, leg: int) -> list[Filled]:
    return [(fill.quantity, fill.price) for fill in entry.order.fills if fill.leg == leg]


def _whole(parent: Entry) -> bool:
    return parent.order.status is OrderStatus.FILLED


def _exits(child: Entry, parent: Entry) -> bool:
    """Whether an order closes what its parent opens; then it closes no more than that."""
    first, second = parent.request.legs[0], child.request.legs[0]
    return first.instrument == second.instrument and first.side.sign != second.side.sign
