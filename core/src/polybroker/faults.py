"""Foreign code, held at arm's length: its exceptions in words, its running time limited."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

IMPORT_SECONDS: Final = 10.0
"""How long importing and checking one plugin may take, unless POLYBROKER_IMPORT_SECONDS says otherwise."""

_LONGEST: Final = 300

abandoned: list[threading.Thread] = []
"""Threads that did not end in time. Python cannot stop a thread: they go on until the process ends."""


class OutOfTimeError(Exception):
    """The call did not end within its limit."""


def import_seconds() -> float:
    """The limit in force for importing one plugin."""
    try:
        return float(os.environ["POLYBROKER_IMPORT_SECONDS"])
    except (KeyError, ValueError):
        return IMPORT_SECONDS


def in_words(error: BaseException) -> str:
    """`TypeError: what it says`, on one line of bounded length, whatever the exception's own methods do."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # a foreign __str__ may raise anything
        text = "(it cannot say why)"
    name = type(error).__name__
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return f"{name}: {text}" if text else name


def within(seconds: float, function: Callable[[], Any]) -> Any:
    """What `function` returns or raises, run in a thread of its own; `OutOfTimeError` after `seconds`.

    Everything that it raises arrives as an ordinary exception of the caller, `SystemExit` too, so that the caller
    decides; a `KeyboardInterrupt` of the waiting thread ends the waiting. Limits: a thread that ran out of time stays
    (as a daemon, so the process can end), and code that never lets go of the interpreter lock stops everybody.
    """
    outcome: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            outcome.append((True, function()))
        except BaseException as error:  # SystemExit would end the thread in silence
            outcome.append((False, error))

    thread = threading.Thread(target=run, name="polybroker plugin", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        abandoned.append(thread)
        raise OutOfTimeError(f"not done after {seconds:g} s")
    succeeded, value = outcome[0]
    if succeeded:
        return value
    raise value
