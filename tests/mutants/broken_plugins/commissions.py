"""Plugins with wrong prices, and evaluators that apply right ones wrongly."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
from attrs import evolve

from broken_plugins.mutant import Mutant, mutant


def miscalculating(name: str, killer: str, **evaluator: Callable[[Any], Any]) -> Mutant:
    """A mutant whose schedules are right and wrongly applied."""
    return Mutant(name=name, killer=f"test_{killer}", evaluator=evaluator)


def by_side(original: Any) -> Any:
    times = pl.when(side="buy").then(2).otherwise(1)
    return lambda frame, schedule: original(frame.with_columns(pl.col("quantity") * times), schedule)


def without_orders(original: Any) -> Any:
    return lambda schedule, fills: original(schedule, [evolve(fill, order=None) for fill in fills])


def through_floats(original: Any) -> Any:
    def charge(schedule: Any, *order: Any) -> Any:
        found = original(schedule, *order)
        return evolve(found, commission=found.commission and Decimal(float(found.commission) * 1.1))

    return charge


COMMISSIONS = (
    mutant("has no rates for a plan", "every_plan_has_its_schedule", "rates=rates,", "rates=rates[1:2],"),
    mutant(
        "gives the default plan for any other",
        "a_plan_that_nobody_has_is_unsupported",
        '        raise Unsupported(f"Acme has no plan {plan!r}")',
        "        rates = commission_schedule('basic').rates\n"
        "        return CommissionSchedule(plan=plan, rates=rates, source=SOURCE, as_of=None)",
    ),
    mutant(
        "raises its prices with every look",
        "a_schedule_is_the_same_every_time",
        "    rates = (",
        '    RATES[plan] += Decimal("0.01")\n    rates = (',
    ),
    mutant("does not say who says so", "figures_name_their_source", "Acme's price list of 2 January 2026", "unknown"),
    mutant("pays its customers", "a_rate_is_a_charge", "amount=RATES[plan]", "amount=-RATES[plan]"),
    mutant(
        "states a date as text",
        "a_schedule_survives_json",
        "as_of=date(2026, 1, 2)",
        'as_of="2026-01-02"',
        dies_by=TypeError,
    ),
    mutant("leaves a gap", "every_number_of_contracts_has_one_plan", "contracts_to=999", "contracts_to=998"),
    mutant("lets plans overlap", "every_number_of_contracts_has_one_plan", "contracts_from=1000", "contracts_from=999"),
    mutant(
        "charges an order, not its contracts",
        "known_charges_are_what_the_broker_says",
        "Rate(amount=RATES[plan], basis=Basis.UNIT",
        "Rate(amount=RATES[plan], basis=Basis.ORDER",
    ),
    mutant(
        "forgets the minimum",
        "known_charges_are_what_the_broker_says",
        "            minimum=Decimal(1),\n",
        "",
    ),
    evolve(
        miscalculating("sends charges through a float", "a_charge_is_exact", charge=through_floats), dies_by=ValueError
    ),
    miscalculating(
        "charges the minimum for every fill",
        "an_order_costs_the_same_however_it_is_filled",
        charge_fills=without_orders,
    ),
    miscalculating("charges purchases twice", "both_sides_cost_the_same", charge_columns=by_side),
    miscalculating("knows orders in tables only", "a_table_costs_what_its_rows_cost", charge_fills=without_orders),
)
