"""What went wrong, where, and what to do: for people on stderr, for programs as JSON on stdout."""

from __future__ import annotations

import errno
import sys
from typing import Any, Final

import click

from polybroker.cli.run import REFUSED, USAGE, Run
from polybroker.cli.visible import visible
from polybroker.errors import AmbiguousStatement, BrokerError, PluginError, UnrecognizedStatement, UnsafeDocument
from polybroker.faults import in_words

INTERRUPTED: Final = 130
"""What shells expect of a program that was interrupted."""


def complain(run: Run, error: BaseException) -> int:
    """Tell of the error; the exit status."""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        run.note("interrupted")
        return INTERRUPTED
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return REFUSED  # whoever read the answer has gone
    if run.debug and not isinstance(error, click.ClickException):
        _trace(error)
    if run.json:
        run.data({"error": as_data(error)})
    elif isinstance(error, click.ClickException):
        error.show(sys.stderr)
    else:
        for line in in_lines(error):
            run.note(line)
    return _status(error)


def as_data(error: BaseException) -> dict[str, Any]:
    """The error as JSON-ready data: `code`, `message`, `file`, `row`, `column`."""
    if isinstance(error, BrokerError):
        return error.to_json()
    place = {"file": None, "row": None, "column": None}
    if isinstance(error, click.ClickException):
        return {"code": "USAGE", "message": error.format_message(), **place}
    if isinstance(error, OSError) and error.strerror:
        return {**place, "code": "FILE", "message": error.strerror, "file": _named(error)}
    return {"code": "INTERNAL", "message": in_words(error), **place}


def in_lines(error: BaseException) -> list[str]:
    """The error for a person: what, where, what to do."""
    if isinstance(error, BrokerError):
        return [f"Error: {visible(error.message)}", *_place(error), *_advice(error)]
    if isinstance(error, OSError) and error.strerror:
        return [f"Error: {visible(_named(error) or 'the answer could not be written')}: {error.strerror}"]
    if isinstance(error, MemoryError):
        return ["Error: there is not enough memory for this."]
    return [f"Sorry, polybroker failed where it should not: {visible(in_words(error))} (--debug shows where)"]


def place_in_words(file: str | None, row: int | None, column: str | None) -> str:
    """`orders.csv, row 7, column Price`, as far as it is known."""
    parts = [file and visible(file), row and f"row {row}", column and f"column {visible(column)}"]
    return ", ".join(part for part in parts if part)


def _named(error: OSError) -> str | None:
    return None if error.filename is None else str(error.filename)


def _place(error: BrokerError) -> list[str]:
    data = error.to_json()
    place = place_in_words(data["file"], data["row"], data["column"])
    return [f"  in {place}"] if place else []


def _advice(error: BrokerError) -> list[str]:
    if isinstance(error, AmbiguousStatement):
        return [f"  to settle it: {visible(error.question)}"]
    if isinstance(error, UnrecognizedStatement):
        return [
            "  `polybroker brokers` lists what is installed; `polybroker sample BROKER` shows what it reads",
            *_not_asked(),
        ]
    if isinstance(error, UnsafeDocument):
        return ["  nothing was read; export the file again, a shorter period if it is large"]
    if isinstance(error, PluginError):
        return ["  this is a fault of the plugin, not of your file; --debug shows where"]
    return []


def _not_asked() -> list[str]:
    from polybroker.registry import broken_brokers

    broken = ", ".join(map(visible, broken_brokers()))
    return [f"  broken plugins, which could not be asked: {broken}"] if broken else []


def _status(error: BaseException) -> int:
    if isinstance(error, click.ClickException):
        return error.exit_code
    missing = FileNotFoundError | IsADirectoryError | NotADirectoryError | PermissionError
    return USAGE if isinstance(error, missing) else REFUSED


def _trace(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)
