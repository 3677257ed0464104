"""The trade list: what is read off the sample, compared with the golden file beside this one.

`python tests/test_template_statements.py` writes the golden file anew: read it then, row by row.
"""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import polybroker_template
from polybroker.model.money import plain_text
from polybroker.plugin_loading import broker_of
from polybroker.statements.importer import import_statements
from polybroker_template.facts import BROKER

GOLDEN = Path(__file__).parent / "trades.golden.json"
SAMPLE = files("polybroker_template") / "data" / "trades.csv"
SHOWN = ("source_row", "timestamp", "account", "instrument_id", "side", "quantity", "price", "commission", "status")


def executions(content: bytes) -> list[dict[str, Any]]:
    broker = broker_of(polybroker_template, BROKER)
    found = import_statements([content], brokers={BROKER: broker})
    assert found.report.rows == found.report.used
    rows = found.executions.sort("source_row").select(SHOWN).to_dicts()
    return [{name: shown(value) for name, value in row.items()} for row in rows]


def shown(value: object) -> str:
    return plain_text(value) if isinstance(value, Decimal) else str(value)


def test_the_sample_is_read_as_the_golden_file_says() -> None:
    assert executions(SAMPLE.read_bytes()) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_used() -> None:
    content = SAMPLE.read_bytes().replace(b"503.77", b"n/a")
    found = import_statements([content], brokers={BROKER: broker_of(polybroker_template, BROKER)})
    [problem] = found.report.problems
    assert (problem.row, problem.column) == (7, "Price")
    assert found.report.used == found.report.rows - 1


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(executions(SAMPLE.read_bytes()), indent=1) + "\n", encoding="utf-8")
