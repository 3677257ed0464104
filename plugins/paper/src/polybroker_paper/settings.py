"""What a simulated world is made with: the values of `config`, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from polybroker.errors import Unsupported
from polybroker.model.accounts import AccountType
from polybroker.model.broker_info import ConfigField
from polybroker.model.money import parse_decimal

FIELDS: Final[Mapping[str, str]] = {
    "world": "Name of a world that several sessions share; empty: one of its own",
    "seed": "Seed of the prices (default 0)",
    "tick_seconds": "Seconds between two prices (default 1)",
    "quotes_file": "CSV file of quotes to use instead of random walks",
    "accounts": "Number of accounts (default 1)",
    "account_type": "margin or cash; several, by comma, are taken in turn (default margin)",
    "currency": "Currency of the accounts (default USD)",
    "initial_balance": "Money of each account: 100000, or by currency: 100000 USD, 50000 EUR",
    "commission_plan": "Plan of an installed broker: amp_cqg:3; empty: no charges",
    "slippage_ticks": "Ticks by which a fill is worse than the quote (default 0)",
    "max_fill": "Most units that an order is filled at one tick; empty: all at once",
    "shorting": "Whether shares, options and coins may be sold short: yes or no (default yes)",
    "stock_margin": "Share of the value that margin accounts hold for shares (default 0.5)",
    "futures_margin": "Share of the notional held for futures (default 0.1)",
    "forex_margin": "Share of the notional held for currencies (default 0.05)",
    "short_option_margin": "Share of the underlying's value held for short options (default 0.2)",
    "market_hours": "UTC hours of all markets, Monday to Friday: 14:30-21:00; empty: always open",
}
CONFIG_FIELDS: Final = tuple(ConfigField(name=name, title=title, required=False) for name, title in FIELDS.items())
_TYPES: Final = {"margin": AccountType.MARGIN, "cash": AccountType.CASH}


@frozen
class Hours:
    """When all markets are open, Monday to Friday, in UTC; within one day."""

    opens: time
    closes: time

    def hold(self, at: datetime) -> bool:
        """Whether markets are open at that moment."""
        return at.weekday() < 5 and self.opens <= at.time() < self.closes


@frozen(kw_only=True)
class Settings:
    """All that decides how a world behaves, besides time and what is asked of it."""

    world: str = ""
    seed: str = "0"
    tick: timedelta = timedelta(seconds=1)
    quotes_file: str | None = None
    accounts: int = 1
    account_types: tuple[AccountType, ...] = (AccountType.MARGIN,)
    currency: str = "USD"
    initial: Mapping[str, Decimal] = field(factory=lambda: {"USD": Decimal(100_000)})
    commission_plan: str | None = None
    slippage_ticks: int = 0
    max_fill: Decimal | None = None
    shorting: bool = True
    stock_margin: Decimal = Decimal("0.5")
    futures_margin: Decimal = Decimal("0.1")
    forex_margin: Decimal = Decimal("0.05")
    short_option_margin: Decimal = Decimal("0.2")
    hours: Hours | None = None

    def account_type(self, number: int) -> AccountType:
        """The type of the account of that number, which counts from 0."""
        return self.account_types[number % len(self.account_types)]

    def open(self, at: datetime) -> bool:
        """Whether markets are open."""
        return self.hours is None or self.hours.hold(at)

    def day_ends(self, at: datetime, *, extended: bool) -> datetime:
        """When an order of that moment that is good for the day expires: at the close, else at midnight UTC."""
        if self.hours is not None and not extended:
            return datetime.combine(at.date(), self.hours.closes, at.tzinfo)
        return datetime.combine(at.date() + timedelta(days=1), time(), at.tzinfo)


def read_settings(config: Mapping[str, str]) -> Settings:
    """The settings of a session's `config`; `Unsupported` names the field that cannot be read."""
    unknown = sorted(config.keys() - FIELDS.keys())
    if unknown:
        raise Unsupported(f"paper has no setting {unknown[0]!r}; it has: {', '.join(FIELDS)}")
    given = {name: value.strip() for name, value in config.items() if value.strip()}
    currency = given.get("currency", "USD").upper()
    return Settings(
        world=given.get("world", ""),
        seed=given.get("seed", "0"),
        tick=timedelta(seconds=float(_number(given, "tick_seconds", "1", least="0.001"))),
        quotes_file=given.get("quotes_file"),
        accounts=int(_number(given, "accounts", "1", least="1", whole=True)),
        account_types=_account_types(given.get("account_type", "margin")),
        currency=currency,
        initial=_initial(given.get("initial_balance", "100000"), currency),
        commission_plan=given.get("commission_plan"),
        slippage_ticks=int(_number(given, "slippage_ticks", "0", whole=True)),
        max_fill=_number(given, "max_fill", "0", least="0.00000001") if "max_fill" in given else None,
        shorting=_yes(given.get("shorting", "yes")),
        stock_margin=_number(given, "stock_margin", "0.5", least="0.01"),
        futures_margin=_number(given, "futures_margin", "0.1"),
        forex_margin=_number(given, "forex_margin", "0.05"),
        short_option_margin=_number(given, "short_option_margin", "0.2"),
        hours=_hours(given["market_hours"]) if "market_hours" in given else None,
    )


def _number(given: Mapping[str, str], name: str, usual: str, *, least: str = "0", whole: bool = False) -> Decimal:
    try:
        number = parse_decimal(given.get(name, usual))
    except ValueError as error:
        raise Unsupported(f"setting {name}: {error}") from None
    if number < Decimal(least) or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise Unsupported(f"setting {name}: {kind} of at least {least}, not {given[name]}")
    return number


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise Unsupported(f"setting shorting: yes or no, not {text!r}")
    return text.lower() == "yes"


def _account_types(text: str) -> tuple[AccountType, ...]:
    words = [word.strip().lower() for word in text.split(",")]
    if not set(words) <= _TYPES.keys():
        raise Unsupported(f"setting account_type: margin or cash, not {text!r}")
    return tuple(_TYPES[word] for word in words)


def _initial(text: str, currency: str) -> Mapping[str, Decimal]:
    money: dict[str, Decimal] = {currency: Decimal(0)}
    for part in text.split(","):
        amount, _, named = part.strip().partition(" ")
        name = named.strip().upper() or currency
        money[name] = money.get(name, Decimal(0)) + _number({"initial_balance": amount}, "initial_balance", "0")
    return money


def _hours(text: str) -> Hours:
    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise Unsupported(f"setting market_hours: written like 14:30-21:00, not {text!r}") from None
    if opens >= closes:
        raise Unsupported(f"setting market_hours: opens before it closes, not {text}")
    return Hours(opens, closes)
