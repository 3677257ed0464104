"""What the command line costs before it does anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.measure import Work


def command(*arguments: str) -> Work:
    """A fresh interpreter with these arguments, its output thrown away."""

    def work() -> Mapping[str, Any]:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return {}

    return work
