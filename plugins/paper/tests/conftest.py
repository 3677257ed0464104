"""Small worlds whose prices the test writes down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import define

from polybroker.model.accounts import Account, Balance
from polybroker.model.money import plain_text
from polybroker.model.orders import Ack, Order, OrderRequest, OrderStatus
from polybroker_paper.settings import read_settings
from polybroker_paper.world import World

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday."""


@define(eq=False)
class Table:
    """A world, and the time that its tests turn."""

    world: World
    now: datetime = START

    @property
    def account(self) -> Account:
        return self.world.accounts[0]

    def wait(self, seconds: float = 1) -> None:
        self.now += timedelta(seconds=seconds)

    def place(self, request: OrderRequest, account: Account | None = None) -> Ack:
        return self.world.place(self.now, account or self.account, request)

    def order(self, order_id: str, account: Account | None = None) -> Order:
        found = self.world.orders(self.now, account or self.account, START, None)
        return next(order for order in found if order.order_id == order_id)

    def status(self, order_id: str) -> OrderStatus:
        return self.order(order_id).status

    def filled(self, order_id: str) -> list[tuple[str, str]]:
        return [(plain_text(fill.quantity), plain_text(fill.price)) for fill in self.order(order_id).fills]

    def balance(self, currency: str = "USD") -> Balance:
        found = self.world.balances(self.now, self.account)
        return next(balance for balance in found if balance.currency == currency)

    def held(self) -> dict[str, Decimal]:
        found = self.world.positions(self.now, self.account)
        return {held.instrument.contract: held.quantity for held in found if held.instrument}


MakeTable = Callable[..., Table]


@pytest.fixture
def table(tmp_path: Path) -> MakeTable:
    """`table({"AAPL": [100, 99]}, shorting="no")`: bids by second, asks a cent (or `spread`) above."""

    def make(prices: Mapping[str, Sequence[float | str]], *, spread: str = "0.01", **config: str) -> Table:
        lines = ["time,symbol,bid,ask"]
        for symbol, bids in prices.items():
            lines += [f"{at},{symbol},{bid},{Decimal(str(bid)) + Decimal(spread)}" for at, bid in enumerate(bids)]
        path = tmp_path / "quotes.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return Table(World(read_settings({"quotes_file": str(path), **config}), START))

    return make
