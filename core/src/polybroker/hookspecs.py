"""The whole duty of a broker plugin, hook by hook.

A plugin is a module (or object) whose functions are marked with `hookimpl` and named in an entry point of
the group `polybroker.brokers`. It implements the hooks of the groups it offers; `broker_info` is the only
mandatory one. What a broker can do is derived from the hooks that its plugin implements.

An implementation may accept any subset of a hook's arguments, by name. Every hook is called on one plugin
only: no other plugin's code takes part. `def` hooks are pure; `async def` hooks touch the network.

Groups marked *indivisible* have to be implemented whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from polybroker.model.broker_info import BrokerInfo, StatementKind
    from polybroker.model.commissions import CommissionPlan, CommissionSchedule
    from polybroker.model.instruments import Instrument
    from polybroker.statements.document import Document
    from polybroker.statements.options import ParseOptions
    from polybroker.statements.statement import Statement

API_VERSION: Final = 0
"""Version of this contract; a plugin written for another one is refused with a reason."""

PROJECT: Final = "polybroker"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

INDIVISIBLE: Final = (
    frozenset({"to_broker_symbol", "from_broker_symbol"}),
    frozenset({"recognize_statement", "parse_statement"}),
    frozenset({"commission_schedule", "commission_plans"}),
)
"""Groups of which a plugin implements all hooks or none."""


# identity


@hookspec(firstresult=True)
def broker_info() -> BrokerInfo:
    """The broker's facts: id (equal to the entry point's name), titles, kinds of files. Mandatory."""
    raise NotImplementedError


# symbols (indivisible)


@hookspec(firstresult=True)
def to_broker_symbol(instrument: Instrument) -> str:
    """The broker's own text for `instrument`, which `from_broker_symbol` turns back into an equal one.

    Raises `Unsupported` for an instrument that this broker does not trade or cannot name.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def from_broker_symbol(symbol: str, on: date | None) -> Instrument:
    """The instrument that the broker means by `symbol`.

    `on` is the date of the fill or quote (one-digit years need it); None where there is none. Raises
    `SymbolUnknown` for a text that it does not know: never a guess. The core asks once per distinct symbol
    and month, so this may be slow.
    """
    raise NotImplementedError


# statements (indivisible)


@hookspec(firstresult=True)
def recognize_statement(document: Document) -> StatementKind | None:
    """Which of this broker's kinds `document` is, or None. Looks at headers, never at a file's name alone."""
    raise NotImplementedError


@hookspec(firstresult=True)
def parse_statement(documents: Sequence[Document], options: ParseOptions) -> Statement:
    """The executions of `documents`: all of this broker's files of one run, each recognized before.

    Every data row of every document ends in exactly one place: used, joined, skipped with a reason, or a
    problem with row and column. Raises `StatementError` where a whole file cannot be read (a required
    column is missing) and `AmbiguousStatement` where an option of `options` has to settle how.
    """
    raise NotImplementedError


# commissions (indivisible)


@hookspec(firstresult=True)
def commission_plans() -> Sequence[CommissionPlan]:
    """The plans that an account at this broker can be on; the first is the default."""
    raise NotImplementedError


@hookspec(firstresult=True)
def commission_schedule(plan: str) -> CommissionSchedule:
    """All rates of `plan`, an id of `commission_plans`; `Unsupported` for any other text."""
    raise NotImplementedError


# The groups auth, orders, accounts, market data and limits follow here.
