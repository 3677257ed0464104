"""Two simulated brokers behind one faulty wire, for schedules of faults; everything is driven by one random seed.

`acme` knows client order ids and is idempotent: a known id is answered with the first order, or refused. A replaced
order gets a new id. `plain` knows no client order ids and changes orders in place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx
from anyio.lowlevel import checkpoint
from attrs import define, field

from polybroker.broker import Broker
from polybroker.hookspecs import hookimpl
from polybroker.model.accounts import Account
from polybroker.model.broker_info import BrokerInfo, ClientOrderIds, Environment
from polybroker.model.instruments import Stock
from polybroker.model.login import Secrets
from polybroker.model.orders import (
    AccountExecution,
    Ack,
    Fill,
    Order,
    OrderEvent,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    single,
)
from polybroker.model.secret import Secret
from polybroker.net import Effect
from polybroker.net.transport import MaybeSent, NotSent
from polybroker.plugin_loading import broker_of
from polybroker.session import Session

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
DELAY = timedelta(seconds=5)
BROKERS = ("acme", "plain")
ACCOUNTS = {name: Account(broker_id=name, account_id=f"{name}-1", number="12345678") for name in BROKERS}
ENDED = ("filled", "canceled", "replaced", "rejected")


class Crash(BaseException):
    """The program is gone; nothing of it runs any more."""


@define
class SimulatedTime:
    """A clock that passes when somebody sleeps; `tick` is called then. The time of day may be wrong."""

    seconds: float = 0.0
    wrong_by: timedelta = timedelta(0)
    tick: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds) + self.wrong_by

    def true(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.tick()
        await checkpoint()

    @contextmanager
    def fail_after(self, seconds: float | None) -> Iterator[None]:
        yield


@define
class Held:
    """An order at a broker, with the wish that it came of, which the broker cannot see."""

    wish: int
    order_id: str
    client_id: str | None
    symbol: str
    side: str
    quantity: int
    price: str
    entered: datetime
    status: str = "working"
    fills: list[tuple[str, int]] = field(factory=list)
    replaced_by: str | None = None
    visible_from: float = 0.0

    @property
    def filled(self) -> int:
        return sum(quantity for _, quantity in self.fills)

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.order_id,
            "cid": self.client_id,
            "symbol": self.symbol,
            "side": self.side,
            "quantity": str(self.quantity),
            "price": self.price,
            "entered": self.entered.isoformat(),
            "status": self.status,
            "fills": [[name, str(quantity)] for name, quantity in self.fills],
            "replaced_by": self.replaced_by,
        }


@define(eq=False, slots=False)
class Server:
    """One broker's books."""

    name: str
    time: SimulatedTime
    random: Random
    tokens: set[str] = field(factory=lambda: {"token-0"})
    orders: dict[str, Held] = field(factory=dict)
    changes: list[dict[str, Any]] = field(factory=list)
    """What its stream has to say and has not said yet."""
    answers_known: bool = True
    """Whether a known client order id is answered with the first order, or refused."""

    @property
    def knows_ids(self) -> bool:
        return self.name == "acme"

    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any, wish: int) -> tuple[int, Any]:
        if path == ["token"]:
            token = f"token-{len(self.tokens)}{self.random.random()}"
            self.tokens = {token}
            return 200, {"token": token}
        if query.pop("token", None) not in self.tokens:
            return 401, {"error": "expired"}
        if method == "POST":
            return self.place(body, wish)
        if method == "PUT":
            return self.replace(path[1], body, wish)
        if method == "DELETE":
            return self.cancel(path[1])
        return 200, self.listed(path, query)

    def place(self, body: Any, wish: int) -> tuple[int, Any]:
        known = self.of_client(body["cid"])
        if known is not None:
            return (200, known.wire()) if self.answers_known else (422, {"error": "duplicate client order id"})
        if int(body["quantity"]) == 13:
            return 422, {"error": "insufficient funds"}
        return 200, self.enter(body, wish).wire()

    def enter(self, body: Any, wish: int) -> Held:
        held = Held(
            wish,
            f"{self.name}-{len(self.orders) + 1}",
            body["cid"] if self.knows_ids else None,
            body["symbol"],
            body["side"],
            int(body["quantity"]),
            body["price"],
            self.time.true(),
            visible_from=self.time.seconds + self.random.choice([0, 0, 1, 4.5]),
        )
        self.orders[held.order_id] = held
        self.changes.append(held.wire())
        return held

    def replace(self, order_id: str, body: Any, wish: int) -> tuple[int, Any]:
        held = self.orders[order_id]
        known = self.of_client(body["cid"])
        if known is not None:
            return 200, known.wire()
        if held.status in ENDED or int(body["quantity"]) <= held.filled:
            return 422, {"error": "too late to replace"}
        if self.knows_ids:
            new = self.enter(body, held.wish)
            held.status, held.replaced_by = "replaced", new.order_id
        else:
            new = held
            held.quantity, held.price = int(body["quantity"]), body["price"]
        self.changes.append(held.wire())
        return 200, new.wire()

    def cancel(self, order_id: str) -> tuple[int, Any]:
        held = self.orders[order_id]
        if held.status in ENDED:
            return 422, {"error": "too late to cancel"}
        held.status = "canceled"
        self.changes.append(held.wire())
        return 200, {"id": order_id, "cid": held.client_id, "status": "pending_cancel"}

    def listed(self, path: list[str], query: dict[str, str]) -> Any:
        seen = [held for held in self.orders.values() if held.visible_from <= self.time.seconds]
        if path[0] == "by-client-id":
            return {"found": next((held.wire() for held in seen if held.client_id == path[1]), None)}
        if path[0] == "fills":
            return [{"order": held.wire(), "id": name, "quantity": str(q)} for held in seen for name, q in held.fills]
        if "since" in query:
            return [held.wire() for held in seen if held.entered >= datetime.fromisoformat(query["since"])]
        return [held.wire() for held in seen if held.status not in ENDED]

    def of_client(self, client_id: str | None) -> Held | None:
        if client_id is None or not self.knows_ids:
            return None
        return next((held for held in self.orders.values() if held.client_id == client_id), None)

    def trade(self) -> None:
        """Something happens on the market: some order is filled, in part or whole."""
        alive = [held for held in self.orders.values() if held.status not in ENDED]
        if not alive:
            return
        held = self.random.choice(alive)
        quantity = self.random.randint(1, held.quantity - held.filled)
        held.fills.append((f"{held.order_id}/{len(held.fills)}", quantity))
        if held.filled == held.quantity:
            held.status = "filled"
        self.changes.append(held.wire())


wish = ContextVar("wish", default=0)
"""Which wish of the app the task is about; no broker sees it."""

FAULTS = (
    "not_sent",
    "request_lost",
    "reply_lost",
    "late_request",
    "duplicate_reply",
    "error_accepted",
    "error_not_accepted",
    "too_many",
    "malformed",
    "token_expired",
    "clock_jump",
    "crash_before",
    "crash_after",
)


@define(eq=False)
class Weather:
    """Which fault comes when; what the program is doing; and what has been counted."""

    random: Random
    time: SimulatedTime
    likelihood: float
    kinds: tuple[str, ...] = FAULTS
    crashed: bool = False
    points: int = 0
    crash_at: int = 0
    """The I/O point at which the program ends, counted from 1; 0: only by chance."""
    counted: Counter[str] = field(factory=Counter)
    late: list[tuple[float, Callable[[], object]]] = field(factory=list)
    dealt: Iterator[str | None] | None = None
    """Faults that are dealt out one by one in place of chance, and then fair weather."""

    def fault(self) -> str | None:
        """What goes wrong with the next exchange; raises where the program is gone."""
        self.point()
        if self.dealt is not None:
            return next(self.dealt, None)
        if self.random.random() >= self.likelihood:
            return None
        kind = self.random.choice(self.kinds)
        self.counted[kind] += 1
        return kind

    def point(self) -> None:
        """An I/O point: the program may end here."""
        self.points += 1
        if self.points == self.crash_at:
            self.counted["crash_at_point"] += 1
            self.crashed = True
        if self.crashed:
            raise Crash

    def crash(self) -> None:
        self.crashed = True
        raise Crash

    def deliver_late(self) -> None:
        due = [each for each in self.late if each[0] <= self.time.seconds]
        self.late = [each for each in self.late if each[0] > self.time.seconds]
        for _, deliver in due:
            deliver()


@define(eq=False)
class Wire:
    """What carries requests to one server, in that weather."""

    server: Server
    weather: Weather
    last_reply: httpx.Response | None = None

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        fault = self.weather.fault()
        self.weather.time.seconds += 0.05
        self.weather.deliver_late()
        await checkpoint()
        return self.carry(request, fault, timeout)

    def carry(self, request: httpx.Request, fault: str | None, timeout: float) -> httpx.Response:
        ask = self.asking(request)
        match fault:
            case "not_sent":
                raise NotSent("no connection")
            case "request_lost":
                self.weather.time.seconds += timeout
                raise MaybeSent("no answer")
            case "late_request":
                between_look_and_resend = timeout + DELAY.total_seconds() + self.weather.random.uniform(0.2, 0.25)
                later = self.weather.time.seconds + self.weather.random.choice([1, between_look_and_resend, 40, 400])
                self.weather.late.append((later, ask))
                self.weather.time.seconds += timeout
                self.weather.deliver_late()
                raise MaybeSent("no answer")
            case "error_not_accepted":
                return httpx.Response(self.weather.random.choice([500, 503]), text="oops", request=request)
            case "too_many":
                return httpx.Response(429, headers={"Retry-After": "1"}, request=request)
            case "token_expired":
                self.server.tokens = {f"expired {self.weather.random.random()}"}
            case "clock_jump":
                self.weather.time.wrong_by = timedelta(hours=self.weather.random.choice([-1, 0, 1]))
            case "crash_before":
                self.weather.crash()
        status, data = ask()
        match fault:
            case "reply_lost":
                self.weather.time.seconds += timeout
                raise MaybeSent("no answer")
            case "error_accepted":
                return httpx.Response(502, text="<html>bad gateway</html>", request=request)
            case "malformed":
                text = json.dumps(data)
                return httpx.Response(status, text=self.weather.random.choice(["<html>", text[: len(text) // 2]]))
            case "crash_after":
                self.weather.crash()
        reply = httpx.Response(status, json=data, request=request)
        if fault == "duplicate_reply" and self.last_reply is not None and request.method == "POST":
            return self.last_reply
        if request.method == "POST" and status == 200 and request.url.path == "/orders":
            self.last_reply = reply
        return reply

    def asking(self, request: httpx.Request) -> Callable[[], tuple[int, Any]]:
        body = json.loads(request.content) if request.content else None
        path, query, number = request.url.path.strip("/").split("/"), dict(request.url.params), wish.get()
        query["token"] = request.headers["authorization"]
        return lambda: self.server.answer(request.method, path, dict(query), body, number)

    async def aclose(self) -> None:
        pass


# the plugins


async def send(session: Session, method: str, path: str, effect: Effect, json: Any = None, **params: str) -> Any:
    response = await session.net.http.request(
        method,
        f"https://{session.broker_id}.test/{path}",
        endpoint=path.split("/")[0],
        effect=effect,
        json=json,
        params=params or None,
        headers={"Authorization": session.secrets.values["token"]},
    )
    return response.json()


def written(request: OrderRequest) -> dict[str, str | None]:
    return {
        "cid": request.client_order_id,
        "symbol": request.instrument.instrument_id,
        "side": request.side.value,
        "quantity": str(request.quantity),
        "price": str(request.limit_price),
    }


def asked_for(symbol: str, side: str, quantity: int, price: str, client_id: str | None = None) -> OrderRequest:
    return single(
        Stock(symbol),
        OrderSide(side),
        Decimal(quantity),
        order_type=OrderType.LIMIT,
        limit_price=Decimal(price),
        client_order_id=client_id,
    )


def read_order(broker_id: str, data: Any) -> Order:
    entered = datetime.fromisoformat(data["entered"])
    fills = tuple(
        Fill(execution_id=name, quantity=Decimal(quantity), price=Decimal(data["price"]), timestamp=entered)
        for name, quantity in data["fills"]
    )
    return Order(
        broker_id=broker_id,
        account_id=ACCOUNTS[broker_id].account_id,
        order_id=data["id"],
        client_order_id=data["cid"],
        request=asked_for(data["symbol"], data["side"], int(data["quantity"]), data["price"], data["cid"]),
        status=OrderStatus(data["status"]),
        filled_quantity=sum((fill.quantity for fill in fills), Decimal(0)),
        submitted_at=entered,
        fills=fills,
        replaced_by=data["replaced_by"],
    )


def read_event(broker_id: str, data: Any) -> OrderEvent:
    order = read_order(broker_id, data)
    return OrderEvent(
        account_id=order.account_id,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        status=order.status,
        filled_quantity=order.filled_quantity,
        fill=order.fills[-1] if order.fills else None,
        replaced_by=order.replaced_by,
    )


def read_ack(data: Any) -> Ack:
    return Ack(order_id=data["id"], client_order_id=data["cid"], status=OrderStatus(data["status"]))


@cache
def simulated_broker(name: str) -> Broker:
    ids = ClientOrderIds(charset="0123456789ABCDEF", max_length=20, idempotent=True) if name == "acme" else None

    async def nothing(session: Session) -> None: ...

    async def renew_session(session: Session) -> Secrets:
        data = await send(session, "POST", "token", Effect.AUTH)
        return Secrets(values={"token": Secret(data["token"])})

    async def accounts(session: Session) -> list[Account]:
        return [ACCOUNTS[name]]

    async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
        return read_ack(await send(session, "POST", "orders", Effect.ORDER, written(order)))

    async def replace_order(session: Session, account: Account, order: Order, request: OrderRequest) -> Ack:
        return read_ack(await send(session, "PUT", f"orders/{order.order_id}", Effect.ORDER, written(request)))

    async def cancel_order(session: Session, account: Account, order: Order) -> Ack:
        return read_ack(await send(session, "DELETE", f"orders/{order.order_id}", Effect.CANCEL))

    async def open_orders(session: Session, account: Account) -> list[Order]:
        return [read_order(name, data) for data in await send(session, "GET", "orders", Effect.READ)]

    async def orders(session: Session, account: Account, since: datetime, until: datetime | None) -> list[Order]:
        listed = await send(session, "GET", "orders", Effect.READ, since=since.isoformat())
        return [read_order(name, data) for data in listed]

    async def order_by_client_id(session: Session, account: Account, client_order_id: str) -> Order | None:
        data = await send(session, "GET", f"by-client-id/{client_order_id}", Effect.READ)
        return None if data["found"] is None else read_order(name, data["found"])

    async def executions(session: Session, account: Account, since: datetime) -> list[AccountExecution]:
        found = []
        for data in await send(session, "GET", "fills", Effect.READ):
            order = read_order(name, data["order"])
            found.append(
                AccountExecution(
                    broker_id=name,
                    account_id=account.account_id,
                    fill=next(fill for fill in order.fills if fill.execution_id == data["id"]),
                    instrument=order.request.instrument,
                    raw_symbol=data["order"]["symbol"],
                    side=order.request.side,
                    order_id=order.order_id,
                    client_order_id=order.client_order_id,
                )
            )
        return found

    hooks: dict[str, Any] = {
        "broker_info": lambda: BrokerInfo(
            name,
            name.title(),
            f"https://{name}.test",
            environments=(Environment(name="demo", endpoints={}, hosts=(f"{name}.test",)),),
            client_order_ids=ids,
            consistency_delay=DELAY,
        ),
        "open_session": nothing,
        "close_session": nothing,
        "renew_session": renew_session,
        "accounts": accounts,
        "check_order": lambda account, order: None,
        "place_order": place_order,
        "replace_order": replace_order,
        "cancel_order": cancel_order,
        "open_orders": open_orders,
        "orders": orders,
    }
    if name == "acme":
        hooks["order_by_client_id"] = order_by_client_id
        hooks["executions"] = executions
    return broker_of(SimpleNamespace(**{hook: hookimpl(function) for hook, function in hooks.items()}), name)
