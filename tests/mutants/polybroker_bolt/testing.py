"""Bolt's simulator: a stateful broker within the process, and the truth of what it received."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from attrs import define, evolve, field

import polybroker_bolt
from polybroker.auth.attempts import code_challenge
from polybroker.errors import ErrorCode
from polybroker.model.broker_info import Environment
from polybroker.model.instruments import Instrument, Stock
from polybroker.model.login import Secrets
from polybroker.model.orders import Order, OrderRequest
from polybroker.model.secret import Secret
from polybroker.net import Clock, SystemClock
from polybroker.orders.calls import Operation
from polybroker.testing.simulator.app import App, Reply, Request
from polybroker.testing.simulator.carriers import on_loopback
from polybroker.testing.simulator.port import Received
from polybroker.testing.testkit import Testkit
from polybroker_bolt import CODES, TICKERS, order_of

PAGE = 2
MARKET = {"AAPL": Decimal("200.5"), "F": Decimal("11.25"), "SPY": Decimal("600.75")}
LIVING = ("working", "partially_filled")
WORDS = {code: word for word, code in CODES.items()}


class Refusal(Exception):
    def __init__(self, status: int, error: str, **headers: str) -> None:
        self.status, self.error, self.headers = status, error, headers


@define(eq=False)
class BoltSimulator:
    clock: Any = None
    book: dict[str, dict[str, Any]] = field(factory=dict)
    log: list[Received] = field(factory=list)
    events: list[dict[str, Any]] = field(factory=list)
    tokens: dict[str, datetime] = field(factory=dict)
    refreshes: set[str] = field(factory=set)
    codes: dict[str, str] = field(factory=dict)
    revoked: set[str] = field(factory=set)
    next_refusal: ErrorCode | None = None
    _numbers: Any = field(factory=lambda: itertools.count(1))

    environment: Environment = polybroker_bolt.broker_info().environments[0]
    config: Mapping[str, str] = {}
    account_ids: Sequence[str] = ("A-1", "A-2", "A-3")
    instruments: Sequence[Instrument] = tuple(map(Stock, TICKERS))
    provokes: frozenset[ErrorCode] = frozenset(
        {*WORDS, ErrorCode.RATE_LIMITED, ErrorCode.AUTH_EXPIRED, ErrorCode.AUTH_REVOKED, ErrorCode.BROKER_UNAVAILABLE}
    )

    # the port

    def exchange(self, clock: Clock) -> BoltSimulator.Wire:
        self.clock = clock
        return BoltSimulator.Wire(self)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Environment]:
        self.clock = SystemClock()
        async with on_loopback(Door(self)) as address:
            yield Environment(name="loopback", endpoints={"rest": f"http://{address}"}, hosts=("127.0.0.1",))

    def secrets(self) -> Secrets:
        body = self.grant()
        values = {"access_token": Secret(body["access"]), "refresh_token": Secret(body["refresh"])}
        expires = self.clock.now() + timedelta(minutes=30)
        return Secrets(
            values=values, access_expires_at=expires, login_again_by=datetime.fromisoformat(body["login_again_by"])
        )

    def approve(self, url: str) -> str:
        query = dict(parse_qsl(urlsplit(url).query))
        code = f"code/{next(self._numbers)}+secret"
        self.codes[code] = query["code_challenge"]
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def received(self) -> Sequence[Received]:
        return tuple(self.log)

    def orders(self) -> Sequence[Order]:
        return [order_of(item) for item in self.book.values()]

    def fill(self, order_id: str, quantity: Decimal | None = None, price: Decimal | None = None) -> None:
        item = self.book[order_id]
        left = Decimal(item["quantity"]) - Decimal(item["filled"])
        quantity = min(quantity or left, left)
        price = price or Decimal(item["limit"] or MARKET[item["symbol"]])
        fill = {
            "execution": f"X{next(self._numbers)}",
            "quantity": str(quantity),
            "price": str(price),
            "at": self.clock.now().isoformat(),
        }
        item["fills"].append(fill)
        item["filled"] = str(Decimal(item["filled"]) + quantity)
        self.change(item, "filled" if quantity == left else "partially_filled", fill)

    def expire_tokens(self) -> None:
        self.tokens = {token: datetime.min.replace(tzinfo=UTC) for token in self.tokens}

    def revoke_login(self) -> None:
        self.revoked |= self.tokens.keys()
        self.refreshes.clear()

    def drop_streams(self) -> None:
        """Events are polled here; who asks loses its place, and what was not asked for is gone."""
        self.epoch += 1
        self.events.clear()

    epoch: int = 0

    def provoke(self, code: ErrorCode) -> None:
        self.next_refusal = code

    # the broker

    def grant(self) -> dict[str, Any]:
        number = next(self._numbers)
        access, refresh = f"{number}/access+k3yQ9zLm4", f"{number}/refresh+p7Wx2vRt6"
        self.tokens[access] = self.clock.now() + timedelta(minutes=30)
        self.refreshes.add(refresh)
        again = (self.clock.now() + timedelta(days=7)).isoformat()
        return {"access": access, "refresh": refresh, "expires_in": 1800, "login_again_by": again}

    def change(self, item: dict[str, Any], status: str, fill: Any = None, reason: str | None = None) -> None:
        item.update(status=status, updated=self.clock.now().isoformat(), reason=reason)
        self.events.append({**item, "fill": fill, "fills": ()})

    def answer(self, request: httpx.Request) -> Any:
        path = request.url.path.strip("/").split("/")
        params = dict(request.url.params)
        form = dict(parse_qsl(request.content.decode())) if path == ["token"] else {}
        if path == ["token"]:
            return self.token(form)
        self.authorize(request.headers.get("X-Api-Key", ""))
        body = json.loads(request.content) if request.content else {}
        match request.method, *path:
            case "GET", "me":
                return {"name": "Ada"}
            case "POST", "goodbye":
                return {}
            case "POST", "revoke":
                self.revoke_login()
                return {}
            case "GET", "accounts":
                return page([{"id": each, "number": f"1234{each}"} for each in self.account_ids], params)
            case "GET", "accounts", account, "balance":
                return self.balance(account)
            case "GET", "accounts", account, "positions":
                return page(self.positions(account), params)
            case "GET", "accounts", account, "executions":
                return page(self.executions(account, datetime.fromisoformat(params["since"])), params)
            case "GET", "orders":
                return page(self.found(params), params)
            case "POST", "orders":
                return self.place(body)
            case "PUT", "orders", order:
                return self.replace(order, body)
            case "DELETE", "orders", order:
                return self.cancel(order)
            case "POST", "cancel_all":
                living = [item["order"] for item in self.living() if item["account"] == body["account"]]
                return {"items": [self.cancel(order) for order in living]}
            case "POST", "preview":
                return {"accepted": True, "commission": "-1.00"}
            case "GET", "events":
                return self.told(params["after"])
            case "GET", "quotes":
                return page([self.quote(symbol) for symbol in params["symbols"].split(",")], params)
            case "GET", "search":
                return page([{"symbol": each} for each in TICKERS if params["text"].upper() in each], params)
            case "GET", "bars":
                return page(self.bars(params), params)
        raise Refusal(404, "nothing there")

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("grant") == "refresh":
            if form["refresh_token"] not in self.refreshes:
                raise Refusal(401, "revoked")
            self.refreshes.discard(form["refresh_token"])
            self.expire_tokens()
            return self.grant()
        challenge = self.codes.pop(form.get("code", ""), None)
        if challenge is None or code_challenge(Secret(form["code_verifier"])) != challenge:
            raise Refusal(401, "revoked")
        return self.grant()

    def authorize(self, token: str) -> None:
        if token in self.revoked or token not in self.tokens:
            raise Refusal(401, "revoked")
        if self.tokens[token] <= self.clock.now():
            raise Refusal(401, "expired")

    def balance(self, account: str) -> dict[str, Any]:
        cash, held = Decimal("100000.00"), Decimal(0)
        for item in self.book.values():
            for fill in item["fills"] if item["account"] == account else ():
                sign = 1 if item["side"] in ("buy", "buy_to_cover") else -1
                cash -= sign * Decimal(fill["quantity"]) * Decimal(fill["price"])
                held += sign * Decimal(fill["quantity"]) * MARKET[item["symbol"]]
        return {"cash": str(cash), "net": str(cash + held)}

    def positions(self, account: str) -> list[dict[str, Any]]:
        held: dict[str, Decimal] = {}
        for item in self.book.values():
            if item["account"] == account:
                sign = 1 if item["side"] in ("buy", "buy_to_cover") else -1
                held[item["symbol"]] = held.get(item["symbol"], Decimal(0)) + sign * Decimal(item["filled"])
        return [
            {"symbol": symbol, "quantity": str(quantity), "average": str(MARKET[symbol])}
            for symbol, quantity in held.items()
            if quantity
        ]

    def executions(self, account: str, since: datetime) -> list[dict[str, Any]]:
        found = [
            {
                **fill,
                "symbol": item["symbol"],
                "side": item["side"],
                "order": item["order"],
                "client_id": item["client_id"],
            }
            for item in self.book.values()
            for fill in item["fills"]
            if item["account"] == account and datetime.fromisoformat(fill["at"]) >= since
        ]
        return sorted(found, key=lambda item: (item["at"], int(item["execution"][1:])))

    def living(self) -> list[dict[str, Any]]:
        return [item for item in self.book.values() if item["status"] in LIVING]

    def found(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        found = [item for item in self.book.values() if item["account"] == params["account"]]
        if "open" in params:
            found = [item for item in found if item["status"] in LIVING]
        if "client_id" in params:
            found = [item for item in found if item["client_id"] == params["client_id"]]
        for name, keep in (("since", lambda at, edge: at >= edge), ("until", lambda at, edge: at < edge)):
            if name in params:
                edge = datetime.fromisoformat(params[name])
                found = [item for item in found if keep(datetime.fromisoformat(item["submitted"]), edge)]
        return found

    def request(self, body: Mapping[str, Any]) -> OrderRequest:
        item = {**body, "order": "", "filled": "0", "fills": (), "reason": None, "replaced_by": None}
        now = self.clock.now().isoformat()
        return order_of({**item, "status": "working", "submitted": now, "updated": now}).request

    def refuse_if_asked(self) -> None:
        code, self.next_refusal = self.next_refusal, None
        if code is None:
            return
        if code is ErrorCode.RATE_LIMITED:
            raise Refusal(429, "slow down", **{"Retry-After": "3"})
        if code is ErrorCode.BROKER_UNAVAILABLE:
            raise Refusal(503, "maintenance")
        if code in (ErrorCode.AUTH_EXPIRED, ErrorCode.AUTH_REVOKED):
            raise Refusal(401, "expired" if code is ErrorCode.AUTH_EXPIRED else "revoked")
        raise Refusal(400, WORDS[code])

    def place(self, body: dict[str, Any]) -> dict[str, Any]:
        body = {**body, "client_id": (body["client_id"] or "").upper()}
        request = self.request(body)
        entry = Received(
            operation=Operation.PLACE,
            account_id=body["account"],
            order_id=None,
            client_order_id=body["client_id"],
            request=request,
            accepted=False,
        )
        try:
            if len(body["client_id"]) > 16:
                raise Refusal(400, "invalid")
            self.refuse_if_asked()
        except Refusal:
            self.log.append(entry)
            raise
        for item in self.book.values():
            if item["client_id"] == body["client_id"]:  # a known id is answered with the order that it made
                self.log.append(entry)
                return item
        item = self.enter(body)
        self.log.append(evolve(entry, order_id=item["order"], accepted=True))
        return item

    def enter(self, body: dict[str, Any]) -> dict[str, Any]:
        now = self.clock.now().isoformat()
        order = f"O{next(self._numbers)}"
        item = {**body, "order": order, "filled": "0", "fills": [], "replaced_by": None, "submitted": now}
        self.book[order] = item
        self.change(item, "working")
        return item

    def replace(self, order: str, body: dict[str, Any]) -> dict[str, Any]:
        item = self.book.get(order)
        living = item is not None and item["status"] in LIVING
        self.log.append(
            Received(
                operation=Operation.REPLACE,
                account_id=body["account"],
                order_id=order,
                client_order_id=body["client_id"],
                request=self.request(body),
                accepted=living,
            )
        )
        if item is None or not living:
            raise Refusal(400, "invalid")
        new = self.enter(body)
        item["replaced_by"] = new["order"]
        self.change(item, "replaced")
        return new

    def cancel(self, order: str) -> dict[str, Any]:
        item = self.book.get(order)
        living = item is not None and item["status"] in LIVING
        account = item["account"] if item else ""
        self.log.append(Received(operation=Operation.CANCEL, account_id=account, order_id=order, accepted=living))
        if item is None or not living:
            raise Refusal(400, "invalid")
        self.change(item, "canceled")
        return item

    def told(self, after: str) -> dict[str, Any]:
        epoch, _, place = after.partition(":")
        last = f"{self.epoch}:{len(self.events)}"
        if after == "end" or int(epoch) != self.epoch:
            return {"items": [], "last": last, "gone": after != "end"}
        return {"items": self.events[int(place) :], "last": last, "gone": False}

    def quote(self, symbol: str) -> dict[str, Any]:
        if symbol not in MARKET:
            raise Refusal(400, "symbol")
        price = MARKET[symbol]
        texts = {"bid": str(price - Decimal("0.01")), "ask": str(price + Decimal("0.01")), "last": str(price)}
        return {"symbol": symbol, "at": self.clock.now().isoformat(), **texts}

    def bars(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        at = datetime.fromisoformat(params["since"]).replace(second=0, microsecond=0)
        until, price, found = datetime.fromisoformat(params["until"]), str(MARKET[params["symbol"]]), []
        while at < until:
            if at >= datetime.fromisoformat(params["since"]):
                edges = {"high": str(Decimal(price) + 1), "low": str(Decimal(price) - 1)}
                found.append({"at": at.isoformat(), "open": price, "close": price, **edges})
            at += timedelta(minutes=1)
        return found

    @define
    class Wire:
        simulator: Any

        async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
            await self.simulator.clock.sleep(0)
            try:
                body = self.simulator.answer(request)
            except Refusal as refusal:
                body = {"error": refusal.error, "message": f"sorry: {refusal.error}"}
                return httpx.Response(refusal.status, json=body, headers=refusal.headers, request=request)
            return httpx.Response(200, json=body, request=request)

        async def aclose(self) -> None:
            pass


@define
class Door(App):
    """Bolt behind real sockets."""

    simulator: BoltSimulator

    async def handle(self, request: Request) -> Reply:
        url = httpx.URL("http://bolt.test", path=request.path, params=dict(request.query))
        asked = httpx.Request(request.method, url, headers=request.headers, content=request.body)
        answer = await BoltSimulator.Wire(self.simulator).exchange(asked, 1.0)
        return Reply(answer.status_code, answer.content, {"content-type": "application/json"})


def page(items: Sequence[Any], params: Mapping[str, str]) -> dict[str, Any]:
    offset = int(params.get("offset", 0))
    return {"items": list(items[offset : offset + PAGE]), "more": offset + PAGE < len(items)}


def testkit() -> Testkit:
    return Testkit(simulator=BoltSimulator)
