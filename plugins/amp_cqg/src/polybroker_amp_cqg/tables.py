"""The tables shipped in `data`."""

from __future__ import annotations

import csv
from importlib.resources import files


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a table by its header; lines that begin with `#` are remarks and say where the figures come from."""
    text = (files(__package__) / "data" / name).read_text("utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
