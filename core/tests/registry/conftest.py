"""Plugins written on the spot: modules from source text, and the entry points that lead to them."""

from __future__ import annotations

import textwrap
import uuid
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define

from polybroker.registry import Registry

HEAD = """
from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo, Stage, StatementKind
from polybroker.model.executions import Granularity
"""

GOOD = """
@hookimpl
def broker_info():
    return BrokerInfo(id={id!r}, title="A broker", website="https://example.org", aliases={aliases!r})
"""


@define
class Workshop:
    """Makes plugins in a folder that is on the path for the time of one test."""

    folder: Path

    def module(self, source: str) -> str:
        """A new module of that source; its name."""
        name = f"made_{uuid.uuid4().hex}"
        (self.folder / f"{name}.py").write_text(HEAD + textwrap.dedent(source), encoding="utf-8")
        return name

    def good(self, broker_id: str, *, aliases: tuple[str, ...] = (), more: str = "") -> EntryPoint:
        """A plugin that does nothing wrong, with `more` after it."""
        return self.plugin(broker_id, GOOD.format(id=broker_id, aliases=aliases) + textwrap.dedent(more))

    def plugin(self, broker_id: str, source: str) -> EntryPoint:
        """An entry point of that id to a module of that source."""
        return EntryPoint(broker_id, self.module(source), "polybroker.brokers")

    def fake(self, broker_id: str, load: Callable[[], Any], distribution: object = None) -> Any:
        """An entry point whose loading is whatever the test says."""
        return SimpleNamespace(name=broker_id, value=f"module_of_{broker_id}", load=load, dist=distribution)

    def install(
        self, distribution: str, entry_points: str, *, version: str = "1.0", folder: Path | None = None
    ) -> Path:
        """The metadata of a distribution as an installer leaves them."""
        info = (folder or self.folder) / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(textwrap.dedent(entry_points))
        return info

    def reasons(self, source: str, broker_id: str = "acme", *, seconds: float = 10) -> str:
        """Why a plugin of that source is refused, while a good one beside it works; empty: it is not."""
        registry = Registry([self.plugin(broker_id, source), self.good("healthy")], import_seconds=seconds)
        assert registry.broker("healthy").id == "healthy"
        assert set(registry.brokers()) | set(registry.broken()) == {broker_id, "healthy"}
        broken = registry.broken().get(broker_id)
        return broken.reason if broken else ""


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.syspath_prepend(tmp_path)
    return Workshop(tmp_path)
