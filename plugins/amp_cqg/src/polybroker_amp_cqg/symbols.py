"""CQG's names of futures contracts, and what they mean.

A contract is written `EPH25` or `EPH5`, in full `F.US.EPH25`, with its parts apart `F.US.EP.H25`, or as the
contract id `CON.F.US.EP.H25`. The root is CQG's own (`EP` is the exchange's ES), and the exchange's notation is
never mixed in: `NQM` is CQG's mini crude oil, so a text `NQM5` is refused rather than taken for a June NQ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final

from attrs import frozen

from polybroker.errors import SymbolUnknown, Unsupported
from polybroker.model.futures import MONTH_LETTERS, ContractMonth, contract_month
from polybroker.model.instruments import Future, Instrument
from polybroker.model.products import product
from polybroker_amp_cqg.tables import rows_of

ALIAS: Final = "alias"
"""The witness of a root that users write and CQG does not know; never written by `to_broker_symbol`."""

_PREFIX: Final = re.compile(r"(?:(?:CON\.)?(?P<type>[A-Z])\.[A-Z]{2,3}\.)?(?P<name>[A-Z0-9.]+)")
_CONTRACT: Final = re.compile(rf"(?P<root>[A-Z0-9]+?)\.?(?P<month>[{MONTH_LETTERS}])(?P<year>[0-9]{{1,2}})")
_YEARS: Final = range(2000, 2100)
"""Years whose two digits mean one year, with or without the date of a fill."""
_TYPES: Final = {
    "C": "a call on a future, which this plugin cannot price",
    "P": "a put on a future, which this plugin cannot price",
    "S": "a stock",
    "T": "a bond",
    "X": "an index or a forward",
}


@frozen
class Root:
    """A root of CQG's, the exchange's root it stands for, and who says so."""

    cqg: str
    exchange: str
    """Empty where the core's table of products has no such product."""
    root: str
    witness: str


@frozen
class CqgContract:
    """The parts of a contract's name; month and year are None where it names the root only."""

    root: Root
    month: int | None
    year: str | None
    """One or two digits, as written."""

    @property
    def short(self) -> str:
        """`EPH25` or `EPH5`: the name without prefix and dots."""
        return self.root.cqg if self.month is None else f"{self.root.cqg}{MONTH_LETTERS[self.month - 1]}{self.year}"


@cache
def roots() -> Mapping[str, Root]:
    """All roots by CQG's text, aliases included; `data/cqg_roots.csv` has the sources."""
    return MappingProxyType(
        {row["cqg"]: Root(row["cqg"], row["exchange"], row["root"], row["witness"]) for row in rows_of("cqg_roots.csv")}
    )


@cache
def _written_roots() -> Mapping[tuple[str, str], str]:
    known = [root for root in roots().values() if root.exchange and root.witness != ALIAS]
    return MappingProxyType({(root.exchange, root.root): root.cqg for root in known})


def split_cqg(symbol: str) -> CqgContract:
    """The parts of a contract's name in any of CQG's notations; `SymbolUnknown` says what is wrong with others.

    The whole of what precedes month and year has to be a known root: the longest root wins (`EU6M25`).
    """
    word = symbol.strip().upper()
    prefix = _PREFIX.fullmatch(word)
    if prefix is None or not symbol.isascii():
        raise SymbolUnknown(symbol, f"{symbol!r} is no name of a CQG contract")
    if prefix["type"] not in (None, "F"):
        kind = _TYPES.get(prefix["type"], "of a type that is not known")
        raise SymbolUnknown(symbol, f"{symbol!r} is {kind}")
    name = prefix["name"]
    if name in roots():
        return CqgContract(roots()[name], None, None)
    parts = _CONTRACT.fullmatch(name)
    if parts is None:
        raise SymbolUnknown(symbol, f"{symbol!r} is no name of a CQG futures contract")
    if parts["root"] not in roots():
        raise SymbolUnknown(symbol, f"{symbol!r}: {parts['root']!r} is no known CQG root")
    return CqgContract(roots()[parts["root"]], MONTH_LETTERS.index(parts["month"]) + 1, parts["year"])


def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The future that CQG means by `symbol`; a short year is resolved against `on`, the date of the fill.

    Raises `SymbolUnknown` for an unknown root, an option, a one-digit year without a date, and for a product of
    which no contract multiplier is known: a guess would book wrong money.
    """
    contract = split_cqg(symbol)
    facts = product(contract.root.root, contract.root.exchange)
    if facts is None:
        raise SymbolUnknown(symbol, f"{symbol!r}: the contract multiplier of {contract.root.root} is not known")
    return facts.future(_expiry(contract, symbol, on))


def _expiry(contract: CqgContract, symbol: str, on: date | None) -> ContractMonth | None:
    if contract.month is None or contract.year is None:
        return None
    try:
        expiry = contract_month(contract.month, contract.year, on)
    except ValueError as error:
        raise SymbolUnknown(symbol, f"{symbol!r}: {error}") from None
    if expiry.year not in _YEARS:
        raise SymbolUnknown(symbol, f"{symbol!r} on {on} would be a contract of {expiry.year}")
    return expiry


def to_broker_symbol(instrument: Instrument) -> str:
    """CQG's name as the order report shows it, `EPH25`; the root alone for a future without month."""
    if not isinstance(instrument, Future):
        raise Unsupported(f"{instrument.instrument_id} is no future: CQG has no contract name for it here")
    cqg = _written_roots().get((instrument.exchange, instrument.root))
    if cqg is None:
        raise Unsupported(f"no CQG root is known for {instrument.exchange}:{instrument.root}")
    if instrument.expiry is None:
        return cqg
    if instrument.expiry.year not in _YEARS:
        raise Unsupported(f"{instrument.contract} of {instrument.expiry.year} has no two-digit year of its own")
    return f"{cqg}{instrument.expiry.letter}{instrument.expiry.year % 100:02d}"
