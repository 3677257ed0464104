"""What a commission schedule charges for one execution, or for the fills of orders, one by one.

The charge of an order is a function of what has been filled of it, `amount x quantity` (or x traded value) kept
within minimum and maximum and rounded half-even; each fill is charged the difference that it makes. So an order
costs the same however it is split into fills, and a later fill never changes the charge of an earlier one. A charge
per order is spread by quantity instead: each fill's share is the difference of two rounded cumulative shares.
An execution without order id is an order of its own. Results are negative for a charge, as in executions.

A charge that is not known stays None, with a reason: an unknown symbol, no rate in the plan, or a rate in another
currency than the execution's, which cannot be added to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from polybroker.model.commissions import Basis, CommissionSchedule, Part, Rate
from polybroker.model.instruments import AssetClass, Instrument


@frozen
class FillKind:
    """What decides which rates an execution is charged."""

    symbol: str
    asset_class: AssetClass | None
    """None: the symbol is unknown."""
    currency: str | None
    liquidity: str | None
    valued: bool
    """Whether the multiplier is known."""


@frozen(kw_only=True)
class ChargedFill:
    """What a schedule has to know of an execution. `order` tells orders apart; None: an order of its own."""

    symbol: str
    asset_class: AssetClass | None
    quantity: Decimal
    price: Decimal
    multiplier: Decimal | None
    currency: str | None
    liquidity: str | None = None
    order: str | None = None

    @property
    def kind(self) -> FillKind:
        """What decides about its rates."""
        return FillKind(self.symbol, self.asset_class, self.currency, self.liquidity, self.multiplier is not None)

    @property
    def value(self) -> Fraction:
        """The traded value, without sign; 0 where the multiplier is not known."""
        return abs(Fraction(self.price)) * Fraction(self.quantity) * Fraction(self.multiplier or 0)


@frozen(kw_only=True)
class Charge:
    """What one execution costs; negative is a charge, None: not known, and `reasons` says why."""

    commission: Decimal | None
    fees: Decimal | None
    currency: str | None
    reasons: tuple[str, ...] = ()


@frozen
class Chosen:
    """The rates that executions of one kind are charged, and why some charge is not known."""

    commission: tuple[Rate, ...] = ()
    fees: tuple[Rate, ...] = ()
    reasons: tuple[str, ...] = ()


def charge(
    schedule: CommissionSchedule,
    instrument: Instrument,
    quantity: Decimal,
    price: Decimal,
    *,
    liquidity: str | None = None,
) -> Charge:
    """What one execution of an order of its own costs, in the instrument's currency; the same for both sides."""
    fill = ChargedFill(
        symbol=instrument.symbol,
        asset_class=instrument.asset_class,
        quantity=quantity,
        price=price,
        multiplier=instrument.multiplier,
        currency=instrument.currency,
        liquidity=liquidity,
    )
    return charge_fills(schedule, [fill])[0]


def charge_fills(schedule: CommissionSchedule, fills: Iterable[ChargedFill]) -> list[Charge]:
    """What each of the fills costs, given in time order."""
    fills = list(fills)
    chosen = [chosen_rates(schedule, fill.kind) for fill in fills]
    orders: dict[tuple[Rate, object], list[int]] = defaultdict(list)
    for place, (fill, rates) in enumerate(zip(fills, chosen, strict=True)):
        for rate in (*rates.commission, *rates.fees):
            orders[rate, place if fill.order is None else fill.order].append(place)
    costs: list[dict[Part, Fraction]] = [defaultdict(Fraction) for _ in fills]
    for (rate, _), places in orders.items():
        for place, cost in zip(places, _differences(rate, schedule.places, [fills[at] for at in places]), strict=True):
            costs[place][rate.part] += cost
    return [_charge(fill, rates, cost) for fill, rates, cost in zip(fills, chosen, costs, strict=True)]


def chosen_rates(schedule: CommissionSchedule, kind: FillKind) -> Chosen:
    """The rates for executions of that kind; of a total of which a part is not known, none."""
    symbol, currency = kind.symbol, kind.currency
    if kind.asset_class is None or currency is None:
        return Chosen(reasons=(f"{symbol}: the symbol is unknown, so are its charges",))
    rates = schedule.rates_for(symbol, kind.asset_class, kind.liquidity)
    reasons = {rate: reason for rate in rates if (reason := _unusable(rate, kind)) is not None}
    commission = tuple(rate for rate in rates if rate.part is Part.COMMISSION)
    fees = tuple(rate for rate in rates if rate.part is not Part.COMMISSION)
    told = dict.fromkeys(f"{symbol}: the plan {schedule.plan} {reason}" for reason in reasons.values())
    if not commission:
        told[f"{symbol}: the plan {schedule.plan} has no commission for it"] = None
    return Chosen(
        commission=() if reasons.keys() & set(commission) else commission,
        fees=() if reasons.keys() & set(fees) else fees,
        reasons=tuple(told),
    )


def _unusable(rate: Rate, kind: FillKind) -> str | None:
    """Why a rate cannot be charged to executions of that kind."""
    if rate.currency not in (None, kind.currency):
        return f"charges {rate.currency}, the execution is in {kind.currency}"
    if not kind.valued and (rate.basis is Basis.NOTIONAL or rate.maximum_fraction is not None):
        return "charges by traded value, the multiplier is not known"
    return None


def _differences(rate: Rate, places: int, fills: Sequence[ChargedFill]) -> list[Fraction]:
    """What each fill of one order adds to the order's rounded charge."""
    all_quantity = sum(Fraction(fill.quantity) for fill in fills)
    all_value = sum((fill.value for fill in fills), Fraction())
    quantity = value = before = Fraction()
    result = []
    for fill in fills:
        quantity += Fraction(fill.quantity)
        value += fill.value
        if rate.basis is Basis.ORDER:
            cost = bounded(rate, Fraction(rate.amount), all_value) * quantity / all_quantity
        else:
            cost = bounded(rate, Fraction(rate.amount) * (quantity if rate.basis is Basis.UNIT else value), value)
        rounded = Fraction(round(cost * 10**places), 10**places)
        result.append(rounded - before)
        before = rounded
    return result


def bounded(rate: Rate, cost: Fraction, value: Fraction) -> Fraction:
    """An order's cost within the rate's minimum and maximum; a maximum wins over the minimum."""
    if rate.minimum is not None:
        cost = max(cost, Fraction(rate.minimum))
    if rate.maximum is not None:
        cost = min(cost, Fraction(rate.maximum))
    if rate.maximum_fraction is not None:
        cost = min(cost, Fraction(rate.maximum_fraction) * value)
    return cost


def _charge(fill: ChargedFill, chosen: Chosen, costs: dict[Part, Fraction]) -> Charge:
    fees = sum((cost for part, cost in costs.items() if part is not Part.COMMISSION), Fraction())
    return Charge(
        commission=_negative(costs[Part.COMMISSION]) if chosen.commission else None,
        fees=_negative(fees) if chosen.fees else None,
        currency=fill.currency,
        reasons=chosen.reasons,
    )


def _negative(cost: Fraction) -> Decimal:
    number, places = fixed_point(cost)
    return Decimal(f"{-number}E-{places}")


def fixed_point(number: Fraction) -> tuple[int, int]:
    """A decimal fraction as an integer and the number of its decimal places, as few as it takes."""
    places = 0
    while number.denominator != 1:
        number *= 10
        places += 1
    return number.numerator, places
