"""Entry points are found quickly, and damaged distributions are left aside."""

from __future__ import annotations

import importlib.metadata
import time
from pathlib import Path
from typing import Any

import pytest

from polybroker.discovery import BROKERS, installed
from polybroker.registry import Registry


@pytest.fixture
def made(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A workshop whose folder is the whole path, so that only what a test installs is found."""
    monkeypatch.setattr("sys.path", [str(workshop.folder)])
    return workshop


def names() -> list[str]:
    return sorted(offer.name for offer in installed(BROKERS)[0])


def test_an_installed_plugin_is_found_and_works(workshop: Any) -> None:
    module = workshop.good("made_here").value
    workshop.install("polybroker-made-here", f"[polybroker.brokers]\nmade_here = {module}\n", version="0.3")
    broker = Registry().broker("made_here")
    assert (broker.id, broker.distribution, broker.version) == ("made_here", "polybroker-made-here", "0.3")


def test_only_the_group_asked_for_is_read(made: Any) -> None:
    text = """
    [console_scripts]
    tool = tool:main

    # a remark
    [polybroker.brokers]
    ; another
    acme = acme_plugin
    bolt=bolt_plugin:plugin

    [polybroker.testkits]
    acme = acme_plugin.testing:kit
    """
    made.install("mixed", text)
    assert [(offer.name, offer.value) for offer in installed(BROKERS)[0]] == [
        ("acme", "acme_plugin"),
        ("bolt", "bolt_plugin:plugin"),
    ]


def test_the_first_of_two_copies_of_a_distribution_counts(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "older"
    made.install("polybroker-acme", "[polybroker.brokers]\nacme = new\n", version="2.0")
    made.install("polybroker_acme", "[polybroker.brokers]\nacme = old\n", version="1.0", folder=older)
    monkeypatch.setattr("sys.path", [str(made.folder), str(older)])
    assert [offer.value for offer in installed(BROKERS)[0]] == ["new"]


def test_damaged_distributions_are_set_aside_and_named(made: Any) -> None:
    made.install("good", "[polybroker.brokers]\ngood = good_plugin\n")
    broken = made.install("bytes", "")
    (broken / "entry_points.txt").write_bytes(b"[polybroker.brokers]\n\xff\xfe = nonsense\n")
    made.install("lines", "[polybroker.brokers]\nno equals sign here\n = \n[[[\nfine = fine_plugin\n")
    (made.install("folder", "") / "entry_points.txt").unlink()
    (made.folder / "empty-1.dist-info").mkdir()
    found, unreadable = installed(BROKERS)
    assert "good" in [offer.name for offer in found]
    assert len(unreadable) == 1
    assert "bytes-1.0.dist-info" in unreadable[0]


def test_a_finder_that_raises_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def distributions() -> Any:
        raise OSError("a finder of somebody else")
        yield

    monkeypatch.setattr(importlib.metadata, "distributions", distributions)
    assert installed(BROKERS) == ([], ["the rest of the path (OSError)"])


def test_two_hundred_plugins_are_found_within_50_ms_of_cpu(made: Any) -> None:
    for number in range(200):
        text = f"[console_scripts]\nx{number} = x:y\n[polybroker.brokers]\nbroker_{number} = plugin_{number}\n"
        made.install(f"polybroker-number-{number}", text)

    def once() -> float:
        (made.folder / str(time.perf_counter_ns())).touch()  # a changed folder is listed anew
        started = time.process_time()
        assert len(Registry().ids()) == 200
        return time.process_time() - started

    assert min(once() for _ in range(5)) < 0.05
