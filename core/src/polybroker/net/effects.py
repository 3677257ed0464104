"""What a request does to the world, and the record of all that left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from attrs import define, field, frozen


class Effect(StrEnum):
    """What a request does. The HTTP verb proves nothing, so every request names it."""

    AUTH = "auth"
    READ = "read"
    ORDER = "order"
    """Places or replaces an order: never sent twice."""
    CANCEL = "cancel"
    """Cancels or flattens: goes before everything else."""

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no harm."""
        return self is Effect.READ


@frozen
class Sent:
    """One request of which at least one byte may have left."""

    endpoint: str
    effect: Effect
    account: str | None
    host: str
    at: datetime


@define
class WireLog:
    """Everything that left over one `Net`: "refused sent nothing" and "placing once sends once" are counted here."""

    _entries: list[Sent] = field(factory=list)

    def record(self, sent: Sent) -> None:
        """Note a request before its first byte leaves."""
        self._entries.append(sent)

    def withdraw(self, sent: Sent) -> None:
        """Take back a request of which it turned out that no byte left."""
        self._entries.remove(sent)

    def count(self, effect: Effect | None = None, *, endpoint: str | None = None, account: str | None = None) -> int:
        """How many requests left, of one effect, endpoint or account, or in all."""
        return sum(
            effect in (None, entry.effect) and endpoint in (None, entry.endpoint) and account in (None, entry.account)
            for entry in self._entries
        )

    def __iter__(self) -> Iterator[Sent]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
