"""Laws about reading a broker's files: exact, complete, and nobody else's."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from polybroker.errors import StatementError, SymbolUnknown, Unsupported
from polybroker.model.instruments import Future, Instrument, Option
from polybroker.model.money import parse_decimal
from polybroker.statements.document import open_document
from polybroker.statements.options import CommissionSign
from polybroker.statements.schema import EXECUTIONS
from polybroker.testing.checks import accounted, row_count, same
from polybroker.testing.foreign import FOREIGN_FILES, foreign_tables
from polybroker.testing.laws import law
from polybroker.testing.specimen import ROLES, Reading, Specimen, number, side_word
from polybroker.testing.subject import Subject, sample_file
from polybroker.testing.testkit import WrittenFill

STATEMENTS = ("recognize_statement", "parse_statement")
FIXED_ZONES = ("UTC", "Asia/Tokyo", "America/Phoenix")
"""Zones without summer time: no wall clock is missing or doubled in them."""


def used_places(sample: Specimen) -> list[int]:
    """The data rows of the sample's table that became executions."""
    return [place for place in range(len(sample.grid.body)) if sample.facts_at(place)]


@law(*STATEMENTS)
def test_a_testkit_speaks_of_what_is_in_the_sample(subject: Subject, sample: Specimen) -> None:
    """A law that looks for a column that is not there tries nothing."""
    stated = sample.sample
    kinds = [kind.id for kind in subject.plugin.info.statement_kinds]
    assert stated.kind in kinds, f"there is no kind {stated.kind!r}"
    assert set(stated.columns) <= set(ROLES), f"columns are stated for {', '.join(ROLES)}"
    names = sample.grid.names if sample.table else ()
    absent = {*stated.columns.values(), *stated.required} - set(names)
    assert not absent, f"{sample.name} has no column {', '.join(sorted(absent))}; it has {', '.join(names)}"


@law(*STATEMENTS)
def test_a_sample_is_read_whole(subject: Subject, sample: Specimen) -> None:
    """The broker's own file has no problems, and as many executions as a person counts in it."""
    report = sample.original.result.report
    assert sample.original.executions.schema == EXECUTIONS
    assert not report.problems, [str(problem) for problem in report.problems]
    assert sample.original.result.kind == sample.sample.kind
    wanted, found = sample.sample.executions, sample.original.executions.height
    assert found == wanted if wanted is not None else found > 0, f"{found} executions"


@law(*STATEMENTS)
def test_every_row_ends_in_exactly_one_place(subject: Subject, sample: Specimen) -> None:
    """Used, joined, skipped and problem rows are all rows: what is not accounted for is lost without a word."""
    accounted(sample.original, row_count(sample.grid) if sample.table else None)


@law(*STATEMENTS)
def test_reading_again_gives_the_same(subject: Subject, sample: Specimen) -> None:
    """A parser remembers nothing: what it read before has no part in what it reads now."""
    first = sample.read(sample.sample.content)
    if sample.table is not None and len(sample.grid.body) > 1:
        sample.try_read(sample.grid.take(range(len(sample.grid.body) // 2)))
    again = sample.read(sample.sample.content)
    assert first.executions.equals(again.executions)
    assert first.result.report == again.result.report


@law(*STATEMENTS)
def test_the_name_of_a_file_means_nothing(subject: Subject, sample: Specimen) -> None:
    """Browsers rename what they download: kind and executions follow from the content."""
    suffix = "." + sample.name.rpartition(".")[2]
    for name in (f"download (1){suffix}", f"2031-01-01{suffix.upper()}", f"ümlaut & co{suffix}", "statement"):
        same(sample.read(sample.sample.content, name=name), sample.original)


@law(*STATEMENTS)
def test_looking_at_a_file_changes_nothing(subject: Subject, sample: Specimen) -> None:
    """A document is asked about by every plugin in turn: the second look has to see what the first one saw."""
    document = open_document(sample.sample.content, name=sample.name)
    kinds = [subject.plugin.recognize_statement(document) for _ in range(3)]
    assert kinds == [subject.plugin.statement_kind(sample.sample.kind)] * 3
    statement = subject.plugin.parse_statement((document,), sample.sample.options)
    assert statement.draft().equals(sample.parse(sample.sample.content).draft())


@law("recognize_statement")
def test_a_file_of_something_else_is_not_claimed(subject: Subject, data: st.DataObject) -> None:
    """Whoever claims what he cannot read takes it from the broker that can, or fails later and worse."""
    name, content = data.draw(st.sampled_from(FOREIGN_FILES) | foreign_tables(), label="file")
    claimed = subject.plugin.recognize_statement(open_document(content, name=name))
    assert claimed is None, f"{name} is taken for {claimed.id}"


@law("recognize_statement")
def test_the_samples_of_others_are_left_alone(subject: Subject) -> None:
    """Only a generic kind may know another broker's file: there it stands back."""
    for name, other in subject.neighbours.items():
        for kind in other.info.statement_kinds if name != subject.name else ():
            content = sample_file(other, kind)
            if content:
                claimed = subject.plugin.recognize_statement(open_document(content, name=kind.sample))
                assert claimed is None or not claimed.exact, f"{name}'s {kind.sample} is taken for {claimed.id}"


@law(*STATEMENTS, needs=("known",))
def test_known_fills_are_read_as_a_person_reads_them(subject: Subject, sample: Specimen) -> None:
    """The golden answers: what somebody saw in the file is what comes out."""
    for known in sample.sample.known:
        facts = sample.original.by_row.get((sample.name, known.row), [])
        assert facts, f"row {known.row} is no execution"
        fact = facts[0]
        assert fact.side == known.side, f"row {known.row}: {fact.side}"
        assert (fact.quantity, fact.price) == (Decimal(known.quantity), Decimal(known.price)), f"row {known.row}"
        assert known.instrument_id in (None, fact.instrument_id), f"row {known.row}: {fact.instrument_id}"
        assert known.timestamp in (None, fact.timestamp), f"row {known.row}: {fact.timestamp}"
        assert known.commission is None or fact.commission == Decimal(known.commission), f"row {known.row}"


@law(*STATEMENTS, needs=("table", "side"))
def test_a_side_is_what_the_file_says(subject: Subject, sample: Specimen) -> None:
    """A sale read as a purchase doubles the position instead of closing it."""
    cells = sample.grid.column(sample.columns["side"])
    for place in used_places(sample):
        word = side_word(cells[place])
        assert all(word in (None, fact.side) for fact in sample.facts_at(place)), f"row {sample.row(place)}"


@law(*STATEMENTS, needs=("table", "quantity", "price"))
def test_prices_and_quantities_are_exact(subject: Subject, sample: Specimen) -> None:
    """Money never passes through a binary fraction: what the cell says is what comes out, to the last digit."""
    prices, sizes = (sample.grid.column(sample.columns[role]) for role in ("price", "quantity"))
    for place in used_places(sample):
        price, size = number(prices[place]), number(sizes[place])
        facts = sample.facts_at(place)
        assert price is None or all(fact.price == price for fact in facts), f"row {sample.row(place)}: {facts[0].price}"
        assert size is None or sum(fact.quantity for fact in facts) == abs(size), f"row {sample.row(place)}"


@law(*STATEMENTS, needs=("delimited", "price"))
def test_any_price_is_read_to_the_last_digit(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """A price of twenty digits is read as written or refused by its row; no reader rounds in silence."""
    place = data.draw(st.sampled_from(used_places(sample)), label="place")
    digits = data.draw(st.integers(10**17, 10**20 - 1) | st.integers(1, 10**9), label="digits")
    price = Decimal(f"{digits}E-{data.draw(st.integers(1, 9), label='places')}")
    found = sample.try_read(sample.grid.put(place, sample.columns["price"], sample.written(price)))
    if isinstance(found, StatementError):
        return
    facts = found.by_row.get((sample.name, sample.row(place)), [])
    refused = (sample.name, sample.row(place)) in found.problem_rows
    assert refused or [fact.price for fact in facts] == [parse_decimal(str(price))] * len(facts), facts
    assert refused or facts, f"row {sample.row(place)} is gone"


@law(*STATEMENTS, needs=("wall_clock",))
def test_a_wall_clock_follows_the_zone_that_the_user_names(subject: Subject, sample: Specimen) -> None:
    """A time without a zone is no moment yet: the user's zone makes it one, and the file's own text stays."""
    shown = sorted(fact.local_time for fact in sample.original.facts.elements())
    for name in FIXED_ZONES:
        reading = sample.read(sample.sample.content, timezone=name)
        assert sorted(fact.local_time for fact in reading.facts.elements()) == shown, name
        for fact in reading.facts:
            moment = fact.local_time.replace(tzinfo=ZoneInfo(name)).astimezone(UTC)
            assert fact.timestamp == moment, f"{fact.local_time} in {name} is {fact.timestamp}"


@law(*STATEMENTS)
def test_a_stated_zone_is_stronger_than_an_option(subject: Subject, sample: Specimen) -> None:
    """A file that states its zone is right about it; an option moves wall-clock times alone."""
    if sample.sample.states_zone:
        for name in FIXED_ZONES:
            same(sample.read(sample.sample.content, timezone=name), sample.original)


@law(*STATEMENTS)
def test_options_never_change_who_a_fill_is(subject: Subject, sample: Specimen) -> None:
    """An import that is repeated with another zone or sign of charges finds the same fills, not new ones."""
    ids = sorted(fact.execution_id for fact in sample.original.facts.elements())
    choices: list[dict[str, Any]] = [{"timezone": name} for name in FIXED_ZONES]
    choices += [{"commission_sign": sign} for sign in CommissionSign]
    for options in choices:
        reading = sample.try_read(sample.sample.content, **options)
        if isinstance(reading, Reading):
            assert sorted(fact.execution_id for fact in reading.facts.elements()) == ids, options


@law(*STATEMENTS)
def test_an_account_is_given_only_where_the_file_has_none(subject: Subject, sample: Specimen) -> None:
    """The user names the account of files that do not; fills of two accounts never become one position."""
    reading = sample.read(sample.sample.content, account="Z-9")
    accounts = Counter(fact.account or "Z-9" for fact in sample.original.facts.elements())
    assert Counter(fact.account for fact in reading.facts.elements()) == accounts


@law(*STATEMENTS)
def test_charges_are_negative(subject: Subject, sample: Specimen) -> None:
    """A net result is gross plus commission plus fees: a charge with the wrong sign counts twice."""
    if not sample.sample.pays_rebates:
        for fact in sample.original.facts:
            assert fact.commission is None or fact.commission <= 0, fact
            assert fact.fees is None or fact.fees <= 0, fact


@law(*STATEMENTS, "from_broker_symbol", needs=("table", "symbol"))
def test_an_unknown_symbol_keeps_its_text(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """A product nobody knows is listed as unmapped or refused by its row; its profit is never another product's."""
    place = data.draw(st.sampled_from(used_places(sample)), label="place")
    text = data.draw(st.from_regex(r"\A[A-Z]{2,4}[0-9][?!#][A-Z]{0,2}\Z"), label="symbol")
    try:
        subject.plugin.from_broker_symbol(text, None)
        return  # the broker does know it
    except SymbolUnknown:
        pass
    found = sample.try_read(sample.grid.put(place, sample.columns["symbol"], text))
    if isinstance(found, StatementError) or (sample.name, sample.row(place)) in found.problem_rows:
        return
    rows = found.executions.filter(source_file=sample.name, source_row=sample.row(place))
    assert rows.height, f"row {sample.row(place)} is gone"
    assert rows["raw_symbol"].unique().to_list() == [text]
    assert rows["asset_class"].null_count() == rows.height, rows["asset_class"]
    assert text in found.result.report.unmapped_symbols


@law(*STATEMENTS, "to_broker_symbol", needs=("write", "instruments"))
def test_what_was_written_is_read(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Any fills, written as the broker writes them, come back: every one, and exactly."""
    fills = data.draw(st.lists(written_fills(subject), min_size=1, max_size=6), label="fills")
    numbered = [WrittenFill(number=number, **fill) for number, fill in enumerate(fills, start=1)]
    assert sample.sample.write is not None
    reading = sample.read(sample.sample.write(numbered))
    assert not reading.result.report.problems, [str(problem) for problem in reading.result.report.problems]
    wanted = sorted(
        (fill.side, fill.quantity, fill.price, fill.local_time, fill.instrument.instrument_id) for fill in numbered
    )
    found = sorted(
        (fact.side, fact.quantity, fact.price, fact.local_time, fact.instrument_id) for fact in reading.facts.elements()
    )
    assert found == wanted


def written_fills(subject: Subject) -> st.SearchStrategy[dict[str, Any]]:
    """Fills of instruments that the broker names, on days when those were traded."""
    assert subject.facts.instruments is not None
    prices = st.builds(lambda digits, places: Decimal(digits).scaleb(-places), st.integers(1, 10**9), st.integers(0, 5))

    def fill(instrument: Instrument) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {
                "side": st.sampled_from(["buy", "sell"]),
                "quantity": st.integers(1, 500).map(Decimal),
                "price": prices,
                "local_time": times(instrument),
                "instrument": st.just(instrument),
            }
        )

    return subject.facts.instruments.filter(lambda instrument: nameable(subject, instrument)).flatmap(fill)


def nameable(subject: Subject, instrument: Instrument) -> bool:
    """Whether the broker has a text for the instrument."""
    try:
        subject.plugin.to_broker_symbol(instrument)
    except Unsupported:
        return False
    return True


def times(instrument: Instrument) -> st.SearchStrategy[datetime]:
    """Whole seconds in the months before the instrument expires."""
    last = datetime(2025, 3, 3, 12)  # noqa: DTZ001 - a wall clock
    if isinstance(instrument, Future) and instrument.expiry:
        last = datetime(instrument.expiry.year, instrument.expiry.month, 1)  # noqa: DTZ001
    elif isinstance(instrument, Option):
        last = datetime(instrument.expiry.year, instrument.expiry.month, instrument.expiry.day)  # noqa: DTZ001
    return st.integers(1, 90 * 86_400).map(lambda seconds: last - timedelta(seconds=seconds))
