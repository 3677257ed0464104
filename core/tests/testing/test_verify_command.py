"""`polybroker verify`: a verdict for every capability, the report, and an exit status to build on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from polybroker.cli.verdict import kept, lines

PLUGIN = """
from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo
from polybroker.model.instruments import Stock

@hookimpl
def broker_info():
    return BrokerInfo("tiny", "Tiny", WEBSITE, aliases=("small",))
"""


def verify(folder: Path, plugin: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where the plugin counts as installed."""
    (folder / "tiny_plugin.py").write_text(plugin)
    info = folder / "tiny-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.3\nName: tiny\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[polybroker.brokers]\ntiny = tiny_plugin\n")
    return subprocess.run(
        [sys.executable, "-m", "polybroker", "verify", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plugin_that_keeps_the_contract(tmp_path: Path) -> None:
    good = PLUGIN.replace("WEBSITE", '"https://tiny.example.com"')
    done = verify(tmp_path, good, "small", "--report", "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^tiny \(tiny 1\.0\)$", done.stdout, re.MULTILINE)
    assert re.search(r"^  identity +kept: \d+ passed$", done.stdout, re.MULTILINE)
    assert re.search(r"^  orders +not offered$", done.stdout, re.MULTILINE)
    assert "tiny keeps the contract." in done.stdout
    [facts] = json.loads((tmp_path / "report.json").read_text())["brokers"]
    assert facts["id"] == "tiny"


def test_a_plugin_that_breaks_a_law_is_told_which(tmp_path: Path) -> None:
    done = verify(tmp_path, PLUGIN.replace("WEBSITE", '"http://in the clear"'), "tiny")
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"identity +BROKEN: 1 of \d+ failed\n    test_addresses_are_well_formed\n      ", done.stdout)
    assert "tiny breaks the contract: 1 law failed." in done.stdout


def test_a_plugin_that_cannot_be_loaded_is_broken_with_its_reasons(tmp_path: Path) -> None:
    done = verify(tmp_path, PLUGIN.replace("@hookimpl", ""), "tiny", "--json")
    assert done.returncode == 1, done.stderr
    [facts] = json.loads(done.stdout)["brokers"]
    assert "carries no @hookimpl" in facts["broken"]
    assert facts["capabilities"]["identity"]["failed"] == 1


def test_a_broker_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    done = verify(tmp_path, PLUGIN, "nobody")
    assert done.returncode == 1
    assert "no broker 'nobody' is installed" in done.stderr


def group(offered: bool = True, **outcomes: int) -> dict[str, object]:
    laws = [
        {"law": f"test_{name}", "sample": None, "outcome": name, "reason": f"{name} because", "example": None}
        for name, count in outcomes.items()
        for _ in range(count)
    ]
    return {
        "offered": offered,
        **dict.fromkeys(("passed", "failed", "deviation", "skipped"), 0),
        **outcomes,
        "laws": laws,
    }


@pytest.mark.parametrize(
    ("outcomes", "wanted", "good"),
    [
        ({"passed": 3}, "kept: 3 passed", True),
        ({"passed": 3, "deviation": 1}, "kept: 3 passed, 1 deviations", True),
        ({"passed": 3, "failed": 1}, "BROKEN: 1 of 4 failed", False),
        ({"skipped": 2}, "offered, but no law could be tried", False),
    ],
)
def test_nothing_tried_is_not_kept(outcomes: dict[str, int], wanted: str, good: bool) -> None:
    broker = {"id": "x", "distribution": None, "version": None, "capabilities": {"orders": group(**outcomes)}}
    text = "\n".join(lines(broker))
    assert f"orders       {wanted}" in text
    assert kept(broker) is good
    assert all(f"{name} because" in text for name in outcomes if name != "passed")
