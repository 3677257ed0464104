"""What became of the files of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from polybroker.statements.rows import Problem, RowAccount, Skipped


@frozen(kw_only=True)
class ImportReport:
    """Where the rows of all files went: rows = used + joined + skipped + rows with problems."""

    rows: int
    """Data rows of all files."""
    used: int
    """Rows that became executions; one row can become several."""
    joined: int
    """Rows that went into executions of other rows."""
    executions: int
    skipped: tuple[Skipped, ...]
    """Rows left out, by reason, most first."""
    problems: tuple[Problem, ...]
    """What could not be read, by file and row; one row can have several problems."""
    unmapped_symbols: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-ready data."""
        return {
            "rows": self.rows,
            "used": self.used,
            "joined": self.joined,
            "executions": self.executions,
            "skipped": [{"reason": entry.reason, "rows": entry.rows} for entry in self.skipped],
            "problems": [
                {"file": entry.file, "row": entry.row, "column": entry.column, "message": entry.message}
                for entry in self.problems
            ],
            "unmapped_symbols": list(self.unmapped_symbols),
            "warnings": list(self.warnings),
        }


def report(
    accounts: Iterable[RowAccount], executions: int, unmapped_symbols: Iterable[str], warnings: Iterable[str]
) -> ImportReport:
    """The report over the settled row accounts of all brokers of a run."""
    accounts = tuple(accounts)
    skipped: Counter[str] = Counter()
    for account in accounts:
        skipped.update({entry.reason: entry.rows for entry in account.skipped()})
    problems = [problem for account in accounts for problem in account.problems]
    return ImportReport(
        rows=sum(account.total() for account in accounts),
        used=sum(account.used() for account in accounts),
        joined=sum(account.joined() for account in accounts),
        executions=executions,
        skipped=tuple(
            Skipped(reason, rows) for reason, rows in sorted(skipped.items(), key=lambda entry: (-entry[1], entry[0]))
        ),
        problems=tuple(sorted(problems, key=lambda entry: (entry.file, entry.row or 0))),
        unmapped_symbols=tuple(sorted(set(unmapped_symbols))),
        warnings=tuple(dict.fromkeys(warnings)),
    )
