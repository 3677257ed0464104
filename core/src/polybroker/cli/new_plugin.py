"""`polybroker new-plugin`."""

from __future__ import annotations

from pathlib import Path

import click

from polybroker.cli.run import Command, Run, debug_option


@click.command("new-plugin", cls=Command)
@click.argument("name")
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write the package's folder into; the current one if not given.",
)
@debug_option
@click.pass_obj
def new_plugin(run: Run, name: str, directory: Path) -> None:
    """Write a complete plugin package to start from.

    NAME becomes the broker id: small letters, digits and _, beginning with a letter. The package is a made-up broker
    with login, accounts, orders, streams, statements, commissions, a simulator and tests; it keeps the whole contract
    as written. Change it file by file.
    """
    from polybroker.baking import bake, broker_id
    from polybroker.cli.visible import visible

    try:
        chosen = broker_id(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None
    try:
        folder = bake(chosen, directory)
    except FileExistsError as error:
        raise click.UsageError(f"{error.filename} is there already; nothing was written.") from None
    run.line(f"{visible(folder)}: a complete plugin for the broker {chosen}")
    run.line()
    run.line("Next:")
    run.line(f"  cd {visible(folder)}")
    run.line("  python -m pip install -e '.[testing]'")
    run.line("  python -m pytest")
    run.line(f"  polybroker verify {chosen}")
    run.line("README.md says what to change, and in which order.")
