"""What brokers can do, computed from the hooks that their plugins implement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from polybroker.broker import Broker

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "identity": ("broker_info",),
    "symbols": ("to_broker_symbol", "from_broker_symbol"),
    "statements": ("recognize_statement", "parse_statement"),
    "commissions": ("commission_plans", "commission_schedule"),
    "auth": ("begin_login", "redeem_login", "open_session", "renew_session", "close_session", "revoke_login"),
    "accounts": ("accounts", "balances", "positions", "executions"),
    "orders": (
        "check_order",
        "place_order",
        "replace_order",
        "cancel_order",
        "cancel_all",
        "preview_order",
        "open_orders",
        "orders",
        "order_by_client_id",
        "order_events",
        "account_events",
    ),
    "market data": (
        "quotes",
        "option_chain",
        "search_instruments",
        "price_history",
        "market_hours",
        "movers",
        "quote_stream",
        "depth_stream",
    ),
    "limits": ("rate_limits",),
}
"""All hooks by group, in the order of `polybroker.hookspecs`."""

HOOKS: Final = tuple(hook for hooks in GROUPS.values() for hook in hooks)
"""All hooks, in the order of `polybroker.hookspecs`."""


def capabilities(hooks: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The hooks among `hooks` by group; a group of which there is none has an empty tuple."""
    offered = frozenset(hooks)
    return {group: tuple(hook for hook in members if hook in offered) for group, members in GROUPS.items()}


def matrix(brokers: Iterable[Broker]) -> dict[str, dict[str, bool]]:
    """For every broker id whether it offers each hook."""
    return {broker.id: {hook: broker.offers(hook) for hook in HOOKS} for broker in brokers}


def markdown(brokers: Iterable[Broker]) -> str:
    """The matrix as a Markdown table: a row for each broker, a column for each group."""
    groups = [group for group in GROUPS if group != "identity"]
    lines = ["| broker | " + " | ".join(groups) + " |", "|---" * (len(groups) + 1) + "|"]
    for broker in sorted(brokers, key=lambda broker: broker.id):
        offered = capabilities(broker.hooks)
        cells = ["yes" if offered[group] == GROUPS[group] else ", ".join(offered[group]) or "-" for group in groups]
        lines.append(f"| {broker.info.title} (`{broker.id}`) | " + " | ".join(cells) + " |")
    return "\n".join(lines)
