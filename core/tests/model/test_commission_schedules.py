from __future__ import annotations

from decimal import Decimal

import pytest

from polybroker.model.commissions import (
    Basis,
    CommissionPlan,
    CommissionSchedule,
    Liquidity,
    Part,
    Rate,
    custom_schedule,
    plan_for,
)
from polybroker.model.instruments import AssetClass

TIERS = (
    CommissionPlan("fixed", "Fixed"),
    CommissionPlan("1", "Tier 1", 0, 1_000),
    CommissionPlan("2", "Tier 2", 1_001, 4_999),
    CommissionPlan("3", "Tier 3", 5_000, 9_999),
    CommissionPlan("4", "Tier 4", 10_000, None),
)


def rate(amount: str, basis: Basis = Basis.UNIT, **more: object) -> Rate:
    return Rate(amount=Decimal(amount), basis=basis, **{"currency": "USD", **more})  # type: ignore[arg-type]


def schedule(*rates: Rate) -> CommissionSchedule:
    return CommissionSchedule(plan="p", rates=rates, source="", as_of=None)


def amounts(of: CommissionSchedule, symbol: str, asset_class: AssetClass, liquidity: str | None = None) -> list[str]:
    return [str(rate.amount) for rate in of.rates_for(symbol, asset_class, liquidity)]


def test_the_most_specific_rate_of_each_part_wins() -> None:
    both = schedule(
        rate("1"),
        rate("2", asset_class=AssetClass.FUTURE),
        rate("3", symbols=("MES", "MNQ")),
        rate("4", symbols=("MES",), liquidity=Liquidity.MAKER),
        rate("5", liquidity=Liquidity.TAKER),
        rate("0.02", part=Part.NFA),
    )
    assert amounts(both, "MES", AssetClass.FUTURE) == ["3", "0.02"]
    assert amounts(both, "MES", AssetClass.FUTURE, "maker") == ["4", "0.02"]
    assert amounts(both, "ES", AssetClass.FUTURE, "taker") == ["2", "0.02"]
    assert amounts(both, "AAPL", AssetClass.STOCK, "taker") == ["5", "0.02"]
    assert amounts(both, "AAPL", AssetClass.STOCK) == ["1", "0.02"]


def test_equally_specific_rates_of_another_basis_add_up() -> None:
    both = schedule(rate("0.005"), rate("1", Basis.ORDER), rate("0.001", Basis.NOTIONAL))
    assert amounts(both, "AAPL", AssetClass.STOCK) == ["0.005", "1", "0.001"]


def test_two_rates_for_the_same_thing_are_refused() -> None:
    with pytest.raises(ValueError, match="MNQ"):
        schedule(rate("1", symbols=("MES", "MNQ")), rate("2", symbols=("MNQ", "M2K")))
    with pytest.raises(ValueError, match="two rates"):
        schedule(rate("1"), rate("2"))
    schedule(rate("1", symbols=("MES",)), rate("2", symbols=("MNQ",)), rate("3"))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E-19", "1E30"])
def test_an_amount_is_exact(number: str) -> None:
    with pytest.raises(ValueError):
        rate(number)
    with pytest.raises(ValueError):
        rate("1", minimum=Decimal(number))


@pytest.mark.parametrize("places", [-1, 19])
def test_places_are_those_of_the_tables(places: int) -> None:
    with pytest.raises(ValueError):
        CommissionSchedule(plan="p", rates=(), source="", as_of=None, places=places)


@pytest.mark.parametrize(
    ("contracts", "plan"),
    [("0", "1"), ("999", "1"), ("1000", "1"), ("1001", "2"), ("4999", "2"), ("5000", "3"), ("9999", "3"),
     ("10000", "4"), ("10001", "4"), ("1000000", "4"), ("1000.5", "fixed")],
)  # fmt: skip
def test_the_plan_of_a_month_follows_from_its_contracts(contracts: str, plan: str) -> None:
    assert plan_for(Decimal(contracts), TIERS) == plan


def test_a_plan_without_a_range_is_never_taken() -> None:
    assert not TIERS[0].holds(Decimal(0))
    assert CommissionPlan("low", "", None, 10).holds(Decimal(-5))


def test_own_rates_are_charges_by_root_in_the_instruments_currency() -> None:
    own = custom_schedule({"MES": Decimal("0.5"), "*": Decimal("1.25")})
    assert amounts(own, "MES", AssetClass.FUTURE) == ["0.5"]
    assert amounts(own, "FDAX", AssetClass.FUTURE) == ["1.25"]
    assert {rate.currency for rate in own.rates} == {None}
    assert custom_schedule({"MES": Decimal(1)}, "EUR").rates[0].currency == "EUR"


def test_an_own_rate_with_a_sign_is_refused() -> None:
    with pytest.raises(ValueError, match="without a sign"):
        custom_schedule({"MES": Decimal("-0.5")})


def test_own_rates_stand_beside_those_of_a_plan() -> None:
    plan = schedule(rate("1", symbols=("MES", "MNQ")), rate("2"), rate("0.02", part=Part.NFA))
    own = custom_schedule({"MES": Decimal("0.5")}, beside=plan)
    assert amounts(own, "MES", AssetClass.FUTURE) == ["0.5", "0.02"]
    assert amounts(own, "MNQ", AssetClass.FUTURE) == ["1", "0.02"]
    assert amounts(own, "CL", AssetClass.FUTURE) == ["2", "0.02"]
    every = custom_schedule({"*": Decimal("0.5")}, beside=plan)
    assert amounts(every, "MNQ", AssetClass.FUTURE) == ["0.5", "0.02"]
