"""The risk policy: what an account may risk, checked against everything that is alive, unknown orders at full size.

It fails closed: without data, with old data, after any error and without a journal to reserve in, an order is denied.
Cancels always pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from polybroker.errors import ErrorCode, Rejected
from polybroker.faults import in_words
from polybroker.model.accounts import Account
from polybroker.model.orders import Ack, Leg, OrderRequest, OrderSide, OrderType
from polybroker.orders.calls import SETTLING, LiveOrder, Operation, OrderCall, Proceed, Reservation

if TYPE_CHECKING:
    from polybroker.session import Session

_CAPPED = (OrderType.LIMIT, OrderType.STOP_LIMIT)


@frozen(kw_only=True)
class RiskLimits:
    """What one account may do. None: no limit of that kind. Instruments are known by their `instrument_id`."""

    max_order_quantity: Decimal | None = None
    """Of one order, in contracts, shares or coins of its largest leg."""
    max_position: Decimal | Mapping[str, Decimal] | None = None
    """Of each instrument, long or short, with all that is alive filled; a mapping allows no other instruments."""
    max_open_orders: int | None = None
    max_notional: Decimal | None = None
    """Of one order: quantity times price times multiplier, in the instrument's currency."""
    sides: frozenset[OrderSide] | None = None
    instruments: frozenset[str] | None = None
    max_daily_loss: Decimal | None = None
    """Realized and unrealized, in the account's currency, by the broker's own balances."""
    fresh_for: timedelta = timedelta(seconds=30)
    """How old the broker's figures and quotes may be, where they say."""


@define
class KillSwitch:
    """Denies every new order while it is engaged."""

    engaged: bool = False

    def engage(self) -> None:
        """From now on nothing but cancels passes."""
        self.engaged = True

    def release(self) -> None:
        """Let orders pass again."""
        self.engaged = False


class Denied(Rejected):
    """The app's own risk policy refused the order; nothing was sent."""

    code = ErrorCode.ACCOUNT_RESTRICTED


@define(kw_only=True, eq=False)
class RiskPolicy:
    """Made by `polybroker.policies.risk`."""

    limits: Callable[[Account], RiskLimits]
    kill_switch: KillSwitch

    async def __call__(self, call: OrderCall, proceed: Proceed) -> Ack:
        """Check, reserve with the journal, proceed."""
        if call.operation is not Operation.CANCEL:
            try:
                await self._check(call)
            except Denied:
                raise
            except Exception as error:
                words = call.session.net.redactor.clean(in_words(error))
                raise _denied(f"the check could not be made ({words})") from error
        return await proceed(call)

    async def _check(self, call: OrderCall) -> None:
        request, limits = call.request, self.limits(call.account)
        if request is None:
            raise _denied("it asks for nothing")
        settling = self._settling(call)
        for each in _with_linked(request):
            check_request_alone(each, limits)
        if limits.max_notional is not None:
            for each in _with_linked(request):
                await _check_notional(call.session, each, limits, limits.max_notional)
        if limits.max_daily_loss is not None:
            await _check_loss(call.session, call.account, limits, limits.max_daily_loss)
        held = await _positions(call, limits) if limits.max_position is not None else {}
        call.reservations.append(self._reservation(call, limits, held, settling))

    def _settling(self, call: OrderCall) -> timedelta:
        """How long the journal beneath lets fills of ended orders count; `Denied` where there is none."""
        if self.kill_switch.engaged:
            raise _denied("the kill switch is engaged")
        policies = call.session.policies
        inner = policies[policies.index(self) + 1 :] if self in policies else ()
        journals = [policy for policy in inner if getattr(policy, "reserves", False)]
        if not journals:
            raise _denied("there is no journal beneath the risk policy to reserve in")
        settling: timedelta = getattr(journals[0], "settling", SETTLING)
        return settling + call.session.info.consistency_delay

    def _reservation(
        self, call: OrderCall, limits: RiskLimits, held: Mapping[str, Decimal], settling: timedelta
    ) -> Reservation:
        settled_before = call.session.clock.now() - settling
        request, replaces = call.request, call.order.order_id if call.order else None

        def reserve(live: Sequence[LiveOrder]) -> None:
            if self.kill_switch.engaged:
                raise _denied("the kill switch is engaged")
            assert request is not None  # noqa: S101  checked before
            book = _Book(settled_before)
            for order in (*live, LiveOrder(request=request, unknown=True, replaces=replaces)):
                book.add(order)
            check_book(book, request, held, limits)

        return reserve


def check_request_alone(request: OrderRequest, limits: RiskLimits) -> None:
    """`Denied` where the order by itself breaks a limit."""
    largest = request.quantity * max(leg.ratio for leg in request.legs)
    if limits.max_order_quantity is not None and largest > limits.max_order_quantity:
        raise _denied(f"the quantity {largest} is above {limits.max_order_quantity}")
    for leg in request.legs:
        instrument_id = leg.instrument.instrument_id
        if limits.sides is not None and leg.side not in limits.sides:
            raise _denied(f"the side {leg.side} is not allowed")
        if limits.instruments is not None and instrument_id not in limits.instruments:
            raise _denied(f"{instrument_id} is not among the instruments allowed")


def check_book(book: _Book, request: OrderRequest, held: Mapping[str, Decimal], limits: RiskLimits) -> None:
    """`Denied` where what is alive, `request` included, filled on top of what is held, breaks a limit.

    Only the ways in which the request itself moves positions count: what lowers one that is too large passes.
    """
    if limits.max_open_orders is not None and book.open_orders > limits.max_open_orders:
        raise _denied(f"it would be open order {book.open_orders}, and {limits.max_open_orders} are allowed")
    if limits.max_position is None:
        return
    exposures = book.exposures()
    for instrument_id, sign in _units(request, request.quantity):
        most, now = max_position(limits.max_position, instrument_id), held.get(instrument_id, Decimal(0))
        added = exposures[instrument_id, sign]
        if sign * now + added > most:
            way = "buy" if sign > 0 else "sell"
            raise _denied(f"{instrument_id}: {now} held and {added} to {way} exceed {most}")


def max_position(limit: Decimal | Mapping[str, Decimal], instrument_id: str) -> Decimal:
    """The limit for one instrument; 0 for what a mapping leaves out."""
    return limit.get(instrument_id, Decimal(0)) if isinstance(limit, Mapping) else limit


Units = dict[tuple[str, int], Decimal]
"""Units by instrument and sign."""


@define
class _Book:
    """What can still be filled. An order and its replacement count once, as the larger of the two."""

    settled_before: datetime
    _alive: set[int] = field(factory=set)
    _chains: dict[str, int] = field(factory=dict)
    _open: dict[int, Units] = field(factory=dict)
    _recent: Units = field(factory=dict)

    def add(self, order: LiveOrder) -> None:
        chain = self._chains.get(order.replaces or "", -1)
        if chain < 0:
            chain = len(self._open)
            self._open[chain] = {}
        for order_id in (order.order_id, order.replaces):
            if order_id is not None:
                self._chains.setdefault(order_id, chain)
        if not order.ended:
            self._alive.add(chain)
            remaining = max(order.request.quantity - order.filled, Decimal(0))
            for key, quantity in _units(order.request, remaining).items():
                self._open[chain][key] = max(self._open[chain].get(key, Decimal(0)), quantity)
        if order.updated_at is not None and order.updated_at >= self.settled_before:
            for key, quantity in _units_of_legs(order.request.legs, order.filled).items():
                self._recent[key] = self._recent.get(key, Decimal(0)) + quantity

    @property
    def open_orders(self) -> int:
        """How many orders can still be filled."""
        return len(self._alive)

    def exposures(self) -> Units:
        """How much could still be bought and sold beyond what positions may show."""
        total: Units = dict(self._recent)
        for units in self._open.values():
            for key, quantity in units.items():
                total[key] = total.get(key, Decimal(0)) + quantity
        return total


def _units(request: OrderRequest, quantity: Decimal) -> Units:
    """What the order and its linked ones can buy and sell of each instrument, at the worst."""
    units = _units_of_legs(request.legs, quantity)
    for linked in request.linked:
        for key, more in _units(linked, linked.quantity).items():
            units[key] = units.get(key, Decimal(0)) + more
    return units


def _units_of_legs(legs: Iterable[Leg], quantity: Decimal) -> Units:
    units: Units = {}
    for leg in legs:
        key = (leg.instrument.instrument_id, leg.side.sign)
        units[key] = units.get(key, Decimal(0)) + quantity * leg.ratio
    return units


def _with_linked(request: OrderRequest) -> Iterable[OrderRequest]:
    yield request
    for linked in request.linked:
        yield from _with_linked(linked)


async def _positions(call: OrderCall, limits: RiskLimits) -> Mapping[str, Decimal]:
    held: dict[str, Decimal] = {}
    for position in await call.session.positions(call.account):
        _fresh(call.session, position.as_of, limits, "positions")
        if position.instrument is None:
            continue
        instrument_id = position.instrument.instrument_id
        held[instrument_id] = held.get(instrument_id, Decimal(0)) + position.quantity
    return held


async def _check_loss(session: Session, account: Account, limits: RiskLimits, most: Decimal) -> None:
    for balance in await session.balances(account):
        if balance.currency != account.currency:
            continue
        _fresh(session, balance.as_of, limits, "balances")
        if balance.realized_pnl is None or balance.unrealized_pnl is None:
            break
        result = balance.realized_pnl + balance.unrealized_pnl
        if -result >= most:
            raise _denied(f"the day's result {result} reaches the limit of {most}")
        return
    raise _denied("the broker does not say what the day's result is")


async def _check_notional(session: Session, request: OrderRequest, limits: RiskLimits, most: Decimal) -> None:
    notional = Decimal(0)
    for leg in request.legs:
        units = request.quantity * leg.ratio * leg.instrument.multiplier
        notional += units * await _worst_price(session, request, leg, limits)
    if notional > most:
        raise _denied(f"the notional {notional} is above {most}")


async def _worst_price(session: Session, request: OrderRequest, leg: Leg, limits: RiskLimits) -> Decimal:
    """The highest price, in size, to reckon with: only a limit to buy is a cap, so the market counts for the rest."""
    limit = request.limit_price
    if len(request.legs) == 1 and leg.side.sign > 0 and request.order_type in _CAPPED and limit is not None:
        return abs(limit)
    (quote,) = await session.quotes([leg.instrument])
    _fresh(session, quote.timestamp, limits, "quotes")
    known = [price for price in (quote.bid, quote.ask, quote.last) if price is not None]
    if not known:
        raise _denied(f"there is no price of {leg.instrument.instrument_id}")
    stated = [limit, request.stop_price] if len(request.legs) == 1 else []
    return max(abs(price) for price in (*known, *stated) if price is not None)


def _fresh(session: Session, as_of: datetime | None, limits: RiskLimits, what: str) -> None:
    """`Denied` where figures that state their time are too old, or from the future (a clock is wrong)."""
    if as_of is not None and abs(session.clock.now() - as_of) > limits.fresh_for:
        raise _denied(f"the broker's {what} are of {as_of:%Y-%m-%d %H:%M:%S%z}")


def _denied(why: str) -> Denied:
    return Denied(f"denied by the risk policy: {why}", reason=why)
