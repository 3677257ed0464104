"""The root command: loads a command only when it is called, and turns every error into words and an exit status."""

from __future__ import annotations

import difflib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from polybroker.cli.run import DONE, Run, debug_option

BUILT_IN: Final = {
    "brokers": "List the installed brokers.",
    "show": "Show what a broker can do, or why it is broken.",
    "check": "Say whose files these are and how well they can be read.",
    "convert": "Turn broker files into normalized executions.",
    "trades": "Match executions into round trips, open positions and totals.",
    "rates": "Print a broker's commission rates.",
    "sample": "Write a broker's sample file and say how to export one.",
    "verify": "Try an installed plugin on every law of the contract.",
    "new-plugin": "Write a complete plugin package to start from.",
}
"""The commands of the core, each in a module of its own, with the first line of its help."""


class Root(click.Group):
    """Commands of the core by name, and those that installed distributions add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands; imports none."""
        return [*BUILT_IN, *sorted(set(self._further()) - set(BUILT_IN))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; None where there is none."""
        if cmd_name in BUILT_IN:
            name = cmd_name.replace("-", "_")
            command: click.Command = getattr(import_module(f"polybroker.cli.{name}"), name)
            return command
        claims = self._further().get(cmd_name)
        if not claims:
            return None
        from polybroker.cli.further import load_command

        return load_command(cmd_name, claims)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; names the nearest where there is none."""
        name = str(args[0])
        if not name.startswith("-") and name not in BUILT_IN and name not in self._further():
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near[0]}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their first lines; imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(BUILT_IN.items()))
        if further := {name: claims for name, claims in self._further().items() if name not in BUILT_IN}:
            from polybroker.cli.further import describe

            with formatter.section("Commands of other distributions"):
                formatter.write_dl([describe(name, claims) for name, claims in sorted(further.items())])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = "polybroker",
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit with its status; an error ends in words, not in a traceback."""
        run = Run(sys.stdout)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a letter that a terminal lacks is no reason to fail
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, obj=run, **extra)
            status = run.status if status is None else status
            run.out.flush()
        except SystemExit:
            raise
        except BaseException as error:  # also panics of extension modules; an interrupt gets its own status
            from polybroker.cli.complaints import complain

            status = _flushed(run, complain(run, error))
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> None:
        """Call the command; what it returns means nothing here."""
        super().invoke(ctx)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line as a process of its own."""
        try:
            return self.main(*args, **kwargs)
        finally:
            _leave_at_once_if_a_plugin_still_runs(sys.exc_info()[1])

    def _further(self) -> dict[str, list[Any]]:
        from polybroker.discovery import COMMANDS, installed

        claims: dict[str, list[Any]] = {}
        for offer in installed(COMMANDS)[0]:
            claims.setdefault(offer.name, []).append(offer)
        return claims


def _flushed(run: Run, status: int) -> int:
    try:
        run.out.flush()
    except OSError:  # the reader has gone; Python would complain of it once more on its way out
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, run.out.fileno())
    return status


def _leave_at_once_if_a_plugin_still_runs(ending: BaseException | None) -> None:
    """A thread that never ends may hold the lock of a stream, on which an ordinary exit would wait or abort."""
    from polybroker.faults import abandoned

    if any(thread.is_alive() for thread in abandoned):
        code = ending.code if isinstance(ending, SystemExit) else DONE
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else DONE)


@click.group("polybroker", cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polybroker")
@debug_option
def main() -> None:
    """Read any broker's statements: exact executions, positions, round trips and profit and loss."""
