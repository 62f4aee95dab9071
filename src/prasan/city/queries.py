"""Reads of the city's registers beyond the snapshot."""

from __future__ import annotations

from datetime import date

from prasan.city.models import Indicator


def indicator_values(
    name: str,
    *,
    agency: str | None = None,
    area: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> list[Indicator]:
    """Published values of an indicator by period, oldest first; one query.

    `agency` and `area` are codes; None takes every one. Periods count that lie within `since` … `until`.
    """
    wanted: dict[str, object] = {"name": name}
    if agency is not None:
        wanted["agency"] = agency
    if area is not None:
        wanted["area"] = area
    if since is not None:
        wanted["period_start__gte"] = since
    if until is not None:
        wanted["period_end__lte"] = until
    return list(Indicator.objects.filter(**wanted).order_by("period_start", "agency", "area"))
