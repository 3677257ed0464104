"""The simulated API: the broker's paths, its JSON, and its stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from attrs import define, field

from polybroker.errors import ErrorCode
from polybroker.model.orders import Fill, Order, OrderRequest, OrderSide, OrderStatus, OrderType, TimeInForce, single
from polybroker.orders.calls import Operation
from polybroker.testing.simulator import App, Peer, Received, Reply, Request, json_reply
from polybroker_template.symbols import to_broker_symbol
from polybroker_template.testing.books import ACCOUNTS, Books, Change, Market, Refused, known_instrument
from polybroker_template.testing.login import LoginServer

PAGE: Final = 2
"""So many items on a page: a plugin that reads the first page only is found out."""
TOKEN_ENDED: Final = 4401
# Written down once more, and not taken from `wire`: a mistake there must not be made here too.
SIDES: Final = {
    "BUY": OrderSide.BUY,
    "SELL": OrderSide.SELL,
    "SHORT": OrderSide.SELL_SHORT,
    "COVER": OrderSide.BUY_TO_COVER,
}
TYPES: Final = {"MKT": OrderType.MARKET, "LMT": OrderType.LIMIT, "STP": OrderType.STOP, "STP_LMT": OrderType.STOP_LIMIT}
LIFETIMES: Final = {"DAY": TimeInForce.DAY, "GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
STATUSES: Final = {
    OrderStatus.WORKING: "OPEN",
    OrderStatus.PARTIALLY_FILLED: "PARTIAL",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELED: "CANCELED",
}
REFUSALS: Final = {
    ErrorCode.INSUFFICIENT_FUNDS: (422, "no_money"),
    ErrorCode.INVALID_ORDER: (422, "bad_order"),
    ErrorCode.MARKET_CLOSED: (422, "closed"),
    ErrorCode.SYMBOL_NOT_FOUND: (422, "unknown_symbol"),
    ErrorCode.ACCOUNT_RESTRICTED: (403, "restricted"),
    ErrorCode.AUTH_EXPIRED: (401, "token_expired"),
    ErrorCode.AUTH_REVOKED: (401, "token_revoked"),
    ErrorCode.RATE_LIMITED: (429, "slow_down"),
    ErrorCode.BROKER_UNAVAILABLE: (503, "maintenance"),
}
Answer = Callable[[Request], Any]


@define(eq=False)
class Server:
    """Paths to books. `refuse_next` is what the next order is refused for, whatever it is."""

    books: Books
    login: LoginServer
    received: list[Received] = field(factory=list)
    refuse_next: ErrorCode | None = None
    _peers: dict[Peer, dict[str, Any]] = field(factory=dict)
    """With the subscription of each."""

    def app(self) -> App:
        """The app that serves it all."""
        app = App()
        self.login.add_to(app)
        self.books.tell = self._tell
        reads: dict[str, Answer] = {
            "/accounts": self._accounts,
            "/accounts/{account}/balances": self._balances,
            "/accounts/{account}/positions": self._positions,
            "/accounts/{account}/executions": self._executions,
            "/accounts/{account}/orders": self._orders,
            "/quotes": self._quotes,
        }
        for pattern, answer in reads.items():
            app.route("GET", pattern, self._guarded(answer))
        app.route("POST", "/accounts/{account}/orders", self._guarded(self._place))
        app.route("PUT", "/accounts/{account}/orders/{order}", self._guarded(self._replace))
        app.route("DELETE", "/accounts/{account}/orders/{order}", self._guarded(self._cancel))
        app.socket("/stream", self)
        return app

    def _guarded(self, answer: Answer) -> Any:
        async def handler(request: Request) -> Reply:
            if fault := self.login.fault(request.bearer):
                return _refusal(401, fault, "the token is not accepted")
            if request.captured.get("account", ACCOUNTS[0]) not in ACCOUNTS:
                return _refusal(403, "restricted", "not an account of this login")
            try:
                reply = answer(request)
            except Refused as refused:
                return _refusal(422, refused.code, str(refused))
            return reply if isinstance(reply, Reply) else json_reply(reply)

        return handler

    # reads

    def _accounts(self, request: Request) -> Any:
        common = {"type": "margin", "currency": "USD"}
        items = [{"id": each, "number": f"99{each[2:]}", "default": each == ACCOUNTS[0], **common} for each in ACCOUNTS]
        return {"items": items}

    def _balances(self, request: Request) -> Any:
        account = request.captured["account"]
        holdings = self.books.holdings[account]
        stocks = [
            held.quantity * self.books.markets[to_broker_symbol(each)].bid
            for each, held in holdings.positions.items()
            if each.asset_class == "stock"
        ]
        money = {
            "currency": "USD",
            "cash": _text(holdings.cash),
            "buying_power": _text(self.books.buying_power(account)),
            "equity": _text(holdings.cash + sum(stocks, Decimal(0))),
            "time": _time(self.books.clock.now()),
        }
        return {"items": [money]}

    def _positions(self, request: Request) -> Any:
        positions = self.books.holdings[request.captured["account"]].positions
        return _page(
            request,
            [
                {
                    "symbol": to_broker_symbol(instrument),
                    "quantity": _text(held.quantity),
                    "average_price": _text(held.average_price),
                }
                for instrument, held in positions.items()
            ],
        )

    def _executions(self, request: Request) -> Any:
        since = datetime.fromisoformat(request.query["since"])
        done = [
            (fill, order)
            for order in self.books.of(request.captured["account"]).values()
            for fill in order.fills
            if fill.timestamp >= since
        ]
        done.sort(key=lambda pair: (pair[0].timestamp, pair[0].execution_id))
        return _page(
            request,
            [
                {
                    **_fill(fill),
                    "order_id": order.order_id,
                    "client_order_id": order.client_order_id,
                    "symbol": to_broker_symbol(order.request.instrument),
                    "side": _name(SIDES, order.request.side),
                }
                for fill, order in done
            ],
        )

    def _orders(self, request: Request) -> Any:
        account, query = request.captured["account"], request.query
        found = list(self.books.of(account).values())
        if "client_order_id" in query:
            order_id = self.books.client_ids.get((account, query["client_order_id"]))
            found = [order for order in found if order.order_id == order_id]
        if query.get("state") == "open":
            found = [order for order in found if not order.status.terminal]
        for name, keep in (("since", datetime.__ge__), ("until", datetime.__lt__)):
            if name in query:
                bound = datetime.fromisoformat(query[name])
                found = [order for order in found if order.submitted_at and keep(order.submitted_at, bound)]
        return _page(request, [_order(order) for order in found])

    def _quotes(self, request: Request) -> Any:
        symbols = [symbol for symbol in request.query["symbols"].split(",") if symbol in self.books.markets]
        return {"items": [self._quote(self.books.markets[symbol]) for symbol in symbols]}

    def _quote(self, market: Market) -> dict[str, Any]:
        return {
            "symbol": to_broker_symbol(market.instrument),
            "bid": _text(market.bid),
            "ask": _text(market.ask),
            "bid_size": "5",
            "ask_size": "7",
            "volume": _text(market.volume),
            "time": _time(self.books.clock.now()),
        }

    # orders

    def _place(self, request: Request) -> Any:
        return self._change(request, Operation.PLACE, lambda account, _, asked: self.books.place(account, asked))

    def _replace(self, request: Request) -> Any:
        return self._change(request, Operation.REPLACE, self.books.replace)

    def _cancel(self, request: Request) -> Any:
        return self._change(
            request, Operation.CANCEL, lambda account, order_id, _: self.books.cancel(account, order_id)
        )

    def _change(self, request: Request, operation: Operation, change: Callable[..., Order]) -> Any:
        """Carry an order request out, or refuse it; either way it is noted as received."""
        account, order_id = request.captured["account"], request.captured.get("order", "")
        try:
            asked = None if operation is Operation.CANCEL else read_order(request.json)
        except (KeyError, ValueError, TypeError) as error:
            return _refusal(422, "bad_order", f"cannot be read: {error}")
        refusal, self.refuse_next = self.refuse_next, None
        order: Order | None = None
        try:
            if refusal is not None:
                return _provoked(refusal)
            order = change(account, order_id, asked)
            return _order(order)
        finally:
            self.received.append(
                Received(
                    operation=operation,
                    account_id=account,
                    order_id=order.order_id if order else order_id or None,
                    client_order_id=asked.client_order_id if asked else None,
                    request=asked,
                    accepted=order is not None,
                )
            )

    # the stream

    def admit(self, request: Request) -> Reply | None:
        """Only with a good token."""
        fault = self.login.fault(request.bearer)
        if fault is None:
            return None
        return _refusal(401, fault, "the token is not accepted")

    def opened(self, peer: Peer) -> None:
        """A client is there; it has to subscribe."""
        self._peers[peer] = {"channel": None}

    def frame(self, peer: Peer, data: str | bytes) -> None:
        """A subscription."""
        message = json.loads(data)
        if message["type"] == "subscribe":
            self._peers[peer] = message
            peer.send(json.dumps({"type": "subscribed", "channel": message["channel"]}))
            for symbol in message.get("symbols", ()):
                if symbol in self.books.markets:
                    peer.send(json.dumps({"type": "quote", "quote": self._quote(self.books.markets[symbol])}))

    def closed(self, peer: Peer) -> None:
        """A client has gone."""
        self._peers.pop(peer, None)

    def drop_streams(self) -> None:
        """All connections break."""
        for peer in list(self._peers):
            peer.drop()

    def end_streams(self) -> None:
        """All connections end because their tokens have."""
        for peer in list(self._peers):
            peer.close(TOKEN_ENDED, "token expired")

    def publish(self, message: dict[str, Any], channel: str, symbol: str | None = None) -> None:
        """Tell everybody who has subscribed."""
        text = json.dumps(message)
        for peer, subscription in list(self._peers.items()):
            if subscription["channel"] == channel and (symbol is None or symbol in subscription["symbols"]):
                peer.send(text)

    def publish_quote(self, symbol: str) -> None:
        """Tell of a market."""
        self.publish({"type": "quote", "quote": self._quote(self.books.markets[symbol])}, "quotes", symbol)

    def _tell(self, change: Change) -> None:
        fill = _fill(change.fill) if change.fill else None
        message = {"type": "order", "account": change.order.account_id, "order": _order(change.order), "fill": fill}
        self.publish(message, "orders")


def read_order(data: Any) -> OrderRequest:
    """What the JSON of an order asks for."""
    for name in ("quantity", "limit_price", "stop_price"):
        if not isinstance(data.get(name, ""), str):
            raise TypeError(f"{name} is a text")
    return single(
        known_instrument(data["symbol"]),
        SIDES[data["side"]],
        Decimal(data["quantity"]),
        order_type=TYPES[data["type"]],
        limit_price=Decimal(data["limit_price"]) if "limit_price" in data else None,
        stop_price=Decimal(data["stop_price"]) if "stop_price" in data else None,
        time_in_force=LIFETIMES[data["time_in_force"]],
        client_order_id=data["client_order_id"],
    )


def _order(order: Order) -> dict[str, Any]:
    request = order.request
    data: dict[str, Any] = {
        "id": order.order_id,
        "client_order_id": order.client_order_id,
        "symbol": to_broker_symbol(request.instrument),
        "side": _name(SIDES, request.side),
        "quantity": _text(request.quantity),
        "type": _name(TYPES, request.order_type),
        "time_in_force": _name(LIFETIMES, request.time_in_force),
        "status": STATUSES[order.status],
        "filled": _text(order.filled_quantity),
        "fills": [_fill(fill) for fill in order.fills],
        "entered": _time(order.submitted_at),
        "updated": _time(order.updated_at),
    }
    prices = {"limit_price": request.limit_price, "stop_price": request.stop_price}
    data |= {name: _text(price) for name, price in prices.items() if price is not None}
    return data | ({"reason": order.reason} if order.reason else {})


def _fill(fill: Fill) -> dict[str, Any]:
    return {
        "id": fill.execution_id,
        "quantity": _text(fill.quantity),
        "price": _text(fill.price),
        "time": _time(fill.timestamp),
    }


def _page(request: Request, items: Sequence[Any]) -> dict[str, Any]:
    begin = int(request.query.get("cursor", 0))
    end = begin + PAGE
    return {"items": items[begin:end], "next": str(end) if end < len(items) else None}


def _provoked(code: ErrorCode) -> Reply:
    status, text = REFUSALS[code]
    return _refusal(status, text, "as you wished", **({"retry_after": "1"} if status == 429 else {}))


def _refusal(status: int, code: str, message: str, **headers: str) -> Reply:
    return json_reply({"error": {"code": code, "message": message}}, status, **headers)


def _name(names: dict[str, Any], meaning: object) -> str:
    return next(name for name, known in names.items() if known == meaning)


def _text(number: Decimal) -> str:
    return format(number, "f")


def _time(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment is not None else ""
