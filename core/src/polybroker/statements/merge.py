"""Several files as one history: every execution once, in order.

An execution is known by its account and its identity: the broker's fill id, or a hash of its content and, for the
second of rows that are alike, an ordinal. Of each identity the largest number that any one file has is kept, so
genuine twins stay, overlapping exports merge and a repeated import adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

from polybroker.model.broker_info import StatementKind
from polybroker.statements.distinct import encoded
from polybroker.statements.identity import ContentHash, content_hash, given_hash
from polybroker.statements.repeats import Executions, repeats
from polybroker.statements.rows import RowAccount

DUPLICATE: Final = "duplicate"
SUPERSEDED: Final = "superseded"

_KEY: Final = "execution_id"
_FILE: Final = 32
_ROW: Final = (1 << _FILE) - 1


@frozen
class Merged:
    """The executions that stay, in order, each with its `execution_id`; `sequence` is final."""

    fills: pl.DataFrame
    warnings: tuple[str, ...] = ()


def merge(fills: pl.DataFrame, rows: RowAccount, kinds: Sequence[StatementKind]) -> Merged:
    """Drop what other rows repeat, put the rest in order, and account for every row.

    `fills` is one broker's checked draft with `moment`; `kinds` holds the kind of each file. A row that
    contradicts an earlier one of the same file and fill id becomes a problem.
    """
    ranks = _ranks(fills, kinds)
    fills, warnings = _with_identity(_superseded(fills, rows, kinds), rows, ranks)
    for file, (begin, end) in enumerate(pairwise(_bounds(fills, rows.files))):
        rows.use(file, fills.get_column("row")[begin:end].to_numpy())
    return Merged(_sequenced(_ordered(fills, ranks)), warnings)


# files


def _ranks(fills: pl.DataFrame, kinds: Sequence[StatementKind]) -> npt.NDArray[np.int64]:
    """The place of each file: worse kinds first, then by the time that a file reaches to.

    It depends on what is in the files and not on the order in which they were given; only files that are equal in
    all of this keep the order of the draft.
    """
    if len(kinds) == 1:
        return np.zeros(1, dtype=np.int64)
    moments, bounds = fills.get_column("moment"), _bounds(fills, len(kinds))
    span = {
        file: (moments[begin:end].max(), moments[begin:end].min(), end - begin)
        for file, (begin, end) in enumerate(pairwise(bounds))
        if begin < end
    }
    present = {kind.id for kind in kinds}
    order = sorted(
        (index for index in range(len(kinds)) if index in span),
        key=lambda index: (len(present.intersection(kinds[index].prefer_over)), *span[index], index),
    )
    ranks = np.zeros(len(kinds), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _bounds(fills: pl.DataFrame, files: int) -> list[int]:
    """Where the rows of each file begin in a frame in the order of files, and where the last one's end."""
    bounds: list[int] = np.searchsorted(fills.get_column("file").to_numpy(), np.arange(files + 1)).tolist()
    return bounds


def _superseded(fills: pl.DataFrame, rows: RowAccount, kinds: Sequence[StatementKind]) -> pl.DataFrame:
    """Leave out rows that a better kind of the same run tells in more detail.

    Those are the rows of an order that the better kind has too and, where an order id is missing, those within the
    time that the better kind covers for the account.
    """
    present = {kind.id for kind in kinds}
    for kind in sorted({kind.id: kind for kind in kinds}.values(), key=lambda kind: kind.id):
        if not present.intersection(kind.prefer_over):
            continue
        worse = fills.get_column("kind").is_in(list(kind.prefer_over))
        better = fills.filter(pl.col("kind") == kind.id)
        orders = better.filter(pl.col("order_id").is_not_null()).select("account", "order_id", known=True).unique()
        spans = better.group_by("account").agg(
            begin=pl.col("moment").min(), end=pl.col("moment").max(), ids=pl.col("order_id").count()
        )
        marked = fills.join(orders, on=["account", "order_id"], how="left", nulls_equal=True, maintain_order="left")
        marked = marked.join(spans, on="account", how="left", nulls_equal=True, maintain_order="left")
        within = pl.col("moment").is_between("begin", "end") & (pl.col("order_id").is_null() | (pl.col("ids") == 0))
        repeated = worse & marked.select((pl.col("known") | within).fill_null(value=False)).to_series()
        fills = _dropped(fills, repeated.to_numpy(), rows, SUPERSEDED)
    return fills


# identity


def _with_identity(
    fills: pl.DataFrame, rows: RowAccount, ranks: npt.NDArray[np.int64]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Give every fill its identity, and leave out those that another one stands for."""
    given = fills.get_column(_KEY)
    made = given.is_null()
    if not made.any():
        if given.n_unique() == len(given):
            return fills, ()
        keys = given_hash(fills)
    else:
        hashes = content_hash(fills.filter(made))
        keys = hashes if made.all() else given_hash(fills).scattered(made.to_numpy(), hashes)
        fills = fills.with_columns(hashes.text() if made.all() else given.scatter(made.arg_true(), hashes.text()))
        if pl.Series(keys.first).n_unique() == len(keys.first):
            return fills, ()
    return _repeats_settled(fills, keys, made.to_numpy(), rows, ranks)


def _repeats_settled(
    fills: pl.DataFrame, keys: ContentHash, made: npt.NDArray[np.bool_], rows: RowAccount, ranks: npt.NDArray[np.int64]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    found = repeats(
        Executions(
            keys=keys,
            made=made,
            ranks=ranks[fills.get_column("file").to_numpy()],
            kinds=encoded(fills.get_column("kind")).codes,
            rows=_row_numbers(fills),
            contents=lambda places: content_hash(fills[places]),
        )
    )
    columns = fills.select("file", "row", _KEY)
    for place, first in zip(found.contradicting.tolist(), found.contradicted.tolist(), strict=True):
        file, row, key = columns.row(place)
        other = columns.row(first)[1]
        rows.problem(file, row, None, f"execution id {key} is already used by row {other} with other values")
    warnings = _changed_text(columns.get_column(_KEY), found.changed)
    ids = columns.get_column(_KEY)
    twins = pl.select(pl.format("{}:{}", ids.gather(found.twins), pl.Series(found.ordinals + 1))).to_series()
    fills = fills.with_columns(ids.scatter(found.twins, twins))
    gone = found.gone
    if found.spoilt.any():
        fills, gone = fills.filter(~found.spoilt), gone[~found.spoilt]
    return _dropped(fills, gone, rows, DUPLICATE), warnings


def _changed_text(ids: pl.Series, changed: npt.NDArray[np.int64]) -> tuple[str, ...]:
    if not len(changed):
        return ()
    named = ids.gather(changed).unique().sort()
    text = f"{len(named)} executions (such as {named[0]}) have other values in another file; "
    return (text + "those of the file that reaches further in time are kept",)


def _dropped(fills: pl.DataFrame, gone: npt.NDArray[np.bool_], rows: RowAccount, reason: str) -> pl.DataFrame:
    """`fills` without those that are gone; their rows are skipped unless they have executions that stay."""
    if not gone.any():
        return fills
    numbers = _row_numbers(fills)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    lost = numbers[starts[~np.logical_or.reduceat(~gone, starts)]]
    for file in np.flatnonzero(np.bincount(lost >> _FILE)).tolist():
        rows.skip(file, lost[lost >> _FILE == file] & _ROW, reason)
    return fills.filter(~gone)


def _row_numbers(fills: pl.DataFrame) -> npt.NDArray[np.int64]:
    """A number for each row of each file, ascending in the order of the draft."""
    files = fills.get_column("file").to_numpy().astype(np.int64)
    numbers: npt.NDArray[np.int64] = (files << _FILE) + fills.get_column("row").to_numpy()
    return numbers


# order


def _ordered(fills: pl.DataFrame, ranks: npt.NDArray[np.int64]) -> pl.DataFrame:
    times, sequence = (_integers(fills, name) for name in ("moment", "sequence"))
    files = ranks[fills.get_column("file").to_numpy()]
    later, same = np.diff(times) > 0, np.diff(times) == 0
    if fills.height < 2 or bool((later | (same & (np.diff(files) == 0) & (np.diff(sequence) >= 0))).all()):
        return fills
    return fills[np.lexsort((sequence, files, times))]


def _sequenced(fills: pl.DataFrame) -> pl.DataFrame:
    """`sequence` as the place among the account's executions of the same time.

    A number that the file's own rows give would change from one export to the next.
    """
    times = _integers(fills, "moment")
    sequence = np.zeros(fills.height, dtype=np.int64)
    same = times[1:] == times[:-1]
    if same.any():
        tied = np.flatnonzero(np.append(same, np.False_) | np.insert(same, 0, np.False_))
        accounts = encoded(fills.get_column("account").gather(tied)).codes
        sequence[tied] = _places(times[tied], accounts)
    return fills.with_columns(sequence=pl.Series(sequence))


def _places(times: npt.NDArray[np.int64], accounts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place of each row among those of its account and time; `times` ascend."""
    order = np.argsort(accounts, kind="stable")
    begins = np.ones(len(times), dtype=np.bool_)
    begins[1:] = (np.diff(times[order]) != 0) | (np.diff(accounts[order]) != 0)
    counter = np.arange(len(times))
    places = np.empty_like(counter)
    places[order] = counter - np.maximum.accumulate(np.where(begins, counter, 0))
    return places


def _integers(fills: pl.DataFrame, name: str) -> npt.NDArray[np.int64]:
    return fills.get_column(name).to_physical().to_numpy()
