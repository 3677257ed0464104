"""One contract for each row, from the columns that speak of it.

The full symbol counts. The commodity column has the root only and serves where there is no symbol; the expiration
settles the decade of a one-digit year.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from polybroker.errors import SymbolUnknown
from polybroker.model.futures import MONTH_LETTERS
from polybroker_amp_cqg.symbols import CqgContract, split_cqg

_YEAR: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_COLUMNS: Final = ("symbol", "root", "expiration")
_SCHEMA: Final = {"raw_symbol": pl.String, "symbol_key": pl.String, "contract": pl.String, "disagree": pl.Boolean}


def name_contracts(rows: pl.DataFrame) -> pl.DataFrame:
    """For `rows` with the columns `symbol`, `root` and `expiration`, in their order:

    `raw_symbol` as the file has it (null: there is none), `symbol_key` to ask for, `contract` to compare rows by
    whatever the notation, and whether symbol and commodity `disagree` on the product.
    """
    distinct = rows.select(_COLUMNS).unique()
    named = [_name(*cells) for cells in distinct.iter_rows()]
    table = distinct.hstack(pl.DataFrame(named, schema=_SCHEMA, orient="row"))
    return (
        rows.select(_COLUMNS)
        .join(table, on=list(_COLUMNS), how="left", nulls_equal=True, maintain_order="left")
        .select(_SCHEMA.keys())
    )


def _name(
    symbol: str | None, root: str | None, expiration: str | None
) -> tuple[str | None, str | None, str | None, bool]:
    raw = symbol or root
    if raw is None:
        return None, None, None, False
    contract, product = _split(raw), _split(root)
    if contract is None:
        return raw, raw, raw.upper(), False
    disagree = product is not None and product.root.root != contract.root.root
    return raw, _dated(contract, expiration), _comparable(contract), disagree


def _split(text: str | None) -> CqgContract | None:
    try:
        return split_cqg(text) if text else None
    except SymbolUnknown:
        return None


def _dated(contract: CqgContract, expiration: str | None) -> str:
    """The contract's name with a two-digit year, where the expiration tells it.

    Some contracts expire in the year before their month (crude oil for January); a year further off is not believed.
    """
    year = _YEAR.search(expiration or "")
    if contract.month is None or contract.year is None or len(contract.year) > 1 or year is None:
        return contract.short
    years = [
        candidate for candidate in range(int(year[0]) - 1, int(year[0]) + 2) if str(candidate)[-1] == contract.year
    ]
    if not years:
        return contract.short
    return f"{contract.root.cqg}{MONTH_LETTERS[contract.month - 1]}{years[0] % 100:02d}"


def _comparable(contract: CqgContract) -> str:
    if contract.month is None or contract.year is None:
        return contract.root.root
    return f"{contract.root.root}{MONTH_LETTERS[contract.month - 1]}{contract.year[-1]}"
