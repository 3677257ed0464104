from __future__ import annotations

from decimal import Decimal

import pytest

from polybroker.errors import Unsupported
from polybroker.ledger.charges import charge
from polybroker.model.commissions import Basis, Part
from polybroker_amp_cqg.commissions import commission_plans, commission_schedule
from polybroker_amp_cqg.symbols import from_broker_symbol, roots

PLANS = [plan.id for plan in commission_plans()]


def amount(plan: str, symbol: str) -> Decimal:
    (rate,) = [rate for rate in commission_schedule(plan).rates if symbol in rate.symbols]
    assert (rate.basis, rate.part) == (Basis.UNIT, Part.COMMISSION)
    return rate.amount


def test_tier_3_charges_a_micro_60_cents_a_side() -> None:
    assert amount("3", "MES") == Decimal("0.60")


def test_both_sides_of_a_fill_cost_the_same_per_contract() -> None:
    future = from_broker_symbol("MESH25", None)
    charged = charge(commission_schedule("3"), future, Decimal(7), Decimal("6012.25"))
    assert (charged.commission, charged.fees, charged.currency) == (Decimal("-4.20"), None, "USD")


@pytest.mark.parametrize(
    ("symbol", "currency", "tiers"),
    [
        ("MES", "USD", "0.62 0.61 0.60 0.57"),
        ("ES", "USD", "2.25 2.10 2.00 1.90"),
        ("CL", "USD", "2.37 2.22 2.12 2.02"),
        ("FDAX", "EUR", "2.05 1.91 1.82 1.73"),
        ("Z", "GBP", "1.08 0.97 0.89 0.81"),
        ("MC225", "JPY", "48 47 45 40"),
        ("BRN", "USD", "1.69 1.54 1.44 1.34"),
    ],
)
def test_rates_are_those_of_the_table(symbol: str, currency: str, tiers: str) -> None:
    assert [amount(plan, symbol) for plan in "1234"] == [Decimal(text) for text in tiers.split()]
    assert {rate.currency for rate in commission_schedule("1").rates if symbol in rate.symbols} == {currency}


def test_the_fixed_plan_has_the_rates_of_tier_3_and_is_the_default() -> None:
    assert PLANS == ["fixed", "1", "2", "3", "4"]
    assert commission_schedule("fixed").rates == commission_schedule("3").rates


@pytest.mark.parametrize(
    ("contracts", "plan"),
    [
        (0, "1"),
        (1, "1"),
        (999, "1"),
        (1000, "1"),
        (1001, "2"),
        (4999, "2"),
        (5000, "3"),
        (9999, "3"),
        (10000, "4"),
        (10**6, "4"),
    ],
)
def test_each_count_of_contracts_belongs_to_one_tier(contracts: int, plan: str) -> None:
    found = [
        entry.id
        for entry in commission_plans()
        if entry.contracts_from is not None
        and entry.contracts_from <= contracts
        and (entry.contracts_to is None or contracts <= entry.contracts_to)
    ]
    assert found == [plan]


@pytest.mark.parametrize("plan", ["", "5", "0", "Tier 3", "FIXED", "auto"])
def test_another_plan_is_unsupported(plan: str) -> None:
    with pytest.raises(Unsupported, match="fixed, 1, 2, 3, 4"):
        commission_schedule(plan)


@pytest.mark.parametrize("plan", PLANS)
def test_no_product_is_charged_twice_and_higher_tiers_never_cost_more(plan: str) -> None:
    schedule = commission_schedule(plan)
    symbols = [symbol for rate in schedule.rates for symbol in rate.symbols]
    assert len(symbols) == len(set(symbols)) == 134
    assert all(rate.amount > 0 for rate in schedule.rates)
    assert all(
        amount("4", symbol) <= amount("3", symbol) <= amount("2", symbol) <= amount("1", symbol) for symbol in symbols
    )
    assert schedule.as_of is None
    assert schedule.source


def test_nearly_every_product_that_cqg_names_has_a_rate() -> None:
    rated = {symbol for rate in commission_schedule("1").rates for symbol in rate.symbols}
    converted = {root.root for root in roots().values() if root.exchange}
    assert converted - rated == {"6M", "GE", "MBT", "MET", "PA"}
