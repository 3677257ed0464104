"""The whole duty of a broker plugin, hook by hook.

A plugin is a module (or object) whose functions are marked with `hookimpl` and named in an entry point of
the group `polybroker.brokers`. It implements the hooks of the groups it offers; `broker_info` is the only
mandatory one. What a broker can do is derived from the hooks that its plugin implements.

An implementation may accept any subset of a hook's arguments, by name. Every hook is called on one plugin
only: no other plugin's code takes part. `def` hooks are pure; `async def` hooks touch the network.

Groups marked *indivisible* have to be implemented whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from polybroker.model.accounts import Account, Balance, Position
    from polybroker.model.broker_info import BrokerInfo, StatementKind
    from polybroker.model.commissions import CommissionPlan, CommissionSchedule
    from polybroker.model.instruments import Instrument
    from polybroker.model.login import LoginAttempt, LoginStep, Secrets
    from polybroker.model.orders import AccountExecution, Ack, Order, OrderEvent, OrderRequest, Preview
    from polybroker.model.quotes import Bar, Depth, MarketHours, Mover, OptionChain, Quote
    from polybroker.net import Net, RateLimit
    from polybroker.session import Session
    from polybroker.statements.document import Document
    from polybroker.statements.options import ParseOptions
    from polybroker.statements.statement import Statement
    from polybroker.streams import Emit

API_VERSION: Final = 0
"""Version of this contract; a plugin written for another one is refused with a reason."""

PROJECT: Final = "polybroker"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

INDIVISIBLE: Final = (
    frozenset({"to_broker_symbol", "from_broker_symbol"}),
    frozenset({"recognize_statement", "parse_statement"}),
    frozenset({"commission_schedule", "commission_plans"}),
    frozenset({"begin_login", "redeem_login"}),
    frozenset({"open_session", "close_session"}),
    frozenset({"check_order", "place_order", "cancel_order", "open_orders", "orders"}),
)
"""Groups of which a plugin implements all hooks or none: nobody may place orders that they cannot cancel or see.

Besides, a hook that takes a session needs `open_session`, and one that takes an account needs `accounts`.
"""


# identity


@hookspec(firstresult=True)
def broker_info() -> BrokerInfo:
    """The broker's facts: id (equal to the entry point's name), titles, kinds of files. Mandatory."""
    raise NotImplementedError


# symbols (indivisible)


@hookspec(firstresult=True)
def to_broker_symbol(instrument: Instrument) -> str:
    """The broker's own text for `instrument`, which `from_broker_symbol` turns back into an equal one.

    Raises `Unsupported` for an instrument that this broker does not trade or cannot name.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The instrument that the broker means by `symbol`.

    `on` is the date of the fill or quote (one-digit years need it); None where there is none. Raises
    `SymbolUnknown` for a text that it does not know: never a guess. The core asks once per distinct symbol
    and month, so this may be slow.
    """
    raise NotImplementedError


# statements (indivisible)


@hookspec(firstresult=True)
def recognize_statement(document: Document) -> StatementKind | None:
    """Which of this broker's kinds `document` is, or None. Looks at headers, never at a file's name alone."""
    raise NotImplementedError


@hookspec(firstresult=True)
def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The executions of `documents`: all of this broker's files of one run, each recognized before.

    Every data row of every document ends in exactly one place: used, joined, skipped with a reason, or a
    problem with row and column. Raises `StatementError` where a whole file cannot be read (a required
    column is missing) and `AmbiguousStatement` where an option of `options` has to settle how.
    """
    raise NotImplementedError


# commissions (indivisible)


@hookspec(firstresult=True)
def commission_plans() -> Sequence[CommissionPlan]:
    """The plans that an account at this broker can be on; the first is the default."""
    raise NotImplementedError


@hookspec(firstresult=True)
def commission_schedule(plan: str) -> CommissionSchedule:
    """All rates of `plan`, an id of `commission_plans`; `Unsupported` for any other text."""
    raise NotImplementedError


# auth (open_ and close_session are indivisible, begin_ and redeem_login too)


@hookspec(firstresult=True)
async def begin_login(config: Mapping[str, str], attempt: LoginAttempt, net: Net) -> LoginStep:
    """What a person has to do to log in: a page to open, or fields to fill in.

    `attempt` holds the state, verifier and redirect URI that the core made; a hook that gets a request token
    returns the step with an evolved attempt. `config` has the values of `BrokerInfo.config_fields`.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
async def redeem_login(config: Mapping[str, str], attempt: LoginAttempt, reply: Mapping[str, str], net: Net) -> Secrets:
    """The secrets for what came back: the query of the redirect, or the fields. The core has checked the state."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def open_session(session: Session) -> None:
    """Make `session` ready for calls: check the secrets, open sockets, start heartbeats with `session.spawn`.

    Raises `ReauthRequired` where only a person can help. What the plugin needs later goes into `session.state`.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
async def renew_session(session: Session) -> Secrets:
    """New secrets for ones that run out. The core calls it once at a time, saves the result, then swaps it in."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def close_session(session: Session) -> None:
    """Say goodbye to the broker where it wants that. Spawned tasks are cancelled after this."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def revoke_login(session: Session) -> None:
    """Make the secrets worthless at the broker."""
    raise NotImplementedError


# accounts


@hookspec(firstresult=True)
async def accounts(session: Session) -> Sequence[Account]:
    """Every account that the login can see, all pages."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def balances(session: Session, account: Account) -> Sequence[Balance]:
    """The account's money, one record for each currency."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def positions(session: Session, account: Account) -> Sequence[Position]:
    """What the account holds, without flat positions, all pages."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def executions(session: Session, account: Account, since: datetime) -> Sequence[AccountExecution]:
    """Every execution at or after `since`, oldest first, all pages; busted ones left out."""
    raise NotImplementedError


# orders (indivisible: check_order, place_order, cancel_order, open_orders, orders)


@hookspec(firstresult=True)
def check_order(account: Account, order: OrderRequest) -> None:
    """Raise `Unsupported` that says why this broker does not take such an order; return where it would.

    Pure: no I/O, no clock. Capabilities are computed by asking it.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
    """Send the order, once. The core has made `order.client_order_id` and has called `check_order`."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def replace_order(session: Session, account: Account, order: Order, request: OrderRequest) -> Ack:
    """Change a living order into `request`; the ack names the order that lives on (at some brokers a new one)."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def cancel_order(session: Session, account: Account, order: Order) -> Ack:
    """Ask to cancel the order; the end comes as an event. `Rejected` where it cannot be cancelled any more."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def cancel_all(session: Session, account: Account) -> Sequence[Ack]:
    """Ask to cancel every living order of the account in one request."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def preview_order(session: Session, account: Account, order: OrderRequest) -> Preview:
    """What the order would cost, by the broker's own estimate."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def open_orders(session: Session, account: Account) -> Sequence[Order]:
    """Every living order of the account, all pages."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def orders(session: Session, account: Account, since: datetime, until: datetime | None) -> Sequence[Order]:
    """Every order entered at or after `since` (and before `until`), ended ones included, all pages."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def order_by_client_id(session: Session, account: Account, client_order_id: str) -> Order | None:
    """The order of that client order id; None where the broker says that there is none."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def order_events(session: Session, emit: Emit[OrderEvent]) -> None:
    """Pass on what happens to orders, in batches, until cancelled.

    The first `emit`, of an empty batch where nothing has happened, says that the subscription stands; the core
    then asks for the orders and tells what was missed. Returning, or raising `Unavailable`, means a gap: the core
    calls again after a pause.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
async def account_events(session: Session, emit: Emit[Balance | Position]) -> None:
    """Pass on changed balances and positions, as `order_events` does; a flat position has the quantity 0."""
    raise NotImplementedError


# market data


@hookspec(firstresult=True)
async def quotes(session: Session, instruments: Sequence[Instrument]) -> Sequence[Quote]:
    """One quote for each instrument, in their order. `SymbolUnknown` names one that the broker does not have."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def option_chain(session: Session, underlying: str, expiry: date | None) -> OptionChain:
    """The options on `underlying`, of one expiry or of all; missing Greeks are None."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def search_instruments(session: Session, text: str) -> Sequence[Instrument]:
    """Instruments that match `text`, best first."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def price_history(
    session: Session, instrument: Instrument, since: datetime, until: datetime, interval: timedelta
) -> Sequence[Bar]:
    """Bars that begin within [since, until), oldest first, all pages; `Unsupported` names the intervals there are."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def market_hours(session: Session, market: str, on: date) -> MarketHours:
    """When `market` is open on that date."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def movers(session: Session, market: str) -> Sequence[Mover]:
    """The instruments of `market` that moved most."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def quote_stream(session: Session, instruments: Sequence[Instrument], emit: Emit[Quote]) -> None:
    """Pass on quotes, whole ones and not just what changed, as `order_events` does."""
    raise NotImplementedError


@hookspec(firstresult=True)
async def depth_stream(session: Session, instruments: Sequence[Instrument], emit: Emit[Depth]) -> None:
    """Pass on books, whole ones, as `order_events` does."""
    raise NotImplementedError


# limits


@hookspec(firstresult=True)
def rate_limits() -> Sequence[RateLimit]:
    """What the broker allows; the core never exceeds it."""
    raise NotImplementedError
