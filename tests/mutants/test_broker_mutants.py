"""The trading half of the suite's own test: Bolt keeps every law, and every mutant breaks the one it names."""

from __future__ import annotations

import importlib
import inspect
import types
import warnings
from collections.abc import Iterator

import polybroker_bolt
import pytest
from broken_brokers import BROKER_MUTANTS, BrokerMutant
from hypothesis import settings
from polybroker_bolt import testing

from polybroker.plugin_loading import broker_of
from polybroker.testing import profiles
from polybroker.testing.contract import test_order_machine
from polybroker.testing.laws import Case, Law, cases, catalogue
from polybroker.testing.subject import Subject

SOURCE = inspect.getsource(polybroker_bolt)
TRADING = ("auth", "accounts", "orders", "market data", "limits")
NOT_OFFERED = {"account_events", "option_chain"}
LAWS = {law.name: law for law in catalogue() if law.group in TRADING and not NOT_OFFERED.intersection(law.hooks)}


@pytest.fixture(autouse=True)
def contract_profile(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = settings.get_current_profile_name()
    profiles.load()
    monkeypatch.setattr(test_order_machine, "MACHINES", 5)
    monkeypatch.setattr(test_order_machine, "STEPS", 10)
    yield
    settings.load_profile(before)


def subject(mutant: BrokerMutant | None = None) -> Subject:
    module: types.ModuleType = polybroker_bolt
    if mutant is not None:
        module = types.ModuleType(polybroker_bolt.__name__)
        exec(compile(mutant.source(SOURCE), f"<{mutant.name}>", "exec"), vars(module))
    broker = broker_of(module, "bolt", package=polybroker_bolt.__name__)
    return Subject("bolt", broker, testing.testkit(), {"bolt": broker})


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
def test_bolt_keeps_every_law(law: Law) -> None:
    [case] = cases(law, subject())
    assert case.skip is None, "Bolt has to offer what every law is about"
    case.check()


@pytest.mark.parametrize("mutant", BROKER_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_broker_is_caught_by_the_law_it_names(mutant: BrokerMutant, monkeypatch: pytest.MonkeyPatch) -> None:
    [case] = cases(LAWS[mutant.killer], subject(mutant))
    assert case.skip is None
    for name, broken in mutant.core.items():
        owner_name, _, attribute = name.rpartition(".")
        module, _, cls = owner_name.rpartition(".")
        owner = getattr(importlib.import_module(module), cls)
        monkeypatch.setattr(owner, attribute, broken(getattr(owner, attribute)))
    died = death(case)
    assert died is not None, f"{mutant.killer} does not notice: {mutant.name}"
    assert isinstance(died, mutant.dies_by), f"it dies by {died!r}"


def death(case: Case) -> BaseException | None:
    """What the law raises; None where it holds."""
    with warnings.catch_warnings(action="ignore"):
        try:
            case.check()
        except Exception as error:
            return cause(error)
    return None


def cause(error: BaseException) -> BaseException:
    """The first error of a group."""
    return cause(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def test_every_trading_law_catches_a_broken_broker() -> None:
    assert set(LAWS) == {mutant.killer for mutant in BROKER_MUTANTS}


def test_broken_brokers_differ() -> None:
    assert len({mutant.name for mutant in BROKER_MUTANTS}) == len(BROKER_MUTANTS)
    sources = [mutant.source(SOURCE) for mutant in BROKER_MUTANTS if mutant.changes]
    assert len(set(sources)) == len(sources)
