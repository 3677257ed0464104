"""What the interpreter itself reports of I/O past the core: sleeping threads, sockets, programs that are started."""

from __future__ import annotations

import select
import sys
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from attrs import frozen

_CONNECTS: Final = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "urllib.Request",
        "http.client.connect",
        "ftplib.connect",
        "smtplib.connect",
    }
)
_BLOCKS: Final = frozenset({"time.sleep", "select.select", "subprocess.Popen", "os.system", "os.posix_spawn"})
_WAITS: Final[dict[Any, str]] = {time.sleep: "time.sleep", select.select: "select.select"}
"""Functions that wait and are not reported; they are noticed when they are called, by whatever name."""


@frozen
class Seen:
    """One thing that happened past the core."""

    event: str
    arguments: str

    @property
    def connects(self) -> bool:
        """Whether it leads to another machine, or to this one by the net."""
        return self.event in _CONNECTS

    @property
    def blocks(self) -> bool:
        """Whether the thread waits in it."""
        return self.event in _BLOCKS or self.connects

    def __str__(self) -> str:
        return f"{self.event}{self.arguments}"


_listening: list[tuple[int, list[Seen]]] = []
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and (event in _BLOCKS or event in _CONNECTS):
        thread = threading.get_ident()
        for listener, seen in _listening:
            if listener == thread:
                seen.append(Seen(event, repr(arguments)[:200]))


@contextmanager
def watched() -> Iterator[list[Seen]]:
    """Everything of the kind that this thread does within the block."""
    if not _hooked:  # an audit hook can never be taken away again
        sys.addaudithook(_hook)
        _hooked.append(True)
    entry: tuple[int, list[Seen]] = (threading.get_ident(), [])

    def profile(frame: types.FrameType, event: str, called: Any) -> None:
        if event == "c_call" and isinstance(called, types.BuiltinFunctionType) and called in _WAITS:
            entry[1].append(Seen(_WAITS[called], f" in {frame.f_code.co_name}"))

    before = sys.getprofile()
    _listening.append(entry)
    sys.setprofile(profile)
    try:
        yield entry[1]
    finally:
        sys.setprofile(before)
        _listening.remove(entry)
