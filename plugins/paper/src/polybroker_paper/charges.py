"""What fills cost, by any plan of any installed broker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from attrs import frozen

from polybroker.errors import BrokerError, Unsupported
from polybroker.ledger.charge_rules import ChargedFill, charge_fills
from polybroker.model.commissions import CommissionSchedule
from polybroker.model.instruments import Instrument


@frozen
class Cost:
    """Commission and fees, negative for a charge; None: the plan does not say."""

    commission: Decimal | None
    fees: Decimal | None

    @property
    def total(self) -> Decimal:
        """Both together; what is not known costs nothing."""
        return (self.commission or Decimal(0)) + (self.fees or Decimal(0))


FREE = Cost(Decimal(0), Decimal(0))
Filled = tuple[Decimal, Decimal]
"""Quantity and price of a fill."""


@frozen
class Charges:
    """A commission schedule, or none."""

    schedule: CommissionSchedule | None = None

    def of(self, instrument: Instrument, before: Sequence[Filled], fill: Filled) -> Cost:
        """What `fill` adds to the cost of its order, of which `before` has been filled."""
        if self.schedule is None:
            return FREE
        all_fills, earlier = self._sum(instrument, [*before, fill]), self._sum(instrument, before)
        return Cost(_less(all_fills.commission, earlier.commission), _less(all_fills.fees, earlier.fees))

    def _sum(self, instrument: Instrument, fills: Sequence[Filled]) -> Cost:
        """What an order costs whose fills these are; those at one price count as one, which changes nothing."""
        by_price: dict[Decimal, Decimal] = defaultdict(Decimal)
        for quantity, price in fills:
            by_price[price] += quantity
        charged = charge_fills(
            self.schedule,  # type: ignore[arg-type]
            [
                ChargedFill(
                    symbol=instrument.symbol,
                    asset_class=instrument.asset_class,
                    quantity=quantity,
                    price=price,
                    multiplier=instrument.multiplier,
                    currency=instrument.currency,
                    order="one",
                )
                for price, quantity in by_price.items()
            ],
        )
        return Cost(_known([each.commission for each in charged]), _known([each.fees for each in charged]))


def _known(parts: list[Decimal | None]) -> Decimal | None:
    if any(part is None for part in parts):
        return None
    return sum((part for part in parts if part is not None), Decimal(0))


def _less(total: Decimal | None, earlier: Decimal | None) -> Decimal | None:
    return None if total is None or earlier is None else total - earlier


def charges_of(plan: str | None) -> Charges:
    """The charges of a plan written `broker:plan`; `Unsupported` where no installed broker has it."""
    if plan is None:
        return Charges()
    from polybroker.registry import find_broker

    broker, colon, name = plan.partition(":")
    if not colon:
        raise Unsupported(f"setting commission_plan: written like amp_cqg:3, not {plan!r}")
    try:
        return Charges(find_broker(broker).commission_schedule(name))
    except BrokerError as error:
        raise Unsupported(f"setting commission_plan: {error.message}") from error
