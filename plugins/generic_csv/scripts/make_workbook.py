"""Write the workbook template from the CSV one: `python scripts/make_workbook.py` (needs openpyxl)."""

from __future__ import annotations

import csv
from datetime import date, time
from pathlib import Path

from openpyxl import Workbook

DATA = Path(__file__).parent.parent / "src" / "polybroker_generic_csv" / "data"


def cell(column: str, text: str) -> object:
    """The cell of a text as a spreadsheet program would type it."""
    if column == "Date":
        return date.fromisoformat(text)
    if column == "Time":
        return time.fromisoformat(text)
    return float(text) if column in ("Quantity", "Price", "Commission") else text


def main() -> None:
    """Write `executions.xlsx` beside the CSV template."""
    with (DATA / "executions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    book = Workbook()
    sheet = book.active
    sheet.title = "Executions"
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([cell(column, text) for column, text in row.items()])
    book.save(DATA / "executions.xlsx")


if __name__ == "__main__":
    main()
