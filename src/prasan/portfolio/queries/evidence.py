"""Numbers of the city as evidence: which there are, and what one says of some places over the last months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from prasan.city.models import Indicator

SUMMED = {
    "reports",
    "baht",
    "visits",
}  # units that add up over months and places; of others the mean is taken


@dataclass(frozen=True, slots=True)
class Reading:
    """What an indicator says: the sum or mean of its months in its areas, of how many values, until when."""

    value: Decimal
    unit: str
    until: date
    values: int


def reading(indicator: str, areas: Sequence[str], months: int, until: date | None = None) -> Reading | None:
    """An indicator over the last full months before `until` (today); None when there is no value. One statement.

    Counts are summed over months and areas; of other units (hours, shares) it is the mean of the values.
    """
    end = until or timezone.localdate().replace(day=1) - timedelta(days=1)
    where = Q(area__in=list(areas)) if areas else Q(area=None)
    rows = list(
        Indicator.objects.filter(
            where,
            name=indicator,
            agency=None,
            period_start__gte=_months_before(end, months),
            period_end__lte=end,
        ).values_list("value", "unit", "period_start", "period_end")
    )
    monthly = [row for row in rows if (row[3] - row[2]).days <= 31]
    if not monthly:
        return None
    total = sum((value for value, *_rest in monthly), Decimal(0))
    unit = monthly[0][1]
    value = total if unit in SUMMED else total / len(monthly)
    return Reading(value.quantize(Decimal("0.0001")), unit, max(row[3] for row in monthly), len(monthly))


def _months_before(end: date, months: int) -> date:
    """The first day of the month that lies so many months before the month after `end`."""
    number = end.year * 12 + end.month - months
    return date(number // 12, number % 12 + 1, 1)


def indicator_names() -> list[str]:
    """Names of all indicators with values by month, in order. One statement."""
    return list(Indicator.objects.order_by("name").values_list("name", flat=True).distinct())
