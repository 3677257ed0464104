"""One typed interface to any broker: plugins, statements, exact profit and loss.

The names below are the public ones. They are loaded when first used: `import polybroker` itself costs next to
nothing, and tables (polars) are loaded only by what reads or computes them.
"""

TYPE_CHECKING = False  # what type checkers take for true; importing typing would cost more than this whole module
if TYPE_CHECKING:
    from typing import Any

    from polybroker.broker import Broker
    from polybroker.errors import (
        AmbiguousStatement,
        AuthError,
        BrokerError,
        ErrorCode,
        OutcomeUnknown,
        PluginError,
        RateLimited,
        ReauthRequired,
        Rejected,
        StatementError,
        SymbolUnknown,
        Unavailable,
        UnknownBroker,
        UnrecognizedStatement,
        UnsafeDocument,
        Unsupported,
    )
    from polybroker.hookspecs import API_VERSION, hookimpl
    from polybroker.model.accounts import Account, AccountType, Balance, Position
    from polybroker.model.broker_info import BrokerInfo, Stage, StatementKind
    from polybroker.model.commissions import Basis, CommissionPlan, CommissionSchedule, Liquidity, Part, Rate
    from polybroker.model.executions import (
        CommissionSource,
        Direction,
        Execution,
        Granularity,
        Method,
        OpenPosition,
        PositionStatus,
        RoundTrip,
        Side,
        Totals,
    )
    from polybroker.model.futures import ContractMonth
    from polybroker.model.instruments import AssetClass, Future, Instrument, Option, Pair, Stock
    from polybroker.model.options import OptionRight
    from polybroker.model.orders import (
        AccountExecution,
        Ack,
        Fill,
        Leg,
        Linkage,
        Order,
        OrderEvent,
        OrderRequest,
        OrderSide,
        OrderStatus,
        OrderType,
        PositionIntent,
        Preview,
        TimeInForce,
        single,
    )
    from polybroker.policies import (
        AuditFile,
        AuditRecord,
        AuditTampered,
        Denied,
        Intent,
        IntentState,
        Journal,
        KillSwitch,
        LiveOrder,
        MemoryJournal,
        Operation,
        OrderCall,
        Policy,
        Reconciliation,
        RiskLimits,
        SqliteJournal,
        Window,
        ask_before_retry,
        audit,
        check_chain,
        journal,
        reconcile,
        risk,
        settle,
    )
    from polybroker.registry import BrokenBroker, Registry, broken_brokers, brokers, find_broker
    from polybroker.session import Session
    from polybroker.statements.importer import Import, ImportOptions, import_statements
    from polybroker.statements.options import CommissionSign, ParseOptions

__all__ = [
    "API_VERSION",
    "Account",
    "AccountExecution",
    "AccountType",
    "Ack",
    "AmbiguousStatement",
    "AssetClass",
    "AuditFile",
    "AuditRecord",
    "AuditTampered",
    "AuthError",
    "Balance",
    "Basis",
    "BrokenBroker",
    "Broker",
    "BrokerError",
    "BrokerInfo",
    "CommissionPlan",
    "CommissionSchedule",
    "CommissionSign",
    "CommissionSource",
    "ContractMonth",
    "Denied",
    "Direction",
    "ErrorCode",
    "Execution",
    "Fill",
    "Future",
    "Granularity",
    "Import",
    "ImportOptions",
    "Instrument",
    "Intent",
    "IntentState",
    "Journal",
    "KillSwitch",
    "Leg",
    "Linkage",
    "Liquidity",
    "LiveOrder",
    "MemoryJournal",
    "Method",
    "OpenPosition",
    "Operation",
    "Option",
    "OptionRight",
    "Order",
    "OrderCall",
    "OrderEvent",
    "OrderRequest",
    "OrderSide",
    "OrderStatus",
    "OrderType",
    "OutcomeUnknown",
    "Pair",
    "ParseOptions",
    "Part",
    "PluginError",
    "Policy",
    "Position",
    "PositionIntent",
    "PositionStatus",
    "Preview",
    "Rate",
    "RateLimited",
    "ReauthRequired",
    "Reconciliation",
    "Registry",
    "Rejected",
    "RiskLimits",
    "RoundTrip",
    "Session",
    "Side",
    "SqliteJournal",
    "Stage",
    "StatementError",
    "StatementKind",
    "Stock",
    "SymbolUnknown",
    "TimeInForce",
    "Totals",
    "Unavailable",
    "UnknownBroker",
    "UnrecognizedStatement",
    "UnsafeDocument",
    "Unsupported",
    "Window",
    "ask_before_retry",
    "audit",
    "broken_brokers",
    "brokers",
    "check_chain",
    "find_broker",
    "hookimpl",
    "import_statements",
    "journal",
    "reconcile",
    "risk",
    "settle",
    "single",
]

_MODULES = {
    "polybroker.broker": "Broker",
    "polybroker.errors": (
        "AmbiguousStatement AuthError BrokerError ErrorCode OutcomeUnknown PluginError RateLimited ReauthRequired "
        "Rejected StatementError SymbolUnknown Unavailable UnknownBroker UnrecognizedStatement UnsafeDocument "
        "Unsupported"
    ),
    "polybroker.hookspecs": "API_VERSION hookimpl",
    "polybroker.model.accounts": "Account AccountType Balance Position",
    "polybroker.model.broker_info": "BrokerInfo Stage StatementKind",
    "polybroker.model.commissions": "Basis CommissionPlan CommissionSchedule Liquidity Part Rate",
    "polybroker.model.executions": (
        "CommissionSource Direction Execution Granularity Method OpenPosition PositionStatus RoundTrip Side Totals"
    ),
    "polybroker.model.futures": "ContractMonth",
    "polybroker.model.instruments": "AssetClass Future Instrument Option Pair Stock",
    "polybroker.model.options": "OptionRight",
    "polybroker.model.orders": (
        "AccountExecution Ack Fill Leg Linkage Order OrderEvent OrderRequest OrderSide OrderStatus OrderType "
        "PositionIntent Preview TimeInForce single"
    ),
    "polybroker.policies": (
        "AuditFile AuditRecord AuditTampered Denied Intent IntentState Journal KillSwitch LiveOrder "
        "MemoryJournal Operation OrderCall Policy Reconciliation RiskLimits SqliteJournal Window "
        "ask_before_retry audit check_chain journal reconcile risk settle"
    ),
    "polybroker.registry": "BrokenBroker Registry broken_brokers brokers find_broker",
    "polybroker.session": "Session",
    "polybroker.statements.importer": "Import ImportOptions import_statements",
    "polybroker.statements.options": "CommissionSign ParseOptions",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'polybroker' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
