"""What a broker plugin says about itself that cannot be derived from its hooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
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


@frozen(kw_only=True)
class Environment:
    """One world of a broker: live, demo, a firm's own system. Plugins take every URL from here."""

    name: str
    endpoints: Mapping[str, str]
    """Base URLs by purpose: `rest`, `stream`, `login`, ..."""
    hosts: tuple[str, ...]
    """Patterns of the hosts that may be reached, `*.broker.com`; nothing else is."""
    live: bool = False
    """Whether orders move real money."""


@frozen(kw_only=True)
class ConfigField:
    """Something that a person has to say to connect."""

    name: str
    title: str
    secret: bool = False
    required: bool = True


@frozen(kw_only=True)
class ClientOrderIds:
    """What the broker takes as a client order id, and what it does with one."""

    charset: str
    """Every character that is allowed."""
    max_length: int
    idempotent: bool = False
    """Whether a second order with a known id is refused or answered with the first: only then may one be resent."""


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
    environments: tuple[Environment, ...] = ()
    """The first is the default; it should not be live."""
    config_fields: tuple[ConfigField, ...] = ()
    client_order_ids: ClientOrderIds | None = None
    """None: the broker has no client order ids."""
    consistency_delay: timedelta = timedelta(seconds=5)
    """How long an accepted order may be missing from the broker's lists."""
    history_window: timedelta | None = None
    """How far back orders and executions can be asked for; None: not known to end."""
    access_lifetime: timedelta | None = None
    """How long an access token is good for; None: the broker has none, or does not say."""
    login_lifetime: timedelta | None = None
    """When a person has to log in again at the latest; None: renewals go on."""
    quote_delay: timedelta | None = None
    """0 is real time; None: unknown or by subscription."""
    pkce: bool = True
    """Whether the broker's OAuth takes PKCE."""
