"""The drafts of the golden files as JSON; `python golden_files.py` writes them anew: read them then."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from polybroker.model.money import plain_text
from polybroker.statements.document import open_document
from polybroker.statements.options import CommissionSign, ParseOptions
from polybroker_generic_csv import parse_statement

FOLDER = Path(__file__).parent / "golden"
OPTIONS = {"one_time_column": ParseOptions(commission_sign=CommissionSign.NEGATIVE)}
SAME_FOR_ALL = ("file", "kind", "granularity")


def names() -> list[str]:
    """The golden files without their extension."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def answer(name: str) -> dict[str, Any]:
    """What the plugin reads from a golden file."""
    document = open_document(FOLDER / f"{name}.csv")
    statement = parse_statement([document], OPTIONS.get(name, ParseOptions()))
    statement.rows.use(0, statement.fills["row"].to_numpy())
    statement.rows.settle()
    return {
        "fills": [_filled(row) for row in statement.draft().iter_rows(named=True)],
        "skipped": {entry.reason: entry.rows for entry in statement.rows.skipped()},
        "problems": [[problem.row, problem.column, problem.message] for problem in statement.rows.problems],
        "warnings": list(statement.warnings),
    }


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(cell) for name, cell in row.items() if cell is not None and name not in SAME_FOR_ALL}


def _plain(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return plain_text(cell)
    return cell.isoformat() if isinstance(cell, date | datetime) else cell


if __name__ == "__main__":
    for name in names():
        text = json.dumps(answer(name), indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
