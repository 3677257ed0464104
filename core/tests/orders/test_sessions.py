"""A session: what it refuses, renews, checks and repairs, with a small broker that lives in the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest

from polybroker.errors import (
    AuthError,
    ErrorCode,
    OutcomeUnknown,
    PluginError,
    ReauthRequired,
    Unavailable,
    Unsupported,
)
from polybroker.hookspecs import hookimpl
from polybroker.model.accounts import Account
from polybroker.model.broker_info import BrokerInfo, ClientOrderIds, Environment
from polybroker.model.instruments import Stock
from polybroker.model.login import Secrets
from polybroker.model.orders import Ack, Order, OrderEvent, OrderRequest, OrderSide, OrderStatus, single
from polybroker.model.secret import Secret
from polybroker.net import Effect, SystemClock
from polybroker.plugin_loading import broker_of
from polybroker.session import Session

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ACCOUNT = Account(broker_id="acme", account_id="A", number="12345678")
ORDER = single(Stock("AAPL"), OrderSide.BUY, Decimal(10))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class QuickClock(SystemClock):
    """The real clock, at a time of ours and in a hurry."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(min(seconds, 0.001))


class Echo:
    """A wire that answers everything with an empty object."""

    async def exchange(self, request: httpx.Request, timeout: float) -> httpx.Response:
        return httpx.Response(200, json={}, request=request)

    async def aclose(self) -> None:
        pass


async def send(session: Session, effect: Effect) -> None:
    await session.net.http.request("POST", "https://acme.test/x", endpoint="x", effect=effect)


@asynccontextmanager
async def connected(secrets: Secrets | None = None, policies: Any = (), **hooks: Any) -> AsyncIterator[Session]:
    """A session with a plugin whose hooks do what the test says, above a working minimum."""

    async def nothing(session: Session) -> None: ...

    async def accounts(session: Session) -> list[Account]:
        return [ACCOUNT]

    async def none(session: Session, account: Account) -> list[Order]:
        return []

    async def none_since(session: Session, account: Account, since: datetime, until: datetime | None) -> list[Order]:
        return []

    async def ack(session: Session, account: Account, order: Any) -> Ack:
        await send(session, Effect.ORDER)
        return Ack(order_id="1", client_order_id=getattr(order, "client_order_id", None))

    plugin: dict[str, Callable[..., Any]] = {
        "broker_info": lambda: BrokerInfo(
            "acme",
            "Acme",
            "https://acme.test",
            environments=(Environment(name="demo", endpoints={}, hosts=("acme.test",)),),
            client_order_ids=ClientOrderIds(charset="ABCDEFGHJK0123456789", max_length=12),
        ),
        "open_session": nothing,
        "close_session": nothing,
        "accounts": accounts,
        "check_order": lambda account, order: None,
        "place_order": ack,
        "cancel_order": ack,
        "open_orders": none,
        "orders": none_since,
        **hooks,
    }
    broker = broker_of(SimpleNamespace(**{name: hookimpl(hook) for name, hook in plugin.items()}), "acme")
    async with broker.connect(secrets=secrets, clock=QuickClock(), transport=Echo(), policies=policies) as session:
        yield session


async def test_an_order_leaves_once_with_an_id_that_fits() -> None:
    async with connected() as session:
        ack = await session.place_order(ACCOUNT, ORDER)
        assert ack.client_order_id is not None
        assert len(ack.client_order_id) == 12
        assert session.net.wire.count(Effect.ORDER) == 1
        with pytest.raises(Unsupported, match="'-'"):
            await session.place_order(ACCOUNT, single(Stock("A"), OrderSide.BUY, Decimal(1), client_order_id="A-1"))
        assert session.net.wire.count(Effect.ORDER) == 1


async def test_what_is_not_offered_or_not_taken_never_leaves() -> None:
    def check_order(account: Account, order: OrderRequest) -> None:
        raise Unsupported("no fractions here")

    async with connected(check_order=check_order) as session:
        with pytest.raises(Unsupported, match="fractions"):
            await session.place_order(ACCOUNT, ORDER)
        with pytest.raises(Unsupported, match="does not offer quotes"):
            await session.quotes([Stock("AAPL")])
        assert len(session.net.wire) == 0


async def test_a_plugin_that_fails_after_sending_an_order_does_not_know_what_became_of_it() -> None:
    async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
        await send(session, Effect.ORDER)
        raise KeyError("orderId")

    async def too_early(session: Session, account: Account, order: OrderRequest) -> Ack:
        raise KeyError("orderId")

    async with connected(place_order=place_order) as session:
        with pytest.raises(OutcomeUnknown):
            await session.place_order(ACCOUNT, ORDER)
    async with connected(place_order=too_early) as session:
        with pytest.raises(PluginError):
            await session.place_order(ACCOUNT, ORDER)


async def test_a_wrong_type_is_the_plugins_fault() -> None:
    async def accounts(session: Session) -> list[Any]:
        return [ACCOUNT, {"id": 1}]

    async with connected(accounts=accounts) as session:
        with pytest.raises(PluginError, match="dict"):
            await session.accounts()


async def test_policies_stand_around_an_order_outermost_first() -> None:
    seen = []

    def policy(name: str) -> Any:
        async def passing(call: Any, proceed: Any) -> Ack:
            seen.append(f"{name} {call.operation}")
            ack: Ack = await proceed(call)
            seen.append(name)
            return ack

        return passing

    async with connected(policies=[policy("audit"), policy("risk")]) as session:
        await session.place_order(ACCOUNT, ORDER)
    assert seen == ["audit place", "risk place", "risk", "audit"]


class Renewals:
    """Counts renewals; each lasts a moment, so that they could overlap."""

    def __init__(self, *errors: Exception) -> None:
        self.count, self.errors = 0, list(errors)

    async def renew_session(self, session: Session) -> Secrets:
        self.count += 1
        number = self.count
        await anyio.sleep(0.01)
        if self.errors:
            raise self.errors.pop(0)
        values = {"access_token": Secret(f"token-{number}")}
        return Secrets(values=values, access_expires_at=NOW + timedelta(minutes=30))


async def test_many_calls_with_a_dying_token_cause_one_renewal() -> None:
    renewals = Renewals()
    dying = Secrets(access_expires_at=NOW + timedelta(seconds=10))

    async def renew_session(session: Session) -> Secrets:
        return await renewals.renew_session(session)

    async with connected(dying, renew_session=renew_session) as session:
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(session.accounts)
        assert renewals.count == 1
        assert session.secrets.values["access_token"] == Secret("token-1")


async def test_a_read_that_meets_a_dead_token_is_renewed_once_and_an_order_is_not_repeated() -> None:
    renewals, asked = Renewals(), 0

    async def renew_session(session: Session) -> Secrets:
        return await renewals.renew_session(session)

    async def accounts(session: Session) -> list[Account]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise AuthError("expired", code=ErrorCode.AUTH_EXPIRED)
        return [ACCOUNT]

    async def place_order(session: Session, account: Account, order: OrderRequest) -> Ack:
        await send(session, Effect.ORDER)
        raise AuthError("expired", code=ErrorCode.AUTH_EXPIRED)

    async with connected(renew_session=renew_session, accounts=accounts, place_order=place_order) as session:
        assert await session.accounts() == (ACCOUNT,)
        assert (renewals.count, asked) == (1, 2)
        with pytest.raises(AuthError):
            await session.place_order(ACCOUNT, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 1


async def test_a_login_that_has_ended_is_said_and_not_hidden() -> None:
    async def renew_session(session: Session) -> Secrets:
        raise ReauthRequired("log in again")

    async with connected(Secrets(access_expires_at=NOW), renew_session=renew_session) as session:
        with pytest.raises(ReauthRequired):
            await session.place_order(ACCOUNT, ORDER)
        assert session.net.wire.count(Effect.ORDER) == 0


async def test_a_gap_in_a_stream_is_repaired() -> None:
    runs = 0
    order = Order(
        broker_id="acme",
        account_id="A",
        order_id="7",
        client_order_id=None,
        request=ORDER,
        status=OrderStatus.FILLED,
        filled_quantity=Decimal(10),
    )

    async def order_events(session: Session, emit: Any) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            event = OrderEvent(account_id="A", order_id="7", status=OrderStatus.WORKING)
            await emit([event])
            raise Unavailable("gone")
        await emit([])
        await anyio.sleep_forever()

    async def orders(session: Session, account: Account, since: datetime, until: datetime | None) -> list[Order]:
        return [order] if runs == 2 else []

    seen = []
    async with connected(order_events=order_events, orders=orders) as session:
        async with session.order_events() as events:
            async for event in events:
                seen.append(event.status)
                if event.status is OrderStatus.FILLED:
                    break
    assert seen == [OrderStatus.WORKING, OrderStatus.FILLED]


async def test_an_error_that_only_a_person_can_settle_ends_the_stream_in_the_open() -> None:
    async def order_events(session: Session, emit: Any) -> None:
        raise ReauthRequired("log in again")

    async with connected(order_events=order_events) as session:
        with pytest.raises(ReauthRequired):
            async with session.order_events() as events:
                async for _ in events:
                    pass


async def test_the_goodbye_is_said_whatever_happened() -> None:
    said = []

    async def close_session(session: Session) -> None:
        said.append(session.broker_id)

    with pytest.raises(ZeroDivisionError):
        async with connected(close_session=close_session):
            raise ZeroDivisionError
    assert said == ["acme"]
