"""Fills for the tests of the ledger: by hand, and by Hypothesis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from polybroker.statements.schema import EXACT, EXECUTIONS

Fill = dict[str, Any]
START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def fill(side: str, quantity: str | int, price: str | int, **more: Any) -> Fill:
    """A fill of MESH6 in account A, 5 dollars a point, charges unknown."""
    return {
        "account": "A", "instrument_id": "CME:MES:2026-03", "symbol": "MES", "contract": "MESH6", "side": side,
        "quantity": Decimal(quantity), "price": Decimal(price), "multiplier": Decimal(5), "currency": "USD",
        "commission": None, "fees": None,
        **{name: Decimal(more.pop(name)) for name in ("commission", "fees") if isinstance(more.get(name), str)},
        **more,
    }  # fmt: skip


def in_time(fills: Iterable[Fill]) -> list[Fill]:
    """The fills with times, trading days and ids, an hour apart."""
    moments = (START + timedelta(hours=number) for number in range(10**6))
    return [
        {**entry, "timestamp": moment, "trading_day": moment.date(), "execution_id": f"x{number}"}
        for number, (entry, moment) in enumerate(zip(fills, moments, strict=False))
    ]


def frame_of(fills: Sequence[Fill]) -> pl.DataFrame:
    """Fills shaped like `EXECUTIONS`, as far as they go."""
    names = list(fills[0]) if fills else list(EXECUTIONS)
    return pl.DataFrame({name: pl.Series([entry[name] for entry in fills], dtype=EXECUTIONS[name]) for name in names})


def opening_of(*positions: tuple[str | None, str, str, str]) -> pl.DataFrame:
    """Opening positions from account, instrument, signed quantity and average price."""
    accounts, instruments, quantities, prices = zip(*positions, strict=True)
    return pl.DataFrame(
        {
            "account": pl.Series(accounts, dtype=pl.String),
            "instrument_id": instruments,
            "quantity": pl.Series([Decimal(text) for text in quantities], dtype=EXACT),
            "average_price": pl.Series([Decimal(text) for text in prices], dtype=EXACT),
        }
    )


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals between two whole numbers with at most so many places."""
    return st.integers(low * 10**places, high * 10**places).map(lambda value: Decimal(value).scaleb(-places))


_INSTRUMENTS = (("CME:MES:2026-03", "MES", "MESH6"), ("BTC/USD", "BTC/USD", "BTC/USD"), ("unmapped:??", "??", "??"))
_WHOLE = st.integers(1, 5).map(Decimal)
_FRACTIONS = st.integers(1, 3000).map(lambda value: Decimal(value).scaleb(-3))
_TINY = st.integers(1, 3 * 10**8).map(lambda value: Decimal(value).scaleb(-8))
_HUGE = st.integers(1, 2 * 10**18).map(lambda value: Decimal(value).scaleb(-8))
_CHARGES = st.one_of(
    st.none(), st.sampled_from([Decimal("-0.62"), Decimal(0)]), decimals(-5, 1, 4), decimals(-1, 1, 13)
)


@st.composite
def fill_lists(draw: st.DrawFn, max_size: int = 14) -> list[Fill]:
    """Fills in time order over a few books; whole, fractional, tiny or huge quantities, charges known or not."""
    quantities = draw(st.sampled_from([_WHOLE, _WHOLE, _FRACTIONS, _TINY, _HUGE]))
    price = draw(st.sampled_from([decimals(-2, 30, 2), decimals(6000, 6010, 2), decimals(1, 10**6, 8)]))
    charges = draw(st.sampled_from([_CHARGES, st.none(), st.just(Decimal("-1.24"))]))
    multiplier = draw(st.sampled_from([st.just(Decimal(5)), st.sampled_from([None, Decimal("0.1"), Decimal(50)])]))
    currency = draw(st.sampled_from([st.just("USD"), st.just("USD"), st.sampled_from(["USD", "EUR", None])]))
    count = draw(st.integers(1, len(_INSTRUMENTS)))
    return in_time(
        {
            **dict(
                zip(("instrument_id", "symbol", "contract"), draw(st.sampled_from(_INSTRUMENTS[:count])), strict=True)
            ),
            "account": draw(st.sampled_from([None, "A"])),
            "side": draw(st.sampled_from(["buy", "sell"])),
            "quantity": draw(quantities),
            "price": draw(price),
            "multiplier": draw(multiplier),
            "currency": draw(currency),
            "commission": draw(charges),
            "fees": draw(charges),
        }
        for _ in range(draw(st.integers(1, max_size)))
    )
