"""polybroker plugin for executions in tables that no broker's own plugin knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker.model.instruments import Instrument
from polybroker_generic_csv import facts, symbols

if TYPE_CHECKING:
    from polybroker.statements.document import Document
    from polybroker.statements.options import ParseOptions
    from polybroker.statements.statement import Statement


@hookimpl
def broker_info() -> BrokerInfo:
    """The facts of this plugin."""
    return facts.INFO


@hookimpl
def to_broker_symbol(instrument: Instrument) -> str:
    """A text for the instrument, such as `MESH2025` or `stock:ES`."""
    return symbols.to_broker_symbol(instrument)


@hookimpl
def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The instrument of a symbol in any common notation."""
    return symbols.from_broker_symbol(symbol, on)


@hookimpl
def recognize_statement(document: Document) -> StatementKind | None:
    """A table with the columns of executions."""
    from polybroker_generic_csv import statements

    return statements.recognize(document)


@hookimpl
def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The executions of such tables."""
    from polybroker_generic_csv import statements

    return statements.parse(documents, options)
