"""`polybroker sample`."""

from __future__ import annotations

from pathlib import Path

import click

from polybroker.cli.run import Command, Run, debug_option


@click.command(cls=Command)
@click.argument("broker")
@click.option("--kind", metavar="KIND", help="Which kind of statement; the broker's first one if not given.")
@click.option(
    "--output",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="File or folder to write to, - for stdout; if not given, a new file in the current folder.",
)
@debug_option
@click.pass_obj
def sample(run: Run, broker: str, kind: str | None, output: Path | None) -> None:
    """Write a broker's sample file and say how to export one.

    BROKER is an id or alias. The file shows what the broker's export looks like or, for a format of your own, is the
    template to fill in.
    """
    from polybroker.cli.files import sample_file, write_whole
    from polybroker.cli.visible import visible
    from polybroker.errors import Unsupported
    from polybroker.registry import find_broker

    found = find_broker(broker)
    kinds = found.info.statement_kinds
    if not kinds:
        raise Unsupported(f"{found.id} reads no statements")
    chosen = found.statement_kind(kind) if kind is not None else kinds[0]
    content = sample_file(found, chosen)
    tell = run.line
    if output == Path("-"):
        run.raw(content)
        tell = run.note
    else:
        path = _place(output, chosen.sample)
        write_whole(path, lambda stream: stream.write(content))
        tell(f"{visible(path)}: {visible(chosen.title)} of {visible(found.info.title)}")
    tell("")
    tell("How to export such a file:")
    for line in chosen.export_instructions.splitlines():
        tell(f"  {visible(line)}")
    if kind is None and len(kinds) > 1:
        others = ", ".join(visible(other.id) for other in kinds[1:])
        tell(f"Other kinds (--kind): {others}")


def _place(output: Path | None, name: str) -> Path:
    """Where to write; what the user did not name is never overwritten."""
    if output is not None and not output.is_dir():
        return output
    path = (output or Path()) / name
    if path.exists():
        raise click.UsageError(f"{path} is there already; choose another file with --output.")
    return path
