"""The broker's JSON and what it means. Pure: no I/O, no clock, no session.

Money and quantities are texts in the JSON, times are ISO 8601 with `Z`. What is missing or of another form raises
`KeyError` or `ValueError`, which the core turns into an error that says what the caller may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from polybroker.errors import (
    AuthError,
    BrokerError,
    ErrorCode,
    ReauthRequired,
    Rejected,
    SymbolUnknown,
    Unavailable,
)
from polybroker.model.accounts import Account, AccountType, Balance, Position
from polybroker.model.instruments import Instrument
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
    TimeInForce,
    single,
)
from polybroker.model.quotes import Quote
from polybroker_template.facts import BROKER, INFO
from polybroker_template.symbols import from_broker_symbol, to_broker_symbol

Json = Mapping[str, Any]

SIDES: Final = {
    OrderSide.BUY: "BUY",
    OrderSide.SELL: "SELL",
    OrderSide.SELL_SHORT: "SHORT",
    OrderSide.BUY_TO_COVER: "COVER",
}
TYPES: Final = {
    OrderType.MARKET: "MKT",
    OrderType.LIMIT: "LMT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STP_LMT",
}
LIFETIMES: Final = {
    TimeInForce.DAY: "DAY",
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
}
STATUSES: Final = {
    "PENDING": OrderStatus.PENDING,
    "OPEN": OrderStatus.WORKING,
    "PARTIAL": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
}
_SIDE_OF: Final = {text: side for side, text in SIDES.items()}
_TYPE_OF: Final = {text: kind for kind, text in TYPES.items()}
_LIFETIME_OF: Final = {text: lifetime for lifetime, text in LIFETIMES.items()}


# what goes out


def order_json(request: OrderRequest) -> dict[str, Any]:
    """The body of a new or changed order."""
    body = {
        "client_order_id": request.client_order_id,
        "symbol": to_broker_symbol(request.instrument),
        "side": SIDES[request.side],
        "quantity": format(request.quantity, "f"),
        "type": TYPES[request.order_type],
        "time_in_force": LIFETIMES[request.time_in_force],
    }
    for name in ("limit_price", "stop_price"):
        if (price := getattr(request, name)) is not None:
            body[name] = format(price, "f")
    return body


def moment_text(moment: datetime) -> str:
    """A time as the broker takes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# what comes in


def account(data: Json) -> Account:
    """An account."""
    return Account(
        broker_id=BROKER,
        account_id=data["id"],
        number=data["number"],
        account_type=AccountType(data["type"]),
        name=data.get("name"),
        default=data["default"],
        currency=data["currency"],
        raw=data,
    )


def balance(data: Json, account_id: str) -> Balance:
    """The money of one currency."""
    return Balance(
        account_id=account_id,
        currency=data["currency"],
        cash=_number(data["cash"]),
        buying_power=_number(data["buying_power"]),
        net_liquidation=_number(data["equity"]),
        as_of=_moment(data["time"]),
        raw=data,
    )


def position(data: Json, account_id: str) -> Position:
    """What is held of one instrument."""
    return Position(
        broker_id=BROKER,
        account_id=account_id,
        instrument=instrument(data["symbol"]),
        raw_symbol=data["symbol"],
        quantity=_number(data["quantity"]),
        average_price=_number(data["average_price"]),
        raw=data,
    )


def execution(data: Json, account_id: str) -> AccountExecution:
    """One execution of the account's history."""
    done = fill(data)
    return AccountExecution(
        broker_id=BROKER,
        account_id=account_id,
        fill=done,
        instrument=instrument(data["symbol"], done.timestamp),
        raw_symbol=data["symbol"],
        side=_SIDE_OF[data["side"]],
        order_id=data["order_id"],
        client_order_id=data.get("client_order_id"),
        raw=data,
    )


def fill(data: Json) -> Fill:
    """One execution of an order."""
    return Fill(
        execution_id=data["id"],
        quantity=_number(data["quantity"]),
        price=_number(data["price"]),
        timestamp=_moment(data["time"]),
    )


def order(data: Json, account_id: str) -> Order:
    """An order as it stands."""
    request = single(
        from_broker_symbol(data["symbol"], None),
        _SIDE_OF[data["side"]],
        _number(data["quantity"]),
        order_type=_TYPE_OF[data["type"]],
        limit_price=_optional(data.get("limit_price")),
        stop_price=_optional(data.get("stop_price")),
        time_in_force=_LIFETIME_OF[data["time_in_force"]],
        client_order_id=data["client_order_id"],
    )
    return Order(
        broker_id=BROKER,
        account_id=account_id,
        order_id=data["id"],
        client_order_id=data["client_order_id"],
        request=request,
        status=STATUSES[data["status"]],
        filled_quantity=_number(data["filled"]),
        submitted_at=_moment(data["entered"]),
        updated_at=_moment(data["updated"]),
        average_fill_price=_optional(data.get("average_price")),
        fills=tuple(fill(each) for each in data["fills"]),
        reason=data.get("reason"),
        raw=data,
    )


def ack(data: Json) -> Ack:
    """The answer to a placed, changed or cancelled order."""
    return Ack(order_id=data["id"], client_order_id=data["client_order_id"], status=STATUSES[data["status"]], raw=data)


def order_event(data: Json) -> OrderEvent:
    """What the stream says of an order."""
    known = data["order"]
    return OrderEvent(
        account_id=data["account"],
        order_id=known["id"],
        client_order_id=known["client_order_id"],
        status=STATUSES[known["status"]],
        filled_quantity=_number(known["filled"]),
        fill=fill(data["fill"]) if data.get("fill") else None,
        timestamp=_moment(known["updated"]),
        reason=known.get("reason"),
        raw=data,
    )


def quote(data: Json, of: Instrument) -> Quote:
    """The state of a market."""
    return Quote(
        instrument=of,
        broker_id=BROKER,
        timestamp=_moment(data["time"]),
        bid=_number(data["bid"]),
        ask=_number(data["ask"]),
        last=_optional(data.get("last")),
        bid_size=_optional(data.get("bid_size")),
        ask_size=_optional(data.get("ask_size")),
        volume=_optional(data.get("volume")),
        delay=INFO.quote_delay,
        raw=data,
    )


def instrument(symbol: str, moment: datetime | None = None) -> Instrument | None:
    """None for a symbol that is not known: what is held or traded is told all the same."""
    try:
        return from_broker_symbol(symbol, moment.date() if moment else None)
    except SymbolUnknown:
        return None


REJECTIONS: Final = {
    "no_money": ErrorCode.INSUFFICIENT_FUNDS,
    "bad_order": ErrorCode.INVALID_ORDER,
    "closed": ErrorCode.MARKET_CLOSED,
    "restricted": ErrorCode.ACCOUNT_RESTRICTED,
}


def error(data: object, status: int) -> BrokerError | None:
    """The broker's own refusal, `{"error": {"code": ..., "message": ...}}`; None where the status says it all."""
    told = data.get("error") if isinstance(data, Mapping) else None
    if not isinstance(told, Mapping):
        return None
    code, message = str(told.get("code")), str(told.get("message", ""))[:300]
    if code in REJECTIONS:
        return Rejected(f"Template refused: {message}", code=REJECTIONS[code], reason=message)
    if code == "unknown_symbol":
        return SymbolUnknown(message)
    if code == "token_expired":
        return AuthError("the access token has expired", code=ErrorCode.AUTH_EXPIRED)
    if code == "token_revoked":
        return ReauthRequired("the login has ended: log in again", code=ErrorCode.AUTH_REVOKED)
    if code == "maintenance" and status == 503:
        return Unavailable(f"Template is closed for maintenance and did nothing: {message}")
    return None


def _number(text: object) -> Decimal:
    if not isinstance(text, str) or not (value := Decimal(text)).is_finite():
        raise ValueError(f"no number: {text!r}")
    return value


def _optional(text: object) -> Decimal | None:
    return None if text is None else _number(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return moment.astimezone(UTC)
