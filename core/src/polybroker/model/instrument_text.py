"""An instrument as one line of text that says all of it, and back.

::

    future:CME:MES:2025-03          option:AAPL  250117C00150000      crypto:BTC/USD
    future:CME:MES                  stock:BRK.B                       forex:EUR/USD

What differs from the usual follows in a fixed order, `stock:BMW;currency=EUR;exchange=XETRA`. A future's usual
multiplier, currency and tick are those of the product table; a product that is not in it has to state them. The
text of an instrument is unique: `parse_instrument_text` takes back what `instrument_text` writes, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from polybroker.errors import SymbolUnknown
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
from polybroker.model.money import parse_decimal, plain_text
from polybroker.model.options import split_osi
from polybroker.model.products import product

_ESCAPED: Final = re.compile(r"[%;:/=]")
_UNESCAPED: Final = re.compile(r"%([0-9A-F]{2})")
_OPTION_UNITS: Final = Decimal(100)
_Extras = Mapping[str, str]


def instrument_text(instrument: Instrument) -> str:
    """The one text of this instrument."""
    kind, body, extras = _PARTS[type(instrument)](instrument)
    tail = "".join(f";{name}={_escape(value)}" for name, value in extras.items() if value is not None)
    return f"{kind}:{body}{tail}"


def parse_instrument_text(text: str) -> Instrument:
    """The instrument of which `text` is the text; `SymbolUnknown` says what is wrong with any other."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in set(AssetClass):
        raise SymbolUnknown(text, f"{text!r} does not begin with one of {', '.join(f'{name}:' for name in AssetClass)}")
    body, *tail = rest.split(";")
    try:
        instrument = _READERS[AssetClass(kind)](body, dict(_extra(part) for part in tail))
    except (ValueError, ArithmeticError) as error:
        raise SymbolUnknown(text, f"{text!r}: {error}") from None
    canonical = instrument_text(instrument)
    if canonical != text:
        raise SymbolUnknown(text, f"{text!r} has to be written as {canonical!r}")
    return instrument


def _future_parts(future: Future) -> tuple[str, str, dict[str, str | None]]:
    facts = product(future.root, future.exchange)
    month = f":{future.expiry}" if future.expiry else ""
    extras = {
        "multiplier": _unless(future.multiplier, facts.multiplier if facts else None),
        "currency": None if facts and future.currency == facts.currency else future.currency,
        "tick": _unless(future.tick_size, facts.tick_size if facts else None),
    }
    return "future", f"{_escape(future.exchange)}:{_escape(future.root)}{month}", extras


def _option_parts(option: Option) -> tuple[str, str, dict[str, str | None]]:
    extras = {"multiplier": _unless(option.multiplier, _OPTION_UNITS), **_place(option.currency, option.exchange)}
    return "option", option.instrument_id, extras


def _stock_parts(stock: Stock) -> tuple[str, str, dict[str, str | None]]:
    return "stock", _escape(stock.ticker), _place(stock.currency, stock.exchange)


def _pair_parts(pair: Pair) -> tuple[str, str, dict[str, str | None]]:
    return pair.asset_class.value, f"{_escape(pair.base)}/{_escape(pair.quote)}", {"exchange": pair.exchange}


def _future(body: str, extras: _Extras) -> Future:
    exchange, root, *month = (_unescape(part) for part in body.split(":"))
    if len(month) > 1:
        raise ValueError("a future is written future:EXCHANGE:ROOT:YYYY-MM")
    facts = product(root, exchange)
    given = _only(extras, "multiplier", "currency", "tick")
    if facts is None and not {"multiplier", "currency"} <= given.keys():
        raise ValueError(f"{exchange}:{root} is not in the product table, so ;multiplier= and ;currency= are needed")
    return Future(
        root=root,
        exchange=exchange,
        expiry=ContractMonth.parse(month[0]) if month else None,
        multiplier=_number(given, "multiplier", facts.multiplier if facts else None) or Decimal(0),
        currency=given.get("currency", facts.currency if facts else "USD"),
        tick_size=_number(given, "tick", facts.tick_size if facts else None),
    )


def _option(body: str, extras: _Extras) -> Option:
    parts = split_osi(body)
    if parts is None:
        raise ValueError("an option is written option: and its OSI symbol of 21 characters")
    given = _only(extras, "multiplier", "currency", "exchange")
    return Option(
        *parts,
        multiplier=_number(given, "multiplier", _OPTION_UNITS) or Decimal(0),
        currency=given.get("currency", "USD"),
        exchange=given.get("exchange"),
    )


def _stock(body: str, extras: _Extras) -> Stock:
    given = _only(extras, "currency", "exchange")
    return Stock(_unescape(body), currency=given.get("currency", "USD"), exchange=given.get("exchange"))


def _pair(body: str, extras: _Extras, asset_class: AssetClass) -> Pair:
    base, quote = (_unescape(part) for part in body.split("/"))
    return Pair(base, quote, asset_class, exchange=_only(extras, "exchange").get("exchange"))


_PARTS: Final[Mapping[type, Callable[..., tuple[str, str, dict[str, str | None]]]]] = {
    Future: _future_parts,
    Option: _option_parts,
    Stock: _stock_parts,
    Pair: _pair_parts,
}
_READERS: Final[Mapping[AssetClass, Callable[[str, _Extras], Instrument]]] = {
    AssetClass.FUTURE: _future,
    AssetClass.OPTION: _option,
    AssetClass.STOCK: _stock,
    AssetClass.CRYPTO: lambda body, extras: _pair(body, extras, AssetClass.CRYPTO),
    AssetClass.FOREX: lambda body, extras: _pair(body, extras, AssetClass.FOREX),
}


def _place(currency: str, exchange: str | None) -> dict[str, str | None]:
    return {"currency": None if currency == "USD" else currency, "exchange": exchange}


def _unless(value: Decimal | None, usual: Decimal | None) -> str | None:
    """The text of a number that is not the usual one; `-` where there is a usual one and the number is absent."""
    if value == usual:
        return None
    return "-" if value is None else plain_text(value)


def _number(extras: _Extras, name: str, usual: Decimal | None) -> Decimal | None:
    if name not in extras:
        return usual
    return None if extras[name] == "-" else parse_decimal(extras[name])


def _extra(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise ValueError(f"{part!r} is not of the form name=value")
    return name, _unescape(value)


def _only(extras: _Extras, *names: str) -> _Extras:
    for name in extras:
        if name not in names:
            raise ValueError(f"{name!r} is none of {', '.join(names)}")
    return extras


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", text)


def _unescape(text: str) -> str:
    return _UNESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
