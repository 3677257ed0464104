"""Brokers are found by id and alias; names that two claim lead to neither."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from polybroker.broker import Broker
from polybroker.errors import PluginError, UnknownBroker
from polybroker.registry import Registry


def counting(workshop: Any, broker_id: str, calls: list[str], **facts: Any) -> Any:
    entry_point = workshop.good(broker_id, **facts)

    def load() -> Any:
        calls.append(broker_id)
        return entry_point.load()

    return workshop.fake(broker_id, load)


def test_a_broker_is_found_by_id_and_by_alias(workshop: Any) -> None:
    registry = Registry([workshop.good("acme", aliases=("acme_futures",)), workshop.good("other")])
    assert registry.broker("acme") is registry.broker("acme_futures") is registry.brokers()["acme"]
    assert registry.ids() == ("acme", "other")


@pytest.mark.parametrize("name", ["ACME", " acme ", "Acme_Futures", "acme-futures"])
def test_a_name_may_be_written_as_people_write_it(name: str, workshop: Any) -> None:
    assert Registry([workshop.good("acme", aliases=("acme_futures",))]).broker(name).id == "acme"


def test_asking_for_an_id_imports_that_plugin_alone_and_once(workshop: Any) -> None:
    calls: list[str] = []
    registry = Registry([counting(workshop, name, calls) for name in ("first", "second", "third")])
    assert calls == []
    assert registry.ids() == ("first", "second", "third")
    assert calls == []
    registry.broker("second")
    registry.broker("second")
    assert calls == ["second"]
    registry.brokers()
    assert sorted(calls) == ["first", "second", "third"]


def test_threads_that_ask_at_once_share_one_import(workshop: Any) -> None:
    calls: list[str] = []
    registry = Registry([counting(workshop, "acme", calls)])
    found: list[Broker] = []
    threads = [threading.Thread(target=lambda: found.append(registry.broker("acme"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["acme"]
    assert len({id(broker) for broker in found}) == 1


def test_a_broken_plugin_is_tried_once(workshop: Any) -> None:
    calls: list[str] = []

    def load() -> Any:
        calls.append("acme")
        raise OSError("disk")

    registry = Registry([workshop.fake("acme", load)])
    for _ in range(2):
        with pytest.raises(
            PluginError, match="the plugin acme is broken: importing module_of_acme raised OSError: disk"
        ):
            registry.broker("acme")
    assert calls == ["acme"]
    assert registry.broken()["acme"].reasons == ("importing module_of_acme raised OSError: disk",)


def test_an_interrupt_of_the_person_waiting_is_no_verdict_on_the_plugin(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry([workshop.good("acme")])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "join", interrupted)
        with pytest.raises(KeyboardInterrupt):
            registry.broker("acme")
    assert registry.broker("acme").id == "acme"


def test_an_unknown_name_is_answered_with_the_near_ones_and_what_there_is(workshop: Any) -> None:
    registry = Registry([workshop.good("tradovate", aliases=("ninjatrader",)), workshop.plugin("wreck", "1 / 0")])
    with pytest.raises(UnknownBroker) as caught:
        registry.broker("tradovat")
    message = str(caught.value)
    assert "no broker 'tradovat' is installed; did you mean tradovate?" in message
    assert "Installed: tradovate." in message
    assert "Broken: wreck." in message
    assert "pip install polybroker-" in message
    with pytest.raises(UnknownBroker, match="did you mean ninjatrader"):
        registry.broker("ninja_trader")


def test_without_any_plugin_the_answer_says_so() -> None:
    with pytest.raises(UnknownBroker, match="Installed: none"):
        Registry([]).broker("acme")


def test_two_distributions_of_one_id_are_both_refused_and_named(workshop: Any) -> None:
    claims = [workshop.good("acme"), workshop.good("acme"), workshop.good("other")]
    named = [
        workshop.fake(claim.name, claim.load, SimpleNamespace(name=f"dist-{number}", version="1"))
        for number, claim in enumerate(claims)
    ]
    registry = Registry(named)
    assert list(registry.brokers()) == ["other"]
    assert registry.broken()["acme"].reason == ("two plugins have this id: dist-0 and dist-1; uninstall one of them")


def test_an_id_wins_over_an_alias(workshop: Any) -> None:
    registry = Registry([workshop.good("acme", aliases=("other", "solo")), workshop.good("other")])
    assert registry.broker("other").id == "other"
    assert registry.broker("solo").id == "acme"
    assert registry.shadowed() == {"other": ("other", "acme")}


def test_a_broken_plugin_keeps_its_id(workshop: Any) -> None:
    registry = Registry([workshop.good("acme", aliases=("other",)), workshop.plugin("other", "1 / 0")])
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        registry.broker("other")


def test_an_alias_that_two_claim_belongs_to_neither(workshop: Any) -> None:
    registry = Registry([workshop.good("acme", aliases=("futures",)), workshop.good("bolt", aliases=("futures",))])
    with pytest.raises(UnknownBroker, match="'futures' is claimed by acme and bolt"):
        registry.broker("futures")
    assert sorted(registry.brokers()) == ["acme", "bolt"]
    assert registry.shadowed() == {"futures": ("acme", "bolt")}


def test_an_alias_that_repeats_the_id_is_no_conflict(workshop: Any) -> None:
    registry = Registry([workshop.good("acme", aliases=("acme", "bolt", "bolt"))])
    assert registry.shadowed() == {}
    assert registry.broker("bolt").id == "acme"


def test_a_broker_knows_its_distribution(workshop: Any) -> None:
    claim = workshop.good("acme")
    distribution = SimpleNamespace(name="polybroker-acme", version="2.5")
    broker = Registry([workshop.fake("acme", claim.load, distribution)]).broker("acme")
    assert (broker.distribution, broker.version) == ("polybroker-acme", "2.5")


def test_damaged_metadata_hurt_neither_the_broker_nor_the_others(workshop: Any) -> None:
    class Damaged:
        @property
        def name(self) -> str:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

        version = None

    class Nameless:
        @property
        def name(self) -> str:
            raise KeyError("Name")

    claim = workshop.good("acme")
    registry = Registry([Nameless(), workshop.fake("acme", claim.load, Damaged()), workshop.good("other")])
    assert registry.ids() == ("acme", "other")
    assert registry.broker("acme").distribution is None


def test_the_time_limit_can_be_set_from_outside(monkeypatch: pytest.MonkeyPatch, workshop: Any) -> None:
    monkeypatch.setenv("POLYBROKER_IMPORT_SECONDS", "0.05")
    release = threading.Event()
    try:
        assert "longer than 0.05 s" in Registry([workshop.fake("acme", release.wait)]).broken()["acme"].reason
    finally:
        release.set()


def test_the_registry_is_imported_without_a_look_at_what_is_installed() -> None:
    code = "import polybroker.registry, sys; print('polybroker_amp_cqg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
