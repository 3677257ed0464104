"""From a broker's checked draft to normalized executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
from attrs import frozen

from polybroker.ledger.trading_day import trading_days
from polybroker.model.broker_info import StatementKind
from polybroker.model.executions import CommissionSource
from polybroker.statements.instruments import Instruments, instruments
from polybroker.statements.intake import Draft, blaming
from polybroker.statements.merge import merge
from polybroker.statements.moments import placed_in_time
from polybroker.statements.schema import EXECUTIONS

_SUSPICIOUS: Final = 20
"""One in so many trading days that differ from the broker's own makes the time zone suspicious."""
_GATHERED: Final = ("instrument_id", "symbol", "contract", "asset_class", "exchange", "expiration")
_TAKEN: Final = (
    "execution_id", "transaction_id", "account", "order_id", "local_time", "timezone", "sequence",
    "raw_symbol", "side", "quantity", "price", "order_type", "commission", "fees", "liquidity", "granularity"
)  # fmt: skip


@frozen(eq=False)
class Normalized:
    """One broker's executions in order, without estimated charges and running positions."""

    executions: pl.DataFrame
    """The columns of `EXECUTIONS`; `position_effect`, `position_quantity` and `status` are null."""
    unmapped: tuple[str, ...]
    warnings: tuple[str, ...]


def normalized(
    draft: Draft, kinds: Sequence[StatementKind], *, timezone: str | None, symbol_overrides: Mapping[str, str]
) -> Normalized:
    """Place the draft in time, merge its files, resolve its symbols; every row of the files is accounted for.

    `kinds` holds the kind of each document. The row account of the draft is settled afterwards.
    """
    with blaming(draft.broker):
        placed = placed_in_time(draft.fills, draft.rows, kinds, timezone)
        merged = merge(placed.fills, draft.rows, kinds)
        draft.rows.settle()
    found = instruments(merged.fills, draft.broker, symbol_overrides)
    days, doubts = _trading_days(merged.fills, found)
    warnings = [*placed.warnings, *merged.warnings, *doubts]
    if found.unmapped:
        warnings.append(_unmapped_text(found.unmapped))
    return Normalized(_executions(draft, merged.fills, found, days), found.unmapped, tuple(warnings))


def _executions(draft: Draft, fills: pl.DataFrame, found: Instruments, days: pl.Series) -> pl.DataFrame:
    columns: dict[str, pl.Expr | pl.Series] = {name: fills.get_column(name) for name in _TAKEN}
    columns |= {name: _one_or_all(found, name) for name in _GATHERED}
    columns |= {name: _file_first(fills, found, name) for name in ("currency", "multiplier")}
    columns |= {
        "timestamp": fills.get_column("moment"),
        "trading_day": days,
        "broker_id": pl.lit(draft.broker.id),
        "parser_version": pl.lit(draft.parser_version),
        "source_file": _file_names(draft, fills),
        "source_row": fills.get_column("row"),
        "commission_source": _commission_source(fills),
    }
    return fills.select(
        (columns[name].alias(name) if name in columns else pl.lit(None, dtype).alias(name))
        for name, dtype in EXECUTIONS.items()
    )


def _commission_source(fills: pl.DataFrame) -> pl.Expr:
    """That the file has a charge, where it has one."""
    file = pl.lit(str(CommissionSource.FILE))
    if not fills.get_column("commission").null_count():
        return file
    return pl.when(pl.col("commission").is_not_null() | pl.col("fees").is_not_null()).then(file)


def _one_or_all(found: Instruments, name: str) -> pl.Expr | pl.Series:
    """A column of the instruments; a text that all of them share stays a single one in memory."""
    texts = found.lines.get_column(name)
    return pl.lit(texts[0], texts.dtype) if texts.n_unique() == 1 else found.column(name)


def _file_first(fills: pl.DataFrame, found: Instruments, name: str) -> pl.Series:
    """What the file says, else what the instrument has; the multiplier of an unmapped symbol is never known."""
    stated = fills.get_column(name)
    if stated.null_count() == len(stated):
        return found.column(name)
    known = found.column(name)
    if name == "multiplier" and found.unmapped:
        stated = stated.zip_with(found.column("mapped"), pl.Series([None], dtype=stated.dtype))
    return stated.zip_with(stated.is_not_null(), known)


def _file_names(draft: Draft, fills: pl.DataFrame) -> pl.Expr | pl.Series:
    names = pl.Series([document.name for document in draft.documents], dtype=pl.String)
    return pl.lit(names[0]) if len(names) == 1 else names.gather(fills.get_column("file"))


def _trading_days(fills: pl.DataFrame, found: Instruments) -> tuple[pl.Series, list[str]]:
    """The broker's trading day where it gives one, else the computed one; a warning where the two often differ.

    Nothing is known against the broker's day where nobody knows when the product's day begins.
    """
    computed = _computed_days(fills, found)
    stated = fills.get_column("trading_day")
    count = len(stated) - stated.null_count()
    if not count:
        return computed, []
    differing = int(((stated != computed) & (found.column("group") != "none")).fill_null(value=False).sum())
    days = stated if count == len(stated) else stated.zip_with(stated.is_not_null(), computed)
    if differing * _SUSPICIOUS < count:
        return days, []
    text = f"{differing} of {count} trading days of the file differ from those of the times: "
    return days, [text + "the time zone may be wrong (say --timezone ZONE)"]


def _computed_days(fills: pl.DataFrame, found: Instruments) -> pl.Series:
    times = fills.get_column("moment")
    groups = found.lines.get_column("group")
    names = groups.unique().sort().to_list()
    if len(names) <= 1:
        return trading_days(times, names[0] if names else "none")
    mine = found.column("group")
    days = pl.Series([None], dtype=pl.Date).new_from_index(0, len(times))
    for name in names:
        index = (mine == name).arg_true()
        days = days.scatter(index, trading_days(times.gather(index), name))
    return days


def _unmapped_text(symbols: tuple[str, ...]) -> str:
    shown = ", ".join(symbols[:10]) + (f" and {len(symbols) - 10} more" if len(symbols) > 10 else "")
    return f"unknown symbols keep their text and have no profit and loss: {shown}; a symbol override can name them"
