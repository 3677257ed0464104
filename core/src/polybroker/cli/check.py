"""`polybroker check`."""

from __future__ import annotations

from typing import Any

import click

from polybroker.cli.options import READING, apply
from polybroker.cli.run import REFUSED, Command, Run, json_option


@click.command(cls=Command)
@apply(READING)
@json_option
@click.pass_obj
def check(run: Run, /, files: tuple[str, ...], **given: Any) -> None:
    """Say whose files these are and how well they can be read.

    Writes nothing. The exit status is 1 where a file is refused or a row cannot be read.
    """
    from polybroker.cli.reading import doubts, read, summary
    from polybroker.cli.visible import visible
    from polybroker.registry import find_broker

    found = read(run, files, given)
    run.status = REFUSED if found.report.problems else run.status
    if run.json:
        from polybroker.cli.answers import report_data

        run.data(report_data(found))
        return
    for file in found.files:
        broker = find_broker(file.broker)
        kind = broker.statement_kind(file.kind)
        title = f"{visible(broker.info.title)} ({broker.id})"
        run.line(f"{visible(file.file)}: {title}, {visible(kind.title)}; {file.rows:,} rows")
    run.lines(summary(found.report))
    run.lines(doubts(found.report))
