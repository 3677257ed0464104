"""What a row is about where several columns say it together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass
from polybroker_generic_csv.naming import Name, Parts, contract_month_of, name, written_day

JANUARY = date(2025, 1, 17)


@pytest.mark.parametrize(
    "text",
    ["2025-03", "202503", "2025/03", "03-25", "3/2025", "MAR25", "Mar 2025", "MARCH 25", "Mar-25", "Mar'25", "H25"],
)
def test_a_contract_month_has_many_forms(text: str) -> None:
    assert contract_month_of(text) == ContractMonth(2025, 3)


@pytest.mark.parametrize("text", ["2025", "2025-13", "00-25", "A25", "2025-03-21", "March", ""])
def test_other_texts_are_no_contract_month(text: str) -> None:
    assert contract_month_of(text) is None


@pytest.mark.parametrize("text", ["17JAN25", "17-Jan-2025", "17 Jan 2025", "Jan 17, 2025"])
def test_a_day_can_be_written_with_the_name_of_its_month(text: str) -> None:
    assert written_day(text) == JANUARY
    assert written_day("01/17/2025") is None


def key(parts: Parts, default: AssetClass | None = None) -> str | None:
    found = name(parts, default)
    return None if found is None else found.key


def test_a_symbol_that_says_it_all_is_its_own_key() -> None:
    assert name(Parts(symbol="MESH5", expiration="2030-01"), None) == Name("MESH5", "MESH5")
    assert name(Parts(symbol="AAPL"), None) == Name("AAPL", "AAPL")


def test_a_root_that_is_a_stock_too_is_the_future_and_guessed() -> None:
    assert name(Parts(symbol="ES"), None) == Name("ES", "ES", guessed=True)
    assert name(Parts(symbol="MES"), None) == Name("MES", "MES")


def test_the_asset_class_of_the_file_wins_over_the_answer() -> None:
    assert key(Parts(symbol="ES", asset_class="Stock")) == "stock:ES"
    assert key(Parts(symbol="ES", asset_class="Equity"), AssetClass.FUTURE) == "stock:ES"
    assert key(Parts(symbol="ES"), AssetClass.STOCK) == "stock:ES"
    assert key(Parts(symbol="AAPL"), AssetClass.FUTURE) == "AAPL"


def test_one_share_has_one_key_however_it_is_written() -> None:
    assert {key(Parts(symbol=text, asset_class="stock")) for text in ("BRK.B", "brk-b", "BRK/B")} == {"stock:BRK.B"}


def test_the_columns_of_an_option_make_its_osi_symbol() -> None:
    parts = Parts(symbol="AAPL", expiration="1/17/2025", day=JANUARY, strike=Decimal("150.000"), right="Call")
    expected = Name("AAPL 2025-01-17 150 C", "AAPL  250117C00150000")
    assert name(parts, None) == expected
    assert (
        name(Parts(underlying="aapl", day=JANUARY, strike=Decimal(150), right="c", asset_class="option"), None)
        == expected
    )
    assert name(Parts(symbol="AAPL", day=JANUARY, strike=Decimal(150), asset_class="Call"), None) == expected


def test_two_options_that_cannot_be_named_keep_different_names() -> None:
    one, other = (
        name(Parts(symbol="TOOLONGROOT", expiration="x", strike=Decimal(strike), right="C"), None) for strike in (1, 2)
    )
    assert one is not None
    assert other is not None
    assert one.raw != other.raw
    assert one.key.startswith("option:")


@pytest.mark.parametrize("expiration", ["2024-12", "DEC24", "Z24"])
def test_a_root_with_its_month_in_another_column_is_the_contract(expiration: str) -> None:
    expected = Name("MES 2024-12", "future:CME:MES:2024-12")
    assert name(Parts(symbol="MES", expiration=expiration), None) == expected
    assert name(Parts(symbol="MES", contract=expiration), None) == expected


def test_a_day_of_expiry_names_the_contract_only_where_it_lies_in_its_month() -> None:
    december = date(2024, 12, 19)
    assert key(Parts(symbol="MES", expiration="12/19/2024", day=december)) == "future:CME:MES:2024-12"
    unknown = name(Parts(symbol="CL", expiration="12/19/2024", day=december), None)
    assert unknown == Name("CL 12/19/2024", "future:CL 12/19/2024")


def test_a_contract_wins_over_its_root() -> None:
    assert key(Parts(symbol="MES", contract="MESH5")) == "MESH5"


def test_an_unknown_asset_class_is_kept_and_not_guessed() -> None:
    assert key(Parts(symbol="T 4 02/34", asset_class="Bond")) == "bond:T 4 02/34"


def test_a_coin_without_its_money_takes_the_currency_of_the_row() -> None:
    assert key(Parts(symbol="BTC", asset_class="Crypto", currency="EUR")) == "crypto:BTC/EUR"
    assert key(Parts(symbol="BTC", asset_class="Crypto")) == "crypto:BTC"
    assert key(Parts(symbol="BTC/USD", asset_class="Crypto", currency="EUR")) == "crypto:BTC/USD"


def test_a_row_without_any_symbol_has_no_name() -> None:
    assert name(Parts(expiration="2024-12", strike=Decimal(1)), None) is None
