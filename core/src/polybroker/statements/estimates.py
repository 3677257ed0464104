"""Charges that the files do not carry: by the user's own rates, else by a plan of the broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.broker import Broker
from polybroker.errors import Unsupported
from polybroker.ledger.charges import Charged, auto_plan, charge_columns
from polybroker.model.commissions import EVERY_SYMBOL, CommissionPlan, CommissionSchedule, custom_schedule

AUTO: Final = "auto"
"""The plan that follows from the contracts that an account trades in a month."""


@frozen(eq=False)
class Estimated:
    """Executions with their charges as far as they are known."""

    executions: pl.DataFrame
    warnings: tuple[str, ...] = ()


def with_estimates(
    executions: pl.DataFrame, broker: Broker, plan: str | None, custom_rates: Mapping[str, Decimal]
) -> Estimated:
    """Fill the charges of rows for which the file has neither commission nor fees.

    A custom rate takes the place of the plan's commission; the plan's other parts stay. Where no plan is named the
    broker's default one is taken, with a warning, unless a row of the files carries a charge or a custom rate is for
    every symbol. Raises `Unsupported` for a plan that the broker does not have.
    """
    plans = broker.commission_plans() if broker.offers("commission_plans") else ()
    warnings: tuple[str, ...] = ()
    if plan is not None:
        _check(broker, plans, plan)
    elif plans and EVERY_SYMBOL not in custom_rates and _all_open(executions):
        plan, warnings = plans[0].id, (_default_text(broker, plans[0]),)
    if not executions.get_column("commission_source").null_count():
        return Estimated(executions)
    charged = _charged(executions, broker, plans, plan, custom_rates)
    if charged is None:
        return Estimated(executions)
    return Estimated(
        charged.frame, (*warnings, *(f"charges that are not known: {reason}" for reason in charged.reasons))
    )


def _all_open(executions: pl.DataFrame) -> bool:
    return executions.get_column("commission_source").null_count() == executions.height


def _check(broker: Broker, plans: Sequence[CommissionPlan], plan: str) -> None:
    ids = [entry.id for entry in plans]
    if plan not in ids and not (plan == AUTO and ids):
        known = f"it has {', '.join(ids)} and {AUTO}" if ids else "it has none"
        raise Unsupported(f"{broker.info.title} ({broker.id}) has no commission plan {plan!r}; {known}")


def _default_text(broker: Broker, plan: CommissionPlan) -> str:
    return (
        f"{broker.info.title}: the files carry no charges; they are estimated by the plan {plan.id} ({plan.title}). "
        "Name another with --plan"
    )


def _charged(
    executions: pl.DataFrame,
    broker: Broker,
    plans: Sequence[CommissionPlan],
    plan: str | None,
    custom_rates: Mapping[str, Decimal],
) -> Charged | None:
    def schedule(name: str) -> CommissionSchedule:
        of_plan = broker.commission_schedule(name)
        return custom_schedule(custom_rates, beside=of_plan) if custom_rates else of_plan

    if plan is None:
        return charge_columns(executions, custom_schedule(custom_rates)) if custom_rates else None
    if plan != AUTO:
        return charge_columns(executions, schedule(plan))
    taken = auto_plan(executions, plans)
    return charge_columns(executions, {name: schedule(name) for name in taken.unique().sort()}, taken)
