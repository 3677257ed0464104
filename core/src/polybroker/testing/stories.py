"""`@story` makes an `async def` law of a desk into one that the suite can run.

It is told on asyncio and on trio, in virtual time, from a fresh start each.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, overload

import anyio

from polybroker.testing.desk import fresh
from polybroker.testing.laws import LawFunction
from polybroker.testing.subject import Subject

BACKENDS: Final = ("asyncio", "trio")
LONGEST: Final = 30 * 86_400.0
"""Virtual seconds after which a story that has not ended hangs."""
LONGEST_REAL: Final = 30.0
"""Seconds, for stories with sockets."""

Story = Callable[..., Awaitable[None]]


@overload
def story(function: Story, /) -> LawFunction: ...
@overload
def story(*, open_session: bool = True, sockets: bool = False) -> Callable[[Story], LawFunction]: ...
def story(
    function: Story | None = None, *, open_session: bool = True, sockets: bool = False
) -> LawFunction | Callable[[Story], LawFunction]:
    """Make an `async def law(desk)` (and `data`) into `def law(subject)`, told on each backend.

    `open_session=False`: the law connects by itself, by `desk.connected()`. `sockets`: real ones, in real time.
    """
    if function is None:
        return functools.partial(story, open_session=open_session, sockets=sockets)
    more = [each for name, each in inspect.signature(function).parameters.items() if name != "desk"]

    def told(subject: Subject, **values: Any) -> None:
        for backend in BACKENDS:
            if sockets:
                anyio.run(tell_in_real_time, subject, function, values, backend=backend)
            else:
                anyio.run(tell, subject, function, values, open_session, backend=backend)

    first = inspect.Parameter("subject", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Subject)
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(told, name, getattr(function, name))
    told.__signature__ = inspect.Signature([first, *more])  # type: ignore[attr-defined]
    return told


async def tell(subject: Subject, function: Story, values: dict[str, Any], open_session: bool) -> None:
    """One story, from a fresh start."""
    desk = fresh(subject)
    try:
        with desk.clock.fail_after(LONGEST):
            if not open_session:
                await function(desk, **values)
                return
            async with desk.connected():
                await function(desk, **values)
    except TimeoutError:
        raise AssertionError(f"it has not ended after {LONGEST / 86_400:g} days") from None


async def tell_in_real_time(subject: Subject, function: Story, values: dict[str, Any]) -> None:
    """One story that has to do with sockets: virtual time does not wait for those."""
    try:
        with anyio.fail_after(LONGEST_REAL):
            await function(fresh(subject), **values)
    except TimeoutError:
        raise AssertionError(f"it has not ended after {LONGEST_REAL:g} s") from None
