"""The words of cells that say what something is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from polybroker.model.commissions import Liquidity
from polybroker.model.instruments import AssetClass
from polybroker.model.options import OptionRight
from polybroker.model.orders import OrderType


def word_key(text: str) -> str:
    """A word as it is compared: case, blanks and signs do not count."""
    return re.sub(r"[^0-9a-z]+", "", text.casefold())


ASSET_CLASSES: Final[Mapping[str, AssetClass]] = {
    **dict.fromkeys(("future", "futures", "fut"), AssetClass.FUTURE),
    **dict.fromkeys(("option", "options", "opt", "equityoption", "equityoptions", "stockoption"), AssetClass.OPTION),
    **dict.fromkeys(
        ("stock", "stocks", "stk", "equity", "equities", "commonstock", "share", "shares"), AssetClass.STOCK
    ),
    **dict.fromkeys(("etf", "etfs", "adr"), AssetClass.STOCK),
    **dict.fromkeys(("crypto", "cryptocurrency", "cryptocurrencies", "coin"), AssetClass.CRYPTO),
    **dict.fromkeys(("forex", "fx"), AssetClass.FOREX),
}
RIGHTS: Final[Mapping[str, OptionRight]] = {
    **dict.fromkeys(("c", "call", "calls"), OptionRight.CALL),
    **dict.fromkeys(("p", "put", "puts"), OptionRight.PUT),
}
ORDER_TYPES: Final[Mapping[str, OrderType]] = {
    **dict.fromkeys(("market", "mkt"), OrderType.MARKET),
    **dict.fromkeys(("limit", "lmt"), OrderType.LIMIT),
    **dict.fromkeys(("stop", "stp", "stopmarket", "stoploss"), OrderType.STOP),
    **dict.fromkeys(("stoplimit", "stplmt"), OrderType.STOP_LIMIT),
    **dict.fromkeys(("trailingstop", "trailstop", "trail"), OrderType.TRAILING_STOP),
}
LIQUIDITY: Final[Mapping[str, Liquidity]] = {
    **dict.fromkeys(("maker", "m", "add", "added", "a", "passive"), Liquidity.MAKER),
    **dict.fromkeys(("taker", "t", "remove", "removed", "r", "aggressive"), Liquidity.TAKER),
}
NOT_FILLED: Final = frozenset(
    {"cancelled", "canceled", "cancel", "rejected", "expired", "working", "open", "pending", "pendingnew", "new",
     "failed", "pendingcancel", "submitted", "accepted", "inactive", "busted", "deleted", "replaced", "suspended",
     "error"}
)  # fmt: skip
"""What the status of an order says that is no execution; other words are not believed to say anything."""
CURRENCY_SIGNS: Final[Mapping[str, str]] = {"$": "USD", "€": "EUR", "£": "GBP", "US$": "USD"}
