"""What the broker charges, from its price list of 2 January 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from polybroker.errors import Unsupported
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate
from polybroker.model.instruments import AssetClass

PLANS: Final = (
    CommissionPlan("standard", "Fewer than 1,000 contracts a month", 0, 999),
    CommissionPlan("active", "1,000 contracts a month and more", 1_000),
)
_PER_CONTRACT: Final = {"standard": Decimal("0.85"), "active": Decimal("0.62")}


def commission_plans() -> Sequence[CommissionPlan]:
    """The first is the default."""
    return PLANS


def commission_schedule(plan: str) -> CommissionSchedule:
    """Positive amounts are charges; polybroker applies them to one fill or to a million."""
    if plan not in _PER_CONTRACT:
        raise Unsupported(f"Template has no plan {plan!r}; it has {', '.join(_PER_CONTRACT)}")
    return CommissionSchedule(
        plan=plan,
        rates=(
            _rate(AssetClass.FUTURE, _PER_CONTRACT[plan]),
            _rate(AssetClass.FUTURE, Decimal("0.02"), part=Part.NFA),
            _rate(AssetClass.STOCK, Decimal("0.005"), minimum=Decimal(1)),
        ),
        source="Template, price list of 2 January 2026",
        as_of=date(2026, 1, 2),
    )


def _rate(
    asset_class: AssetClass, amount: Decimal, *, part: Part = Part.COMMISSION, minimum: Decimal | None = None
) -> Rate:
    return Rate(amount=amount, basis=Basis.UNIT, currency="USD", part=part, asset_class=asset_class, minimum=minimum)
