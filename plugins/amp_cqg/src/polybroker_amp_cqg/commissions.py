"""AMP's commission plans.

The tiers go by contracts a month. The published table leaves two counts open, "below 1,000" beside "1,001 to
4,999" and "5,000 to 9,999" beside "above 10,000"; the bounds that it does state settle both: 1,000 is below the
stated start of tier 2, so it belongs to tier 1, and 10,000 is above the stated end of tier 3, so it belongs to
tier 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final

from polybroker.errors import Unsupported
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate
from polybroker.model.instruments import AssetClass
from polybroker_amp_cqg.tables import rows_of

PLANS: Final = (
    CommissionPlan("fixed", "Fixed, accounts above 10,000 USD (rates of tier 3)"),
    CommissionPlan("1", "Tier 1, up to 1,000 contracts a month", 0, 1_000),
    CommissionPlan("2", "Tier 2, 1,001 to 4,999 contracts a month", 1_001, 4_999),
    CommissionPlan("3", "Tier 3, 5,000 to 9,999 contracts a month", 5_000, 9_999),
    CommissionPlan("4", "Tier 4, from 10,000 contracts a month", 10_000, None),
)
SOURCE: Final = "commission table of a public importer for AMP accounts, undated, read 2026-11-20; not confirmed by AMP"

_COLUMN: Final[Mapping[str, str]] = MappingProxyType({"fixed": "3", "1": "1", "2": "2", "3": "3", "4": "4"})


def commission_plans() -> Sequence[CommissionPlan]:
    """The five plans, the default `fixed` first; `auto` never takes `fixed`, which an account has to be given."""
    return PLANS


@cache
def commission_schedule(plan: str) -> CommissionSchedule:
    """The rates of `plan`: a charge per contract and side for each of 132 products, in the product's currency.

    Two of them are listed under two roots. The charges look all-in (exchange and NFA fees included) and cannot be
    taken apart, so all of it is `commission`. Raises `Unsupported` for another plan.
    """
    if plan not in _COLUMN:
        raise Unsupported(f"AMP has no commission plan {plan!r}; it has {', '.join(_COLUMN)}")
    return CommissionSchedule(
        plan=plan,
        rates=tuple(_rate(row, _COLUMN[plan]) for row in rows_of("commissions.csv")),
        source=SOURCE,
        as_of=None,
    )


def _rate(row: Mapping[str, str], column: str) -> Rate:
    return Rate(
        amount=Decimal(row[column]),
        basis=Basis.UNIT,
        currency=row["currency"],
        part=Part.COMMISSION,
        symbols=(row["root"],),
        asset_class=AssetClass.FUTURE,
    )
