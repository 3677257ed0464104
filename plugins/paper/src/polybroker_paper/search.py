"""Instruments by what a person types: a symbol, a root, or a part of a product's title."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from polybroker.errors import SymbolUnknown
from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Future, Instrument
from polybroker.model.products import PRODUCTS, Product
from polybroker_paper.listing import require_listed
from polybroker_paper.symbols import from_broker_symbol

MOST: Final = 20
_QUARTER: Final = 3


def search(text: str, today: date) -> list[Instrument]:
    """At most 20, best first: what the text names, then contracts of products that begin with it or mention it."""
    word = text.strip()
    if not word:
        return []
    return list(dict.fromkeys(_found(word, today)))[:MOST]


def _found(word: str, today: date) -> Iterator[Instrument]:
    try:
        named = from_broker_symbol(word, today)
        if not (isinstance(named, Future) and named.expiry is None):
            require_listed(named)
            yield named
    except SymbolUnknown:
        pass
    upper = word.upper()
    listed = [entry for entry in PRODUCTS.values() if entry.last_month is None]
    for match in (
        [entry for entry in listed if entry.root == upper],
        [entry for entry in listed if entry.root != upper and entry.root.startswith(upper)],
        [entry for entry in listed if upper in entry.title.upper()],
    ):
        for entry in match:
            yield from _next_contracts(entry, today)


def _next_contracts(entry: Product, today: date) -> Iterator[Instrument]:
    """The contracts of the next two quarters."""
    month = today.year * 12 + today.month - 1
    first = month + (-(month + 1)) % _QUARTER
    for number in (first, first + _QUARTER):
        yield entry.future(ContractMonth(number // 12, number % 12 + 1))
