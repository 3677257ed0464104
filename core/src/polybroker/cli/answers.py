"""The answer of `convert` and `trades` in every form: table, JSON, CSV, Parquet."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from polybroker.cli.reading import doubts, summary
from polybroker.cli.run import REFUSED, Run
from polybroker.cli.visible import Column, draw

if TYPE_CHECKING:
    import polars as pl

    from polybroker.statements.importer import Import

_BY_EXTENSION: Final = {".json": "json", ".csv": "csv", ".parquet": "parquet", ".txt": "table"}
_SLICE: Final = 50_000
"""Rows that are rendered at once, so that a large answer needs little memory."""


class Sink(Protocol):
    """Where bytes of the answer go: stdout, or a file in the making."""

    def write(self, content: bytes, /) -> Any:
        """Take the next bytes."""


Write = Callable[[Sink], None]


def form_of(run: Run, form: str | None, output: Path | None, files: Sequence[str]) -> str:
    """The form of the answer; `UsageError` where it cannot be told, or cannot go where it is to go."""
    if output is not None and output.exists() and any(output.samefile(file) for file in files):
        raise click.UsageError(f"{output} is one of the files to read; choose another --output.")
    if form is None and output is not None:
        form = _BY_EXTENSION.get(output.suffix.lower())
        if form is None:
            known = ", ".join(_BY_EXTENSION)
            raise click.UsageError(f"The extension of {output} is none of {known}; say which --format it is to have.")
    if form == "parquet" and output is None and run.on_terminal:
        raise click.UsageError("Parquet is no text for a terminal; say where to write it with --output.")
    return form or "table"


def give(
    run: Run, found: Import, form: str, output: Path | None, *, partial: bool, write: Write, has_report: bool = False
) -> None:
    """Put the answer where it is wanted, tell of doubts, and set the exit status.

    With `output`, rows with problems refuse the whole answer unless `partial`. `has_report`: the answer tells of the
    doubts itself.
    """
    report = found.report
    run.status = REFUSED if report.problems else run.status
    if output is None:
        write(_Stdout(run))
        if form == "table":
            run.line()
            run.lines(summary(report))
    elif report.problems and not partial:
        _refuse(run, found, output)
    else:
        from polybroker.cli.files import write_whole
        from polybroker.cli.visible import visible

        write_whole(output, write)
        run.note(f"{visible(output)}: written")
    if not has_report or output is not None:
        for line in doubts(report):
            run.note(line)


def write_table(frame: pl.DataFrame, form: str) -> Write:
    """How to write one table as CSV or Parquet."""
    from polybroker.statements.export import csv_frame, parquet_frame

    if form == "csv":
        return lambda stream: _write_csv(frame, csv_frame, stream)
    return lambda stream: _write_parquet(parquet_frame(frame), stream)


def write_tables(run: Run, draw_all: Callable[[Run], None]) -> Write:
    """How to write tables for people: as the terminal wants them, or as plain text into a file."""

    def write(stream: Sink) -> None:
        if isinstance(stream, _Stdout):
            draw_all(run)
            return
        text = io.StringIO()
        draw_all(Run(text))
        stream.write(text.getvalue().encode())

    return write


def write_json(parts: Iterator[str]) -> Write:
    """How to write JSON that is made piece by piece; ASCII alone, so that no terminal and no pipe can misread it."""

    def write(stream: Sink) -> None:
        for part in parts:
            stream.write(_NOT_ASCII.sub(_escaped, part).encode("ascii"))

    return write


def json_object(**members: Any) -> Iterator[str]:
    """The pieces of a JSON object. A table becomes a list of objects, a slice of it at a time."""
    opened = "{"
    for name, value in members.items():
        yield f"{opened}\n  {json.dumps(name)}: "
        opened = ","
        if hasattr(value, "iter_slices"):
            yield from _json_rows(value)
        else:
            yield json.dumps(value, indent=2).replace("\n", "\n  ")
    yield "\n}\n"


def report_data(found: Import) -> dict[str, Any]:
    """What became of the files: everything of `convert`'s JSON but the executions."""
    return {
        "broker": found.broker,
        "kind": found.kind,
        "files": [
            {"file": entry.file, "broker": entry.broker, "kind": entry.kind, "rows": entry.rows}
            for entry in found.files
        ],
        "report": found.report.to_json(),
    }


def with_source(executions: pl.DataFrame) -> pl.DataFrame:
    """The executions with `source`, their file and row as one value."""
    import polars

    source = polars.struct(file="source_file", row="source_row").alias("source")
    names = [name for name in executions.columns if name not in ("source_file", "source_row", "parser_version")]
    return executions.select(*names, source, "parser_version")


def draw_table(run: Run, frame: pl.DataFrame, columns: dict[str, Column], *, title: str | None = None) -> None:
    """Draw the named columns of a table for people, without those that can be spared and are empty throughout."""
    from polybroker.statements.export import as_text

    if title and frame.is_empty():
        run.line(f"{title}: none")
        return

    filled = {
        name: column
        for name, column in columns.items()
        if not column.dispensable or frame[name].null_count() < frame.height
    }
    rows = as_text(frame.select(list(filled))).rows()
    draw(run, list(filled.values()), [[_short(cell) for cell in row] for row in rows], title=title)


_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.0{6}|(\.\d{3})0{3}|(\.\d{6}))(?:Z|[+-]\d\d:\d\d)")


class _Stdout:
    def __init__(self, run: Run) -> None:
        self.write = run.raw


def _refuse(run: Run, found: Import, output: Path) -> None:
    from polybroker.errors import StatementError

    first = found.report.problems[0]
    if not run.json:
        for line in doubts(found.report):
            run.note(line)
    count = len(found.report.problems)
    raise StatementError(
        f"{count} problem{'s' if count > 1 else ''}: {output} was not written (--partial writes the rows without); "
        f"the first is: {first.message}",
        source=first.file,
        row=first.row,
        column=first.column,
    )


def _write_csv(frame: pl.DataFrame, prepared: Callable[[pl.DataFrame], pl.DataFrame], stream: Sink) -> None:
    for number, part in enumerate(frame.iter_slices(_SLICE) if frame.height else [frame]):
        stream.write(prepared(part).write_csv(include_header=number == 0).encode())


def _write_parquet(frame: pl.DataFrame, stream: Sink) -> None:
    whole = io.BytesIO()
    frame.write_parquet(whole)
    stream.write(whole.getvalue())


def _json_rows(frame: pl.DataFrame) -> Iterator[str]:
    from polybroker.statements.export import as_text

    between = "["
    for part in frame.iter_slices(_SLICE):
        lines = as_text(part).write_ndjson().removesuffix("\n")
        yield f"{between}\n    " + lines.replace("\n", ",\n    ")  # a line end within a text is written as an escape
        between = ","
    yield "[]" if between == "[" else "\n  ]"


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


def _short(cell: object) -> object:
    if isinstance(cell, str) and (found := _TIME.fullmatch(cell)):
        day, clock, milliseconds, microseconds = found.groups()
        return f"{day} {clock}{milliseconds or microseconds or ''}"
    return cell
