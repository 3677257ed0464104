"""From a table of executions in any layout to a draft: every cell exact, every row accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from polybroker.errors import StatementError
from polybroker.model.broker_info import StatementKind
from polybroker.statements.document import Column, Document
from polybroker.statements.options import ParseOptions
from polybroker.statements.rows import RowAccount
from polybroker.statements.schema import DRAFT
from polybroker.statements.statement import Statement
from polybroker_generic_csv.charges import read_charges
from polybroker_generic_csv.clocks import read_clocks
from polybroker_generic_csv.columns import Layout, find_layout, layouts
from polybroker_generic_csv.facts import EXECUTIONS
from polybroker_generic_csv.instruments import read_instruments
from polybroker_generic_csv.sheet import Sheet, open_sheet
from polybroker_generic_csv.trades import read_trades
from polybroker_generic_csv.words import LIQUIDITY, ORDER_TYPES, word_key

PARSER_VERSION: Final = "generic_csv/1"
_IDS: Final = ("execution_id", "transaction_id", "order_id", "account")


def recognize(document: Document) -> StatementKind | None:
    """The one kind of this plugin where a table has the columns that an execution needs."""
    try:
        found = layouts(document)
    except StatementError:
        return None
    return EXECUTIONS if any(_has_sides(document, layout) for layout in found) else None


def _has_sides(document: Document, layout: Layout) -> bool:
    """Whether a column, or the sign of a quantity, says which executions are sales."""
    if "side" in layout.headers:
        return True
    header = layout.headers["quantity"]
    quantities = document.table([Column(header)], section=layout.section or None).frame.get_column(header)
    return bool(quantities.str.contains(r"^[^0-9]*[-\u{2212}(]\s*[^0-9]*[0-9]").any())


def parse(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The executions of all documents; see the page of the format in the package's README."""
    rows = RowAccount()
    warnings: list[str] = []
    parts = []
    for document in documents:
        sheet = open_sheet(document, find_layout(document, options.columns), rows, warnings)
        parts.append(_draft(sheet, options))
    fills = parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal")
    return Statement(fills, rows, PARSER_VERSION, warnings)


def _draft(sheet: Sheet, options: ParseOptions) -> pl.DataFrame:
    """The rows of one document that are executions."""
    sheet.decide_numbers(options.decimal_comma)
    columns = {
        **read_trades(sheet),
        **read_clocks(sheet, options),
        **read_instruments(sheet, options.asset_class),
        **_texts(sheet),
        # Last, for rows that are no executions do not tell the sign of charges.
        **read_charges(sheet, options.commission_sign),
    }
    sheet.report()
    draft = sheet.frame.select(
        "row",
        *(column.cast(DRAFT[name]).alias(name) for name, column in columns.items()),
        file=pl.lit(sheet.file, pl.UInt32),
        kind=pl.lit(EXECUTIONS.id),
        granularity=pl.lit(str(EXECUTIONS.granularity)),
    )
    return draft if sheet.good.all() else draft.filter(sheet.good)


def _texts(sheet: Sheet) -> dict[str, pl.Series]:
    """Ids and words, as the document has them."""
    found = {name: sheet.cells(name) for name in _IDS if sheet.has(name)}
    for name, words in (("order_type", ORDER_TYPES), ("liquidity", LIQUIDITY)):
        if sheet.has(name):
            texts = sheet.cells(name).unique().drop_nulls()
            known = {text: str(words[word_key(text)]) for text in texts if word_key(text) in words}
            found[name] = sheet.cells(name).replace_strict(known, default=None, return_dtype=pl.String)
    return found
