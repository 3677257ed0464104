"""What becomes of each kind of order, on prices that the test writes down."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from polybroker.errors import ErrorCode, Rejected, Unsupported
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Option, Pair, Stock
from polybroker.model.options import OptionRight
from polybroker.model.orders import (
    Leg,
    Linkage,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    TimeInForce,
    single,
)
from polybroker.model.products import PRODUCTS

AAPL = Stock("AAPL")
MES = PRODUCTS["MES"].future(ContractMonth(2026, 6))
BUY, SELL = OrderSide.BUY, OrderSide.SELL


def order(side: OrderSide, quantity: float = 10, instrument: Any = AAPL, **terms: Any) -> OrderRequest:
    for name in ("limit_price", "stop_price", "trail_amount", "trail_percent"):
        if name in terms:
            terms[name] = Decimal(str(terms[name]))
    limit, stop = "limit_price" in terms, "stop_price" in terms
    kinds = {(0, 0): OrderType.MARKET, (1, 0): OrderType.LIMIT, (0, 1): OrderType.STOP, (1, 1): OrderType.STOP_LIMIT}
    trailing = "trail_amount" in terms or "trail_percent" in terms
    terms.setdefault("order_type", OrderType.TRAILING_STOP if trailing else kinds[limit, stop])
    return single(instrument, side, Decimal(str(quantity)), **terms)


def refusal(table: Any, request: OrderRequest) -> ErrorCode:
    before = len(table.world.events(table.now, 0))
    with pytest.raises(Rejected) as caught:
        table.place(request)
    assert len(table.world.events(table.now, 0)) == before, "a refused order leaves no trace"
    return caught.value.code


def test_a_market_order_pays_the_spread_at_once(table: Any) -> None:
    world = table({"AAPL": [100]})
    bought, sold = world.place(order(BUY)), world.place(order(SELL))
    assert world.filled(bought.order_id) == [("10", "100.01")]
    assert world.filled(sold.order_id) == [("10", "100")]
    assert bought.status is OrderStatus.FILLED


def test_slippage_makes_fills_worse_and_never_worse_than_the_limit(table: Any) -> None:
    world = table({"AAPL": [100]}, slippage_ticks="5")
    assert world.filled(world.place(order(BUY)).order_id) == [("10", "100.06")]
    assert world.filled(world.place(order(SELL)).order_id) == [("10", "99.95")]
    assert world.filled(world.place(order(BUY, limit_price=100.03)).order_id) == [("10", "100.03")]
    assert world.filled(world.place(order(BUY, limit_price=101)).order_id) == [("10", "100.06")]


def test_a_limit_order_waits_for_its_price(table: Any) -> None:
    world = table({"AAPL": [100, 99.5, 98.99]})
    ack = world.place(order(BUY, limit_price=99))
    world.wait()
    assert world.status(ack.order_id) is OrderStatus.WORKING
    world.wait()
    assert world.filled(ack.order_id) == [("10", "99")]


def test_a_stop_order_becomes_a_market_order_when_the_last_price_reaches_it(table: Any) -> None:
    world = table({"AAPL": [100, 101, 99, 97]})
    protect = world.place(order(SELL, stop_price=98))
    enter = world.place(order(BUY, stop_price=101))
    world.wait(1)
    assert world.filled(enter.order_id) == [("10", "101.01")]
    world.wait(1)
    assert world.status(protect.order_id) is OrderStatus.WORKING
    world.wait(1)
    assert world.filled(protect.order_id) == [("10", "97")], "a gap is not paid at the stop"


def test_a_stop_limit_order_stays_triggered(table: Any) -> None:
    world = table({"AAPL": [100, 97, 99]})
    ack = world.place(order(SELL, stop_price=98, limit_price="97.5"))
    world.wait(1)
    assert world.status(ack.order_id) is OrderStatus.WORKING
    world.wait(1)
    assert world.filled(ack.order_id) == [("10", "99")]


@pytest.mark.parametrize("trail", [{"trail_amount": 2}, {"trail_percent": "1.9"}])
def test_a_trailing_stop_follows_the_best_price_and_never_back(table: Any, trail: dict[str, Any]) -> None:
    world = table({"AAPL": [100, 105, 103.5, 104, 102.9]})
    world.place(order(BUY))
    ack = world.place(order(SELL, **trail))
    world.wait(3)
    assert world.status(ack.order_id) is OrderStatus.WORKING
    world.wait()
    assert world.filled(ack.order_id) == [("10", "102.9")]


def test_partial_fills_take_so_much_a_tick(table: Any) -> None:
    world = table({"AAPL": [100, 101, 102]}, max_fill="4")
    ack = world.place(order(BUY))
    assert ack.status is OrderStatus.PARTIALLY_FILLED
    world.wait(5)
    assert world.filled(ack.order_id) == [("4", "100.01"), ("4", "101.01"), ("2", "102.01")]
    assert world.order(ack.order_id).average_fill_price == Decimal("100.81")


def test_what_is_not_filled_at_once_is_cancelled(table: Any) -> None:
    world = table({"AAPL": [100] * 5}, max_fill="4")
    some = world.place(order(BUY, time_in_force=TimeInForce.IOC))
    assert some.status is OrderStatus.CANCELED
    assert world.filled(some.order_id) == [("4", "100.01")]
    none = world.place(order(BUY, time_in_force=TimeInForce.FOK))
    assert (none.status, world.filled(none.order_id)) == (OrderStatus.CANCELED, [])
    whole = world.place(order(BUY, 4, time_in_force=TimeInForce.FOK))
    assert whole.status is OrderStatus.FILLED
    far = world.place(order(BUY, limit_price=90, time_in_force=TimeInForce.IOC))
    assert far.status is OrderStatus.CANCELED


def test_orders_expire_when_their_time_is_over(table: Any) -> None:
    world = table({"AAPL": [100]})
    day = world.place(order(BUY, limit_price=90))
    till = world.now + timedelta(hours=1)
    dated = world.place(order(BUY, limit_price=90, time_in_force=TimeInForce.GTD, good_till=till))
    ever = world.place(order(BUY, limit_price=90, time_in_force=TimeInForce.GTC))
    world.wait(3600)
    assert world.status(dated.order_id) is OrderStatus.EXPIRED
    assert world.status(day.order_id) is OrderStatus.WORKING
    world.wait(8 * 3600)
    assert world.status(day.order_id) is OrderStatus.EXPIRED
    world.wait(40 * 86_400)
    assert world.status(ever.order_id) is OrderStatus.WORKING


def bracket(**more: Any) -> OrderRequest:
    exits = (order(SELL, limit_price=102), order(SELL, stop_price=98))
    return order(BUY, linkage=Linkage.BRACKET, linked=exits, **more)


@pytest.mark.parametrize(("prices", "ends"), [([100, 103], 0), ([100, 97], 1)])
def test_a_bracket_opens_and_closes_once(table: Any, prices: list[int], ends: int) -> None:
    world = table({"AAPL": prices})
    ack = world.place(bracket())
    assert [world.status(child) for child in ack.linked] == [OrderStatus.WORKING] * 2
    world.wait()
    assert world.status(ack.linked[ends]) is OrderStatus.FILLED
    assert world.status(ack.linked[1 - ends]) is OrderStatus.CANCELED
    assert world.held() == {}
    assert world.order(ack.linked[0]).parent_order_id == ack.order_id


def test_held_orders_do_nothing_until_their_parent_is_filled_and_end_with_it(table: Any) -> None:
    world = table({"AAPL": [100, 97, 103]})
    ack = world.place(bracket(limit_price=90))
    world.wait(2)
    assert [world.status(child) for child in ack.linked] == [OrderStatus.HELD] * 2
    world.world.cancel(world.now, world.account, world.order(ack.order_id))
    assert [world.status(child) for child in ack.linked] == [OrderStatus.CANCELED] * 2


def test_the_exits_of_a_bracket_protect_what_was_filled_of_its_entry(table: Any) -> None:
    world = table({"AAPL": [100, 100]}, max_fill="4")
    ack = world.place(bracket())
    world.world.cancel(world.now, world.account, world.order(ack.order_id))
    assert [world.order(child).request.quantity for child in ack.linked] == [4, 4]
    assert [world.status(child) for child in ack.linked] == [OrderStatus.WORKING] * 2


def test_a_fill_of_one_cancels_the_other(table: Any) -> None:
    world = table({"AAPL": [100, 105]})
    ack = world.place(order(SELL, limit_price=104, linkage=Linkage.OCO, linked=(order(SELL, stop_price=95),)))
    world.wait()
    assert world.status(ack.order_id) is OrderStatus.FILLED
    assert world.status(ack.linked[0]) is OrderStatus.CANCELED


def test_an_order_is_sent_after_another_and_refused_then_if_it_has_to_be(table: Any) -> None:
    world = table({"AAPL": [100], "MSFT": [400]})
    msft = order(BUY, 1, Stock("MSFT"))
    ack = world.place(order(BUY, linkage=Linkage.OTO, linked=(msft, evolve(msft, quantity=Decimal(5000)))))
    assert [world.status(child) for child in ack.linked] == [OrderStatus.FILLED, OrderStatus.REJECTED]
    assert world.held() == {"AAPL": 10, "MSFT": 1}


def test_a_replaced_order_keeps_its_id_and_its_fills(table: Any) -> None:
    world = table({"AAPL": [100, 110, 110, 110]}, max_fill="4")
    ack = world.place(order(BUY, limit_price="100.01", client_order_id="first"))
    world.wait()
    living = world.order(ack.order_id)
    again = world.world.replace(world.now, world.account, living, order(BUY, 6, limit_price=111, client_order_id="new"))
    assert (again.order_id, again.status) == (ack.order_id, OrderStatus.FILLED)
    assert world.filled(ack.order_id) == [("4", "100.01"), ("2", "110.01")]
    for client_order_id in ("first", "new"):
        found = world.world.order_by_client_id(world.now, world.account, client_order_id)
        assert found is not None
        assert found.order_id == ack.order_id
    with pytest.raises(Rejected, match="filled already"):
        world.world.replace(world.now, world.account, world.order(ack.order_id), order(BUY, 20, limit_price=111))


def test_a_replacement_that_is_refused_changes_nothing(table: Any) -> None:
    world = table({"AAPL": [100, 100]}, max_fill="4")
    ack = world.place(order(BUY, limit_price=90))
    living = world.order(ack.order_id)
    for terms in (order(BUY, 5000, limit_price=90), order(SELL, limit_price=90), order(BUY, limit_price="90.005")):
        with pytest.raises(Rejected):
            world.world.replace(world.now, world.account, living, terms)
        assert world.order(ack.order_id) == living


def test_cancelling_ends_what_lives_and_nothing_else(table: Any) -> None:
    world = table({"AAPL": [100]})
    filled = world.place(order(BUY))
    waits = world.place(bracket(limit_price=90))
    with pytest.raises(Rejected, match="filled already"):
        world.world.cancel(world.now, world.account, world.order(filled.order_id))
    assert len(world.world.cancel_all(world.now, world.account)) == 3
    assert world.world.open_orders(world.now, world.account) == []
    with pytest.raises(Rejected, match="canceled already"):
        world.world.cancel(world.now, world.account, world.order(waits.order_id))


def test_a_repeated_client_order_id_gets_the_first_answer_and_places_nothing(table: Any) -> None:
    world = table({"AAPL": [100]}, accounts="2")
    request = order(BUY, client_order_id="mine")
    assert world.place(request) == world.place(request)
    assert world.held() == {"AAPL": 10}
    assert refusal(world, evolve(request, quantity=Decimal(11))) is ErrorCode.INVALID_ORDER
    other = world.world.accounts[1]
    assert world.place(request, other).order_id != world.place(request).order_id, "accounts have ids of their own"


def test_an_account_cannot_buy_more_than_it_can_pay(table: Any) -> None:
    world = table({"AAPL": [100]}, account_type="cash", initial_balance="1000.10")
    assert refusal(world, order(BUY, 11)) is ErrorCode.INSUFFICIENT_FUNDS
    world.place(order(BUY, 5, limit_price=99))
    assert refusal(world, order(BUY, 6)) is ErrorCode.INSUFFICIENT_FUNDS, "a living order has a claim too"
    world.world.cancel_all(world.now, world.account)
    world.place(order(BUY, 10))
    assert world.balance().cash == 0


def test_a_margin_account_buys_shares_for_twice_its_money(table: Any) -> None:
    world = table({"AAPL": [100]}, initial_balance="1000.20")
    assert refusal(world, order(BUY, 21)) is ErrorCode.INSUFFICIENT_FUNDS
    world.place(order(BUY, 20))
    assert world.balance().buying_power == 0
    assert world.balance().cash == Decimal("-1000.00")


def test_futures_hold_a_share_of_their_notional_and_move_money_by_results_only(table: Any) -> None:
    world = table({"MESM6": [6000, 6010]}, spread="0.25", initial_balance="10000", futures_margin="0.1")
    assert refusal(world, order(BUY, 4, MES)) is ErrorCode.INSUFFICIENT_FUNDS
    world.place(order(BUY, 3, MES))
    assert world.balance().cash == 10_000
    world.wait()
    world.place(order(SELL, 3, MES))
    assert world.balance().cash == 10_000 + 3 * 5 * Decimal("9.75")


@pytest.mark.parametrize("config", [{"shorting": "no"}, {"account_type": "cash"}])
def test_what_may_not_be_shorted_is_refused(table: Any, config: dict[str, str]) -> None:
    world = table({"AAPL": [100], "MESM6": [6000]}, **config)
    for side in (SELL, OrderSide.SELL_SHORT):
        assert refusal(world, order(side)) is ErrorCode.ACCOUNT_RESTRICTED
    world.place(order(BUY))
    assert refusal(world, order(SELL, 11)) is ErrorCode.ACCOUNT_RESTRICTED
    world.place(order(SELL, limit_price=200))
    assert refusal(world, order(SELL, 1)) is ErrorCode.ACCOUNT_RESTRICTED, "they are offered already"
    world.place(order(SELL, 1, MES))


def test_sides_say_what_they_mean_for_the_position(table: Any) -> None:
    world = table({"AAPL": [100]})
    assert refusal(world, order(OrderSide.BUY_TO_COVER)) is ErrorCode.INVALID_ORDER
    world.place(order(OrderSide.SELL_SHORT))
    assert refusal(world, order(OrderSide.BUY_TO_COVER, 11)) is ErrorCode.INVALID_ORDER
    world.place(order(OrderSide.BUY_TO_COVER))
    world.place(order(BUY))
    assert refusal(world, order(OrderSide.SELL_SHORT)) is ErrorCode.INVALID_ORDER


def test_the_market_has_hours_where_it_is_given_some(table: Any) -> None:
    world = table({"AAPL": [100]}, market_hours="15:00-16:00")
    day = world.place(order(BUY, limit_price=90))
    world.wait(3600)
    assert world.status(day.order_id) is OrderStatus.EXPIRED
    assert refusal(world, order(BUY)) is ErrorCode.MARKET_CLOSED
    waits = world.place(order(BUY, time_in_force=TimeInForce.GTC))
    late = world.place(order(BUY, limit_price=101, extended_hours=True))
    assert (waits.status, late.status) == (OrderStatus.WORKING, OrderStatus.FILLED)
    world.wait(23 * 3600)
    assert world.status(waits.order_id) is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (order(BUY, instrument=Stock("NONE")), ErrorCode.SYMBOL_NOT_FOUND),
        (order(BUY, limit_price="99.999"), ErrorCode.INVALID_ORDER),
        (order(BUY, limit_price="-1"), ErrorCode.INVALID_ORDER),
        (order(SELL, trail_amount="0.001"), ErrorCode.INVALID_ORDER),
        (order(BUY, 10**9), ErrorCode.INSUFFICIENT_FUNDS),
    ],
)
def test_every_refusal_has_its_code(table: Any, request_: OrderRequest, code: ErrorCode) -> None:
    world = table({"AAPL": [100]})
    assert not world.world.preview(world.now, world.account, request_).accepted
    assert refusal(world, request_) is code


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (order(BUY, 1.5, MES), "0 decimal places"),
        (order(BUY, instrument=evolve(MES, expiry=None)), "no month"),
        (order(BUY, stop_price=101, time_in_force=TimeInForce.IOC), "waits"),
        (order(BUY, extended_hours=True), "limit orders only"),
        (order(SELL, trail_percent=100), "100 percent"),
        (order(OrderSide.SELL_SHORT, 1, MES), "for shares"),
        (order(BUY, client_order_id="no blanks"), "no ' '"),
        (order(BUY, linkage=Linkage.OTO, linked=(bracket(),)), "of their own"),
        (order(BUY, linkage=Linkage.BRACKET, linked=(order(SELL), order(SELL))), "takes the profit"),
        (evolve(bracket(), quantity=Decimal(5)), "no more than"),
        (evolve(order(BUY), legs=(order(BUY).legs[0], order(SELL, instrument=MES).legs[0])), "of options"),
    ],
)
def test_what_is_not_taken_is_said_before_it_is_sent(table: Any, request_: OrderRequest, words: str) -> None:
    world = table({"AAPL": [100]})
    with pytest.raises(Unsupported, match=words):
        world.place(request_)


def test_several_legs_are_filled_together_at_their_net_price(table: Any) -> None:
    low, high = (Option("AAPL", date(2026, 6, 19), OptionRight.CALL, Decimal(k)) for k in (100, 110))
    prices = {"AAPL": [100], f"option:{low.instrument_id}": [5, 4], f"option:{high.instrument_id}": [2, 2]}
    world = table(prices)
    legs = (Leg(instrument=low, side=BUY), Leg(instrument=high, side=SELL))
    spread = OrderRequest(legs=legs, quantity=Decimal(2), order_type=OrderType.LIMIT, limit_price=Decimal("2.5"))
    ack = world.place(spread)
    assert ack.status is OrderStatus.WORKING
    world.wait()
    assert world.filled(ack.order_id) == [("2", "4.01"), ("2", "2")]
    assert world.order(ack.order_id).average_fill_price == Decimal("2.01")
    assert world.balance().cash == 100_000 - 402


def test_a_preview_says_what_the_order_then_costs(table: Any) -> None:
    world = table({"AAPL": [100], "MESM6": [6000]}, spread="0.25", commission_plan="amp_cqg:3")
    request = order(BUY, 2, MES)
    before = world.balance().buying_power
    preview = world.world.preview(world.now, world.account, request)
    assert (preview.accepted, preview.commission) == (True, Decimal("-1.20"))
    assert world.world.orders(world.now, world.account, world.now, None) == []
    world.place(request)
    assert preview.buying_power_effect is not None
    assert world.balance().buying_power >= before + preview.buying_power_effect
    [execution] = world.world.executions(world.now, world.account, world.now)
    assert execution.fill.commission == Decimal("-1.20")


def test_each_currency_is_paid_from_its_own_purse(table: Any) -> None:
    eur = Pair("BTC", "EUR")
    world = table({"BTC/EUR": [50_000], "EUR/USD": [1]}, initial_balance="1000 USD, 60000 EUR")
    world.place(order(BUY, 1, eur))
    assert (world.balance("EUR").cash, world.balance("USD").cash) == (Decimal("9999.99"), 1000)
    euros = Pair("EUR", "USD", AssetClass.FOREX)
    world.place(order(SELL, 10_000, euros))
    assert world.balance("USD").cash == 1000
    assert refusal(world, order(SELL, 20_000, euros)) is ErrorCode.INSUFFICIENT_FUNDS
