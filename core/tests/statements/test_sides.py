"""Words for buying and selling."""

from __future__ import annotations

import polars as pl
import pytest

from polybroker.statements.sides import parse_sides

BUYS = ["Buy", "b", "BUY", " Buy", "BOT", "Bought", "BC", "Buy to cover", "BuyToCover", "Buy To Open", "BUY_TO_CLOSE"]
BUYS += ["bought to open", "Bought To Cover", "BTO", "BTC", "long", "Cover"]
SELLS = [
    "Sell",
    "S",
    "sld",
    "SS",
    "Sell short",
    "SellShort",
    "Sold Short",
    "SELL_TO_OPEN",
    "sold to close",
    "STO",
    "STC",
]
SELLS += ["short", "Short Sell", "Sell-to-Close"]


@pytest.mark.parametrize("word", BUYS)
def test_words_for_buying_are_buy(word: str) -> None:
    sides, bad = parse_sides(pl.Series([word]))
    assert (sides[0], bad[0]) == ("buy", False)


@pytest.mark.parametrize("word", SELLS)
def test_words_for_selling_are_sell(word: str) -> None:
    sides, bad = parse_sides(pl.Series([word]))
    assert (sides[0], bad[0]) == ("sell", False)


@pytest.mark.parametrize("word", ["1", "-1", "0", "BUY (Ca.)", "bs", "buysell", "-", "x", "both"])
def test_numbers_and_other_words_are_no_side(word: str) -> None:
    sides, bad = parse_sides(pl.Series([word]))
    assert (sides[0], bad[0]) == (None, True)


def test_an_empty_cell_is_no_side_and_no_fault() -> None:
    sides, bad = parse_sides(pl.Series(["Buy", None, "", " ", "huh", "Sell"]))
    assert sides.to_list() == ["buy", None, None, None, None, "sell"]
    assert bad.to_list() == [False, False, False, False, True, False]


def test_a_column_without_a_side_keeps_its_length() -> None:
    for column in (pl.Series([], dtype=pl.String), pl.Series([None, None], dtype=pl.String)):
        sides, bad = parse_sides(column)
        assert sides.dtype == pl.String
        assert sides.to_list() == [None] * len(column)
        assert bad.to_list() == [False] * len(column)
