"""Orders of every side, type and time in force, to try what a broker takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from attrs import evolve

from polybroker.model.instruments import Instrument
from polybroker.model.orders import Leg, Linkage, OrderRequest, OrderSide, OrderType, TimeInForce, single


def plain(instrument: Instrument) -> OrderRequest:
    """The plainest order: buy, at a limit, today."""
    return single(instrument, OrderSide.BUY, Decimal(3), order_type=OrderType.LIMIT, limit_price=Decimal(100))


_PRICES: Final[dict[OrderType, Callable[[Decimal, int], dict[str, Decimal]]]] = {
    OrderType.MARKET: lambda price, sign: {},
    OrderType.LIMIT: lambda price, sign: {"limit_price": _apart(price, -sign)},
    OrderType.STOP: lambda price, sign: {"stop_price": _apart(price, sign)},
    OrderType.STOP_LIMIT: lambda price, sign: {
        "stop_price": _apart(price, sign),
        "limit_price": _apart(price, sign) + sign,
    },
    OrderType.TRAILING_STOP: lambda price, sign: {"trail_amount": Decimal(1)},
}


def _apart(price: Decimal, sign: int) -> Decimal:
    """A price well above (+1) or below (-1)."""
    return price * 2 if sign > 0 else max((price / 2).to_integral_value(), Decimal(1))


def orders_of(instrument: Instrument, price: Decimal, now: datetime) -> Iterator[OrderRequest]:
    """Orders of every side, type and time in force, and some of each further feature."""
    good_till = (now + timedelta(days=5)).replace(hour=21, minute=0)
    for side in OrderSide:
        for order_type in OrderType:
            prices = _PRICES[order_type](price, side.sign)
            for time_in_force in TimeInForce:
                until = good_till if time_in_force is TimeInForce.GTD else None
                yield single(
                    instrument,
                    side,
                    Decimal(3),
                    order_type=order_type,
                    time_in_force=time_in_force,
                    good_till=until,
                    **prices,
                )
    entry = single(instrument, OrderSide.BUY, Decimal(3), order_type=OrderType.LIMIT, limit_price=_apart(price, -1))
    profit = single(instrument, OrderSide.SELL, Decimal(3), order_type=OrderType.LIMIT, limit_price=_apart(price, 1))
    stop = single(instrument, OrderSide.SELL, Decimal(3), order_type=OrderType.STOP, stop_price=_apart(price, -1) - 1)
    trail = single(
        instrument, OrderSide.SELL, Decimal(3), order_type=OrderType.TRAILING_STOP, trail_percent=Decimal("1.5")
    )
    yield trail
    yield evolve(entry, quantity=Decimal("2.5"))
    yield evolve(entry, extended_hours=True)
    yield evolve(entry, linkage=Linkage.BRACKET, linked=(profit, stop))
    yield evolve(entry, linkage=Linkage.OTO, linked=(profit,))
    yield evolve(profit, linkage=Linkage.OCO, linked=(stop,))
    yield evolve(entry, legs=(entry.legs[0], Leg(instrument=instrument, side=OrderSide.SELL, ratio=2)))
