"""Requests to the broker: thin I/O between `session.net` and `wire`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx

from polybroker.errors import BrokerError, SymbolUnknown
from polybroker.model.accounts import Account, Balance, Position
from polybroker.model.instruments import Instrument
from polybroker.model.orders import AccountExecution
from polybroker.model.quotes import Quote
from polybroker.model.secret import Secret
from polybroker.net import Effect, RateLimit, exact_json
from polybroker.session import Session
from polybroker_template import wire
from polybroker_template.symbols import to_broker_symbol


def rate_limits() -> Sequence[RateLimit]:
    """From the broker's documentation: 600 requests a minute in all, and 10 orders a second for each account."""
    writing = frozenset({Effect.ORDER, Effect.CANCEL})
    return (
        RateLimit(requests=600, seconds=60.0),
        RateLimit(requests=10, seconds=1.0, effects=writing, per_account=True),
    )


async def accounts(session: Session) -> Sequence[Account]:
    """One page holds them all."""
    data = await read(session, "accounts", "/accounts")
    return [wire.account(each) for each in data["items"]]


async def balances(session: Session, account: Account) -> Sequence[Balance]:
    """One page holds them all."""
    data = await read(session, "balances", path(account, "balances"), account)
    return [wire.balance(each, account.account_id) for each in data["items"]]


async def positions(session: Session, account: Account) -> Sequence[Position]:
    """All pages."""
    found = await pages(session, "positions", path(account, "positions"), account)
    return [wire.position(each, account.account_id) for each in found]


async def executions(session: Session, account: Account, since: datetime) -> Sequence[AccountExecution]:
    """All pages, oldest first."""
    query = {"since": wire.moment_text(since)}
    found = await pages(session, "executions", path(account, "executions"), account, **query)
    return [wire.execution(each, account.account_id) for each in found]


async def quotes(session: Session, instruments: Sequence[Instrument]) -> Sequence[Quote]:
    """All in one request."""
    symbols = [to_broker_symbol(instrument) for instrument in instruments]
    if not symbols:
        return []
    data = await read(session, "quotes", "/quotes", None, symbols=",".join(symbols))
    found = {each["symbol"]: each for each in data["items"]}
    missing = [symbol for symbol in symbols if symbol not in found]
    if missing:
        raise SymbolUnknown(missing[0])
    return [wire.quote(found[symbol], of) for symbol, of in zip(symbols, instruments, strict=True)]


async def read(session: Session, endpoint: str, where: str, account: Account | None = None, **query: str) -> Any:
    """The JSON of a read."""
    response = await session.net.http.get(
        session.environment.endpoints["rest"] + where,
        endpoint=endpoint,
        account=account.account_id if account else None,
        headers=bearer(session),
        params=query,
        refused=refusal,
    )
    return exact_json(response)


async def pages(session: Session, endpoint: str, where: str, account: Account, **query: str) -> list[Any]:
    """The items of all pages of a read."""
    found: list[Any] = []
    while True:
        data = await read(session, endpoint, where, account, **query)
        found += data["items"]
        if data.get("next") is None:
            return found
        query["cursor"] = data["next"]


async def write(
    session: Session, method: str, endpoint: str, where: str, account: Account, effect: Effect, body: Any = None
) -> Any:
    """The JSON that answers a request which changes something; it leaves at most once."""
    response = await session.net.http.request(
        method,
        session.environment.endpoints["rest"] + where,
        endpoint=endpoint,
        effect=effect,
        account=account.account_id,
        headers=bearer(session),
        json=body,
        refused=refusal,
    )
    return exact_json(response)


def path(account: Account, *parts: str) -> str:
    """A path below the account's."""
    return "/".join(("/accounts", account.account_id, *parts))


def bearer(session: Session) -> dict[str, Secret]:
    """The header that shows the access token; a `Secret` is revealed where the bytes are made."""
    token = session.secrets.values["access_token"]
    return {"Authorization": Secret(f"Bearer {token.reveal()}")}


def refusal(response: httpx.Response) -> BrokerError | None:
    """The typed error that an answer stands for; None: it is none, or its status says it all."""
    if response.is_success:
        return None
    try:
        return wire.error(exact_json(response), response.status_code)
    except ValueError:
        return None
