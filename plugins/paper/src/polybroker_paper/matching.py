"""Which orders a price reaches, and what they are filled at. Pure: terms and prices in, a price or nothing out."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from attrs import define

from polybroker.model.instruments import Instrument
from polybroker.model.orders import Leg, OrderRequest, OrderType
from polybroker_paper.listing import tick_size
from polybroker_paper.market import Prices, positive_only


@define
class Watch:
    """What a living order has seen of the market so far."""

    triggered: bool = False
    """Whether its stop was reached; it stays so."""
    best: Decimal | None = None
    """The best last price since a trailing stop began to work."""


def reached(request: OrderRequest, watch: Watch, prices: Prices) -> bool:
    """Whether the order may be filled now, as far as its stop goes; takes note in `watch`."""
    if request.order_type in (OrderType.MARKET, OrderType.LIMIT) or watch.triggered:
        return True
    stop = request.stop_price if request.order_type is not OrderType.TRAILING_STOP else _trail(request, watch, prices)
    watch.triggered = stop is not None and (prices.last - stop) * request.side.sign >= 0
    return watch.triggered


def stop_level(request: OrderRequest, best: Decimal) -> Decimal:
    """Where a trailing stop stands after `best`, on the tick that is farther from it."""
    sign = request.side.sign
    away = request.trail_amount
    if away is None:
        away = abs(best) * (request.trail_percent or Decimal(0)) / 100
    step = tick_size(request.instrument)
    rounding = ROUND_CEILING if sign > 0 else ROUND_FLOOR
    return ((best + sign * away) / step).to_integral_value(rounding) * step


def _trail(request: OrderRequest, watch: Watch, prices: Prices) -> Decimal:
    sign = request.side.sign
    if watch.best is None or (prices.last - watch.best) * sign < 0:
        watch.best = prices.last
    return stop_level(request, watch.best)


def fill_price(request: OrderRequest, prices: Prices, slippage_ticks: int) -> Decimal | None:
    """What a single-leg order whose stop, if any, was reached is filled at; None: its limit is not reached.

    A purchase is made at the ask, a sale at the bid, worse by the slippage, and never worse than the limit.
    """
    sign, limit = request.side.sign, request.limit_price
    touch = prices.ask if sign > 0 else prices.bid
    if limit is not None and (touch - limit) * sign > 0:
        return None
    price = slipped(request.instrument, touch, sign, slippage_ticks)
    if limit is not None and (price - limit) * sign > 0:
        return limit
    return price


def slipped(instrument: Instrument, price: Decimal, sign: int, ticks: int) -> Decimal:
    """`price`, worse by so many ticks; where prices cannot be 0 or less, at least one tick."""
    step = tick_size(instrument)
    worse = price + sign * ticks * step
    return max(worse, min(step, price)) if positive_only(instrument) else worse


def leg_prices(request: OrderRequest, markets: list[Prices], slippage_ticks: int) -> list[Decimal] | None:
    """What the legs of a multi-leg order are filled at; None: the net price is not reached.

    Where the slippage would break the limit, there is none.
    """
    touches = [
        prices.ask if leg.side.sign > 0 else prices.bid for leg, prices in zip(request.legs, markets, strict=True)
    ]
    worse = [
        slipped(leg.instrument, touch, leg.side.sign, slippage_ticks)
        for leg, touch in zip(request.legs, touches, strict=True)
    ]
    limit = request.limit_price
    if limit is None or net(request.legs, worse) <= limit:
        return worse
    return touches if net(request.legs, touches) <= limit else None


def net(legs: tuple[Leg, ...], prices: list[Decimal]) -> Decimal:
    """The net price of one unit: a debit is positive, a credit negative."""
    parts = (leg.side.sign * leg.ratio * price for leg, price in zip(legs, prices, strict=True))
    return sum(parts, Decimal(0))
