"""What an app writes to trade; the broker is the simulated one, so it needs no network and no login."""

from decimal import Decimal

import anyio

from polybroker.model.orders import Linkage, OrderSide, OrderType, single
from polybroker.registry import find_broker


async def main() -> None:
    async with find_broker("paper").connect(config={"seed": "7", "tick_seconds": "0.005"}) as session:
        begun = session.clock.now()
        [account] = await session.accounts()
        mes, *_ = await session.search_instruments("MES")
        [quote] = await session.quotes([mes])
        price, two = quote.last or Decimal(6000), Decimal(2)
        profit = single(mes, OrderSide.SELL, two, order_type=OrderType.LIMIT, limit_price=price + 5)
        loss = single(mes, OrderSide.SELL, two, order_type=OrderType.STOP, stop_price=price - 5)
        entry = single(mes, OrderSide.BUY, two, linkage=Linkage.BRACKET, linked=(profit, loss))
        async with session.order_events() as events:
            ack = await session.place_order(account, entry)
            living = {ack.order_id, *ack.linked}
            while living:
                event = await anext(events)
                if event.order_id in living and event.status.terminal:
                    living.remove(event.order_id)
        for order in await session.orders(account, since=begun):
            print(order.order_id, order.request.side, order.status, "at", order.average_fill_price)
        for balance in await session.balances(account):
            print("cash", balance.cash, "profit", balance.realized_pnl)


anyio.run(main)
