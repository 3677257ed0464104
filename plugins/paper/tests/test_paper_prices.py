"""Prices: where they come from, and what they never depend on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import StatementError, SymbolUnknown, Unsupported
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.options import OptionRight
from polybroker.model.products import PRODUCTS
from polybroker.testing.strategies import options, pairs, stocks
from polybroker_paper.listing import tick_size
from polybroker_paper.market import WalkMarket
from polybroker_paper.quotes_file import read_market
from polybroker_paper.search import search
from polybroker_paper.settings import FIELDS, read_settings
from polybroker_paper.walk import LEVELS, Walk, folded
from polybroker_paper.world import World

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEYS = st.binary(min_size=1, max_size=32)
STEPS = st.integers(0, 2**LEVELS - 1)
LISTED = st.one_of(
    options(), stocks(), pairs(),
    st.sampled_from([each.future(ContractMonth(2026, 6)) for each in PRODUCTS.values() if each.last_month is None]),
)  # fmt: skip


def market(seed: str = "0") -> WalkMarket:
    return WalkMarket(seed, START, SECOND)


@given(KEYS, st.lists(STEPS, min_size=1, max_size=20))
def test_a_walk_says_the_same_in_any_order(key: bytes, steps: list[int]) -> None:
    walk = Walk(key, 256)
    found = [walk.value(step) for step in steps]
    assert [Walk(key, 256).value(step) for step in steps] == found
    assert walk.value(0) == 0


def test_a_walk_moves_like_one() -> None:
    walk = Walk(b"seed", 256)
    steps = [walk.value(at + 1) - walk.value(at) for at in range(20_000)]
    spread = (sum(step * step for step in steps) / len(steps)) ** 0.5
    assert 200 < spread < 320
    far = [Walk(bytes([key]), 256).value(10_000) for key in range(1, 200)]
    assert 0.8 < (sum(value * value for value in far) / len(far)) ** 0.5 / (256 * 100) < 1.2


@given(st.integers(), st.integers(1, 1000), st.integers(1, 1000))
def test_a_folded_walk_stays_within_its_bounds_and_does_not_jump(value: int, low: int, span: int) -> None:
    assert low <= folded(value, low, low + span) <= low + span
    assert abs(folded(value + 1, low, low + span) - folded(value, low, low + span)) == 1


@settings(max_examples=60)
@given(LISTED, st.integers(-(10**6), 10**9), st.text(max_size=5))
def test_prices_are_on_the_tick_and_above_zero(instrument: Instrument, tick: int, seed: str) -> None:
    prices = market(seed).prices(instrument, tick)
    step = tick_size(instrument)
    assert prices.bid > 0
    assert prices.ask == prices.bid + step
    assert prices.last in (prices.bid, prices.ask)
    assert prices.bid % step == 0


@settings(max_examples=60)
@given(st.lists(st.tuples(LISTED, st.integers(-1000, 10**6)), min_size=1, max_size=8))
def test_asking_for_one_price_never_changes_another(asked: list[tuple[Instrument, int]]) -> None:
    shared = market()
    for instrument, tick in asked:
        assert shared.prices(instrument, tick) == market().prices(instrument, tick)
    last, at = asked[-1]
    assert shared.prices(last, at) == market().prices(last, at)


def test_seeds_and_instruments_have_walks_of_their_own() -> None:
    def path(seed: str, ticker: str) -> list[Decimal]:
        one = market(seed)
        first = one.prices(Stock(ticker), 0).bid
        return [one.prices(Stock(ticker), tick).bid - first for tick in range(200)]

    paths = [path("1", "AAPL"), path("2", "AAPL"), path("1", "MSFT")]
    assert all(paths[i] != paths[j] for i in range(3) for j in range(i))


def test_the_past_is_no_mirror_of_what_comes() -> None:
    found = market()
    path = [found.prices(Stock("AAPL"), tick).bid for tick in range(-200, 201)]
    assert path != path[::-1]


def test_an_option_is_worth_more_than_its_intrinsic_value_until_it_expires() -> None:
    found = market()
    price = found.prices(Stock("AAPL"), 0).bid
    for strike in (Decimal(150), Decimal(230), Decimal(300)):
        for right in OptionRight:
            gain = price - strike if right is OptionRight.CALL else strike - price
            worth = [
                found.prices(Option("AAPL", day, right, strike), 0).bid
                for day in (date(2026, 3, 2), date(2026, 6, 19), date(2027, 6, 18))
            ]
            assert worth[0] == max(gain, Decimal("0.01"))
            assert worth == sorted(worth)


@pytest.mark.parametrize(
    "unlisted",
    [
        Future("ZZZ", "CME", ContractMonth(2026, 6), Decimal(1)),
        PRODUCTS["MES"].future(None),
        Future("MES", "CME", ContractMonth(2026, 6), Decimal(7)),
    ],
)
def test_what_is_not_listed_has_no_price(unlisted: Future) -> None:
    with pytest.raises(SymbolUnknown):
        market().prices(unlisted, 0)


def test_bars_are_made_of_the_same_prices_as_quotes_and_reach_into_the_past() -> None:
    world = World(read_settings({}), START)
    now = START + timedelta(minutes=3, seconds=30)
    stock = Stock("AAPL")
    found = world.bars(now, stock, START - timedelta(minutes=2), now, timedelta(minutes=1))
    assert [bar.start for bar in found] == [START + timedelta(minutes=number) for number in range(-2, 3)]
    for bar in found[2:]:
        first = (bar.start - START) // SECOND
        prices = [world.market.prices(stock, tick).last for tick in range(first, first + 60)]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
    [day] = world.bars(now, stock, START - timedelta(days=1), START, timedelta(days=1))
    assert day.low < day.high
    with pytest.raises(Unsupported, match="multiples"):
        world.bars(now, stock, START, now, timedelta(milliseconds=1500))
    with pytest.raises(Unsupported, match="at most"):
        world.bars(now, stock, START - timedelta(days=9999), now, SECOND)


def test_a_file_of_quotes_holds_each_until_the_next(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text(
        "time,symbol,bid,ask,last,bid_size,ask_size\n"
        "2026-01-05T14:30:00Z,AAPL,230.00,230.02,230.01,3,4\n"
        "2026-01-05T14:30:10Z,MESH6,6000,6000.25,,,\n"
        "2026-01-05T14:30:20+00:00,AAPL,231,231.02,,,\n",
        encoding="utf-8",
    )
    found = read_market(path, SECOND, date(2026, 1, 5))
    assert [each.symbol for each in found.instruments()] == ["AAPL", "MES"]
    assert [str(found.prices(Stock("AAPL"), tick).bid) for tick in (0, 19, 20, 999)] == ["230.00"] * 2 + ["231"] * 2
    assert found.prices(Stock("AAPL"), 0).ask_size == 4
    with pytest.raises(SymbolUnknown, match="does not have it"):
        found.prices(Stock("MSFT"), 0)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("time,symbol,bid", "column ask"),
        ("time,symbol,bid,ask\n0,AAPL,2,1", "row 2: the bid 2 is above"),
        ("time,symbol,bid,ask\n0,AAPL,1,2\n1,???,1,2", "row 3"),
        ("time,symbol,bid,ask\n5,AAPL,1,2\n4,AAPL,1,2", "go forward"),
        ("time,symbol,bid,ask\n2026-01-05T14:30:00,AAPL,1,2", "no zone"),
    ],
)
def test_a_damaged_file_of_quotes_is_refused_with_its_row(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(StatementError, match=words):
        read_market(path, SECOND, date(2026, 1, 5))


@pytest.mark.parametrize(
    "config",
    [
        {"sead": "1"},
        {"accounts": "0"},
        {"accounts": "1.5"},
        {"tick_seconds": "0"},
        {"account_type": "gold"},
        {"shorting": "maybe"},
        {"initial_balance": "lots"},
        {"market_hours": "9 to 5"},
        {"market_hours": "21:00-14:30"},
        {"max_fill": "0"},
    ],
)
def test_a_setting_that_cannot_be_read_is_named(config: dict[str, str]) -> None:
    with pytest.raises(Unsupported, match=next(iter(config))):
        read_settings(config)


@pytest.mark.parametrize(
    "config", [{"commission_plan": "3"}, {"commission_plan": "nobody:3"}, {"quotes_file": "/no/such/file.csv"}]
)
def test_a_setting_that_leads_nowhere_is_named(config: dict[str, str]) -> None:
    with pytest.raises(Unsupported, match=next(iter(config))):
        World(read_settings(config), START)


def test_empty_settings_are_the_usual_ones() -> None:
    assert read_settings(dict.fromkeys(FIELDS, "")) == read_settings({})


def test_search_finds_symbols_roots_and_titles() -> None:
    today = START.date()
    assert search("MESM6", today)[0].instrument_id == "CME:MES:2026-06"
    assert [each.instrument_id for each in search("mes", today)[:2]] == ["CME:MES:2026-03", "CME:MES:2026-06"]
    assert search("BTC/USD", today)[0] == Pair("BTC", "USD")
    assert search("EURUSD", today)[0] == Pair("EUR", "USD", AssetClass.FOREX)
    assert any(each.symbol == "CL" for each in search("crude", today))
    assert search("  ", today) == []
