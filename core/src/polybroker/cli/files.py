"""Files written whole or not at all, and the files that plugins ship."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import IO, Any

from polybroker.broker import Broker
from polybroker.errors import PluginError
from polybroker.model.broker_info import StatementKind


def write_whole(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place; on any error `path` stays as it was.

    A link is followed, the mode of a file that is replaced is kept. What is no file (a pipe, a terminal) is written to
    directly.
    """
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as stream:
                write(stream)
        else:
            _replace(target, write)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error


def _replace(target: Path, write: Callable[[IO[bytes]], Any]) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with beside.open("xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def sample_file(broker: Broker, kind: StatementKind) -> bytes:
    """The sample file of a kind, from the plugin's package; `PluginError` where it is not there."""
    if broker.package is None:
        raise PluginError(f"{broker.id} comes from no package, so it has no sample files")
    try:
        return resources.files(broker.package).joinpath("data", kind.sample).read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        raise PluginError(f"{broker.id} names the sample {kind.sample!r}, but does not ship it") from error
