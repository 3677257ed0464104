"""Bars made from the prices of ticks."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from polybroker.errors import Unsupported
from polybroker.model.instruments import Instrument
from polybroker.model.quotes import Bar
from polybroker_paper.market import Market

MOST_BARS: Final = 5_000
LOOKS: Final = 64
"""A bar is made from all of its ticks up to so many, of a longer one from about so many that lie evenly."""


def bars(
    market: Market,
    instrument: Instrument,
    world: tuple[datetime, timedelta],
    window: tuple[datetime, datetime],
    interval: timedelta,
) -> list[Bar]:
    """The bars that begin within `window`, on multiples of `interval`; `world` is its start and its tick.

    Before the start there are prices too. `Unsupported` for an interval that is no multiple of the tick.
    """
    start, tick = world
    if interval < tick or interval % tick:
        raise Unsupported(f"bars are multiples of the tick of {tick.total_seconds()} s, not {interval}")
    since, until = window
    first = -((start - since) // interval)  # rounded up: bars count from the start of the world
    last = -((start - until) // interval)
    if last - first > MOST_BARS:
        raise Unsupported(f"at most {MOST_BARS} bars at a time, not {last - first}")
    ticks = interval // tick
    return [_bar(market, instrument, number * ticks, ticks, start + number * interval) for number in range(first, last)]


def _bar(market: Market, instrument: Instrument, first: int, ticks: int, at: datetime) -> Bar:
    stride = max(ticks // LOOKS, 1)
    looks = [*range(first, first + ticks - 1, stride), first + ticks - 1]
    prices: list[Decimal] = [market.prices(instrument, look).last for look in looks]
    return Bar(start=at, open=prices[0], high=max(prices), low=min(prices), close=prices[-1])
