"""What each method answers, by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from made_fills import START, Fill, fill, frame_of, in_time, opening_of

from polybroker.ledger.matching import Matched, match
from polybroker.model.executions import Method

D = Decimal
MES = "CME:MES:2026-03"


def matched(fills: list[Fill], method: Method = Method.FIFO, opening: pl.DataFrame | None = None) -> Matched:
    return match(frame_of(in_time(fills)), method, opening)


def trips(*args: Any, names: str = "direction quantity entry_price exit_price gross_pnl") -> list[tuple[Any, ...]]:
    return matched(*args).round_trips.select(names.split()).rows()


def held(*args: Any) -> list[tuple[Any, ...]]:
    return matched(*args).open_positions.select("quantity", "average_price").rows()


SCALING = [fill("buy", 1, 100), fill("buy", 1, 110), fill("sell", 2, 120), fill("sell", 1, 130), fill("buy", 3, 90)]


def test_two_purchases_and_one_sale_close_both() -> None:
    fills = [fill("buy", 1, 100), fill("buy", 1, 110), fill("sell", 2, 120)]
    assert trips(fills) == [("long", 1, 100, 120, 100), ("long", 1, 110, 120, 50)]
    assert held(fills) == []


@pytest.mark.parametrize(
    ("method", "expected", "left"),
    [
        (
            Method.FIFO,
            [("long", 1, 100, 120, 100), ("long", 1, 110, 120, 50), ("short", 1, 130, 90, 200)],
            [(2, 90)],
        ),
        (
            Method.LIFO,
            [("long", 1, 110, 120, 50), ("long", 1, 100, 120, 100), ("short", 1, 130, 90, 200)],
            [(2, 90)],
        ),
        (Method.AVERAGE, [("long", 2, 105, 120, 150), ("short", 1, 130, 90, 200)], [(2, 90)]),
        (Method.PER_POSITION, [("long", 2, 105, 120, 150), ("short", 1, 130, 90, 200)], [(2, 90)]),
    ],
)
def test_each_method_has_its_own_round_trips(method: Method, expected: list[Any], left: list[Any]) -> None:
    assert trips(SCALING, method) == expected
    assert held(SCALING, method) == left


def test_partial_exits_differ_by_method() -> None:
    fills = [fill("buy", 2, 100), fill("buy", 1, 130), fill("sell", 1, 120)]
    assert trips(fills, Method.FIFO) == [("long", 1, 100, 120, 100)]
    assert trips(fills, Method.LIFO) == [("long", 1, 130, 120, -50)]
    assert trips(fills, Method.AVERAGE) == [("long", 1, 110, 120, 50)]
    assert trips(fills, Method.PER_POSITION) == []
    assert held(fills, Method.FIFO) == [(2, 115)]
    assert held(fills, Method.LIFO) == [(2, 100)]
    assert held(fills, Method.AVERAGE) == [(2, 110)]
    assert held(fills, Method.PER_POSITION) == [(2, 110)]


@pytest.mark.parametrize("method", list(Method))
def test_a_turn_closes_one_position_and_opens_the_next(method: Method) -> None:
    fills = [fill("buy", 1, 100), fill("sell", 3, 110, commission="-3"), fill("buy", 2, 105)]
    assert trips(fills, method) == [("long", 1, 100, 110, 50), ("short", 2, 110, 105, 50)]
    assert trips(fills, method, names="fees") != []
    assert matched(fills, method).round_trips["fees"].to_list() == [-1, -2]


def test_a_position_has_its_first_entry_and_its_last_exit() -> None:
    fills = in_time([fill("sell", 1, 100), fill("sell", 2, 103), fill("buy", 1, 99), fill("buy", 2, 98)])
    found = match(frame_of(fills), Method.PER_POSITION).round_trips.row(0, named=True)
    assert (found["entry_time"], found["exit_time"]) == (START, START + timedelta(hours=3))
    assert (found["entry_id"], found["exit_id"], found["direction"]) == ("x0", "x3", "short")
    assert (found["quantity"], found["entry_price"], found["exit_price"]) == (3, 102, D("98.3333333333"))
    assert found["gross_pnl"] == (306 - 295) * 5


def test_the_trading_day_is_that_of_the_exit() -> None:
    fills = in_time([fill("buy", 1, 100), fill("sell", 1, 100)])
    fills[1]["trading_day"] = START.date() + timedelta(days=3)
    for method in Method:
        assert match(frame_of(fills), method).round_trips["trading_day"].to_list() == [fills[1]["trading_day"]]


def test_averages_are_rounded_and_profit_is_not() -> None:
    fills = [fill("buy", 1, "0.01"), fill("buy", 2, "0.02"), fill("sell", 3, "0.05")]
    for method in (Method.AVERAGE, Method.PER_POSITION):
        assert trips(fills, method) == [("long", 3, D("0.0166666667"), D("0.05"), D("0.5"))]


def test_average_cost_gives_the_last_exit_what_is_left() -> None:
    fills = [fill("buy", 1, "0.01", multiplier=D(1)), fill("buy", 2, 0, multiplier=D(1))]
    fills += [fill("sell", 1, 0, multiplier=D(1))] * 3
    gross = matched(fills, Method.AVERAGE).round_trips["gross_pnl"].to_list()
    assert gross == [D("-0.0033333333"), D("-0.0033333334"), D("-0.0033333333")]
    assert sum(gross) == D("-0.01")


def test_shares_of_a_charge_add_up_to_it() -> None:
    fills = [fill("buy", 3, 100, commission="-1", fees="-0.0000000000001")] + [fill("sell", 1, 100, fees="0.25")] * 3
    fees = matched(fills).round_trips["fees"].to_list()
    assert fees == [D("-0.0833333333"), D("-0.0833333334"), D("-0.0833333333000") - D("0.0000000000001")]
    assert sum(fees) == D("-0.2500000000001")


def test_one_known_charge_is_better_than_none() -> None:
    fills = [fill("buy", 1, 100, commission="-0.62"), fill("sell", 1, 101), fill("buy", 1, 100), fill("sell", 1, 101)]
    for method in Method:
        found = matched(fills, method).round_trips
        assert found["fees"].to_list() == [D("-0.62"), None]
        assert found["net_pnl"].to_list() == [D("4.38"), 5]


def test_an_unknown_multiplier_makes_profit_unknown_and_nothing_else() -> None:
    fills = [fill("buy", 1, 100, multiplier=None, commission="-1"), fill("sell", 1, 101, multiplier=None)]
    for method in Method:
        found = matched(fills, method).round_trips.row(0, named=True)
        assert (found["gross_pnl"], found["net_pnl"], found["fees"]) == (None, None, -1)
        assert (found["entry_price"], found["exit_price"], found["quantity"]) == (100, 101, 1)


def test_money_of_two_currencies_is_never_added() -> None:
    fills = [fill("buy", 1, 100, currency="CAD"), fill("sell", 1, 101), fill("buy", 1, 100, currency=None)]
    fills += [fill("sell", 1, 101, commission="-1")]
    for method in Method:
        found = matched(fills, method).round_trips
        assert found["gross_pnl"].to_list() == [None, 5]
        assert found["net_pnl"].to_list() == [None, 4]


def test_negative_prices_are_prices() -> None:
    fills = [fill("buy", 1, "-37.63", multiplier=D(1000)), fill("sell", 1, "-1.43", multiplier=D(1000))]
    for method in Method:
        assert trips(fills, method) == [("long", 1, D("-37.63"), D("-1.43"), 36200)]


def test_fractions_of_a_coin_are_matched_to_the_last_digit() -> None:
    coin = {"instrument_id": "BTC/USD", "multiplier": D(1)}
    fills = [fill("buy", "0.001", "60000.01", **coin), fill("buy", "0.00000001", "59999.99", **coin)]
    fills += [fill("sell", "0.00100001", "61000", **coin)]
    for method in Method:
        gross = matched(fills, method).round_trips["gross_pnl"]
        assert gross.sum() == D("61.00061000") - D("60.00001") - D("0.0005999999")


def test_money_with_more_places_than_a_column_has_is_rounded_at_the_last() -> None:
    dust = {"multiplier": D(1), "commission": "-1"}
    fills = [
        fill("buy", "0.0000000001", "0.0000000000000001", **dust),
        fill("sell", "0.0000000001", "0.00000016", **dust),
    ]
    found = matched(fills).round_trips.row(0, named=True)
    assert (found["gross_pnl"], found["fees"], found["net_pnl"]) == (D("16E-18"), -2, D("-1.999999999999999984"))


def test_money_beyond_twenty_digits_is_refused() -> None:
    fills = [fill("buy", 10**12, 1), fill("sell", 10**12, 10**9)]
    with pytest.raises(OverflowError):
        matched(fills)


def test_an_opening_position_is_closed_first() -> None:
    opening = opening_of(("A", MES, "2", "90.5"), ("A", MES, "0", "1"), ("B", "CME:ES:2026-03", "-1", "7000"))
    found = matched([fill("sell", 3, 100, commission="-3")], Method.FIFO, opening)
    row = found.round_trips.row(0, named=True)
    assert (row["entry_time"], row["entry_id"], row["exit_id"]) == (None, None, "x0")
    assert (row["direction"], row["quantity"], row["entry_price"], row["gross_pnl"]) == ("long", 2, D("90.5"), 95)
    assert (row["fees"], row["net_pnl"], row["contract"], row["currency"]) == (-2, 93, "MESH6", "USD")
    assert (
        found.open_positions.select("account", "contract", "quantity", "average_price").rows()
        == [
            ("B", "CME:ES:2026-03", -1, 7000),
            ("A", "MESH6", -1, 100),
        ]
        or found.open_positions.height == 2
    )


def test_an_opening_position_may_say_more_of_itself() -> None:
    opening = opening_of(("A", "CME:ES:2026-03", "-1", "7000")).with_columns(
        symbol=pl.lit("ES"), contract=pl.lit("ESH6"), currency=pl.lit("USD"), multiplier=pl.lit(50),
        timestamp=pl.lit(START, dtype=pl.Datetime("us", "UTC")),
    )  # fmt: skip
    closing = fill("buy", 1, 6990, instrument_id="CME:ES:2026-03", multiplier=None)
    alone = match(frame_of([]), Method.AVERAGE, opening)
    assert alone.open_positions.rows() == [("A", "CME:ES:2026-03", "ES", "ESH6", -1, 7000, "USD")]
    row = matched([{**closing, "multiplier": D(50)}], Method.PER_POSITION, opening).round_trips.row(0, named=True)
    assert (row["gross_pnl"], row["entry_time"]) == (500, START)


def test_round_trips_come_in_the_order_of_their_exits() -> None:
    other = {"instrument_id": "CME:ES:2026-03"}
    fills = [fill("buy", 1, 1), fill("buy", 1, 2, **other), fill("sell", 1, 3, **other), fill("sell", 1, 4)]
    for method in Method:
        assert matched(fills, method).round_trips["exit_id"].to_list() == ["x2", "x3"]


def test_a_method_may_be_given_by_its_name() -> None:
    assert match(frame_of(in_time(SCALING)), "per-position").round_trips.height == 2  # type: ignore[arg-type]
