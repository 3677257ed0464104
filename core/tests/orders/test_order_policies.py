"""Audit, risk, journal and ask-before-retry around real sessions, one law at a time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from attrs import evolve
from faulty_brokers import (
    ACCOUNTS,
    DELAY,
    Crash,
    Server,
    SimulatedTime,
    Weather,
    Wire,
    asked_for,
    read_event,
    simulated_broker,
)

import polybroker
from polybroker.errors import AuthError, OutcomeUnknown, RateLimited, Unavailable
from polybroker.model.accounts import Balance, Position
from polybroker.model.login import Secrets
from polybroker.model.orders import Ack, OrderSide
from polybroker.model.quotes import Quote
from polybroker.model.secret import Secret
from polybroker.net import Effect
from polybroker.orders.calls import OrderCall, Proceed
from polybroker.orders.intents import Intent, IntentState
from polybroker.orders.memory_journal import MemoryJournal
from polybroker.orders.reconcile import reconcile, settle
from polybroker.policies import (
    AuditFile,
    AuditRecord,
    AuditTampered,
    Denied,
    KillSwitch,
    RiskLimits,
    ask_before_retry,
    audit,
    check_chain,
    journal,
    risk,
)
from polybroker.session import Session

pytestmark = pytest.mark.anyio
ORDER = asked_for("A", "buy", 7, "10")
STOCK = ORDER.instrument


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Market:
    """One broker with its wire; `faults` are dealt out to the exchanges one by one, None being fair weather."""

    def __init__(self, name: str, *faults: str | None) -> None:
        self.name, self.account = name, ACCOUNTS[name]
        self.time, self.random, self.store = SimulatedTime(), Random(1), MemoryJournal()
        self.server = Server(name, self.time, self.random)
        self.weather = Weather(self.random, self.time, 0.0)
        self.time.tick = self.weather.deliver_late
        self.weather.dealt = iter(faults)

    @asynccontextmanager
    async def session(self, *policies: Any) -> AsyncIterator[Session]:
        secrets = Secrets(values={"token": Secret("token-0")})
        wire = Wire(self.server, self.weather)
        async with simulated_broker(self.name).connect(
            secrets=secrets, policies=policies, clock=self.time, transport=wire
        ) as session:
            yield session

    async def states(self) -> list[IntentState]:
        return [intent.state for intent in await self.store.history()]

    async def last(self) -> Intent:
        return list(await self.store.history())[-1]

    async def tell(self, session: Session, policy: Any) -> None:
        for data in self.server.changes:
            await policy.observe(session, read_event(self.name, data))


# journal

OUTCOMES = [
    ("not_sent", Unavailable, IntentState.NOT_SENT),
    ("too_many", RateLimited, IntentState.REJECTED),
    ("token_expired", AuthError, IntentState.REJECTED),
    ("reply_lost", OutcomeUnknown, IntentState.UNKNOWN),
    ("error_accepted", OutcomeUnknown, IntentState.UNKNOWN),
    ("malformed", OutcomeUnknown, IntentState.UNKNOWN),
]


@pytest.mark.parametrize(("fault", "error", "state"), OUTCOMES)
async def test_the_journal_keeps_what_each_failure_means(
    fault: str, error: type[Exception], state: IntentState
) -> None:
    market = Market("acme", fault)
    async with market.session(journal(market.store)) as session:
        with pytest.raises(error):
            await session.place_order(market.account, ORDER)
    assert await market.states() == [state]


async def test_an_intent_is_durable_before_the_first_byte_and_live_with_its_order_after() -> None:
    market = Market("acme")

    async def innermost(call: OrderCall, proceed: Proceed) -> Ack:
        assert await market.states() == [IntentState.RECORDED]
        assert len(call.session.net.wire) == 0
        return await proceed(call)

    async with market.session(journal(market.store), innermost) as session:
        ack = await session.place_order(market.account, ORDER)
    intent = await market.last()
    assert (intent.state, intent.order_id) == (IntentState.LIVE, "acme-1")
    assert ack.client_order_id == intent.client_order_id == market.server.orders["acme-1"].client_id


async def test_nothing_but_a_cancel_leaves_without_a_journal_that_works() -> None:
    class Full(MemoryJournal):
        async def record(self, *_: Any) -> Any:
            raise OSError("no space left")

    market = Market("acme")
    async with market.session() as session:
        await session.place_order(market.account, ORDER)
        (order,) = await session.open_orders(market.account)
    async with market.session(journal(Full())) as session:
        with pytest.raises(Unavailable, match="no space left"):
            await session.place_order(market.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 0
        await session.cancel_order(market.account, order)
    assert market.server.orders["acme-1"].status == "canceled"


async def test_a_cancelled_task_leaves_its_intent_unknown() -> None:
    market = Market("acme")

    async def innermost(call: OrderCall, proceed: Proceed) -> Ack:
        scope.cancel()
        await anyio.sleep(1)
        raise AssertionError("unreachable")

    async with market.session(journal(market.store), innermost) as session:
        with anyio.CancelScope() as scope:
            await session.place_order(market.account, ORDER)
    assert await market.states() == [IntentState.UNKNOWN]


async def test_a_repeated_question_is_answered_and_not_sent() -> None:
    market = Market("plain", None, "request_lost", "not_sent")
    async with market.session(journal(market.store)) as session:
        first = await session.place_order(market.account, evolve(ORDER, client_order_id="1"))
        assert (
            await session.place_order(market.account, evolve(ORDER, client_order_id="1"))
        ).order_id == first.order_id
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await session.place_order(market.account, evolve(ORDER, client_order_id="2"))
        with pytest.raises(Unavailable):
            await session.place_order(market.account, evolve(ORDER, client_order_id="3"))
        await session.place_order(market.account, evolve(ORDER, client_order_id="3"))
        assert session.net.wire.count(Effect.ORDER) == 3
    assert len(market.server.orders) == 2


async def test_events_end_intents_and_a_replacement_gets_an_id_of_its_own() -> None:
    market, policy = Market("acme"), journal(store := MemoryJournal())
    async with market.session(policy) as session:
        await session.place_order(market.account, ORDER)
        (order,) = await session.open_orders(market.account)
        bigger = evolve(order.request, quantity=Decimal(9))
        assert bigger.client_order_id == order.client_order_id
        ack = await session.replace_order(market.account, order, bigger)
        assert ack.client_order_id != order.client_order_id
        for _ in range(9):
            market.server.trade()
        await market.tell(session, policy)
    placed, replaced = await store.history()
    assert (placed.state, placed.status.value, placed.filled_quantity) == (IntentState.ENDED, "replaced", Decimal(0))
    assert (replaced.state, replaced.status.value, replaced.filled_quantity) == (
        IntentState.ENDED,
        "filled",
        Decimal(9),
    )


# ask before retry


@pytest.mark.parametrize("name", ["acme", "plain"])
@pytest.mark.parametrize("fault", ["reply_lost", "error_accepted", "malformed"])
async def test_a_lost_answer_is_looked_up_after_the_consistency_delay(name: str, fault: str) -> None:
    market = Market(name, fault)
    async with market.session(journal(market.store), ask_before_retry()) as session:
        ack = await session.place_order(market.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 1
    assert ack.order_id == f"{name}-1"
    assert market.time.seconds >= DELAY.total_seconds()
    assert await market.states() == [IntentState.LIVE]


async def test_only_an_idempotent_broker_is_sent_the_same_again() -> None:
    acme, plain = Market("acme", "request_lost"), Market("plain", "request_lost")
    async with acme.session(journal(acme.store), ask_before_retry()) as session:
        await session.place_order(acme.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 2
    async with acme.session(journal(acme.store), ask_before_retry(resend=False)) as session:
        acme.weather.dealt = iter(["request_lost"])
        with pytest.raises(OutcomeUnknown):
            await session.place_order(acme.account, ORDER)
    async with plain.session(journal(plain.store), ask_before_retry()) as session:
        with pytest.raises(OutcomeUnknown):
            await session.place_order(plain.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 1
    assert await plain.states() == [IntentState.UNKNOWN]


async def test_errors_are_not_absence() -> None:
    market = Market("acme", "request_lost", *["error_not_accepted"] * 3)
    async with market.session(journal(market.store), ask_before_retry(looks=1)) as session:
        with pytest.raises(OutcomeUnknown):
            await session.place_order(market.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 1


async def test_the_answer_to_another_order_is_none() -> None:
    market = Market("acme")
    place = market.server.place

    def answered(body: Any, wish: int) -> tuple[int, Any]:
        return 200, {**place(body, wish)[1], "cid": "0", "id": "acme-9"}

    market.server.place = answered  # type: ignore[method-assign]
    async with market.session(journal(market.store), ask_before_retry()) as session:
        ack = await session.place_order(market.account, ORDER)
    assert ack.order_id == "acme-1"
    assert len(market.server.orders) == 1


class Latest(Random):
    """Chance that always falls on the last."""

    def choice(self, options: Any) -> Any:
        return options[-1]


@pytest.mark.parametrize("answers_known", [True, False])
async def test_a_refused_double_is_no_refusal_of_the_order(answers_known: bool) -> None:
    market = Market("acme", "late_request")
    market.weather.random = Latest()
    market.server.answers_known = answers_known
    look = market.server.listed

    def listed(path: list[str], query: dict[str, str]) -> Any:
        answer = look(path, query)
        if path == ["fills"]:  # the last list says no; then the first request arrives
            market.weather.late = [(0, deliver) for _, deliver in market.weather.late]
        return answer

    market.server.listed = listed  # type: ignore[method-assign]
    async with market.session(journal(market.store), ask_before_retry()) as session:
        ack = await session.place_order(market.account, ORDER)
    assert [ack.order_id] == list(market.server.orders)
    assert await market.states() == [IntentState.LIVE]


async def test_an_order_that_another_intent_may_be_waiting_for_is_not_taken() -> None:
    market, nested = Market("plain", None, "request_lost"), False

    async def innermost(call: OrderCall, proceed: Proceed) -> Ack:
        nonlocal nested
        ack = await proceed(call)
        if not nested:  # the answer has come, and is not recorded yet
            nested = True
            with pytest.raises(OutcomeUnknown):
                await call.session.place_order(market.account, ORDER)
        return ack

    async with market.session(journal(market.store), ask_before_retry(), innermost) as session:
        ack = await session.place_order(market.account, ORDER)
    assert ack.order_id == "plain-1"
    assert await market.states() == [IntentState.LIVE, IntentState.UNKNOWN]


async def test_two_orders_that_fit_are_an_open_question() -> None:
    market = Market("plain", None, "reply_lost")
    async with market.session() as session:
        await session.place_order(market.account, ORDER)
    async with market.session(journal(market.store), ask_before_retry()) as session:
        with pytest.raises(OutcomeUnknown):
            await session.place_order(market.account, ORDER)
        found = await reconcile(session, market.store, in_flight=timedelta(0))
        (unknown,) = found.unknown
        assert set(found.questions[unknown.id]) == {"plain-1", "plain-2"}
        assert {order.order_id for order in found.strangers} == {"plain-1", "plain-2"}
        await settle(session, market.store, unknown.id, IntentState.ENDED, by="Jo", reason="both are cancelled")
    assert (await market.last()).reason == "decided by Jo: both are cancelled"


# reconcile


async def test_reconciling_settles_what_a_crash_left_and_twice_changes_nothing() -> None:
    market = Market("acme", None, "crash_after")
    with pytest.raises(Crash):
        async with market.session(journal(market.store)) as session:
            await session.place_order(market.account, ORDER)
            await session.place_order(market.account, ORDER)
    market.weather.crashed = False
    market.time.seconds += 300
    async with market.session(journal(market.store)) as session:
        market.server.trade()
        first = await reconcile(session, market.store)
        kept = list(await market.store.history())
        second = await reconcile(session, market.store)
    assert [intent.order_id for intent in first.settled] == ["acme-2"]
    assert [*first.unknown, *first.strangers, *second.settled, *second.refreshed] == []
    assert kept == list(await market.store.history())


async def test_an_intent_in_flight_is_left_alone_and_shown() -> None:
    market = Market("acme", "request_lost")

    async def innermost(call: OrderCall, proceed: Proceed) -> Ack:
        found = await reconcile(call.session, market.store)
        assert [intent.state for intent in found.unknown] == [IntentState.RECORDED]
        raise Unavailable("not sent after all")

    async with market.session(journal(market.store), innermost) as session:
        with pytest.raises(Unavailable):
            await session.place_order(market.account, ORDER)
    assert await market.states() == [IntentState.NOT_SENT]


# audit


async def test_the_audit_says_who_asked_for_what_and_how_it_ended() -> None:
    market, records = Market("acme", None, "not_sent"), list[AuditRecord]()

    async def sink(record: AuditRecord) -> None:
        records.append(record)

    async with market.session(audit(sink, by="Jo"), journal(market.store)) as session:
        session.net.redactor.learn(Secret("Jo-and-the-token"))
        ack = await session.place_order(market.account, ORDER)
        with pytest.raises(Unavailable):
            await session.place_order(market.account, evolve(ORDER, client_order_id="F00D"))
    asked, ended, _, failed = (json.loads(record.text) for record in records)
    assert (asked["by"], asked["operation"], asked["request"]["quantity"]) == ("Jo", "place", "7")
    assert (ended["question"], ended["order_id"]) == (asked["question"], "acme-1")
    assert ended["client_order_id"] == ack.client_order_id
    assert (failed["error"], failed["code"]) == ("Unavailable", "BROKER_UNAVAILABLE")
    assert check_chain(records) == records[-1].hash
    assert "token-0" not in str(records)
    for damaged in (records[1:], records[:1] + records[2:], [evolve(records[0], text="{}"), *records[1:]]):
        with pytest.raises(AuditTampered):
            check_chain(damaged)


async def test_an_audit_file_goes_on_where_it_ended_and_what_cannot_be_audited_is_not_sent(tmp_path: Path) -> None:
    market, file = Market("acme"), AuditFile(tmp_path / "audit.jsonl")
    for _ in range(2):
        async with market.session(audit(file, by="Jo")) as session:
            await session.place_order(market.account, ORDER)
    assert len(file.records()) == 4
    assert file.check() == file.records()[-1].hash
    async with market.session(audit(AuditFile(tmp_path / "missing" / "audit"), by="Jo")) as session:
        with pytest.raises(Unavailable, match="cannot be audited"):
            await session.place_order(market.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 0
        (order, *_) = await session.open_orders(market.account)
        await session.cancel_order(market.account, order)


# risk


@asynccontextmanager
async def limited(market: Market, limits: RiskLimits, *, switch: KillSwitch | None = None) -> AsyncIterator[Any]:
    """A session under limits, whose reads of figures the test sets by attribute."""
    async with market.session(risk(limits, kill_switch=switch), journal(market.store)) as session:
        yield session


def answer(*records: Any) -> Any:
    async def read(*_: object) -> tuple[Any, ...]:
        return records

    return read


def held(quantity: int, **more: Any) -> Position:
    return Position(
        broker_id="acme", account_id="acme-1", instrument=STOCK, raw_symbol="A", quantity=Decimal(quantity), **more
    )


ALONE = [
    (RiskLimits(max_order_quantity=Decimal(6)), "quantity 7 is above 6"),
    (RiskLimits(sides=frozenset({OrderSide.SELL})), "side buy"),
    (RiskLimits(instruments=frozenset({"B"})), "A is not among"),
    (RiskLimits(max_open_orders=0), "open order 1"),
    (RiskLimits(max_notional=Decimal(69)), "notional 70 is above 69"),
    (RiskLimits(max_position=Decimal(100)), "could not be made"),
    (RiskLimits(max_daily_loss=Decimal(100)), "could not be made"),
]


@pytest.mark.parametrize(("limits", "words"), ALONE)
async def test_what_breaks_a_limit_or_cannot_be_checked_is_denied_and_not_sent(limits: RiskLimits, words: str) -> None:
    market = Market("acme")
    async with limited(market, limits) as session:
        with pytest.raises(Denied, match=words):
            await session.place_order(market.account, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 0
    assert await market.states() == []


async def test_an_unknown_order_counts_at_full_size() -> None:
    market = Market("plain", "request_lost")
    async with limited(market, RiskLimits(max_position=Decimal(14))) as session:
        session.positions = answer(held(0))
        with pytest.raises(OutcomeUnknown):
            await session.place_order(market.account, ORDER)
        await session.place_order(market.account, ORDER)
        with pytest.raises(Denied, match="14"):
            await session.place_order(market.account, asked_for("A", "buy", 5, "10"))
        await session.place_order(market.account, asked_for("A", "sell", 7, "10"))


async def test_of_two_orders_at_once_both_cannot_pass() -> None:
    market, outcomes = Market("acme"), list[object]()

    async def one(session: Session) -> None:
        try:
            outcomes.append(await session.place_order(market.account, ORDER))
        except Denied as error:
            outcomes.append(error)

    async with limited(market, RiskLimits(max_position=Decimal(10))) as session:
        session.positions = answer(held(0))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, session)
            tasks.start_soon(one, session)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Ack", "Denied"]
    assert len(market.server.orders) == 1


async def test_fills_count_until_positions_can_show_them() -> None:
    market = Market("acme")
    async with limited(market, RiskLimits(max_position=Decimal(10))) as session:
        session.positions = answer(held(0))
        await session.place_order(market.account, ORDER)
        while market.server.orders["acme-1"].status != "filled":
            market.server.trade()
        await market.tell(session, session.policies[1])
        with pytest.raises(Denied, match="14 to buy"):
            await session.place_order(market.account, ORDER)
        market.time.seconds += 60
        await session.place_order(market.account, ORDER)


async def test_a_replacement_counts_instead_of_its_order() -> None:
    market = Market("acme")
    async with limited(market, RiskLimits(max_position=Decimal(10), max_open_orders=1)) as session:
        session.positions = answer(held(0))
        await session.place_order(market.account, ORDER)
        (order,) = await session.open_orders(market.account)
        with pytest.raises(Denied, match="11 to buy"):
            await session.replace_order(market.account, order, evolve(order.request, quantity=Decimal(11)))
        await session.replace_order(market.account, order, evolve(order.request, quantity=Decimal(10)))
        with pytest.raises(Denied, match="open order 2"):
            await session.place_order(market.account, asked_for("A", "sell", 1, "10"))
        await market.tell(session, session.policies[1])
        with pytest.raises(Denied, match="open order 2"):
            await session.place_order(market.account, asked_for("A", "sell", 1, "10"))


@pytest.mark.parametrize(("now", "side", "denied"), [(9, "sell", False), (9, "buy", True), (-9, "buy", False)])
async def test_what_lowers_a_position_that_is_too_large_passes(now: int, side: str, denied: bool) -> None:
    market = Market("acme")
    async with limited(market, RiskLimits(max_position=Decimal(5))) as session:
        session.positions = answer(held(now))
        try:
            await session.place_order(market.account, asked_for("A", side, 4, "10"))
        except Denied:
            assert denied
        else:
            assert not denied


STALE = timedelta(minutes=5)


async def test_old_missing_and_bad_figures_deny() -> None:
    market = Market("acme")
    now = market.time.now()
    balance = Balance(account_id="acme-1", currency="USD", realized_pnl=Decimal(-60), unrealized_pnl=Decimal(-30))
    bad: list[Balance] = [
        evolve(balance, unrealized_pnl=Decimal(-40)),
        evolve(balance, unrealized_pnl=None),
        evolve(balance, currency="EUR"),
        evolve(balance, as_of=now - STALE),
        evolve(balance, as_of=now + STALE),
    ]
    async with limited(market, RiskLimits(max_daily_loss=Decimal(100))) as session:
        for each in bad:
            session.balances = answer(each)
            with pytest.raises(Denied):
                await session.place_order(market.account, ORDER)
        session.balances = answer(evolve(balance, as_of=now))
        await session.place_order(market.account, ORDER)
    async with limited(market, RiskLimits(max_position={"A": Decimal(99)})) as session:
        session.positions = answer(held(0, as_of=now - STALE))
        with pytest.raises(Denied, match="positions are of"):
            await session.place_order(market.account, ORDER)
        session.positions = answer()
        await session.place_order(market.account, ORDER)
        with pytest.raises(Denied, match="exceed 0"):
            await session.place_order(market.account, asked_for("B", "buy", 1, "10"))


async def test_only_a_limit_to_buy_caps_the_notional() -> None:
    market = Market("acme")
    quote = Quote(instrument=STOCK, broker_id="acme", timestamp=market.time.now(), bid=Decimal(50), ask=Decimal(51))
    async with limited(market, RiskLimits(max_notional=Decimal(100))) as session:
        await session.place_order(market.account, ORDER)
        session.quotes = answer(quote)
        with pytest.raises(Denied, match="357"):
            await session.place_order(market.account, asked_for("A", "sell", 7, "1"))
        session.quotes = answer(evolve(quote, bid=None, ask=None))
        with pytest.raises(Denied, match="no price"):
            await session.place_order(market.account, asked_for("A", "sell", 7, "1"))


async def test_without_a_journal_beneath_it_or_with_the_switch_engaged_all_but_cancels_are_denied() -> None:
    market, switch = Market("acme"), KillSwitch()
    async with market.session(journal(market.store), risk(RiskLimits())) as session:
        with pytest.raises(Denied, match="no journal"):
            await session.place_order(market.account, ORDER)
    async with limited(market, RiskLimits(), switch=switch) as session:
        await session.place_order(market.account, ORDER)
        (order,) = await session.open_orders(market.account)
        switch.engage()
        with pytest.raises(Denied, match="kill switch"):
            await session.place_order(market.account, ORDER)
        await session.cancel_order(market.account, order)
    assert market.server.orders["acme-1"].status == "canceled"


async def test_the_public_names_are_at_hand() -> None:
    for name in ("audit", "risk", "journal", "ask_before_retry", "reconcile", "SqliteJournal", "RiskLimits", "Session"):
        assert getattr(polybroker, name) is not None
