"""A sample file on the bench: its table, the meaning of its columns, and what the broker under test reads in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

import polars as pl
from attrs import evolve, frozen

from polybroker.broker import Broker
from polybroker.errors import StatementError
from polybroker.model.executions import CommissionSource
from polybroker.statements.document import open_document
from polybroker.statements.importer import Import, ImportOptions, import_statements
from polybroker.statements.statement import Statement
from polybroker.testing.grid import Delimited, Grid, Workbook, read_grid
from polybroker.testing.testkit import StatementSample

File = tuple[str, bytes]
"""A file's name and its content."""

BUY_WORDS: Final = frozenset({"b", "buy", "bot", "bought", "bc", "buy to cover", "buy to open", "buy to close"})
SELL_WORDS: Final = frozenset({"s", "sell", "sld", "sold", "ss", "sell short", "sell to open", "sell to close"})
_PLAIN: Final = re.compile(r"-?\d+(\.\d+)?")
_COMMA: Final = re.compile(r"-?\d+,(\d{1,2}|\d{4,})")
_GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)|-?\d{1,3}(,\d{3}){2,}")
ROLES: Final = ("side", "quantity", "price", "symbol", "fill_id")
"""What a column of a sample can be known to hold."""


class Fact(NamedTuple):
    """What an execution is, wherever in which file it stood."""

    execution_id: str
    account: str | None
    instrument_id: str
    raw_symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    timestamp: datetime
    local_time: datetime
    currency: str | None
    multiplier: Decimal | None
    commission: Decimal | None
    fees: Decimal | None
    order_id: str | None
    transaction_id: str | None


@frozen(eq=False)
class Reading:
    """What came of importing files."""

    files: tuple[File, ...]
    result: Import

    @property
    def executions(self) -> pl.DataFrame:
        """The executions, with the columns of `EXECUTIONS`."""
        return self.result.executions

    @cached_property
    def stated(self) -> pl.DataFrame:
        """The executions with the charges that the files state; estimates depend on what else is imported."""
        from_file = pl.col("commission_source") == CommissionSource.FILE
        return self.executions.with_columns(pl.when(from_file).then(pl.col("commission", "fees")))

    @cached_property
    def facts(self) -> Counter[Fact]:
        """The executions as a multiset, without their order and place."""
        return Counter(map(Fact._make, self.stated.select(Fact._fields).rows()))

    @cached_property
    def by_row(self) -> dict[tuple[str, int], list[Fact]]:
        """The executions of every row that became some, by file and row."""
        found: dict[tuple[str, int], list[Fact]] = {}
        for file, row, *fields in self.stated.select("source_file", "source_row", *Fact._fields).rows():
            found.setdefault((file, row), []).append(Fact._make(fields))
        return found

    @cached_property
    def problem_rows(self) -> set[tuple[str, int]]:
        """The rows that could not be read, by file and row."""
        return {(problem.file, problem.row) for problem in self.result.report.problems if problem.row is not None}

    @property
    def skipped(self) -> int:
        """How many rows were left out with a reason."""
        return sum(entry.rows for entry in self.result.report.skipped)


@frozen(eq=False)
class Specimen:
    """A sample, as the broker under test reads it."""

    sample: StatementSample
    broker: Broker

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def name(self) -> str:
        """The file's name."""
        return self.sample.name

    @cached_property
    def table(self) -> Grid | None:
        """The sample as a table; None where it is none."""
        sample = self.sample
        try:
            return read_grid(
                sample.content, header_row=sample.header_row, footer_rows=sample.footer_rows, sheet=sample.sheet
            )
        except Exception:  # what is no workbook after all makes openpyxl raise anything
            return None

    @property
    def grid(self) -> Grid:
        """The sample as a table; `TypeError` where it is none."""
        if self.table is None:
            raise TypeError(f"{self.name} is no table")
        return self.table

    @cached_property
    def original(self) -> Reading:
        """What the unchanged sample holds."""
        return self.read(self.sample.content)

    def row(self, place: int) -> int:
        """The 1-based row in the file of the data row at `place` of the table."""
        return self.grid.first_row + place

    def facts_at(self, place: int) -> list[Fact]:
        """The executions of the data row at `place` of the rewritten table, where no blank row was dropped."""
        return self.rewritten.by_row.get((self.name, self.row(place)), [])

    @cached_property
    def rewritten(self) -> Reading:
        """What the sample holds after it was read and written by the suite, unchanged."""
        return self.read(self.grid)

    def read(self, *contents: Grid | bytes, name: str | None = None, **options: Any) -> Reading:
        """Import the files, with the sample's options changed by `options`; raises what the import raises."""
        given = [content.content() if isinstance(content, Grid) else content for content in contents]
        names = [self.file_name(number, name) for number in range(len(given))]
        return self.read_files(list(zip(names, given, strict=True)), **options)

    def read_files(self, files: Sequence[File], **options: Any) -> Reading:
        """Import files of any names, with the sample's options changed by `options`."""
        parse = evolve(self.sample.options, **options)
        result = import_statements(
            [open_document(content, name=name) for name, content in files],
            broker=self.broker.id,
            brokers={self.broker.id: self.broker},
            options=ImportOptions(parse=parse),
        )
        return Reading(tuple(files), result)

    def try_read(self, *contents: Grid | bytes, name: str | None = None, **options: Any) -> Reading | StatementError:
        """Like `read`; a typed refusal is returned."""
        try:
            return self.read(*contents, name=name, **options)
        except StatementError as refusal:
            return refusal

    def parse(self, content: Grid | bytes) -> Statement:
        """What the plugin itself says of one file."""
        given = content.content() if isinstance(content, Grid) else content
        return self.broker.parse_statement((open_document(given, name=self.name),), self.sample.options)

    def file_name(self, number: int, name: str | None = None) -> str:
        """The sample's name, and names like it for further files of one run."""
        if name is not None or number == 0:
            return name or self.name
        stem, dot, suffix = self.name.rpartition(".")
        return f"{stem}-{number + 1}{dot}{suffix}"

    @cached_property
    def columns(self) -> dict[str, str]:
        """The headers of side, quantity, price, symbol and fill id, stated or found by what they hold."""
        return {role: name for role in ROLES if (name := self._column(role)) is not None}

    def has(self, need: str) -> bool:
        """Whether a law that needs this can be tried. A sample that cannot be read at all is tried, and fails."""
        if need == "table":
            return self.table is not None
        if need == "delimited":
            return self.table is not None and isinstance(self.table.layout, Delimited)
        if need == "workbook":
            return self.table is not None and isinstance(self.table.layout, Workbook)
        if need in ("write", "known", "required"):
            return bool(getattr(self.sample, need))
        if need == "wall_clock":
            return not self.sample.states_zone
        if self.table is None:
            return False
        if need == "content_identity":
            return "fill_id" not in self.columns
        return need in self.columns

    def written(self, value: Decimal) -> str:
        """The number as the sample's price column writes numbers: with its decimal mark."""
        commas = any(_COMMA.fullmatch(text) for text in self.grid.column(self.columns["price"]))
        return format(value, "f").replace(".", "," if commas else ".")

    def _column(self, role: str) -> str | None:
        if role in self.sample.columns:
            return self.sample.columns[role]
        fits = _FITS[role]
        try:
            pairs = [(place, facts) for place in range(len(self.grid.body)) if (facts := self.facts_at(place))]
        except Exception:
            return None
        found = [
            name
            for name in self.grid.names
            if name and pairs and all(fits(self.grid.column(name)[place], facts[0]) for place, facts in pairs)
        ]
        return found[0] if len(found) == 1 else None


def number(text: str) -> Decimal | None:
    """The number in a cell, where only one reading is possible; None where it is none, or could be two."""
    plain = text.strip().removeprefix("$")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    return Decimal(plain) if _PLAIN.fullmatch(plain) else None


def side_word(text: str) -> str | None:
    """`buy` or `sell`; None where the text is neither."""
    word = " ".join(text.lower().replace("_", " ").split())
    return "buy" if word in BUY_WORDS else "sell" if word in SELL_WORDS else None


def _near(text: str, value: Decimal) -> bool:
    found = number(text)
    return found is not None and abs(abs(found) - abs(value)) <= abs(value) * Decimal("0.000001")


_FITS: Final[dict[str, Callable[[str, Fact], bool]]] = {
    "side": lambda text, fact: side_word(text) is not None,
    "quantity": lambda text, fact: _near(text, fact.quantity),
    "price": lambda text, fact: _near(text, fact.price),
    "symbol": lambda text, fact: text == fact.raw_symbol,
    "fill_id": lambda text, fact: text == fact.execution_id,
}
