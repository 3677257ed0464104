"""Laws about files that are damaged: a row is read right, or reported; nothing is lost in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st

from polybroker.errors import StatementError
from polybroker.testing.checks import accounted, facts_of_rows, row_count, rows_kept, same_or_refused
from polybroker.testing.contract.test_statements import STATEMENTS, used_places
from polybroker.testing.grid import Grid, read_grid
from polybroker.testing.laws import law
from polybroker.testing.specimen import Fact, Reading, Specimen
from polybroker.testing.subject import Subject

NASTY = ("", "-", "--", "n/a", "NaN", "inf", "0", "-1", "1e5", "1,5", "1.2.3", "#REF!", "=1+1", "9" * 40, "31.02.25")
OF_ANOTHER_STYLE = ("31.02.25", "31/01/2025 10:00:00", "1.234,56", "1,234")
UNREADABLE = ("?!", "1.2.3", "twelve", "#REF!", "4 5x")


@law(*STATEMENTS, needs=("delimited",))
def test_a_truncated_file_loses_no_row_in_silence(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """A download that broke off: what is there is read, the row that is cut is reported, or the file is refused."""
    content = sample.grid.content()
    end = data.draw(st.integers(0, len(content)), label="bytes kept")
    found = sample.try_read(content[:end])
    if isinstance(found, StatementError):
        return
    left = read_grid(content[:end], header_row=sample.grid.first_row - 1)
    if left is None or not left.body:
        assert found.executions.height == 0
        return
    accounted(found, row_count(left))
    whole = min(len(left.body) - 1, len(sample.grid.body) - 1)
    references = [rows_of(sample, range(whole)), rows_of(sample, range(whole + 1))]
    last = sample.row(whole)
    for reference in references:
        reference.pop(last, None)
    rows_kept(found, references, sample.name)
    if len(left.body[whole]) < len(sample.grid.body[whole]):
        assert (sample.name, last) not in found.by_row, f"row {last} is cut off and read all the same"


@law(*STATEMENTS)
def test_a_truncated_file_is_refused_or_read_right(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Whatever the format: half a file is an error with a type, never a crash and never half a number."""
    content = sample.sample.content
    end = data.draw(st.integers(0, len(content) - 1), label="bytes kept")
    found = sample.try_read(content[:end])
    if sample.has("delimited"):
        return  # the law above says more
    if isinstance(found, Reading):
        same_or_refused(found, sample.original)


@law(*STATEMENTS)
def test_noise_is_refused_or_accounted_for(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Damaged bytes end in a typed error, or in rows of which every one is accounted for."""
    content = bytearray(sample.sample.content)
    damage = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 2), st.binary(max_size=3))
    for place, gone, new in data.draw(st.lists(damage, min_size=1, max_size=20), label="damages"):
        content[place : place + gone] = new
    found = sample.try_read(bytes(content))
    if isinstance(found, Reading):
        accounted(found)


@law(*STATEMENTS, needs=("table",))
def test_a_damaged_cell_harms_its_own_row_alone(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """One bad cell: its row is a problem, or was never about that cell; every other row is read as before."""
    place = data.draw(st.integers(0, len(sample.grid.body) - 1), label="place")
    name = data.draw(st.sampled_from([name for name in sample.grid.names if name]), label="column")
    noise = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["C"]), max_size=12)
    text = data.draw(st.sampled_from(NASTY) | noise, label="text")
    damaged = sample.grid.put(place, name, text)
    assume(any(cell.text for cell in damaged.body[place]))
    others_are_read_as_before(sample, damaged, place)


@law(*STATEMENTS, needs=("table",))
def test_one_cell_never_decides_how_others_are_read(subject: Subject, sample: Specimen) -> None:
    """Date order and decimal mark are the file's: one cell of another style is its row's problem, or the file's.

    A single 31.02.25 once moved every 01/06/2025 of a file from January to June.
    """
    place = used_places(sample)[0]
    for name in sample.grid.names:
        for text in OF_ANOTHER_STYLE if name else ():
            others_are_read_as_before(sample, sample.grid.put(place, name, text), place)


@law(*STATEMENTS, needs=("table",))
def test_what_cannot_be_read_is_a_problem_of_its_row(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """A price that is no number is reported with file, row and column: not skipped, not zero, not the row before."""
    known = [role for role in ("price", "quantity", "side") if role in sample.columns]
    if not known:
        return
    role = data.draw(st.sampled_from(known), label="role")
    place = data.draw(st.sampled_from(used_places(sample)), label="place")
    text = data.draw(st.sampled_from(UNREADABLE), label="text")
    found = sample.try_read(sample.grid.put(place, sample.columns[role], text))
    row = sample.row(place)
    if isinstance(found, StatementError):
        assert found.row in (None, row), f"row {row} is damaged, the error names row {found.row}"
        return
    named = [problem for problem in found.result.report.problems if problem.row == row]
    assert named, f"row {row} has {text!r} for its {role} and is no problem"
    assert any(problem.column == sample.columns[role] for problem in named), named
    assert (sample.name, row) not in found.by_row


@law(*STATEMENTS, needs=("table",))
def test_a_missing_column_is_an_error_or_means_nothing(subject: Subject, sample: Specimen) -> None:
    """Two new columns once made an importer return no rows at all.

    What every row needs and is gone is an error of the file; what some rows need makes those rows problems.
    """
    for name in sample.grid.names:
        if not name:
            continue
        found = sample.try_read(sample.grid.drop(name))
        if isinstance(found, Reading):
            assert name not in sample.sample.required, f"without the column {name} the file is accepted"
            lost = (trades(sample.original) - trades(found)).total()
            assert lost <= len(found.problem_rows), f"without the column {name} {lost} fills are lost or changed"
            assert found.facts, f"without the column {name} not a single row is read: the file has to be refused"


@law(*STATEMENTS, needs=("required",))
def test_a_missing_required_column_is_named(subject: Subject, sample: Specimen) -> None:
    """The error tells the user which column to add to the export."""
    for name in sample.sample.required:
        found = sample.try_read(sample.grid.drop(name))
        assert isinstance(found, StatementError), f"without the column {name} the file is accepted"


def others_are_read_as_before(sample: Specimen, damaged: Grid, place: int) -> None:
    """Every row but the one at `place` is the execution that it was, or a problem; or the file is refused."""
    found = sample.try_read(damaged)
    if isinstance(found, StatementError):
        return
    accounted(found, row_count(damaged))
    others = [other for other in range(len(sample.grid.body)) if other != place]
    references = [rows_of(sample, range(len(sample.grid.body))), rows_of(sample, others)]
    for reference in references:
        reference.pop(sample.row(place), None)
    rows_kept(found, references, sample.name)


def trades(reading: Reading) -> Counter[tuple[str, Decimal, Decimal]]:
    """What was bought and sold for how much, without the facts that an optional column adds."""
    return Counter((fact.side, fact.quantity, fact.price) for fact in reading.facts.elements())


def rows_of(sample: Specimen, places: Sequence[int]) -> dict[int, list[Fact]]:
    """The executions of the given data rows by their row in the sample, read without the other rows."""
    if not places:
        return {}
    if len(places) == len(sample.grid.body):
        reading, rows = sample.rewritten, {sample.row(place): sample.row(place) for place in places}
    else:
        reading = sample.read(sample.grid.take(places))
        rows = {sample.row(number): sample.row(place) for number, place in enumerate(places)}
    return facts_of_rows(sample, reading, rows)
