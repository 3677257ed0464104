"""Buying power: what an account is worth beyond what its positions and living orders tie up.

For each instrument the worse case counts: all living buys filled, or all living sells, or none. Of orders that cancel
each other only the largest counts. Long options and coins tie up their value, shares a share of it in a margin
account, futures and currencies a share of their notional, short options a share of their underlying's value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from attrs import frozen

from polybroker.model.accounts import AccountType
from polybroker.model.instruments import AssetClass, Instrument, Option
from polybroker_paper.account import ZERO, Holdings
from polybroker_paper.listing import margined, underlying
from polybroker_paper.settings import Settings

Mark = Callable[[Instrument], Decimal]
"""The price that a holding is valued at now."""


@frozen(kw_only=True)
class Claim:
    """What a living order could still do to one instrument."""

    instrument: Instrument
    quantity: Decimal
    """Signed: what is left of it."""
    price: Decimal
    """What the instrument is worth when it is filled."""
    loss: Decimal = ZERO
    """What is lost at once against that worth, and the charges; 0 or more."""
    group: str
    """Orders of one group cancel each other."""


@frozen
class Funds:
    """The buying power of one account under the settings of its world."""

    settings: Settings
    account_type: AccountType
    holdings: Holdings
    mark: Mark

    def worth(self, currency: str) -> Decimal:
        """Cash and the market value of all positions."""
        held = (position for position in self.holdings.positions.values() if position.instrument.currency == currency)
        value = sum((position.market_value(self.mark(position.instrument)) for position in held), ZERO)
        return self.holdings.purse(currency).cash + value

    def excess(self, currency: str, claims: Sequence[Claim]) -> Decimal:
        """What is left for new positions of that currency; below 0 after losses."""
        losses = sum((claim.loss for claim in claims if claim.instrument.currency == currency), ZERO)
        return self.worth(currency) - losses - self.tied_up(currency, claims)

    def tied_up(self, currency: str, claims: Sequence[Claim]) -> Decimal:
        """What positions and living orders hold."""
        held = [instrument for instrument in self.holdings.positions if instrument.currency == currency]
        asked = [claim.instrument for claim in claims if claim.instrument.currency == currency]
        instruments = dict.fromkeys([*held, *asked])
        return sum((self.tied_by(instrument, claims) for instrument in instruments), ZERO)

    def tied_by(self, instrument: Instrument, claims: Sequence[Claim]) -> Decimal:
        """What one instrument holds in its worst case."""
        quantity = self.holdings.quantity(instrument)
        cases = [self._held(instrument, quantity, quantity, ZERO)]
        for sign in (1, -1):
            added, price = pending(claims, instrument, sign)
            if added:
                cases.append(self._held(instrument, quantity, quantity + sign * added, price))
        return max(cases)

    def buying_power(self, excess: Decimal) -> Decimal:
        """How many shares' worth the excess can buy."""
        if self.account_type is AccountType.CASH:
            return excess
        return excess / self.settings.stock_margin

    def _held(self, instrument: Instrument, before: Decimal, after: Decimal, price: Decimal) -> Decimal:
        """What is held for `after` units, of which those beyond `before` are valued at `price`."""
        same = before * after > 0
        old = min(abs(before), abs(after)) if same else ZERO
        value = old * self._unit_value(instrument, self.mark(instrument), short=after < 0)
        return value + (abs(after) - old) * self._unit_value(instrument, price, short=after < 0)

    def _unit_value(self, instrument: Instrument, price: Decimal, *, short: bool) -> Decimal:
        if short and isinstance(instrument, Option):
            stock = self.mark(underlying(instrument))
            return stock * instrument.multiplier * self.settings.short_option_margin
        return abs(price) * instrument.multiplier * self._rate(instrument)

    def _rate(self, instrument: Instrument) -> Decimal:
        if instrument.asset_class is AssetClass.FUTURE:
            return self.settings.futures_margin
        if margined(instrument):
            return self.settings.forex_margin
        if instrument.asset_class is AssetClass.STOCK and self.account_type is not AccountType.CASH:
            return self.settings.stock_margin
        return Decimal(1)


def pending(claims: Sequence[Claim], instrument: Instrument, sign: int) -> tuple[Decimal, Decimal]:
    """How many units living orders of one side could add, and the highest price of them; of each group the largest."""
    largest: dict[str, Decimal] = {}
    price = ZERO
    for claim in claims:
        if claim.instrument == instrument and claim.quantity * sign > 0:
            largest[claim.group] = max(largest.get(claim.group, ZERO), abs(claim.quantity))
            price = max(price, abs(claim.price))
    return sum(largest.values(), ZERO), price
