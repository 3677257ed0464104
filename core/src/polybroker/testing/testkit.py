"""What a plugin gives the contract suite: a few files, a few symbols, and the deviations it owns up to.

A plugin names a callable that returns its `Testkit` in the entry point group `polybroker.testkits`, under its
broker id::

    [project.entry-points."polybroker.testkits"]
    acme = "polybroker_acme.testing:testkit"

Everything is optional. What the kit lacks is skipped with the reason, and a plugin without any kit is tried with
the sample files that its `broker_info` names. A kit grows by adding facts; no law is ever written in a plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen

from polybroker.model.instruments import Instrument
from polybroker.statements.options import ParseOptions

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from polybroker.testing.simulator.port import Simulator


@frozen(kw_only=True)
class WrittenFill:
    """A made-up fill that a kit's `write` renders into a file of its kind."""

    side: str
    """`buy` or `sell`."""
    quantity: Decimal
    price: Decimal
    local_time: datetime
    """The wall clock that the file shows, in whole seconds."""
    instrument: Instrument
    number: int
    """Tells the fills of one file apart: unique, ascending; what the fill's ids are made of."""


@frozen(kw_only=True)
class KnownFill:
    """What a person read off a row of a sample file: the golden answer that the parser has to give."""

    row: int
    side: str
    quantity: str
    price: str
    instrument_id: str | None = None
    timestamp: datetime | None = None
    """UTC."""
    commission: str | None = None


@frozen(kw_only=True)
class StatementSample:
    """A file as the broker exports it, and what is known of it.

    The suite rewrites the sample in many ways (rows, columns, encodings, ...) and expects the same executions.
    What the rewriting has to know (header row, the columns of price and quantity, the fill's id) is derived from the
    file where it is not stated.
    """

    name: str
    content: bytes = field(repr=False)
    kind: str
    """Id of the statement kind."""
    executions: int | None = None
    """How many executions the file holds; None: at least one."""
    options: ParseOptions = field(factory=ParseOptions)
    """What the user has to answer for this file."""
    header_row: int | None = None
    """1-based; None: the first row that is filled like a header."""
    footer_rows: int = 0
    """Rows below the data (totals, disclaimers) that are never moved."""
    sheet: str | None = None
    """The sheet of a workbook; None: its first."""
    columns: Mapping[str, str] = field(factory=dict)
    """The file's header for `side`, `quantity`, `price`, `symbol` and `fill_id`; derived where not stated."""
    required: tuple[str, ...] = ()
    """Headers without which the file has to be refused."""
    states_zone: bool = False
    """Whether the file's times carry a zone or an offset."""
    pays_rebates: bool = False
    """Whether a charge in the file may be money for the account."""
    known: tuple[KnownFill, ...] = ()
    write: Callable[[Sequence[WrittenFill]], bytes] | None = None
    """A file of this kind with just these fills."""


@frozen
class SymbolExample:
    """The broker's text, the date of the fill, and the instrument that it means."""

    text: str
    on: date | None
    instrument_id: str


@frozen(kw_only=True)
class ChargeExample:
    """What one execution of an order of its own costs; negative is a charge."""

    plan: str
    instrument: Instrument
    quantity: Decimal
    price: Decimal
    commission: Decimal
    fees: Decimal | None = None


@frozen(kw_only=True)
class Deviation:
    """A law that the plugin breaks on purpose, or because the broker does.

    The law always runs: one that passes after all fails the run, so that no excuse outlives its cause.
    """

    law: str
    reason: str
    source: str
    """Where the broker documents it: an address or a document with its date."""
    sample: str | None = None
    """The sample that deviates; None: every one."""


@frozen(kw_only=True)
class Testkit:
    """All that a plugin tells the contract suite."""

    __test__ = False

    samples: tuple[StatementSample, ...] = ()
    instruments: SearchStrategy[Instrument] | None = None
    """Instruments that the broker trades, of all its asset classes and of many expirations."""
    symbol_examples: tuple[SymbolExample, ...] = ()
    near_misses: tuple[str, ...] = ()
    """Texts that look like the broker's symbols and are none."""
    charge_examples: tuple[ChargeExample, ...] = ()
    simulator: Callable[[], Simulator] | None = None
    """A new simulated broker, with a fresh memory."""
    deviations: tuple[Deviation, ...] = ()
