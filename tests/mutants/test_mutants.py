"""The suite's own test: the reference plugin keeps every law, and every mutant breaks the one it names."""

from __future__ import annotations

import inspect
import types
import warnings
from collections.abc import Iterator
from functools import cache

import polybroker_acme
import pytest
from broken_plugins import MUTANTS, Mutant
from hypothesis import HealthCheck, Phase, settings
from polybroker_acme import testing

from polybroker.broker import Broker
from polybroker.errors import PluginError
from polybroker.plugin_loading import broker_of
from polybroker.registry import brokers
from polybroker.testing.contract import test_commissions
from polybroker.testing.laws import Case, Law, cases, catalogue
from polybroker.testing.subject import Subject

SOURCE = inspect.getsource(polybroker_acme)
OFFLINE = ("test_identity", "test_symbols", "test_statement", "test_commissions")
"""The modules of laws that need no session; the others have a reference plugin that trades."""
LAWS = {law.name: law for law in catalogue() if law.function.__module__.rpartition(".")[2].startswith(OFFLINE)}
QUICK = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@cache
def neighbours() -> dict[str, Broker]:
    return dict(brokers())


def subject(mutant: Mutant | None = None) -> Subject:
    kit = testing.testkit()
    module: types.ModuleType = polybroker_acme
    if mutant is not None:
        module = types.ModuleType(polybroker_acme.__name__)
        exec(compile(mutant.source(SOURCE), f"<{mutant.name}>", "exec"), vars(module))
        kit = mutant.kit(kit)
    try:
        broker = broker_of(module, "acme", package=polybroker_acme.__name__)
    except PluginError as error:
        return Subject("acme", None, kit, neighbours(), broken=str(error))
    return Subject("acme", broker, kit, {**neighbours(), "acme": broker})


def tried(law: Law, of: Subject) -> Iterator[Case]:
    yield from (case for case in cases(law, of) if case.skip is None)


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
def test_the_reference_plugin_keeps_every_law(law: Law) -> None:
    found = list(tried(law, subject()))
    assert found, "the reference plugin has to offer what every law is about"
    for case in found:
        case.check(QUICK)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed_by_the_law_it_names(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    law = LAWS[mutant.killer]
    for name, broken in mutant.evaluator.items():
        monkeypatch.setattr(test_commissions, name, broken(getattr(test_commissions, name)))
    for case in tried(law, subject(mutant)):
        try:
            with warnings.catch_warnings(action="ignore"):
                case.check(QUICK)
        except mutant.dies_by:
            return
    pytest.fail(f"{law.name} does not notice: {mutant.name}")


def test_every_law_kills_a_mutant() -> None:
    assert LAWS.keys() == {mutant.killer for mutant in MUTANTS}


def test_mutants_differ() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    sources = [mutant.source(SOURCE) for mutant in MUTANTS if mutant.changes]
    assert len(set(sources)) == len(sources)
