"""Which fill a bust or a correction is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

from polybroker_amp_cqg import kinds
from polybroker_amp_cqg.statuses import Meaning

Row = Mapping[str, Any]
"""A row of a frame, by column."""
Key = tuple[str | None, str]
"""Account and id."""

_WAYS: Final = (
    ("reference", "transaction_id"),
    ("transaction_id", "transaction_id"),
    ("trade_id", "trade_id"),
    ("execution", "execution"),
)
"""The event's column that names a fill, and the fill's column that it equals; the surest way first."""


class UnfitError(Exception):
    """Why an event cannot be applied, in words that follow "the event"."""


class Named:
    """The fills that events name.

    `fills` has the columns of `reading.ROWS` and `lead`, the id under which the fill counts.
    """

    def __init__(self, fills: pl.DataFrame, events: pl.DataFrame) -> None:
        self.reports: dict[Key, list[Row]] = defaultdict(list)
        """The rows of each fill that was named, those that count, in the order of the files."""
        # A trade report has no events: it shows the outcome of those in the order report.
        fills = fills.filter(pl.col("kind") == kinds.ORDERS.id)
        self._ids: dict[str, dict[Key, set[Key]]] = {column: defaultdict(set) for _, column in _WAYS}
        self._events = {(row["account"], row["transaction_id"]): row for row in events.iter_rows(named=True)}
        wanted = {
            column: pl.concat([events[name] for name, other in _WAYS if other == column]).drop_nulls()
            for column in self._ids
        }
        spoken_of = fills.filter(
            pl.any_horizontal(
                pl.col(column).is_in(ids.implode()).fill_null(value=False) for column, ids in wanted.items()
            )
        )
        for row in spoken_of.iter_rows(named=True):
            for column, ids in self._ids.items():
                if row[column] is not None:
                    ids[row["account"], row[column]].add((row["account"], row["lead"]))
        counting = fills.filter(
            pl.col("lead").is_in(spoken_of["lead"].implode()) & (pl.col("lead") == pl.col("execution_id"))
        )
        for row in counting.sort("file", "row").iter_rows(named=True):
            self.reports[row["account"], row["lead"]].append(row)

    def fill_of(self, event: Row) -> Key:
        """The fill that `event` names, itself or through an earlier event; `UnfitError` where there is none."""
        return self._fill(event, set())

    def _fill(self, event: Row, seen: set[Key]) -> Key:
        seen.add((event["account"], event["transaction_id"]))
        for column, key in self._names(event):
            found = self._agreeing(self._ids[column].get(key, set()), event)
            if len(found) > 1:
                raise UnfitError(f"names {len(found)} fills by {key[1]}, and it cannot be told which one is meant")
            if found:
                return found.pop()
            if column == "transaction_id" and key in self._events and key not in seen:
                return self._fill(self._events[key], seen)
        others = dict.fromkeys(key[1] for _, key in self._names(event) if key[1] != event["transaction_id"])
        if others:
            raise UnfitError(f"names a fill ({', '.join(others)}) that none of the files has")
        raise UnfitError("names no fill")

    def _names(self, event: Row) -> Iterator[tuple[str, Key]]:
        for name, column in _WAYS:
            if event[name] is not None:
                yield column, (event["account"], event[name])

    def _agreeing(self, fills: set[Key], event: Row) -> set[Key]:
        """Of several fills those that are like the event, in contract and side, and a bust's in size and price too."""
        told = ("contract", "side", "quantity", "price")[: 4 if event["meaning"] == Meaning.BUST else 2]
        for column in told:
            if len(fills) > 1 and event[column] is not None:
                fills = {fill for fill in fills if self.reports[fill][0][column] == event[column]} or fills
        return set(fills)
