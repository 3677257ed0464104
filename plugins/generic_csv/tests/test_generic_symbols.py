"""A text for every instrument, and an instrument for every text that is certain."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import SymbolUnknown
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.options import OptionRight
from polybroker.model.products import PRODUCTS
from polybroker_generic_csv import from_broker_symbol, to_broker_symbol

days = st.dates(date(2000, 1, 1), date(2060, 1, 1)) | st.none()
months = st.builds(ContractMonth, st.integers(2000, 2099), st.integers(1, 12)) | st.none()
futures = st.builds(lambda root, month: PRODUCTS[root].future(month), st.sampled_from(sorted(PRODUCTS)), months)
tickers = st.from_regex(r"[A-Z]{1,5}(\.[A-Z])?", fullmatch=True) | st.sampled_from(sorted(PRODUCTS))
stocks = st.builds(Stock, tickers, currency=st.sampled_from(["USD", "EUR"]))
options = st.builds(
    Option,
    st.from_regex(r"[A-Z]{1,5}", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(OptionRight),
    st.decimals("0.001", "99999.999", places=3),
    multiplier=st.sampled_from([Decimal(100), Decimal(10)]),
)
coins = st.builds(Pair, st.sampled_from(["BTC", "ETH", "EUR", "1INCH"]), st.sampled_from(["USD", "USDT", "EUR"]))


@settings(deadline=None)
@given(futures | stocks | options | coins, days)
def test_an_instrument_comes_back_from_its_text_on_any_day(instrument: Instrument, on: date | None) -> None:
    assert from_broker_symbol(to_broker_symbol(instrument), on) == instrument


@pytest.mark.parametrize(
    ("instrument", "text"),
    [
        (PRODUCTS["MES"].future(ContractMonth(2025, 3)), "MESH2025"),
        (PRODUCTS["MES"].future(None), "CME:MES"),
        (Stock("AAPL"), "AAPL"),
        (Stock("ES"), "stock:ES"),
        (Option("AAPL", date(2025, 1, 17), OptionRight.CALL, Decimal(150)), "AAPL  250117C00150000"),
        (Pair("BTC", "USD"), "BTC/USD"),
        (Pair("EUR", "USD", AssetClass.FOREX), "EUR/USD"),
    ],
)
def test_texts_are_those_that_people_write(instrument: Instrument, text: str) -> None:
    assert to_broker_symbol(instrument) == text


@pytest.mark.parametrize(
    ("text", "instrument_id"),
    [
        ("ES", "CME:ES"),
        ("stock:ES", "ES"),
        ("MESH5", "CME:MES:2025-03"),
        ("future:MESH5", "CME:MES:2025-03"),
        ("MES 03-25", "CME:MES:2025-03"),
        ("future:CME:MES:2025-03", "CME:MES:2025-03"),
        ("CME_MINI:MES1!", "CME:MES"),
        ("crypto:BTCUSD", "BTC/USD"),
        ("stock:brk-b", "BRK.B"),
    ],
)
def test_common_notations_and_explicit_ones_are_understood(text: str, instrument_id: str) -> None:
    assert from_broker_symbol(text, date(2024, 12, 2)).instrument_id == instrument_id


@pytest.mark.parametrize(
    "text", ["", "bond:XYZ", "future:XYZH5", "option:AAPL", "stock:", "crypto:AAPL", "no symbol at all"]
)
def test_what_is_not_certain_is_unknown(text: str) -> None:
    with pytest.raises(SymbolUnknown):
        from_broker_symbol(text, date(2024, 12, 2))


def test_a_one_digit_year_is_resolved_against_the_fill() -> None:
    later = from_broker_symbol("MESH5", date(2034, 12, 2))
    assert isinstance(later, Future)
    assert later.expiry == ContractMonth(2035, 3)
