"""Instruments: what an execution, a position or an order is about.

Every instrument states the four texts by which the tables know it:

=================  ===================  ========================  ========  ===========
                   future               option                    stock     pair
=================  ===================  ========================  ========  ===========
`instrument_id`    `CME:MES:2025-03`    `AAPL  250117C00150000`   `AAPL`    `BTC/USD`
`contract`         `MESH5`              `AAPL  250117C00150000`   `AAPL`    `BTC/USD`
`symbol`           `MES`                `AAPL`                    `AAPL`    `BTC/USD`
`expiration`       2025-03              2025-01-17                none      none
=================  ===================  ========================  ========  ===========

Matching groups by `instrument_id`, which never repeats: `MESH5` comes again in 2035. No two kinds of instruments
share an id either: a colon, a slash and the form of an OSI symbol are each found in the ids of one kind only.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from attrs import field, frozen
from attrs.validators import optional

from polybroker.model.futures import ContractMonth, contract_code
from polybroker.model.money import exact
from polybroker.model.options import OptionRight, osi_symbol, split_osi

_SEPARATORS: Final = re.compile(r"[:/]")


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    FUTURE = "future"
    OPTION = "option"
    STOCK = "stock"
    CRYPTO = "crypto"
    FOREX = "forex"


def _name(_: object, attribute: object, value: str) -> None:
    if not value or value != value.strip() or not value.isprintable() or _SEPARATORS.search(value):
        raise ValueError(f"no name of an instrument: {value!r}")


def _ticker(_: object, attribute: object, value: str) -> None:
    _name(_, attribute, value)
    if split_osi(value) is not None:
        raise ValueError(f"{value!r} is an option's symbol, not a ticker")


def _above_zero(_: object, attribute: object, value: Decimal) -> None:
    if exact(value) <= 0:
        raise ValueError(f"a multiplier or tick is above 0, not {value}")


@frozen
class Future:
    """A futures contract; `expiry` is None where a source names the root only (`MES`, a continuous symbol)."""

    root: str = field(validator=_name)
    exchange: str = field(validator=_name)
    expiry: ContractMonth | None
    multiplier: Decimal = field(validator=_above_zero)
    currency: str = field(default="USD", validator=_name)
    tick_size: Decimal | None = field(default=None, validator=optional(_above_zero))

    asset_class = AssetClass.FUTURE

    @property
    def instrument_id(self) -> str:
        """`EXCHANGE:ROOT:YYYY-MM`; without the month where that is unknown."""
        base = f"{self.exchange}:{self.root}"
        return f"{base}:{self.expiry}" if self.expiry else base

    @property
    def contract(self) -> str:
        """The exchange's short text, `MESH5`; the root where the month is unknown."""
        return contract_code(self.root, self.expiry) if self.expiry else self.root

    @property
    def symbol(self) -> str:
        """The exchange's root."""
        return self.root

    @property
    def expiration(self) -> str | None:
        """The contract month, `2025-03`."""
        return str(self.expiry) if self.expiry else None


@frozen
class Option:
    """An option on a stock, fund or index, known by its 21-character OSI symbol."""

    underlying: str
    expiry: date
    right: OptionRight
    strike: Decimal
    multiplier: Decimal = field(default=Decimal(100), validator=_above_zero)
    currency: str = field(default="USD", validator=_name)
    exchange: str | None = field(default=None, validator=optional(_name))

    asset_class = AssetClass.OPTION

    def __attrs_post_init__(self) -> None:
        osi_symbol(self.underlying, self.expiry, self.right, self.strike)

    @property
    def instrument_id(self) -> str:
        """The OSI symbol, always 21 characters."""
        return osi_symbol(self.underlying, self.expiry, self.right, self.strike)

    @property
    def contract(self) -> str:
        """The OSI symbol."""
        return self.instrument_id

    @property
    def symbol(self) -> str:
        """The underlying (the OSI root, which can differ from the ticker after a corporate action)."""
        return self.underlying

    @property
    def expiration(self) -> str:
        """The expiration date, `2025-01-17`."""
        return self.expiry.isoformat()


@frozen
class Stock:
    """A share or fund, known by its ticker; share classes are written with a dot, `BRK.B`."""

    ticker: str = field(validator=_ticker)
    currency: str = field(default="USD", validator=_name)
    exchange: str | None = field(default=None, validator=optional(_name))

    asset_class = AssetClass.STOCK
    multiplier = Decimal(1)
    expiration = None

    @property
    def instrument_id(self) -> str:
        """The ticker."""
        return self.ticker

    @property
    def contract(self) -> str:
        """The ticker."""
        return self.ticker

    @property
    def symbol(self) -> str:
        """The ticker."""
        return self.ticker


@frozen
class Pair:
    """A pair of currencies or coins, `BTC/USD`; profit and loss is in the quote currency."""

    base: str = field(validator=_name)
    quote: str = field(validator=_name)
    asset_class: AssetClass = AssetClass.CRYPTO
    exchange: str | None = field(default=None, validator=optional(_name))

    multiplier = Decimal(1)
    expiration = None

    def __attrs_post_init__(self) -> None:
        if self.asset_class not in (AssetClass.CRYPTO, AssetClass.FOREX):
            raise ValueError(f"a pair is crypto or forex, not {self.asset_class}")

    @property
    def currency(self) -> str:
        """The quote currency."""
        return self.quote

    @property
    def instrument_id(self) -> str:
        """`BASE/QUOTE`."""
        return f"{self.base}/{self.quote}"

    @property
    def contract(self) -> str:
        """`BASE/QUOTE`."""
        return self.instrument_id

    @property
    def symbol(self) -> str:
        """`BASE/QUOTE`."""
        return self.instrument_id


Instrument = Future | Option | Stock | Pair
