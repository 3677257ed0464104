from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polybroker.ledger.trading_day import TRADING_DAY_GROUPS, trading_day, trading_days
from polybroker.model.products import PRODUCTS
from polybroker.statements.schema import UTC_TIME

CHICAGO, NEW_YORK, BERLIN = (ZoneInfo(name) for name in ("America/Chicago", "America/New_York", "Europe/Berlin"))
CME = [group for group in TRADING_DAY_GROUPS if group.startswith("cme")]


def chicago(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


def days_of(moments: list[datetime], group: str) -> list[date]:
    return trading_days(pl.Series(moments, dtype=UTC_TIME), group).to_list()


@pytest.mark.parametrize("group", CME)
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-13T16:59:59.999999", "2026-01-13"),  # winter
        ("2026-01-13T17:00:00", "2026-01-14"),
        ("2026-07-14T16:59:59.999999", "2026-07-14"),  # summer
        ("2026-07-14T17:00:00", "2026-07-15"),
        ("2026-03-06T16:59:59", "2026-03-06"),  # the Friday before clocks go forward
        ("2026-03-08T16:59:59", "2026-03-09"),  # the Sunday on which they do
        ("2026-03-08T17:00:00", "2026-03-09"),
        ("2026-03-09T17:00:00", "2026-03-10"),
        ("2026-11-01T16:59:59", "2026-11-02"),  # the Sunday on which they go back
        ("2026-11-02T16:59:59", "2026-11-02"),
        ("2026-11-02T17:00:00", "2026-11-03"),
        ("2026-01-16T17:30:00", "2026-01-20"),  # Friday evening before Martin Luther King Day
        ("2026-01-17T12:00:00", "2026-01-20"),  # Saturday
        ("2026-01-23T17:00:00", "2026-01-26"),  # Friday evening
        ("2026-01-25T18:00:00", "2026-01-26"),  # Sunday evening
        ("2025-02-16T18:00:00", "2025-02-18"),  # the evening before Presidents' Day
        ("2025-02-17T11:59:00", "2025-02-18"),  # trading before the halt on Presidents' Day
        ("2025-02-17T17:00:00", "2025-02-18"),
        ("2025-11-26T17:00:00", "2025-11-28"),  # the evening before Thanksgiving
        ("2025-11-27T10:00:00", "2025-11-28"),
        ("2025-11-28T12:00:00", "2025-11-28"),  # the day after, which closes early
        ("2025-11-28T16:59:59", "2025-11-28"),
        ("2025-11-28T17:00:00", "2025-12-01"),
        ("2025-07-03T16:00:00", "2025-07-03"),
        ("2025-07-04T09:00:00", "2025-07-07"),  # Independence Day on a Friday
        ("2026-06-19T09:00:00", "2026-06-22"),  # Juneteenth on a Friday
        ("2025-12-24T12:00:00", "2025-12-24"),  # Christmas Eve, an early close
        ("2025-12-25T17:00:00", "2025-12-26"),
        ("2021-12-31T12:00:00", "2021-12-31"),  # New Year's Day on a Saturday moves nothing
        ("2024-03-28T17:00:00", "2024-04-01"),  # Good Friday 2024
        ("2024-03-29T10:00:00", "2024-04-01"),
        ("2025-01-09T08:00:00", "2025-01-09"),  # a day of mourning: shares close early, the day counts
    ],
)
def test_a_trading_day_of_cme_begins_at_five_in_chicago(group: str, moment: str, day: str) -> None:
    assert trading_day(chicago(moment), group) == date.fromisoformat(day)
    assert days_of([chicago(moment)], group) == [date.fromisoformat(day)]


@pytest.mark.parametrize("group", CME)
def test_a_good_friday_with_an_employment_report_is_a_trading_day_of_financial_products_only(group: str) -> None:
    financial = group in {"cme_equity", "cme_rates", "cme_fx", "cme_crypto"}
    for year, month, day in ((2021, 4, 2), (2023, 4, 7), (2026, 4, 3)):
        friday = date(year, month, day)
        expected = friday if financial else friday + timedelta(days=3)
        assert trading_day(datetime(year, month, day, 7, tzinfo=CHICAGO), group) == expected


@pytest.mark.parametrize(
    ("group", "moment", "day"),
    [
        ("cfe", datetime(2025, 2, 17, 9, tzinfo=CHICAGO), "2025-02-18"),
        ("ice_us", datetime(2026, 1, 13, 17, 59, tzinfo=NEW_YORK), "2026-01-13"),
        ("ice_us", datetime(2026, 1, 13, 18, tzinfo=NEW_YORK), "2026-01-14"),
        ("ice_us", datetime(2026, 2, 16, 10, tzinfo=NEW_YORK), "2026-02-16"),  # open on Presidents' Day, for that day
        ("eurex", datetime(2026, 1, 13, 0, tzinfo=BERLIN), "2026-01-13"),
        ("eurex", datetime(2026, 4, 6, 12, tzinfo=BERLIN), "2026-04-07"),  # Easter Monday
        ("ice_eu", datetime(2026, 1, 11, 23, 30, tzinfo=UTC), "2026-01-12"),
        ("us_stock", datetime(2026, 1, 13, 23, 59, tzinfo=NEW_YORK), "2026-01-13"),
        ("us_stock", datetime(2026, 1, 18, 20, 0, tzinfo=NEW_YORK), "2026-01-20"),  # a Sunday before a holiday
        ("forex", datetime(2026, 1, 13, 16, 59, tzinfo=NEW_YORK), "2026-01-13"),
        ("forex", datetime(2026, 1, 16, 17, 0, tzinfo=NEW_YORK), "2026-01-19"),
        ("utc", datetime(2026, 1, 17, 23, 59, tzinfo=UTC), "2026-01-17"),
        ("none", datetime(2026, 1, 18, 0, 0, tzinfo=UTC), "2026-01-18"),
    ],
)
def test_other_markets_have_days_of_their_own(group: str, moment: datetime, day: str) -> None:
    assert trading_day(moment, group) == date.fromisoformat(day)
    assert days_of([moment], group) == [date.fromisoformat(day)]


def moments_between(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    span = (last - first) // timedelta(microseconds=1)
    return st.integers(0, span).map(lambda step: first + timedelta(microseconds=step))


MOMENTS = moments_between(datetime(1970, 1, 1, tzinfo=UTC), datetime(2090, 12, 31, tzinfo=UTC))
COVERED = moments_between(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 12, 20, tzinfo=UTC))


@given(st.lists(MOMENTS, min_size=1), st.sampled_from(TRADING_DAY_GROUPS))
@example([datetime(2026, 1, 13, 22, 59, 59, 999999, tzinfo=UTC), datetime(2026, 1, 13, 23, tzinfo=UTC)], "cme")
def test_one_moment_and_a_column_of_moments_agree(moments: list[datetime], group: str) -> None:
    assert days_of(moments, group) == [trading_day(moment, group) for moment in moments]


def test_moments_of_nonsensical_years_have_a_trading_day_as_well() -> None:
    moments = [datetime(year, 7, 1, tzinfo=UTC) for year in (2, 1893, 2024, 9998)]
    assert days_of(moments, "eurex") == [trading_day(moment, "eurex") for moment in moments]


@given(st.lists(MOMENTS, min_size=2), st.sampled_from(TRADING_DAY_GROUPS))
def test_later_moments_never_have_earlier_trading_days(moments: list[datetime], group: str) -> None:
    days = days_of(sorted(moments), group)
    assert days == sorted(days)


@given(COVERED, st.sampled_from(CME))
def test_a_cme_day_is_a_weekday_within_a_few_days_from_the_date_in_chicago(moment: datetime, group: str) -> None:
    day, local = trading_day(moment, group), moment.astimezone(CHICAGO).date()
    assert local <= day <= local + timedelta(days=5)
    assert day.weekday() < 5
    assert trading_day(datetime(day.year, day.month, day.day, 12, tzinfo=CHICAGO), group) == day


@pytest.mark.parametrize("group", [*CME, "cfe", "eurex", "us_stock", "ice_us"])
def test_every_year_of_the_table_has_its_holidays(group: str) -> None:
    for year in range(2000, 2031):
        noons = [datetime(year, 1, 1, 12, tzinfo=NEW_YORK) + timedelta(days=number) for number in range(365)]
        days = set(days_of(noons, group))
        assert 247 <= sum(day.year == year for day in days) <= 259


def test_every_futures_product_has_a_known_group() -> None:
    assert {product.group for product in PRODUCTS.values()} <= set(TRADING_DAY_GROUPS)


def test_a_missing_moment_has_no_trading_day() -> None:
    noon = datetime(2026, 1, 13, 12, tzinfo=UTC)
    assert trading_days(pl.Series([None, noon], dtype=UTC_TIME), "cme").to_list() == [None, date(2026, 1, 13)]
    assert trading_days(pl.Series([None], dtype=UTC_TIME), "cme").to_list() == [None]
    assert trading_days(pl.Series("day", [], dtype=UTC_TIME), "cme").to_list() == []


def test_moments_without_zone_and_unknown_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        trading_day(datetime(2026, 1, 13), "cme")  # noqa: DTZ001
    with pytest.raises(ValueError, match="no trading-day group"):
        trading_day(datetime(2026, 1, 13, tzinfo=UTC), "moon")
    with pytest.raises(ValueError, match="trading days are found"):
        trading_days(pl.Series([datetime(2026, 1, 13)]), "cme")  # noqa: DTZ001
    with pytest.raises(ValueError, match="years"):
        trading_days(pl.Series([datetime(9999, 12, 31, tzinfo=UTC)], dtype=UTC_TIME), "cme")
