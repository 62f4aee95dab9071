"""Working days and hours of the city: deadlines are counted in these, never in hours of the clock.

Pure: a calendar is built from `calendar.yaml` (week, closures, extra days) and public holidays of the package
`holidays`, and asks nothing of the database.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from math import ceil
from zoneinfo import ZoneInfo

import holidays as public_holidays

Hours = tuple[tuple[time, time], ...]
LANGUAGES = {"th": "th", "en": "en_US"}
SEARCH_YEARS = 3  # a year without one working hour is passed over, three in a row are a mistake
LAST_YEAR = 2200


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off with its name in both languages."""

    day: date
    name_th: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ExtraDay:
    """A day worked although the week or a holiday says otherwise; without hours it has Monday's."""

    day: date
    hours: Hours


@dataclass(frozen=True, slots=True)
class _Year:
    """Working stretches of one local year in UTC seconds; `before[i]`: working time before stretch i."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]
    total: int


class WorkingCalendar:
    """The city's working time.

    `week` holds the hours of Monday … Sunday, `country` and `categories` choose the holidays of the
    package `holidays` (substitution days included), `open_on` names those (in English) that are worked.
    """

    def __init__(
        self,
        *,
        time_zone: str,
        week: tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours],
        country: str = "",
        categories: tuple[str, ...] = ("public",),
        open_on: frozenset[str] = frozenset(),
        closures: tuple[Holiday, ...] = (),
        extra_days: tuple[ExtraDay, ...] = (),
    ) -> None:
        if not any(week):
            raise ValueError("a week without working hours")
        self.zone = ZoneInfo(time_zone)
        self.week = week
        self._country = country
        self._categories = categories
        self._open_on = open_on
        self._closures = {closure.day: closure for closure in closures}
        self._extra_days = {extra.day: extra.hours for extra in extra_days}
        self._years: dict[int, _Year] = {}
        self._holidays: dict[int, Mapping[date, Holiday]] = {}
        self._lock = threading.Lock()

    def holidays(self, year: int) -> tuple[Holiday, ...]:
        """Days off of a year in order: public holidays, days in lieu, the city's closures."""
        return tuple(self._holidays_of(year).values())

    def holiday(self, day: date) -> Holiday | None:
        """The holiday on a day, None on others (also on a free Sunday)."""
        return self._holidays_of(day.year).get(day)

    def hours_of(self, day: date) -> Hours:
        """Working hours of a day in local time; empty when nobody works."""
        if day in self._extra_days:
            return self._extra_days[day]
        return () if self.holiday(day) else self.week[day.weekday()]

    def is_working_day(self, day: date) -> bool:
        return bool(self.hours_of(day))

    def is_working_time(self, moment: datetime) -> bool:
        """Whether offices are open; opening and closing moments count as open."""
        second, year = self._place(moment)
        index = bisect_right(year.starts, second) - 1
        return index >= 0 and second <= year.ends[index]

    def add_working_time(self, start: datetime, hours: Decimal | float) -> datetime:
        """The first moment at which `hours` of working time (≥ 0) have passed since `start`.

        `start` is aware; so is the result, in the city's time zone, and always inside working hours.
        """
        seconds = round(Decimal(str(hours)) * 3600)
        if seconds < 0:
            raise ValueError("hours must not be negative")
        position, year = self._place(start)
        number = start.astimezone(self.zone).year
        needed = _worked(year, position) + seconds
        if seconds == 0:
            return self._opening(position, number)
        while needed > year.total:
            needed -= year.total
            number += 1
            year = self._year(number)
        index = bisect_left(year.before, needed) - 1
        return self._local(year.starts[index] + needed - year.before[index])

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`, to the second; negative when `end` comes first."""
        if end < start:
            return -self.working_time_between(end, start)
        first, first_year = self._place(start)
        last, last_year = self._place(end)
        low, high = start.astimezone(self.zone).year, end.astimezone(self.zone).year
        full = sum(self._year(number).total for number in range(low, high))
        return timedelta(seconds=full + _worked(last_year, last) - _worked(first_year, first))

    def _opening(self, second: int, number: int) -> datetime:
        """The moment itself when offices are open, else their next opening."""
        for candidate in range(number, number + SEARCH_YEARS):
            year = self._year(candidate)
            index = bisect_left(year.ends, second)
            if index < len(year.ends):
                return self._local(max(second, year.starts[index]))
        raise ValueError("no working hour in the years ahead")

    def _local(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC).astimezone(self.zone)

    def _place(self, moment: datetime) -> tuple[int, _Year]:
        if moment.tzinfo is None:
            raise ValueError("an aware datetime is needed")
        return ceil(moment.timestamp()), self._year(moment.astimezone(self.zone).year)

    def _year(self, number: int) -> _Year:
        if number > LAST_YEAR:
            raise ValueError("no working hour in the years ahead")
        known = self._years.get(number)
        if known is None:
            known = self._years[number] = self._build(number)
        return known

    def _build(self, number: int) -> _Year:
        stretches = [
            (self._second(day, opening), self._second(day, closing))
            for day in _days(number)
            for opening, closing in self.hours_of(day)
        ]
        starts = tuple(start for start, _end in stretches)
        ends = tuple(end for _start, end in stretches)
        worked = (0, *accumulate(end - start for start, end in stretches))
        return _Year(starts, ends, worked[:-1], worked[-1])

    def _second(self, day: date, moment: time) -> int:
        return int(datetime.combine(day, moment, self.zone).timestamp())

    def _holidays_of(self, year: int) -> Mapping[date, Holiday]:
        known = self._holidays.get(year)
        if known is None:
            # The package fills its tables while it is read, which two threads must not do at once.
            with self._lock:
                known = self._holidays[year] = self._find_holidays(year)
        return known

    def _find_holidays(self, year: int) -> Mapping[date, Holiday]:
        found: dict[date, Holiday] = {}
        if self._country:
            thai, english = (self._public(year, language) for language in LANGUAGES.values())
            for day, name in english.items():
                if not self._open_on.issuperset(name.split("; ")):
                    found[day] = Holiday(day, thai.get(day, name), name)
        found |= {day: closure for day, closure in self._closures.items() if day.year == year}
        return {day: found[day] for day in sorted(found) if day not in self._extra_days}

    def _public(self, year: int, language: str) -> Mapping[date, str]:
        country = getattr(public_holidays, self._country)
        chosen = language if language in (country.supported_languages or ()) else None
        return dict(country(years=year, language=chosen, categories=self._categories))


def _worked(year: _Year, second: int) -> int:
    """Working seconds of the year before `second`."""
    index = bisect_right(year.starts, second) - 1
    if index < 0:
        return 0
    return year.before[index] + min(second, year.ends[index]) - year.starts[index]


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
