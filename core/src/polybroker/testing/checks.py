"""What statement laws assert: the same executions, every row accounted for, or a refusal that names the row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from polybroker.errors import StatementError
from polybroker.testing.grid import Grid
from polybroker.testing.specimen import Fact, Reading, Specimen

Place = tuple[str, int]
"""A file's name and a 1-based row in it."""


def same(found: Reading, wanted: Reading) -> None:
    """Both found the same executions: ids, sides, quantities, prices, times, charges."""
    lost, made = wanted.facts - found.facts, found.facts - wanted.facts
    problems = [str(problem) for problem in found.result.report.problems[:3]]
    assert found.facts == wanted.facts, f"lost: {_show(lost)}; made up: {_show(made)}; problems: {problems}"
    accounted(found)


def same_or_refused(found: Reading | StatementError, wanted: Reading) -> None:
    """The same executions, or a typed refusal of the file, or of rows by their numbers: nothing read wrong."""
    if isinstance(found, StatementError):
        return
    accounted(found)
    made = _anonymous(found.facts) - _anonymous(wanted.facts)
    assert not made, f"made up: {made}"
    lost = (wanted.facts - found.facts).total()
    assert lost <= len(found.problem_rows), f"{lost} executions are gone, {len(found.problem_rows)} rows are refused"


def accounted(found: Reading, rows: int | Collection[int] | None = None) -> None:
    """The row equation: every row of the files is used, joined, skipped with a reason, or a problem.

    `rows` is how many there are by the suite's own count.
    """
    report = found.result.report
    problems = len(found.problem_rows)
    ends = {"used": report.used, "joined": report.joined, "skipped": found.skipped, "problems": problems}
    assert report.rows == sum(ends.values()), f"{report.rows} rows, but {ends}"
    assert report.used == len(found.by_row), f"{report.used} rows are used, but executions name {len(found.by_row)}"
    both = found.problem_rows & found.by_row.keys()
    assert not both, f"rows that are problems and executions at once: {sorted(both)}"
    assert all(entry.reason.strip() for entry in report.skipped), report.skipped
    assert all(problem.message.strip() for problem in report.problems), report.problems
    if rows is not None:
        allowed = [rows] if isinstance(rows, int) else list(rows)
        assert report.rows in allowed, f"the file has {allowed[0]} rows, but {report.rows} are accounted for"


def rows_kept(found: Reading, references: Collection[Mapping[int, list[Fact]]], name: str) -> None:
    """Every row of the file that is an execution in all of `references` still is one of them, or is a problem.

    There is more than one reference where a changed row may have had an effect on others (a bust, a correction).
    """
    for row in set.intersection(*(set(reference) for reference in references)):
        if (name, row) in found.problem_rows:
            continue
        facts = _anonymous(Counter(found.by_row.get((name, row), [])))
        allowed = [_anonymous(Counter(reference[row])) for reference in references]
        assert facts in allowed, f"row {row} was {list(allowed[0])} and is {list(facts)}"


def row_count(grid: Grid) -> Collection[int]:
    """How many rows the table may be said to have: totals below it may count as rows or not."""
    return (len(grid.body), len(grid.body) + len(grid.below))


def facts_of_rows(sample: Specimen, reading: Reading, rows: Mapping[int, int]) -> dict[int, list[Fact]]:
    """The executions of a reading by row, renumbered: `rows` maps the rows of that file to those of another."""
    return {rows[row]: facts for (file, row), facts in reading.by_row.items() if file == sample.name and row in rows}


def _anonymous(facts: Counter[Fact]) -> Counter[tuple[object, ...]]:
    """Without the ids, whose last part counts identical rows."""
    counts: Counter[tuple[object, ...]] = Counter()
    for fact, count in facts.items():
        counts[tuple(fact)[1:]] += count
    return counts


def _show(facts: Counter[Fact]) -> str:
    shown = [f"{fact.side} {fact.quantity} {fact.raw_symbol} at {fact.price}, {fact.timestamp}" for fact in facts]
    return f"{len(shown)} ({'; '.join(shown[:3])})" if shown else "none"
