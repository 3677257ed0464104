"""`Session`: an open connection to one broker; what hooks work with and apps call.

A hook uses `environment`, `config`, `secrets`, `net`, `clock`, `state` and `spawn`; an app uses the rest. Every
method checks first that the plugin offers its hook (`Unsupported`), renews secrets that are about to run out,
and checks what the plugin returns. What a plugin raises beyond `BrokerError` becomes a `PluginError`, or
`OutcomeUnknown` where an order may have left before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
from anyio.abc import TaskGroup
from attrs import evolve

from polybroker.errors import (
    AuthError,
    BrokerError,
    ErrorCode,
    OutcomeUnknown,
    PluginError,
    ReauthRequired,
    Unsupported,
)
from polybroker.faults import in_words
from polybroker.model.accounts import Account, Balance, Position
from polybroker.model.broker_info import BrokerInfo, Environment
from polybroker.model.instruments import Instrument
from polybroker.model.login import Secrets
from polybroker.model.orders import AccountExecution, Ack, Order, OrderEvent, OrderRequest, Preview
from polybroker.model.quotes import Bar, Depth, MarketHours, Mover, OptionChain, Quote
from polybroker.net import Clock, Effect, Net
from polybroker.orders.calls import Operation, OrderCall, Policy, compose
from polybroker.streams import Events, Stream

if TYPE_CHECKING:
    from polybroker.broker import Broker

T = TypeVar("T")
SaveSecrets = Callable[[Secrets], Awaitable[None]]
"""Makes renewed secrets durable; the core uses them only after it has returned."""

CLOSE_WITHIN: Final = 5.0
"""Seconds that a plugin has to say goodbye."""
RENEW_BEFORE: Final = timedelta(seconds=60)
"""How long before its expiry an access token is renewed."""


class Session:
    """An open connection. Made by `Broker.connect`."""

    def __init__(
        self,
        broker: Broker,
        *,
        environment: Environment,
        config: Mapping[str, str],
        secrets: Secrets,
        net: Net,
        tasks: TaskGroup,
        policies: Sequence[Policy] = (),
        save_secrets: SaveSecrets | None = None,
    ) -> None:
        self.broker = broker
        self.environment = environment
        self.config = config
        self.secrets = secrets
        self.net = net
        self.state: Any = None
        """The plugin's own; nobody else looks at it."""
        self.policies = tuple(policies)
        self._tasks = tasks
        self._save_secrets = save_secrets
        self._renewing = anyio.Lock()

    def __repr__(self) -> str:
        return f"<Session {self.broker_id} {self.environment.name}>"

    @property
    def broker_id(self) -> str:
        """The broker's id."""
        return self.broker.id

    @property
    def info(self) -> BrokerInfo:
        """The broker's facts."""
        return self.broker.info

    @property
    def clock(self) -> Clock:
        """The connection's time."""
        return self.net.clock

    def spawn(self, task: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `task` beside the calls until the session closes; an error of it ends the session."""
        self._tasks.start_soon(task)

    # life

    async def open(self) -> None:
        """Let the plugin make itself ready; called by `Broker.connect`."""
        for secret in self.secrets.values.values():
            self.net.redactor.learn(secret)
        await self._ask("open_session", type(None), Effect.AUTH)

    async def close(self) -> None:
        """Let the plugin say goodbye, within a few seconds, whatever happens; called by `Broker.connect`."""
        within = self.clock.fail_after(CLOSE_WITHIN)
        with anyio.CancelScope(shield=True), suppress(BrokerError, TimeoutError), within:
            await self._ask("close_session", type(None), Effect.AUTH)

    async def renew(self) -> None:
        """Renew the secrets now. Several callers at once cause one renewal."""
        before = self.secrets
        async with self._renewing:
            if self.secrets is not before:
                return
            renewed = await self._ask("renew_session", Secrets, Effect.AUTH)
            if self._save_secrets is not None:
                await self._save_secrets(renewed)
            for secret in renewed.values.values():
                self.net.redactor.learn(secret)
            self.secrets = renewed

    async def revoke(self) -> None:
        """Make the secrets worthless at the broker."""
        await self._ask("revoke_login", type(None), Effect.AUTH)

    @property
    def login_again_by(self) -> datetime | None:
        """When a person has to log in again at the latest; None: never, as long as renewals work."""
        known = [time for time in (self.secrets.login_again_by, self.secrets.refresh_expires_at) if time is not None]
        return min(known, default=None)

    # accounts

    async def accounts(self) -> Sequence[Account]:
        """Every account that the login can see."""
        return await self._read_many("accounts", Account)

    async def balances(self, account: Account) -> Sequence[Balance]:
        """The account's money, one record for each currency."""
        return await self._read_many("balances", Balance, account=account)

    async def positions(self, account: Account) -> Sequence[Position]:
        """What the account holds, without flat positions."""
        return await self._read_many("positions", Position, account=account)

    async def executions(self, account: Account, since: datetime) -> Sequence[AccountExecution]:
        """Every execution at or after `since`, oldest first."""
        return await self._read_many("executions", AccountExecution, account=account, since=_aware(since))

    # orders

    def check_order(self, account: Account, order: OrderRequest) -> None:
        """`Unsupported` that says why this broker does not take such an order; pure."""
        self.broker.check_order(account, order)

    async def place_order(self, account: Account, order: OrderRequest) -> Ack:
        """Send an order, at most once, through the app's policies.

        Raises `Unsupported` before any I/O, `Rejected` where it was refused, `Unavailable` where nothing was
        sent, and `OutcomeUnknown` where it may have been: then only the broker's own lists tell.
        """
        return await self._change(OrderCall(Operation.PLACE, self, account, request=order))

    async def replace_order(self, account: Account, order: Order, request: OrderRequest) -> Ack:
        """Change a living order into `request`; the ack names the order that lives on."""
        return await self._change(OrderCall(Operation.REPLACE, self, account, order=order, request=request))

    async def cancel_order(self, account: Account, order: Order) -> Ack:
        """Ask to cancel the order; the end comes as an event."""
        return await self._change(OrderCall(Operation.CANCEL, self, account, order=order))

    async def cancel_all(self, account: Account) -> Sequence[Ack]:
        """Ask to cancel every living order of the account: by one request, or one by one where the broker has none.

        The one request passes no policy, so that nothing of the app can hold it up: audit and journal learn of the
        ends by order events and `reconcile`.
        """
        if self.broker.offers("cancel_all"):
            return await self._many("cancel_all", Ack, Effect.CANCEL, account=account)
        return [await self.cancel_order(account, order) for order in await self.open_orders(account)]

    async def preview_order(self, account: Account, order: OrderRequest) -> Preview:
        """What the order would cost, by the broker's own estimate."""
        self.check_order(account, order)
        return await self._read("preview_order", Preview, account=account, order=order)

    async def open_orders(self, account: Account) -> Sequence[Order]:
        """Every living order of the account."""
        return await self._read_many("open_orders", Order, account=account)

    async def orders(self, account: Account, since: datetime, until: datetime | None = None) -> Sequence[Order]:
        """Every order entered at or after `since` (and before `until`), ended ones included."""
        until = _aware(until) if until is not None else None
        return await self._read_many("orders", Order, account=account, since=_aware(since), until=until)

    async def order_by_client_id(self, account: Account, client_order_id: str) -> Order | None:
        """The order of that client order id; None where the broker says that there is none."""
        wanted: Any = Order | None
        found: Order | None = await self._read(
            "order_by_client_id", wanted, account=account, client_order_id=client_order_id
        )
        return found

    def order_events(self) -> AbstractAsyncContextManager[Events[OrderEvent]]:
        """What happens to orders, gaps repaired: `async with session.order_events() as events`."""
        return Stream(self, "order_events", OrderEvent).open()

    def account_events(self) -> AbstractAsyncContextManager[Events[Balance | Position]]:
        """Changed balances and positions."""
        return Stream(self, "account_events", Balance | Position).open()

    # market data

    async def quotes(self, instruments: Sequence[Instrument]) -> Sequence[Quote]:
        """One quote for each instrument, in their order."""
        found = await self._read_many("quotes", Quote, instruments=tuple(instruments))
        if len(found) != len(instruments):
            raise PluginError(f"{self.broker_id}: quotes returned {len(found)} for {len(instruments)} instruments")
        return found

    async def option_chain(self, underlying: str, expiry: date | None = None) -> OptionChain:
        """The options on `underlying`, of one expiry or of all."""
        return await self._read("option_chain", OptionChain, underlying=underlying, expiry=expiry)

    async def search_instruments(self, text: str) -> Sequence[Instrument]:
        """Instruments that match `text`, best first."""
        wanted: Any = Instrument
        found: Sequence[Instrument] = await self._read_many("search_instruments", wanted, text=text)
        return found

    async def price_history(
        self, instrument: Instrument, since: datetime, until: datetime, interval: timedelta
    ) -> Sequence[Bar]:
        """Bars that begin within [since, until), oldest first."""
        window = {"since": _aware(since), "until": _aware(until)}
        return await self._read_many("price_history", Bar, instrument=instrument, interval=interval, **window)

    async def market_hours(self, market: str, on: date) -> MarketHours:
        """When `market` is open on that date."""
        return await self._read("market_hours", MarketHours, market=market, on=on)

    async def movers(self, market: str) -> Sequence[Mover]:
        """The instruments of `market` that moved most."""
        return await self._read_many("movers", Mover, market=market)

    def quote_stream(self, instruments: Sequence[Instrument]) -> AbstractAsyncContextManager[Events[Quote]]:
        """Quotes as they change: `async with session.quote_stream([...]) as quotes`."""
        return Stream(self, "quote_stream", Quote, {"instruments": tuple(instruments)}).open()

    def depth_stream(self, instruments: Sequence[Instrument]) -> AbstractAsyncContextManager[Events[Depth]]:
        """Books as they change."""
        return Stream(self, "depth_stream", Depth, {"instruments": tuple(instruments)}).open()

    # how hooks are called

    async def _read(self, hook: str, wanted: type[T], **arguments: object) -> T:
        """A read, with one renewal where the access token turns out to have expired."""
        self.broker.require(hook)
        await self._fresh()
        found: T
        try:
            found = await self._ask(hook, wanted, Effect.READ, **arguments)
            return found
        except AuthError as error:
            if isinstance(error, ReauthRequired) or error.code is not ErrorCode.AUTH_EXPIRED:
                raise
            if not self.broker.offers("renew_session"):
                raise
        await self.renew()
        found = await self._ask(hook, wanted, Effect.READ, **arguments)
        return found

    async def _read_many(self, hook: str, wanted: type[T], **arguments: object) -> tuple[T, ...]:
        found: Sequence[T] = await self._read(hook, Sequence, **arguments)  # type: ignore[type-abstract]
        return self._each(hook, found, wanted)

    async def _many(self, hook: str, wanted: type[T], effect: Effect, **arguments: object) -> tuple[T, ...]:
        self.broker.require(hook)
        await self._fresh()
        return self._each(hook, await self._ask(hook, Sequence, effect, **arguments), wanted)

    def _each(self, hook: str, found: Sequence[T], wanted: type[T]) -> tuple[T, ...]:
        for item in found:
            self._check(hook, item, wanted)
        return tuple(found)

    async def _fresh(self) -> None:
        """Renew before the access token runs out, so that no order meets a dead one."""
        expires = self.secrets.access_expires_at
        if expires is None or not self.broker.offers("renew_session"):
            return
        if expires - self.clock.now() <= RENEW_BEFORE:
            await self.renew()

    async def _change(self, call: OrderCall) -> Ack:
        self.broker.require(call.hook)
        if call.request is not None:
            self.check_order(call.account, call.request)
            call.made_id = call.request.client_order_id is None
            call.request = self._identified(call.request)
        await self._fresh()
        return await compose(self.policies, self._send)(call)

    def _identified(self, request: OrderRequest) -> OrderRequest:
        """`request` with the client order id that it leaves with, where the broker takes one."""
        from polybroker.orders.ids import check_client_order_id, fresh_client_order_id

        rule = self.info.client_order_ids
        if rule is None:
            return request
        if request.client_order_id is not None:
            try:
                check_client_order_id(rule, request.client_order_id)
            except ValueError as error:
                raise Unsupported(f"{self.broker_id}: {error}") from None
            return request
        return evolve(request, client_order_id=fresh_client_order_id(rule))

    async def _send(self, call: OrderCall) -> Ack:
        effect = Effect.CANCEL if call.operation is Operation.CANCEL else Effect.ORDER
        ack: Ack = await self._ask(call.hook, Ack, effect, account=call.account, **call.arguments)
        sent = call.request.client_order_id if call.request and self.info.client_order_ids else None
        if sent and ack.client_order_id not in (None, sent):
            raise OutcomeUnknown(f"{self.broker_id}: the answer is that to another order, {ack.client_order_id}")
        return ack

    async def _ask(self, hook: str, wanted: Any, effect: Effect, **arguments: object) -> Any:
        caller = self.broker.require(hook)
        before = self.net.wire.count(effect)
        try:
            result = await caller(session=self, **arguments)
            self._check(hook, result, wanted)
        except BrokerError as error:
            if not isinstance(error, PluginError):
                raise
            raise self._lost(error, effect, before) from error
        except Exception as error:
            fault = PluginError(f"{self.broker_id}: {hook} raised {self.net.redactor.clean(in_words(error))}")
            raise self._lost(fault, effect, before) from error
        return result

    def _lost(self, fault: PluginError, effect: Effect, before: int) -> BrokerError:
        """A plugin that fails after an order may have left does not know what became of it."""
        if effect in (Effect.ORDER, Effect.CANCEL) and self.net.wire.count(effect) > before:
            return OutcomeUnknown(f"{fault.message}, after the request may have left")
        return fault

    def _check(self, hook: str, result: object, wanted: Any) -> None:
        if isinstance(result, wanted) and not isinstance(result, str):
            return
        raise PluginError(f"{self.broker_id}: {hook} returned {type(result).__name__}, which is none of its types")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("times are aware: give this one a zone")
    return moment
