"""polybroker plugin: AMP Futures, order reports from the CQG platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo
from polybroker.model.commissions import CommissionPlan, CommissionSchedule
from polybroker.model.instruments import Instrument
from polybroker_amp_cqg import kinds

if TYPE_CHECKING:
    from polybroker.model.broker_info import StatementKind
    from polybroker.statements.document import Document
    from polybroker.statements.options import ParseOptions
    from polybroker.statements.statement import Statement


@hookimpl
def broker_info() -> BrokerInfo:
    """AMP Futures, whose customers trade and export on CQG."""
    return BrokerInfo(
        id="amp_cqg",
        title="AMP Futures (CQG)",
        website="https://www.ampfutures.com",
        aliases=("amp",),
        data_feed="cqg",
        statement_kinds=(kinds.ORDERS, kinds.TRADES),
        rates_page="https://www.ampfutures.com/commissions",
    )


@hookimpl
def to_broker_symbol(instrument: Instrument) -> str:
    """CQG's name of a future, `EPH25`."""
    from polybroker_amp_cqg import symbols

    return symbols.to_broker_symbol(instrument)


@hookimpl
def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The future that CQG means by `EPH25`, `EPH5`, `F.US.EPH25` or `CON.F.US.EP.H25`."""
    from polybroker_amp_cqg import symbols

    return symbols.from_broker_symbol(symbol, on)


@hookimpl
def recognize_statement(document: Document) -> StatementKind | None:
    """An order report or a trade report, known by its header."""
    from polybroker_amp_cqg import statements

    return statements.recognize_statement(document)


@hookimpl
def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The fills of reports, with busts and corrections applied."""
    from polybroker_amp_cqg import statements

    return statements.parse_statement(documents, options)


@hookimpl
def commission_plans() -> Sequence[CommissionPlan]:
    """The tiers 1 to 4 by contracts a month, and the fixed plan."""
    from polybroker_amp_cqg import commissions

    return commissions.commission_plans()


@hookimpl
def commission_schedule(plan: str) -> CommissionSchedule:
    """The charges per contract and side of one plan."""
    from polybroker_amp_cqg import commissions

    return commissions.commission_schedule(plan)
