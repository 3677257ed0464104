"""Futures products: tick, multiplier, currency and trading-day group of what the exchanges list.

The table is `data/futures_products.csv`; its head says what each column means, where the figures come from and
what was left out. Importing this module reads nothing: the table is loaded at the first look-up.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import frozen

from polybroker.model.futures import ContractMonth
from polybroker.model.instruments import Future


@frozen
class Product:
    """A futures product; `multiplier` is money in `currency` per 1.0 of the price as brokers show it.

    `tick_size` is the smallest step of an outright price in any listed month, `tick_value` its money.
    `ValueError` where tick size times multiplier is not the tick value.
    """

    root: str
    exchange: str
    title: str
    tick_size: Decimal
    tick_value: Decimal
    multiplier: Decimal
    currency: str
    group: str
    """The trading-day group, a name that `polybroker.ledger.trading_day` knows."""
    last_month: ContractMonth | None
    """The last contract month of a product that is no longer listed."""
    source: str

    def __attrs_post_init__(self) -> None:
        if self.tick_size <= 0 or self.tick_size * self.multiplier != self.tick_value:
            raise ValueError(f"{self.exchange}:{self.root}: {self.tick_size} x {self.multiplier} != {self.tick_value}")

    def future(self, expiry: ContractMonth | None) -> Future:
        """The contract of that month; None where the month is not known."""
        return Future(
            root=self.root,
            exchange=self.exchange,
            expiry=expiry,
            multiplier=self.multiplier,
            currency=self.currency,
            tick_size=self.tick_size,
        )


if TYPE_CHECKING:
    PRODUCTS: Mapping[str, Product]
    """All products whose root one exchange alone uses, by that root."""


def product(root: str, exchange: str | None = None) -> Product | None:
    """The product of an exchange's root; None where it is not known.

    A root that two exchanges use needs the exchange: without it the answer is None, never one of the two.
    """
    if exchange is None:
        return _by_root().get(root)
    return _by_name().get((exchange, root))


def read_products(lines: Iterable[str]) -> list[Product]:
    """The products of a table in the form of `data/futures_products.csv`; lines that begin with `#` are remarks."""
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [_product(row) for row in rows]


def unambiguous(products: Iterable[Product]) -> Mapping[str, Product]:
    """The products by root, without the roots that two exchanges use."""
    found: dict[str, Product | None] = {}
    for entry in products:
        found[entry.root] = None if entry.root in found else entry
    return MappingProxyType({root: entry for root, entry in found.items() if entry is not None})


def _product(row: Mapping[str, str]) -> Product:
    return Product(
        root=row["root"],
        exchange=row["exchange"],
        title=row["title"],
        tick_size=Decimal(row["tick_size"]),
        tick_value=Decimal(row["tick_value"]),
        multiplier=Decimal(row["multiplier"]),
        currency=row["currency"],
        group=row["group"],
        last_month=ContractMonth.parse(row["last_month"]) if row["last_month"] else None,
        source=row["source"],
    )


@cache
def _by_name() -> Mapping[tuple[str, str], Product]:
    text = (files("polybroker.model") / "data" / "futures_products.csv").read_text("utf-8")
    return MappingProxyType({(entry.exchange, entry.root): entry for entry in read_products(text.splitlines())})


@cache
def _by_root() -> Mapping[str, Product]:
    return unambiguous(_by_name().values())


def __getattr__(name: str) -> Any:
    if name == "PRODUCTS":
        return _by_root()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
