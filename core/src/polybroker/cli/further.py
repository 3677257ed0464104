"""Commands that other distributions add by an entry point of the group `polybroker.commands`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import click

from polybroker.cli.visible import visible
from polybroker.discovery import Offer
from polybroker.errors import PluginError
from polybroker.faults import OutOfTimeError, import_seconds, in_words, within


def describe(name: str, claims: Sequence[Offer]) -> tuple[str, str]:
    """Name and one line about it, without importing any of its code."""
    origins = " and ".join(visible(claim.distribution or claim.value) for claim in claims)
    if len(claims) > 1:
        return visible(name), f"(broken: {origins} both add it)"
    top = claims[0].value.partition(":")[0].partition(".")[0].strip()
    if not _is_there(top):
        return visible(name), f"(broken: {origins} names the module {visible(top)}, which is not there)"
    return visible(name), f"(from {origins})"


def load_command(name: str, claims: Sequence[Offer]) -> click.Command:
    """The command; where it cannot be had, one that says why when it is called."""
    if len(claims) > 1:
        origins = " and ".join(claim.distribution or claim.value for claim in claims)
        return _broken(name, f"{origins} both add it")
    [offer] = claims
    origin = offer.distribution or offer.value
    try:
        command = within(import_seconds(), offer.load)
    except OutOfTimeError:
        return _broken(name, f"importing it from {origin} took longer than {import_seconds():g} s")
    except (Exception, SystemExit) as error:
        return _broken(name, f"importing it from {origin} raised {in_words(error)}", error)
    if not isinstance(command, click.Command):
        return _broken(name, f"{origin} gives a {type(command).__name__}, which is no click command")
    return command


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _broken(name: str, reason: str, cause: BaseException | None = None) -> click.Command:
    def refuse(**_: Any) -> None:
        raise PluginError(f"the command {name} is broken: {reason}") from cause

    anything = click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)
    settings = {"ignore_unknown_options": True}
    return click.Command(
        name,
        callback=refuse,
        params=[anything],
        add_help_option=False,
        context_settings=settings,
        help=f"Broken: {reason}",
    )
