"""The worlds of this process: one for each session, or one that all sessions share which give its name."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

from polybroker.errors import Unsupported
from polybroker_paper.settings import read_settings
from polybroker_paper.world import World

_shared: dict[str, World] = {}
_lock = threading.Lock()


def world_of(config: Mapping[str, str], now: datetime) -> World:
    """The world of a session: a new one, or the one of the name that `config` gives.

    `Unsupported` where a world of that name was made with other settings.
    """
    settings = read_settings(config)
    if not settings.world:
        return World(settings, now)
    with _lock:
        found = _shared.get(settings.world)
        if found is None:
            found = _shared[settings.world] = World(settings, now)
    if found.settings != settings:
        raise Unsupported(f"the world {settings.world} was made with other settings")
    return found


def forget(name: str) -> None:
    """End a shared world: the next session that gives the name makes a new one."""
    with _lock:
        _shared.pop(name, None)
