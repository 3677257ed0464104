"""Golden files: what is read from each, to the last digit."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest


def _module() -> ModuleType:
    path = Path(__file__).parent / "golden_files.py"
    spec = importlib.util.spec_from_file_location("generic_csv_golden_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden_files = _module()


@pytest.mark.parametrize("name", golden_files.names())
def test_a_golden_file_is_read_as_it_always_was(name: str) -> None:
    kept = json.loads((golden_files.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert golden_files.answer(name) == kept
