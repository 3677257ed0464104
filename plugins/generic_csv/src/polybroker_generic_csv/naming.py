"""What a row is about, where its symbol alone does not say: the other columns that name an instrument."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from attrs import frozen

from polybroker.errors import SymbolUnknown
from polybroker.model.futures import ContractMonth, month_number
from polybroker.model.instruments import AssetClass, Future
from polybroker.model.money import plain_text
from polybroker.model.options import osi_symbol
from polybroker.model.products import product
from polybroker.model.symbols import ambiguous_root, instrument_text, parse_symbol
from polybroker_generic_csv.words import ASSET_CLASSES, RIGHTS, word_key

_MONTH_FORMS: Final = (
    re.compile(r"(?P<year>(?:19|20)[0-9]{2})[-/. ]?(?P<month>[0-9]{2})"),
    re.compile(r"(?P<month>[0-9]{1,2})[-/. ](?P<year>20[0-9]{2}|[0-9]{2})"),
    re.compile(r"(?P<month>[A-Za-z]{3,9})[-/. ']{0,2}(?P<year>20[0-9]{2}|[0-9]{2})"),
    re.compile(r"(?P<month>[A-Za-z])(?P<year>[0-9]{2})"),
)
_SOME_DAY: Final = date(2025, 1, 1)
"""For the question whether a text names a month at all, of whichever year."""
_DAY_FORMS: Final = ("%d%b%y", "%d%b%Y", "%d-%b-%y", "%d-%b-%Y", "%d %b %y", "%d %b %Y", "%b %d %Y", "%b %d, %Y")
_EXPIRES_IN_ANOTHER_MONTH: Final = frozenset(
    {"CL", "MCL", "QM", "BZ", "BRN", "NG", "MNG", "QG", "HH", "HO", "RB", "GAS", "N", "T", "SB", "SR3", "SO3",
     "DC", "GDK", "CSC", "CB", "DY", "GNF"}
)  # fmt: skip
"""Roots whose contract of a month does not expire within it, so that a day of expiry does not name the contract."""


@frozen
class Parts:
    """The cells of a row that name its instrument, as the file has them; `day` is the expiration as a date."""

    symbol: str | None = None
    contract: str | None = None
    underlying: str | None = None
    expiration: str | None = None
    day: date | None = None
    strike: Decimal | None = None
    right: str | None = None
    exchange: str | None = None
    currency: str | None = None
    asset_class: str | None = None


@frozen
class Name:
    """A row's instrument: `raw` from the file's texts, `key` for `from_broker_symbol`."""

    raw: str
    key: str
    guessed: bool = False
    """Whether the symbol is a stock's ticker too and was taken for the future."""


def name(parts: Parts, default: AssetClass | None) -> Name | None:
    """The name of a row's instrument; None where no cell names any.

    `default` is what a symbol is that could be a stock or a future. What is not certain gets a key that nobody knows.
    """
    text = _text(parts)
    if text is None:
        return None
    word = word_key(parts.asset_class or "")
    known = ASSET_CLASSES.get(word) or (AssetClass.OPTION if word in RIGHTS else None)
    if word and known is None:
        return Name(text, f"{word}:{text}")
    if known is None and parts.right and parts.strike is not None:
        known = AssetClass.OPTION
    if known is None and default is not None and _could_be_two(text):
        known = default
    if known is AssetClass.OPTION:
        return _option(text, parts)
    if known in (None, AssetClass.FUTURE):
        future = _future(parts, known)
        if future is not None:
            return future
    if known is AssetClass.CRYPTO and parts.currency and text.isalnum() and not _is(text, AssetClass.CRYPTO):
        return Name(text, _key(f"{text}/{parts.currency}", known))
    if known is None:
        return Name(text, text, guessed=ambiguous_root(text) and _as_future(text, None, None) is not None)
    return Name(text, _key(text, known))


def _key(text: str, known: AssetClass) -> str:
    """The text of the instrument; for a future, and what is not understood, the symbol with its class."""
    if known is not AssetClass.FUTURE:
        with suppress(SymbolUnknown):
            return instrument_text(parse_symbol(text, None, asset_class=known))
    return f"{known}:{text.upper()}"


def contract_month_of(text: str) -> ContractMonth | None:
    """The month written as `2025-03`, `202503`, `03-25`, `03/2025`, `MAR25`, `Mar 2025` or `H25`."""
    for form in _MONTH_FORMS:
        match = form.fullmatch(text.strip())
        if match is not None:
            year = int(match["year"])
            with suppress(ValueError):
                return ContractMonth(year if year > 99 else 2000 + year, month_number(match["month"]))
    return None


def written_day(text: str) -> date | None:
    """A day with the name of its month, `17JAN25` or `Jan 17, 2025`; None for any other text."""
    for form in _DAY_FORMS:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
    return None


def _option(text: str, parts: Parts) -> Name:
    if _is(text, AssetClass.OPTION):
        return Name(text, text)
    root = (parts.underlying or parts.symbol or text).upper()
    right = RIGHTS.get(word_key(parts.right or "") or word_key(parts.asset_class or ""))
    if parts.day is not None and right is not None and parts.strike is not None:
        raw = f"{root} {parts.day} {plain_text(parts.strike)} {right.name[0]}"
        with suppress(ValueError):
            return Name(raw, osi_symbol(root, parts.day, right, parts.strike))
    given = (root, parts.expiration, None if parts.strike is None else plain_text(parts.strike), parts.right)
    raw = " ".join(part for part in given if part)
    return Name(raw, f"option:{raw}")


def _future(parts: Parts, known: AssetClass | None) -> Name | None:
    """A root with the month of another column; None where the symbol says it all, or is no root."""
    texts = [text for text in (parts.contract, parts.symbol, parts.underlying) if text]
    found = [future for text in texts if (future := _as_future(text, known, parts.exchange)) is not None]
    written = parts.expiration or (parts.contract if parts.symbol else None)
    if not found or written is None or any(future.expiry for future in found):
        return None
    root = found[0]
    month = contract_month_of(written) or _month_of_day(parts.day, root.root)
    if month is None:
        return Name(f"{root.root} {written}", f"future:{root.root} {written}")
    return Name(f"{root.root} {month}", f"future:{root.exchange}:{root.root}:{month}")


def _as_future(text: str, known: AssetClass | None, exchange: str | None) -> Future | None:
    facts = product(text.upper(), exchange.upper()) if exchange else None
    if facts is not None:
        return facts.future(None)
    with suppress(SymbolUnknown):
        found = parse_symbol(text, _SOME_DAY, asset_class=known)
        return found if isinstance(found, Future) else None
    return None


def _month_of_day(day: date | None, root: str) -> ContractMonth | None:
    if day is None or (root in _EXPIRES_IN_ANOTHER_MONTH and day.day != 1):
        return None
    return ContractMonth(day.year, day.month)


def _text(parts: Parts) -> str | None:
    """The cell that names the instrument best: a contract's name, where it is one, before its root."""
    if parts.contract and parts.symbol:
        return parts.contract if _is(parts.contract, None) else parts.symbol
    return parts.contract or parts.symbol or parts.underlying


def _could_be_two(text: str) -> bool:
    return ambiguous_root(text) or product(text.upper()) is not None


def _is(text: str, asset_class: AssetClass | None) -> bool:
    """Whether `text` names an instrument of that class."""
    try:
        parse_symbol(text, _SOME_DAY, asset_class=asset_class)
    except SymbolUnknown:
        return False
    return True
