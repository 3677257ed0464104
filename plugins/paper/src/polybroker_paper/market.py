"""Prices: seeded random walks, options priced by their underlying, or a file of quotes.

A price depends on the seed, the instrument and the tick alone: never on what else was asked, or how often.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from hashlib import blake2b
from typing import Final, Protocol

from attrs import define, field, frozen

from polybroker.model.instruments import AssetClass, Instrument, Option
from polybroker.model.options import OptionRight
from polybroker.model.quotes import Quote
from polybroker_paper.listing import require_listed, start_ticks, tick_size, underlying
from polybroker_paper.walk import FINE, Walk, folded

_VOLATILITY: Final = Decimal("0.25")
"""Of a year, for options."""
_PRICING: Final = Context(prec=28)
_STEPS_TO_START: Final = 10_000
"""A step is about this part of the price at the start, and at least one tick."""


@frozen
class Prices:
    """The market of one instrument at one tick."""

    bid: Decimal
    ask: Decimal
    last: Decimal
    bid_size: Decimal = Decimal(100)
    ask_size: Decimal = Decimal(100)


class Market(Protocol):
    """Where prices come from. Ticks count from the start of the world; there are some before it, below 0."""

    def prices(self, instrument: Instrument, tick: int) -> Prices:
        """The market at that tick; `SymbolUnknown` for what is not listed."""


@define(eq=False)
class WalkMarket:
    """Random walks: every instrument has its own, made from the seed and its id."""

    seed: str
    start: datetime
    tick: timedelta
    _walks: dict[tuple[str, bool], Walk] = field(factory=dict, init=False)
    _lately: dict[Instrument, tuple[int, Prices]] = field(factory=dict, init=False)

    def prices(self, instrument: Instrument, tick: int) -> Prices:
        """The market at that tick; `SymbolUnknown` for what is not listed."""
        known = self._lately.get(instrument)
        if known is not None and known[0] == tick:
            return known[1]
        require_listed(instrument)
        step = tick_size(instrument)
        bid = self._option_bid(instrument, tick) if isinstance(instrument, Option) else self._bid(instrument, tick)
        before = bid if isinstance(instrument, Option) else self._bid(instrument, tick - 1)
        last = bid + (bid > before)  # what lifts the price is a purchase, made at the ask
        found = Prices(bid * step, (bid + 1) * step, last * step)
        self._lately[instrument] = tick, found
        return found

    def _bid(self, instrument: Instrument, tick: int) -> int:
        """The bid in ticks."""
        start = start_ticks(instrument)
        walk = self._walk(instrument.instrument_id, past=tick < 0, spread=max(start // _STEPS_TO_START, 1) << FINE)
        return folded(start + (walk.value(abs(tick)) >> FINE), max(start // 2, 1), start + start // 2)

    def _walk(self, instrument_id: str, *, past: bool, spread: int) -> Walk:
        key = instrument_id, past
        if key not in self._walks:
            text = "\x1f".join((self.seed, instrument_id, "past" if past else "future"))
            self._walks[key] = Walk(blake2b(text.encode(), digest_size=32).digest(), spread)
        return self._walks[key]

    def _option_bid(self, option: Option, tick: int) -> int:
        """Intrinsic value, and a time value that falls with the distance of the strike, in ticks, at least one."""
        stock = underlying(option)
        price = self._bid(stock, tick) * tick_size(stock)
        days = max((option.expiry - (self.start + tick * self.tick).date()).days, 0)
        gain = price - option.strike if option.right is OptionRight.CALL else option.strike - price
        value = max(gain, Decimal(0)) + _time_value(price, abs(gain), days)
        ticks = (value / tick_size(option)).quantize(Decimal(1), ROUND_HALF_EVEN, _PRICING)
        return max(int(ticks), 1)


def _time_value(price: Decimal, distance: Decimal, days: int) -> Decimal:
    if days == 0:
        return Decimal(0)
    years = _PRICING.divide(Decimal(days), Decimal(365))
    at_the_money = _PRICING.multiply(price * _VOLATILITY * Decimal("0.4"), _PRICING.sqrt(years))
    decay = _PRICING.exp(_PRICING.divide(-distance, at_the_money * 2))
    return _PRICING.multiply(at_the_money, decay)


def quote(market: Market, instrument: Instrument, tick: int, at: datetime) -> Quote:
    """The market at that tick as a quote; `at` is the tick's time."""
    found = market.prices(instrument, tick)
    return Quote(
        instrument=instrument,
        broker_id="paper",
        timestamp=at,
        bid=found.bid,
        ask=found.ask,
        last=found.last,
        bid_size=found.bid_size,
        ask_size=found.ask_size,
        delay=timedelta(0),
    )


def positive_only(instrument: Instrument) -> bool:
    """Whether a price of 0 or less makes no sense; it does for futures."""
    return instrument.asset_class is not AssetClass.FUTURE
