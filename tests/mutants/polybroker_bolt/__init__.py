"""Bolt: a small broker that trades, right in every way that the contract asks for; the mutants start from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from polybroker.errors import (
    AuthError,
    BrokerError,
    ErrorCode,
    ReauthRequired,
    Rejected,
    SymbolUnknown,
    Unavailable,
    Unsupported,
)
from polybroker.hookspecs import hookimpl
from polybroker.model.accounts import Account, Balance, Position
from polybroker.model.broker_info import BrokerInfo, ClientOrderIds, Environment
from polybroker.model.instruments import Instrument, Stock
from polybroker.model.login import LoginAttempt, LoginStep, Secrets
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
    Preview,
    TimeInForce,
    single,
)
from polybroker.model.quotes import Bar, Quote
from polybroker.model.secret import Secret
from polybroker.net import Effect, Net, RateLimit, exact_json
from polybroker.session import Session
from polybroker.streams import Emit

TICKERS = ("AAPL", "F", "SPY")
CODES = {
    "funds": ErrorCode.INSUFFICIENT_FUNDS,
    "invalid": ErrorCode.INVALID_ORDER,
    "closed": ErrorCode.MARKET_CLOSED,
    "symbol": ErrorCode.SYMBOL_NOT_FOUND,
    "restricted": ErrorCode.ACCOUNT_RESTRICTED,
}
REST = "https://api.bolt.test"


@hookimpl
def broker_info() -> BrokerInfo:
    return BrokerInfo(
        "bolt",
        "Bolt",
        "https://bolt.test",
        environments=(Environment(name="demo", endpoints={"rest": REST}, hosts=("api.bolt.test",)),),
        client_order_ids=ClientOrderIds(charset="ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", max_length=16, idempotent=True),
        consistency_delay=timedelta(seconds=2),
        access_lifetime=timedelta(minutes=30),
        login_lifetime=timedelta(days=7),
        quote_delay=timedelta(0),
    )


@hookimpl
def rate_limits() -> Sequence[RateLimit]:
    return (RateLimit(requests=100, seconds=1.0),)


# symbols


@hookimpl
def to_broker_symbol(instrument: Instrument) -> str:
    if isinstance(instrument, Stock) and instrument == Stock(instrument.ticker) and instrument.ticker in TICKERS:
        return instrument.ticker
    raise Unsupported("Bolt trades AAPL, F and SPY")


@hookimpl
def from_broker_symbol(symbol: str) -> Instrument:
    if symbol not in TICKERS:
        raise SymbolUnknown(symbol)
    return Stock(symbol)


# auth


def refused(response: httpx.Response) -> BrokerError | None:
    """What an answer of Bolt's that is no success stands for; None: the core's own reading is right."""
    if response.status_code not in (400, 401, 403, 503):
        return None
    try:
        body = response.json()
        error, message = str(body["error"]), str(body["message"])
    except (ValueError, KeyError, TypeError):
        return None
    if error in CODES:
        return Rejected(message, code=CODES[error], reason=message)
    if error == "expired":
        return AuthError(message, code=ErrorCode.AUTH_EXPIRED)
    if error == "revoked":
        return ReauthRequired(message, code=ErrorCode.AUTH_REVOKED)
    return Unavailable(message) if error == "maintenance" else None


@hookimpl
async def begin_login(config: Mapping[str, str], attempt: LoginAttempt) -> LoginStep:
    from polybroker.auth.attempts import code_challenge

    assert attempt.code_verifier is not None
    query = {
        "redirect_uri": attempt.redirect_uri or "",
        "state": attempt.state,
        "code_challenge": code_challenge(attempt.code_verifier),
        "code_challenge_method": "S256",
    }
    return LoginStep(attempt=attempt, url=str(httpx.URL(f"{REST}/authorize", params=query)))


@hookimpl
async def redeem_login(attempt: LoginAttempt, reply: Mapping[str, str], net: Net) -> Secrets:
    form = {"grant": "code", "code": Secret(reply["code"]), "code_verifier": attempt.code_verifier}
    return await tokens(net, REST, form)


async def tokens(net: Net, rest: str, form: Mapping[str, Any]) -> Secrets:
    answer = await net.http.request(
        "POST", f"{rest}/token", endpoint="token", effect=Effect.AUTH, form=form, refused=refused
    )
    body, now = exact_json(answer), net.clock.now()
    return Secrets(
        values={"access_token": Secret(body["access"]), "refresh_token": Secret(body["refresh"])},
        access_expires_at=now + timedelta(seconds=body["expires_in"]),
        login_again_by=when(body["login_again_by"]),
    )


@hookimpl
async def open_session(session: Session) -> None:
    await get(session, "me")


@hookimpl
async def renew_session(session: Session) -> Secrets:
    form = {"grant": "refresh", "refresh_token": session.secrets.values["refresh_token"]}
    return await tokens(session.net, session.environment.endpoints["rest"], form)


@hookimpl
async def close_session(session: Session) -> None:
    await send(session, "POST", "goodbye", Effect.AUTH)


@hookimpl
async def revoke_login(session: Session) -> None:
    await send(session, "POST", "revoke", Effect.AUTH)


# the wire


async def send(session: Session, method: str, path: str, effect: Effect, **more: Any) -> Any:
    """One authorized request; the answer's JSON."""
    token = session.secrets.values["access_token"]
    answer = await session.net.http.request(
        method,
        f"{session.environment.endpoints['rest']}/{path}",
        endpoint=path.split("/")[0],
        effect=effect,
        headers={"X-Api-Key": token},
        refused=refused,
        **more,
    )
    return exact_json(answer)


async def get(session: Session, path: str, **params: Any) -> Any:
    return await send(session, "GET", path, Effect.READ, params=params)


async def pages(session: Session, path: str, **params: Any) -> list[Any]:
    found: list[Any] = []
    while True:
        body = await get(session, path, offset=len(found), **params)
        found += body["items"]
        if not body["more"]:
            return found


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# accounts


@hookimpl
async def accounts(session: Session) -> Sequence[Account]:
    found = await pages(session, "accounts")
    return [Account(broker_id="bolt", account_id=item["id"], number=item["number"], raw=item) for item in found]


@hookimpl
async def balances(session: Session, account: Account) -> Sequence[Balance]:
    body = await get(session, f"accounts/{account.account_id}/balance")
    return [
        Balance(
            account_id=account.account_id,
            currency="USD",
            cash=Decimal(body["cash"]),
            net_liquidation=Decimal(body["net"]),
            as_of=session.clock.now(),
            raw=body,
        )
    ]


@hookimpl
async def positions(session: Session, account: Account) -> Sequence[Position]:
    return [
        Position(
            broker_id="bolt",
            account_id=account.account_id,
            instrument=from_broker_symbol(item["symbol"]),
            raw_symbol=item["symbol"],
            quantity=Decimal(item["quantity"]),
            average_price=Decimal(item["average"]),
            raw=item,
        )
        for item in await pages(session, f"accounts/{account.account_id}/positions")
    ]


def fill_of(item: Mapping[str, Any]) -> Fill:
    return Fill(
        execution_id=item["execution"],
        quantity=Decimal(item["quantity"]),
        price=Decimal(item["price"]),
        timestamp=when(item["at"]),
    )


@hookimpl
async def executions(session: Session, account: Account, since: datetime) -> Sequence[AccountExecution]:
    found = await pages(session, f"accounts/{account.account_id}/executions", since=since.isoformat())
    return [
        AccountExecution(
            broker_id="bolt",
            account_id=account.account_id,
            fill=fill_of(item),
            instrument=from_broker_symbol(item["symbol"]),
            raw_symbol=item["symbol"],
            side=OrderSide(item["side"]),
            order_id=item["order"],
            client_order_id=item["client_id"],
            raw=item,
        )
        for item in found
    ]


# orders


@hookimpl
def check_order(account: Account, order: OrderRequest) -> None:
    if len(order.legs) != 1 or order.linkage is not None:
        raise Unsupported("Bolt takes single orders only")
    to_broker_symbol(order.instrument)
    if order.order_type is OrderType.TRAILING_STOP:
        raise Unsupported("Bolt has no trailing stops")
    if order.time_in_force not in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD):
        raise Unsupported("Bolt takes DAY, GTC and GTD orders")
    if order.quantity != order.quantity.to_integral_value():
        raise Unsupported("Bolt trades whole shares")
    if order.extended_hours:
        raise Unsupported("Bolt trades in regular hours")


def order_to_wire(account: Account, order: OrderRequest) -> dict[str, Any]:
    return {
        "account": account.account_id,
        "symbol": to_broker_symbol(order.instrument),
        "side": str(order.side),
        "quantity": str(order.quantity),
        "type": str(order.order_type),
        "limit": None if order.limit_price is None else str(order.limit_price),
        "stop": None if order.stop_price is None else str(order.stop_price),
        "tif": str(order.time_in_force),
        "until": order.good_till.isoformat() if order.good_till else None,
        "client_id": order.client_order_id,
    }


def ack_of(body: Mapping[str, Any]) -> Ack:
    return Ack(order_id=body["order"], client_order_id=body["client_id"], status=OrderStatus(body["status"]), raw=body)


@hookimpl
async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
    wire = order_to_wire(account, order)
    body = await send(session, "POST", "orders", Effect.ORDER, account=account.account_id, json=wire)
    return ack_of(body)


@hookimpl
async def replace_order(session: Session, account: Account, order: Order, request: OrderRequest) -> Ack:
    wire = order_to_wire(account, request)
    path = f"orders/{order.order_id}"
    return ack_of(await send(session, "PUT", path, Effect.ORDER, account=account.account_id, json=wire))


@hookimpl
async def cancel_order(session: Session, account: Account, order: Order) -> Ack:
    path = f"orders/{order.order_id}"
    return ack_of(await send(session, "DELETE", path, Effect.CANCEL, account=account.account_id))


@hookimpl
async def cancel_all(session: Session, account: Account) -> Sequence[Ack]:
    wire = {"account": account.account_id}
    body = await send(session, "POST", "cancel_all", Effect.CANCEL, account=account.account_id, json=wire)
    return [ack_of(item) for item in body["items"]]


@hookimpl
async def preview_order(session: Session, account: Account, order: OrderRequest) -> Preview:
    wire = order_to_wire(account, order)
    body = await send(session, "POST", "preview", Effect.READ, account=account.account_id, json=wire)
    return Preview(accepted=body["accepted"], commission=Decimal(body["commission"]), raw=body)


def order_of(item: Mapping[str, Any]) -> Order:
    request = single(
        from_broker_symbol(item["symbol"]),
        OrderSide(item["side"]),
        Decimal(item["quantity"]),
        order_type=OrderType(item["type"]),
        limit_price=None if item["limit"] is None else Decimal(item["limit"]),
        stop_price=None if item["stop"] is None else Decimal(item["stop"]),
        time_in_force=TimeInForce(item["tif"]),
        good_till=when(item["until"]) if item["until"] else None,
        client_order_id=item["client_id"],
    )
    fills = tuple(fill_of(fill) for fill in item["fills"])
    return Order(
        broker_id="bolt",
        account_id=item["account"],
        order_id=item["order"],
        client_order_id=item["client_id"],
        request=request,
        status=OrderStatus(item["status"]),
        filled_quantity=Decimal(item["filled"]),
        submitted_at=when(item["submitted"]),
        updated_at=when(item["updated"]),
        fills=fills,
        reason=item["reason"],
        replaced_by=item["replaced_by"],
        raw=item,
    )


@hookimpl
async def open_orders(session: Session, account: Account) -> Sequence[Order]:
    found = await pages(session, "orders", account=account.account_id, open="yes")
    return [order_of(item) for item in found]


@hookimpl
async def orders(session: Session, account: Account, since: datetime, until: datetime | None) -> Sequence[Order]:
    span = {"since": since.isoformat(), **({"until": until.isoformat()} if until else {})}
    return [order_of(item) for item in await pages(session, "orders", account=account.account_id, **span)]


@hookimpl
async def order_by_client_id(session: Session, account: Account, client_order_id: str) -> Order | None:
    found = await pages(session, "orders", account=account.account_id, client_id=client_order_id)
    return order_of(found[0]) if found else None


@hookimpl
async def order_events(session: Session, emit: Emit[OrderEvent]) -> None:
    seen = (await get(session, "events", after="end"))["last"]
    await emit(())
    while True:
        body = await get(session, "events", after=seen)
        if body["gone"]:
            raise Unavailable("the place in the events is lost")
        batch = [event_of(item) for item in body["items"]]
        seen = body["last"]
        if batch:
            await emit(batch)
        await session.clock.sleep(0.5)


def event_of(item: Mapping[str, Any]) -> OrderEvent:
    fill = fill_of(item["fill"]) if item["fill"] else None
    return OrderEvent(
        account_id=item["account"],
        order_id=item["order"],
        client_order_id=item["client_id"],
        status=OrderStatus(item["status"]),
        filled_quantity=Decimal(item["filled"]),
        fill=fill,
        timestamp=when(item["updated"]),
        reason=item["reason"],
        replaced_by=item["replaced_by"],
        raw=item,
    )


# market data


def quote_of(item: Mapping[str, Any]) -> Quote:
    return Quote(
        instrument=from_broker_symbol(item["symbol"]),
        broker_id="bolt",
        timestamp=when(item["at"]),
        bid=Decimal(item["bid"]),
        ask=Decimal(item["ask"]),
        last=Decimal(item["last"]),
        delay=timedelta(0),
        raw=item,
    )


@hookimpl
async def quotes(session: Session, instruments: Sequence[Instrument]) -> Sequence[Quote]:
    symbols = [to_broker_symbol(instrument) for instrument in instruments]
    found = {item["symbol"]: quote_of(item) for item in await pages(session, "quotes", symbols=",".join(symbols))}
    return [found[symbol] for symbol in symbols]


@hookimpl
async def price_history(
    session: Session, instrument: Instrument, since: datetime, until: datetime, interval: timedelta
) -> Sequence[Bar]:
    if interval != timedelta(minutes=1):
        raise Unsupported("Bolt has bars of 1 minute")
    symbol = to_broker_symbol(instrument)
    span = {"since": since.isoformat(), "until": until.isoformat()}
    return [
        Bar(start=when(item["at"]), **{name: Decimal(item[name]) for name in ("open", "high", "low", "close")})
        for item in await pages(session, "bars", symbol=symbol, **span)
    ]


@hookimpl
async def search_instruments(session: Session, text: str) -> Sequence[Instrument]:
    return [from_broker_symbol(item["symbol"]) for item in await pages(session, "search", text=text)]


@hookimpl
async def quote_stream(session: Session, instruments: Sequence[Instrument], emit: Emit[Quote]) -> None:
    symbols = ",".join(to_broker_symbol(instrument) for instrument in instruments)
    while True:
        items = await pages(session, "quotes", symbols=symbols)
        await emit([quote_of(item) for item in items])
        await session.clock.sleep(1.0)
