"""`polybroker verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from polybroker.cli.run import REFUSED, Command, Run, json_option


@click.command(cls=Command)
@click.argument("broker")
@click.option(
    "--report",
    metavar="PATH",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what became of every law to this JSON file.",
)
@click.option("--explore", is_flag=True, help="Search at random and longer; without it every run tries the same.")
@json_option
@click.pass_obj
def verify(run: Run, broker: str, report: Path | None, explore: bool) -> None:
    """Try an installed plugin on every law of the contract.

    BROKER is an id or alias. Prints a verdict for each capability and what broke a law. The exit status is 1 where a
    law is broken.
    """
    from polybroker.cli.files import write_whole
    from polybroker.cli.verdict import kept, lines
    from polybroker.registry import Registry
    from polybroker.testing.run import contract_report

    found = Registry().find(broker)
    content = contract_report(found.id, explore=explore)
    if report is not None:
        write_whole(report, lambda stream: stream.write(content.text.encode()))
    [facts] = content.data["brokers"]
    run.status = run.status if kept(facts) else REFUSED
    if run.json:
        run.data(content.data)
        return
    run.lines(lines(facts))
    if report is not None:
        _say_where(run, report)


def _say_where(run: Run, report: Any) -> None:
    from polybroker.cli.visible import visible

    run.line(f"Report: {visible(report)}")
