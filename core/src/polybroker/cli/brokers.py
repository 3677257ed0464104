"""`polybroker brokers`."""

from __future__ import annotations

import click

from polybroker.cli.run import Command, Run, debug_option, json_option


@click.command(cls=Command)
@json_option
@debug_option
@click.pass_obj
def brokers(run: Run) -> None:
    """List the installed brokers.

    With what each can do, which follows from the hooks that its plugin implements, and with the reasons why a broken
    one cannot be used.
    """
    from polybroker.cli.facts import broken_data, broker_data, capabilities_in_words
    from polybroker.cli.visible import Column, draw, visible
    from polybroker.registry import Registry

    registry = Registry()
    usable, broken = registry.brokers(), registry.broken()
    if run.json:
        entries = [*map(broker_data, usable.values()), *map(broken_data, broken.values())]
        run.data({"brokers": sorted(entries, key=lambda entry: str(entry["id"]))})
        return
    if not usable and not broken:
        run.line("No broker is installed. A broker comes with its plugin: pip install polybroker-NAME.")
        return
    columns = [Column("id"), Column("title"), Column("can"), Column("aliases", dispensable=1)]
    columns.append(Column("distribution", dispensable=2))
    rows = [
        (
            broker.id,
            broker.info.title,
            capabilities_in_words(broker),
            ", ".join(broker.info.aliases) or None,
            f"{broker.distribution} {broker.version}" if broker.distribution else None,
        )
        for broker in usable.values()
    ]
    if rows:
        draw(run, columns, rows)
    for fault in broken.values():
        run.note(f"{visible(fault.id)} is broken: {visible(fault.reason)}")
    for name, ids in registry.shadowed().items():
        run.note(f"the name {visible(name)} is claimed by {' and '.join(map(visible, ids))}")
