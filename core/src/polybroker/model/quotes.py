"""Market data: quotes, depth, option chains, bars, market hours. What a broker does not say is None."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from polybroker.model.instruments import Instrument, Option


@frozen(kw_only=True)
class Quote:
    """The state of a market at one moment. Sizes are in contracts or shares."""

    instrument: Instrument
    broker_id: str
    timestamp: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    delay: timedelta | None = None
    """0 is real time; None: unknown."""
    raw: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def change(self) -> Decimal | None:
        """Last price against the previous close."""
        if self.last is None or self.previous_close is None:
            return None
        return self.last - self.previous_close


@frozen(kw_only=True)
class DepthLevel:
    """One price of the book."""

    price: Decimal
    size: Decimal
    orders: int | None = None


@frozen(kw_only=True)
class Depth:
    """The book of one instrument, best price first."""

    instrument: Instrument
    timestamp: datetime
    bids: tuple[DepthLevel, ...]
    asks: tuple[DepthLevel, ...]


@frozen(kw_only=True)
class Greeks:
    """Sensitivities of an option; volatility as a fraction (0.25 is 25 %)."""

    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    rho: Decimal | None = None
    implied_volatility: Decimal | None = None


@frozen(kw_only=True)
class OptionQuote:
    """One row of an option chain."""

    option: Option
    quote: Quote
    greeks: Greeks
    open_interest: Decimal | None = None


@frozen(kw_only=True)
class OptionChain:
    """The options of one underlying, ordered by expiry, strike and right."""

    underlying: str
    underlying_price: Decimal | None
    options: tuple[OptionQuote, ...]
    as_of: datetime


@frozen(kw_only=True)
class Bar:
    """Open, high, low, close and volume of an interval that begins at `start`."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None


@frozen(kw_only=True)
class MarketHours:
    """When a market is open on a date; closed all day where `sessions` is empty."""

    market: str
    date: date
    sessions: tuple[tuple[datetime, datetime], ...]


@frozen(kw_only=True)
class Mover:
    """An instrument that moved most by one measure of the broker."""

    instrument: Instrument
    last: Decimal | None
    change: Decimal | None
    volume: Decimal | None
