"""What a commission schedule charges for a table of executions; `charge` and `charge_fills` do it one by one.

`polybroker.ledger.charge_rules` has the rules. Here the same is computed for whole columns, in exact integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
from attrs import define, field, frozen

from polybroker.ledger.books import constants, text_codes
from polybroker.ledger.charge_rules import (
    Charge,
    ChargedFill,
    FillKind,
    bounded,
    charge,
    charge_fills,
    chosen_rates,
    fixed_point,
)
from polybroker.ledger.scaled import (
    Integers,
    Mask,
    Places,
    Scaled,
    exact_column,
    narrowed,
    ratio_half_even,
    rounded,
    scaled,
    widened,
)
from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Part, Rate, plan_for
from polybroker.model.executions import CommissionSource
from polybroker.model.instruments import AssetClass

__all__ = ["Charge", "Charged", "ChargedFill", "auto_plan", "charge", "charge_columns", "charge_fills", "monthly_plans"]

_KIND: Final = ("symbol", "asset_class", "currency", "liquidity")
_ORDER: Final = ("broker_id", "account", "order_id")
_NOT_COUNTED: Final = (AssetClass.STOCK.value, AssetClass.CRYPTO.value, AssetClass.FOREX.value)
_INT64: Final = 2**62


@frozen(eq=False)
class Charged:
    """Executions with their estimated charges, and what could not be estimated and why."""

    frame: pl.DataFrame
    reasons: tuple[str, ...]
    """One for each cause, with the number of executions; empty: all is known."""


def charge_columns(
    frame: pl.DataFrame,
    schedules: CommissionSchedule | Mapping[str, CommissionSchedule],
    plans: pl.Series | None = None,
) -> Charged:
    """`frame` (columns of `EXECUTIONS`, in time order) with charges where it has neither commission nor fees.

    Charges of a file win: a row that has one of the two is left as it is and takes no part in its order's sums. With
    several schedules, by plan, `plans` names the one of each row. What is not known stays null; `commission_source`
    says `schedule` where something was estimated.
    """
    if isinstance(schedules, CommissionSchedule):
        schedules, plans = {"": schedules}, pl.Series([""]).new_from_index(0, frame.height)
    elif plans is None:
        raise ValueError("several schedules need the plan of each row")
    commission, fees, orders = _Total(frame.height), _Total(frame.height), _Orders(frame)
    reasons: dict[str, int] = {}
    parts: dict[tuple[Rate, int], list[Places]] = {}
    for plan, kind, rows in _kinds(frame, plans):
        chosen = chosen_rates(schedules[plan], kind)
        for reason in chosen.reasons:
            reasons[reason] = reasons.get(reason, 0) + len(rows)
        for total, rates in ((commission, chosen.commission), (fees, chosen.fees)):
            total.known[rows] = bool(rates)
            for rate in rates:
                parts.setdefault((rate, schedules[plan].places), []).append(rows)
    for (rate, places), pieces in parts.items():
        rows = np.sort(np.concatenate(pieces))
        (commission if rate.part is Part.COMMISSION else fees).add(rows, orders.costs(rate, places, rows))
    told = tuple(f"{reason} ({count} execution{'s' * (count > 1)})" for reason, count in reasons.items())
    return Charged(_with_charges(frame, commission, fees), told)


def auto_plan(frame: pl.DataFrame, plans: Sequence[CommissionPlan]) -> pl.Series:
    """The plan of each execution: that of its account in the calendar month of its trading day."""
    months = _months(frame)
    table = monthly_plans(frame, plans)
    return months.join(table, on=["account", "month"], how="left", nulls_equal=True, maintain_order="left")["plan"]


def monthly_plans(frame: pl.DataFrame, plans: Sequence[CommissionPlan]) -> pl.DataFrame:
    """`account`, `month` (its first day), `contracts` and `plan` for each month in which an account traded.

    Contracts of futures and options count, and executions of unknown symbols; shares, coins and currencies do not.
    """
    groups = _months(frame).with_row_index("row").group_by("account", "month", maintain_order=True).agg("row")
    sizes = groups["row"].list.len().to_numpy().astype(np.int64)
    order = groups["row"].explode(empty_as_null=False).to_numpy()
    counted = ~frame["asset_class"].is_in(_NOT_COUNTED).fill_null(value=False).to_numpy()
    quantity = scaled(frame["quantity"])
    contracts = Scaled(np.where(counted, quantity.values, 0)[order], quantity.scale).segment_sums(
        np.cumsum(sizes) - sizes
    )
    chosen = [plan_for(Fraction(int(total), 10**contracts.scale), plans) for total in contracts.values]
    return groups.select("account", "month").with_columns(
        contracts=exact_column(contracts), plan=pl.Series(chosen, dtype=pl.String)
    )


def _months(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("account", month=pl.col("trading_day").dt.month_start())


def _constant(number: Fraction) -> Scaled:
    value, scale = fixed_point(number)
    return Scaled(np.array([value], dtype=np.int64 if abs(value) < _INT64 else object), scale)


def _kinds(frame: pl.DataFrame, plans: pl.Series) -> Iterator[tuple[str, FillKind, Places]]:
    """The plan and kind of the executions without charges, and the rows of each, ascending."""
    open_rows = frame["commission"].is_null() & frame["fees"].is_null()
    table = frame.select(*_KIND, valued=pl.col("multiplier").is_not_null()).with_columns(plans.alias("plan"))
    table = table.with_row_index("row").filter(open_rows)
    if table.is_empty():
        return
    keys = table.drop("row")
    same = constants(keys)
    varying = [name for name in keys.columns if name not in same]
    groups = (
        table.group_by(varying, maintain_order=True).agg("row") if varying else table.select(pl.col("row").implode())
    )
    for line in groups.iter_rows(named=True):
        facts = {**same, **line}
        known = None if facts["asset_class"] is None else AssetClass(facts["asset_class"])
        kind = FillKind(facts["symbol"], known, facts["currency"], facts["liquidity"], facts["valued"])
        yield facts["plan"], kind, np.array(facts["row"], dtype=np.int64)


@define(eq=False)
class _Total:
    """The costs that some of the rows have, of several rates together."""

    rows: int
    known: Mask = field(init=False)
    _costs: list[tuple[Places, Scaled]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.known = np.zeros(self.rows, dtype=np.bool_)

    def add(self, rows: Places, costs: Scaled) -> None:
        """Add these costs to these rows."""
        self._costs.append((rows, costs))

    def over(self, column: pl.Series) -> pl.Series:
        """The column with minus the costs where they are known."""
        scale = max((costs.scale for _, costs in self._costs), default=0)
        bound = sum(costs.rescaled(scale).bound for _, costs in self._costs)
        values = widened(np.zeros(self.rows, dtype=np.int64), bound)
        for rows, costs in self._costs:
            values[rows] -= narrowed(costs.rescaled(scale).values)
        return exact_column(Scaled(values, scale), column.name).zip_with(pl.Series(self.known), column)


def _with_charges(frame: pl.DataFrame, commission: _Total, fees: _Total) -> pl.DataFrame:
    estimated = pl.lit(CommissionSource.SCHEDULE.value)
    return frame.with_columns(
        commission.over(frame["commission"]),
        fees.over(frame["fees"]),
        commission_source=pl.when(pl.Series(commission.known | fees.known))
        .then(estimated)
        .otherwise(pl.col("commission_source")),
    )


@define(eq=False, slots=False)
class _Orders:
    """The executions of a frame as parts of their orders."""

    frame: pl.DataFrame

    @cached_property
    def quantity(self) -> Scaled:
        """The quantity of each execution."""
        return scaled(self.frame["quantity"])

    @cached_property
    def value(self) -> Scaled:
        """The traded value of each execution, without sign."""
        price = scaled(self.frame["price"])
        return Scaled(np.abs(price.values), price.scale) * self.quantity * scaled(self.frame["multiplier"])

    @cached_property
    def codes(self) -> Places:
        """A number for each order."""
        codes, size = np.zeros(self.frame.height, dtype=np.int64), 1
        for name in _ORDER:
            column = text_codes(self.frame[name])
            distinct = int(column.max(initial=0)) + 1
            codes, size = codes * distinct + column, size * distinct
        alone = self.frame["order_id"].is_null().to_numpy()
        codes[alone] = size + np.flatnonzero(alone)
        return codes

    def costs(self, rate: Rate, places: int, rows: Places) -> Scaled:
        """What each of these executions adds to its order's rounded cost."""
        unbounded = rate.minimum is None and rate.maximum is None and rate.maximum_fraction is None
        if unbounded and rate.basis is not Basis.ORDER:
            costs = self._measure(rate).take(rows) * _constant(Fraction(rate.amount))
            if costs.scale <= places:
                return costs
        segments = _Segments.of(self.codes[rows])
        cumulative = self._shares if rate.basis is Basis.ORDER else self._cumulative
        return segments.differences(cumulative(rate, places, rows, segments))

    def _measure(self, rate: Rate) -> Scaled:
        return self.value if rate.basis is Basis.NOTIONAL else self.quantity

    def _cumulative(self, rate: Rate, places: int, rows: Places, segments: _Segments) -> Scaled:
        """The order's rounded cost up to each execution, by place."""
        costs = segments.sums(self._measure(rate).take(rows)) * _constant(Fraction(rate.amount))
        if rate.minimum is not None:
            costs = _extreme(np.maximum, costs, _constant(Fraction(rate.minimum)))
        if rate.maximum is not None:
            costs = _extreme(np.minimum, costs, _constant(Fraction(rate.maximum)))
        if rate.maximum_fraction is not None:
            most = segments.sums(self.value.take(rows)) * _constant(Fraction(rate.maximum_fraction))
            costs = _extreme(np.minimum, costs, most)
        return rounded(costs, places)

    def _shares(self, rate: Rate, places: int, rows: Places, segments: _Segments) -> Scaled:
        """The rounded share of the order's cost up to each execution, by place."""
        quantity = segments.sums(self.quantity.take(rows))
        if rate.maximum_fraction is None:
            cost = _constant(bounded(rate, Fraction(rate.amount), Fraction()))
        else:
            values = segments.of_whole(segments.sums(self.value.take(rows)))
            most = values * _constant(Fraction(rate.maximum_fraction))
            cost = _extreme(np.minimum, most, _constant(_within_limits(rate)))
        numerator = (quantity * cost).values
        return Scaled(ratio_half_even(numerator, segments.of_whole(quantity).values, places - cost.scale), places)


def _within_limits(rate: Rate) -> Fraction:
    """The amount of a rate within its fixed minimum and maximum."""
    amount = Fraction(rate.amount if rate.minimum is None else max(rate.amount, rate.minimum))
    return amount if rate.maximum is None else min(amount, Fraction(rate.maximum))


@frozen(eq=False)
class _Segments:
    """Executions sorted by order; a *place* is a position in that sorting."""

    order: Places
    starts: Places
    sizes: Places

    @classmethod
    def of(cls, codes: Places) -> _Segments:
        """The segments of equal codes, each in the given order."""
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        return cls(order, starts, np.diff(starts, append=len(codes)))

    def sums(self, numbers: Scaled) -> Scaled:
        """The sums within each order up to each place, of numbers by row."""
        mine = numbers.take(self.order)
        running = mine.running()
        before = running.values[self.starts] - mine.values[self.starts]
        return Scaled(running.values - np.repeat(before, self.sizes), mine.scale)

    def of_whole(self, sums: Scaled) -> Scaled:
        """The sum of the whole order at each place."""
        return Scaled(np.repeat(sums.values[self.starts + self.sizes - 1], self.sizes), sums.scale)

    def differences(self, cumulative: Scaled) -> Scaled:
        """What each place adds, by row."""
        before = np.roll(cumulative.values, 1)
        before[self.starts] = 0
        result = np.empty_like(cumulative.values)
        result[self.order] = cumulative.values - before
        return Scaled(result, cumulative.scale)


def _extreme(choose: np.ufunc, left: Scaled, right: Scaled) -> Scaled:
    scale = max(left.scale, right.scale)
    return Scaled(choose(_at_scale(left, scale), _at_scale(right, scale)), scale)


def _at_scale(numbers: Scaled, scale: int) -> Integers:
    return numbers.rescaled(scale).values if numbers.bound else np.zeros_like(numbers.values)
