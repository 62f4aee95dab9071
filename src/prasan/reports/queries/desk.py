"""What the officers' desk reads: the inbox and its counts, one report from inside, a team's load.

Each function says how many statements it costs; tests/reports/test_desk.py holds the sums per page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from prasan.city.models import Agency
from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.people.actors import valid_grants
from prasan.people.models import RoleGrant, User
from prasan.people.policies import agencies_of, root_code
from prasan.reports import triage
from prasan.reports.catalogue import Category, catalogue
from prasan.reports.models import Assignment, Entry, Follower, Photo, Report, SavedFilter, Status
from prasan.reports.policies import READERS
from prasan.reports.queries.public import similar_open
from prasan.reports.queries.words import matching
from prasan.reports.routing import Routed, route
from prasan.reports.workflow import FIELD

PAGE = 50
MOST_COUNTED = 999  # a count stops there: what is more than a person can work through needs no exact number
EXCERPT = 160  # characters of the text that a row of the inbox shows
CLOSED = (Status.FINISHED, Status.IRRELEVANT)
ONLY = ("dispatch", "invited", "escalated", "private")


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What an officer wants to see; empty means everything open of their agencies.

    `officer` is me or nobody, `due` overdue or today, `status` a status (a closed one leaves the open work),
    `only` some of ONLY, `agency` covers those below it, `words` are Thai or English words or a code.
    """

    officer: str = ""
    due: str = ""
    status: str = ""
    category: str = ""
    district: str = ""
    agency: str = ""
    only: frozenset[str] = frozenset()
    words: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether it asks for what is closed already."""
        return self.status in CLOSED

    @property
    def order(self) -> str:
        """By deadline, the most overdue first; what is closed, newest first."""
        return "-closed_at" if self.is_closed else "due_at"


VIEWS: dict[str, InboxFilter] = {
    "open": InboxFilter(),
    "mine": InboxFilter(officer="me"),
    "nobody": InboxFilter(officer="nobody"),
    "today": InboxFilter(due="today"),
    "overdue": InboxFilter(due="overdue"),
    "dispatch": InboxFilter(only=frozenset({"dispatch"})),
    "invited": InboxFilter(only=frozenset({"invited"})),
    "escalated": InboxFilter(only=frozenset({"escalated"})),
}


def inbox(actor: Actor, given: InboxFilter, *, cursor: str = "", size: int = PAGE) -> paging.Page[Assignment]:
    """A page of assignments with report and officer. One statement, two with words."""
    rows = (
        inbox_rows(actor, given)
        .select_related("report", "officer")
        .annotate(excerpt=Left("report__public_text", EXCERPT))
        .only(*ROW_FIELDS)
    )
    return paging.page(rows, by=given.order, cursor=cursor, size=size)


ROW_FIELDS = (
    "agency_id", "role", "status", "stage", "active", "officer_id", "assigned_at", "closed_at", "due_at", "paused_at",
    "escalated_at", "officer__name", "officer__username", "officer__kind", "report__code", "report__category",
    "report__district", "report__address", "report__longitude", "report__latitude", "report__private",
    "report__routed_by", "report__submitted_at", "report__photos", "report__followers", "report__reopened",
    "report__version",
)  # fmt: skip


def to_dispatch(actor: Actor, *, cursor: str = "", size: int = 10) -> paging.Page[Assignment]:
    """A page of reports that wait for a dispatcher, whole, by deadline. One statement."""
    rows = inbox_rows(actor, VIEWS["dispatch"]).select_related("report").defer("report__search")
    return paging.page(rows, by="due_at", cursor=cursor, size=size)


def inbox_rows(actor: Actor, given: InboxFilter) -> QuerySet[Assignment]:
    """The assignments that a filter finds among those of the actor's agencies, without order."""
    codes = _reach(actor, given.agency)
    rows = Assignment.objects.filter(
        _state(given), _of_agencies("agency_id", codes), *(_ONLY[name] for name in given.only)
    )
    if "dispatch" in given.only:
        rows = rows.filter(
            _of_agencies("report__agency_id", codes)
        )  # says the same; its index holds little else
    if given.officer:
        rows = rows.filter(officer_id=int(actor.id)) if given.officer == "me" else rows.filter(officer=None)
    if given.due:
        rows = rows.filter(_due(given.due))
    for name in ("category", "district"):
        if getattr(given, name):
            rows = rows.filter(**{f"report__{name}": getattr(given, name)})
    if given.words:
        rows = rows.filter(matching(given.words, report="report__"))
    return rows


def _due(due: str) -> Q:
    return Q(due_at__lt=_end_of_today()) if due == "today" else Q(due_at__lt=timezone.now(), paused_at=None)


_ONLY: dict[str, Q] = {
    "dispatch": Q(
        report__routed_by="", report__status=Status.WAITING, status=Status.WAITING, role=Assignment.Role.LEAD
    ),
    "invited": Q(role=Assignment.Role.INVITED),
    "escalated": Q(escalated_at__isnull=False),
    "private": Q(report__private=True),
}


def _reach(actor: Actor, below: str) -> frozenset[str] | None:
    """Agencies the actor may read, or those of them that lie below the one asked for; None for the whole city."""
    readable = agencies_of(actor, READERS)
    if below:
        return readable & registers().descendants(below)
    return None if root_code() in readable else readable


def _of_agencies(field: str, codes: frozenset[str] | None) -> Q:
    return Q() if codes is None else Q(**{f"{field}__in": sorted(codes)})


def _state(given: InboxFilter) -> Q:
    if given.is_closed:
        return Q(active=False, status=given.status)
    return Q(active=True, status=given.status) if given.status else Q(active=True)


def _end_of_today() -> datetime:
    tomorrow = timezone.localdate() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(tomorrow, time.min))


def counts(actor: Actor, views: Iterable[str]) -> dict[str, int]:
    """How many assignments each view holds, at most MOST_COUNTED + 1. One statement."""
    names, parts = list(views), []
    parameters: list[Any] = []
    for name in names:
        rows = inbox_rows(actor, VIEWS[name]).order_by().values_list("pk")[: MOST_COUNTED + 1]
        sql, values = rows.query.sql_with_params()
        parts.append(f"(select count(*) from ({sql}) as found)")  # noqa: S608 — Django's own SQL, values apart
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute("select " + ", ".join(parts), parameters)
        return dict(zip(names, cursor.fetchone(), strict=True))


def saved_filters(actor: Actor) -> list[SavedFilter]:
    """The officer's own filters by name. One statement."""
    return list(SavedFilter.objects.filter(officer_id=int(actor.id)).order_by("name"))


@dataclass(frozen=True, slots=True)
class Inside:
    """A report as its agencies see it; `has_contact` says whether its reporter can be reached."""

    report: Report
    assignments: list[Assignment]
    entries: list[Entry]
    photos: list[Photo]
    related: list[Report]
    has_contact: bool

    @property
    def seen(self) -> int:
        """The last timeline entry, by which a form says what its writer had seen."""
        return max((entry.pk for entry in self.entries), default=0)


def inside(code: str) -> Inside | None:
    """Everything of a report: five statements. None when there is no such report."""
    reachable = Exists(Follower.objects.filter(report=OuterRef("pk"), reporter=True))
    rows = Report.objects.select_related("duplicate_of", "split_from").defer(
        "search", "duplicate_of__search", "split_from__search"
    )
    report = rows.annotate(can_be_written_to=reachable).filter(code=code).first()
    if report is None:
        return None
    return Inside(
        report=report,
        assignments=list(report.assignments.select_related("officer").order_by("-active", "role", "-id")),
        entries=list(
            report.entries.select_related("author", "other").defer("other__search").order_by("-at", "-id")
        ),
        photos=list(report.pictures.order_by("id")),
        related=list(
            Report.objects.only("code", "duplicate_of").filter(Q(duplicate_of=report) | Q(split_from=report))
        ),
        has_contact=bool(
            report.reporter_name
            or report.reporter_phone
            or report.reporter_id
            or getattr(report, "can_be_written_to", False)
        ),
    )


def similar_near(report: Report) -> list[Report]:
    """Open public reports that may tell of the same thing, the likeliest first. At most one statement."""
    found = similar_open(
        category=report.category, longitude=report.longitude, latitude=report.latitude, district=report.district,
        address=report.address,
    )  # fmt: skip
    return [one for one in found if one.pk != report.pk]


def officers_of(agencies: Collection[str]) -> list[User]:
    """Officers who may work for all these agencies, those with a role right there first. One statement."""
    if not agencies:
        return []
    shared = set.intersection(*({code, *registers().ancestors(code)} for code in agencies))
    own = Q(agency_id__in=sorted(agencies))
    grants = RoleGrant.objects.filter(valid_grants(), user=OuterRef("pk"), role__in=FIELD)
    found = User.objects.filter(
        Exists(grants.filter(agency_id__in=sorted(shared))), is_active=True, kind=User.Kind.OFFICER
    )
    return list(found.annotate(near=Exists(grants.filter(own))).order_by("-near", "username"))


@dataclass(frozen=True, slots=True)
class Load:
    """The open work of an agency's officer (None: of nobody yet)."""

    agency: str
    officer: User | None
    open: int
    overdue: int
    escalated: int
    waiting: int
    oldest: datetime | None


def team(actor: Actor, roles: Iterable[str], below: str = "") -> list[Load]:
    """Open work per agency and officer of the agencies for which the actor holds one of `roles`. Two statements."""
    now = timezone.now()
    rows = Assignment.objects.filter(active=True)
    reach = agencies_of(actor, frozenset(roles))
    if below:
        reach = reach & registers().descendants(below)
    if below or root_code() not in reach:
        rows = rows.filter(agency_id__in=sorted(reach))
    overdue = Q(due_at__lt=now, paused_at=None)
    grouped = list(
        rows.values("agency_id", "officer_id")
        .annotate(
            open=Count("id"), overdue=Count("id", filter=overdue), oldest=Min("due_at"),
            escalated=Count("id", filter=Q(escalated_at__isnull=False)),
            waiting=Count("id", filter=Q(accepted_at=None)),
        )
        .order_by("-overdue", "-open", "agency_id", F("officer_id").asc(nulls_first=True))
    )  # fmt: skip
    people = User.objects.in_bulk({row["officer_id"] for row in grouped if row["officer_id"]})
    return [
        Load(row["agency_id"], people.get(row["officer_id"]), row["open"], row["overdue"], row["escalated"],
             row["waiting"], row["oldest"])
        for row in grouped
    ]  # fmt: skip


def find_agencies(text: str, most: int = 20) -> list[Agency]:
    """Agencies of today whose names hold every word of `text`, the shortest names first. No statement."""
    wanted = text.casefold().split()
    if not wanted:
        return []
    found = [
        agency
        for agency in registers().agencies.values()
        if agency.valid_to is None and _is_called(agency, wanted)
    ]
    return sorted(found, key=lambda agency: len(agency.name))[:most]


def _is_called(agency: Agency, wanted: list[str]) -> bool:
    names = " ".join(
        (agency.name_th, agency.name_en, agency.short_th, agency.short_en, agency.code)
    ).casefold()
    return all(word in names for word in wanted)


def routed_to(report: Report, category: str, text: str = "") -> Routed:
    """Where the city's rules would send the report under another category (or other words). No statement."""
    return route(
        category=category, district=report.district, subdistrict=report.subdistrict, road_kind=report.road_kind,
        asset_kind=report.asset_kind, text=text or report.text, address=report.address,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A category that triage suggests (`words` weighed most), with the agency the rules would then choose and why."""

    category: Category
    agency: Agency
    why: str
    words: tuple[str, ...] = ()


def suggestions(report: Report) -> list[Suggestion]:
    """Triage's top three for a report, each with its agency. No statement; some 10 ms for the words."""
    known = [code for code in report.suggested if code in catalogue().categories]
    return [replace(_suggestion(report, code), words=_weighty(report.text, code)) for code in known]


def _weighty(text: str, category: str) -> tuple[str, ...]:
    """The words that speak most for a category; none for one that triage does not know."""
    try:
        return triage.explain(text, catalogue().category(category).name_th)
    except ValueError:
        return ()


def agencies_for(report: Report) -> dict[str, str]:
    """Agencies where the report may belong → why: by its category, by those that triage suggested, then its office.

    No statement.
    """
    routed = [routed_to(report, code) for code in dict.fromkeys([report.category, *report.suggested])]
    found = {one.agency_code: one.why for one in reversed(routed)}
    parent = registers().agency(report.agency_id).parent_id if report.agency_id else None
    office = (parent, *registers().children(parent)) if parent and parent != root_code() else ()
    return dict(reversed(found.items())) | {code: "" for code in office if code not in found}


def _suggestion(report: Report, category: str) -> Suggestion:
    routed = routed_to(report, category)
    return Suggestion(catalogue().category(category), registers().agency(routed.agency_code), routed.why)


def agencies_of_reports(actor: Actor, codes: Collection[str]) -> list[str]:
    """Agencies through which the actor would act on these reports. One statement."""
    rows = Assignment.objects.filter(
        _of_agencies("agency_id", _reach(actor, "")), active=True, report__code__in=codes
    )
    return list(rows.order_by().values_list("agency_id", flat=True).distinct())
