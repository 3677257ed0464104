"""Laws that hold whatever is asked of a simulated world, and whatever its prices do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import Rejected
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Instrument, Pair, Stock
from polybroker.model.orders import (
    Linkage,
    OrderEvent,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    TimeInForce,
    single,
)
from polybroker.model.products import PRODUCTS
from polybroker.orders.state import apply
from polybroker_paper.listing import tick_size
from polybroker_paper.settings import read_settings
from polybroker_paper.streams import _pause
from polybroker_paper.world import World

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
MES = PRODUCTS["MES"].future(ContractMonth(2026, 6))
TRADED: Sequence[tuple[Instrument, int]] = (
    (Stock("AAPL"), 10),
    (MES, 5),
    (Pair("BTC", "USD"), 1),
    (Pair("EUR", "USD", AssetClass.FOREX), 200),
)


@frozen
class Ask:
    """Something that a test does: an order's parts, or a wait."""

    kind: str
    instrument: int = 0
    side: OrderSide = OrderSide.BUY
    size: int = 1
    offset: int = 0
    order_type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.DAY
    linkage: Linkage | None = None
    seconds: int = 0


PLACED = st.builds(
    Ask,
    st.just("place"),
    st.sampled_from([0, 0, 1, 1, 2, 3]),
    st.sampled_from([*[OrderSide.BUY, OrderSide.SELL] * 3, *OrderSide]),
    st.integers(1, 7),
    st.integers(-12, 12),
    st.sampled_from(OrderType),
    st.sampled_from([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
    st.sampled_from([None, None, None, *Linkage]),
)
CHANGED = st.builds(
    Ask,
    st.sampled_from([*["cancel", "replace", "replace"] * 2, "cancel_all"]),
    st.integers(0, 3),
    size=st.integers(1, 7),
)
WAITED = st.builds(Ask, st.just("wait"), seconds=st.sampled_from([1, 5, 20, 300]))
ASKS = st.lists(st.one_of(PLACED, PLACED, PLACED, WAITED, WAITED, CHANGED), min_size=8, max_size=30)
CONFIGS = st.fixed_dictionaries(
    {"seed": st.text("abc", max_size=3)},
    optional={
        "max_fill": st.sampled_from(["2", "9", "400"]),
        "slippage_ticks": st.integers(0, 5).map(str),
        "commission_plan": st.just("amp_cqg:3"),
        "account_type": st.sampled_from(["cash", "margin"]),
        "initial_balance": st.sampled_from(["1000", "9000", "50000", "100000", "1000000"]),
        "shorting": st.sampled_from(["yes", "no"]),
    },
)


class Play:
    """A world, and the asks carried out on it."""

    def __init__(self, config: dict[str, str]) -> None:
        self.world = World(read_settings(config), START)
        self.account = self.world.accounts[0]
        self.now = START
        self.refused: list[str] = []

    def do(self, ask: Ask) -> OrderRequest | None:
        """Carry out an ask; the request of an order that was accepted."""
        with suppress(Rejected):
            if ask.kind == "place":
                request = self.request(ask)
                if request is not None:
                    self.world.place(self.now, self.account, request)
                return request
            self.other(ask)
        return None

    def other(self, ask: Ask) -> None:
        if ask.kind == "wait":
            self.now += timedelta(seconds=ask.seconds)
        elif ask.kind == "cancel_all":
            self.world.cancel_all(self.now, self.account)
        elif living := self.world.open_orders(self.now, self.account):
            order = living[ask.instrument % len(living)]
            if ask.kind == "cancel":
                self.world.cancel(self.now, self.account, order)
            else:
                terms = evolve(order.request, quantity=Decimal(ask.size), linkage=None, linked=())
                self.world.replace(self.now, self.account, order, terms)

    def request(self, ask: Ask) -> OrderRequest | None:
        instrument, unit = TRADED[ask.instrument]
        if ask.side.name.count("_") and instrument.asset_class is not AssetClass.STOCK:
            return None
        if ask.order_type not in (OrderType.MARKET, OrderType.LIMIT) and ask.time_in_force in ("ioc", "fok"):
            return None
        step = tick_size(instrument)
        [quote] = self.world.quotes(self.now, [instrument])
        assert quote.last is not None
        near = quote.last + ask.offset * step
        terms: dict[str, Any] = {"order_type": ask.order_type}
        if ask.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT):
            terms["limit_price"] = near
        if ask.order_type in (OrderType.STOP, OrderType.STOP_LIMIT):
            terms["stop_price"] = near
        if ask.order_type is OrderType.TRAILING_STOP:
            terms["trail_amount"] = (abs(ask.offset) + 1) * step
        quantity = Decimal(ask.size * unit)
        other = OrderSide.SELL if ask.side.sign > 0 else OrderSide.BUY
        exits = (
            single(
                instrument, other, quantity, order_type=OrderType.LIMIT, limit_price=near + ask.side.sign * 9 * step
            ),
            single(instrument, other, quantity, order_type=OrderType.STOP, stop_price=near - ask.side.sign * 9 * step),
        )
        linked = exits if ask.linkage is not None else ()
        request = single(instrument, ask.side, quantity, time_in_force=ask.time_in_force, **terms)
        return evolve(request, linkage=ask.linkage, linked=linked)


PLAYS = settings(max_examples=60, deadline=None)


@PLAYS
@given(CONFIGS, ASKS)
def test_money_is_conserved_to_the_last_digit(config: dict[str, str], asks: list[Ask]) -> None:
    play = Play(config)
    for ask in asks:
        play.do(ask)
        for balance in play.world.balances(play.now, play.account):
            held = play.world.positions(play.now, play.account)
            value = sum((p.market_value for p in held if p.market_value is not None), Decimal(0))
            assert balance.cash is not None
            assert balance.realized_pnl is not None
            assert balance.unrealized_pnl is not None
            initial, charges = Decimal(balance.raw["initial"]), Decimal(balance.raw["charges"])
            assert balance.cash + value == initial + balance.realized_pnl + balance.unrealized_pnl + charges
            assert balance.net_liquidation == balance.cash + value


@PLAYS
@given(CONFIGS, ASKS)
def test_holdings_and_charges_are_those_of_the_fills(config: dict[str, str], asks: list[Ask]) -> None:
    play = Play(config)
    for ask in asks:
        play.do(ask)
    held: dict[Instrument | None, Decimal] = defaultdict(Decimal)
    charges = Decimal(0)
    for execution in play.world.executions(play.now, play.account, START):
        held[execution.instrument] += execution.side.sign * execution.fill.quantity
        charges += (execution.fill.commission or 0) + (execution.fill.fees or 0)
    positions = {p.instrument: p.quantity for p in play.world.positions(play.now, play.account)}
    assert positions == {instrument: quantity for instrument, quantity in held.items() if quantity}
    [balance] = play.world.balances(play.now, play.account)
    assert Decimal(balance.raw["charges"]) == charges


@PLAYS
@given(CONFIGS, ASKS)
def test_no_order_is_filled_beyond_its_quantity_or_worse_than_its_limit(config: Any, asks: list[Ask]) -> None:
    play = Play(config)
    for ask in asks:
        play.do(ask)
    for order in play.world.orders(play.now, play.account, START, None):
        assert sum((fill.quantity for fill in order.fills), Decimal(0)) == order.filled_quantity
        assert order.filled_quantity <= order.request.quantity
        assert (order.status is OrderStatus.FILLED) == (order.filled_quantity == order.request.quantity)
        limit, sign = order.request.limit_price, order.request.side.sign
        if limit is not None and not order.request.order_type.value.startswith("trail"):
            assert all((fill.price - limit) * sign <= 0 for fill in order.fills)


@PLAYS
@given(CONFIGS, ASKS)
def test_of_orders_that_cancel_each_other_one_is_filled(config: dict[str, str], asks: list[Ask]) -> None:
    play = Play(config)
    for ask in asks:
        play.do(ask)
    orders = {order.order_id: order for order in play.world.orders(play.now, play.account, START, None)}
    for order in orders.values():
        number = int(order.order_id[1:])
        after = [orders.get(f"P{number + 1:06d}"), orders.get(f"P{number + 2:06d}")]
        if order.request.linkage in (Linkage.OCO, Linkage.BRACKET):
            group = [member for member in after if member is not None]
            group += [order] if order.request.linkage is Linkage.OCO else []
            assert sum(member.filled_quantity > 0 for member in group) <= 1


@PLAYS
@given(CONFIGS, ASKS)
def test_no_accepted_order_that_opens_leaves_less_than_nothing(config: dict[str, str], asks: list[Ask]) -> None:
    play = Play(config)
    for ask in asks:
        before = {p.instrument: p.quantity for p in play.world.positions(play.now, play.account)}
        request = play.do(ask)
        if request is not None and before.get(request.instrument, Decimal(0)) * request.side.sign >= 0:
            [balance] = play.world.balances(play.now, play.account)
            assert balance.buying_power is not None
            assert balance.buying_power >= 0


@PLAYS
@given(CONFIGS, ASKS)
def test_the_same_seed_clock_and_calls_give_the_same_events(config: dict[str, str], asks: list[Ask]) -> None:
    first, second = Play(config), Play(config)
    for ask in asks:
        first.do(ask)
        second.do(ask)
    assert first.world.events(first.now, 0) == second.world.events(second.now, 0)
    assert first.world.balances(first.now, first.account) == second.world.balances(second.now, second.account)


@PLAYS
@given(CONFIGS, ASKS)
def test_looking_more_often_changes_nothing(config: dict[str, str], asks: list[Ask]) -> None:
    rarely, often = Play(config), Play(config)
    for ask in asks:
        rarely.do(ask)
        if ask.kind == "wait":
            for _ in range(min(ask.seconds * 4, 100)):
                often.now += timedelta(seconds=_pause(often.world))
                often.world.open_orders(often.now, often.account)
            often.now = rarely.now
        else:
            often.do(ask)
    assert often.world.events(often.now, 0) == rarely.world.events(rarely.now, 0)


@PLAYS
@given(CONFIGS, ASKS)
def test_the_events_tell_the_whole_story_of_every_order(config: dict[str, str], asks: list[Ask]) -> None:
    play = Play(config)
    for ask in asks:
        play.do(ask)
    told: dict[str, list[OrderEvent]] = defaultdict(list)
    for event in play.world.events(play.now, 0):
        told[event.order_id].append(event)
    for order in play.world.orders(play.now, play.account, START, None):
        bare = evolve(
            order, status=OrderStatus.PENDING, fills=(), filled_quantity=Decimal(0), filled_at=None, updated_at=START
        )
        rebuilt = bare
        for event in told[order.order_id]:
            rebuilt = apply(rebuilt, event)
        assert (rebuilt.status, rebuilt.fills) == (order.status, order.fills)
        assert rebuilt.filled_quantity == order.filled_quantity
