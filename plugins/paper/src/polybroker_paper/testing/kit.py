"""The testkit: instruments of every asset class, and the symbols that name them."""

from __future__ import annotations

from datetime import date
from typing import Final

from polybroker.testing.strategies import instruments
from polybroker.testing.testkit import SymbolExample, Testkit

NEAR_MISSES: Final = (
    "future:CME:MES:2026-13", "future:CME:MES:2026-3", "future:XXX:MES:2026-03", "future:MES:2026-03", "stock:",
    "stock:AAPL;currency=USD", "option:AAPL 260117C00150000", "crypto:BTCUSD", "bond:US10Y",
    "XYZH26", "\u0415SH26", "",
)  # fmt: skip
"""Bad months, an unknown exchange, texts that are not the one text of what they mean, and a Cyrillic letter."""


def testkit() -> Testkit:
    """The kit that the entry point `polybroker.testkits` names."""
    return Testkit(
        instruments=instruments(),
        symbol_examples=(
            SymbolExample("future:CME:MES:2026-03", None, "CME:MES:2026-03"),
            SymbolExample("MESH6", date(2026, 2, 3), "CME:MES:2026-03"),
            SymbolExample("MESH2026", None, "CME:MES:2026-03"),
            SymbolExample("stock:ES", None, "ES"),
            SymbolExample("AAPL", None, "AAPL"),
            SymbolExample("option:AAPL  270115C00150000", None, "AAPL  270115C00150000"),
            SymbolExample("BTC/USD", None, "BTC/USD"),
            SymbolExample("forex:EUR/USD", None, "EUR/USD"),
        ),
        near_misses=NEAR_MISSES,
    )
