"""`polybroker convert`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from polybroker.cli.options import CALCULATING, READING, WRITING, apply
from polybroker.cli.run import Command, Run
from polybroker.cli.visible import Column

if TYPE_CHECKING:
    from polybroker.cli.answers import Write
    from polybroker.statements.importer import Import

COLUMNS: Final = {
    "timestamp": Column("time (UTC)"),
    "account": Column("account", dispensable=1),
    "contract": Column("contract"),
    "side": Column("side"),
    "quantity": Column("quantity", numbers=True),
    "price": Column("price", numbers=True),
    "commission": Column("commission", numbers=True),
    "fees": Column("fees", numbers=True, dispensable=3),
    "commission_source": Column("charges from", dispensable=5),
    "position_quantity": Column("position", numbers=True, dispensable=2),
    "status": Column("status", dispensable=4),
    "trading_day": Column("trading day", dispensable=6),
}
"""What a table shows of an execution; the other forms have every field."""


@click.command(cls=Command)
@apply(READING, CALCULATING, WRITING)
@click.pass_obj
def convert(
    run: Run, /, files: tuple[str, ...], form: str | None, output: Path | None, partial: bool, **given: Any
) -> None:
    """Turn broker files into normalized executions.

    Files of one broker may overlap: nothing is counted twice. The exit status is 1 where a file is refused or a row
    cannot be read; the other rows are printed all the same.
    """
    from polybroker.cli.answers import form_of, give
    from polybroker.cli.reading import read

    chosen = form_of(run, form, output, files)
    found = read(run, files, given)
    write = _writer(run, found, chosen)
    give(run, found, chosen, output, partial=partial, write=write, has_report=chosen == "json")


def _writer(run: Run, found: Import, form: str) -> Write:
    from polybroker.cli import answers

    if form == "json":
        data = answers.report_data(found)
        report = data.pop("report")
        executions = answers.with_source(found.executions)
        return answers.write_json(answers.json_object(**data, executions=executions, report=report))
    if form == "table":
        return answers.write_tables(run, lambda target: answers.draw_table(target, found.executions, COLUMNS))
    return answers.write_table(found.executions, form)
