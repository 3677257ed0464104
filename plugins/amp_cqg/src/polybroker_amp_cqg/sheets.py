"""Which report a document is, and which of its sheets holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from polybroker.errors import StatementError
from polybroker.statements.document import Document, DocumentFormat
from polybroker_amp_cqg.columns import REPORTS, Report

_HEAD: Final = 50
"""Rows among which the header has to be."""


def report_of(document: Document) -> Report | None:
    """Which of the reports `document` is, by its header; None: neither."""
    if document.format not in (DocumentFormat.DELIMITED, DocumentFormat.WORKBOOK):
        return None
    return next((report for report in REPORTS if _sheets(document, report)), None)


def sheet_of(document: Document, report: Report) -> str:
    """The one sheet that has the report's columns and any rows, whatever it is called.

    Raises `StatementError` where two have, as rows of one file cannot be told apart by sheet.
    """
    sheets = _sheets(document, report)
    filled = [sheet for sheet in sheets if _has_rows(document.head(_HEAD, sheet), report)]
    if len(filled) > 1:
        listed = " and ".join(repr(sheet) for sheet in filled)
        raise StatementError(f"the sheets {listed} all hold orders; save each as its own file", source=document.name)
    return (filled or sheets)[0]


def _sheets(document: Document, report: Report) -> list[str]:
    return [sheet for sheet in document.sections if _header(document.head(_HEAD, sheet), report) is not None]


def _header(head: Sequence[Sequence[str]], report: Report) -> int | None:
    """The place of the first row in which two cells begin as only this report's headers do."""
    for place, cells in enumerate(head):
        if sum(cell.casefold().startswith(report.marks) for cell in cells) > 1:
            return place
    return None


def _has_rows(head: Sequence[Sequence[str]], report: Report) -> bool:
    place = _header(head, report)
    return place is not None and any(any(cells) for cells in head[place + 1 :])
