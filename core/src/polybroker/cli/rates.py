"""`polybroker rates`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from polybroker.cli.run import Command, Run, debug_option, json_option

if TYPE_CHECKING:
    from polybroker.broker import Broker
    from polybroker.model.commissions import CommissionPlan, CommissionSchedule, Rate


@click.command(cls=Command)
@click.argument("broker")
@click.option("--plan", metavar="PLAN", help="One plan only; all of them if not given.")
@json_option
@debug_option
@click.pass_obj
def rates(run: Run, broker: str, plan: str | None) -> None:
    """Print a broker's commission rates.

    BROKER is an id or alias. Amounts are charges: what the account pays.
    """
    from polybroker.registry import find_broker

    found = find_broker(broker)
    plans = _chosen(found, plan)
    schedules = [found.commission_schedule(each.id) for each in plans]
    if run.json:
        run.data({"broker": found.id, "plans": [_data(*pair) for pair in zip(plans, schedules, strict=True)]})
    else:
        _print(run, found, plans, schedules)


def _chosen(broker: Broker, plan: str | None) -> Sequence[CommissionPlan]:
    from polybroker.errors import Unsupported

    plans = broker.commission_plans()
    chosen = [each for each in plans if plan is None or each.id == plan]
    if not chosen:
        known = ", ".join(each.id for each in plans) or "none"
        raise Unsupported(f"{broker.id} has no plan {plan!r}; it has: {known}" if plan else f"{broker.id} has no plans")
    return chosen


def _data(plan: CommissionPlan, schedule: CommissionSchedule) -> dict[str, Any]:
    return {
        "id": plan.id,
        "title": plan.title,
        "contracts_from": plan.contracts_from,
        "contracts_to": plan.contracts_to,
        "source": schedule.source,
        "as_of": schedule.as_of and schedule.as_of.isoformat(),
        "rates": [_rate_data(rate) for rate in schedule.rates],
    }


def _rate_data(rate: Rate) -> dict[str, Any]:
    from polybroker.model.money import plain_text

    def number(value: Any) -> str | None:
        return None if value is None else plain_text(value)

    return {
        "symbols": list(rate.symbols),
        "asset_class": rate.asset_class and str(rate.asset_class),
        "liquidity": rate.liquidity and str(rate.liquidity),
        "part": str(rate.part),
        "basis": str(rate.basis),
        "amount": number(rate.amount),
        "currency": rate.currency,
        "minimum": number(rate.minimum),
        "maximum": number(rate.maximum),
        "maximum_fraction": number(rate.maximum_fraction),
    }


def _print(run: Run, broker: Broker, plans: Sequence[CommissionPlan], schedules: Sequence[CommissionSchedule]) -> None:
    """A row for each thing that is charged, a column for each plan."""
    from polybroker.cli.visible import Column, draw, visible

    table: dict[tuple[str, str, str], dict[str, str]] = {}
    for schedule in schedules:
        for rate in schedule.rates:
            for symbol in rate.symbols or (_everything(rate),):
                row = table.setdefault((symbol, str(rate.part), _unit(rate)), {})
                row[schedule.plan] = _amount(rate)
    columns = [Column("symbol"), Column("charge", dispensable=1), Column("per")]
    columns += [Column(plan.id, numbers=True) for plan in plans]
    draw(run, columns, [(*key, *(row.get(plan.id) for plan in plans)) for key, row in table.items()])
    run.line()
    for plan in plans:
        run.line(f"{visible(plan.id)}: {visible(plan.title)}{_range(plan)}")
    for source in dict.fromkeys((schedule.source, schedule.as_of) for schedule in schedules):
        run.line(f"Source: {visible(source[0])}, {source[1] or 'undated'}")
    if broker.info.rates_page:
        run.line(f"The broker's own page: {visible(broker.info.rates_page)}")


def _everything(rate: Rate) -> str:
    return f"every {rate.asset_class}" if rate.asset_class else "everything"


def _unit(rate: Rate) -> str:
    maker = f", {rate.liquidity}" if rate.liquidity else ""
    return f"{rate.basis}, {rate.currency}{maker}"


def _amount(rate: Rate) -> str:
    from polybroker.model.money import plain_text

    bounds = [
        f"{word} {plain_text(value)}"
        for word, value in (("min", rate.minimum), ("max", rate.maximum), ("max fraction", rate.maximum_fraction))
        if value is not None
    ]
    return " ".join([plain_text(rate.amount), *bounds])


def _range(plan: CommissionPlan) -> str:
    if plan.contracts_from is None and plan.contracts_to is None:
        return ""
    upper = f"to {plan.contracts_to:,}" if plan.contracts_to is not None else "and more"
    return f" ({plan.contracts_from or 0:,} {upper} contracts a month)"
