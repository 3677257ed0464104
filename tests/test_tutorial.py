"""The tutorial is true: its plugins, its edits and its trading example are tried as they stand on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from polybroker.baking import bake
from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.instruments import Pair, Stock
from polybroker.plugin_loading import broker_of

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def plugin(source: str) -> ModuleType:
    module = ModuleType("polybroker_first")
    exec(compile(source, "tutorial.md", "exec"), module.__dict__)
    return module


def block(text: str) -> str:
    [found] = [code for code in CODE if text in code]
    return found


def test_the_first_plugin_is_of_ten_lines_and_works() -> None:
    first = broker_of(plugin(CODE[0]), "first")
    assert len([line for line in CODE[0].splitlines() if line.strip()]) <= 10
    assert first.from_broker_symbol("US.AAPL", None) == Stock("AAPL")
    assert first.to_broker_symbol(Pair("BTC", "USD")) == "US.BTC/USD"  # the mistake that the page shows


def test_the_second_one_names_faithfully_or_not_at_all() -> None:
    first = broker_of(plugin(block("TICKER")), "first")
    assert first.from_broker_symbol("US.AAPL", None) == Stock("AAPL")
    with pytest.raises(Unsupported):
        first.to_broker_symbol(Pair("BTC", "USD"))
    with pytest.raises(SymbolUnknown):
        first.from_broker_symbol("", None)


def test_the_edits_of_the_page_lead_to_a_broker_that_trades(tmp_path: Path) -> None:
    package = bake("acme", tmp_path)
    symbols = package / "src" / "polybroker_acme" / "symbols.py"
    text = symbols.read_text(encoding="utf-8")
    for name, mark in (("_FUTURE: Final", "_FUTURE: Final"), ('return f"/{instrument', 'return f"{instrument')):
        [old] = [line for line in text.splitlines() if mark in line]
        text = text.replace(old, block(name).rstrip("\n"))
    symbols.write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(package / "src")}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)

    edits = [line for commands in COMMANDS for line in commands.splitlines() if line.startswith("sed ")]
    assert len(edits) == 5
    for edit in edits:
        if sys.platform == "darwin":
            edit = edit.replace("sed -i", "sed -i ''", 1)
        assert run("sh", "-c", edit).returncode == 0, edit
    golden = (package / "tests" / "trades.golden.json").read_bytes()
    assert run(sys.executable, "tests/test_acme_statements.py").returncode == 0
    assert (package / "tests" / "trades.golden.json").read_bytes() == golden
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-3000:]

    info = package / "src" / "polybroker_acme-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.3\nName: polybroker-acme\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[polybroker.brokers]\nacme = polybroker_acme\n")
    done = run(sys.executable, "-c", block("SimulatedBroker"))
    assert done.stdout
    assert f"\n```\n{done.stdout}```\n" in PAGE, done.stdout + done.stderr
