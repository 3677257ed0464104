"""A journal in memory: for tests, and for programs that may forget everything when they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final

from anyio.lowlevel import checkpoint
from attrs import define, field

from polybroker.orders.calls import Operation, Reservation
from polybroker.orders.intents import Claimed, Draft, Intent, Step, admit

_MANY: Final = 1000
_LATELY: Final = timedelta(days=1)


@define(eq=False)
class MemoryJournal:
    """Intents of one event loop. No method waits between reading and writing, so each is one transaction."""

    installation: str = field(factory=lambda: token_hex(16))
    """Tells the client order ids of this journal from those of every other."""
    _intents: dict[int, Intent] = field(factory=dict, init=False)
    _open: dict[int, Intent] = field(factory=dict, init=False)
    _ended: dict[int, Intent] = field(factory=dict, init=False)
    """Those that ended lately, for reservations."""
    _by_client_id: dict[tuple[str, str, str], int] = field(factory=dict, init=False)
    _by_order: dict[tuple[str, str, str], list[int]] = field(factory=dict, init=False)
    _owners: dict[tuple[str, str, str], int] = field(factory=dict, init=False)

    async def record(self, draft: Draft, reservations: Sequence[Reservation] = ()) -> tuple[Intent, bool]:
        """See `Journal.record`."""
        await checkpoint()
        given = draft.request.client_order_id if draft.request else None
        known = self._of_client_id(draft.broker_id, draft.account_id, given)
        intent, fresh = admit(
            draft,
            known=known,
            alive=self._alive(draft) if reservations else (),
            reservations=reservations,
            installation=self.installation,
            sequence=len(self._intents) + 1,
        )
        if fresh:
            self._keep(intent)
        return intent, fresh

    async def resolve(self, intent_id: int, step: Step) -> Intent:
        """See `Journal.resolve`."""
        await checkpoint()
        intent = step(self._intents[intent_id])
        self._keep(intent)
        return intent

    async def intent(self, intent_id: int) -> Intent:
        """See `Journal.intent`."""
        await checkpoint()
        return self._intents[intent_id]

    async def by_client_id(self, broker_id: str, account_id: str, client_order_id: str) -> Intent | None:
        """See `Journal.by_client_id`."""
        await checkpoint()
        return self._of_client_id(broker_id, account_id, client_order_id)

    async def concerning(
        self, broker_id: str, account_id: str, order_id: str, client_order_id: str | None = None
    ) -> Sequence[Intent]:
        """See `Journal.concerning`."""
        await checkpoint()
        found = set(self._by_order.get((broker_id, account_id, order_id), ()))
        named = self._of_client_id(broker_id, account_id, client_order_id)
        return [self._intents[each] for each in sorted(found | ({named.id} if named else set()))]

    async def live(self, broker_id: str | None = None, account_id: str | None = None) -> Sequence[Intent]:
        """See `Journal.live`."""
        await checkpoint()
        return [
            intent
            for intent in self._open.values()
            if broker_id in (None, intent.broker_id) and account_id in (None, intent.account_id)
        ]

    async def unknown(self) -> Sequence[Intent]:
        """See `Journal.unknown`."""
        await checkpoint()
        return [intent for intent in self._open.values() if intent.state.unproved]

    async def history(self, since: datetime | None = None) -> Sequence[Intent]:
        """See `Journal.history`."""
        await checkpoint()
        return [intent for intent in self._intents.values() if since is None or intent.created_at >= since]

    def _of_client_id(self, broker_id: str, account_id: str, client_order_id: str | None) -> Intent | None:
        if client_order_id is None:
            return None
        found = self._by_client_id.get((broker_id, account_id, client_order_id))
        return None if found is None else self._intents[found]

    def _alive(self, draft: Draft) -> list[Intent]:
        recent: list[Intent] = []
        if draft.recent_since is not None:
            if len(self._ended) > _MANY:
                oldest = draft.recent_since - _LATELY
                self._ended = {number: each for number, each in self._ended.items() if each.updated_at >= oldest}
            recent = [intent for intent in self._ended.values() if intent.updated_at >= draft.recent_since]
        place = (draft.broker_id, draft.account_id)
        alive = (*self._open.values(), *recent)
        return sorted((each for each in alive if (each.broker_id, each.account_id) == place), key=lambda each: each.id)

    def _keep(self, intent: Intent) -> None:
        where = (intent.broker_id, intent.account_id)
        owned = intent.owned_order
        if owned is not None and self._owners.setdefault((*where, owned), intent.id) != intent.id:
            raise Claimed(f"order {owned} belongs to another intent")
        self._intents[intent.id] = intent
        into, out_of = (self._open, self._ended) if intent.state.open else (self._ended, self._open)
        into[intent.id] = intent
        out_of.pop(intent.id, None)
        if intent.client_order_id is not None and intent.operation is not Operation.CANCEL:
            self._by_client_id[*where, intent.client_order_id] = intent.id
        for order_id in {intent.order_id, intent.target} - {None}:
            of_order = self._by_order.setdefault((*where, str(order_id)), [])
            if intent.id not in of_order:
                of_order.append(intent.id)
