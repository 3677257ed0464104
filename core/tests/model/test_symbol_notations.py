from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import SymbolUnknown
from polybroker.model.futures import MONTH_NAMES, ContractMonth, contract_code
from polybroker.model.instruments import AssetClass, Future, Option, Pair, Stock
from polybroker.model.money import plain_text
from polybroker.model.products import PRODUCTS, Product
from polybroker.model.symbols import ambiguous_root, instrument_text, parse_symbol
from polybroker.testing.strategies import contract_months, options, pairs, products, stocks

ON = date(2025, 3, 3)
CASES = {
    "MESH5": "future:CME:MES:2025-03",
    "mesh5": "future:CME:MES:2025-03",
    " MESH25 ": "future:CME:MES:2025-03",
    "MESH2025": "future:CME:MES:2025-03",
    "/ESH5": "future:CME:ES:2025-03",
    "/ESH5:XCME": "future:CME:ES:2025-03",
    "CME_MINI:MESH2025": "future:CME:MES:2025-03",
    "ESH25.CME": "future:CME:ES:2025-03",
    "MNQ 09-26": "future:CME:MNQ:2026-09",
    "MNQ SEP26": "future:CME:MNQ:2026-09",
    "mnq sep 2026": "future:CME:MNQ:2026-09",
    "MNQ Sep-26": "future:CME:MNQ:2026-09",
    "MNQ 2026-09": "future:CME:MNQ:2026-09",
    "MNQ 202609": "future:CME:MNQ:2026-09",
    "MNQ U6": "future:CME:MNQ:2026-09",
    "6EM5": "future:CME:6E:2025-06",
    "M2KU5": "future:CME:M2K:2025-09",
    "CLF5": "future:NYMEX:CL:2035-01",
    "ICEEU:ZM5": "future:ICEEU:Z:2025-06",
    "Z 06-25": "future:ICEEU:Z:2025-06",
    "MES": "future:CME:MES",
    "ES": "future:CME:ES",
    "/ES": "future:CME:ES",
    "ES=F": "future:CME:ES",
    "MES1!": "future:CME:MES",
    "CME_MINI:MES1!": "future:CME:MES",
    "CME:MES": "future:CME:MES",
    "MNQ ##-##": "future:CME:MNQ",
    "AAPL  250117C00150000": "option:AAPL  250117C00150000",
    "AAPL250117C00150000": "option:AAPL  250117C00150000",
    "AAPL 01/17/2025 150.00 C": "option:AAPL  250117C00150000",
    "AAPL 1/17/25 150 call": "option:AAPL  250117C00150000",
    "AAPL 17JAN25 150 C": "option:AAPL  250117C00150000",
    "AAPL 250117C150": "option:AAPL  250117C00150000",
    "-AAPL260117C200": "option:AAPL  260117C00200000",
    "TRIP 04/17/2026 10.50 P": "option:TRIP  260417P00010500",
    "SPX 01/17/2025 5,000 P": "option:SPX   250117P05000000",
    "BTC/USD": "crypto:BTC/USD",
    "btc-usd": "crypto:BTC/USD",
    "ETH/BTC": "crypto:ETH/BTC",
    "EUR/USD": "forex:EUR/USD",
    "EUR.USD": "forex:EUR/USD",
    "EURUSD": "forex:EUR/USD",
    "AAPL": "stock:AAPL",
    "T": "stock:T",
    "BRK.B": "stock:BRK.B",
    "BRK/B": "stock:BRK.B",
    "BRK-B": "stock:BRK.B",
    "BAC/PRL": "stock:BAC.PRL",
    "NYSE:ES": "stock:ES;exchange=NYSE",
}
UNKNOWN = [
    "", " ", "ABCH5", "ABC 03-25", "MESH125", "MES A5", "MES 13-25", "MES/03", "NG5", "ZM5", "GEM5", "CBOT:MES",
    "LSE:VOD", "CME:ABC", "/ABC", "/ABCH5", "MES:MES", "BTCUSD", "BTCUSDT", "ABC/DEF", "ABC.DEF",
    "AAPL 13/17/2025 150 C", "AAPL 02/30/2025 150 C", "AAPL 250117C0150", "AAPL 250117X150", "AAPL 01/17/2025 C",
    "ABCDEFG", "A1", "MES H", "ＭＥＳ", "MESH٥", "MES\x00H5", "A B C",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_common_notations(text: str, expected: str) -> None:
    assert instrument_text(parse_symbol(text, ON)) == expected


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_certain_is_unknown(text: str) -> None:
    with pytest.raises(SymbolUnknown) as caught:
        parse_symbol(text, ON)
    assert caught.value.symbol == text


@settings(deadline=None)
@given(
    products(),
    contract_months(2015, 2034),
    st.sampled_from(["{code}", "/{code}", "{long}", "{root} {nt8}", "{root} {name}"]),
)
def test_every_product_is_found_in_every_notation_of_its_contracts(
    product: Product, month: ContractMonth, form: str
) -> None:
    if len(product.root) == 1 and "{root}" not in form:
        form = f"{product.exchange}:{form.removeprefix('/')}"
    text = form.format(
        code=contract_code(product.root, month),
        long=f"{product.root}{month.letter}{month.year}",
        root=product.root,
        nt8=f"{month.month:02d}-{month.year % 100:02d}",
        name=f"{MONTH_NAMES[month.month - 1][:3]}{month.year % 100:02d}",
    )
    if product.last_month is not None and month > product.last_month:
        with pytest.raises(SymbolUnknown, match="last month"):
            parse_symbol(text, month.first_day)
    else:
        assert parse_symbol(text, month.first_day) == product.future(month)


@settings(deadline=None)
@given(options())
def test_every_option_is_found_in_every_notation(option: Option) -> None:
    strike, right = plain_text(option.strike), option.right.name
    month = MONTH_NAMES[option.expiry.month - 1][:3]
    for text in (
        option.instrument_id,
        option.instrument_id.replace(" ", ""),
        f"{option.underlying} {option.expiry:%m/%d/%Y} {strike} {right[0]}",
        f"{option.underlying} {option.expiry:%d}{month}{option.expiry:%y} {strike} {right}",
        f"{option.underlying} {option.expiry:%y%m%d}{right[0]}{strike}",
        f"-{option.underlying}{option.expiry:%y%m%d}{right[0]}{strike}",
    ):
        assert parse_symbol(text, None) == option


@settings(deadline=None)
@given(pairs())
def test_every_pair_is_found(pair: Pair) -> None:
    for sign in "/-":
        assert parse_symbol(f"{pair.base}{sign}{pair.quote}", None, asset_class=pair.asset_class) == pair


@settings(deadline=None)
@given(stocks())
def test_a_source_that_says_stock_gets_the_stock(stock: Stock) -> None:
    for sign in ".-/":
        text = stock.ticker.replace(".", sign)
        assert parse_symbol(text, None, asset_class=AssetClass.STOCK) == stock


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=30), st.text(st.sampled_from("MESCLGZHUQ0123456789/:.-! BTUSDP"), max_size=16)),
    st.one_of(st.none(), st.dates()),
    st.one_of(st.none(), st.sampled_from(AssetClass)),
)
def test_any_text_is_an_instrument_or_unknown(text: str, on: date | None, asset_class: AssetClass | None) -> None:
    try:
        instrument = parse_symbol(text, on, asset_class=asset_class)
    except SymbolUnknown:
        return
    assert asset_class in (None, instrument.asset_class)


@pytest.mark.parametrize(
    ("text", "asset_class", "expected"),
    [
        ("ES", AssetClass.STOCK, "stock:ES"),
        ("ES", AssetClass.FUTURE, "future:CME:ES"),
        ("T", AssetClass.FUTURE, "future:ICEEU:T"),
        ("7203", AssetClass.STOCK, "stock:7203"),
        ("BTCUSDT", AssetClass.CRYPTO, "crypto:BTC/USDT"),
        ("EUR/USD", AssetClass.CRYPTO, "crypto:EUR/USD"),
    ],
)
def test_the_source_says_what_it_is_about(text: str, asset_class: AssetClass, expected: str) -> None:
    assert instrument_text(parse_symbol(text, ON, asset_class=asset_class)) == expected


@pytest.mark.parametrize(
    ("text", "asset_class"),
    [
        ("AAPL", AssetClass.FUTURE),
        ("AAPL", AssetClass.OPTION),
        ("AAPL", AssetClass.CRYPTO),
        ("MESH5", AssetClass.OPTION),
        ("BTC/USD", AssetClass.FOREX),
        ("BTC/USD", AssetClass.FUTURE),
        ("AAPL250117C00150000", AssetClass.STOCK),
    ],
)
def test_what_contradicts_the_source_is_unknown(text: str, asset_class: AssetClass) -> None:
    with pytest.raises(SymbolUnknown):
        parse_symbol(text, ON, asset_class=asset_class)


def test_a_bare_root_that_is_no_longer_listed_is_the_stock() -> None:
    assert isinstance(parse_symbol("GE", date(2020, 1, 2)), Future)
    assert isinstance(parse_symbol("GE", date(2023, 6, 30)), Future)
    assert parse_symbol("GE", date(2023, 7, 1)) == Stock("GE")
    assert parse_symbol("GE", None) == Stock("GE")


def test_a_short_year_is_resolved_against_the_fill() -> None:
    assert parse_symbol("MESH5", date(2014, 12, 1)).expiration == "2015-03"
    assert parse_symbol("MESH5", date(2025, 4, 30)).expiration == "2025-03"
    assert parse_symbol("MESH5", date(2025, 5, 1)).expiration == "2035-03"
    with pytest.raises(SymbolUnknown, match="date of the fill"):
        parse_symbol("MESH5", None)
    assert parse_symbol("MESH25", None).expiration == "2025-03"


@pytest.mark.parametrize("root", ["ES", "cl", " HE ", "LE", "NG", "ZM", "MET", "BTC"])
def test_roots_that_are_tickers_too(root: str) -> None:
    assert ambiguous_root(root)
    assert root.strip().upper() in PRODUCTS


@pytest.mark.parametrize("text", ["MES", "6E", "ESH5", "/ES", "AAPL", ""])
def test_what_can_be_read_in_one_way_only(text: str) -> None:
    assert not ambiguous_root(text)
