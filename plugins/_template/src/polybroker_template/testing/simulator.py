"""The simulated broker as the contract suite plays with it; also good for trying an app without an account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

from attrs import evolve

from polybroker.errors import ErrorCode
from polybroker.model.broker_info import Environment
from polybroker.model.instruments import Instrument
from polybroker.model.login import Secrets
from polybroker.model.orders import Order
from polybroker.model.secret import Secret
from polybroker.net import Clock, SystemClock
from polybroker.testing.simulator import InProcess, Received, on_loopback
from polybroker_template.facts import DEMO
from polybroker_template.testing.books import ACCOUNTS, Books
from polybroker_template.testing.login import ACCESS, CLIENT_ID, LOGIN, LoginServer
from polybroker_template.testing.server import REFUSALS, Server


class SimulatedBroker:
    """One broker with its memory. The market moves only when it is told to."""

    def __init__(self) -> None:
        clock = SystemClock()
        self.books, self.login = Books.fresh(clock), LoginServer(clock)
        self.server = Server(self.books, self.login)
        self.app = self.server.app()

    @property
    def environment(self) -> Environment:
        """The broker's own demo environment: within the process its addresses lead here."""
        return DEMO

    @property
    def config(self) -> Mapping[str, str]:
        """The app that is registered."""
        return {"client_id": CLIENT_ID}

    @property
    def account_ids(self) -> Sequence[str]:
        """The first has money, the second none."""
        return ACCOUNTS

    @property
    def instruments(self) -> Sequence[Instrument]:
        """What has a market."""
        return [market.instrument for market in self.books.markets.values()]

    def exchange(self, clock: Clock) -> InProcess:
        """The broker without sockets, living by `clock`."""
        self.books.clock = self.login.clock = clock
        return InProcess(self.app)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Environment]:
        """The broker on loopback."""
        self.books.clock = self.login.clock = SystemClock()
        async with on_loopback(self.app) as place:
            endpoints = {"login": f"http://{place}", "rest": f"http://{place}", "stream": f"ws://{place}/stream"}
            yield evolve(DEMO, endpoints=endpoints, hosts=("127.0.0.1",))

    def secrets(self) -> Secrets:
        """A login that is good now."""
        grant, now = self.login.new_grant(), self.login.clock.now()
        [access] = grant.access_tokens
        return Secrets(
            values={"access_token": Secret(access), "refresh_token": Secret(grant.refresh_token)},
            access_expires_at=now + ACCESS,
            login_again_by=now + LOGIN,
        )

    def approve(self, url: str) -> str:
        """A person logs in and agrees."""
        return self.login.approve(url)

    def received(self) -> Sequence[Received]:
        """Every order request that arrived whole."""
        return tuple(self.server.received)

    def orders(self) -> Sequence[Order]:
        """Every order that the broker holds."""
        return tuple(self.books.orders.values())

    def fill(self, order_id: str, quantity: Decimal | None = None, price: Decimal | None = None) -> None:
        """The market fills a living order."""
        self.books.fill(order_id, quantity, price)

    def move(self, symbol: str, bid: Decimal, ask: Decimal) -> None:
        """The market moves, and everybody who follows it is told."""
        market = self.books.markets[symbol]
        market.bid, market.ask = bid, ask
        self.server.publish_quote(symbol)

    def expire_tokens(self) -> None:
        """Every access token dies now."""
        self.login.expire()
        self.server.end_streams()

    def revoke_login(self) -> None:
        """Every token dies now."""
        self.login.revoke()
        self.server.end_streams()

    def drop_streams(self) -> None:
        """Every websocket breaks now."""
        self.server.drop_streams()

    @property
    def provokes(self) -> frozenset[ErrorCode]:
        """All nine."""
        return frozenset(REFUSALS)

    def provoke(self, code: ErrorCode) -> None:
        """The next order is refused for that reason."""
        self.server.refuse_next = code
