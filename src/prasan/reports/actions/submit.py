"""A new report: checked, categorised, routed, given its deadlines and written, in few statements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import h3.api.basic_int as h3
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_part
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code
from prasan.fabric.inserting import insert_together
from prasan.fabric.problems import Invalid
from prasan.fabric.redaction import redact
from prasan.reports import triage
from prasan.reports.actions.change import LONGEST_TEXT, attach_photos
from prasan.reports.actions.citizen import follower_new
from prasan.reports.actions.deadlines import start_clock
from prasan.reports.actions.search import search_vector
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Assignment, Report, wording
from prasan.reports.routing import route

CELL_RESOLUTION = 12  # about 9 m a side: fine enough to stand for the point, coarse enough to index
MOST_PHOTOS = 10
LONGEST_FIELD = 500


@dataclass(frozen=True, slots=True)
class Submission:
    """What a citizen, an officer at the phone or another system sends."""

    text: str
    category: str = ""
    longitude: float | None = None
    latitude: float | None = None
    address: str = ""
    district: str = ""
    road_kind: str = ""
    asset_kind: str = ""
    private: bool = False
    name: str = ""
    phone: str = ""
    email: str = ""
    photos: tuple[str, ...] = ()
    source: str = "web"


@dataclass(frozen=True, slots=True)
class Sorting:
    """Category, place and agency found for a submission."""

    category: str
    category_how: str
    suggested: tuple[str, ...]
    confidence: float | None
    district: str
    subdistrict: str
    agency: str
    rule: str
    road_kind: str
    asset_kind: str


def report_submit(*, actor: Actor, submission: Submission, origin: str = "", code: str = "") -> Report:
    """Write a new report and give it to an agency. Raises Invalid naming every field that can't be taken.

    `code` is for tests and examples; else a random one is drawn, and another one where that is taken.
    """
    given = submission_check(submission)
    sorting = sort_submission(given)
    report = _report(actor, given, sorting, timezone.now(), code or new_code())
    with transaction.atomic(savepoint=False):
        while not _insert(actor, report, given, sorting, origin):
            report.code = new_code()
            report.search = search_vector(report)
        if given.photos:
            attach_photos(given.photos, report=report)
    return report


def _insert(actor: Actor, report: Report, given: Submission, sorting: Sorting, origin: str) -> bool:
    """Report, lead, follower and ledger entry in one statement; False when the code is taken."""
    lead = Assignment(agency_id=sorting.agency, assigned_at=report.submitted_at)
    start_clock(lead, report.submitted_at, category=sorting.category)
    rows: list[Model] = [lead]
    if actor.is_citizen or given.email:
        rows.append(follower_new(actor, None, given.email, reporter=True))
    changes = {
        "category": sorting.category, "agency": sorting.agency, "district": sorting.district, "rule": sorting.rule,
        "cell": report.cell, "private": given.private,
    }  # fmt: skip
    entry = ledger_part(
        actor=actor, action="report.submit", object_type="report", object_id=report.code, changes=changes, origin=origin
    )
    return insert_together(report, rows, [entry], unique="code")


def sort_submission(given: Submission) -> Sorting:
    """Category (as chosen, else suggested from the words), district and agency, without writing anything.

    Raises Invalid for a place that can't be. A category that triage is not sure of goes to the district's
    dispatcher instead of being routed.
    """
    district, subdistrict = _place(given)
    suggestion = triage.suggest(given.text)
    codes = suggested_codes(suggestion)
    category = given.category or next(iter(codes), catalogue().fallback)
    routed = route(
        category=category, district=district, subdistrict=subdistrict, road_kind=given.road_kind,
        asset_kind=given.asset_kind, text=given.text, address=given.address,
    )  # fmt: skip
    sure = bool(given.category) or (suggestion.confident and bool(codes))
    return Sorting(
        category=category,
        category_how="citizen" if given.category else "triage",
        suggested=codes,
        confidence=suggestion.choices[0].probability if suggestion.choices else None,
        district=district,
        subdistrict=subdistrict,
        agency=routed.agency_code if sure else registers().district_office(district),
        rule=routed.rule_id if sure else "",
        road_kind=routed.road_kind,
        asset_kind=routed.asset_kind,
    )


def suggested_codes(suggestion: triage.Suggestion) -> tuple[str, ...]:
    """Category codes of triage's choices, best first; labels this city does not know are passed over."""
    found = (catalogue().category_of_label(choice.category) for choice in suggestion.choices)
    return tuple(category.code for category in found if category is not None)


def _place(given: Submission) -> tuple[str, str]:
    """District and subdistrict codes: of the point, else those named in the address, else as chosen, else empty."""
    if given.longitude is not None and given.latitude is not None:
        place = registers().place_of(given.longitude, given.latitude, given.address)
        return place.district_code, place.subdistrict_code or ""
    named = registers().geography.named(given.address)
    return named.district_code or given.district, named.subdistrict_code or ""


def _report(actor: Actor, given: Submission, sorting: Sorting, now: datetime, code: str) -> Report:
    located = given.longitude is not None and given.latitude is not None
    report = Report(
        code=code, source=given.source, submitted_at=now, updated_at=now,
        **wording(given.text), address=redact(given.address),
        category=sorting.category, category_how=sorting.category_how,
        suggested=list(sorting.suggested), confidence=sorting.confidence,
        longitude=given.longitude, latitude=given.latitude,
        cell=h3.latlng_to_cell(given.latitude, given.longitude, CELL_RESOLUTION) if located else None,
        district=sorting.district, subdistrict=sorting.subdistrict,
        road_kind=sorting.road_kind, asset_kind=sorting.asset_kind,
        reporter_id=int(actor.id) if actor.is_citizen else None,
        reporter_name=given.name, reporter_phone=given.phone, private=given.private,
        agency_id=sorting.agency, routed_by=sorting.rule, photos=len(given.photos),
        followers=1 if actor.is_citizen or given.email else 0,
    )  # fmt: skip
    report.search = search_vector(report)
    return report


def submission_check(given: Submission) -> Submission:
    """The submission with blanks trimmed, or Invalid with every wrong field at once."""
    given = replace(
        given, text=_tidy(given.text), address=_tidy(given.address), name=_tidy(given.name),
        phone=_tidy(given.phone), email=_tidy(given.email),
    )  # fmt: skip
    errors = _text_errors(given) | _place_errors(given)
    if given.category and given.category not in catalogue().categories:
        errors["category"] = _("Please choose one of the categories.")
    if given.email:
        try:
            validate_email(given.email)
        except ValidationError:
            errors["email"] = _("Please write an e-mail address such as name@example.com.")
    if len(given.photos) > MOST_PHOTOS:
        errors["photos"] = _("At most %(most)d photos, please.") % {"most": MOST_PHOTOS}
    if errors:
        raise Invalid(errors)
    return given


def _tidy(text: str) -> str:
    return text.replace("\x00", "").strip()  # PostgreSQL takes no NUL


def _text_errors(given: Submission) -> dict[str, str]:
    errors = {}
    if not given.text:
        errors["text"] = _("Please say what the problem is.")
    if len(given.text) > LONGEST_TEXT:
        errors["text"] = _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}
    for name in ("address", "name", "phone", "road_kind", "asset_kind"):
        if len(getattr(given, name)) > LONGEST_FIELD:
            errors[name] = _("At most %(most)d characters, please.") % {"most": LONGEST_FIELD}
    return errors


def _place_errors(given: Submission) -> dict[str, str]:
    """A point in the city, or an address, landmark or district to look for."""
    if given.district and registers().district(given.district) is None:
        return {"district": _("Please choose one of the districts.")}
    if given.longitude is None and given.latitude is None:
        if given.address or given.district:
            return {}
        return {"location": _("Please show the place on the map, or write an address or a landmark.")}
    if given.longitude is None or given.latitude is None:
        return {"location": _("Longitude and latitude are needed together.")}
    return {}
