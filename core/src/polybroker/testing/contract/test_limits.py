"""Laws about limits: what the broker allows is stated, and never exceeded."""

from __future__ import annotations

import anyio

from polybroker.net import RateLimit, Sent
from polybroker.testing.desk import Desk
from polybroker.testing.laws import law
from polybroker.testing.stories import story
from polybroker.testing.subject import Subject

MOST = 600
"""Requests; limits that are higher are not tried out."""


@law("rate_limits")
def test_a_limit_lets_something_through(subject: Subject) -> None:
    """A limit of nothing, or over no time, would hold up every call for ever."""
    for limit in subject.plugin.rate_limits():
        assert limit.requests >= 1, limit
        assert limit.seconds > 0, limit
        assert limit.effects is None or limit.effects, limit


@law("rate_limits", "accounts", "open_session", needs=("simulator",))
@story
async def test_no_window_sees_more_than_the_limit(desk: Desk) -> None:
    """Brokers lock out who asks too often, in the very minute in which everybody asks."""
    limits = [limit for limit in desk.broker.rate_limits() if limit.requests <= MOST / 2]
    most = max((limit.requests for limit in limits), default=0)
    async with anyio.create_task_group() as tasks:
        for _ in range(most + 5 if most else 0):
            tasks.start_soon(desk.session.accounts)
    for limit in limits:
        check_windows(limit, list(desk.session.net.wire))


def check_windows(limit: RateLimit, sent: list[Sent]) -> None:
    """No span of `limit.seconds` has more requests than it allows; each account for itself where it says so."""
    concerned = [entry for entry in sent if limit.concerns(entry.effect, entry.endpoint)]
    for account in {entry.account for entry in concerned} if limit.per_account else {None}:
        times = sorted(entry.at for entry in concerned if not limit.per_account or entry.account == account)
        for first, last in zip(times, times[limit.requests :], strict=False):
            span = (last - first).total_seconds()
            assert span >= limit.seconds - 0.001, f"{limit.requests + 1} requests within {span:g} s: {limit}"
