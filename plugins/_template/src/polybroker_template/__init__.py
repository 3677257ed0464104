"""polybroker plugin for Template: every hook that it implements, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polybroker.hookspecs import hookimpl
from polybroker.model.broker_info import BrokerInfo, StatementKind
from polybroker_template import auth, client, commissions, facts, streams, symbols, trading

if TYPE_CHECKING:
    from polybroker.statements.document import Document
    from polybroker.statements.options import ParseOptions
    from polybroker.statements.statement import Statement


@hookimpl
def broker_info() -> BrokerInfo:
    """The broker's facts."""
    return facts.INFO


to_broker_symbol = hookimpl(symbols.to_broker_symbol)
from_broker_symbol = hookimpl(symbols.from_broker_symbol)

commission_plans = hookimpl(commissions.commission_plans)
commission_schedule = hookimpl(commissions.commission_schedule)

begin_login = hookimpl(auth.begin_login)
redeem_login = hookimpl(auth.redeem_login)
open_session = hookimpl(auth.open_session)
renew_session = hookimpl(auth.renew_session)
close_session = hookimpl(auth.close_session)
revoke_login = hookimpl(auth.revoke_login)

accounts = hookimpl(client.accounts)
balances = hookimpl(client.balances)
positions = hookimpl(client.positions)
executions = hookimpl(client.executions)
quotes = hookimpl(client.quotes)

check_order = hookimpl(trading.check_order)
place_order = hookimpl(trading.place_order)
replace_order = hookimpl(trading.replace_order)
cancel_order = hookimpl(trading.cancel_order)
open_orders = hookimpl(trading.open_orders)
orders = hookimpl(trading.orders)
order_by_client_id = hookimpl(trading.order_by_client_id)

order_events = hookimpl(streams.order_events)
quote_stream = hookimpl(streams.quote_stream)

rate_limits = hookimpl(client.rate_limits)


@hookimpl
def recognize_statement(document: Document) -> StatementKind | None:
    """The trade list, by its headers."""
    from polybroker_template import statements  # polars is loaded with the first file, not with the plugin

    return statements.recognize(document)


@hookimpl
def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The executions of trade lists."""
    from polybroker_template import statements

    return statements.parse(documents, options)
