from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.futures import MONTH_LETTERS, ContractMonth
from polybroker.model.instruments import Future, Pair, Stock
from polybroker.model.products import product
from polybroker_amp_cqg.symbols import ALIAS, from_broker_symbol, roots, split_cqg, to_broker_symbol

ON = date(2025, 2, 3)
CONVERTED = [root for root in roots().values() if root.exchange]
WRITTEN = [root for root in CONVERTED if root.witness != ALIAS]
months = st.builds(ContractMonth, st.integers(2000, 2099), st.integers(1, 12))


@st.composite
def futures(draw: st.DrawFn) -> Future:
    root = draw(st.sampled_from(WRITTEN))
    facts = product(root.root, root.exchange)
    assert facts is not None
    return facts.future(draw(months))


@pytest.mark.parametrize(
    "text", ["EPH25", "EPH5", "F.US.EPH25", "F.US.EPH5", "F.US.EP.H25", "CON.F.US.EP.H25", " eph25 ", "f.us.eph25"]
)
def test_all_notations_of_a_contract_mean_the_same(text: str) -> None:
    future = from_broker_symbol(text, ON)
    assert isinstance(future, Future)
    assert (future.instrument_id, future.contract) == ("CME:ES:2025-03", "ESH5")
    assert (future.multiplier, future.currency, future.tick_size) == (Decimal(50), "USD", Decimal("0.25"))


@pytest.mark.parametrize(
    ("text", "instrument_id"),
    [
        ("MEH5", "CME:MES:2025-03"),
        ("NQZH5", "CME:NQ:2025-03"),
        ("EPH5", "CME:ES:2025-03"),
        ("ENQM25", "CME:NQ:2025-06"),
        ("MESH5", "CME:MES:2025-03"),
        ("NQMH5", "NYMEX:QM:2025-03"),
        ("EU6M25", "CME:6E:2025-06"),
        ("EU6M5", "CME:6E:2025-06"),
        ("M6EU5", "CME:M6E:2025-09"),
        ("M2KH26", "CME:M2K:2026-03"),
        ("TUAH5", "CBOT:ZT:2025-03"),
        ("ZTH5", "SGX:JB:2025-03"),
        ("ZOJ25", "ICEUS:ZG:2025-04"),
        ("ZOEH5", "CBOT:ZO:2025-03"),
        ("ENH5", "ICEEU:N:2025-03"),
        ("MCLEV6", "NYMEX:MCL:2026-10"),
        ("DDH5", "EUREX:FDAX:2025-03"),
    ],
)
def test_the_whole_root_decides_on_the_product(text: str, instrument_id: str) -> None:
    assert from_broker_symbol(text, ON).instrument_id == instrument_id


@pytest.mark.parametrize(
    "text",
    [
        "NQM5", "NQH5", "ESH5", "CLF6", "GCJ5", "ZNH5", "6EM25", "MCLV6", "ZBH5",  # exchange notation
        "SF", "SFH5", "NQ", "ES", "EPI25", "EPH", "EPH255", "EPH2025", "EP?1", "EP??", "EPH25X", "XEPH25",
        "EP H25", "C.US.EP.M08.1100", "P.US.EP.M08.1100", "X.US.LDKZ", "S.US.AAPL", "F.US.EDAS6Z12", "T.US.X", "F.US.",
        "F..EPH25", "CON.EPH25", "CON.F.US.NQ.M25", "EP..H25", "", ".", "meſh5", "EPH２5", "EPH25\n\0", "F.US.EPH25.",
    ],
)  # fmt: skip
def test_near_misses_and_foreign_notations_are_unknown(text: str) -> None:
    with pytest.raises(SymbolUnknown) as caught:
        from_broker_symbol(text, ON)
    assert caught.value.symbol == text


def test_an_option_is_refused_by_name() -> None:
    with pytest.raises(SymbolUnknown, match="call on a future"):
        from_broker_symbol("C.US.EP.M08.1100", ON)


@pytest.mark.parametrize("root", [root for root in roots().values() if not root.exchange], ids=lambda root: root.cqg)
def test_a_product_without_known_multiplier_is_unknown_rather_than_guessed(root: object) -> None:
    cqg = root.cqg  # type: ignore[attr-defined]
    with pytest.raises(SymbolUnknown, match="multiplier"):
        from_broker_symbol(f"{cqg}H25", ON)


def test_a_one_digit_year_needs_the_date_of_the_fill() -> None:
    with pytest.raises(SymbolUnknown, match="date of the fill"):
        from_broker_symbol("EPH5", None)
    assert from_broker_symbol("EPH5", date(2035, 2, 1)).instrument_id == "CME:ES:2035-03"
    assert from_broker_symbol("EPZ9", date(2020, 2, 3)).instrument_id == "CME:ES:2029-12"
    assert from_broker_symbol("EPH25", None).instrument_id == "CME:ES:2025-03"


def test_a_root_alone_is_a_future_without_month() -> None:
    future = from_broker_symbol("EP", ON)
    assert (future.instrument_id, future.contract) == ("CME:ES", "ES")
    assert to_broker_symbol(future) == "EP"


@given(futures(), st.integers(0, 5 * 365))
def test_what_is_written_is_read_back(future: Future, days_before: int) -> None:
    assert future.expiry is not None
    on = future.expiry.first_day - timedelta(days=days_before)
    symbol = to_broker_symbol(future)
    assert from_broker_symbol(symbol, on) == future
    assert from_broker_symbol(symbol, None) == future
    assert from_broker_symbol(f"F.US.{symbol}", on) == future


@pytest.mark.parametrize("root", WRITTEN, ids=lambda root: root.cqg)
def test_every_root_makes_the_round_trip(root: object) -> None:
    symbol = f"{root.cqg}H25"  # type: ignore[attr-defined]
    assert to_broker_symbol(from_broker_symbol(symbol, ON)) == symbol


def test_aliases_are_read_and_never_written() -> None:
    assert to_broker_symbol(from_broker_symbol("MEH5", ON)) == "MESH25"
    assert to_broker_symbol(from_broker_symbol("NQZH5", ON)) == "ENQH25"


def test_what_cqg_does_not_name_is_unsupported() -> None:
    known = from_broker_symbol("EPH25", ON)
    assert isinstance(known, Future)
    elsewhere = Future(root="ES", exchange="EUREX", expiry=known.expiry, multiplier=Decimal(50))
    late = Future(root="ES", exchange="CME", expiry=ContractMonth(2101, 3), multiplier=Decimal(50))
    unlisted = Future(root="QQQQ", exchange="CME", expiry=known.expiry, multiplier=Decimal(50))
    for instrument in (Stock("ES"), Pair("BTC", "USD"), elsewhere, late, unlisted):
        with pytest.raises(Unsupported):
            to_broker_symbol(instrument)


@given(st.text(max_size=12) | st.text("EPNQMZSTU6H25.F", max_size=9), st.dates(date(2001, 1, 1), date(2049, 1, 1)))
def test_any_text_is_unknown_or_named_by_what_it_means(text: str, on: date) -> None:
    try:
        found = from_broker_symbol(text, on)
    except SymbolUnknown:
        return
    assert from_broker_symbol(to_broker_symbol(found), on) == found


@given(st.sampled_from(sorted(roots())), st.sampled_from(MONTH_LETTERS), st.integers(0, 99))
def test_the_parts_of_a_name_are_found_whatever_the_root_ends_in(root: str, letter: str, year: int) -> None:
    for text in (f"{root}{letter}{year:02d}", f"F.US.{root}.{letter}{year:02d}"):
        contract = split_cqg(text)
        assert (contract.root.cqg, contract.month, contract.year) == (
            root,
            MONTH_LETTERS.index(letter) + 1,
            f"{year:02d}",
        )
        assert contract.short == f"{root}{letter}{year:02d}"


def test_the_exchange_root_of_each_entry_is_the_products() -> None:
    assert len(roots()) == 104
    for root in CONVERTED:
        assert product(root.root, root.exchange) is not None, root
    pairs = [(root.exchange, root.root) for root in WRITTEN]
    assert len(set(pairs)) == len(pairs)
