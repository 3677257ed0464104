from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_fills import Fill, fill, fill_lists, frame_of, in_time

from polybroker.ledger.matching import match
from polybroker.ledger.totals import TOTAL_KEYS, totals
from polybroker.model.executions import Method
from polybroker.statements.schema import EXACT, ROUND_TRIPS

D = Decimal
MEASURES = ("gross_pnl", "fees", "net_pnl", "round_trips", "wins", "losses")


def trips_of(*fills: Fill) -> pl.DataFrame:
    return match(frame_of(in_time(fills)), Method.FIFO).round_trips


PAIRS = [
    *(fill("buy", 1, 100, commission="-1"), fill("sell", 1, 102, commission="-1")),  # 10 - 2
    *(fill("buy", 1, 100, commission="-1"), fill("sell", 1, "100.4", commission="-1")),  # 2 - 2
    *(fill("buy", 1, 100, commission="-1"), fill("sell", 1, 100, commission="-1")),  # 0 - 2
    *(
        fill("buy", 1, 5, multiplier=None, commission="-9", symbol="??"),
        fill("sell", 1, 9, multiplier=None, symbol="??"),
    ),
    *(fill("buy", 2, 7, currency="EUR", account="B"), fill("sell", 2, 8, currency="EUR", account="B")),
]


def test_totals_by_currency_count_wins_and_losses_by_net() -> None:
    found = totals(trips_of(*PAIRS))
    assert found.columns == ["currency", *MEASURES]
    assert found.rows() == [("EUR", 10, 0, 10, 1, 1, 0), ("USD", 12, -6, 6, 4, 1, 1)]


def test_totals_by_other_columns_and_by_none() -> None:
    found = trips_of(*PAIRS)
    assert totals(found, ("account", "symbol")).rows() == [
        ("A", "??", 0, 0, 0, 1, 0, 0),
        ("A", "MES", 12, -6, 6, 3, 1, 1),
        ("B", "MES", 10, 0, 10, 1, 1, 0),
    ]
    assert totals(found, ()).rows() == [(22, -6, 16, 5, 2, 1)]
    assert totals(found, ("trading_day",))["round_trips"].sum() == 5


@settings(max_examples=60, deadline=None)
@given(fill_lists(), st.sampled_from(TOTAL_KEYS), st.sampled_from(list(Method)))
def test_totals_are_exact_sums_of_the_trips_of_known_profit(fills: list[Fill], key: str, method: Method) -> None:
    trips = match(frame_of(fills), method).round_trips
    found = totals(trips, (key,))
    assert found["round_trips"].sum() == trips.height
    for row in found.to_dicts():
        mine = [trip for trip in trips.to_dicts() if trip[key] == row[key]]
        known = [trip for trip in mine if trip["net_pnl"] is not None]
        for name in ("gross_pnl", "fees", "net_pnl"):
            assert Fraction(row[name]) == sum(Fraction(trip[name] or 0) for trip in known)
        assert Fraction(row["net_pnl"]) == Fraction(row["gross_pnl"]) + Fraction(row["fees"])
        assert row["wins"] == sum(trip["net_pnl"] > 0 for trip in known)
        assert row["losses"] == sum(trip["net_pnl"] < 0 for trip in known)
        assert row["round_trips"] == len(mine)


def test_no_round_trips_have_no_totals() -> None:
    found = totals(pl.DataFrame(schema=ROUND_TRIPS))
    assert found.is_empty()
    assert found.schema["net_pnl"] == EXACT
    assert found.schema["round_trips"] == pl.Int64


def test_a_sum_that_no_column_holds_is_refused() -> None:
    half = D("60000000000000000000")
    trips = pl.concat([trips_of(*PAIRS[:2])] * 2).with_columns(gross_pnl=pl.lit(half, EXACT))
    assert totals(trips.head(1))["gross_pnl"].to_list() == [half]
    with pytest.raises(OverflowError):
        totals(trips)


def test_trips_are_not_totalled_by_what_they_do_not_have() -> None:
    with pytest.raises(ValueError, match="exchange"):
        totals(trips_of(*PAIRS), ("exchange",))
