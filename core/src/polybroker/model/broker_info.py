"""What a broker plugin says about itself that cannot be derived from its hooks."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from polybroker.model.executions import Granularity


class Stage(StrEnum):
    """How far a plugin has come."""

    ACTIVE = "active"
    BETA = "beta"


@frozen
class StatementKind:
    """One kind of file that a broker exports.

    `exact` kinds know their file by its headers; a generic one claims only what no exact kind claims.
    `timezone` is the zone taken for wall-clock times when neither the file nor the user names one (with a
    warning). `sample` is the name of a sample file shipped as `data/<sample>` inside the plugin's package.
    """

    id: str
    title: str
    extensions: tuple[str, ...]
    granularity: Granularity
    timezone: str
    export_instructions: str
    sample: str
    exact: bool = True
    prefer_over: tuple[str, ...] = ()
    """Ids of kinds of the same broker whose rows this kind repeats, in better detail."""


@frozen
class BrokerInfo:
    """The facts of a broker: the one thing that every plugin has to state."""

    id: str
    title: str
    website: str
    aliases: tuple[str, ...] = ()
    logo: str | None = None
    data_feed: str | None = None
    """The market data feed that the broker's users have, for example `cqg`."""
    statement_kinds: tuple[StatementKind, ...] = ()
    rates_page: str | None = None
    """Where the broker publishes its commission rates."""
    stage: Stage = Stage.ACTIVE
    api_version: int = field(default=0)
    """The version of the hook contract that the plugin was written for."""
