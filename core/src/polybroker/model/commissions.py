"""Commission schedules: what a broker charges, as data that the core applies to one fill or to a million.

A schedule's amounts are positive charges (a rebate is negative); evaluated charges carry the sign of an
execution's `commission`: negative is a charge.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from polybroker.model.instruments import AssetClass


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


@frozen(kw_only=True)
class Rate:
    """One charge of a schedule. It applies where all its conditions hold.

    Within one part, the rate that names the symbol wins over the one that names the asset class, and that
    over one that names neither; and one that names the liquidity over one that does not.
    """

    amount: Decimal
    basis: Basis
    currency: str
    part: Part = Part.COMMISSION
    symbols: tuple[str, ...] = ()
    """Roots or tickers; empty: every one."""
    asset_class: AssetClass | None = None
    liquidity: Liquidity | None = None
    minimum: Decimal | None = None
    """The least charge an order (by order id; an execution without one is an order of its own)."""
    maximum: Decimal | None = None
    maximum_fraction: Decimal | None = None
    """The most an order is charged as a fraction of its traded value."""


@frozen(kw_only=True)
class CommissionSchedule:
    """All rates of one plan, with the source and date of the figures."""

    plan: str
    rates: tuple[Rate, ...]
    source: str
    as_of: date | None
    """When the figures were published; None: the source does not say."""
    places: int = 10
    """Decimal places that a charge is rounded to, half-even."""


@frozen(kw_only=True)
class CommissionPlan:
    """A plan that an account can be on.

    `contracts_from` and `contracts_to` bound the contracts a month (both included) for which `auto` takes it; None and
    None: never taken by `auto`.
    """

    id: str
    title: str
    contracts_from: int | None = None
    contracts_to: int | None = field(default=None)
