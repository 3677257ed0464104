"""The audit policy: who asked for what, when, and how it ended, in records that cannot be changed unnoticed."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
from attrs import define, evolve, field, frozen

from polybroker.errors import BrokerError, Unavailable
from polybroker.faults import in_words
from polybroker.model.json import to_json
from polybroker.model.orders import Ack
from polybroker.orders.calls import Operation, OrderCall, Proceed

_LOG: Final = logging.getLogger("polybroker.orders")
GENESIS: Final = "0" * 64
"""What the first record names as its predecessor."""


@frozen(kw_only=True)
class AuditRecord:
    """One entry: `text` is JSON, `hash` is SHA-256 of the predecessor's hash and the text."""

    previous: str
    text: str
    hash: str


Sink = Callable[[AuditRecord], Awaitable[None]]
"""Makes a record durable before it returns."""


class AuditTampered(Exception):
    """The records are not what was written: one was changed, left out, added or moved."""


def chained(previous: str, entry: Mapping[str, Any]) -> AuditRecord:
    """The record of `entry` that follows the one with the hash `previous`."""
    text = json.dumps(entry, separators=(",", ":"), sort_keys=True)
    return AuditRecord(previous=previous, text=text, hash=_hash(previous, text))


def check_chain(records: Iterable[AuditRecord], previous: str = GENESIS) -> str:
    """The hash of the last record; `AuditTampered` names the first that does not follow its predecessor."""
    for number, record in enumerate(records, 1):
        if record.previous != previous or record.hash != _hash(previous, record.text):
            raise AuditTampered(f"record {number} does not follow its predecessor")
        previous = record.hash
    return previous


def _hash(previous: str, text: str) -> str:
    return sha256(f"{previous}\n{text}".encode()).hexdigest()


@define(kw_only=True, eq=False)
class AuditPolicy:
    """Made by `polybroker.policies.audit`."""

    sink: Sink
    by: Callable[[], str]
    previous: str
    _lock: anyio.Lock = field(factory=anyio.Lock, init=False)
    _number: int = field(default=0, init=False)

    async def __call__(self, call: OrderCall, proceed: Proceed) -> Ack:
        """Record the question, proceed, record how it ended, also while being cancelled."""
        self._number += 1
        question = f"{self.previous[:12]}-{self._number}"
        await self._asked(call, question)
        try:
            ack = await proceed(call)
        except BaseException as error:
            code = error.code.value if isinstance(error, BrokerError) else None
            await self._ended(call, question, {"error": type(error).__name__, "code": code, "message": in_words(error)})
            raise
        answer = {"order_id": ack.order_id, "client_order_id": ack.client_order_id, "status": ack.status.value}
        await self._ended(call, question, {**answer, "linked": list(ack.linked)})
        return ack

    async def _asked(self, call: OrderCall, question: str) -> None:
        """Nothing but a cancel goes out that is not on record."""
        try:
            await self._write(call, {"what": "asked", "question": question, **_facts(call, self.by())})
        except Exception as error:
            if call.operation is not Operation.CANCEL:
                raise Unavailable(f"nothing was sent, since it cannot be audited: {in_words(error)}") from error
            _LOG.exception("a cancel is sent although it cannot be audited")

    async def _ended(self, call: OrderCall, question: str, outcome: Mapping[str, Any]) -> None:
        made = call.request.client_order_id if call.request else None
        entry = {"what": "ended", "question": question, "client_order_id": made, **outcome}
        with anyio.CancelScope(shield=True):
            try:
                await self._write(call, entry)
            except Exception:
                _LOG.exception("how question %s ended cannot be audited", question)

    async def _write(self, call: OrderCall, entry: Mapping[str, Any]) -> None:
        at = call.session.clock.now().astimezone(UTC).isoformat()
        clean = _cleaned({**entry, "at": at}, call.session.net.redactor.clean)
        async with self._lock:
            record = chained(self.previous, clean)
            await self.sink(record)
            self.previous = record.hash


def _facts(call: OrderCall, by: str) -> dict[str, Any]:
    request = call.request
    if request is not None and call.made_id:
        request = evolve(request, client_order_id=None)  # the journal is going to make another; the end names it
    return {
        "by": by,
        "broker": call.session.broker_id,
        "environment": call.session.environment.name,
        "account": call.account.account_id,
        "operation": call.operation.value,
        "order_id": call.order.order_id if call.order else None,
        "request": to_json(request),
    }


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """`value` with every text in it redacted, before it is written as JSON."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(item, clean) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item, clean) for item in value]
    return value


class AuditFile:
    """A sink that appends records to a file, one JSON line each, on disk before it returns. One writer at a time."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    async def __call__(self, record: AuditRecord) -> None:
        """Append a record."""
        line = json.dumps({"previous": record.previous, "hash": record.hash, "text": record.text}) + "\n"
        await anyio.to_thread.run_sync(self._append, line)

    def records(self) -> list[AuditRecord]:
        """Every record of the file; none where it does not exist."""
        if not self.path.exists():
            return []
        with self.path.open(encoding="utf-8") as lines:
            return [AuditRecord(**json.loads(line)) for line in lines]

    def check(self) -> str:
        """The last hash, for the next policy to go on from; `AuditTampered` where the file was changed."""
        return check_chain(self.records())

    def _append(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
