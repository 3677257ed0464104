"""Read any broker's statements: from files to executions, round trips and profit and loss."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import polars as pl
from attrs import define, field, frozen

from polybroker.broker import Broker
from polybroker.errors import StatementError
from polybroker.ledger.books import Books
from polybroker.ledger.matching import match
from polybroker.ledger.positions import positions_and_books
from polybroker.ledger.totals import totals
from polybroker.model.broker_info import StatementKind
from polybroker.model.executions import Method
from polybroker.model.money import exact
from polybroker.registry import brokers as installed_brokers
from polybroker.registry import find_broker
from polybroker.statements.detection import chosen_broker, recognize, recognize_as
from polybroker.statements.document import Document, open_document
from polybroker.statements.estimates import with_estimates
from polybroker.statements.export import conversion, trades
from polybroker.statements.intake import Draft, read_draft
from polybroker.statements.limits import LIBRARY_LIMITS, Limits
from polybroker.statements.normalize import normalized
from polybroker.statements.opening import Surroundings, checked_opening, read_opening
from polybroker.statements.options import ParseOptions
from polybroker.statements.report import ImportReport, report

SEVERAL = "several"
"""The broker or kind of an import whose files are not all of one."""

Source = str | os.PathLike[str] | bytes | Document


def _charges(_: object, __: object, rates: Mapping[str, Decimal]) -> None:
    for root, rate in rates.items():
        if exact(rate) < 0:
            raise ValueError(f"a custom rate is a charge above 0, not {rate} for {root}")


@frozen(kw_only=True)
class ImportOptions:
    """What the user says about files, beyond the files themselves."""

    parse: ParseOptions = field(factory=ParseOptions)
    plan: str | None = None
    """The commission plan by which missing charges are estimated, or `auto`; None: only where no file carries any."""
    custom_rates: Mapping[str, Decimal] = field(factory=dict, validator=_charges)
    """The charge per unit and side by root or ticker, `*` for all others, in the instrument's currency."""
    symbol_overrides: Mapping[str, str] = field(factory=dict)
    """For a raw symbol: one that the broker knows, or an instrument text (`future:CME:MES:2025-03`)."""
    opening: pl.DataFrame | Source | None = None
    """Positions held before the first execution: a file (see `polybroker.statements.opening`), or a frame with
    `account`, `instrument_id`, signed `quantity` and `average_price`."""
    method: Method = Method.FIFO


@frozen
class ImportedFile:
    """One file of a run: whose it is, and how many data rows it has."""

    file: str
    broker: str
    kind: str
    rows: int


@define(eq=False)
class Import:
    """The executions of a run, and what follows from them."""

    files: tuple[ImportedFile, ...]
    """In the order given."""
    executions: pl.DataFrame
    """The columns of `EXECUTIONS`, ordered by time and `sequence`."""
    report: ImportReport
    method: Method = Method.FIFO
    """The method that is used where none is named."""
    _opening: pl.DataFrame | None = None
    _books: Books | None = None
    """Those of `executions` with the openings, where all are one broker's."""
    _matched: dict[Method, tuple[pl.DataFrame, pl.DataFrame]] = field(factory=dict, init=False)

    @property
    def broker(self) -> str:
        """The broker of all files, or `several`."""
        return _common(file.broker for file in self.files)

    @property
    def kind(self) -> str:
        """The kind of all files, or `several`."""
        return _common(file.kind for file in self.files)

    def round_trips(self, method: Method | None = None) -> pl.DataFrame:
        """What was opened and closed, with the columns of `ROUND_TRIPS`; computed once for each method."""
        return self._match(method)[0]

    def open_positions(self, method: Method | None = None) -> pl.DataFrame:
        """What is open after the last execution, with the columns of `OPEN_POSITIONS`."""
        return self._match(method)[1]

    def totals(self, method: Method | None = None, by: Sequence[str] = ("currency",)) -> pl.DataFrame:
        """Sums over the round trips for each value of the columns `by`."""
        return totals(self.round_trips(method), by)

    def to_json(self) -> dict[str, Any]:
        """Files, executions and report as JSON-ready data."""
        return conversion(self)

    def trades_json(self, method: Method | None = None) -> dict[str, Any]:
        """Round trips, open positions and totals as JSON-ready data."""
        return trades(self, method)

    def _match(self, method: Method | None) -> tuple[pl.DataFrame, pl.DataFrame]:
        chosen = Method(method or self.method)
        if chosen not in self._matched:
            with _bounded():
                if self._books is not None:
                    parts = [match(self.executions, chosen, self._opening, self._books)]
                else:
                    parts = [match(part, chosen, self._opening) for part in _by_broker(self.executions)]
            trips = pl.concat([part.round_trips for part in parts])
            held = pl.concat([part.open_positions for part in parts])
            if len(parts) > 1:
                trips = trips.sort("exit_time", maintain_order=True)
            self._matched[chosen] = (trips, held)
        return self._matched[chosen]


def import_statements(
    paths: Iterable[Source] | Source,
    *,
    broker: str | None = None,
    options: ImportOptions | None = None,
    brokers: Mapping[str, Broker] | None = None,
    limits: Limits = LIBRARY_LIMITS,
) -> Import:
    """Read statement files, of one broker or of several, into one history.

    `paths` are names of files, their bytes, or open documents. Without `broker` (an id or alias) every broker of
    `brokers` (default: all that are installed) is asked whose each file is. Files of one broker may overlap: nothing
    is counted twice, and the order in which they are given does not matter. Rows that cannot be read are problems in
    the report and never stop the others.

    Raises `UnrecognizedStatement` for a file that no broker or more than one claims, or that is none of the named
    broker's; `StatementError` for one that cannot be read as a whole; `AmbiguousStatement` where an option has to
    settle how; `UnsafeDocument` for one that breaks `limits`; `FileNotFoundError` for one that is not there.
    """
    chosen = options or ImportOptions()
    warnings: list[str] = []
    claimed = _claimed(_documents(paths, limits), broker, brokers, warnings)
    if chosen.opening is not None and len({entry.broker.id for entry in claimed}) > 1:
        raise StatementError("opening positions need the files of one broker at a time")
    runs = _runs(claimed, chosen, limits)
    executions, books = runs[0].executions, runs[0].books
    if len(runs) > 1:
        books = None
        executions = pl.concat([run.executions for run in runs]).sort("timestamp", maintain_order=True)
    found = report(
        [run.draft.rows for run in runs],
        executions.height,
        [symbol for run in runs for symbol in run.unmapped],
        [*warnings, *(warning for run in runs for warning in run.warnings)],
    )
    return Import(_files(claimed, runs), executions, found, chosen.method, runs[0].opening, books)


@frozen(eq=False)
class _Claimed:
    document: Document
    mark: str
    """Tells documents of one name apart, whatever order they come in."""
    broker: Broker
    kind: StatementKind


@frozen(eq=False)
class _Run:
    """One broker's share of a run; `claimed` is in the order of the draft's documents."""

    claimed: tuple[_Claimed, ...]
    draft: Draft
    executions: pl.DataFrame
    books: Books | None
    opening: pl.DataFrame | None
    unmapped: tuple[str, ...]
    warnings: tuple[str, ...]


def _documents(paths: Iterable[Source] | Source, limits: Limits) -> list[tuple[Document, str]]:
    sources = [paths] if isinstance(paths, str | os.PathLike | bytes | Document) else list(paths)
    if not sources:
        raise StatementError("no files were given")
    return [_opened(source, limits) for source in sources]


def _opened(source: Source, limits: Limits) -> tuple[Document, str]:
    if isinstance(source, Document):
        return source, ""
    mark = blake2b(source, digest_size=16).hexdigest() if isinstance(source, bytes) else os.fspath(source)
    return open_document(source, limits=limits), mark


def _claimed(
    documents: Iterable[tuple[Document, str]],
    name: str | None,
    brokers: Mapping[str, Broker] | None,
    warnings: list[str],
) -> list[_Claimed]:
    if name is None:
        asked = installed_brokers() if brokers is None else brokers
        return [_Claimed(file, mark, *recognize(file, asked, warnings=warnings)) for file, mark in documents]
    broker = find_broker(name) if brokers is None else chosen_broker(name, brokers)
    return [_Claimed(file, mark, broker, recognize_as(broker, file, brokers)) for file, mark in documents]


def _runs(claimed: Iterable[_Claimed], options: ImportOptions, limits: Limits) -> list[_Run]:
    """Each broker's documents read, in an order that does not depend on the order given."""
    groups: dict[str, list[_Claimed]] = {}
    for entry in sorted(claimed, key=lambda entry: (entry.broker.id, entry.document.name, entry.mark)):
        groups.setdefault(entry.broker.id, []).append(entry)
    return [_run(tuple(entries), options, limits, alone=len(groups) == 1) for entries in groups.values()]


def _run(claimed: tuple[_Claimed, ...], options: ImportOptions, limits: Limits, *, alone: bool) -> _Run:
    broker = claimed[0].broker
    draft = read_draft(broker, [entry.document for entry in claimed], options.parse)
    found = normalized(
        draft,
        [entry.kind for entry in claimed],
        timezone=options.parse.timezone,
        symbol_overrides=options.symbol_overrides,
    )
    plan = options.plan if alone or broker.offers("commission_plans") else None
    estimated = with_estimates(found.executions, broker, plan, options.custom_rates)
    opening = _opening(options, Surroundings(broker, options.symbol_overrides, estimated.executions), limits)
    with _bounded():
        executions, books = positions_and_books(estimated.executions, opening)
    warnings = (*draft.warnings, *found.warnings, *estimated.warnings)
    return _Run(claimed, draft, executions, books, opening, found.unmapped, warnings)


def _opening(options: ImportOptions, around: Surroundings, limits: Limits) -> pl.DataFrame | None:
    if options.opening is None:
        return None
    if isinstance(options.opening, pl.DataFrame):
        return checked_opening(options.opening)
    return read_opening(_opened(options.opening, limits)[0], around, options.parse)


@contextmanager
def _bounded() -> Iterator[None]:
    """Positions and sums that no exact column can hold, as they come from nonsensical files."""
    try:
        yield
    except OverflowError as error:
        raise StatementError(f"the quantities and prices are too large to be added up exactly: {error}") from error


def _files(claimed: Iterable[_Claimed], runs: Iterable[_Run]) -> tuple[ImportedFile, ...]:
    rows = {id(entry): run.draft.rows.total(index) for run in runs for index, entry in enumerate(run.claimed)}
    return tuple(
        ImportedFile(entry.document.name, entry.broker.id, entry.kind.id, rows[id(entry)]) for entry in claimed
    )


def _by_broker(executions: pl.DataFrame) -> list[pl.DataFrame]:
    """A frame for each broker: accounts of two brokers are never one, whatever they are called."""
    if executions.get_column("broker_id").n_unique() < 2:
        return [executions]
    return executions.partition_by("broker_id", maintain_order=True)


def _common(names: Iterable[str]) -> str:
    distinct = set(names)
    return distinct.pop() if len(distinct) == 1 else SEVERAL
