"""The public names: complete, typed, and loaded only when used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import polybroker

TREE = ast.parse(Path(polybroker.__file__).read_text(encoding="utf-8"))


def names_for_type_checkers() -> dict[str, str]:
    guarded = next(node for node in TREE.body if isinstance(node, ast.If))
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names if node.module != "typing"}


@pytest.mark.parametrize("name", polybroker.__all__)
def test_every_public_name_is_what_its_module_defines(name: str) -> None:
    home = names_for_type_checkers()[name]
    assert getattr(polybroker, name) is getattr(importlib.import_module(home), name)
    assert polybroker._HOMES[name] == home


def test_type_checkers_and_programs_see_the_same_names() -> None:
    assert set(polybroker.__all__) == set(names_for_type_checkers()) == set(polybroker._HOMES)
    assert sorted(polybroker.__all__) == sorted(set(polybroker.__all__))
    assert set(polybroker.__all__) <= set(dir(polybroker))


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'fly'"):
        polybroker.fly  # noqa: B018
    assert not hasattr(polybroker, "fly")


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import polybroker; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["polybroker"]


def test_a_plugin_can_be_written_without_loading_tables() -> None:
    code = (
        "import sys; from polybroker import hookimpl, BrokerInfo, StatementKind, Unsupported, Future, find_broker;"
        "print(*sorted({'polars', 'numpy', 'httpx', 'click', 'rich'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []
