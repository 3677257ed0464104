"""What holds for every law: it has a reason, a group, and a skip that says what is missing."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from hypothesis import settings

from polybroker.hookspecs import hookimpl
from polybroker.matrix import GROUPS, HOOKS
from polybroker.model.broker_info import BrokerInfo
from polybroker.plugin_loading import broker_of
from polybroker.testing import profiles
from polybroker.testing.laws import KIT_FACTS, SAMPLE_FACTS, Law, cases, catalogue, law, law_of
from polybroker.testing.subject import Subject
from polybroker.testing.testkit import Deviation, Testkit


class Mute:
    """A plugin that offers nothing but its name."""

    @hookimpl
    def broker_info(self) -> BrokerInfo:
        return BrokerInfo(id="mute", title="Mute", website="https://mute.example.com")


def mute(**kit: object) -> Subject:
    broker = broker_of(Mute(), "mute")
    return Subject("mute", broker, Testkit(**kit) if kit else None, {"mute": broker})  # type: ignore[arg-type]


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.name)
def test_a_law_has_a_name_a_reason_and_a_group(entry: Law) -> None:
    assert entry.name.startswith("test_")
    assert len(entry.reason.split()) > 5
    assert entry.group in GROUPS
    assert set(entry.hooks) <= set(HOOKS)
    assert entry.arguments in {("subject",), ("subject", "sample")}
    assert inspect.signature(entry.function).parameters.keys() <= {"subject", "sample", "data"}


def test_laws_have_names_of_their_own() -> None:
    names = [entry.name for entry in catalogue()]
    assert len(set(names)) == len(names)


def test_what_is_about_files_money_and_names_has_laws() -> None:
    assert {entry.group for entry in catalogue()} >= {"identity", "symbols", "statements", "commissions"}


def test_a_law_that_cannot_be_tried_says_why() -> None:
    for entry in catalogue():
        for case in cases(entry, mute()):
            absent = [hook for hook in entry.hooks if hook != "broker_info"]
            assert (case.skip is None) == (not absent), entry.name
            assert case.skip is None or case.skip == f"mute does not offer {absent[0]}"


def test_a_deviation_goes_with_its_law() -> None:
    excuse = Deviation(law="test_addresses_are_well_formed", reason="an old page", source="the page")
    excused = {entry.name: case.deviation for entry in catalogue() for case in cases(entry, mute(deviations=(excuse,)))}
    assert {name for name, deviation in excused.items() if deviation} == {"test_addresses_are_well_formed"}


def test_a_law_cannot_need_what_nobody_gives() -> None:
    with pytest.raises(ValueError, match="no such fact: wishes"):
        law("broker_info", needs=("wishes",))
    assert not set(KIT_FACTS) & set(SAMPLE_FACTS)


def test_only_laws_are_laws() -> None:
    assert law_of(test_only_laws_are_laws) is None
    assert law_of(None) is None


def test_the_contract_tries_the_same_examples_in_every_run() -> None:
    before = settings.get_current_profile_name()
    try:
        profiles.load()
        assert settings.default is not None
        assert settings.default.derandomize
        assert settings.default.database is None
        profiles.load(explore=True)
        assert not settings.default.derandomize
        assert settings.default.max_examples > settings.get_profile(profiles.CONTRACT).max_examples
    finally:
        settings.load_profile(before)


def test_the_pytest_plugin_costs_nothing_to_those_who_do_not_use_it() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import polybroker.testing.pytest_plugin;"
        "print(*sorted(name.partition('.')[0] for name in set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"polybroker"}
