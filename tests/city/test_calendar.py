"""Working time: holidays, closures, extra days, year ends, summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.calendar import WorkingCalendar
from prasan.city.files import CityFiles, load_city
from tests.city.conftest import LITTLETOWN, PROJECT

BANGKOK = ZoneInfo("Asia/Bangkok")
CALENDARS = {
    folder.name: load_city(folder).calendar for folder in (PROJECT / "cities" / "bangkok", LITTLETOWN)
}

calendars = st.sampled_from(sorted(CALENDARS)).map(CALENDARS.__getitem__)
moments = st.datetimes(datetime(2022, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
hours = st.integers(0, 600 * 3600).map(lambda seconds: Decimal(seconds) / 3600)


def at(text: str) -> datetime:
    """A moment in Bangkok."""
    return datetime.fromisoformat(text).replace(tzinfo=BANGKOK)


@given(calendars, moments, hours)
def test_working_time_added_is_the_working_time_that_passes(
    calendar: WorkingCalendar, start: datetime, added: Decimal
) -> None:
    end = calendar.add_working_time(start, added)
    assert calendar.working_time_between(start, end) == timedelta(seconds=round(added * 3600))


@given(calendars, moments, hours)
def test_a_deadline_is_inside_working_hours_and_never_before_its_start(
    calendar: WorkingCalendar, start: datetime, added: Decimal
) -> None:
    end = calendar.add_working_time(start, added)
    assert end >= start
    assert calendar.is_working_time(end)
    assert calendar.is_working_day(end.astimezone(calendar.zone).date())


@given(calendars, moments, moments, hours, hours)
def test_later_starts_and_longer_times_never_end_earlier(
    calendar: WorkingCalendar, one: datetime, other: datetime, short: Decimal, long: Decimal
) -> None:
    (early, late), (less, more) = sorted((one, other)), sorted((short, long))
    assert calendar.add_working_time(early, less) <= calendar.add_working_time(late, less)
    assert calendar.add_working_time(early, less) <= calendar.add_working_time(early, more)


@given(calendars, moments, moments, moments)
def test_working_time_adds_up_over_a_moment_between(
    calendar: WorkingCalendar, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted((one, two, three))
    parts = calendar.working_time_between(first, middle) + calendar.working_time_between(middle, last)
    assert calendar.working_time_between(first, last) == parts
    assert calendar.working_time_between(last, first) == -parts


def test_songkran_and_the_weekend_are_not_counted(bangkok: CityFiles) -> None:
    friday = at("2026-04-10 15:00")
    assert bangkok.calendar.add_working_time(friday, 2) == at("2026-04-16 09:00")


def test_time_across_the_new_year_passes_over_its_holidays(bangkok: CityFiles) -> None:
    # 31 December to 4 January: New Year's Eve, New Year, a bridge day, a weekend.
    assert bangkok.calendar.add_working_time(at("2025-12-30 15:00"), 1) == at("2025-12-30 16:00")
    assert bangkok.calendar.add_working_time(at("2025-12-30 15:30"), 1) == at("2026-01-05 08:30")
    assert bangkok.calendar.working_time_between(at("2025-12-30 16:00"), at("2026-01-05 08:00")) == timedelta(
        0
    )


def test_a_holiday_on_a_weekend_is_made_up_for(bangkok: CityFiles) -> None:
    assert not bangkok.calendar.is_working_day(date(2026, 6, 1))
    holiday = bangkok.calendar.holiday(date(2026, 6, 1))
    assert holiday is not None
    assert holiday.name_th == "ชดเชยวันวิสาขบูชา"
    assert holiday.name_en == "Visakha Bucha (in lieu)"


def test_offices_work_on_labour_day_and_rest_on_the_ploughing_day(bangkok: CityFiles) -> None:
    assert bangkok.calendar.is_working_day(date(2026, 5, 1))
    assert not bangkok.calendar.is_working_day(date(2026, 5, 13))


def test_a_year_of_holidays_is_in_order_with_both_names(bangkok: CityFiles) -> None:
    year = bangkok.calendar.holidays(2026)
    assert [holiday.day for holiday in year] == sorted(holiday.day for holiday in year)
    assert len(year) >= 19
    assert all(holiday.name_th and holiday.name_en for holiday in year)


def test_lunch_a_closure_and_an_extra_sunday_count_as_told(littletown: CityFiles) -> None:
    calendar = littletown.calendar
    zone = calendar.zone
    saturday = datetime(
        2026, 6, 13, 11, 0, tzinfo=zone
    )  # also the town's saint? no: Lisbon's, not the country's
    # One hour on Saturday, two on the extra Sunday, none on Monday's fair, the rest on Tuesday with lunch between.
    assert calendar.add_working_time(saturday, 7) == datetime(2026, 6, 16, 14, 0, tzinfo=zone)
    assert calendar.hours_of(date(2026, 6, 14)) == ((time(10), time(12)),)


def test_working_hours_keep_to_the_clock_when_summer_time_begins(littletown: CityFiles) -> None:
    zone = littletown.calendar.zone
    saturday = datetime(2026, 3, 28, 11, 0, tzinfo=zone)  # the clocks go forward in the night to Sunday
    assert littletown.calendar.add_working_time(saturday, 2) == datetime(2026, 3, 30, 10, 0, tzinfo=zone)


def test_a_naive_moment_and_negative_hours_are_refused(bangkok: CityFiles) -> None:
    with pytest.raises(ValueError, match="aware"):
        bangkok.calendar.add_working_time(datetime(2026, 1, 5), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="negative"):
        bangkok.calendar.add_working_time(at("2026-01-05 09:00"), -1)


def test_a_calendar_that_never_works_is_refused() -> None:
    with pytest.raises(ValueError, match="without working hours"):
        WorkingCalendar(time_zone="UTC", week=((), (), (), (), (), (), ()))
