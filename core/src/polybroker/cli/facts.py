"""What a broker is and can do, as JSON-ready data and in words."""

from __future__ import annotations

from typing import Any

from polybroker.broker import Broker
from polybroker.matrix import GROUPS
from polybroker.model.broker_info import StatementKind
from polybroker.registry import BrokenBroker


def broker_data(broker: Broker) -> dict[str, Any]:
    """The facts of a broker that can be used."""
    info = broker.info
    return {
        "id": broker.id,
        "title": info.title,
        "aliases": list(info.aliases),
        "website": info.website,
        "logo": info.logo,
        "data_feed": info.data_feed,
        "rates_page": info.rates_page,
        "stage": str(info.stage),
        "broken": None,
        "hooks": list(broker.hooks),
        "capabilities": {group: list(hooks) for group, hooks in broker.capabilities.items()},
        "statement_kinds": [kind_data(kind) for kind in info.statement_kinds],
        "distribution": broker.distribution,
        "version": broker.version,
    }


def broken_data(broker: BrokenBroker) -> dict[str, Any]:
    """The facts of a broker that cannot be used: `broken` has the reasons."""
    return {
        "id": broker.id,
        "broken": list(broker.reasons),
        "distribution": broker.distribution,
        "version": broker.version,
    }


def kind_data(kind: StatementKind) -> dict[str, Any]:
    """The facts of a kind of statement."""
    return {
        "id": kind.id,
        "title": kind.title,
        "extensions": list(kind.extensions),
        "granularity": str(kind.granularity),
        "timezone": kind.timezone,
        "exact": kind.exact,
        "export_instructions": kind.export_instructions,
        "sample": kind.sample,
    }


def capabilities_in_words(broker: Broker) -> str:
    """`symbols, statements`: the groups of which the broker offers something."""
    offered = broker.capabilities
    return ", ".join(group for group in GROUPS if group != "identity" and offered[group]) or "nothing"
