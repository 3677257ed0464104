"""An account's money and holdings, exact to the last digit.

Shares, options and coins are paid for in full; futures and currencies move money only by their results. Holdings are
lots, closed first in first out, so that every profit is a product of decimals and nothing is ever divided. In
each currency at any time::

    cash + market value = initial + realized + unrealized + charges
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from attrs import define, field, frozen

from polybroker.model.instruments import Instrument
from polybroker.model.money import AVERAGE_PLACES, plain_text
from polybroker_paper.listing import margined

ZERO: Final = Decimal(0)
LAST_PLACE: Final = Decimal(1).scaleb(-AVERAGE_PLACES)


def average(value: Decimal, quantity: Decimal) -> Decimal:
    """`value` for each of `quantity`, rounded half-even."""
    return tidy((value / quantity).quantize(LAST_PLACE, ROUND_HALF_EVEN))


def tidy(number: Decimal) -> Decimal:
    """The number without trailing zeros and without an exponent."""
    return Decimal(plain_text(number))


@frozen
class Lot:
    """Units bought (above 0) or sold short (below 0) at one price."""

    quantity: Decimal
    price: Decimal


@define(eq=False)
class Holding:
    """All lots of one instrument, oldest first; they have one sign."""

    instrument: Instrument
    lots: deque[Lot] = field(factory=deque)

    @property
    def quantity(self) -> Decimal:
        """Signed."""
        return sum((lot.quantity for lot in self.lots), ZERO)

    @property
    def cost(self) -> Decimal:
        """What the lots were traded for; below 0 for short ones."""
        return sum((lot.quantity * lot.price for lot in self.lots), ZERO) * self.instrument.multiplier

    @property
    def average_price(self) -> Decimal:
        """Of the lots that are left, rounded half-even."""
        return average(sum((lot.quantity * lot.price for lot in self.lots), ZERO), self.quantity)

    def trade(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Add signed units; the profit of the lots that they close."""
        realized = ZERO
        while quantity and self.lots and (self.lots[0].quantity > 0) != (quantity > 0):
            oldest = self.lots.popleft()
            closed = min(abs(oldest.quantity), abs(quantity)).copy_sign(oldest.quantity)
            realized += (price - oldest.price) * closed * self.instrument.multiplier
            quantity += closed
            if left := oldest.quantity - closed:
                self.lots.appendleft(Lot(left, oldest.price))
        if quantity:
            self.lots.append(Lot(quantity, price))
        return realized

    def unrealized(self, mark: Decimal) -> Decimal:
        """The profit if everything were closed at `mark`."""
        return self.quantity * mark * self.instrument.multiplier - self.cost

    def market_value(self, mark: Decimal) -> Decimal:
        """What the holding adds to the account's worth at `mark`."""
        if margined(self.instrument):
            return self.unrealized(mark)
        return self.quantity * mark * self.instrument.multiplier


@define(eq=False)
class Money:
    """The money of one currency."""

    initial: Decimal
    cash: Decimal
    realized: Decimal = ZERO
    charges: Decimal = ZERO
    """Commission and fees so far; negative."""


@define(eq=False)
class Holdings:
    """The money and positions of one account."""

    account_id: str
    money: dict[str, Money]
    positions: dict[Instrument, Holding] = field(factory=dict)

    @classmethod
    def opened(cls, account_id: str, initial: Mapping[str, Decimal]) -> Holdings:
        """A new account."""
        return cls(account_id, {currency: Money(amount, amount) for currency, amount in initial.items()})

    def purse(self, currency: str) -> Money:
        """The money of a currency; empty where the account has none of it."""
        return self.money.setdefault(currency, Money(ZERO, ZERO))

    def quantity(self, instrument: Instrument) -> Decimal:
        """How many units are held, signed."""
        held = self.positions.get(instrument)
        return held.quantity if held else ZERO

    def book(self, instrument: Instrument, quantity: Decimal, price: Decimal, charge: Decimal) -> None:
        """Enter a fill of signed `quantity`; `charge` is negative for a cost."""
        held = self.positions.setdefault(instrument, Holding(instrument))
        purse = self.purse(instrument.currency)
        realized = held.trade(quantity, price)
        paid = -realized if margined(instrument) else quantity * price * instrument.multiplier
        purse.cash += charge - paid
        purse.realized += realized
        purse.charges += charge
        if not held.lots:
            del self.positions[instrument]
