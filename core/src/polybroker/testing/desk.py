"""Where trading laws are tried: a session of the broker on its simulator, with time, weather and wire in hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Final

import httpx
from anyio.abc import ByteStream
from attrs import define, evolve, field, frozen

from polybroker.broker import Broker
from polybroker.errors import Unsupported
from polybroker.model.accounts import Account
from polybroker.model.broker_info import BrokerInfo
from polybroker.model.instruments import Instrument, Pair, Stock
from polybroker.model.login import Secrets
from polybroker.model.orders import (
    Ack,
    Order,
    OrderRequest,
    OrderSide,
    OrderType,
    single,
)
from polybroker.model.products import PRODUCTS
from polybroker.net import Exchange, Sent
from polybroker.session import Session
from polybroker.testing.clock import START, VirtualClock
from polybroker.testing.simulator.misfortune import Weather
from polybroker.testing.simulator.port import Received, Simulator
from polybroker.testing.subject import Subject
from polybroker.testing.variety import orders_of, plain

BEGINNING: Final = START - timedelta(days=3650)
_COMMON: Final[tuple[Instrument, ...]] = (Stock("AAPL"), Stock("SPY"), Stock("F"), Pair("BTC", "USD"))


@frozen
class Tapped:
    """One request as it left."""

    request: httpx.Request
    sent: Sent | None

    @property
    def text(self) -> str:
        """Everything of it that a broker reads."""
        headers = "\n".join(f"{name}: {value}" for name, value in self.request.headers.items())
        return f"{self.request.method} {self.request.url}\n{headers}\n\n{self.request.content.decode('latin-1')}"


@define(eq=False)
class Wiretap:
    """An `Exchange` that keeps what left through it."""

    inner: Exchange
    tapped: list[Tapped] = field(factory=list)

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        """As the wrapped one."""
        self.tapped.append(Tapped(request, request.extensions.get("polybroker")))
        return await self.inner.exchange(request, timeout)

    async def dial(self, target: httpx.URL) -> ByteStream:
        """As the wrapped one."""
        stream: ByteStream = await self.inner.dial(target)  # type: ignore[attr-defined]
        return stream

    async def aclose(self) -> None:
        """As the wrapped one."""
        await self.inner.aclose()


@define(eq=False)
class Desk:
    """One broker from a fresh start, and the sessions that a law opens with it."""

    subject: Subject
    clock: VirtualClock
    made: Simulator | None
    tap: Wiretap | None
    storm: Weather | None
    secrets: Secrets | None
    saved: list[Secrets] = field(factory=list)
    """What renewals brought, in order."""
    opened: Session | None = None

    @property
    def broker(self) -> Broker:
        """The broker under test."""
        return self.subject.plugin

    @property
    def info(self) -> BrokerInfo:
        """Its facts."""
        return self.broker.info

    @property
    def simulator(self) -> Simulator:
        """The simulated broker; only laws that need one ask."""
        assert self.made is not None, "this law has to need a simulator"
        return self.made

    @property
    def weather(self) -> Weather:
        """What befalls requests."""
        assert self.storm is not None, "this law has to need a simulator"
        return self.storm

    @property
    def tapped(self) -> list[Tapped]:
        """Every request that left over HTTP, of all sessions."""
        return self.tap.tapped if self.tap else []

    @property
    def session(self) -> Session:
        """The session that is open."""
        assert self.opened is not None, "no session is open"
        return self.opened

    @asynccontextmanager
    async def connected(self, secrets: Secrets | None = None) -> AsyncIterator[Session]:
        """A session with these secrets, or with a login that is good."""

        async def save(renewed: Secrets) -> None:
            self.saved.append(renewed)
            self.secrets = renewed

        async with self.broker.connect(
            secrets=secrets or self.secrets,
            environment=self.made.environment if self.made else None,
            config=self.made.config if self.made else {},
            save_secrets=save,
            clock=self.clock,
            transport=self.tap,
        ) as session:
            before, self.opened = self.opened, session
            try:
                yield session
            finally:
                self.opened = before

    async def settle(self) -> None:
        """Wait as long as the broker may take to show what it has accepted."""
        await self.clock.sleep(self.info.consistency_delay.total_seconds() + 1)

    # what is traded

    async def accounts(self) -> list[Account]:
        """The accounts; with a simulator in its order, the one that has money first."""
        found = {account.account_id: account for account in await self.session.accounts()}
        return [found[name] for name in self.made.account_ids] if self.made else list(found.values())

    async def account(self) -> Account:
        """The account that has money."""
        return (await self.accounts())[0]

    def instruments(self, account: Account) -> list[Instrument]:
        """What can be traded: the simulator's instruments, or common ones that `check_order` takes."""
        found = self.made.instruments if self.made else (*_COMMON, *(each.future(None) for each in PRODUCTS.values()))
        return [each for each in found if self.takes(account, plain(each))]

    def takes(self, account: Account, request: OrderRequest) -> bool:
        """Whether `check_order` takes the order."""
        try:
            self.broker.check_order(account, request)
        except Unsupported:
            return False
        return True

    async def price(self, instrument: Instrument) -> Decimal:
        """About where it trades, in whole units."""
        if not self.broker.offers("quotes"):
            return Decimal(100)
        [quote] = await self.session.quotes([instrument])
        return max((quote.last or quote.bid or quote.ask or Decimal(100)).to_integral_value(), Decimal(4))

    async def resting(self, account: Account, side: OrderSide = OrderSide.BUY, number: int = 0) -> OrderRequest:
        """A limit order far from the market; `number` chooses another price."""
        instrument = self.instruments(account)[0]
        price = await self.price(instrument)
        limit = (price / 2).to_integral_value() - number if side.sign > 0 else price * 2 + number
        return single(instrument, side, Decimal(3), order_type=OrderType.LIMIT, limit_price=max(limit, Decimal(1)))

    async def placed(self, account: Account | None = None, *, number: int = 0) -> tuple[Ack, OrderRequest]:
        """A resting order at the broker."""
        account = account or await self.account()
        request = await self.resting(account, number=number)
        return await self.session.place_order(account, request), request

    async def traded(self, account: Account) -> Ack:
        """A purchase at the market, filled where the market does so by itself or by the simulator."""
        instrument = self.instruments(account)[0]
        request = single(instrument, OrderSide.BUY, Decimal(3))
        if not self.takes(account, request):
            price = await self.price(instrument)
            request = evolve(plain(instrument), limit_price=price * 2)
        ack = await self.session.place_order(account, request)
        if self.made is not None and not self.truth(ack.order_id).status.terminal:
            self.made.fill(ack.order_id)
        await self.settle()
        return ack

    async def hold(self, account: Account) -> None:
        """Own some of the first instrument, so that it can be sold."""
        request = evolve(await self.resting(account), quantity=Decimal(100))
        ack = await self.session.place_order(account, request)
        self.simulator.fill(ack.order_id, price=Decimal(2))

    async def variety(self, account: Account) -> list[OrderRequest]:
        """Orders of every side, type and time in force, and some with more to them; taken by the broker or not."""
        instrument = self.instruments(account)[0]
        price = await self.price(instrument)
        return list(orders_of(instrument, price, self.clock.now()))

    # the truth

    def truth(self, order_id: str) -> Order:
        """The order as the broker has it; `KeyError` where it has none."""
        return {order.order_id: order for order in self.simulator.orders()}[order_id]

    def living(self, account: Account) -> dict[str, Order]:
        """The account's living orders at the broker, by id."""
        return {
            order.order_id: order
            for order in self.simulator.orders()
            if order.account_id == account.account_id and not order.status.terminal
        }

    def arrived(self) -> Received:
        """The order request that arrived last."""
        return self.simulator.received()[-1]


def fresh(subject: Subject) -> Desk:
    """A desk at a broker from a fresh start."""
    clock = VirtualClock()
    make = subject.facts.simulator
    if make is None:
        return Desk(subject, clock, None, None, None, None)
    simulator = make()
    weather = Weather(simulator.exchange(clock), clock, expire=simulator.expire_tokens)
    return Desk(subject, clock, simulator, Wiretap(weather), weather, simulator.secrets())
