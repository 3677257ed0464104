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

Matching groups by `instrument_id`, which never repeats: `MESH5` comes again in 2035.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from polybroker.model.futures import ContractMonth, contract_code
from polybroker.model.options import OptionRight, osi_symbol


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    FUTURE = "future"
    OPTION = "option"
    STOCK = "stock"
    CRYPTO = "crypto"
    FOREX = "forex"


def _text(_: object, attribute: object, value: str) -> None:
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError(f"no instrument text: {value!r}")


@frozen
class Future:
    """A futures contract; `expiry` is None where a source names the root only (`MES`, a continuous symbol)."""

    root: str = field(validator=_text)
    exchange: str = field(validator=_text)
    expiry: ContractMonth | None
    multiplier: Decimal
    currency: str = "USD"
    tick_size: Decimal | None = None

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

    underlying: str = field(validator=_text)
    expiry: date
    right: OptionRight
    strike: Decimal
    multiplier: Decimal = Decimal(100)
    currency: str = "USD"
    exchange: str | None = None

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
    """A share or fund, known by its ticker."""

    ticker: str = field(validator=_text)
    currency: str = "USD"
    exchange: str | None = None

    asset_class = AssetClass.STOCK
    multiplier = Decimal(1)
    expiration: None = field(default=None, init=False, repr=False)

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

    base: str = field(validator=_text)
    quote: str = field(validator=_text)
    asset_class: AssetClass = AssetClass.CRYPTO
    exchange: str | None = None

    multiplier = Decimal(1)
    expiration: None = field(default=None, init=False, repr=False)

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
