"""Laws about files that say the same in another way: they hold the same executions.

What every broker's own export does sooner or later (other order, more columns, overlapping periods, another encoding)
changes nothing at all. What a spreadsheet or another country makes of a file (delimiter, decimal comma) may be refused,
but is never read as something else.
"""

from __future__ import annotations

import re

from attrs import evolve
from hypothesis import strategies as st

from polybroker.testing.checks import accounted, same, same_or_refused
from polybroker.testing.contract.test_statements import STATEMENTS, used_places
from polybroker.testing.grid import Cell, Delimited, Grid, Workbook
from polybroker.testing.laws import law
from polybroker.testing.specimen import Specimen
from polybroker.testing.subject import Subject

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
AWKWARD = ("two\nlines", 'a "quoted" word', "a, b; c | d\te", "1,5", "1.234,56", "=1+1", " padded ", "Zürich")
FRACTION = re.compile(r"([-+(]?\$?-?\d+)\.(\d+\)?)")


def groups(sample: Specimen) -> list[list[int]]:
    """The data rows, those together that only their number tells apart: they are never split between files."""
    alike: dict[object, list[int]] = {}
    for place, row in enumerate(sample.grid.body):
        facts = sample.facts_at(place)
        key: object = tuple(tuple(fact)[1:] for fact in facts) or tuple(cell.text for cell in row)
        alike.setdefault(key, []).append(place)
    return list(alike.values())


def part(sample: Specimen, chosen: list[list[int]]) -> Grid:
    """The table with the rows of some groups only, in the file's order."""
    return sample.grid.take(sorted(place for group in chosen for place in group))


@law(*STATEMENTS, needs=("table",))
def test_rewriting_changes_nothing(subject: Subject, sample: Specimen) -> None:
    """The same cells, saved by another program, are the same statement."""
    same(sample.rewritten, sample.original)


@law(*STATEMENTS, needs=("table",))
def test_the_order_of_rows_means_nothing(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Exports come newest first, oldest first, or sorted by the user: identity cannot hang on the place."""
    places = data.draw(st.permutations(range(len(sample.grid.body))), label="order")
    same(sample.read(sample.grid.take(places)), sample.original)


@law(*STATEMENTS, needs=("table",))
def test_a_file_split_in_parts_is_the_same_statement(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """A year exported month by month holds what the year's own export holds."""
    alike = groups(sample)
    owners = data.draw(st.lists(st.integers(0, 2), min_size=len(alike), max_size=len(alike)), label="owners")
    parts = [[group for group, owner in zip(alike, owners, strict=True) if owner == number] for number in range(3)]
    same(sample.read(*(part(sample, chosen) for chosen in parts if chosen)), sample.original)


@law(*STATEMENTS, needs=("table",))
def test_overlapping_exports_merge(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Two exports of overlapping periods are the union: nothing is counted twice, nothing falls between."""
    alike = groups(sample)
    owners = data.draw(st.lists(st.sampled_from("abc"), min_size=len(alike), max_size=len(alike)), label="owners")
    first = [group for group, owner in zip(alike, owners, strict=True) if owner in "ac"]
    second = [group for group, owner in zip(alike, owners, strict=True) if owner in "bc"]
    same(sample.read(*(part(sample, chosen) for chosen in (first, second) if chosen)), sample.original)


@law(*STATEMENTS)
def test_importing_again_adds_nothing(subject: Subject, sample: Specimen) -> None:
    """A user who is not sure imports the file once more, perhaps under another name."""
    content = sample.sample.content
    reading = sample.read(content, content)
    same(reading, sample.original)
    assert reading.result.report.rows == 2 * sample.original.result.report.rows


@law(*STATEMENTS, needs=("table", "content_identity"))
def test_genuine_twins_stay_two(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Two fills that look alike happen every day: a file without fill ids that lists both means both."""
    place = data.draw(st.sampled_from(used_places(sample)), label="place")
    where = data.draw(st.integers(0, len(sample.grid.body)), label="where")
    body = sample.grid.body
    reading = sample.read(evolve(sample.grid, body=(*body[:where], body[place], *body[where:])))
    extra = len(sample.facts_at(place))
    assert reading.executions.height == sample.original.executions.height + extra, (
        "a doubled row is lost; if the file has a column of fill ids, the testkit has to name it"
    )
    assert reading.executions["execution_id"].is_unique().all()
    accounted(reading, len(body) + 1)
    twice = sample.read(*[evolve(sample.grid, body=(*body, body[place]))] * 2)
    assert twice.executions.height == reading.executions.height, "the twins of two exports are not four fills"


@law(*STATEMENTS, needs=("table", "fill_id"))
def test_a_fill_id_counts_once(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """The broker's own id says that two rows are one fill, also when both stand in one file."""
    place = data.draw(st.sampled_from(used_places(sample)), label="place")
    where = data.draw(st.integers(0, len(sample.grid.body)), label="where")
    body = sample.grid.body
    reading = sample.read(evolve(sample.grid, body=(*body[:where], body[place], *body[where:])))
    same(reading, sample.original)
    accounted(reading, len(body) + 1)


@law(*STATEMENTS, needs=("delimited",))
def test_the_encoding_means_nothing(subject: Subject, sample: Specimen) -> None:
    """Spreadsheets save in their country's code page or with a byte order mark: the text is the same."""
    marked = sample.grid.insert(len(sample.grid.header), "Remark", ["Zürich, café"] * len(sample.grid.body))
    wanted = sample.read(marked)
    for encoding in ENCODINGS:
        same(sample.read(with_layout(marked, encoding=encoding)), wanted)
    same(wanted, sample.original)
    same_or_refused(sample.try_read(with_layout(marked, encoding="utf-16-le")), sample.original)


@law(*STATEMENTS, needs=("delimited",))
def test_line_ends_mean_nothing(subject: Subject, sample: Specimen) -> None:
    """Windows, Unix, and a last line without an end are the same file; a lone carriage return may be refused."""
    for line_end in ("\n", "\r\n"):
        content = with_layout(sample.grid, line_end=line_end).content()
        same(sample.read(content), sample.original)
        ending = line_end.encode("utf-16-le" if content.startswith(b"\xff\xfe") else "ascii")
        same(sample.read(content.removesuffix(ending)), sample.original)
    same_or_refused(sample.try_read(with_layout(sample.grid, line_end="\r")), sample.original)


@law(*STATEMENTS, needs=("delimited",))
def test_another_delimiter_is_read_alike_or_refused(subject: Subject, sample: Specimen) -> None:
    """A file that was opened and saved elsewhere has semicolons or tabs between the same cells."""
    for delimiter in (",", ";", "\t", "|"):
        same_or_refused(sample.try_read(with_layout(sample.grid, delimiter=delimiter)), sample.original)


@law(*STATEMENTS, needs=("delimited",))
def test_a_decimal_comma_is_read_alike_or_refused(subject: Subject, sample: Specimen) -> None:
    """6050,25 read as 605025 costs real money: understand it, or ask."""
    comma = sample.grid.map_texts(lambda text: FRACTION.sub(r"\1,\2", text) if FRACTION.fullmatch(text) else text)
    for delimiter in (";", "\t", ","):
        localized = with_layout(comma, delimiter=delimiter)
        same_or_refused(sample.try_read(localized), sample.original)
        same_or_refused(sample.try_read(localized, decimal_comma=True), sample.original)


@law(*STATEMENTS, needs=("table",))
def test_a_further_column_means_nothing(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Brokers add columns without a word; whatever is in them, the known ones are read as before."""
    rows = len(sample.grid.body)
    cell = st.sampled_from(AWKWARD) | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10)
    texts = data.draw(st.lists(cell, min_size=rows, max_size=rows), label="texts")
    place = data.draw(st.integers(0, len(sample.grid.header)), label="place")
    title = data.draw(st.sampled_from(["Remark", "Our reference 7", "Anmerkung (intern)", "x"]), label="title")
    if title not in sample.grid.names:
        same(sample.read(sample.grid.insert(place, title, texts)), sample.original)


@law(*STATEMENTS, needs=("table",))
def test_blank_rows_mean_nothing(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """People and spreadsheets leave rows empty, between the data and below it."""
    places = data.draw(st.lists(st.integers(0, len(sample.grid.body)), min_size=1, max_size=4), label="places")
    body = list(sample.grid.body)
    for place in sorted(places, reverse=True):
        body.insert(place, tuple(Cell(None) for _ in sample.grid.header))
    same(sample.read(evolve(sample.grid, body=tuple(body))), sample.original)


@law(*STATEMENTS, needs=("workbook",))
def test_further_sheets_mean_nothing(subject: Subject, sample: Specimen) -> None:
    """Notes on a sheet of their own are no executions."""
    layout = sample.grid.layout
    assert isinstance(layout, Workbook)
    notes = ("Notes", ((Cell("Checked"), Cell("by hand")), (Cell("Price"), Cell(1.5))))
    same(sample.read(evolve(sample.grid, layout=evolve(layout, after=(*layout.after, notes)))), sample.original)


@law(*STATEMENTS, needs=("delimited",))
def test_a_table_saved_as_a_workbook_is_read_alike_or_refused(subject: Subject, sample: Specimen) -> None:
    """Whoever opens a text file in a spreadsheet saves a workbook; its cells are still texts."""
    same_or_refused(sample.try_read(evolve(sample.grid, layout=Workbook())), sample.original)


@law(*STATEMENTS, needs=("table",))
def test_the_order_of_columns_means_nothing(subject: Subject, sample: Specimen, data: st.DataObject) -> None:
    """Columns are known by their names: brokers move them, and so do users who arrange their own grid."""
    places = data.draw(st.permutations(range(len(sample.grid.header))), label="order")
    same(sample.read(sample.grid.arrange(places)), sample.original)


def with_layout(grid: Grid, **changes: str) -> Grid:
    """The same cells, written down in another way."""
    assert isinstance(grid.layout, Delimited)
    return evolve(grid, layout=evolve(grid.layout, **changes))
