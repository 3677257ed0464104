"""One call of everything that a broker offers, and what holds for every answer."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, quote_plus

import attrs

from polybroker.errors import BrokerError, Unsupported
from polybroker.model.accounts import Account
from polybroker.model.login import Secrets
from polybroker.model.secret import Secret
from polybroker.testing.desk import BEGINNING, Desk

READS: Final = (
    "accounts",
    "balances",
    "positions",
    "executions",
    "open_orders",
    "orders",
    "order_by_client_id",
    "quotes",
    "search_instruments",
    "price_history",
    "preview_order",
)
"""The hooks that only look, and that the suite knows arguments for."""
Call = Callable[[], Awaitable[Any]]


def reads(desk: Desk, account: Account, client_order_id: str) -> dict[str, Call]:
    """A call of each read that the broker offers."""
    session = desk.session
    instrument = desk.instruments(account)[0]
    now = desk.clock.now()

    async def preview() -> object:
        return await session.preview_order(account, await desk.resting(account))

    async def bars() -> object:
        for interval in (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)):
            try:
                return await session.price_history(instrument, now - 5 * interval, now, interval)
            except Unsupported:
                continue
        raise AssertionError("no common interval has bars")

    calls: dict[str, Call] = {
        "accounts": session.accounts,
        "balances": lambda: session.balances(account),
        "positions": lambda: session.positions(account),
        "executions": lambda: session.executions(account, BEGINNING),
        "open_orders": lambda: session.open_orders(account),
        "orders": lambda: session.orders(account, BEGINNING),
        "order_by_client_id": lambda: session.order_by_client_id(account, client_order_id),
        "quotes": lambda: session.quotes([instrument]),
        "search_instruments": lambda: session.search_instruments(instrument.symbol),
        "price_history": bars,
        "preview_order": preview,
    }
    return {hook: call for hook, call in calls.items() if desk.broker.offers(hook)}


async def history(desk: Desk) -> tuple[Account, str]:
    """Something of everything: an order filled in part, one that rests, one that was cancelled. Its client order id."""
    account = await desk.account()
    if not desk.broker.offers("place_order"):
        return account, "X1"
    session = desk.session
    if desk.made is None:
        await desk.traded(account)
    partial, _ = await desk.placed(account)
    if desk.made is not None:
        desk.simulator.fill(partial.order_id, Decimal(1))
    await desk.placed(account, number=1)
    await desk.placed(account, number=2)
    await desk.settle()
    last = (await session.open_orders(account))[-1]
    await session.cancel_order(account, last)
    await desk.settle()
    return account, partial.client_order_id or "X1"


async def tour(desk: Desk) -> dict[str, Any]:
    """Every answer, by hook."""
    account, client_order_id = await history(desk)
    return {hook: await call() for hook, call in reads(desk, account, client_order_id).items()}


def parts(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside of an answer with where it stands; the broker's own words (`raw`) are left out."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            if field.name != "raw":
                yield from parts(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from parts(item, f"{path}[{key!r}]")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from parts(item, f"{path}[{place}]")
    else:
        yield path, value


def check_exact(hook: str, answer: Any) -> None:
    """Numbers are finite `Decimal`s where a record says so, and nowhere a float."""
    for path, value in parts(answer, hook):
        assert not isinstance(value, float), f"{path} is the float {value!r}"
        assert not isinstance(value, Decimal) or value.is_finite(), f"{path} is {value}"
    for record in records(answer):
        for field in attrs.fields(attrs.resolve_types(type(record))):
            if field.type in (Decimal, Decimal | None):
                number = getattr(record, field.name)
                assert number is None or isinstance(number, Decimal), f"{hook}: {field.name} is {number!r}"


def check_times(hook: str, answer: Any) -> None:
    """Times are aware, and in UTC."""
    for path, value in parts(answer, hook):
        if isinstance(value, datetime):
            assert value.tzinfo is not None, f"{path} is {value} without a zone"
            assert value.utcoffset() == timedelta(0), f"{path} is {value}, not UTC"
        assert not isinstance(value, date) or isinstance(value, datetime) or value.year > 1900, f"{path} is {value}"


def records(value: Any) -> Iterator[Any]:
    """Every attrs record inside of an answer."""
    if attrs.has(type(value)):
        yield value
        for field in attrs.fields(type(value)):
            if field.name != "raw":
                yield from records(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from records(item)


async def outcome(call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """What the call returned, or the typed error that it raised; any other error comes out."""
    try:
        return await call(*arguments)
    except BrokerError as error:
        return error


# secrets

_SHOWN: Final = 8
"""So much of a secret's beginning already gives it away."""


def spellings(secrets: Secrets) -> Iterator[tuple[str, str]]:
    """Each secret's name with every way to write it: as it is, in part, URL-encoded, base64."""
    for name, secret in secrets.values.items():
        text = secret.reveal()
        if len(text) < _SHOWN:
            continue
        raw = text.encode()
        for spelling in (
            text,
            text[:_SHOWN] if len(text) >= 2 * _SHOWN else text,
            quote(text, safe=""),
            quote_plus(text),
        ):
            yield name, spelling
        for shift in range(3):  # base64 looks different at each place within its groups of three
            body = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            yield name, body[4 if shift else 0 : len(body) - 2]
        yield name, base64.urlsafe_b64encode(raw).decode().rstrip("=")[:-1]
        yield name, raw.hex()


def leaks(secrets: Secrets, texts: Mapping[str, str]) -> list[str]:
    """Where a secret can be read."""
    return [
        f"{where} shows {name}"
        for where, text in texts.items()
        for name, spelling in spellings(secrets)
        if spelling in text
    ]


def told(error: BaseException) -> str:
    """All that a log would have of an error, its causes and notes included."""
    return "".join(traceback.format_exception(error)) + repr(error)


def everything_secret(desk: Desk) -> Secrets:
    """All secrets that went in or came out: the login's, those that renewals brought, and those of the settings."""
    found: dict[str, Secret] = {}
    for number, secrets in enumerate((desk.secrets, *desk.saved)):
        found |= {f"{name} {number}": secret for name, secret in (secrets.values if secrets else {}).items()}
    settings = desk.made.config if desk.made is not None else {}
    for entry in desk.info.config_fields:
        if entry.secret and entry.name in settings:
            found[entry.name] = Secret(settings[entry.name])
    return Secrets(values=found)
