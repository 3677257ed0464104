"""`polybroker show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polybroker.cli.run import REFUSED, Command, Run, debug_option, json_option

if TYPE_CHECKING:
    from polybroker.broker import Broker
    from polybroker.registry import BrokenBroker


@click.command(cls=Command)
@click.argument("broker")
@json_option
@debug_option
@click.pass_obj
def show(run: Run, broker: str) -> None:
    """Show what a broker can do, or why it is broken.

    BROKER is an id or alias. The exit status is 1 where the plugin is broken.
    """
    from polybroker.broker import Broker
    from polybroker.cli.facts import broken_data, broker_data
    from polybroker.registry import Registry

    found = Registry().find(broker)
    if isinstance(found, Broker):
        if run.json:
            run.data(broker_data(found))
        else:
            _print_broker(run, found)
        return
    run.status = REFUSED
    if run.json:
        run.data(broken_data(found))
    else:
        _print_fault(run, found)


def _print_fault(run: Run, fault: BrokenBroker) -> None:
    from polybroker.cli.visible import visible

    run.line(f"{visible(fault.id)} is broken:")
    run.lines(f"  {visible(reason)}" for reason in fault.reasons)
    if fault.distribution:
        run.line(f"It comes from {visible(fault.distribution)} {visible(fault.version or '')}.")


def _print_broker(run: Run, broker: Broker) -> None:
    from polybroker.cli.visible import visible

    info = broker.info
    facts = {
        "aliases": ", ".join(info.aliases),
        "website": info.website,
        "rates": info.rates_page,
        "data feed": info.data_feed,
        "stage": str(info.stage),
        "plugin": broker.distribution and f"{broker.distribution} {broker.version}",
    }
    run.line(f"{visible(info.title)} ({broker.id})")
    run.lines(f"  {name:<10} {visible(fact)}" for name, fact in facts.items() if fact)
    run.line()
    run.line("Can:")
    for group, hooks in broker.capabilities.items():
        run.line(f"  {group:<12} {', '.join(hooks) or '-'}")
    for kind in info.statement_kinds:
        run.line()
        run.line(f"Reads: {visible(kind.title)} ({visible(kind.id)}; {visible(', '.join(kind.extensions))})")
        run.line(f"  one row is      {str(kind.granularity).replace('_', ' ')}")
        run.line(f"  times without a zone are taken as {visible(kind.timezone)}")
        run.lines(f"  {visible(line)}" for line in kind.export_instructions.splitlines())
