"""The contract suite, run on one broker in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from polybroker.errors import PluginError, Unsupported

_TOOLS: Final = ("pytest", "hypothesis")
_SHOWN: Final = 15


@frozen
class ContractReport:
    """The suite's JSON report, as text and as data."""

    text: str
    data: Any


def contract_report(broker: str, *, explore: bool = False) -> ContractReport:
    """What became of every law on the installed broker of that id.

    `Unsupported` where pytest or Hypothesis are missing, `PluginError` with the end of its words where the suite could
    not be run at all.
    """
    missing = [tool for tool in _TOOLS if importlib.util.find_spec(tool) is None]
    if missing:
        raise Unsupported(f"{' and '.join(missing)} are missing: pip install 'polybroker[testing]'")
    with tempfile.TemporaryDirectory(prefix="polybroker-") as folder:
        path = Path(folder) / "report.json"
        (Path(folder) / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")  # of this run, whoever's folder it is
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "--rootdir", "."]
        suite = ["--pyargs", "polybroker.testing.contract", "--polybroker", broker, "--polybroker-report", str(path)]
        command += [*suite, *(["--polybroker-explore"] if explore else [])]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode not in (0, 1) or not path.exists():
            words = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_SHOWN:])
            raise PluginError(f"the contract suite could not be run on {broker}:\n{words}")
        text = path.read_text(encoding="utf-8")
    return ContractReport(text, json.loads(text))
