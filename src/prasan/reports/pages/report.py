"""The page of one report, as each reader may see it: facts, timeline, photos, deadlines, what can be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from prasan.city.models import Agency
from prasan.city.registers import registers
from prasan.fabric.templatetags.kit import STATES
from prasan.people.actors import actor_of
from prasan.reports import policies
from prasan.reports.catalogue import catalogue
from prasan.reports.models import OPEN_STATUSES, Assignment, Entry, Photo, Report, Status
from prasan.reports.queries.numbers import IMPORTED
from prasan.reports.queries.public import ReportView, fixed_lately

CITIZEN_STEPS = ("answer", "rate", "reopen", "comment", "follow")
CLOSED = (Status.FINISHED, Status.IRRELEVANT)


def report_context(request: HttpRequest, view: ReportView, token: str = "") -> dict[str, Any]:
    """All that the templates of one report show."""
    actor, report = actor_of(request), view.report
    steps = {step.action for step in policies.steps_for(actor, report, view.assignments, token)}
    pictures = [photo for photo in view.photos if photo.entry_id is None]
    lead = view.lead
    return {
        "view": view,
        "report": report,
        "token": token,
        "category": catalogue().categories.get(report.category),
        "district": registers().areas.get(report.district),
        "subdistrict": registers().areas.get(report.subdistrict),
        "parts": [_part(one) for one in view.assignments],
        "deadline": _deadline(report, lead) if lead else None,
        "text": report.text if view.is_reporter else report.public_text,
        "before": photo_items(pictures, token),
        "after": photo_items(
            (p for p in view.photos if p.moment == Photo.Moment.AFTER and p.entry_id), token
        ),
        "imported": report.source.startswith(IMPORTED),
        "elsewhere": [photo.external_url for photo in view.photos if photo.external_url],
        "timeline": timeline(view, token),
        "steps": [
            step for step in CITIZEN_STEPS if step in steps and not (step == "follow" and view.follows)
        ],
        "desk": view.is_inside and actor.is_officer,
        "decidable": decidable(view.photos) if actor.is_officer and "note" in steps else [],
        "place": f"{report.longitude},{report.latitude}" if report.longitude is not None else "",
        "asked": next((entry for entry in reversed(view.entries) if entry.kind == Entry.Kind.QUESTION), None),
        "stars": range(1, 6),
    } | (map_context() if report.longitude is not None else {})


@dataclass(frozen=True, slots=True)
class Part:
    """One agency's part in the report."""

    agency: Agency | None
    status: str
    label: str
    stage: str
    invited: bool
    active: bool


def _part(one: Assignment) -> Part:
    stage = catalogue().stages.get(one.stage)
    return Part(
        registers().agencies.get(one.agency_id), one.status, str(Status(one.status).label), stage.name if stage else "",
        one.role == Assignment.Role.INVITED, one.active,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deadline:
    """What was promised and how it stands: `state` is open, paused, overdue, kept or late."""

    state: str
    respond_by: datetime | None
    due_at: datetime
    first_action_at: datetime | None
    finished_at: datetime | None


def _deadline(report: Report, lead: Assignment) -> Deadline | None:
    """The lead agency's deadline, told as it is; None where none was ever set (imported reports)."""
    if lead.due_at is None:
        return None
    if report.status in OPEN_STATUSES:
        late = lead.due_at < timezone.now()
        state = "paused" if lead.paused_at else "overdue" if late else "open"
    else:
        state = "late" if report.finished_at and report.finished_at > lead.due_at else "kept"
    return Deadline(state, lead.respond_by, lead.due_at, report.first_action_at, report.finished_at)


# --- lists and maps ---


def map_context() -> dict[str, Any]:
    """What every map of reports needs: addresses of tiles and reports, the words of categories and statuses."""
    labels = {code: category.name for code, category in catalogue().categories.items()}
    return {
        "tiles": reverse("reports:tile", args=[0, 0, 0]).replace("0/0/0", "{z}/{x}/{y}"),
        "detail": reverse("reports:report", args=["CODE"]),
        "labels": labels | {value: str(label) for value, label in Status.choices},
    }


def listed(reports: Iterable[Report], photos: Mapping[int, str] | None = None) -> list[dict[str, Any]]:
    """Reports as the cards of a list show them; `photos` maps a report to the key of its first picture."""
    return [
        {
            "report": report,
            "photo": (photos or {}).get(report.pk, ""),
            "excerpt": getattr(
                report, "excerpt", report.public_text if "public_text" in report.__dict__ else ""
            ),
            "category": catalogue().categories.get(report.category),
            "district": registers().areas.get(report.district),
            "label": Status(report.status).label,
        }
        for report in reports
    ]


# --- photos ------------------------------------------------------------------------------------------------------


def photo_items(photos: Iterable[Photo], token: str = "") -> list[dict[str, Any]]:
    """Photos as the kit's grid takes them; one that is still being checked has no `src`, a hidden one is left out."""
    shown = (photo for photo in photos if photo.state != Photo.State.REFUSED and not photo.external_url)
    return [_photo_item(photo, token) for photo in shown]


def _photo_item(photo: Photo, token: str) -> dict[str, Any]:
    captions = {
        Photo.Moment.BEFORE: pgettext("photo", "Before"),
        Photo.Moment.AFTER: pgettext("photo", "After"),
        Photo.Moment.OTHER: _("Photo"),
    }
    caption = captions[Photo.Moment(photo.moment)]
    if photo.state == Photo.State.PENDING:
        return {"src": "", "alt": _("A photo that is being checked"), "caption": caption}
    query = f"?key={token}" if token else ""
    addresses = {
        size: reverse("reports:photo", args=[photo.key, size]) + query for size in ("small", "large")
    }
    return {"src": addresses["small"], "href": addresses["large"], "alt": caption, "caption": caption}


def decidable(photos: Iterable[Photo]) -> list[dict[str, Any]]:
    """Every photo that was sent here, for the officers who may hide it, show it again or look at the original."""
    return [
        {
            "key": photo.key,
            "hidden": photo.state == Photo.State.REFUSED,
            "item": _photo_item(photo, "") if photo.state == Photo.State.READY else None,
            "original": reverse("reports:photo", args=[photo.key, "original"]),
        }
        for photo in photos
        if not photo.external_url
    ]


# --- timeline ----------------------------------------------------------------------------------------------------


def timeline(view: ReportView, token: str = "") -> list[dict[str, Any]]:
    """What happened, newest first, as the kit's timeline takes it."""
    pictures: dict[int, list[Photo]] = defaultdict(list)
    for photo in view.photos:
        if photo.entry_id is not None:
            pictures[photo.entry_id].append(photo)
    items = [_line(view, entry, photo_items(pictures[entry.pk], token)) for entry in reversed(view.entries)]
    icon, tone = STATES["waiting"]
    return [
        *items,
        {"title": _("Report received"), "icon": icon, "tone": tone, "at": view.report.submitted_at},
    ]


def _line(view: ReportView, entry: Entry, photos: list[dict[str, Any]]) -> dict[str, Any]:
    own = view.is_inside or (view.is_reporter and entry.by != "officer")
    line: dict[str, Any] = {
        "title": _title(entry),
        "at": entry.at,
        "who": _who(view, entry),
        "text": entry.text if own else entry.public_text,
        "photos": photos,
        "audience": entry.audience,
        "code": entry.other.code if entry.other and (view.is_inside or not entry.other.private) else "",
    }
    icon, tone = (
        STATES[entry.status] if entry.status in STATES else DRAWINGS.get(entry.kind, ("info", "neutral"))
    )
    return line | {"icon": icon, "tone": tone}


DRAWINGS = {
    "comment": ("comment", "neutral"),
    "question": ("question", "brand"),
    "answer": ("comment", "brand"),
    "note": ("lock", "neutral"),
    "invite": ("people", "info"),
    "merge": ("merge", "neutral"),
    "split": ("split", "neutral"),
    "category": ("edit", "neutral"),
    "rating": ("star-full", "brand"),
    "escalation": ("bell", "warning"),
    "reopen": ("reopen", "warning"),
}


def _title(entry: Entry) -> str:
    to = registers().agencies.get(entry.to_agency_id or "")
    titles = {
        "comment": _("Reply from the agency") if entry.by == "officer" else _("Comment"),
        "question": _("The agency asks the reporter"),
        "answer": _("The reporter answered"),
        "note": _("Internal note"),
        "forward": _("Forwarded to %(agency)s") % {"agency": to.name} if to else _("Forwarded"),
        "invite": _("%(agency)s was invited to help") % {"agency": to.name}
        if to
        else _("An agency was invited"),
        "reopen": _("Opened again"),
        "merge": _("Merged with a report on the same thing"),
        "split": _("Split into several reports"),
        "category": _("Category changed"),
        "rating": _("The reporter rated the result"),
        "escalation": _("Deadline passed: the supervisor was told"),
    }
    if entry.kind in titles:
        return titles[entry.kind]
    return str(Status(entry.status).label) if entry.status in Status.values else _("Note from the agency")


def _who(view: ReportView, entry: Entry) -> str:
    agency = registers().agencies.get(entry.agency_id or "")
    if agency is not None:
        return agency.name
    if entry.kind in {"answer", "reopen", "rating"}:
        return _("You, the reporter") if view.is_reporter else _("The reporter")
    return "" if entry.by in {"officer", "system"} else _("A citizen")


def fixed_items() -> list[dict[str, Any]]:
    """What was fixed lately, with a picture before and after, for the front page."""
    pairs = fixed_lately()
    cards = listed(pair.report for pair in pairs)
    return [
        card | {"before": pair.before, "after": pair.after} for card, pair in zip(cards, pairs, strict=True)
    ]
