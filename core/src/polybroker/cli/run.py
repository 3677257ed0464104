"""One run of the command line: where its answer goes, and how it ended."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import Any, Final, TextIO

import click

DONE: Final = 0
REFUSED: Final = 1
"""Refused, or done with problems."""
USAGE: Final = 2
"""Wrong usage, or a file that is not there."""


class Run:
    """The answer's stream and form; commands get it as `click.pass_obj`."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.json = False
        """Whether answers and refusals are JSON."""
        self.debug = os.environ.get("POLYBROKER_DEBUG", "") not in ("", "0")
        """Whether unexpected exceptions show their traceback."""
        self.status = DONE

    @property
    def on_terminal(self) -> bool:
        """Whether a person looks at the answer."""
        return self.out.isatty()

    def line(self, text: str = "") -> None:
        """One line of the answer."""
        click.echo(text, file=self.out)

    def lines(self, texts: Iterable[str]) -> None:
        """Lines of the answer."""
        for text in texts:
            self.line(text)

    def data(self, data: Any) -> None:
        """The answer as JSON; in ASCII alone, so that no terminal and no pipe can misread it."""
        import json

        self.line(json.dumps(data, indent=2))

    def raw(self, content: bytes) -> None:
        """The answer, or a part of it, as bytes."""
        self.out.flush()
        self.out.buffer.write(content)

    def note(self, text: str = "") -> None:
        """A line beside the answer, on stderr."""
        click.echo(text, err=True)


class Command(click.Command):
    """A command during which only the answer reaches stdout: what plugins print goes to stderr."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command."""
        with contextlib.redirect_stdout(sys.stderr):
            return super().invoke(ctx)


def json_option(command: Any) -> Any:
    """`--json`: the answer, and a refusal, as JSON."""
    return click.option(
        "--json", is_flag=True, expose_value=False, is_eager=True, callback=_choose_json, help="Print JSON."
    )(command)


def debug_option(command: Any) -> Any:
    """`--debug`: show the traceback of an error."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, is_eager=True, callback=_choose_debug, help="Show tracebacks."
    )(command)


def _choose_json(ctx: click.Context, _: click.Parameter, chosen: bool) -> None:
    if chosen:
        ctx.find_object(Run).json = True  # type: ignore[union-attr]


def _choose_debug(ctx: click.Context, _: click.Parameter, chosen: bool) -> None:
    if chosen:
        ctx.find_object(Run).debug = True  # type: ignore[union-attr]
