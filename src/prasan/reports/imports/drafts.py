"""From a row of another system to a report of ours: place, category, agency, deadlines and what is published."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import h3.api.basic_int as h3

from prasan.city.geography import CoordinatesError
from prasan.city.registers import registers
from prasan.fabric.codes import new_code
from prasan.fabric.redaction import redact
from prasan.reports import routing, triage
from prasan.reports.actions.bulk import Draft
from prasan.reports.actions.deadlines import REMINDERS, start_clock
from prasan.reports.actions.search import search_vector
from prasan.reports.actions.submit import CELL_RESOLUTION
from prasan.reports.catalogue import catalogue
from prasan.reports.imports.organisations import Organisations
from prasan.reports.imports.rows import Row
from prasan.reports.models import Assignment, Entry, Photo, Report, Status, wording

CLOSED = (Status.FINISHED, Status.IRRELEVANT)


@dataclass(frozen=True, slots=True)
class Where:
    """A row's place as far as it can be told; swapped coordinates are put right."""

    longitude: float | None
    latitude: float | None
    district: str
    subdistrict: str


@dataclass(frozen=True, slots=True)
class What:
    """A row's category and how it was found, with triage's own view where the row had no label."""

    category: str
    how: str
    suggested: tuple[str, ...]
    confidence: float | None
    sure: bool


class Drafter:
    """Makes drafts of many rows at a time; `source` is the reports' source, `now` the moment of the import."""

    def __init__(self, *, source: str, now: datetime) -> None:
        self.source = source
        self.now = now
        self.organisations = Organisations(registers().agencies.values())

    def drafts(self, rows: Sequence[Row]) -> list[Draft]:
        """One draft per row, in order. Texts without a usable label pass triage together, which is much cheaper."""
        return [self._draft(row, what) for row, what in zip(rows, self._sorted(rows), strict=True)]

    def _sorted(self, rows: Sequence[Row]) -> list[What]:
        labelled = [_labelled(row) for row in rows]
        texts = [row.text for row, what in zip(rows, labelled, strict=True) if what is None]
        suggestions = iter(triage.suggest_many(texts))
        return [what or _suggested(next(suggestions)) for what in labelled]

    def _draft(self, row: Row, what: What) -> Draft:
        where = _place(row)
        agency, rule = self._agency(row, what, where)
        closed_at = (row.finished_at or row.updated_at) if row.status in CLOSED else None
        first_action_at = row.started_at or closed_at
        report = Report(
            code=new_code(), source=self.source, external_id=row.external_id, submitted_at=row.submitted_at,
            updated_at=row.updated_at or closed_at or row.submitted_at,
            **wording(row.text), address=redact(row.address),
            category=what.category, category_how=what.how, suggested=list(what.suggested), confidence=what.confidence,
            longitude=where.longitude, latitude=where.latitude, cell=_cell(where),
            district=where.district, subdistrict=where.subdistrict,
            status=row.status, stage=row.stage, agency_id=agency, routed_by=rule,
            first_action_at=first_action_at, finished_at=closed_at, rating=row.rating, reopened=row.reopened,
            photos=len(row.photos) + len(row.photos_after),
        )  # fmt: skip
        report.search = search_vector(report)
        lead = self._lead(report, row, agency)
        draft = Draft(report, [lead], photos=_photos(row, self.now), changes=_changes(report))
        if row.status != Status.WAITING:
            draft.entries.append(_entry(row, agency, draft.report.updated_at))
        return draft

    def _agency(self, row: Row, what: What, where: Where) -> tuple[str, str]:
        """The agency the other system named, else the routed one, else the dispatcher for what nobody is sure of."""
        named = self.organisations.find(row.organisations)
        if named is not None and registers().is_active(named):
            return named, "import"
        if not what.sure:
            return routing.dispatcher_of(where.district), ""
        routed = routing.route(
            category=what.category, district=where.district, subdistrict=where.subdistrict,
            text=row.text, address=row.address,
        )  # fmt: skip
        return routed.agency_code, routed.rule_id

    def _lead(self, report: Report, row: Row, agency: str) -> Assignment:
        """The agency's part. A deadline that passed before the import is kept, but nobody is reminded of it."""
        lead = Assignment(
            agency_id=agency, status=row.status, stage=row.stage, active=row.status not in CLOSED,
            assigned_at=row.submitted_at, accepted_at=report.first_action_at, closed_at=report.finished_at,
        )  # fmt: skip
        start_clock(lead, row.submitted_at, category=report.category)
        if not lead.active or lead.due_at is None or lead.due_at <= self.now:
            lead.reminded, lead.remind_at = REMINDERS[-1], None
        return lead


def _labelled(row: Row) -> What | None:
    """The first label we know, anything before “other”; None where triage must say."""
    known = [category.code for label in row.labels if (category := catalogue().category_of_label(label))]
    telling = [code for code in dict.fromkeys(known) if code != "other"]
    return What(telling[0], "import", tuple(telling[:3]), None, sure=True) if telling else None


def _suggested(suggestion: triage.Suggestion) -> What:
    codes = [
        category.code
        for choice in suggestion.choices
        if (category := catalogue().category_of_label(choice.category))
    ]
    best = suggestion.choices[0].probability if suggestion.choices else None
    return What(codes[0] if codes else "other", "triage", tuple(codes), best, sure=suggestion.confident)


def _place(row: Row) -> Where:
    """The point decides, put right where it is swapped; without a usable one, the district that is named."""
    parts = (row.address, _prefixed("แขวง", row.subdistrict), _prefixed("เขต", row.district))
    named = " ".join(part for part in parts if part)
    longitude, latitude = row.longitude, row.latitude
    for _attempt in range(2):
        try:
            place = registers().geography.place_of(longitude, latitude, named)
        except CoordinatesError as error:
            if error.reason != "swapped":
                return _place_by_name(row, named, keep=error.reason == "outside")
            longitude, latitude = latitude, longitude
        else:
            return Where(longitude, latitude, place.district_code, place.subdistrict_code or "")
    return _place_by_name(row, named, keep=False)


def _place_by_name(row: Row, named: str, *, keep: bool) -> Where:
    """`keep` the point of a report from beyond the border; 0, 0 is none."""
    found = registers().geography.named(named)
    point = (row.longitude, row.latitude) if keep else (None, None)
    return Where(*point, found.district_code or "", found.subdistrict_code or "")


def _prefixed(prefix: str, name: str) -> str:
    return name if not name or name.startswith(prefix) else prefix + name


def _cell(where: Where) -> int | None:
    if where.longitude is None or where.latitude is None:
        return None
    return int(h3.latlng_to_cell(where.latitude, where.longitude, CELL_RESOLUTION))


def _entry(row: Row, agency: str, at: datetime) -> Entry:
    return Entry(
        at=at, kind=Entry.Kind.STATUS, agency_id=agency, by="system", status=row.status, stage=row.stage,
        **wording(row.note),
    )  # fmt: skip


def _photos(row: Row, now: datetime) -> list[Photo]:
    """Photos stay where they are: we keep their addresses and never fetch them."""
    found = [(link, Photo.Moment.BEFORE) for link in row.photos]
    found += [(link, Photo.Moment.AFTER) for link in row.photos_after]
    return [
        Photo(
            key=secrets.token_urlsafe(18), moment=moment, state=Photo.State.READY, sha256="", width=0, height=0, size=0,
            external_url=link, created_at=now,
        )
        for link, moment in found
    ]  # fmt: skip


def _changes(report: Report) -> dict[str, object]:
    return {
        "source": report.source, "category": report.category, "agency": report.agency_id, "district": report.district,
        "status": report.status, "cell": report.cell, "private": report.private,
    }  # fmt: skip
