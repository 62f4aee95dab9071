"""Reading calendar.yaml: the working week, its holidays, closures and extra working days."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import holidays as public_holidays
from django.utils.translation import gettext_lazy as _

from prasan.city.calendar import ExtraDay, Holiday, Hours, WorkingCalendar
from prasan.city.rows import ErrorList, Lines, RowError, read_yaml

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_calendar(path: Path, time_zone: str, errors: list[RowError]) -> WorkingCalendar | None:
    """The working calendar of a city; None, with the faults added to `errors`, when it can't be used."""
    faults = ErrorList(path.name)
    given = read_yaml(path, faults)
    week = _week(given, faults)
    country, categories, open_on = _public(given, faults)
    closures = _closures(given, faults)
    extra_days = _extra_days(given, week, faults)
    if not faults and not any(week):
        faults.add(given.line_of("week"), "week", _("The week has no working hours."))
    errors.extend(faults)
    if faults:
        return None
    return WorkingCalendar(
        time_zone=time_zone, week=week, country=country, categories=categories, open_on=open_on,
        closures=closures, extra_days=extra_days,
    )  # fmt: skip


def _week(given: Lines, faults: ErrorList) -> tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]:
    week = given.get("week")
    if not isinstance(week, Lines):
        if not faults:
            faults.add(given.line_of("week"), "week", _("This is missing."))
        week = Lines()
    for name in week:
        if name not in DAYS:
            faults.add(week.line_of(name), name, _("“{name}” is not a day of the week."), name=name)
    hours = [_hours(week.get(day), week.line_of(day), f"week.{day}", faults) for day in DAYS]
    return (hours[0], hours[1], hours[2], hours[3], hours[4], hours[5], hours[6])


def _hours(value: object, line: int, field: str, faults: ErrorList) -> Hours:
    """`"08:00-12:00 13:00-16:00"` as stretches in order."""
    stretches: list[tuple[time, time]] = []
    try:
        for stretch in str(value or "").split():
            opening, closing = (time.fromisoformat(moment) for moment in stretch.split("-"))
            if closing <= opening or (stretches and opening < stretches[-1][1]):
                raise ValueError
            stretches.append((opening, closing))
    except ValueError:
        faults.add(line, field, _("“{text}” are not hours such as 08:00-12:00 13:00-16:00."), text=str(value))
        return ()
    return tuple(stretches)


def _public(given: Lines, faults: ErrorList) -> tuple[str, tuple[str, ...], frozenset[str]]:
    chosen = given.get("holidays") or Lines()
    if not isinstance(chosen, Lines):
        faults.add(given.line_of("holidays"), "holidays", _("This needs a country."))
        return "", (), frozenset()
    country = str(chosen.get("country", ""))
    categories = tuple(str(category) for category in chosen.get("categories", ("public",)))
    if country and country not in public_holidays.list_supported_countries():
        line = chosen.line_of("country")
        faults.add(line, "holidays.country", _("There are no known holidays of “{name}”."), name=country)
    elif country:
        unknown = set(categories) - set(getattr(public_holidays, country).supported_categories)
        for category in sorted(unknown):
            line = chosen.line_of("categories")
            faults.add(line, "holidays.categories", _("There is no kind of holiday “{name}”."), name=category)
    return country, categories, frozenset(str(name) for name in chosen.get("open_on", ()))


def _closures(given: Lines, faults: ErrorList) -> tuple[Holiday, ...]:
    rows = _rows(given, "closures", ("date", "name_th", "name_en"), faults)
    return tuple(Holiday(row["date"], str(row["name_th"]), str(row["name_en"])) for row in rows)


def _extra_days(given: Lines, week: tuple[Hours, ...], faults: ErrorList) -> tuple[ExtraDay, ...]:
    usual = next((hours for hours in week if hours), ())
    extra = []
    for row in _rows(given, "extra_working_days", ("date",), faults):
        hours = _hours(row.get("hours"), row.line_of("hours"), "extra_working_days.hours", faults)
        extra.append(ExtraDay(row["date"], hours or usual))
    return tuple(extra)


def _rows(given: Lines, name: str, required: tuple[str, ...], faults: ErrorList) -> list[Lines]:
    """The rows of a list that can be used; the others are noted."""
    rows = given.get(name) or []
    if not isinstance(rows, list):
        faults.add(given.line_of(name), name, _("A list is needed."))
        return []
    usable = []
    for row in rows:
        missing = [field for field in required if not isinstance(row, Lines) or not row.get(field)]
        line = getattr(row, "line", given.line_of(name))
        for field in missing:
            faults.add(line, f"{name}.{field}", _("This is missing."))
        if not missing and not isinstance(row["date"], date):
            faults.add(row.line_of("date"), f"{name}.date", _("This is not a date (YYYY-MM-DD)."))
        elif not missing:
            usable.append(row)
    return usable
