"""Commission schedules: what a broker charges, as data that the core applies to one fill or to a million.

A schedule's amounts are positive charges (a rebate is negative); evaluated charges carry the sign of an
execution's `commission`: negative is a charge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from attrs import evolve, field, frozen
from attrs.validators import and_, ge, le, optional

from polybroker.model.instruments import AssetClass
from polybroker.model.money import EXACT_SCALE, exact

CUSTOM_PLAN: Final = "custom"
"""The plan of a schedule that the user made."""
EVERY_SYMBOL: Final = "*"
"""In a user's rates: whatever is not named."""


class Basis(StrEnum):
    """What the amount of a rate is multiplied by."""

    UNIT = "unit"
    """Each contract or share."""
    NOTIONAL = "notional"
    """The traded value (price x quantity x multiplier); the amount is a fraction, 0.001 is 0.1 %."""
    ORDER = "order"
    """Once an order, spread over its fills by quantity."""


class Part(StrEnum):
    """Whose charge it is; everything but `COMMISSION` is counted as `fees`."""

    COMMISSION = "commission"
    EXCHANGE = "exchange"
    CLEARING = "clearing"
    NFA = "nfa"
    REGULATORY = "regulatory"


class Liquidity(StrEnum):
    """Whether the execution added liquidity or took it."""

    MAKER = "maker"
    TAKER = "taker"


def _exact(_: object, attribute: object, value: Decimal) -> None:
    exact(value)


@frozen(kw_only=True)
class Rate:
    """One charge of a schedule. It applies where all its conditions hold.

    Within one part, the rates that name the symbol win over those that name the asset class, and these over those
    that name neither; and rates that name the liquidity over those that do not. The winners add up: a charge
    per share and one per order can stand side by side.
    """

    amount: Decimal = field(validator=_exact)
    basis: Basis
    currency: str | None
    """None: that of the execution (a fraction of the traded value has no currency of its own)."""
    part: Part = Part.COMMISSION
    symbols: tuple[str, ...] = ()
    """Roots or tickers; empty: every one."""
    asset_class: AssetClass | None = None
    liquidity: Liquidity | None = None
    minimum: Decimal | None = field(default=None, validator=optional(_exact))
    """The least charge an order (by order id; an execution without one is an order of its own)."""
    maximum: Decimal | None = field(default=None, validator=optional(_exact))
    """The most an order is charged; wins over `minimum`."""
    maximum_fraction: Decimal | None = field(default=None, validator=optional(_exact))
    """The most an order is charged as a fraction of its traded value; wins over `minimum`."""

    def applies(self, symbol: str, asset_class: AssetClass | None, liquidity: str | None) -> bool:
        """Whether all conditions hold for an execution."""
        return (
            (not self.symbols or symbol in self.symbols)
            and self.asset_class in (None, asset_class)
            and self.liquidity in (None, liquidity)
        )

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """What decides between rates of one part; the greater wins."""
        return bool(self.symbols), self.asset_class is not None, self.liquidity is not None


@frozen(kw_only=True)
class CommissionSchedule:
    """All rates of one plan, with the source and date of the figures.

    `ValueError` where two rates of the same part, basis and conditions would both be charged.
    """

    plan: str
    rates: tuple[Rate, ...]
    source: str
    as_of: date | None
    """When the figures were published; None: the source does not say."""
    places: int = field(default=10, validator=and_(ge(0), le(EXACT_SCALE)))
    """Decimal places that a charge is rounded to, half-even."""

    def __attrs_post_init__(self) -> None:
        seen = set()
        for rate in self.rates:
            for symbol in rate.symbols or (EVERY_SYMBOL,):
                key = (rate.part, rate.basis, symbol, rate.asset_class, rate.liquidity)
                if key in seen:
                    raise ValueError(f"plan {self.plan}: two rates for {symbol} ({rate.part}, per {rate.basis})")
                seen.add(key)

    def rates_for(self, symbol: str, asset_class: AssetClass | None, liquidity: str | None) -> tuple[Rate, ...]:
        """The rates that an execution is charged, of all parts; no rate of a part: nothing is known of it."""
        found = [rate for rate in self.rates if rate.applies(symbol, asset_class, liquidity)]
        best: dict[Part, tuple[bool, bool, bool]] = {}
        for rate in found:
            best[rate.part] = max(best.get(rate.part, rate.specificity), rate.specificity)
        return tuple(rate for rate in found if rate.specificity == best[rate.part])


@frozen
class CommissionPlan:
    """A plan that an account can be on.

    `contracts_from` and `contracts_to` bound the contracts a month (both included) for which `auto` takes it. None on
    one side: no bound there; None on both: never taken by `auto`.
    """

    id: str
    title: str
    contracts_from: int | None = None
    contracts_to: int | None = None

    def holds(self, contracts: Decimal | Fraction) -> bool:
        """Whether that many contracts a month are in the plan's range."""
        if self.contracts_from is None and self.contracts_to is None:
            return False
        above = self.contracts_from is None or contracts >= self.contracts_from
        return above and (self.contracts_to is None or contracts <= self.contracts_to)


def plan_for(contracts: Decimal | Fraction, plans: Sequence[CommissionPlan]) -> str:
    """The id of the first plan whose range holds that many contracts a month; where none does, of the first plan."""
    return next((plan.id for plan in plans if plan.holds(contracts)), plans[0].id)


def custom_schedule(
    rates: Mapping[str, Decimal], currency: str | None = None, *, beside: CommissionSchedule | None = None
) -> CommissionSchedule:
    """The schedule of a user's own rates: charges per unit and side, positive, by root or ticker, `*` for all others.

    `currency` None is each instrument's own. Of the schedule `beside` all other parts stay, and the commissions of
    symbols that the user does not name (none with `*`). `ValueError` for a negative rate.
    """
    own = tuple(_custom_rate(symbol, amount, currency) for symbol, amount in rates.items())
    kept = tuple(left for rate in (beside.rates if beside else ()) if (left := _left_of(rate, rates)) is not None)
    if beside is None:
        return CommissionSchedule(plan=CUSTOM_PLAN, rates=own, source="the user", as_of=None)
    return evolve(beside, plan=CUSTOM_PLAN, rates=own + kept, source=f"the user; {beside.source}")


def _custom_rate(symbol: str, amount: Decimal, currency: str | None) -> Rate:
    if amount < 0:
        raise ValueError(f"the rate of {symbol} is a charge and written without a sign, not {amount}")
    symbols = () if symbol == EVERY_SYMBOL else (symbol,)
    return Rate(amount=amount, basis=Basis.UNIT, currency=currency, symbols=symbols)


def _left_of(rate: Rate, own: Mapping[str, Decimal]) -> Rate | None:
    """What the user's own rates leave of a rate; None: nothing."""
    if rate.part is not Part.COMMISSION:
        return rate
    if EVERY_SYMBOL in own:
        return None
    if not rate.symbols:
        return rate
    left = tuple(symbol for symbol in rate.symbols if symbol not in own)
    return evolve(rate, symbols=left) if left else None
