"""The layers hold: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "core" / "src" / "polybroker"
PLUGINS = sorted(path for path in ROOT.glob("plugins/*/src/*") if path.is_dir())
HEAVY = {"polars", "numpy", "httpx", "fastexcel", "pandas", "hypothesis", "pytest"}


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    """Full names of the modules that the file imports (`top_level`: outside of functions and TYPE_CHECKING)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = statements(tree.body) if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
        else:
            yield node


def test_the_core_imports_no_plugin() -> None:
    for path in CORE.rglob("*.py"):
        assert not [name for name in imports(path) if name.startswith("polybroker_")], path


def test_plugins_never_import_each_other() -> None:
    assert PLUGINS
    for plugin in PLUGINS:
        for path in plugin.rglob("*.py"):
            strangers = [
                name for name in imports(path) if name.startswith("polybroker_") and name.split(".")[0] != plugin.name
            ]
            assert not strangers, path


def test_the_model_knows_neither_files_nor_tables() -> None:
    for path in (CORE / "model").rglob("*.py"):
        for name in imports(path):
            assert name.split(".")[0] not in HEAVY, path
            assert not name.startswith("polybroker.") or name.startswith(("polybroker.model", "polybroker.errors")), (
                path
            )


def test_the_ledger_does_not_know_documents() -> None:
    allowed = "polybroker.statements.schema"
    for path in (CORE / "ledger").rglob("*.py"):
        assert not [name for name in imports(path) if name.startswith("polybroker.statements") and name != allowed], (
            path
        )


def test_wire_modules_do_no_io() -> None:
    banned = {"httpx", "anyio", "socket", "asyncio", "trio", "polybroker.net", "time", "requests", "aiohttp"}
    for path in [*ROOT.glob("plugins/*/src/*/wire.py"), *ROOT.glob("plugins/*/src/*/wire/*.py")]:
        assert not [name for name in imports(path) if name in banned or name.split(".")[0] in banned], path


def test_only_the_clock_tells_the_time() -> None:
    banned = ("datetime.now(", "datetime.utcnow(", "time.sleep(", "date.today(")
    for path in [*CORE.rglob("*.py"), *(file for plugin in PLUGINS for file in plugin.rglob("*.py"))]:
        if path.relative_to(ROOT).parts[-2:] == ("net", "clock.py"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not [word for word in banned if word in text], path


@pytest.mark.parametrize(
    "module", ["polybroker", "polybroker.model.instruments", "polybroker.hookspecs", "polybroker.cli"]
)
def test_importing_the_core_is_light(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == ""
