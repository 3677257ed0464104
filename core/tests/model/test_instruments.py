from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.model.executions import Execution, OpenPosition, RoundTrip
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.options import OptionRight, osi_symbol, split_osi
from polybroker.statements.schema import EXECUTIONS, OPEN_POSITIONS, ROUND_TRIPS
from polybroker.testing.strategies import executions, instruments, options

CALL = Option("AAPL", date(2025, 1, 17), OptionRight.CALL, Decimal(150))


def identity(instrument: Instrument) -> tuple[Any, ...]:
    """What tells an instrument from all others, apart from the facts that follow from it."""
    if isinstance(instrument, Future):
        return Future, instrument.exchange, instrument.root, instrument.expiry
    if isinstance(instrument, Option):
        return Option, instrument.underlying, instrument.expiry, instrument.right, instrument.strike
    if isinstance(instrument, Stock):
        return Stock, instrument.ticker
    return Pair, instrument.base, instrument.quote


@settings(deadline=None)
@given(instruments(), instruments())
def test_two_instruments_share_an_id_only_if_they_are_one(left: Instrument, right: Instrument) -> None:
    assert (left.instrument_id == right.instrument_id) == (identity(left) == identity(right))


@settings(deadline=None)
@given(options())
def test_an_option_survives_its_osi_symbol_with_any_run_of_blanks(option: Option) -> None:
    symbol = option.instrument_id
    assert len(symbol) == 21
    expected = (option.underlying, option.expiry, option.right, option.strike)
    for text in (symbol, symbol.replace(" ", ""), symbol.lower(), f" {option.underlying}    {symbol[6:]} "):
        assert split_osi(text) == expected


@settings(deadline=None)
@given(options(), st.integers(0, 20), st.characters(codec="ascii"))
def test_a_changed_osi_symbol_never_means_the_same_option(option: Option, place: int, sign: str) -> None:
    symbol = option.instrument_id
    changed = symbol[:place] + sign + symbol[place + 1 :]
    parts = split_osi(changed)
    if parts is not None and " ".join(changed.upper().split()) != " ".join(symbol.split()):
        assert parts != split_osi(symbol)


@pytest.mark.parametrize(
    "text",
    ["", "AAPL", "AAPL250117C0015000", "AAPL250117X00150000", "AAPL251317C00150000", "AAPL250230C00150000",
     "AAPL250117C00000000", "ABCDEFG250117C00150000", "250117C00150000", "AAPL250117C0015000٠"],
)  # fmt: skip
def test_what_is_no_osi_symbol_is_none(text: str) -> None:
    assert split_osi(text) is None


@pytest.mark.parametrize(
    ("root", "expiry", "strike"),
    [
        ("", date(2025, 1, 17), "150"),
        ("ABCDEFG", date(2025, 1, 17), "150"),
        ("aapl", date(2025, 1, 17), "150"),
        ("A B", date(2025, 1, 17), "150"),
        ("AAPL", date(1999, 1, 17), "150"),
        ("AAPL", date(2100, 1, 17), "150"),
        ("AAPL", datetime(2025, 1, 17), "150"),  # noqa: DTZ001
        ("AAPL", date(2025, 1, 17), "0"),
        ("AAPL", date(2025, 1, 17), "-1"),
        ("AAPL", date(2025, 1, 17), "100000"),
        ("AAPL", date(2025, 1, 17), "0.0005"),
        ("AAPL", date(2025, 1, 17), "100.0000000000000000000000000000000000000001"),
        ("AAPL", date(2025, 1, 17), "NaN"),
    ],
)
def test_what_an_osi_symbol_cannot_hold_is_refused(root: str, expiry: date, strike: str) -> None:
    with pytest.raises(ValueError):
        osi_symbol(root, expiry, OptionRight.CALL, Decimal(strike))
    with pytest.raises(ValueError):
        Option(root, expiry, OptionRight.CALL, Decimal(strike))


@pytest.mark.parametrize(
    ("instrument", "texts"),
    [
        (
            Future("MES", "CME", ContractMonth(2025, 3), Decimal(5)),
            ("CME:MES:2025-03", "MESH5", "MES", "2025-03", "future"),
        ),
        (Future("MES", "CME", None, Decimal(5)), ("CME:MES", "MES", "MES", None, "future")),
        (CALL, ("AAPL  250117C00150000", "AAPL  250117C00150000", "AAPL", "2025-01-17", "option")),
        (Stock("BRK.B"), ("BRK.B", "BRK.B", "BRK.B", None, "stock")),
        (Pair("BTC", "USD"), ("BTC/USD", "BTC/USD", "BTC/USD", None, "crypto")),
        (Pair("EUR", "USD", AssetClass.FOREX), ("EUR/USD", "EUR/USD", "EUR/USD", None, "forex")),
    ],
)
def test_the_texts_of_each_kind(instrument: Instrument, texts: tuple[str, ...]) -> None:
    found = instrument.instrument_id, instrument.contract, instrument.symbol, instrument.expiration
    assert (*found, instrument.asset_class.value) == texts


@pytest.mark.parametrize("name", ["", " MES", "MES\n", "A:B", "A/B", "A\tB"])
def test_a_name_without_text_or_with_a_separator_is_refused(name: str) -> None:
    for make in (
        lambda: Future(name, "CME", None, Decimal(5)),
        lambda: Future("MES", name, None, Decimal(5)),
        lambda: Future("MES", "CME", None, Decimal(5), currency=name),
        lambda: Stock(name),
        lambda: Stock("AAPL", exchange=name),
        lambda: Pair(name, "USD"),
        lambda: Pair("BTC", name),
    ):
        with pytest.raises(ValueError):
            make()


def test_a_ticker_is_never_an_options_symbol() -> None:
    with pytest.raises(ValueError):
        Stock(CALL.instrument_id)


@pytest.mark.parametrize("number", ["0", "-5", "NaN", "Infinity", "1E30"])
def test_a_multiplier_or_tick_is_an_exact_number_above_zero(number: str) -> None:
    for changes in ({"multiplier": Decimal(number)}, {"tick_size": Decimal(number)}):
        with pytest.raises(ValueError):
            attrs.evolve(Future("MES", "CME", None, Decimal(5)), **changes)


def test_a_pair_is_crypto_or_forex() -> None:
    with pytest.raises(ValueError):
        Pair("BTC", "USD", AssetClass.STOCK)


def test_records_have_the_columns_of_the_tables() -> None:
    for record, table in ((Execution, EXECUTIONS), (RoundTrip, ROUND_TRIPS), (OpenPosition, OPEN_POSITIONS)):
        assert [field.name for field in attrs.fields(record)] == list(table)


@settings(deadline=None)
@given(executions())
def test_a_time_that_is_not_utc_is_refused_where_utc_is_meant(execution: Execution) -> None:
    with pytest.raises(ValueError):
        attrs.evolve(execution, timestamp=execution.timestamp.replace(tzinfo=None))
    with pytest.raises(ValueError):
        attrs.evolve(execution, local_time=execution.timestamp)
