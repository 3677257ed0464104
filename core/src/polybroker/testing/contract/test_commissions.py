"""Laws about what a broker charges: plans that leave no gap, exact figures with a source, sums that add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
from hypothesis import assume
from hypothesis import strategies as st

from polybroker.errors import Unsupported
from polybroker.ledger.charges import Charge, ChargedFill, charge, charge_columns, charge_fills
from polybroker.model.commissions import CommissionSchedule, Liquidity, Part
from polybroker.model.instruments import Instrument
from polybroker.model.json import from_json, to_json
from polybroker.model.money import exact
from polybroker.statements.schema import EXECUTIONS
from polybroker.testing.laws import law
from polybroker.testing.strategies import prices
from polybroker.testing.subject import Subject

COMMISSIONS = ("commission_plans", "commission_schedule")
SIZES = st.integers(1, 3_000).map(Decimal)


def schedules(subject: Subject) -> list[CommissionSchedule]:
    """The schedules of all plans."""
    return [subject.plugin.commission_schedule(plan.id) for plan in subject.plugin.commission_plans()]


def draw_order(subject: Subject, data: st.DataObject) -> tuple[CommissionSchedule, Instrument, list[Decimal], Decimal]:
    """A plan, and an order of one instrument: the quantities of its fills, all at one price."""
    assert subject.facts.instruments is not None
    schedule = data.draw(st.sampled_from(schedules(subject)), label="schedule")
    instrument = data.draw(subject.facts.instruments, label="instrument")
    sizes = data.draw(st.lists(SIZES, min_size=1, max_size=5), label="fills")
    return schedule, instrument, sizes, data.draw(prices(), label="price")


def filled(instrument: Instrument, sizes: Sequence[Decimal], price: Decimal, order: str | None) -> list[ChargedFill]:
    """The fills as a schedule sees them."""
    return [
        ChargedFill(
            symbol=instrument.symbol,
            asset_class=instrument.asset_class,
            quantity=size,
            price=price,
            multiplier=instrument.multiplier,
            currency=instrument.currency,
            order=order,
        )
        for size in sizes
    ]


def table(fills: Sequence[ChargedFill], sides: Sequence[str]) -> pl.DataFrame:
    """The fills as executions without charges."""
    rows = [
        {
            "symbol": fill.symbol,
            "asset_class": fill.asset_class,
            "quantity": fill.quantity,
            "price": fill.price,
            "multiplier": fill.multiplier,
            "currency": fill.currency,
            "order_id": fill.order,
            "side": side,
        }
        for fill, side in zip(fills, sides, strict=True)
    ]
    return pl.DataFrame([{**dict.fromkeys(EXECUTIONS), **row} for row in rows], schema=EXECUTIONS)


def charged(frame: pl.DataFrame, schedule: CommissionSchedule) -> list[tuple[Decimal | None, Decimal | None]]:
    """Commission and fees of every row, computed by columns."""
    return charge_columns(frame, schedule).frame.select("commission", "fees").rows()


def total(charges: Sequence[Charge]) -> tuple[Decimal | None, Decimal | None]:
    """The sums of commissions and of fees; None where they are not known."""
    commissions, fees = [entry.commission for entry in charges], [entry.fees for entry in charges]
    return (
        None if None in commissions else sum((value for value in commissions if value is not None), Decimal()),
        None if None in fees else sum((value for value in fees if value is not None), Decimal()),
    )


@law(*COMMISSIONS)
def test_every_plan_has_its_schedule(subject: Subject) -> None:
    """A plan that can be chosen can be applied."""
    plans = subject.plugin.commission_plans()
    assert plans
    for plan, schedule in zip(plans, schedules(subject), strict=True):
        assert plan.title.strip(), plan.id
        assert schedule.plan == plan.id
        assert any(rate.part is Part.COMMISSION for rate in schedule.rates), f"{plan.id} charges no commission"


@law(*COMMISSIONS)
def test_a_plan_that_nobody_has_is_unsupported(subject: Subject, data: st.DataObject) -> None:
    """A mistyped plan is an error that costs nothing; the default plan's rates in its place cost money."""
    known = {plan.id for plan in subject.plugin.commission_plans()}
    near = st.sampled_from(sorted(known)).map(lambda plan: f"{plan} ") | st.sampled_from(["", "auto", "0", "custom"])
    plan = data.draw(near | st.text(max_size=8), label="plan")
    assume(plan not in known)
    try:
        schedule = subject.plugin.commission_schedule(plan)
    except Unsupported:
        return
    raise AssertionError(f"{plan!r} is no plan, but has the schedule of {schedule.plan}")


@law(*COMMISSIONS)
def test_a_schedule_is_the_same_every_time(subject: Subject) -> None:
    """The hook is a fact: the core asks once and applies the answer to a million rows."""
    assert schedules(subject) == schedules(subject)
    assert subject.plugin.commission_plans() == subject.plugin.commission_plans()


@law(*COMMISSIONS)
def test_figures_name_their_source(subject: Subject) -> None:
    """Rates change; without source nobody can tell whether these are still right."""
    for schedule in schedules(subject):
        assert len(schedule.source.split()) >= 2 or "://" in schedule.source, f"{schedule.plan}: {schedule.source!r}"


@law(*COMMISSIONS)
def test_a_rate_is_a_charge(subject: Subject) -> None:
    """Amounts are positive charges; only who makes or takes liquidity is paid for it."""
    for schedule in schedules(subject):
        for rate in schedule.rates:
            assert rate.amount >= 0 or rate.liquidity in tuple(Liquidity), f"{schedule.plan}: {rate}"
            bounds = [bound for bound in (rate.minimum, rate.maximum) if bound is not None]
            assert bounds == sorted(bounds), f"{schedule.plan}: the minimum is above the maximum: {rate}"
            assert all(bound >= 0 for bound in bounds), f"{schedule.plan}: {rate}"


@law(*COMMISSIONS)
def test_a_schedule_survives_json(subject: Subject) -> None:
    """Apps show and store schedules; a rate that comes back changed is another rate."""
    for schedule in schedules(subject):
        assert from_json(to_json(schedule), CommissionSchedule) == schedule


@law(*COMMISSIONS)
def test_every_number_of_contracts_has_one_plan(subject: Subject) -> None:
    """`auto` has an answer for 0 contracts a month, for a million, and for exactly the number where plans meet."""
    plans = subject.plugin.commission_plans()
    bounds = {bound for plan in plans for bound in (plan.contracts_from, plan.contracts_to) if bound is not None}
    counts = {0, 10**9} | {max(0, bound + step) for bound in bounds for step in (-1, 0, 1)}
    for count in sorted(counts) if bounds else ():
        holding = [plan.id for plan in plans if plan.holds(Decimal(count))]
        assert len(holding) == 1, f"{count} contracts a month: {holding or 'no plan'}"


@law(*COMMISSIONS, needs=("charge_examples",))
def test_known_charges_are_what_the_broker_says(subject: Subject) -> None:
    """The examples are the broker's own figures: they hold whatever the table says."""
    for example in subject.facts.charge_examples:
        schedule = subject.plugin.commission_schedule(example.plan)
        found = charge(schedule, example.instrument, example.quantity, example.price)
        assert found.commission == example.commission, f"{example}: {found}"
        assert example.fees in (None, found.fees), f"{example}: {found}"


@law(*COMMISSIONS, needs=("instruments",))
def test_a_charge_is_exact(subject: Subject, data: st.DataObject) -> None:
    """A charge is a decimal of the schedule's places; a binary fraction would be wrong by the first thousand fills."""
    schedule, instrument, sizes, price = draw_order(subject, data)
    found = charge(schedule, instrument, sizes[0], price)
    for value in (found.commission, found.fees):
        assert value is None or exact(value) == round(value, schedule.places), value


@law(*COMMISSIONS, needs=("instruments",))
def test_an_order_costs_the_same_however_it_is_filled(subject: Subject, data: st.DataObject) -> None:
    """Ten fills of one contract are one order of ten: a minimum is charged once, and no rounding is lost."""
    schedule, instrument, sizes, price = draw_order(subject, data)
    whole = charge(schedule, instrument, sum(sizes, Decimal()), price)
    parts = charge_fills(schedule, filled(instrument, sizes, price, "order"))
    assert total(parts) == (whole.commission, whole.fees)


@law(*COMMISSIONS, needs=("instruments",))
def test_both_sides_cost_the_same(subject: Subject, data: st.DataObject) -> None:
    """The schedule knows no side: a purchase and the sale that closes it are charged alike."""
    schedule, instrument, sizes, price = draw_order(subject, data)
    fills = filled(instrument, sizes, price, "order")
    bought = charged(table(fills, ["buy"] * len(fills)), schedule)
    sold = charged(table(fills, ["sell"] * len(fills)), schedule)
    assert bought == sold


@law(*COMMISSIONS, needs=("instruments",))
def test_a_table_costs_what_its_rows_cost(subject: Subject, data: st.DataObject) -> None:
    """One execution on a screen and a million in an import are charged by the same rules, to the last digit."""
    schedule, instrument, sizes, price = draw_order(subject, data)
    order = data.draw(st.sampled_from(["order", None]), label="order id")
    fills = filled(instrument, sizes, price, order)
    one_by_one = [(entry.commission, entry.fees) for entry in charge_fills(schedule, fills)]
    assert charged(table(fills, ["buy"] * len(fills)), schedule) == one_by_one
