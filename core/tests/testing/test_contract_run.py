"""The suite as a stranger runs it: in a process of its own, on a plugin that is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

PLUGIN = """
from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo
from polybroker.model.instruments import Stock

@hookimpl
def broker_info():
    return BrokerInfo(id="tiny", title="Tiny", website="https://tiny.example.com", aliases=("little",))

@hookimpl
def to_broker_symbol(instrument):
    if isinstance(instrument, Stock) and instrument == Stock(instrument.ticker) and instrument.ticker.isalpha():
        return "$" + instrument.ticker
    raise Unsupported("only stocks")

@hookimpl
def from_broker_symbol(symbol, on):
    text = symbol.strip().upper()
    if text[:1] == "$" and text[1:].isalpha() and text.isascii():
        return Stock(text[1:])
    raise SymbolUnknown(symbol)
"""
KIT = """
from hypothesis import strategies as st
from polybroker.model.instruments import Stock
from polybroker.testing.testkit import Deviation, Testkit

def testkit():
    return Testkit(instruments=st.sampled_from([Stock("AAPL"), Stock("F")]), {more})
"""
DEVIATION = 'deviations=(Deviation(law="{law}", reason="they are like that", source="their manual, 2026"),)'
BROKEN = PLUGIN.replace("return Stock(text[1:])", 'return Stock(text[1:] + "X")')


@frozen
class Run:
    """What a run printed and how it ended."""

    status: int
    output: str
    report: dict[str, Any]

    def laws(self, group: str) -> dict[str, dict[str, Any]]:
        return {result["law"]: result for result in self.report["brokers"][0]["capabilities"][group]["laws"]}


@frozen
class Site:
    """A folder of installed packages."""

    path: Path

    def install(
        self, plugin: str = PLUGIN, kit: str | None = "near_misses=('AAPL', '$4')", broker: str = "tiny"
    ) -> None:
        (self.path / f"plugin_of_{broker}.py").write_text(plugin)
        points = f"[polybroker.brokers]\n{broker} = plugin_of_{broker}\n"
        if kit is not None:
            (self.path / f"kit_of_{broker}.py").write_text(KIT.format(more=kit))
            points += f"[polybroker.testkits]\n{broker} = kit_of_{broker}:testkit\n"
        metadata = self.path / f"polybroker_{broker}-3.1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: polybroker-{broker}\nVersion: 3.1\n")
        (metadata / "entry_points.txt").write_text(points)

    def run(self, *arguments: str, only: str = "test_symbols") -> Run:
        report = self.path / "report.json"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *arguments]
        done = subprocess.run(
            [*command, "--pyargs", f"polybroker.testing.contract.{only}", "--polybroker-report", str(report)],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(self.path), "PYTEST_ADDOPTS": ""},
        )
        found = json.loads(report.read_text()) if report.exists() else {}
        return Run(done.returncode, done.stdout + done.stderr, found)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_plugin_that_keeps_the_laws_passes(site: Site) -> None:
    site.install()
    run = site.run("--polybroker", "little")
    assert run.status == 0, run.output
    assert "polybroker: tiny (polybroker-tiny 3.1), testkit with 0 samples" in run.output
    assert "symbols: to_broker_symbol, from_broker_symbol" in run.output
    assert "tiny: symbols: 10 passed, 1 skipped" in run.output
    [broker] = run.report["brokers"]
    assert (broker["id"], broker["distribution"], broker["version"]) == ("tiny", "polybroker-tiny", "3.1")
    assert broker["hooks"] == ["broker_info", "to_broker_symbol", "from_broker_symbol"]
    symbols = broker["capabilities"]["symbols"]
    assert (symbols["offered"], symbols["passed"], symbols["failed"], symbols["skipped"]) == (True, 10, 0, 1)
    skipped = run.laws("symbols")["test_known_symbols_mean_what_the_broker_says"]
    assert skipped["reason"] == "the testkit of tiny gives no symbol examples"


def test_a_distributed_run_reports_as_one(site: Site) -> None:
    site.install()
    run = site.run("--polybroker", "all", "-n", "2", "-k", "near_misses or known_symbols", only="test_symbols")
    assert run.status == 0, run.output
    tiny = next(broker for broker in run.report["brokers"] if broker["id"] == "tiny")
    assert (tiny["capabilities"]["symbols"]["passed"], tiny["capabilities"]["symbols"]["skipped"]) == (1, 1)


def test_what_is_not_offered_is_skipped_with_the_reason(site: Site) -> None:
    site.install(kit=None)
    run = site.run("--polybroker", "tiny", only="test_commissions")
    assert run.status == 0, run.output
    assert "tiny does not offer commission_plans" in run.output
    assert run.report["brokers"][0]["capabilities"]["commissions"]["offered"] is False
    symbols = site.run("--polybroker", "tiny", "-k", "near_misses or any_text").laws("symbols")
    assert symbols["test_near_misses_are_unknown"]["reason"] == "tiny has no testkit, which would give near misses"
    assert symbols["test_any_text_is_unknown_or_names_what_it_means"]["outcome"] == "passed"


def test_a_broken_law_is_reported_with_its_example(site: Site) -> None:
    site.install(BROKEN)
    run = site.run("--polybroker", "tiny", "-k", "round_trip")
    assert run.status == 1
    failed = run.laws("symbols")["test_what_the_broker_trades_survives_the_round_trip"]
    assert failed["outcome"] == "failed"
    assert failed["reason"].startswith("AssertionError: $")
    assert "Draw 1 (instrument): Stock(" in failed["example"]


def test_a_deviation_is_a_strict_excuse(site: Site) -> None:
    excuse = DEVIATION.format(law="test_what_the_broker_trades_survives_the_round_trip")
    site.install(BROKEN, excuse)
    run = site.run("--polybroker", "tiny", "-k", "round_trip")
    assert run.status == 0, run.output
    excused = run.laws("symbols")["test_what_the_broker_trades_survives_the_round_trip"]
    assert excused["outcome"] == "deviation"
    assert excused["reason"] == "they are like that (their manual, 2026)"


def test_an_excuse_that_is_no_longer_true_fails_the_run(site: Site) -> None:
    site.install(kit=DEVIATION.format(law="test_what_the_broker_trades_survives_the_round_trip"))
    run = site.run("--polybroker", "tiny", "-k", "round_trip")
    assert run.status == 1
    assert run.laws("symbols")["test_what_the_broker_trades_survives_the_round_trip"]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ("test_prices_are_pretty", "there is no law 'test_prices_are_pretty'"),
        ("test_charges_are_negative", "tiny does not offer recognize_statement"),
    ],
)
def test_an_excuse_for_nothing_fails_the_run(site: Site, law: str, message: str) -> None:
    site.install(kit=DEVIATION.format(law=law))
    run = site.run("--polybroker", "tiny", only="test_identity")
    assert run.status == 1
    assert message in run.laws("identity")["test_an_excuse_names_a_law_and_its_source"]["reason"]


def test_a_broken_plugin_or_kit_fails_alone(site: Site) -> None:
    site.install()
    site.install("raise OSError('no licence')", kit=None, broker="broken")
    site.install(PLUGIN.replace("tiny", "other").replace("little", "lesser"), "nonsense=1", broker="other")
    run = site.run("--polybroker", "tiny", "--polybroker", "broken", "--polybroker", "other", only="test_identity")
    assert run.status == 1
    outcomes = {broker["id"]: broker["capabilities"]["identity"]["failed"] for broker in run.report["brokers"]}
    assert outcomes == {"tiny": 0, "broken": 1, "other": 1}
    assert "no licence" in run.report["brokers"][1]["broken"]
    assert "nonsense" in run.report["brokers"][2]["broken"]


def test_a_run_names_somebody_who_is_there(site: Site) -> None:
    nobody = site.run()
    assert nobody.status == 4
    assert "the contract suite needs --polybroker NAME" in nobody.output
    unknown = site.run("--polybroker", "acme")
    assert unknown.status == 4
    assert "no broker 'acme' is installed" in unknown.output
