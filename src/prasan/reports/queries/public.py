"""What everybody may read: lists, one report, what is similar near by. Each function says its statements.

A private report is in none of the lists; its own page is for its reporter and the agencies that handle it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

import h3.api.basic_int as h3
from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Model, QuerySet
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.problems import NotFound
from prasan.fabric.thai import words
from prasan.reports import policies
from prasan.reports.actions.photos import original_key, public_key
from prasan.reports.actions.submit import CELL_RESOLUTION
from prasan.reports.catalogue import catalogue
from prasan.reports.models import OPEN_STATUSES, Assignment, Entry, Follower, Photo, Report, Status
from prasan.reports.photos import SIZES

Row = TypeVar("Row", bound=Model)

PAGE = 20
EXCERPT = 200  # characters of a text that a list shows
OPEN = "open"  # the status filter's word for every open status
MOST_ENTRIES = 500
NEAR_RINGS = 8  # cells of resolution 12, each about 19 m wide: some 150 m around
SIMILAR_TIME = timedelta(days=180)
SAME_ADDRESS = 0.6  # share of an address's words that another one has to have
MOST_SIMILAR = 5
LONGEST_SEARCH = 200
MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class PublicFilter:
    """What somebody wants to see of the public reports; dates are the city's days, both included."""

    words: str = ""
    category: str = ""
    district: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> PublicFilter:
        """The filter of a query string; a value that nobody knows is left out rather than refused."""
        category, district, status = (query.get(name, "") for name in ("category", "district", "status"))
        return cls(
            words=query.get("words", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
            category=category if category in catalogue().categories else "",
            district=district if registers().district(district) else "",
            status=status if status == OPEN or status in Status.values else "",
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
        )

    @property
    def query(self) -> str:
        """The query string that reads as this filter again."""
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        return urlencode({name: value for name, value in given if value})

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses asked for; empty for all."""
        if self.status == OPEN:
            return tuple(OPEN_STATUSES)
        return (self.status,) if self.status else ()


def _day(text: str) -> date | None:
    try:
        return min(date.fromisoformat(text), date.max - timedelta(days=1))  # the day after has to exist too
    except ValueError:
        return None


def public_reports(given: PublicFilter) -> QuerySet[Report]:
    """The public reports that a filter finds, without order."""
    rows = Report.objects.filter(private=False)
    if code := read_code(given.words):
        return rows.filter(code=code)
    if given.words:
        query = prefix_query(given.words)
        rows = (
            rows.filter(search=SearchQuery(query, config="simple", search_type="raw"))
            if query
            else rows.none()
        )
    rows = chosen(rows, given)
    if given.since:
        rows = rows.filter(submitted_at__gte=start_of(given.since))
    if given.until:
        rows = rows.filter(submitted_at__lt=start_of(given.until + timedelta(days=1)))
    return rows


def chosen(rows: QuerySet[Row], given: PublicFilter) -> QuerySet[Row]:
    """Rows with the columns category, district and status, cut down to those a filter asks for."""
    if given.category:
        rows = rows.filter(category=given.category)
    if given.district:
        rows = rows.filter(district=given.district)
    return rows.filter(status__in=given.statuses) if given.statuses else rows


def start_of(day: date) -> datetime:
    """The first moment of a day of the city."""
    return timezone.make_aware(datetime.combine(day, time.min))


def prefix_query(text: str) -> str:
    """A tsquery that finds texts with every word of `text`, the last one perhaps still being typed; empty for none.

    Words hold letters and digits alone (fabric.thai), so nothing in them is an operator.
    """
    found = words(text)[:MOST_WORDS]
    if not found:
        return ""
    return " & ".join([f"'{word}'" for word in found[:-1]] + [f"'{found[-1]}':*"])


LIST_FIELDS = (
    "code", "category", "district", "status", "stage", "submitted_at", "updated_at", "finished_at", "photos",
    "longitude", "latitude", "address", "rating", "agency_id", "source",
    "followers",
)  # fmt: skip


def report_list(
    given: PublicFilter, *, cursor: str = "", size: int = PAGE
) -> tuple[Sequence[Report], dict[int, str], str]:
    """A page of public reports, newest first, the key of each one's first picture, the next cursor. Two statements."""
    rows = public_reports(given).annotate(excerpt=Left("public_text", EXCERPT)).only(*LIST_FIELDS)
    found = paging.page(rows, by="-submitted_at", cursor=cursor, size=size)
    return found.items, first_photos([report.pk for report in found.items if report.photos]), found.next


def first_photos(reports: list[int], moment: str = Photo.Moment.BEFORE) -> dict[int, str]:
    """Report → key of its first public picture of a moment. One statement, none for no report."""
    if not reports:
        return {}
    shown = Photo.objects.filter(report__in=reports, state=Photo.State.READY, moment=moment, external_url="")
    return dict(shown.order_by("report_id", "id").distinct("report_id").values_list("report_id", "key"))


def reports_for_export(given: PublicFilter) -> Iterator[Report]:
    """Every public report that a filter finds, newest first, through a server-side cursor. One statement."""
    rows = public_reports(given).only(
        *LIST_FIELDS, "public_text", "subdistrict", "first_action_at", "reopened", "followers"
    )
    return rows.order_by("-submitted_at", "-id").iterator(chunk_size=2000)


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as one reader may see it."""

    report: Report
    assignments: list[Assignment]
    entries: list[Entry]
    photos: list[Photo]
    is_reporter: bool
    is_inside: bool
    follows: str
    duplicate_of: str

    @property
    def lead(self) -> Assignment | None:
        """The assignment of the agency that is responsible now, or that was last."""
        leads = [one for one in self.assignments if one.role == Assignment.Role.LEAD]
        return next((one for one in leads if one.active), leads[0] if leads else None)


def report_view(actor: Actor, code: str, token: str = "") -> ReportView:
    """A report with all its page shows. Five statements at most; raises NotFound for what the reader may not see."""
    merged = {"merged_into": F("duplicate_of__code"), "merged_private": F("duplicate_of__private")}
    rows = Report.objects.defer("search").annotate(**merged).filter(code=code)
    report = rows.first() if read_code(code) == code else None
    assignments = list(Assignment.objects.filter(report=report).order_by("-active", "-id")) if report else []
    if report is None or not policies.may_read(actor, report, assignments, token):
        raise NotFound(_("There is no report with this code."))
    mine, inside = (
        policies.is_reporter(actor, report, token),
        policies.may_read_inside(actor, report, assignments),
    )
    photos = Photo.objects.filter(report=report).order_by("id")
    own = (
        Follower.objects.filter(report=report, citizen_id=int(actor.id))
        if actor.is_citizen
        else Follower.objects.none()
    )
    follows = own.values_list("token", flat=True).first() or ""
    return ReportView(
        report, assignments, _entries(report, reporter=mine, inside=inside), list(photos), mine, inside, follows,
        "" if getattr(report, "merged_private", False) and not inside else getattr(report, "merged_into", None) or "",
    )  # fmt: skip


def _entries(report: Report, *, reporter: bool, inside: bool) -> list[Entry]:
    """The timeline's latest lines that this reader may see, oldest first."""
    audiences = [Entry.Audience.PUBLIC]
    if reporter or inside:
        audiences.append(Entry.Audience.REPORTER)
    if inside:
        audiences.append(Entry.Audience.INTERNAL)
    rows = Entry.objects.filter(report=report, audience__in=audiences).select_related("other")
    only = (
        "other",
        "other__code",
        "other__private",
        "at",
        "kind",
        "audience",
        "agency_id",
        "to_agency_id",
        "by",
        "status",
        "stage",
        "original",
        "public_text",
    )
    return list(rows.only(*only).order_by("-at", "-id")[:MOST_ENTRIES])[::-1]


def similar_open(
    *, category: str, longitude: float | None, latitude: float | None, district: str = "", address: str = ""
) -> Sequence[Report]:
    """Open public reports that may tell of the same thing, the likeliest first: near by, or at the same address.

    One statement; none where neither a point nor an address says the place.
    """
    rows = Report.objects.filter(
        private=False,
        status__in=OPEN_STATUSES,
        duplicate_of=None,
        submitted_at__gte=timezone.now() - SIMILAR_TIME,
    )
    rows = (
        rows.annotate(excerpt=Left("public_text", EXCERPT))
        .only(*LIST_FIELDS, "followers")
        .order_by("-submitted_at")
    )
    if longitude is not None and latitude is not None:
        return _similar_near(rows, longitude, latitude, category)
    own = set(words(address))
    return _similar_address(rows.filter(category=category), own, district) if own else []


def _similar_near(rows: QuerySet[Any], longitude: float, latitude: float, category: str) -> list[Report]:
    """Those of the same category first, then the nearest."""
    around = h3.grid_disk(h3.latlng_to_cell(latitude, longitude, CELL_RESOLUTION), NEAR_RINGS)
    place = (latitude, longitude)

    def unlikeness(one: Report) -> tuple[bool, float]:
        there = (one.latitude or 0.0, one.longitude or 0.0)
        return one.category != category, h3.great_circle_distance(place, there, unit="m")

    return sorted(rows.filter(cell__in=around)[:50], key=unlikeness)[:MOST_SIMILAR]


def _similar_address(rows: QuerySet[Any], own: set[str], district: str) -> list[Report]:
    """Those whose address shares most words; "ซอย 5" and "ปากซอย 5" are not the same words, so most is enough."""
    if district:
        rows = rows.filter(district=district)
    found = [(len(own & set(words(one.address))) / len(own), one) for one in rows.exclude(address="")[:200]]
    likely = [pair for pair in found if pair[0] >= SAME_ADDRESS]
    return [one for _share, one in sorted(likely, key=lambda pair: -pair[0])[:MOST_SIMILAR]]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A finished report with its pictures before and after."""

    report: Report
    before: str
    after: str


def fixed_lately(most: int = 6) -> list[Fixed]:
    """The latest finished public reports that can show before and after. Two statements."""
    after = (
        Photo.objects.filter(moment=Photo.Moment.AFTER, state=Photo.State.READY, external_url="", report__private=False)
        .filter(report__status=Status.FINISHED)
        .select_related("report").order_by("-id")
        .only("key", *(f"report__{name}" for name in LIST_FIELDS), "report__public_text")[: most * 3]
    )  # fmt: skip
    latest = {photo.report_id: photo for photo in reversed(after) if photo.report_id is not None}
    befores = first_photos(list(latest))
    pairs = [(key, photo) for key, photo in reversed(latest.items()) if key in befores][:most]
    found = [Fixed(photo.report, befores[key], photo.key) for key, photo in pairs if photo.report]
    return sorted(found, key=lambda one: one.report.finished_at or one.report.updated_at, reverse=True)


@dataclass(frozen=True, slots=True)
class PhotoView:
    """Which file a reader gets."""

    file: str
    content_type: str
    suffix: str
    everybody: bool
    attachment: bool = False


def photo_view(actor: Actor, key: str, size: str, token: str = "") -> PhotoView:
    """The file of a picture in a size. Two statements; raises NotFound for what the reader may not see."""
    photo = (
        Photo.objects.select_related("report")
        .only("state", *(f"report__{name}" for name in PHOTO_FIELDS))
        .filter(key=key)
        .first()
    )
    if photo is None or size not in (*SIZES, ORIGINAL):
        raise NotFound(_("There is no such photo."))
    if photo.report is None:
        return PhotoView(original_key(key), "image/jpeg", ".jpg", everybody=False)
    if size != ORIGINAL and photo.state == Photo.State.READY and not photo.report.private:
        return PhotoView(public_key(key, size), "image/webp", ".webp", everybody=True)
    assignments = list(Assignment.objects.filter(report=photo.report_id))
    inside = policies.may_read_inside(actor, photo.report, assignments)
    if size == ORIGINAL and inside:
        return PhotoView(original_key(key), "image/jpeg", ".jpg", everybody=False, attachment=True)
    mine = inside or policies.is_reporter(actor, photo.report, token)
    if size == ORIGINAL or photo.state != Photo.State.READY or not mine:
        raise NotFound(_("There is no such photo."))
    return PhotoView(public_key(key, size), "image/webp", ".webp", everybody=False)


ORIGINAL = "original"
PHOTO_FIELDS = ("code", "private", "reporter_id", "agency_id")
