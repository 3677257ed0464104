"""Cells of time as timestamps: every form, one order of day and month a file, no moment invented."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybroker.errors import AmbiguousStatement, StatementError
from polybroker.statements import time_shapes
from polybroker.statements.schema import UTC_TIME, WALL_TIME
from polybroker.statements.times import ParsedTimes, parse_times, to_utc

MORNING = datetime(2026, 4, 27, 6, 5, 2)  # noqa: DTZ001 - a wall clock
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(fold=0))  # noqa: DTZ001


def column(*texts: str | None) -> pl.Series:
    return pl.Series("when", texts, dtype=pl.String)


def read(text: str, *, day_first: bool | None = None) -> datetime | str | None:
    parsed = parse_times(column(text), day_first=day_first)
    if parsed.bad[0]:
        assert parsed.local[0] is None
        return "bad"
    local: datetime | None = parsed.local[0]
    return local


def american_clock(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'PM' if at.hour >= 12 else 'AM'}"


@pytest.mark.parametrize(
    "text",
    ["2026-04-27T06:05:02", "2026-04-27 06:05:02", "2026-04-27 6:05:02", "2026/04/27 06:05:02", "2026.04.27 06:05:02",
     "20260427;060502", "20260427 060502", "20260427 06:05:02", "2026-04-27, 06:05:02", "2026-4-27 6:05:02.000",
     "04/27/2026 06:05:02", "4/27/2026 6:05:02 AM", "4/27/26 6:05:02 am", "4/27/2026 6:05:02\u202fAM",
     "27/04/2026 6:05:02", "27-04-2026 06:05:02", "27.04.2026 06:05:02", "27.04.26 06:05:02",
     "04/27/2026 06:05:02 a.m.",
     "2026-04-27T06:05:02,000", " 2026-04-27 06:05:02 "],
)  # fmt: skip
def test_every_form_of_one_moment_is_that_moment(text: str) -> None:
    assert read(text) == MORNING


@pytest.mark.parametrize(
    ("text", "utc", "zone"),
    [
        ("2026-04-27T06:05:02Z", "2026-04-27T06:05:02", "UTC"),
        ("2026-04-27 06:05:02+00:00", "2026-04-27T06:05:02", "UTC"),
        ("2026-04-27T06:05:02+0200", "2026-04-27T04:05:02", "+02:00"),
        ("2026-04-27T06:05:02-05", "2026-04-27T11:05:02", "-05:00"),
        ("04/27/2026 06:05:02 -04:00", "2026-04-27T10:05:02", "-04:00"),
        ("2026-04-27T06:05:02+05:45", "2026-04-27T00:20:02", "+05:45"),
        ("04/27/2026 06:05:02 EDT", "2026-04-27T10:05:02", "-04:00"),
        ("04/27/2026 06:05:02 EST", "2026-04-27T11:05:02", "-05:00"),
        ("04/27/2026 06:05:02 PST", "2026-04-27T14:05:02", "-08:00"),
        ("04/27/2026 6:05:02 AM CDT", "2026-04-27T11:05:02", "-05:00"),
        ("2026-04-27 06:05:02 UTC", "2026-04-27T06:05:02", "UTC"),
        ("2026-04-27 06:05:02 GMT", "2026-04-27T06:05:02", "UTC"),
    ],
)
def test_a_stated_zone_gives_the_utc_moment(text: str, utc: str, zone: str) -> None:
    parsed = parse_times(column(text))
    assert parsed.local[0] == MORNING
    assert parsed.utc[0] == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert parsed.zone[0] == zone


def test_without_a_zone_there_is_no_utc_moment() -> None:
    parsed = parse_times(column("2026-04-27T06:05:02", "2026-04-27T06:05:02Z"))
    assert parsed.utc.to_list() == [None, MORNING.replace(tzinfo=UTC)]
    assert parsed.zone.to_list() == [None, "UTC"]
    assert [parsed.local.dtype, parsed.utc.dtype, parsed.zone.dtype] == [WALL_TIME, UTC_TIME, pl.String()]


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2023-02-29 10:00", "2024-11-29 24:00:00", "2024-11-29 09:60", "2024-11-29 09:30:60", "2024-13-01",
     "2024-11-29T09:30:00+25:00", "2024-11-29T09:30:00+02:75", "1/2/2024 13:00 PM", "1/1/2024 0:30 AM", "31/31/2024",
     "garbage", "20241329", "24-11-29", "2024-11-29 09:30:00.123456789", "2024-11-29 09:30:00 XYZ", "1234",
     "٢٠٢٤-١١-٢٩",
     "2024-11-29 09:30:00.1234567890", "0000-01-01", "2024-11-29T", "11/29/2024 9", "2500-01-01", "9:30", "x" * 100],
)  # fmt: skip
def test_what_is_no_time_is_bad(text: str) -> None:
    assert read(text) == "bad"


@pytest.mark.parametrize(
    ("digits", "micro"),
    [("1", 100000), ("12", 120000), ("123", 123000), ("123456", 123456), ("1234560", 123456), ("123456000", 123456)],
)
def test_a_fraction_is_kept_to_the_microsecond(digits: str, micro: int) -> None:
    assert read(f"2024-11-29 09:30:00.{digits}") == datetime(2024, 11, 29, 9, 30, 0, micro)  # noqa: DTZ001


@pytest.mark.parametrize(("text", "hour"), [("12:00 AM", 0), ("1:00 AM", 1), ("12:00 PM", 12), ("11:00 PM", 23)])
def test_noon_and_midnight_are_told_apart(text: str, hour: int) -> None:
    assert read(f"11/29/2024 {text}") == datetime(2024, 11, 29, hour)  # noqa: DTZ001


def test_a_date_alone_is_midnight_and_flagged() -> None:
    parsed = parse_times(column("2024-11-29", "20241129", "7/17/20", "2024-11-29 00:00:00", None))
    assert parsed.date_only.to_list() == [True, True, True, False, False]
    assert parsed.local.dt.date().to_list() == [date(2024, 11, 29)] * 2 + [date(2020, 7, 17), date(2024, 11, 29), None]


@pytest.mark.parametrize(("year", "full"), [("00", 2000), ("69", 2069), ("70", 1970), ("99", 1999)])
def test_a_year_of_two_digits_lies_between_1970_and_2069(year: str, full: int) -> None:
    assert read(f"1/31/{year}") == datetime(full, 1, 31)  # noqa: DTZ001


@pytest.mark.parametrize("text", [None, "", "-", "--", "  "])
def test_an_empty_cell_is_no_time_and_no_fault(text: str | None) -> None:
    parsed = parse_times(column(text, "2024-11-29"))
    assert parsed.local[0] is None
    assert not parsed.bad.any()


# two columns


def two(dates: list[str | None], clocks: list[str | None]) -> ParsedTimes:
    return parse_times(pl.Series("date", dates, pl.String), time=pl.Series("time", clocks, pl.String))


@pytest.mark.parametrize(
    "clock", ["06:05:02", "6:05:02", "6:05:02 AM", "060502", "06:05:02.000", "1899-12-30T06:05:02.000000"]
)
@pytest.mark.parametrize("day", ["2026-04-27", "04/27/2026", "20260427", "2026-04-27T00:00:00.000000"])
def test_date_and_time_of_two_columns_are_one_moment(day: str, clock: str) -> None:
    assert two([day], [clock]).local[0] == MORNING


def test_the_second_column_is_named_where_it_is_at_fault() -> None:
    parsed = two(["2024-11-29", "nonsense", "2024-11-29"], ["25:00", "09:30", "2024-11-30 09:30"])
    assert parsed.bad.to_list() == [True, True, True]
    assert parsed.bad_clock.to_list() == [True, False, True]


def test_a_time_without_a_date_is_bad_and_a_date_without_a_time_is_midnight() -> None:
    parsed = two([None, "2024-11-29", None], ["09:30", None, None])
    assert parsed.bad.to_list() == [True, False, False]
    assert parsed.date_only.to_list() == [False, True, False]


def test_a_zone_in_either_column_counts_and_two_that_differ_are_bad() -> None:
    parsed = two(["2024-11-29", "2024-11-29 00:00Z"], ["09:30:00 EST", "09:30:00 EST"])
    assert parsed.utc[0] == datetime(2024, 11, 29, 14, 30, tzinfo=UTC)
    assert parsed.bad.to_list() == [False, True]


# day and month


def test_one_sure_date_decides_for_the_whole_column() -> None:
    day_first = parse_times(column("01/02/2026", "27/04/2026"))
    assert (day_first.day_first, day_first.local.dt.month()[0]) == (True, 2)
    month_first = parse_times(column("01/02/2026", "04/27/2026"))
    assert (month_first.day_first, month_first.local.dt.month()[0]) == (False, 1)


def test_dates_that_can_be_read_both_ways_are_refused_with_the_question() -> None:
    with pytest.raises(AmbiguousStatement) as refusal:
        parse_times(column("02/02/2026", "01/02/2026"), rows=pl.Series([7, 9]), source="fills.csv")
    assert refusal.value.question == "--day-first / --month-first"
    assert (refusal.value.source, refusal.value.row, refusal.value.column) == ("fills.csv", 9, "when")
    for answer, month in ((True, 2), (False, 1)):
        assert parse_times(column("01/02/2026"), day_first=answer).local.dt.month()[0] == month


def test_dates_that_read_alike_need_no_answer() -> None:
    assert read("02/02/2026 10:00") == datetime(2026, 2, 2, 10)  # noqa: DTZ001
    assert parse_times(column("02/02/2026", "2026-05-06")).day_first is None


def test_dates_of_both_orders_are_refused_with_both_rows() -> None:
    with pytest.raises(StatementError, match=r"'27/04/2026' \(row 3\)") as refusal:
        parse_times(column("04/27/2026", "27/04/2026"), rows=pl.Series([2, 3]))
    assert "'04/27/2026' (row 2)" in str(refusal.value)


def test_a_date_against_the_answer_is_bad() -> None:
    parsed = parse_times(column("27/04/2026", "04/27/2026"), day_first=True)
    assert parsed.bad.to_list() == [False, True]


def test_a_date_that_is_none_proves_no_order() -> None:
    assert parse_times(column("99/04/2026", "04/27/2026", "31/31/2026")).day_first is False


# many at once

FORMS: list[Callable[[datetime], str]] = [
    lambda at: at.isoformat(sep=" "),
    lambda at: at.isoformat() + "Z",
    lambda at: f"{at:%m/%d/%Y %H:%M:%S.%f}",
    lambda at: f"{at:%Y%m%d;%H%M%S}",
    american_clock,
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(moments, st.sampled_from(range(len(FORMS)))), max_size=12), st.integers(1, 5))
def test_mixed_forms_and_garbage_do_not_disturb_each_other(cells: list[tuple[datetime, int]], chunk: int) -> None:
    texts: list[str | None] = []
    expected: list[datetime | None] = []
    for number, (at, form) in enumerate(cells):
        texts += [FORMS[form](at), f"garbage {number}", None, f"{at:%d}:{at:%H}:x{number}"]
        expected += [at if form < 3 else at.replace(microsecond=0), None, None, None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time_shapes, "_ROWS_AT_ONCE", chunk)
        parsed = parse_times(column(*texts), day_first=False)
    assert parsed.local.to_list() == expected
    assert parsed.bad.to_list() == [text is not None and at is None for text, at in zip(texts, expected, strict=True)]


def test_a_column_of_nothing_but_shapes_is_read_in_time_linear_in_its_length() -> None:
    texts = [f"{number:x}-{'abcdefgh'[number % 8]}" for number in range(20_000)]
    parsed = parse_times(column(*texts, "2024-11-29"))
    assert parsed.bad.sum() == 20_000
    assert parsed.local[-1] == datetime(2024, 11, 29)  # noqa: DTZ001


def test_empty_columns_are_read() -> None:
    for texts in ([], [None, None]):
        parsed = parse_times(column(*texts))
        assert parsed.local.to_list() == texts
        assert parsed.bad.to_list() == [False] * len(texts)


# wall clocks and UTC


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1975, 1, 1), datetime(2036, 1, 1)), max_size=8),  # noqa: DTZ001
    st.sampled_from(["America/New_York", "America/Chicago", "America/St_Johns", "Europe/Berlin", "Asia/Beirut", "UTC"]),
    st.integers(0, 400),
)
def test_wall_clocks_become_the_moments_that_zoneinfo_knows(walls: list[datetime], zone: str, spread: int) -> None:
    known = zoneinfo.ZoneInfo(zone)
    # Half of the clocks lie near a change of the clocks, where all the trouble is.
    spring, autumn = datetime(2026, 3, 8), datetime(2026, 11, 1)  # noqa: DTZ001
    walls += [day + timedelta(minutes=spread) for day in (spring, autumn)]
    utc, bad, ambiguous = to_utc(pl.Series(walls, dtype=WALL_TIME), zone)
    for number, wall in enumerate(walls):
        early, late = (wall.replace(tzinfo=known, fold=fold).astimezone(UTC) for fold in (0, 1))
        exists = early.astimezone(known).replace(tzinfo=None) == wall
        assert bad[number] is not exists
        assert utc[number] == (early if exists else None)
        assert ambiguous[number] is (exists and early != late)


def test_an_hour_that_is_skipped_is_bad_and_one_that_comes_twice_is_reported() -> None:
    walls = [datetime(2026, 3, 8, 2, 30), datetime(2026, 11, 1, 1, 30), None, datetime(2026, 7, 1, 9, 30)]  # noqa: DTZ001
    utc, bad, ambiguous = to_utc(pl.Series(walls, dtype=WALL_TIME), "America/New_York")
    assert bad.to_list() == [True, False, False, False]
    assert ambiguous.to_list() == [False, True, False, False]
    assert utc.to_list()[1:] == [
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        None,
        datetime(2026, 7, 1, 13, 30, tzinfo=UTC),
    ]


def test_nothing_becomes_nothing() -> None:
    for walls in ([], [None]):
        utc, bad, ambiguous = to_utc(pl.Series(walls, dtype=WALL_TIME), "America/Chicago")
        assert (utc.dtype, utc.to_list()) == (UTC_TIME, walls)
        assert not bad.any()
        assert not ambiguous.any()


@pytest.mark.parametrize(("zone", "hint"), [("America/Newyork", "America/New_York"), ("nowhere", "America/New_York")])
@pytest.mark.parametrize("walls", [[], [MORNING]])
def test_an_unknown_zone_is_refused_with_a_hint(zone: str, hint: str, walls: list[datetime]) -> None:
    with pytest.raises(StatementError, match=zone) as refusal:
        to_utc(pl.Series(walls, dtype=WALL_TIME), zone)
    assert hint in str(refusal.value)
