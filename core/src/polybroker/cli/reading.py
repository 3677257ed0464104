"""Reading the files of a command, and telling what became of their rows."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from polybroker.cli.complaints import place_in_words
from polybroker.cli.options import import_options
from polybroker.cli.run import Run
from polybroker.cli.visible import visible

if TYPE_CHECKING:
    from polybroker.statements.importer import Import
    from polybroker.statements.report import ImportReport

LISTED: Final = 20
"""How many problems are listed one by one; JSON has them all."""
_PATIENCE: Final = 1.0
"""Seconds of work after which a person at a terminal is shown that it goes on."""


def read(run: Run, files: Sequence[str], given: Mapping[str, Any]) -> Import:
    """The import that the options ask for; warnings and problems go to stderr."""
    with working(f"reading {files[0] if len(files) == 1 else f'{len(files)} files'}"):
        from polybroker.statements.importer import import_statements

        return import_statements(list(files), broker=given["broker"], options=import_options(given))


def summary(report: ImportReport) -> Iterator[str]:
    """What became of the rows, in a few lines."""
    skipped = sum(entry.rows for entry in report.skipped)
    broken = report.rows - report.used - report.joined - skipped
    parts = [f"{report.used:,} used"]
    parts += [f"{count:,} {word}" for count, word in ((report.joined, "joined"), (skipped, "skipped")) if count]
    parts += [f"{broken:,} with problems"] if broken else []
    yield f"{report.rows:,} rows: {', '.join(parts)}; {report.executions:,} executions"
    for entry in report.skipped:
        yield f"  skipped {entry.rows:,}: {visible(entry.reason)}"
    if report.unmapped_symbols:
        yield f"  unknown symbols: {', '.join(map(visible, report.unmapped_symbols))}"


def doubts(report: ImportReport) -> Iterator[str]:
    """The warnings and the problems, problems with their place."""
    for warning in report.warnings:
        yield f"Warning: {visible(warning)}"
    for problem in report.problems[:LISTED]:
        place = place_in_words(problem.file, problem.row, problem.column)
        yield f"Problem: {place}: {visible(problem.message)}"
    if len(report.problems) > LISTED:
        yield f"... and {len(report.problems) - LISTED:,} more problems; `polybroker check --json` lists all."


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that the work goes on, once it has taken a while; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_show_progress, args=(visible(what), done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show_progress(what: str, done: threading.Event) -> None:
    if done.wait(_PATIENCE):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=None)
        done.wait()
