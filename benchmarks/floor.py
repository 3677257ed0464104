"""The bare floor: only reading the needed columns, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.data import NEEDED
from benchmarks.measure import Work

CSV_NEEDED = ("Account", "Date", "Time", "Symbol", "Side", "Quantity", "Price", "Commission", "Currency")


def workbook(path: str) -> Work:
    """fastexcel reads the needed columns of the sheet."""
    import fastexcel

    def work() -> Mapping[str, Any]:
        sheet = fastexcel.read_excel(path).load_sheet("Orders", use_columns=list(NEEDED))
        return {"rows": sheet.to_polars().height}

    return work


def csv_file(path: str) -> Work:
    """polars scans the file lazily and collects the needed columns."""
    import polars as pl

    def work() -> Mapping[str, Any]:
        return {"rows": pl.scan_csv(path).select(CSV_NEEDED).collect().height}

    return work
