"""A journal in a SQLite file: it survives crashes and power cuts, and serves several processes at once."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from os import PathLike, fspath
from secrets import token_hex
from typing import Final, Self, TypeVar

import anyio
import anyio.to_thread

from polybroker.errors import Unavailable
from polybroker.model.json import from_json, to_json
from polybroker.orders.calls import Operation, Reservation
from polybroker.orders.intents import OPEN, Claimed, Draft, Intent, IntentState, Step, admit

T = TypeVar("T")
SCHEMA_VERSION: Final = 1
_BUSY_SECONDS: Final = 30.0
_TRIES: Final = 100
_IS_OPEN: Final = f"state IN ({', '.join(sorted(repr(state.value) for state in OPEN))})"
_SCHEMA: Final = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE intents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    broker_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    client_order_id TEXT,
    order_id TEXT,
    target TEXT,
    owned_order TEXT,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    intent TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX intents_client_order_id ON intents (broker_id, account_id, client_order_id);
CREATE UNIQUE INDEX intents_owned_order ON intents (broker_id, account_id, owned_order);
CREATE INDEX intents_order_id ON intents (broker_id, account_id, order_id);
CREATE INDEX intents_target ON intents (broker_id, account_id, target);
CREATE INDEX intents_open ON intents (broker_id, account_id) WHERE {_IS_OPEN};
CREATE INDEX intents_updated_at ON intents (broker_id, account_id, updated_at);
"""
_COLUMNS: Final = (
    "id",
    "broker_id",
    "account_id",
    "client_order_id",
    "order_id",
    "target",
    "owned_order",
    "fingerprint",
    "state",
    "created_at",
    "updated_at",
    "intent",
)
_KEEP: Final = (
    f"INSERT INTO intents ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608  own names
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}"
)


class SqliteJournal:
    """Intents in the file `path`, which is made where it does not exist.

    Every write is on disk (WAL, `synchronous=FULL`) when its method returns. The file has to be on a local disk:
    network file systems do not lock. A copy put back from a backup would give client order ids a second time, so let
    go of it: start a new file and reconcile. `Unavailable` where the file cannot be read or written.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = fspath(path)
        self._limiter = anyio.CapacityLimiter(1)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._installation = ""

    async def __aenter__(self) -> Self:
        await self._run(lambda connection: None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the file; the next call opens it again."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._close, limiter=self._limiter)

    async def record(self, draft: Draft, reservations: Sequence[Reservation] = ()) -> tuple[Intent, bool]:
        """See `Journal.record`."""
        return await self._run(lambda connection: self._record(connection, draft, reservations), write=True)

    async def resolve(self, intent_id: int, step: Step) -> Intent:
        """See `Journal.resolve`."""

        def change(connection: sqlite3.Connection) -> Intent:
            before = _of_number(connection, intent_id)
            after = step(before)
            if after != before:
                _keep(connection, after)
            return after

        return await self._run(change, write=True)

    async def intent(self, intent_id: int) -> Intent:
        """See `Journal.intent`."""
        return await self._run(lambda connection: _of_number(connection, intent_id))

    async def by_client_id(self, broker_id: str, account_id: str, client_order_id: str) -> Intent | None:
        """See `Journal.by_client_id`."""
        where = "broker_id = ? AND account_id = ? AND client_order_id = ?"
        return await self._run(lambda connection: _one(connection, where, broker_id, account_id, client_order_id))

    async def concerning(
        self, broker_id: str, account_id: str, order_id: str, client_order_id: str | None = None
    ) -> Sequence[Intent]:
        """See `Journal.concerning`."""
        where = "broker_id = ? AND account_id = ? AND (order_id = ? OR target = ? OR client_order_id = ?)"
        values = (broker_id, account_id, order_id, order_id, client_order_id)
        return await self._run(lambda connection: _all(connection, where, *values))

    async def live(self, broker_id: str | None = None, account_id: str | None = None) -> Sequence[Intent]:
        """See `Journal.live`."""
        where = f"{_IS_OPEN} AND broker_id = coalesce(?, broker_id) AND account_id = coalesce(?, account_id)"
        return await self._run(lambda connection: _all(connection, where, broker_id, account_id))

    async def unknown(self) -> Sequence[Intent]:
        """See `Journal.unknown`."""
        states = (IntentState.RECORDED.value, IntentState.UNKNOWN.value)
        return await self._run(lambda connection: _all(connection, "state IN (?, ?)", *states))

    async def history(self, since: datetime | None = None) -> Sequence[Intent]:
        """See `Journal.history`."""
        return await self._run(lambda connection: _all(connection, "created_at >= ?", _text(since) if since else ""))

    # in a worker thread

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, write: bool = False) -> T:
        return await anyio.to_thread.run_sync(lambda: self._transact(work, write), limiter=self._limiter)

    def _transact(self, work: Callable[[sqlite3.Connection], T], write: bool) -> T:
        with self._lock:
            try:
                connection = self._connection = self._connection or self._open()
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                try:
                    result = work(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise Unavailable(f"the journal {self.path} cannot be used: {error}") from error
            return result

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._create(connection)
            elif version != SCHEMA_VERSION:
                raise Unavailable(f"the journal {self.path} has schema version {version}, not {SCHEMA_VERSION}")
            connection.execute("COMMIT")
            (self._installation,) = connection.execute("SELECT value FROM facts WHERE name = 'installation'").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _create(self, connection: sqlite3.Connection) -> None:
        for statement in _SCHEMA.strip().split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO facts VALUES ('installation', ?)", (token_hex(16),))
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _record(
        self, connection: sqlite3.Connection, draft: Draft, reservations: Sequence[Reservation]
    ) -> tuple[Intent, bool]:
        account = (draft.broker_id, draft.account_id)
        given = draft.request.client_order_id if draft.request else None
        known = _one(connection, "broker_id = ? AND account_id = ? AND client_order_id = ?", *account, given)
        recent = _text(draft.recent_since) if draft.recent_since else "9"
        alive = f"broker_id = ? AND account_id = ? AND ({_IS_OPEN} OR updated_at >= ?)"
        intent, fresh = admit(
            draft,
            known=known,
            alive=_all(connection, alive, *account, recent) if reservations else (),
            reservations=reservations,
            installation=self._installation,
            sequence=_next_id(connection),
        )
        if fresh:
            _keep(connection, intent)
        return intent, fresh


def _next_id(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'intents'").fetchone()
    return 1 + (row[0] if row else 0)


def _of_number(connection: sqlite3.Connection, intent_id: int) -> Intent:
    intent = _one(connection, "id = ?", intent_id)
    if intent is None:
        raise KeyError(intent_id)
    return intent


def _one(connection: sqlite3.Connection, where: str, *values: object) -> Intent | None:
    found = _all(connection, where, *values)
    return found[0] if found else None


def _all(connection: sqlite3.Connection, where: str, *values: object) -> list[Intent]:
    query = f"SELECT intent FROM intents WHERE {where} ORDER BY id"  # noqa: S608  `where` is this module's own
    with closing(connection.execute(query, values)) as rows:
        return [from_json(json.loads(text), Intent) for (text,) in rows]


def _keep(connection: sqlite3.Connection, intent: Intent) -> None:
    row = (
        intent.id,
        intent.broker_id,
        intent.account_id,
        intent.client_order_id if intent.operation is not Operation.CANCEL else None,
        intent.order_id,
        intent.target,
        intent.owned_order,
        intent.fingerprint,
        intent.state.value,
        _text(intent.created_at),
        _text(intent.updated_at),
        json.dumps(to_json(intent), separators=(",", ":")),
    )
    try:
        connection.execute(_KEEP, row)
    except sqlite3.IntegrityError as error:
        if "owned_order" in str(error):
            raise Claimed(f"order {intent.owned_order} belongs to another intent") from None
        raise


def _text(moment: datetime) -> str:
    """A UTC time that sorts as text."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. That does not wait for other processes by itself: a transaction does."""
    for _ in range(_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")
