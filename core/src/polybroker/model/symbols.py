"""The notations that exchanges and platforms share, read and written.

===========  ======================================================================================================
futures      `MESH5` `MESH25` `MESH2025` `/ESH5` `/ESH5:XCME` `CME_MINI:MESH2025` `ESH25.CME` `MNQ 09-26` `MNQ SEP26`
             `MNQ SEP 2026` `MNQ 2026-09`; without month: `MES` `/ES` `ES=F` `MES1!` `CME:MES` `MNQ ##-##`
options      OSI with any run of blanks; `AAPL 01/17/2025 150.00 C` `AAPL 17JAN25 150 C` `-AAPL260117C200`
pairs        `BTC/USD` `BTC-USD` `EUR/USD` `EUR.USD` `EURUSD`; both ISO currencies: forex, else crypto
stocks       `AAPL` `BRK.B` `BRK/B` `BRK-B` `NYSE:ES`
===========  ======================================================================================================

Case and outer blanks do not matter. A text that could be a contract of a product which the table of products does
not have is unknown, never a guess. A bare root is the future; `ambiguous_root` says where a stock of that ticker is
traded too. Brokers with notations of their own have a plugin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from polybroker.errors import SymbolUnknown
from polybroker.model.currencies import ISO_CURRENCIES, QUOTE_COINS
from polybroker.model.futures import ContractMonth, contract_month, month_number, split_contract
from polybroker.model.instrument_text import instrument_text, parse_instrument_text
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.options import OptionRight, calendar_date, split_osi
from polybroker.model.products import Product, product
from polybroker.model.stock_tickers import TICKERS_OF_ROOTS

__all__ = ["ambiguous_root", "instrument_text", "parse_instrument_text", "parse_symbol"]

_FUTURES_EXCHANGES: Final[Mapping[str, str]] = {
    name: exchange
    for exchange, names in {
        "CME": "CME CME_MINI XCME",
        "CBOT": "CBOT CBOT_MINI XCBT CBT",
        "NYMEX": "NYMEX NYMEX_MINI XNYM NYM",
        "COMEX": "COMEX COMEX_MINI XCEC CMX",
        "ICEUS": "ICEUS IFUS NYBOT NYB",
        "ICEEU": "ICEEU ICEEUR IFEU",
        "EUREX": "EUREX XEUR",
        "CFE": "CFE XCBF",
        "SGX": "SGX XSES",
        "MGEX": "MGEX",
    }.items()
    for name in names.split()
}
"""Names of futures exchanges: ours, TradingView's, market identifier codes, Yahoo's suffixes."""
_STOCK_EXCHANGES: Final = frozenset(["NASDAQ", "NYSE", "AMEX", "ARCA", "NYSEARCA", "BATS", "OTC", "IEX"])

_QUALIFIED: Final = re.compile(
    r"(?P<before>[A-Z_]+):(?P<name>[^:]+)|(?P<plain>/?[A-Z0-9]+)(?::|\.)(?P<after>[A-Z]{3,4})"
)
_WITHOUT_MONTH: Final = re.compile(r"([A-Z0-9]+)(?:[1-9]!|=F| ##-##)")
_SPACED: Final = re.compile(
    r"(?P<root>[A-Z0-9]+) (?:(?P<number>[0-9]{1,2})[-/](?P<year1>[0-9]{4}|[0-9]{2})"
    r"|(?P<year2>[0-9]{4})-?(?P<number2>[0-9]{2})"
    r"|(?P<month>[A-Z]{3,9})[ -]?(?P<year3>[0-9]{4}|[0-9]{2})"
    r"|(?P<letter>[A-Z])(?P<year4>[0-9]{4}|[0-9]{1,2}))"
)
_STRIKE: Final = r"\$?(?P<strike>(?:0|[1-9][0-9]{0,4}|[1-9][0-9]?,[0-9]{3})(?:\.[0-9]{1,3})?)"
_READABLE_OPTIONS: Final = (
    re.compile(
        r"(?P<root>[A-Z][A-Z0-9.]{0,5}) (?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2}) "
        rf"{_STRIKE} ?(?P<right>C|P|CALL|PUT)"
    ),
    re.compile(
        r"(?P<root>[A-Z][A-Z0-9.]{0,5}) (?P<day>[0-9]{1,2})(?P<month>[A-Z]{3})(?P<year>[0-9]{2}) "
        rf"{_STRIKE} ?(?P<right>C|P|CALL|PUT)"
    ),
    re.compile(
        r"-?(?P<root>[A-Z][A-Z0-9.]{0,5}?) ?(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
        rf"(?P<right>[CP]){_STRIKE}"
    ),
)
_PAIR: Final = re.compile(r"(?P<base>[A-Z0-9]{1,12})(?P<sign>[/.-])(?P<quote>[A-Z]{3,5})")
_TICKER: Final = re.compile(r"([A-Z]{1,6})(?:[./-]([A-Z]|P[A-Z]|PR[A-Z]?|W[ST]|RT|UN?|WI))?")
_ANY_TICKER: Final = re.compile(r"([A-Z0-9]{1,12})(?:[./-]([A-Z0-9]{1,4}))?")


def parse_symbol(text: str, on: date | None, *, asset_class: AssetClass | None = None) -> Instrument:
    """The instrument that `text` names in one of the common notations.

    `on` is the date of the fill or quote (one-digit years need it); `asset_class` says what the text is about
    where the source does. Raises `SymbolUnknown` with the reason for everything that is not certain.
    """
    word = " ".join(text.upper().split()) if text.isascii() else ""
    if not word or not word.isprintable():
        raise SymbolUnknown(text)
    readers = _READERS if asset_class is None else [_READER_OF[asset_class]]
    try:
        for reader in readers:
            instrument = reader(word, on, asset_class)
            if instrument is not None:
                return instrument
    except ValueError as error:
        raise SymbolUnknown(text, f"{text!r}: {error}") from None
    raise SymbolUnknown(text, f"{text!r} is no {asset_class or 'symbol'} in any common notation")


def ambiguous_root(text: str) -> bool:
    """Whether `text` is the bare root of a future and the ticker of a US stock or fund too, as `ES` and `CL`."""
    return text.strip().upper() in TICKERS_OF_ROOTS


def _read_option(word: str, on: date | None, asset_class: AssetClass | None) -> Option | None:
    osi = split_osi(word)
    if osi is not None:
        return Option(*osi)
    for form in _READABLE_OPTIONS:
        match = form.fullmatch(word)
        if match is not None:
            return _option(match)
    return None


def _option(match: re.Match[str]) -> Option:
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    expiry = calendar_date(year, month_number(match["month"]), int(match["day"]))
    if expiry is None:
        raise ValueError("the calendar does not have this expiration date")
    right = OptionRight.CALL if match["right"][0] == "C" else OptionRight.PUT
    return Option(match["root"], expiry, right, Decimal(match["strike"].replace(",", "")))


def _read_qualified(word: str, on: date | None, asset_class: AssetClass | None) -> Instrument | None:
    """A name with its exchange, before or after."""
    match = _QUALIFIED.fullmatch(word)
    if match is None:
        return None
    exchange, name = match["before"] or match["after"], match["name"] or match["plain"]
    if exchange in _STOCK_EXCHANGES and match["before"] and asset_class in (None, AssetClass.STOCK):
        ticker = _TICKER.fullmatch(name)
        return Stock(_dotted(ticker), exchange=exchange) if ticker else None
    if exchange not in _FUTURES_EXCHANGES or asset_class not in (None, AssetClass.FUTURE):
        return None
    return _future(name.removeprefix("/"), on, _FUTURES_EXCHANGES[exchange])


def _read_future(word: str, on: date | None, asset_class: AssetClass | None) -> Instrument | None:
    """A contract or a root; a bare root of one letter is a ticker unless the source says that it is a future."""
    if (qualified := _read_qualified(word, on, asset_class)) is not None:
        return qualified
    certain = word.startswith("/") or asset_class is AssetClass.FUTURE
    name = word.removeprefix("/")
    if product(name) is not None and not (certain or _bare_root_is_future(name, on)):
        return None
    future = _future(name, on, None)
    if future is None and certain:
        raise ValueError("no futures product of that root is known")
    return future


def _bare_root_is_future(root: str, on: date | None) -> bool:
    facts = product(root)
    if facts is None or len(root) == 1:
        return False
    return facts.last_month is None or (on is not None and (on.year, on.month) <= _key(facts.last_month))


def _future(name: str, on: date | None, exchange: str | None) -> Future | None:
    """The future of a text without marks; None where it has no form of one."""
    without_month = _WITHOUT_MONTH.fullmatch(name)
    if without_month is not None:
        return _known(without_month[1], exchange).future(None)
    spaced = _SPACED.fullmatch(name)
    if spaced is not None:
        return _month_of(_known(spaced["root"], exchange), _spaced_month(spaced), _spaced_year(spaced), on)
    if product(name, exchange) is not None:
        return _known(name, exchange).future(None)
    parts = split_contract(name)
    if parts is None:
        return None
    root, month, year = parts
    if len(root) == 1 and exchange is None:
        raise ValueError(f"a root of one letter needs its exchange, such as ICEEU:{name}")
    return _month_of(_known(root, exchange), month, year, on)


def _known(root: str, exchange: str | None) -> Product:
    facts = product(root, exchange)
    if facts is None:
        raise ValueError(f"no futures product {root} is known{f' on {exchange}' if exchange else ''}")
    return facts


def _month_of(facts: Product, month: int, year: str, on: date | None) -> Future:
    expiry = contract_month(month, year, on)
    if facts.last_month is not None and expiry > facts.last_month:
        raise ValueError(f"the last month of {facts.root} was {facts.last_month}")
    return facts.future(expiry)


def _spaced_month(match: re.Match[str]) -> int:
    return month_number(match["number"] or match["number2"] or match["month"] or match["letter"])


def _spaced_year(match: re.Match[str]) -> str:
    year: str = match["year1"] or match["year2"] or match["year3"] or match["year4"]
    return year


def _read_pair(word: str, on: date | None, asset_class: AssetClass | None) -> Pair | None:
    match = _PAIR.fullmatch(word)
    base, quote = (match["base"], match["quote"]) if match else _joined(word, asset_class)
    if quote not in ISO_CURRENCIES and quote not in QUOTE_COINS:
        return None
    money = base in ISO_CURRENCIES and quote in ISO_CURRENCIES
    if (match and match["sign"] == "." and not money) or (asset_class is AssetClass.FOREX and not money):
        return None
    return Pair(base, quote, asset_class or (AssetClass.FOREX if money else AssetClass.CRYPTO))


def _joined(word: str, asset_class: AssetClass | None) -> tuple[str, str]:
    """`EURUSD` as its two currencies; a coin's pair only where the source says that it is one."""
    if len(word) == 6 and {word[:3], word[3:]} <= ISO_CURRENCIES:
        return word[:3], word[3:]
    if asset_class is AssetClass.CRYPTO and word.isalnum():
        for length in (5, 4, 3):
            if len(word) > length and word[-length:] in ISO_CURRENCIES | QUOTE_COINS:
                return word[:-length], word[-length:]
    return word, ""


def _read_stock(word: str, on: date | None, asset_class: AssetClass | None) -> Instrument | None:
    if asset_class is AssetClass.STOCK:
        match = _ANY_TICKER.fullmatch(word)
        return Stock(_dotted(match)) if match else _read_qualified(word, on, asset_class)
    match = _TICKER.fullmatch(word)
    if match is not None and len(word) == 6 and word[3:] in ISO_CURRENCIES:
        raise ValueError(f"a stock or a pair? A pair is written {word[:3]}/{word[3:]}")
    return Stock(_dotted(match)) if match else None


def _dotted(match: re.Match[str]) -> str:
    return f"{match[1]}.{match[2]}" if match[2] else str(match[1])


def _key(month: ContractMonth) -> tuple[int, int]:
    return month.year, month.month


_Reader = Callable[[str, date | None, AssetClass | None], Instrument | None]
_READERS: Final[tuple[_Reader, ...]] = (_read_option, _read_future, _read_pair, _read_stock)
_READER_OF: Final[Mapping[AssetClass, _Reader]] = {
    AssetClass.FUTURE: _read_future,
    AssetClass.OPTION: _read_option,
    AssetClass.STOCK: _read_stock,
    AssetClass.CRYPTO: _read_pair,
    AssetClass.FOREX: _read_pair,
}
