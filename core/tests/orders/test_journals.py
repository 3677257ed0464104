"""What every journal keeps: durable, one transaction each, safe beside other tasks and processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import evolve

from polybroker.errors import Rejected, Unavailable
from polybroker.model.broker_info import ClientOrderIds
from polybroker.model.instruments import Option, Stock
from polybroker.model.options import OptionRight
from polybroker.model.orders import Ack, Fill, Leg, Linkage, OrderEvent, OrderRequest, OrderSide, OrderStatus, single
from polybroker.orders.calls import LiveOrder, Operation
from polybroker.orders.intents import Claimed, Draft, Intent, IntentState, Journal
from polybroker.orders.memory_journal import MemoryJournal
from polybroker.orders.news import acknowledged, decided, doubted, failed, told
from polybroker.orders.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
RULE = ClientOrderIds(charset="ABCDEFGHJKLMNPQR0123456789", max_length=16)
REQUEST = single(Stock("AAPL"), OrderSide.BUY, Decimal(10))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
    else:
        async with SqliteJournal(tmp_path / "orders.sqlite") as journal:
            yield journal


def draft(request: OrderRequest | None = REQUEST, **more: Any) -> Draft:
    facts: dict[str, Any] = {"broker_id": "acme", "account_id": "A", "operation": Operation.PLACE, "at": NOW}
    return Draft(request=request, **{**facts, **more})


def event(order_id: str, status: OrderStatus, **more: Any) -> OrderEvent:
    return OrderEvent(account_id="A", order_id=order_id, status=status, **more)


async def live(store: Journal, order_id: str, **more: Any) -> Intent:
    intent, _ = await store.record(draft(**more))
    ack = Ack(order_id=order_id, client_order_id=None)
    return await store.resolve(intent.id, lambda known: acknowledged(known, ack, NOW))


async def test_an_intent_is_kept_whole(store: Journal) -> None:
    option = Option("AAPL", NOW.date(), OptionRight.CALL, Decimal("150.5"))
    legs = (Leg(instrument=option, side=OrderSide.SELL, ratio=2), Leg(instrument=Stock("AAPL"), side=OrderSide.BUY))
    child = OrderRequest(legs=legs, quantity=Decimal("0.10"))
    request = OrderRequest(legs=legs, quantity=Decimal(3), linkage=Linkage.OTO, linked=(child,), client_order_id="MINE")
    intent, fresh = await store.record(draft(request))
    assert fresh
    fill = Fill(execution_id="f", quantity=Decimal(1), price=Decimal("1.5"), timestamp=NOW, leg=1)
    news = event("7", OrderStatus.WORKING, fill=fill)
    after = await store.resolve(intent.id, lambda known: told(known, news, NOW + timedelta(seconds=1)))
    assert after == await store.intent(intent.id) == await store.by_client_id("acme", "A", "MINE")
    assert after.request == request
    assert after.fills == (fill,)
    assert [after] == list(await store.concerning("acme", "A", "7")) == list(await store.history())
    with pytest.raises(KeyError):
        await store.intent(99)


async def test_ids_are_counted_and_never_come_again(store: Journal) -> None:
    made = [(await store.record(draft(rule=RULE, account_id=account)))[0] for account in "AABB"]
    ids = {intent.client_order_id for intent in made}
    assert len(ids) == 4
    assert {len(each or "") for each in ids} == {16}
    assert [intent.id for intent in made] == [1, 2, 3, 4]
    assert all(intent.request and intent.request.client_order_id == intent.client_order_id for intent in made)


async def test_a_client_order_id_stands_for_one_order(store: Journal) -> None:
    mine = evolve(REQUEST, client_order_id="MINE")
    first, fresh = await store.record(draft(mine))
    assert fresh
    assert await store.record(draft(mine)) == (first, False)
    with pytest.raises(Rejected, match="MINE stands for another order"):
        await store.record(draft(evolve(mine, quantity=Decimal(11))))
    assert (await store.record(draft(mine, account_id="B")))[1]
    assert len(await store.history()) == 2


async def test_only_what_was_not_sent_may_be_sent_again(store: Journal) -> None:
    mine = evolve(REQUEST, client_order_id="MINE")
    intent, _ = await store.record(draft(mine))
    for state, again in ((IntentState.UNKNOWN, False), (IntentState.NOT_SENT, True), (IntentState.REJECTED, False)):
        await store.resolve(intent.id, partial(failed, state=state, reason="so", at=NOW))
        known, fresh = await store.record(draft(mine))
        assert (known.id, fresh) == (intent.id, again)


async def test_reservations_see_everything_alive_and_a_refusal_records_nothing(store: Journal) -> None:
    unknown, _ = await store.record(draft())
    await store.resolve(unknown.id, partial(failed, state=IntentState.UNKNOWN, reason="lost", at=NOW))
    await live(store, "7", operation=Operation.REPLACE, target="6")
    refused, _ = await store.record(draft())
    await store.resolve(refused.id, partial(failed, state=IntentState.REJECTED, reason="no", at=NOW))
    await store.record(draft(None, operation=Operation.CANCEL, target="7"))
    ended = await live(store, "8")
    await store.resolve(ended.id, partial(told, event=event("8", OrderStatus.FILLED), at=NOW))
    await live(store, "9", account_id="B")
    seen: list[LiveOrder] = []

    def reserve(orders: Sequence[LiveOrder]) -> None:
        seen[:] = orders
        raise Rejected("too much")

    before = list(await store.history())
    with pytest.raises(Rejected, match="too much"):
        await store.record(draft(), [reserve])
    assert before == list(await store.history())
    assert [(order.unknown, order.order_id, order.replaces) for order in seen] == [
        (True, None, None),
        (False, "7", "6"),
    ]
    with pytest.raises(Rejected, match="too much"):
        await store.record(draft(recent_since=NOW), [reserve])
    assert [(order.order_id, order.ended, order.filled) for order in seen if order.ended] == [
        (None, True, Decimal(0)),
        ("8", True, Decimal(10)),
    ]


async def test_of_many_at_once_only_as_many_pass_as_the_budget_has(store: Journal) -> None:
    passed = []

    def reserve(orders: Sequence[LiveOrder]) -> None:
        if len(orders) >= 3:
            raise Rejected("three at most")

    async def one() -> None:
        with suppress(Rejected):
            passed.append(await store.record(draft(), [reserve]))

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(one)
    assert len(passed) == len(await store.live()) == 3


async def test_what_is_alive_and_what_is_unknown(store: Journal) -> None:
    recorded, _ = await store.record(draft())
    lost, _ = await store.record(draft())
    await store.resolve(lost.id, partial(doubted, reason="crash", at=NOW))
    there = await live(store, "7", broker_id="other")
    done = await live(store, "8")
    await store.resolve(done.id, partial(told, event=event("8", OrderStatus.CANCELED), at=NOW))
    assert [each.id for each in await store.live()] == [recorded.id, lost.id, there.id]
    assert [each.id for each in await store.live("acme", "A")] == [recorded.id, lost.id]
    assert [each.id for each in await store.unknown()] == [recorded.id, lost.id]
    assert [each.id for each in await store.history(NOW + timedelta(seconds=1))] == []


async def test_an_order_belongs_to_one_intent(store: Journal) -> None:
    await live(store, "7")
    with pytest.raises(Claimed):
        await live(store, "7")
    (unclaimed,) = await store.unknown()
    assert unclaimed.order_id is None
    await live(store, "7", account_id="B")
    await live(store, "7", operation=Operation.REPLACE, target="7")
    assert len(await store.concerning("acme", "A", "7")) == 2


# news, whatever the journal


async def test_no_news_but_proof_frees_an_unknown_intent() -> None:
    intent, _ = await MemoryJournal().record(draft(rule=RULE))
    unknown = failed(intent, IntentState.UNKNOWN, "lost", NOW)
    assert doubted(unknown, "again", NOW) == unknown
    for state in (IntentState.REJECTED, IntentState.NOT_SENT):
        refused = failed(intent, state, "no", NOW)
        late = told(refused, event("7", OrderStatus.WORKING), NOW)
        assert (late.state, late.order_id) == (IntentState.LIVE, "7")
        assert failed(late, state, "no", NOW) == late
    by_hand = decided(unknown, IntentState.REJECTED, "Jo", "the broker's desk said so", NOW)
    assert by_hand.reason == "decided by Jo: the broker's desk said so"
    with pytest.raises(ValueError, match="cannot be declared"):
        decided(by_hand, IntentState.ENDED, "Jo", "", NOW)


async def test_a_cancel_is_proved_by_the_orders_end_alone() -> None:
    intent, _ = await MemoryJournal().record(draft(None, operation=Operation.CANCEL, target="7"))
    unknown = failed(intent, IntentState.UNKNOWN, "lost", NOW)
    assert told(unknown, event("7", OrderStatus.WORKING), NOW) == unknown
    assert told(unknown, event("7", OrderStatus.PENDING_CANCEL), NOW).state is IntentState.LIVE
    assert told(unknown, event("7", OrderStatus.FILLED), NOW).state is IntentState.ENDED


async def test_a_replacement_is_proved_by_its_order_or_by_the_end_of_the_old_one() -> None:
    intent, _ = await MemoryJournal().record(draft(operation=Operation.REPLACE, target="7"))
    unknown = failed(intent, IntentState.UNKNOWN, "lost", NOW)
    replaced = told(unknown, event("7", OrderStatus.REPLACED, replaced_by="8"), NOW)
    assert (replaced.state, replaced.order_id) == (IntentState.LIVE, "8")
    assert told(unknown, event("7", OrderStatus.FILLED), NOW).state is IntentState.ENDED
    assert told(unknown, event("7", OrderStatus.CANCELED), NOW) == unknown
    assert told(unknown, event("7", OrderStatus.WORKING), NOW) == unknown


# the file


async def test_a_new_process_finds_everything(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    async with SqliteJournal(path) as journal:
        first, _ = await journal.record(draft(rule=RULE))
    async with SqliteJournal(path) as journal:
        assert list(await journal.unknown()) == [first]
        second, _ = await journal.record(draft(rule=RULE))
        assert second.id == first.id + 1
        assert second.client_order_id != first.client_order_id


async def test_a_file_of_another_version_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Unavailable, match="version 99"):
        await SqliteJournal(path).unknown()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable, match="cannot be used"):
        await SqliteJournal(path).record(draft())


CHILD = """
import sys, anyio
sys.path.insert(0, {folder!r})
from test_journals import *
async def main():
    async with SqliteJournal({path!r}) as journal:
        for _ in range(20):
            intent, _ = await journal.record(draft(rule=RULE))
            print(intent.id, flush=True)
        {end}
anyio.run(main)
"""


def test_two_processes_share_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    code = CHILD.format(folder=str(Path(__file__).parent), path=str(path), end="")
    children = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    numbers = [int(line) for child in children for line in child.communicate()[0].split()]
    known = anyio.run(SqliteJournal(path).history)
    assert sorted(numbers) == [intent.id for intent in known] == list(range(1, 41))
    assert len({intent.client_order_id for intent in known}) == 40


def test_what_was_recorded_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    end = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    code = CHILD.format(folder=str(Path(__file__).parent), path=str(path), end=end)
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0
    assert [str(intent.id) for intent in anyio.run(SqliteJournal(path).unknown)] == done.stdout.split()
