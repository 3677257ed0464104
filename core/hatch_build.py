"""Takes the template of new plugins into the wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TemplateHook(BuildHookInterface):  # type: ignore[type-arg]
    """From the repository; a source distribution has it in its place already, and an editable one finds it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the build."""
        template = Path(self.root).parent / "plugins" / "_template"
        if version == "standard" and template.is_dir():
            build_data["force_include"][str(template)] = "polybroker/_template"
