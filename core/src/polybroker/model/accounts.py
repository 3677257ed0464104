"""Accounts, balances and positions as brokers report them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from polybroker.model.instruments import Instrument


class AccountType(StrEnum):
    """What the broker calls the account, in common words."""

    CASH = "cash"
    MARGIN = "margin"
    IRA = "ira"
    ROTH_IRA = "roth_ira"
    PAPER = "paper"
    FUNDED = "funded"


@frozen(kw_only=True)
class Account:
    """An account that a login can see. `account_id` is what the API wants; `number` is shown masked."""

    broker_id: str
    account_id: str
    number: str = field(repr=False)
    account_type: AccountType | None = None
    name: str | None = None
    default: bool = False
    currency: str = "USD"
    raw: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def masked_number(self) -> str:
        """The last three characters of the number behind dots."""
        return f"...{self.number[-3:]}"


@frozen(kw_only=True)
class Balance:
    """The money of an account in one currency; None: the broker does not say."""

    account_id: str
    currency: str
    cash: Decimal | None = None
    cash_available: Decimal | None = None
    buying_power: Decimal | None = None
    day_trading_buying_power: Decimal | None = None
    net_liquidation: Decimal | None = None
    """Cash and the market value of all positions."""
    margin_used: Decimal | None = None
    maintenance_margin: Decimal | None = None
    realized_pnl: Decimal | None = None
    """Of the current session."""
    unrealized_pnl: Decimal | None = None
    as_of: datetime | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class Position:
    """What an account holds of one instrument; `quantity` is signed."""

    broker_id: str
    account_id: str
    instrument: Instrument | None
    """None: the broker's symbol is not known; `raw_symbol` has its text."""
    raw_symbol: str
    quantity: Decimal
    average_price: Decimal | None = None
    market_price: Decimal | None = None
    market_value: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    as_of: datetime | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False)
