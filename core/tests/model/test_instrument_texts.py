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
from polybroker.model.symbols import instrument_text, parse_instrument_text
from polybroker.testing.strategies import contract_months, exact_decimals, instruments

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6).filter(
    lambda name: not set(name) & set(":/")
)
ABOVE_ZERO = exact_decimals("0.000000000000000001", 1000)


def odd_instruments() -> st.SearchStrategy[Instrument]:
    """Instruments that no table knows, with every sign in their names."""
    exchange = st.one_of(st.none(), NAMES)
    return st.one_of(
        st.builds(
            Future,
            root=st.one_of(NAMES, st.just("MES")),
            exchange=st.one_of(NAMES, st.just("CME")),
            expiry=st.one_of(st.none(), contract_months(1970, 2199)),
            multiplier=ABOVE_ZERO,
            currency=NAMES,
            tick_size=st.one_of(st.none(), ABOVE_ZERO),
        ),
        st.builds(
            Option,
            underlying=st.from_regex(r"[A-Z0-9.$^]{1,6}", fullmatch=True),
            expiry=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
            right=st.sampled_from(OptionRight),
            strike=st.integers(1, 10**8 - 1).map(lambda number: Decimal(number) / 1000),
            multiplier=ABOVE_ZERO,
            currency=NAMES,
            exchange=exchange,
        ),
        st.builds(Stock, NAMES, NAMES, exchange),
        st.builds(Pair, NAMES, NAMES, st.sampled_from([AssetClass.CRYPTO, AssetClass.FOREX]), exchange),
    )


ANY = st.one_of(instruments(), odd_instruments())


@settings(deadline=None)
@given(ANY)
def test_an_instrument_survives_its_text(instrument: Instrument) -> None:
    assert parse_instrument_text(instrument_text(instrument)) == instrument


@settings(deadline=None)
@given(ANY, ANY)
def test_two_instruments_have_two_texts(left: Instrument, right: Instrument) -> None:
    assert (instrument_text(left) == instrument_text(right)) == (left == right)


@settings(deadline=None)
@given(ANY, st.integers(0, 60), st.characters(codec="ascii"))
def test_a_near_miss_is_refused_or_another_instrument(instrument: Instrument, place: int, sign: str) -> None:
    text = instrument_text(instrument)
    changed = text[:place] + sign + text[place + 1 :]
    if changed == text:
        return
    try:
        found = parse_instrument_text(changed)
    except SymbolUnknown:
        return
    assert found != instrument


@pytest.mark.parametrize(
    ("instrument", "text"),
    [
        (Future("MES", "CME", ContractMonth(2025, 3), Decimal(5), "USD", Decimal("0.25")), "future:CME:MES:2025-03"),
        (Future("MES", "CME", None, Decimal("5.0"), "USD", Decimal("0.250")), "future:CME:MES"),
        (Future("MES", "CME", None, Decimal(5)), "future:CME:MES;tick=-"),
        (Future("MES", "CME", None, Decimal(50), "USD", Decimal("0.25")), "future:CME:MES;multiplier=50"),
        (
            Future("FCE", "EURONEXT", None, Decimal(10), "EUR"),
            "future:EURONEXT:FCE;multiplier=10;currency=EUR",
        ),
        (
            Option("AAPL", date(2025, 1, 17), OptionRight.CALL, Decimal(150)),
            "option:AAPL  250117C00150000",
        ),
        (
            Option("AAPL7", date(2025, 1, 17), OptionRight.PUT, Decimal("1.5"), Decimal(10)),
            "option:AAPL7 250117P00001500;multiplier=10",
        ),
        (Stock("ES"), "stock:ES"),
        (Stock("BMW", "EUR", "XETRA"), "stock:BMW;currency=EUR;exchange=XETRA"),
        (Stock("A;B=C%"), "stock:A%3BB%3DC%25"),
        (Pair("BTC", "USD"), "crypto:BTC/USD"),
        (Pair("EUR", "USD", AssetClass.FOREX), "forex:EUR/USD"),
    ],
)
def test_the_texts(instrument: Instrument, text: str) -> None:
    assert instrument_text(instrument) == text
    assert parse_instrument_text(text) == instrument


@pytest.mark.parametrize(
    "text",
    [
        "", "MES", "CME:MES:2025-03", "future", "future:", "future:CME", "future:MES", "future:CME:MES:",
        "future:CME:MES:2025-3", "future:CME:MES:2025-13", "future:CME:MES:MESH5", "future:CME:MES:2025-03:x",
        "Future:CME:MES", "FUTURE:CME:MES", "future:CME:mes", "future:XYZ:ABC:2025-03",
        "future:XYZ:ABC:2025-03;multiplier=5", "future:CME:MES;multiplier=5", "future:CME:MES;multiplier=-",
        "future:CME:MES;multiplier=0", "future:CME:MES;multiplier=NaN", "future:CME:MES;tick=0",
        "future:CME:MES;multiplier=5e1", "future:CME:MES;currency=USD", "future:CME:MES;x=1",
        "future:CME:MES;multiplier", "future:CME:MES;", "option:AAPL 250117C00150000", "option:AAPL250117C00150000",
        "option:aapl  250117C00150000", "option:AAPL", "stock:", "stock: ES", "stock:ES ", "stock:BTC/USD",
        "stock:A:B", "stock:BMW;exchange=XETRA;currency=EUR", "stock:ES;currency=USD", "stock:%45S", "crypto:BTC",
        "crypto:BTC/USD/X", "crypto:/USD", "crypto:BTC-USD", "bond:X",
    ],
)  # fmt: skip
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(SymbolUnknown):
        parse_instrument_text(text)


def test_a_text_in_another_form_is_answered_with_the_right_one() -> None:
    with pytest.raises(SymbolUnknown, match="has to be written as 'option:AAPL  250117C00150000'"):
        parse_instrument_text("option:AAPL250117C00150000")
