"""What each row is about, named once for each distinct combination of cells."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from polybroker.errors import StatementError
from polybroker.model.instruments import AssetClass
from polybroker.statements.distinct import combinations, encoded
from polybroker.statements.numbers import parse_numbers
from polybroker.statements.times import parse_times
from polybroker_generic_csv.naming import Name, Parts, name, written_day
from polybroker_generic_csv.sheet import Sheet
from polybroker_generic_csv.words import CURRENCY_SIGNS

_CELLS: Final = (
    "symbol", "contract", "underlying", "expiration", "strike", "right", "exchange", "currency", "asset_class"
)  # fmt: skip


def read_instruments(sheet: Sheet, default: AssetClass | None) -> dict[str, pl.Series]:
    """`raw_symbol`, `symbol_key` and `currency`. Rows without any symbol are refused.

    `default` is what a symbol is that could be a stock or a future. Where a symbol was taken for a future that is a
    stock too, a warning says so. Raises `StatementError` where underlyings have to do for symbols and are missing.
    """
    raw, key = _names(sheet, default)
    nameless = sheet.good & raw.is_null()
    if nameless.any() and not (sheet.has("symbol") or sheet.has("contract")):
        row = int(sheet.frame.get_column("row")[nameless.arg_max() or 0])
        raise StatementError(
            "no column for symbol, and no underlying either", source=sheet.name, row=row, column="symbol"
        )
    sheet.refuse(nameless, "symbol", "the row has no symbol")
    if sheet.has("strike"):
        sheet.numbers("strike")
    found = {"raw_symbol": raw, "symbol_key": key}
    return {**found, "currency": _currencies(sheet)} if sheet.has("currency") else found


def _names(sheet: Sheet, default: AssetClass | None) -> tuple[pl.Series, pl.Series]:
    """The raw symbol and the key of each row."""
    fields = [field for field in _CELLS if sheet.has(field)]
    firsts, codes = combinations([sheet.cells(field) for field in fields])
    distinct = sheet.frame.select("row", *fields)[firsts]
    names = [name(parts, default) for parts in _parts(sheet, distinct)]
    _warn(sheet, names)
    raw = pl.Series([found and found.raw for found in names], dtype=pl.String)
    key = pl.Series([found and found.key for found in names], dtype=pl.String)
    cells = next((sheet.cells(field) for field in fields if raw.equals(distinct.get_column(field))), None)
    # In one piece, which both columns then share.
    cells = raw.gather(codes) if cells is None else cells.rechunk()
    return cells, cells if key.equals(raw) else key.gather(codes)


def _parts(sheet: Sheet, distinct: pl.DataFrame) -> list[Parts]:
    """The distinct cells; those that cannot be read are refused elsewhere."""
    days: list[date | None] = [None] * distinct.height
    if "expiration" in distinct.columns:
        texts = distinct.get_column("expiration").alias(sheet.headers["expiration"])
        parsed = parse_times(texts, day_first=sheet.day_first, rows=distinct.get_column("row"), source=sheet.name)
        named = [written_day(text) if text else None for text in texts]
        days = [day or other for day, other in zip(parsed.local.dt.date(), named, strict=True)]
    if "strike" in distinct.columns:
        distinct = distinct.with_columns(parse_numbers(distinct.get_column("strike"), sheet.style)[0])
    if "currency" in distinct.columns:
        distinct = distinct.with_columns(_codes(distinct.get_column("currency")))
    cells = distinct.drop("row").iter_rows(named=True)
    return [Parts(**row, day=day) for row, day in zip(cells, days, strict=True)]


def _codes(currencies: pl.Series) -> pl.Series:
    return currencies.str.to_uppercase().replace(dict(CURRENCY_SIGNS))


def _currencies(sheet: Sheet) -> pl.Series:
    texts = encoded(sheet.cells("currency"))
    codes = _codes(texts.texts)
    spread = sheet.cells("currency") if codes.equals(texts.texts) else codes.gather(texts.codes)
    wrong = ~codes.str.contains("^[A-Z]{3,5}$").fill_null(value=True)
    if wrong.any():
        sheet.refuse(wrong.gather(texts.codes), "currency", lambda text: f"{text!r} is no currency")
    return spread


def _warn(sheet: Sheet, names: list[Name | None]) -> None:
    guessed = sorted({found.raw for found in names if found is not None and found.guessed})
    if guessed:
        sheet.warnings.append(
            f"{sheet.name}: {', '.join(guessed)} can be a future or a stock; the future is taken. A column with the "
            "asset class, or --asset-class stock, says otherwise"
        )
