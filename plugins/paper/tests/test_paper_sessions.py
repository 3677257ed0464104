"""The paper broker as an app meets it, on both event loops."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import anyio
import pytest

from polybroker.broker import Broker
from polybroker.errors import Rejected, SymbolUnknown, Unsupported
from polybroker.model.accounts import Balance, Position
from polybroker.model.instruments import Stock
from polybroker.model.orders import Linkage, OrderSide, OrderStatus, OrderType, single
from polybroker.registry import find_broker
from polybroker.testing.clock import START, VirtualClock
from polybroker_paper.worlds import forget

pytestmark = pytest.mark.anyio
AAPL = Stock("AAPL")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def paper() -> Broker:
    return find_broker("paper")


async def test_a_bracket_is_followed_from_entry_to_exit(paper: Broker) -> None:
    async with paper.connect(clock=VirtualClock(), config={"seed": "7"}) as session:
        [account] = await session.accounts()
        [quote] = await session.quotes([AAPL])
        assert quote.last is not None
        exits = (
            single(AAPL, OrderSide.SELL, Decimal(10), order_type=OrderType.LIMIT, limit_price=quote.last + 1),
            single(AAPL, OrderSide.SELL, Decimal(10), order_type=OrderType.STOP, stop_price=quote.last - 1),
        )
        seen = []
        async with session.order_events() as events:
            entry = single(AAPL, OrderSide.BUY, Decimal(10), linkage=Linkage.BRACKET, linked=exits)
            ack = await session.place_order(account, entry)
            async for event in events:
                seen.append((event.order_id, event.status))
                done = {order_id for order_id, status in seen if status.terminal}
                if done == {ack.order_id, *ack.linked}:
                    break
        assert seen.index((ack.order_id, OrderStatus.FILLED)) < len(seen) - 2
        assert {status for order_id, status in seen if order_id in ack.linked} >= {
            OrderStatus.WORKING, OrderStatus.FILLED, OrderStatus.CANCELED
        }  # fmt: skip
        assert await session.positions(account) == ()
        assert len(await session.executions(account, START)) == 2
        assert len(session.net.wire) == 0, "it has no wire"


async def test_every_read_has_an_answer(paper: Broker) -> None:
    async with paper.connect(clock=VirtualClock(), config={"accounts": "3", "account_type": "margin,cash"}) as session:
        accounts = await session.accounts()
        assert [account.account_id for account in accounts] == ["PAPER-1", "PAPER-2", "PAPER-3"]
        assert [account.account_type for account in accounts] == ["margin", "cash", "margin"]
        request = single(AAPL, OrderSide.BUY, Decimal(1), order_type=OrderType.LIMIT, limit_price=Decimal(9))
        ack = await session.place_order(accounts[1], request)
        assert ack.client_order_id is not None
        found = await session.order_by_client_id(accounts[1], ack.client_order_id)
        assert found is not None
        assert await session.open_orders(accounts[1]) == (found,)
        assert await session.orders(accounts[0], START) == ()
        again = await session.replace_order(accounts[1], found, request)
        assert again.order_id == ack.order_id
        assert (await session.preview_order(accounts[1], request)).accepted
        assert len(await session.cancel_all(accounts[1])) == 1
        with pytest.raises(Rejected):
            await session.cancel_order(accounts[1], found)
        assert (await session.search_instruments("AAPL"))[0] == AAPL
        bars = await session.price_history(AAPL, START - timedelta(hours=1), START, timedelta(minutes=5))
        assert len(bars) == 12
        with pytest.raises(SymbolUnknown):
            from polybroker.model.products import PRODUCTS

            await session.quotes([PRODUCTS["MES"].future(None)])


async def test_a_reconnect_to_a_named_world_finds_its_orders(paper: Broker) -> None:
    config, clock = {"world": "test of a reconnect"}, VirtualClock()
    try:
        async with paper.connect(clock=clock, config=config) as session:
            [account] = await session.accounts()
            ack = await session.place_order(account, single(AAPL, OrderSide.BUY, Decimal(1)))
        async with paper.connect(clock=clock, config=config) as session:
            [order] = await session.orders(account, START)
            assert order.order_id == ack.order_id
        with pytest.raises(Unsupported, match="other settings"):
            async with paper.connect(clock=clock, config={**config, "seed": "2"}):
                pass
        async with paper.connect(clock=clock) as session:
            assert await session.orders(account, START) == ()
    finally:
        forget("test of a reconnect")


async def test_account_events_tell_what_fills_have_changed(paper: Broker) -> None:
    async with paper.connect(clock=VirtualClock()) as session:
        [account] = await session.accounts()
        async with session.account_events() as events:
            batches = events.batches()
            await session.clock.sleep(1)
            for side, quantity in ((OrderSide.BUY, 1), (OrderSide.SELL, 0)):
                await session.place_order(account, single(AAPL, side, Decimal(1)))
                position, balance = await batches.__anext__()
                assert isinstance(position, Position)
                assert isinstance(balance, Balance)
                assert (position.instrument, position.quantity) == (AAPL, quantity)
                assert balance.cash == (await session.balances(account))[0].cash


async def test_quotes_stream_as_they_change(paper: Broker) -> None:
    clock = VirtualClock()
    async with paper.connect(clock=clock, config={"tick_seconds": "0.1"}) as session:
        seen = []
        async with session.quote_stream([AAPL, Stock("MSFT")]) as quotes:
            async for quote in quotes:
                seen.append(quote)
                if len(seen) == 30:
                    break
        assert seen[0].timestamp == START
        for ticker in ("AAPL", "MSFT"):
            mine = [quote for quote in seen if quote.instrument == Stock(ticker)]
            assert all(a.timestamp < b.timestamp for a, b in itertools.pairwise(mine))
            assert len(mine) > 5


async def test_a_clock_that_goes_back_lets_the_world_wait(paper: Broker) -> None:
    clock = VirtualClock()
    async with paper.connect(clock=clock) as session:
        [account] = await session.accounts()
        clock.advance(100)
        [before] = await session.quotes([AAPL])
        clock.jump(-3600)
        [after] = await session.quotes([AAPL])
        assert after == before
        ack = await session.place_order(account, single(AAPL, OrderSide.BUY, Decimal(1)))
        assert ack.status is OrderStatus.FILLED
        clock.jump(365 * 86_400)
        with anyio.fail_after(5):
            assert (await session.quotes([AAPL]))[0].timestamp > before.timestamp
