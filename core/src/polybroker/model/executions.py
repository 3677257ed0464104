"""Executions, round trips and positions as records; `polybroker.statements.schema` has them as columns."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from attrs import field, frozen

from polybroker.model.instruments import AssetClass

WallTime = Annotated[datetime, "wall clock"]
"""A time as a clock on the wall shows it: without zone or offset."""


def _utc(_: object, attribute: object, value: datetime) -> None:
    if value.utcoffset() != timedelta(0):
        raise ValueError(f"{value} is not a time in UTC")


def _wall(_: object, attribute: object, value: datetime) -> None:
    if value.tzinfo is not None:
        raise ValueError(f"{value} is not a time of the wall clock: it has a zone")


class Side(StrEnum):
    """The direction of an execution."""

    BUY = "buy"
    SELL = "sell"


class Granularity(StrEnum):
    """What one row of the source stands for; an order's price is an average and can lie off the tick."""

    FILL = "fill"
    ORDER = "order"
    ROUND_TRIP = "round_trip"


class CommissionSource(StrEnum):
    """Where an execution's charges come from."""

    FILE = "file"
    SCHEDULE = "schedule"


class PositionStatus(StrEnum):
    """What an execution did to the position."""

    OPEN_LONG = "To Open Long"
    CLOSE_LONG = "To Close Long"
    OPEN_SHORT = "To Open Short"
    CLOSE_SHORT = "To Close Short"
    REVERSE_TO_LONG = "Reverse To Long"
    REVERSE_TO_SHORT = "Reverse To Short"


@frozen(kw_only=True)
class Execution:
    """One execution, normalized. Charges are negative, rebates positive: net = gross + commission + fees."""

    execution_id: str
    """The broker's fill id, or `h1:` and a content hash where it gives none."""
    transaction_id: str | None
    broker_id: str
    account: str | None
    order_id: str | None
    timestamp: datetime = field(validator=_utc)
    """UTC."""
    local_time: WallTime = field(validator=_wall)
    """The wall clock as the file shows it."""
    timezone: str | None
    """The zone that `local_time` was read in: an IANA name or an offset."""
    trading_day: date
    sequence: int
    """Breaks ties among equal timestamps; ascending in time."""
    instrument_id: str
    symbol: str
    contract: str
    raw_symbol: str
    asset_class: AssetClass | None
    """None: the symbol is unmapped."""
    exchange: str | None
    expiration: str | None
    side: Side
    quantity: Decimal
    """Always positive."""
    price: Decimal
    order_type: str | None
    multiplier: Decimal | None
    """Money per 1.0 of price and one unit; None: the symbol is unmapped."""
    currency: str | None
    commission: Decimal | None
    """The broker's charge for the whole row; None: not known."""
    fees: Decimal | None
    """Everybody else's charges (exchange, clearing, regulators); disjoint from `commission`."""
    commission_source: CommissionSource | None
    liquidity: str | None
    position_effect: Decimal
    """Change of the absolute position: opening quantity minus closing quantity."""
    position_quantity: Decimal
    """Signed position in the instrument after this execution."""
    status: PositionStatus
    granularity: Granularity
    source_file: str
    source_row: int
    parser_version: str


class Direction(StrEnum):
    """The direction of a round trip."""

    LONG = "long"
    SHORT = "short"


class Method(StrEnum):
    """How closing executions are matched with opening ones."""

    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"
    PER_POSITION = "per-position"


@frozen(kw_only=True)
class RoundTrip:
    """An opened and closed quantity. `fees` is commission and fees together; net = gross + fees."""

    account: str | None
    instrument_id: str
    symbol: str
    contract: str
    direction: Direction
    quantity: Decimal
    entry_time: datetime = field(validator=_utc)
    exit_time: datetime = field(validator=_utc)
    entry_price: Decimal
    exit_price: Decimal
    gross_pnl: Decimal | None
    """None: the symbol is unmapped, its multiplier unknown."""
    fees: Decimal | None
    net_pnl: Decimal | None
    currency: str | None
    trading_day: date
    """The exit's trading day."""
    entry_id: str | None
    """Execution id of the first entry; None: it was open before the history began."""
    exit_id: str
    """Execution id of the last exit."""


@frozen(kw_only=True)
class OpenPosition:
    """What is still open after the last execution; `quantity` is signed."""

    account: str | None
    instrument_id: str
    symbol: str
    contract: str
    quantity: Decimal
    average_price: Decimal
    currency: str | None


@frozen(kw_only=True)
class Totals:
    """Sums over round trips; trips of unmapped symbols are counted but have no money."""

    currency: str | None
    gross_pnl: Decimal
    fees: Decimal
    net_pnl: Decimal
    round_trips: int
    wins: int
    losses: int
