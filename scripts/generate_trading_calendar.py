"""Writes the table of closed weekdays that `polybroker.ledger.trading_day` reads.

Source: the package pandas_market_calendars (MIT licence), needed only here. What is taken from which of its
calendars, and why, is decided in docs/decisions/trading-day.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from datetime import date, time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pandas_market_calendars as markets

FIRST, LAST = date(2000, 1, 1), date(2030, 12, 31)
TABLE = Path(__file__).parents[1] / "core/src/polybroker/ledger/data/trading_calendar.csv"

MOURNING: Final = frozenset({date(2004, 6, 11), date(2007, 1, 2), date(2018, 12, 5), date(2025, 1, 9)})
"""Days on which the stock exchanges mourned a president; the futures exchanges had a (short) trading day."""

PRODUCTS: Final = {
    "cme_equity": "CME Globex Equity",
    "cme_rates": "CME_Bond",
    "cme_fx": "CMEGlobex_FX",
    "cme_crypto": "CME Globex Crypto",
}
"""Product groups that trade on a Good Friday with an employment report, and their own calendars."""

OTHERS: Final = {"cfe": "CBOE_Futures", "eurex": "XEUR", "us_stock": "NYSE"}


def weekdays() -> set[date]:
    """Every Monday to Friday of the table."""
    return {moment.date() for moment in pd.bdate_range(FIRST, LAST)}


def sessions(name: str) -> set[date]:
    """The dates on which this calendar has a session."""
    found: Sequence[Any] = markets.get_calendar(name).valid_days(FIRST, LAST)
    return {moment.date() for moment in found}


def early_closes(name: str) -> dict[date, time]:
    """The sessions that end early, with the exchange's time."""
    calendar = markets.get_calendar(name)
    shortened = calendar.early_closes(calendar.schedule(FIRST, LAST))
    return {day.date(): moment.tz_convert(calendar.tz).time() for day, moment in shortened["market_close"].items()}


def good_fridays(name: str) -> set[date]:
    """The Good Fridays with an employment report on which the products of this calendar trade in the morning."""
    reports = {day for day in early_closes("CME_Bond") if day.month in (3, 4)}
    return reports & sessions(name)


def tables() -> dict[str, set[date]]:
    """Closed weekdays by calendar."""
    clearing = weekdays() - sessions("CME_TradeDate") - MOURNING
    closed = {"cme": clearing}
    closed |= {group: clearing - good_fridays(name) for group, name in PRODUCTS.items()}
    closed["ice_us"] = weekdays() - sessions("ICE") - MOURNING
    closed |= {group: weekdays() - sessions(name) for group, name in OTHERS.items()}
    return closed


def prove_that_early_closes_are_harmless(closed: dict[str, set[date]]) -> None:
    """Trading that ends early ends before the next trading day begins, so the table need not know it."""
    names = {"cme": "CMEGlobex_EnergyAndMetals", "ice_us": "ICE", **PRODUCTS, **OTHERS}
    for group, name in names.items():
        if name == "XEUR":
            continue  # mirrored from another package, without early closes
        late = [day for day, end in early_closes(name).items() if day not in closed[group] and end > time(17)]
        assert not late, (group, late)


def lines(closed: dict[str, set[date]]) -> Iterable[str]:
    """The table's text: a comment, a header, and a line for each calendar and year."""
    sources = {name: version(name) for name in ("pandas_market_calendars", "exchange_calendars")}
    yield f"# Closed weekdays {FIRST.year} to {LAST.year}; made by scripts/generate_trading_calendar.py"
    yield f"# from {' and '.join(f'{name} {number}' for name, number in sources.items())} (the latter for eurex)."
    yield "calendar,year,closed"
    for group, days in closed.items():
        for year in range(FIRST.year, LAST.year + 1):
            yield f"{group},{year},{' '.join(f'{day:%m-%d}' for day in sorted(days) if day.year == year)}"


def main() -> None:
    """Write the table."""
    warnings.simplefilter("ignore")
    closed = tables()
    prove_that_early_closes_are_harmless(closed)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines(closed)) + "\n", encoding="utf-8")
    print(f"{TABLE.name}: {sum(map(len, closed.values()))} closed weekdays in {len(closed)} calendars")


if __name__ == "__main__":
    main()
