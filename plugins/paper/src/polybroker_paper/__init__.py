"""polybroker plugin: a simulated broker that needs no network and no login."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from polybroker.hookspecs import hookimpl
from polybroker.model.accounts import Account, Balance, Position
from polybroker.model.broker_info import BrokerInfo, Environment
from polybroker.model.instruments import Instrument
from polybroker.model.orders import AccountExecution, Ack, Order, OrderEvent, OrderRequest, Preview
from polybroker.model.quotes import Bar, Quote
from polybroker_paper import requests, settings, symbols

if TYPE_CHECKING:
    from polybroker.session import Session
    from polybroker.streams import Emit


@hookimpl
def broker_info() -> BrokerInfo:
    """The simulated broker: one environment without hosts, since it reaches none."""
    return BrokerInfo(
        id="paper",
        title="Paper (simulated)",
        website="https://en.wikipedia.org/wiki/Stock_market_simulator",
        aliases=("simulated",),
        environments=(Environment(name="simulation", endpoints={}, hosts=()),),
        config_fields=settings.CONFIG_FIELDS,
        client_order_ids=requests.CLIENT_ORDER_IDS,
        consistency_delay=timedelta(0),
        quote_delay=timedelta(0),
    )


@hookimpl
def to_broker_symbol(instrument: Instrument) -> str:
    """The instrument's own text, `future:CME:MES:2026-03`."""
    return symbols.to_broker_symbol(instrument)


@hookimpl
def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The instrument of such a text, or of a symbol in a common notation."""
    return symbols.from_broker_symbol(symbol, on)


@hookimpl
def check_order(account: Account, order: OrderRequest) -> None:
    """`Unsupported` for what the simulation does not know."""
    requests.check_order(order)


@hookimpl
async def open_session(session: Session) -> None:
    """Enter the world that `config` describes."""
    from polybroker_paper.worlds import world_of

    session.state = world_of(session.config, session.clock.now())


@hookimpl
async def close_session(session: Session) -> None:
    """Leave the world; a shared one stays."""
    session.state = None


@hookimpl
async def accounts(session: Session) -> Sequence[Account]:
    """The simulated accounts, `PAPER-1` and so on."""
    found: Sequence[Account] = session.state.accounts
    return found


@hookimpl
async def balances(session: Session, account: Account) -> Sequence[Balance]:
    """The money of an account."""
    found: Sequence[Balance] = session.state.balances(session.clock.now(), account)
    return found


@hookimpl
async def positions(session: Session, account: Account) -> Sequence[Position]:
    """What an account holds."""
    found: Sequence[Position] = session.state.positions(session.clock.now(), account)
    return found


@hookimpl
async def executions(session: Session, account: Account, since: datetime) -> Sequence[AccountExecution]:
    """The fills of an account."""
    found: Sequence[AccountExecution] = session.state.executions(session.clock.now(), account, since)
    return found


@hookimpl
async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
    """Take an order; what its price allows is filled at once."""
    ack: Ack = session.state.place(session.clock.now(), account, order)
    return ack


@hookimpl
async def replace_order(session: Session, account: Account, order: Order, request: OrderRequest) -> Ack:
    """Give a living order other terms, under its id."""
    ack: Ack = session.state.replace(session.clock.now(), account, order, request)
    return ack


@hookimpl
async def cancel_order(session: Session, account: Account, order: Order) -> Ack:
    """End a living order."""
    ack: Ack = session.state.cancel(session.clock.now(), account, order)
    return ack


@hookimpl
async def cancel_all(session: Session, account: Account) -> Sequence[Ack]:
    """End every living order of an account."""
    acks: Sequence[Ack] = session.state.cancel_all(session.clock.now(), account)
    return acks


@hookimpl
async def preview_order(session: Session, account: Account, order: OrderRequest) -> Preview:
    """What an order would cost."""
    preview: Preview = session.state.preview(session.clock.now(), account, order)
    return preview


@hookimpl
async def open_orders(session: Session, account: Account) -> Sequence[Order]:
    """The living orders of an account."""
    found: Sequence[Order] = session.state.open_orders(session.clock.now(), account)
    return found


@hookimpl
async def orders(session: Session, account: Account, since: datetime, until: datetime | None) -> Sequence[Order]:
    """All orders of an account by when they were entered."""
    found: Sequence[Order] = session.state.orders(session.clock.now(), account, since, until)
    return found


@hookimpl
async def order_by_client_id(session: Session, account: Account, client_order_id: str) -> Order | None:
    """The order of a client order id."""
    found: Order | None = session.state.order_by_client_id(session.clock.now(), account, client_order_id)
    return found


@hookimpl
async def order_events(session: Session, emit: Emit[OrderEvent]) -> None:
    """What happens to orders."""
    from polybroker_paper import streams

    await streams.order_events(session, emit)


@hookimpl
async def account_events(session: Session, emit: Emit[Balance | Position]) -> None:
    """What fills change."""
    from polybroker_paper import streams

    await streams.account_events(session, emit)


@hookimpl
async def quotes(session: Session, instruments: Sequence[Instrument]) -> Sequence[Quote]:
    """The simulated market."""
    found: Sequence[Quote] = session.state.quotes(session.clock.now(), instruments)
    return found


@hookimpl
async def quote_stream(session: Session, instruments: Sequence[Instrument], emit: Emit[Quote]) -> None:
    """The simulated market as it moves."""
    from polybroker_paper import streams

    await streams.quote_stream(session, instruments, emit)


@hookimpl
async def search_instruments(session: Session, text: str) -> Sequence[Instrument]:
    """What the text names or is part of."""
    from polybroker_paper.search import search

    return search(text, session.clock.now().date())


@hookimpl
async def price_history(
    session: Session, instrument: Instrument, since: datetime, until: datetime, interval: timedelta
) -> Sequence[Bar]:
    """Bars of the simulated market; its past reaches back without end."""
    found: Sequence[Bar] = session.state.bars(session.clock.now(), instrument, since, until, interval)
    return found
