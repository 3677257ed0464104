"""Accounts, orders and streams against the simulated broker."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from polybroker.broker import Broker
from polybroker.errors import ErrorCode, OutcomeUnknown, Rejected, Unsupported
from polybroker.model.instruments import Stock
from polybroker.model.orders import Order, OrderSide, OrderStatus, OrderType, single
from polybroker.net import Effect
from polybroker.session import Session
from polybroker.testing.clock import VirtualClock
from polybroker.testing.simulator import Misfortune, Weather
from polybroker_template.testing import SimulatedBroker

pytestmark = pytest.mark.anyio
APPLE = Stock("AAPL")


def buy(quantity: str = "10", limit: str = "250.5", **more: Any) -> Any:
    price = {"order_type": OrderType.LIMIT, "limit_price": Decimal(limit)}
    return single(APPLE, OrderSide.BUY, Decimal(quantity), **{**price, **more})


async def only_order(session: Session) -> Order:
    account = (await session.accounts())[0]
    [order] = await session.open_orders(account)
    return order


async def test_an_order_is_placed_changed_and_cancelled(connect: Any, simulator: SimulatedBroker) -> None:
    async with connect() as session:
        account = (await session.accounts())[0]
        ack = await session.place_order(account, buy())
        assert simulator.received()[-1].request == (await only_order(session)).request
        found = await session.order_by_client_id(account, ack.client_order_id)
        assert found is not None
        assert found.order_id == ack.order_id
        await session.replace_order(account, found, buy("12", "251"))
        assert (await only_order(session)).request.limit_price == Decimal(251)
        await session.cancel_order(account, await only_order(session))
        assert await session.open_orders(account) == ()
        with pytest.raises(Rejected, match="ended"):
            await session.cancel_order(account, found)
        [ended] = await session.orders(account, session.clock.now() - timedelta(hours=1))
        assert ended.status is OrderStatus.CANCELED


async def test_fills_reach_stream_position_balance_and_history(connect: Any, simulator: SimulatedBroker) -> None:
    async with connect() as session:
        account = (await session.accounts())[0]
        cash = (await session.balances(account))[0].cash
        seen = []
        async with session.order_events() as events:
            ack = await session.place_order(account, buy())
            async for event in events:
                seen.append((event.status, event.filled_quantity))
                if event.status is OrderStatus.WORKING:
                    simulator.fill(ack.order_id, Decimal(4))
                    simulator.drop_streams()
                    simulator.fill(ack.order_id)
                if event.status is OrderStatus.FILLED and event.filled_quantity is not None:
                    break
        assert seen[-1] == (OrderStatus.FILLED, Decimal(10))
        [position] = await session.positions(account)
        assert (position.instrument, position.quantity) == (APPLE, Decimal(10))
        assert (await session.balances(account))[0].cash == cash - Decimal(2505)
        history = await session.executions(account, session.clock.now() - timedelta(days=1))
        assert [each.fill.quantity for each in history] == [4, 6]


async def test_all_pages_are_read(connect: Any) -> None:
    async with connect() as session:
        account = (await session.accounts())[0]
        for _ in range(5):
            await session.place_order(account, buy("1"))
        assert len(await session.open_orders(account)) == 5


async def test_what_is_not_taken_never_leaves(connect: Any) -> None:
    async with connect() as session:
        account = (await session.accounts())[0]
        sent = len(session.net.wire)
        for order in (buy("0.5"), buy(extended_hours=True), single(Stock("AAPL", "EUR"), OrderSide.BUY, Decimal(1))):
            with pytest.raises(Unsupported):
                await session.place_order(account, order)
        assert len(session.net.wire) == sent


async def test_every_refusal_has_its_unified_code(connect: Any, simulator: SimulatedBroker) -> None:
    async with connect() as session:
        account = (await session.accounts())[0]
        for code in sorted(simulator.provokes):
            simulator.provoke(code)
            with pytest.raises(Exception) as caught:
                await session.place_order(account, buy())
            assert getattr(caught.value, "code", None) is code, code
        with pytest.raises(Rejected) as refused:
            await session.place_order(account, buy("1000000"))
        assert refused.value.code is ErrorCode.INSUFFICIENT_FUNDS


async def test_a_lost_answer_is_an_unknown_outcome_that_the_client_id_settles(
    broker: Broker, connect: Any, simulator: SimulatedBroker, clock: VirtualClock
) -> None:
    weather = Weather(simulator.exchange(clock), clock)
    async with connect(transport=weather) as session:
        account = (await session.accounts())[0]
        weather.strike(Misfortune.REPLY_LOST, effect=Effect.ORDER)
        with pytest.raises(OutcomeUnknown):
            await session.place_order(account, buy(client_order_id="mine-1"))
        assert await session.order_by_client_id(account, "mine-1") is not None
        assert await session.order_by_client_id(account, "mine-2") is None
        again = await session.place_order(account, buy(client_order_id="mine-1"))
        assert again.order_id == (await only_order(session)).order_id


async def test_quotes_are_asked_for_and_followed(connect: Any, simulator: SimulatedBroker) -> None:
    async with connect() as session:
        instruments = list(simulator.instruments)
        assert [quote.instrument for quote in await session.quotes(instruments)] == instruments
        async with session.quote_stream([APPLE]) as quotes:
            async for quote in quotes:
                if quote.bid == Decimal("260.01"):
                    break
                simulator.move("AAPL", Decimal("260.01"), Decimal("260.02"))


async def test_the_same_broker_on_loopback(broker: Broker, simulator: SimulatedBroker) -> None:
    async with simulator.serve() as environment:
        login = {"secrets": simulator.secrets(), "config": simulator.config}
        async with broker.connect(environment=environment, **login) as session:
            account = (await session.accounts())[0]
            async with session.order_events() as events:
                ack = await session.place_order(account, buy())
                async for event in events:
                    if event.order_id == ack.order_id:
                        break
