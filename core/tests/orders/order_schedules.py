"""One schedule: a router with wishes, two brokers, a journal, and whatever can go wrong, all out of one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

import anyio
from attrs import define, evolve, field
from faulty_brokers import (
    ACCOUNTS,
    BROKERS,
    ENDED,
    FAULTS,
    START,
    Crash,
    Held,
    Server,
    SimulatedTime,
    Weather,
    Wire,
    asked_for,
    read_event,
    read_order,
    simulated_broker,
    wish,
)

from polybroker.errors import BrokerError, OutcomeUnknown
from polybroker.model.login import Secrets
from polybroker.model.orders import Ack, OrderRequest
from polybroker.model.secret import Secret
from polybroker.orders.calls import Operation, Policy, Reservation
from polybroker.orders.intents import Draft, Intent, IntentState, Journal, Step
from polybroker.orders.memory_journal import MemoryJournal
from polybroker.orders.reconcile import Reconciliation, reconcile
from polybroker.policies import RiskLimits, ask_before_retry, audit, journal, risk
from polybroker.session import Session

LIMITS = RiskLimits(max_open_orders=50)
LONG_AGO = START - timedelta(days=1)


@define(eq=False)
class WatchedJournal:
    """A journal whose every write is an I/O point, and that sees whether an intent ever goes back."""

    inner: MemoryJournal
    weather: Weather
    broken: list[str] = field(factory=list)

    async def record(self, draft: Draft, reservations: Sequence[Reservation] = ()) -> tuple[Intent, bool]:
        self.weather.point()
        recorded = await self.inner.record(draft, reservations)
        self.weather.point()
        return recorded

    async def resolve(self, intent_id: int, step: Step) -> Intent:
        self.weather.point()
        before = await self.inner.intent(intent_id)
        after = await self.inner.resolve(intent_id, step)
        if after.filled_quantity < before.filled_quantity:
            self.broken.append(f"intent {intent_id}: filled fell to {after.filled_quantity}")
        if before.state is IntentState.ENDED and after.state is not IntentState.ENDED:
            self.broken.append(f"intent {intent_id}: came back from its end")
        if before.state is IntentState.UNKNOWN and after.state in (IntentState.NOT_SENT, IntentState.REJECTED):
            self.broken.append(f"FREED: intent {intent_id} was unknown, and is {after.state} without proof")
        self.weather.point()
        return after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@define
class Wish:
    """One order that the app wants, once."""

    number: int
    broker: str
    request: OrderRequest
    answer: Ack | None = None


@define(eq=False)
class Schedule:
    """The world of one seed. What `broken` lists at the end must not be."""

    seed: int
    random: Random = field(init=False)
    time: SimulatedTime = field(factory=SimulatedTime)
    weather: Weather = field(init=False)
    servers: dict[str, Server] = field(factory=dict)
    tokens: dict[str, str] = field(factory=dict)
    store: Any = field(init=False)
    policies: Sequence[Policy] = ()
    wishes: list[Wish] = field(factory=list)
    broken: list[str] = field(factory=list)
    counted: Counter[str] = field(factory=Counter)

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)
        likelihood = self.random.choice([0.05, 0.2, 0.5])
        kinds = tuple(self.random.sample(FAULTS, self.random.randint(1, len(FAULTS))))
        self.weather = Weather(self.random, self.time, likelihood, kinds, counted=self.counted)
        self.time.tick = self.weather.deliver_late
        for name in BROKERS:
            self.servers[name] = Server(name, self.time, self.random, answers_known=self.random.random() < 0.5)
            self.tokens[name] = "token-0"
        self.store = WatchedJournal(MemoryJournal(installation=f"seed {self.seed}"), self.weather, self.broken)
        self.policies = policies(self.store)

    # the program, as often as it is started

    async def run(self, actions: Sequence[str]) -> None:
        todo = list(actions)
        while True:
            try:
                async with self.connected() as sessions:
                    await self.reconciled(sessions)
                    while todo:
                        await self.act(todo.pop(0), sessions)
                    break
            except Crash:
                self.weather.crashed = False
                self.counted["restarts"] += 1
            except BrokerError:  # the start failed; try again later
                self.time.seconds += 1
        await self.end()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[dict[str, Session]]:
        async with self.session("acme") as acme, self.session("plain") as plain:
            yield {"acme": acme, "plain": plain}

    @asynccontextmanager
    async def session(self, name: str) -> AsyncIterator[Session]:
        async def save(secrets: Secrets) -> None:
            self.tokens[name] = secrets.values["token"].reveal()

        wire = Wire(self.servers[name], self.weather)
        secrets = Secrets(values={"token": Secret(self.tokens[name])})
        async with simulated_broker(name).connect(
            secrets=secrets, policies=self.policies, clock=self.time, transport=wire, save_secrets=save
        ) as session:
            yield session

    async def act(self, action: str, sessions: dict[str, Session]) -> None:
        try:
            await getattr(self, action)(sessions)
        except BrokerError as error:
            self.counted[type(error).__name__] += 1
        except BaseExceptionGroup as group:
            if group.subgroup(Crash):
                raise Crash from group
            raise

    async def place(self, sessions: dict[str, Session]) -> None:
        await self.sent(sessions, self.new_wish())

    async def place_two_at_once(self, sessions: dict[str, Session]) -> None:
        first = self.new_wish()
        second = self.new_wish(like=first if self.random.random() < 0.5 else None)
        async with anyio.create_task_group() as tasks:
            for each in (first, second):
                tasks.start_soon(self.sent_quietly, sessions, each)

    async def sent_quietly(self, sessions: dict[str, Session], each: Wish) -> None:
        try:
            await self.sent(sessions, each)
        except BrokerError as error:
            self.counted[type(error).__name__] += 1

    async def ask_again(self, sessions: dict[str, Session]) -> None:
        """The app repeats a question with its own client order id, whatever became of the first."""
        mine = [each for each in self.wishes if each.request.client_order_id]
        if mine:
            await self.sent(sessions, self.random.choice(mine))

    async def cancel(self, sessions: dict[str, Session]) -> None:
        chosen = self.known_order()
        if chosen is not None:
            name, held = chosen
            wish.set(held.wish)
            await sessions[name].cancel_order(ACCOUNTS[name], read_order(name, held.wire()))

    async def replace(self, sessions: dict[str, Session]) -> None:
        chosen = self.known_order()
        if chosen is not None:
            name, held = chosen
            wish.set(held.wish)
            request = asked_for(
                held.symbol, held.side, held.quantity + self.random.choice([1, 4]), "11", held.client_id
            )
            await sessions[name].replace_order(ACCOUNTS[name], read_order(name, held.wire()), request)

    async def trade(self, sessions: dict[str, Session]) -> None:
        self.servers[self.random.choice(BROKERS)].trade()

    async def listen(self, sessions: dict[str, Session]) -> None:
        """The stream brings what has happened: late, twice, in another order, or not at all."""
        for name, server in self.servers.items():
            batch, server.changes = server.changes, []
            luck = self.random.random()
            if luck < 0.2:
                self.counted["stream_gap"] += 1
                continue
            if luck < 0.4:
                self.counted["events_reordered"] += 1
                self.random.shuffle(batch)
            if luck < 0.6:
                self.counted["events_replayed"] += 1
                batch = [*batch, *self.random.sample(batch, len(batch) // 2)]
            for data in batch:
                await self.policies[2].observe(sessions[name], read_event(name, data))  # type: ignore[attr-defined]

    async def wait(self, sessions: dict[str, Session]) -> None:
        await self.time.sleep(self.random.choice([0.5, 6, 200]))

    async def reconciled(self, sessions: dict[str, Session]) -> None:
        for session in sessions.values():
            await reconcile(session, self.store)

    def new_wish(self, like: Wish | None = None) -> Wish:
        number = len(self.wishes) + 1
        own = f"{number:04X}" if self.random.random() < 0.5 else None
        if like is not None:
            made = Wish(number, like.broker, evolve(like.request, client_order_id=own))
        else:
            terms = (self.random.choice("AB"), self.random.choice(["buy", "sell"]))
            quantity = self.random.choice([5, 7, 7, 7, 13, 20])
            made = Wish(number, self.random.choice(BROKERS), asked_for(*terms, quantity, "10", own))
        self.wishes.append(made)
        return made

    async def sent(self, sessions: dict[str, Session], each: Wish) -> None:
        wish.set(each.number)
        try:
            each.answer = await sessions[each.broker].place_order(ACCOUNTS[each.broker], each.request)
        except OutcomeUnknown:
            raise
        except BrokerError as error:
            if any(order.wish == each.number for order in self.servers[each.broker].orders.values()):
                self.broken.append(f"LOST: the app is told {error!r} of wish {each.number}, and there is an order")
            raise
        self.counted["answered"] += 1

    def known_order(self) -> tuple[str, Held] | None:
        """An order that the app knows of and that the broker may know."""
        answered = [(each.broker, each.answer.order_id) for each in self.wishes if each.answer]
        if not answered:
            return None
        name, order_id = self.random.choice(answered)
        return name, self.servers[name].orders[order_id]

    # the end

    async def end(self) -> None:
        """The weather clears; after a last look everything has to be proved or visible."""
        self.weather.likelihood, self.weather.crash_at = 0, 0
        self.time.wrong_by = timedelta(0)
        await self.time.sleep(500)  # late requests arrive
        await self.time.sleep(100)  # and are in the lists
        async with self.connected() as sessions:
            for name, session in sessions.items():
                first = await reconcile(session, self.store)
                before = list(await self.store.history())
                second = await reconcile(session, self.store)
                changed = [each for each in await self.store.history() if each not in before]
                if changed or second.unknown != first.unknown:
                    self.broken.append(f"reconciling a second time changed something: {changed}")
                if first.failures:
                    self.broken.append(f"reads failed in fair weather: {first.failures}")
                await self.judge(name, second)

    async def judge(self, name: str, last: Reconciliation) -> None:
        intents = [each for each in await self.store.history() if each.broker_id == name]
        held = self.servers[name].orders.values()
        self.judge_doubles(name)
        owners = {each.owned_order: each for each in intents if each.owned_order is not None}
        for order in held:
            owner = owners.get(order.order_id)
            if owner is None:
                self.judge_stray(name, order, intents, last)
            else:
                self.judge_owned(order, owner, intents)
        for each in intents:
            self.judge_intent(each, intents, last)
        for each in self.wishes:
            self.judge_answer(name, each)

    def judge_doubles(self, name: str) -> None:
        orders = self.servers[name].orders.values()
        later = {order.replaced_by for order in orders}
        for number, count in Counter(order.wish for order in orders if order.order_id not in later).items():
            if count > 1:
                self.broken.append(f"DOUBLED: {name} has {count} orders for wish {number}")

    def judge_stray(self, name: str, order: Held, intents: list[Intent], last: Reconciliation) -> None:
        """An order that no intent owns is visible, and so is the intent that it may have come of."""
        unknown = [each for each in intents if each.state is IntentState.UNKNOWN and each.request]
        alike = [each for each in unknown if each.request and each.request.instrument.instrument_id == order.symbol]
        strays = [each for each in self.servers[name].orders.values() if each.order_id == order.order_id]
        if name == "acme" or len(alike) < len(strays):
            self.broken.append(f"LOST: order {order.order_id} of wish {order.wish} belongs to no intent")
        elif order.status not in ENDED and order.order_id not in {each.order_id for each in last.strangers}:
            self.broken.append(f"LOST: order {order.order_id} is open, and no stranger")

    def judge_owned(self, order: Held, owner: Intent, intents: list[Intent]) -> None:
        ended = order.status in ENDED
        about = [each for each in intents if each.order_id == order.order_id and each.operation is not Operation.CANCEL]
        if (owner.state is IntentState.ENDED) != ended or any(each.state.unproved for each in about):
            latest = [each for each in about if each.state is not IntentState.ENDED]
            if ended or not latest:
                self.broken.append(f"order {order.order_id} is {order.status}, and its intent {owner.state}")
        filled = max(each.filled_quantity for each in about)
        if filled != order.filled:
            self.broken.append(f"order {order.order_id} has {order.filled} filled, its intent {filled}")

    def judge_intent(self, intent: Intent, intents: list[Intent], last: Reconciliation) -> None:
        if intent.state is IntentState.RECORDED:
            self.broken.append(f"intent {intent.id} is still recorded only")
        if intent.state is IntentState.UNKNOWN:
            self.counted["unknown_at_the_end"] += 1
            if intent not in last.unknown:
                self.broken.append(f"INVISIBLE: intent {intent.id} is unknown and not shown")
        if intent.operation is Operation.PLACE and intent.state in (IntentState.NOT_SENT, IntentState.REJECTED):
            twin = self.servers[intent.broker_id].of_client(intent.client_order_id)
            if twin is not None:
                self.broken.append(f"LOST: intent {intent.id} is {intent.state}, and there is order {twin.order_id}")

    def judge_answer(self, name: str, each: Wish) -> None:
        if each.broker != name or each.answer is None:
            return
        order = self.servers[name].orders.get(each.answer.order_id)
        if (
            order is None
            or (name == "acme" and order.wish != each.number)
            or order.symbol != each.request.instrument.contract
        ):
            self.broken.append(f"wish {each.number} was answered with another order: {each.answer}")


def policies(store: Journal) -> list[Policy]:
    async def sink(record: object) -> None: ...

    return [audit(sink, by="router"), risk(LIMITS), journal(store), ask_before_retry()]


ACTIONS = ("place", "place", "place", "place_two_at_once", "ask_again", "cancel", "replace", "trade", "listen", "wait")


def actions_of(seed: int) -> list[str]:
    random = Random(~seed)
    return ["place", *random.choices([*ACTIONS, "reconciled"], k=random.randint(2, 7))]
