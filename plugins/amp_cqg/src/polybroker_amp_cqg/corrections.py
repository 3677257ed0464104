"""Busts and corrections: events that take a fill back or give it another size or price.

An event names its fill by the id of the fill's transaction, or by carrying the fill's trade id or execution id. A
bust removes the fill whole. A correction takes its place, under the fill's id and time, so that an app that has
imported the fill before can tell what changed. An event that names no fill of the files is a problem.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl
from attrs import define, field

from polybroker.model.money import plain_text
from polybroker.statements.rows import RowAccount
from polybroker.statements.schema import EXACT
from polybroker_amp_cqg.columns import ORDERS
from polybroker_amp_cqg.naming import Key, Named, Row, UnfitError
from polybroker_amp_cqg.statuses import Meaning

BUSTED: Final = "busted"
SUPERSEDED: Final = "superseded by a correction"
REPEATED: Final = "duplicate report of the same correction"

_STATUS: Final = ORDERS.fields["status"].name
_REPLACED: Final = pl.Schema(
    {
        "place": pl.UInt32(),
        "file": pl.UInt32(),
        "row": pl.UInt32(),
        "transaction_id": pl.String(),
        "trade_id": pl.String(),
        "quantity": EXACT,
        "price": EXACT,
    }
)


@define(eq=False)
class _Fill:
    """A fill that events speak of, and what became of it."""

    reports: list[Row]
    """Its rows, at least one; one in each file that has it."""
    corrections: list[Row] = field(factory=list)
    busted: bool = False

    def current(self, name: str) -> Any:
        """What the last row says that says anything."""
        said = [row[name] for row in (self.reports[0], *self.corrections) if row[name] is not None]
        return said[-1] if said else None

    def sizes(self) -> set[Decimal]:
        """All sizes that it ever had."""
        return {row["quantity"] for row in (*self.reports, *self.corrections) if row["quantity"] is not None}


def apply_events(fills: pl.DataFrame, events: pl.DataFrame, account: RowAccount) -> pl.DataFrame:
    """The rows of `fills` that count and still stand after all `events`, with corrected sizes and prices.

    Joins busts, skips what they and corrections replaced, and makes problems of events that cannot be applied.
    """
    named = Named(fills, events)
    touched: dict[Key, _Fill] = {}
    order = (pl.col("transaction_id").str.len_bytes(), "transaction_id", "quantity", "price", "file", "row")
    for event in events.sort(*order).iter_rows(named=True):
        try:
            key = named.fill_of(event)
            _apply(event, touched.setdefault(key, _Fill(named.reports[key])), account)
        except UnfitError as error:
            account.problem(event["file"], event["row"], _STATUS, f"the {event['meaning']} {error}")
    counting = fills.filter(pl.col("lead").eq_missing(pl.col("execution_id")))
    return _standing(counting, list(touched.values()), account)


def skip(rows: pl.DataFrame, account: RowAccount, reason: str) -> None:
    """Skip all `rows`, which have the columns `file` and `row`, for one reason."""
    for part in rows.select("file", "row").partition_by("file"):
        account.skip(int(part["file"][0]), part["row"].sort().to_numpy().astype(np.int64), reason)


def _apply(event: Row, fill: _Fill, account: RowAccount) -> None:
    reported = fill.reports[0]
    if event["contract"] is not None and event["contract"] != reported["contract"]:
        raise UnfitError(f"names a fill of another contract, {reported['raw_symbol']}")
    if event["meaning"] == Meaning.BUST:
        _bust(event, fill)
        account.join(event["file"], [event["row"]])
    elif any(_same(event, correction) for correction in fill.corrections):
        account.skip(event["file"], [event["row"]], REPEATED)
    else:
        _correct(event, fill)


def _same(event: Row, other: Row) -> bool:
    return all(event[name] == other[name] for name in ("transaction_id", "quantity", "price"))


def _bust(event: Row, fill: _Fill) -> None:
    size = event["quantity"]
    if size is not None and size not in fill.sizes():
        raise UnfitError(f"takes back {plain_text(size)} of a fill of {plain_text(fill.current('quantity'))}")
    fill.busted = True


def _correct(event: Row, fill: _Fill) -> None:
    if fill.busted:
        raise UnfitError("is about a fill that was taken back before")
    if event["quantity"] is None and event["price"] is None:
        raise UnfitError("says neither size nor price; the fill that it names is left as it was reported")
    if event["side"] is not None and event["side"] != fill.reports[0]["side"]:
        raise UnfitError("names a fill of the other side")
    if fill.corrections and fill.corrections[-1]["transaction_id"] == event["transaction_id"]:
        raise UnfitError("contradicts another row of the same transaction")
    fill.corrections.append(event)


def _standing(counting: pl.DataFrame, touched: list[_Fill], account: RowAccount) -> pl.DataFrame:
    """The rows that count without those that events replaced, and with the corrected ones."""
    gone: list[int] = []
    replaced: list[tuple[Any, ...]] = []
    for fill in touched:
        if not (fill.busted or fill.corrections):
            continue
        *before, last = [fill.reports, *([correction] for correction in fill.corrections)]
        for row in (row for rows in before for row in rows):
            account.skip(row["file"], [row["row"]], SUPERSEDED)
        if fill.busted:
            for row in last:
                account.skip(row["file"], [row["row"]], BUSTED)
        else:
            replaced.append((fill.reports[0]["place"], *_replacement(last[0], fill)))
        gone += [row["place"] for row in fill.reports[0 if fill.busted else 1 :]]
    standing = counting.filter(~pl.col("place").is_in(gone)) if gone else counting
    return standing.update(pl.DataFrame(replaced, schema=_REPLACED, orient="row"), on="place") if replaced else standing


def _replacement(correction: Row, fill: _Fill) -> tuple[Any, ...]:
    from_row = tuple(correction[name] for name in ("file", "row", "transaction_id"))
    return (*from_row, *(fill.current(name) for name in ("trade_id", "quantity", "price")))
