"""The list that programs read: the public filter with what an API adds. One statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import h3.api.basic_int as h3
from django.db.models import F, QuerySet

from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.reports.actions.submit import CELL_RESOLUTION
from prasan.reports.models import Report
from prasan.reports.queries.public import PublicFilter, public_reports

RING_METRES = 16.4  # between neighbouring rings of cells of resolution 12, on average
LARGEST_RADIUS = 2000  # metres
SHOWN = (
    "code", "source", "public_text", "category", "status", "stage", "agency_id", "longitude", "latitude", "address",
    "district", "subdistrict", "submitted_at", "updated_at", "first_action_at", "finished_at", "rating", "reopened",
    "followers", "photos", "private", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """`public` and more: `agency` with those below it, moments instead of days, `box` (west, south, east, north) in
    degrees, `near` (longitude, latitude, metres)."""

    public: PublicFilter = field(default_factory=PublicFilter)
    agency: str = ""
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    box: tuple[float, float, float, float] | None = None
    near: tuple[float, float, float] | None = None


def listing(given: ReportFilter, *, cursor: str = "", size: int = 50) -> paging.Page[Report]:
    """A page of public reports, newest first; `merged_into` is the code of the report that one was merged into."""
    rows = filtered(given).annotate(merged_into=F("duplicate_of__code")).only(*SHOWN)
    return paging.page(rows, by="-submitted_at", cursor=cursor, size=size)


def filtered(given: ReportFilter) -> QuerySet[Report]:
    """Public reports that fit, without order."""
    rows = public_reports(given.public)
    if given.agency:
        rows = rows.filter(agency_id__in=sorted(registers().descendants(given.agency)))
    for name, moment in (
        ("submitted_at__gte", given.since), ("submitted_at__lt", given.until), ("updated_at__gte", given.updated_since),
    ):  # fmt: skip
        if moment is not None:
            rows = rows.filter(**{name: moment})
    if given.box is not None:
        west, south, east, north = given.box
        rows = rows.filter(longitude__range=(west, east), latitude__range=(south, north))
    if given.near is not None:
        longitude, latitude, metres = given.near
        centre = h3.latlng_to_cell(latitude, longitude, CELL_RESOLUTION)
        rows = rows.filter(cell__in=h3.grid_disk(centre, round(min(metres, LARGEST_RADIUS) / RING_METRES)))
    return rows
