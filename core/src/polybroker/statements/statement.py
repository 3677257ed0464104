"""What `parse_statement` returns."""

from __future__ import annotations

import polars as pl
from attrs import field, frozen

from polybroker.errors import PluginError
from polybroker.statements.rows import RowAccount
from polybroker.statements.schema import DRAFT
from polybroker.statements.tables import texts


@frozen
class Statement:
    """The draft executions of one broker's files, and where every row of the files went.

    `fills` has the columns of `schema.DRAFT`; columns that are null throughout may be left out.
    """

    fills: pl.DataFrame
    rows: RowAccount
    parser_version: str
    """Changes whenever the parser would read a file differently, `amp_cqg/1`."""
    warnings: tuple[str, ...] = field(default=(), converter=texts)

    def draft(self) -> pl.DataFrame:
        """`fills` with exactly the columns of `DRAFT`; `PluginError` where a column is unknown or of another type."""
        for name, dtype in self.fills.schema.items():
            if name not in DRAFT or (dtype != DRAFT[name] and dtype != pl.Null):
                raise PluginError(f"parse_statement returned a column {name!r} of type {dtype}")
        given = self.fills.columns
        return self.fills.select(
            (pl.col(name) if name in given else pl.lit(None)).cast(dtype).alias(name) for name, dtype in DRAFT.items()
        )
