"""From rows to what the API gives, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from prasan.city.registers import registers
from prasan.reports.catalogue import catalogue
from prasan.reports.links import report_url
from prasan.reports.models import Assignment, Entry, Photo, Report, Status
from prasan.reports.queries.public import ReportView

Shape = dict[str, Any]


def report_shape(report: Report, duplicate_of: str | None) -> Shape:
    """A report's own fields; `duplicate_of` is the code of the one it was merged into."""
    located = report.longitude is not None and report.latitude is not None
    return {
        "code": report.code,
        "url": report_url(report.code),
        "source": report.source,
        "text": report.public_text,
        "category": category_shape(report.category),
        "status": status_shape(report.status),
        "stage": stage_shape(report.stage),
        "agency": agency_shape(report.agency_id),
        "location": {"longitude": report.longitude, "latitude": report.latitude} if located else None,
        "address": report.address,
        "district": area_shape(report.district),
        "subdistrict": area_shape(report.subdistrict),
        "submitted_at": report.submitted_at,
        "updated_at": report.updated_at,
        "first_action_at": report.first_action_at,
        "finished_at": report.finished_at,
        "rating": report.rating,
        "reopened": report.reopened,
        "followers": report.followers,
        "photo_count": report.photos,
        "private": report.private,
        "duplicate_of": duplicate_of or None,
        "version": report.version,
    }


def detail_shape(view: ReportView) -> Shape:
    """A report with its pictures and every agency's part."""
    return report_shape(view.report, view.duplicate_of) | {
        "photos": [photo_shape(photo) for photo in visible(view)],
        "assignments": [assignment_shape(assignment) for assignment in view.assignments],
    }


def timeline_shape(view: ReportView) -> list[Shape]:
    """The lines this reader may see, each with its pictures."""
    pictures: dict[int | None, list[Shape]] = {}
    for photo in visible(view):
        pictures.setdefault(photo.entry_id, []).append(photo_shape(photo))
    return [entry_shape(entry, pictures.get(entry.pk, [])) for entry in view.entries]


def visible(view: ReportView) -> list[Photo]:
    """Pictures of the report and of the entries this reader may see."""
    entries = {entry.pk for entry in view.entries} | {None}
    return [
        photo for photo in view.photos if photo.state != Photo.State.REFUSED and photo.entry_id in entries
    ]


def assignment_shape(assignment: Assignment) -> Shape:
    """One agency's part; never its officer."""
    names = ("role", "active", "assigned_at", "accepted_at", "closed_at", "respond_by", "due_at")
    return {name: getattr(assignment, name) for name in names} | {
        "agency": agency_shape(assignment.agency_id),
        "status": status_shape(assignment.status),
        "stage": stage_shape(assignment.stage),
    }


def entry_shape(entry: Entry, photos: list[Shape]) -> Shape:
    """A line of the timeline; never who wrote it, and the masked words alone."""
    return {
        "at": entry.at,
        "kind": entry.kind,
        "audience": entry.audience,
        "by": entry.by,
        "agency": agency_shape(entry.agency_id),
        "to_agency": agency_shape(entry.to_agency_id),
        "status": status_shape(entry.status) if entry.status else None,
        "stage": stage_shape(entry.stage),
        "text": entry.public_text,
        "photos": photos,
    }


def photo_shape(photo: Photo) -> Shape:
    """Addresses of a picture's public sizes; one that came with an import stays where it is."""
    if photo.external_url:
        return {"url": photo.external_url, "small_url": photo.external_url, "moment": photo.moment}
    ready = photo.state == Photo.State.READY
    large, small = (photo_address(photo.key, size) if ready else "" for size in ("large", "small"))
    return {"url": large, "small_url": small, "moment": photo.moment}


def category_shape(code: str) -> Shape:
    """Code and name of a category."""
    return {"code": code, "name": catalogue().category(code).name}


def status_shape(code: str) -> Shape:
    """Code and name of a status."""
    return {"code": code, "name": str(Status(code).label)}


def stage_shape(code: str) -> Shape | None:
    """Code and name of a long-process stage, or of the reason for which a report is not relevant."""
    term = catalogue().stages.get(code) or catalogue().irrelevant_reasons.get(code)
    return {"code": code, "name": term.name} if term is not None else None


def agency_shape(code: str | None) -> Shape | None:
    """Code and name of an agency."""
    return {"code": code, "name": registers().agency(code).name} if code else None


def area_shape(code: str) -> Shape | None:
    """Code and name of a district or subdistrict."""
    area = registers().areas.get(code) if code else None
    return {"code": code, "name": area.name} if area is not None else None


def photo_address(key: str, size: str) -> str:
    """Absolute address of a public picture."""
    return settings.PUBLIC_URL + reverse("reports:photo", args=[key, size])
