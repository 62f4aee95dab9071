"""The numbers page's content, computed by a job and published to the city's indicators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from prasan.city.actions import IndicatorValue, indicator_publish
from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.reports.catalogue import catalogue
from prasan.reports.models import NumbersSnapshot
from prasan.reports.queries import numbers
from prasan.reports.queries.public import start_of

STATISTICIAN = Actor.system("reports.numbers")
KEPT = timedelta(days=400)  # one snapshot a day is kept so long, so that last year's numbers can be looked up
PUBLISHED_MONTHS = 13


def numbers_compute(*, now: datetime | None = None) -> int:
    """Compute a snapshot of every period; gives how many. Earlier snapshots of the same day are replaced."""
    now = now or timezone.now()
    today = timezone.localtime(now).date()
    for days in numbers.PERIODS:
        start = numbers.start_of_period(now, days)
        content = {"days": days} | numbers.compute(start, now, now)
        with transaction.atomic():
            NumbersSnapshot.objects.filter(period_end=today, content__days=days).delete()
            NumbersSnapshot.objects.filter(computed_at__lt=now - KEPT).delete()
            NumbersSnapshot.objects.create(
                computed_at=now,
                period_start=timezone.localtime(start).date(),
                period_end=today,
                content=content,
            )
            ledger_write(
                actor=STATISTICIAN, action="numbers.compute", object_type="numbers", object_id=days,
                changes={"reports": content["all"]["reports"]}, origin="job",
            )  # fmt: skip
    return len(numbers.PERIODS)


def numbers_publish(*, now: datetime | None = None) -> int:
    """Publish each of the latest months to the city's indicators; gives how many values.

    `reports.received`, `.open` and `.fix_median` of the city, each agency and each district;
    `reports.received.CATEGORY` of the city and each district, none received told as 0.
    """
    now = now or timezone.now()
    months = numbers.months_back(timezone.localtime(now).date(), PUBLISHED_MONTHS)
    count = 0
    for first, last in months:
        values = [*_month(first, last, now), *_by_category(first, last)]
        count += indicator_publish(actor=STATISTICIAN, values=values, published_by="reports", origin="job")
    return count


def _by_category(first: date, last: date) -> Iterator[IndicatorValue]:
    counts = numbers.received(start_of(first), start_of(last + timedelta(days=1)))
    districts = [district.code for district in registers().districts()]
    for category in catalogue().categories:
        by_district = [(code, counts.get((category, code), 0)) for code in districts]
        whole = sum(count for (one, _district), count in counts.items() if one == category)
        for area, count in (*by_district, (None, whole)):
            yield IndicatorValue(
                name=f"reports.received.{category}", period_start=first, period_end=last, value=Decimal(count),
                unit="reports", area=area,
            )  # fmt: skip


def _month(first: date, last: date, now: datetime) -> Iterator[IndicatorValue]:
    content = numbers.compute(start_of(first), start_of(last + timedelta(days=1)), now)
    for place, rows in (("", [content["all"]]), ("agency", content["agency"]), ("area", content["district"])):
        for row in rows:
            if place != "agency" or row["code"] in registers().agencies:
                yield from _values(place, row, first, last)


def _values(place: str, row: dict[str, Any], first: date, last: date) -> Iterator[IndicatorValue]:
    """Received, still open, and hours to the fix of one group in one month."""
    where = {place: row["code"]} if place else {}
    values = (
        ("reports.received", row["reports"], "reports"),
        ("reports.open", row["open"], "reports"),
        ("reports.fix_median", row["fix_median"], "hours"),
    )
    for name, value, unit in values:
        if value is not None:
            yield IndicatorValue(
                name=name, period_start=first, period_end=last, value=Decimal(str(value)), unit=unit, **where
            )
