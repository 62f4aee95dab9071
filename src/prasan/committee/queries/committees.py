"""Committees, their meetings, items, matters and tasks as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from prasan.committee import policies
from prasan.committee.models import (
    AgendaItem,
    Attendance,
    Committee,
    Dissent,
    FollowUp,
    Matter,
    Meeting,
    Member,
    Minutes,
    Resolution,
    Vote,
)
from prasan.committee.policies import Seat
from prasan.committee.queries.room import item_number
from prasan.committee.workflow import ALIVE
from prasan.fabric import decisions
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Subject
from prasan.fabric.paging import Page, page
from prasan.fabric.problems import NotFound
from prasan.people.policies import agencies_of

PAGE = 30
UNDER_WAY = (AgendaItem.State.WAITING, AgendaItem.State.DISCUSSED)


def committees(actor: Actor) -> list[Committee]:
    """Committees that the actor may see, with `coming` meetings and the number of `decisions`. Two statements."""
    rows = Committee.objects.filter(active=True).order_by("name_th")
    if not policies.seat_with(actor, None).reads:
        shown = ~Q(publish=Committee.Publish.NOTHING)
        if actor.is_officer:
            own = Member.objects.filter(policies.in_term(), committee=OuterRef("pk"), user_id=int(actor.id))
            shown |= Q(Exists(own))
        rows = rows.filter(shown)
    coming = Meeting.objects.exclude(state__in=(Meeting.State.CLOSED, Meeting.State.ADJOURNED)).order_by(
        "starts_at"
    )
    rows = rows.annotate(
        decisions=Count("meetings__items__resolution", filter=Q(meetings__state=Meeting.State.CLOSED))
    )
    return list(rows.prefetch_related(Prefetch("meetings", queryset=coming, to_attr="coming")))


def entered(actor: Actor, code: str) -> tuple[Committee, Seat]:
    """A committee and the actor's seat; who is outside enters where something is published. At most two statements.

    Raises NotFound.
    """
    committee = Committee.objects.filter(code=code).first()
    if committee is not None:
        seat = policies.seat_of(actor, committee)
        if seat.is_inside or committee.publish != Committee.Publish.NOTHING:
            return committee, seat
    raise NotFound("")


def entered_meeting(actor: Actor, code: str, year: int, number: int) -> tuple[Meeting, Seat]:
    """A meeting and the actor's seat; outsiders enter closed meetings of committees that publish. Two statements.

    Raises NotFound.
    """
    meeting = (
        Meeting.objects.select_related("committee", "current_item", "second_call_of", "minutes")
        .filter(committee__code=code, year=year, number=number)
        .first()
    )
    if meeting is not None:
        seat = policies.seat_of(actor, meeting.committee)
        published = meeting.committee.publish != Committee.Publish.NOTHING
        if seat.is_inside or (published and meeting.state == Meeting.State.CLOSED):
            return meeting, seat
    raise NotFound("")


def members_now(committee: Committee) -> list[Member]:
    """Members in term today, in their order. One statement."""
    return list(Member.objects.filter(policies.in_term(), committee=committee).order_by("order", "id"))


def meetings_page(committee: Committee, *, seat: Seat, cursor: str = "") -> Page[Meeting]:
    """Meetings, newest first; outsiders see closed ones. One statement."""
    rows = Meeting.objects.filter(committee=committee).select_related("minutes")
    if not seat.is_inside:
        rows = rows.filter(state=Meeting.State.CLOSED)
    return page(rows, by="-starts_at", cursor=cursor, size=PAGE)


def decisions_page(
    committee: Committee, *, seat: Seat, cursor: str = "", words: str = ""
) -> Page[Resolution]:
    """Resolutions, newest first; outsiders see those of closed meetings. One statement."""
    rows = Resolution.objects.filter(item__meeting__committee=committee)
    rows = rows.select_related("item__meeting", "matter").defer("snapshot")
    if not seat.is_inside:
        rows = rows.filter(item__meeting__state=Meeting.State.CLOSED)
    if words.strip():
        rows = rows.filter(Q(text__icontains=words.strip()) | Q(item__title__icontains=words.strip()))
    return page(rows, by="-decided_at", cursor=cursor, size=PAGE)


# ---- a meeting's agenda ----


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the agenda with its items; each item has its `number`."""

    number: int
    code: str
    title: Any
    items: list[AgendaItem]


def agenda(meeting: Meeting) -> list[Section]:
    """The agenda by its parts, items with matter, resolution, task and papers. Two statements."""
    rules = meeting.committee.ruling
    rows = AgendaItem.objects.filter(meeting=meeting).select_related(
        "matter", "resolution", "follow_up", "adopts__meeting"
    )
    items = list(rows.defer("resolution__snapshot").prefetch_related("papers").order_by("position", "id"))
    for item in items:
        item.number = item_number(rules, item)  # type: ignore[attr-defined]
    return [
        Section(number, code, title, [item for item in items if item.section == code])
        for number, (code, title) in enumerate(rules.sections, start=1)
    ]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What could be put on an agenda: subjects of other modules, and the committee's own open matters."""

    subjects: Sequence[tuple[Any, Sequence[Subject]]]
    matters: Sequence[Matter]


def waiting(committee: Committee) -> Waiting:
    """What is on no agenda yet. Two statements, and those of the kinds."""
    under_way = AgendaItem.objects.filter(
        meeting__committee=committee, state__in=UNDER_WAY, meeting__state__in=ALIVE, follow_up=None
    )  # fmt: skip
    taken = set(under_way.filter(matter__isnull=False).values_list("matter__kind", "matter__reference"))
    subjects = []
    for kind in decisions.kinds() if committee.board else []:
        rest = [one for one in kind.waiting(committee.board) if (one.kind, one.reference) not in taken]
        subjects.append((kind, rest))
    open_matters = Matter.objects.filter(committee=committee, state=Matter.State.OPEN)
    open_matters = open_matters.exclude(Exists(under_way.filter(matter=OuterRef("pk")))).exclude(kind__gt="")
    return Waiting(subjects, list(open_matters.order_by("opened_at")[:PAGE]))


def item_detail(meeting: Meeting, item: int) -> AgendaItem:
    """One item with all that hangs on it. Seven statements. Raises NotFound."""
    votes = Vote.objects.select_related("member").order_by("member__order")
    dissents = Dissent.objects.select_related("member").order_by("member__order")
    found = (
        AgendaItem.objects.filter(pk=item, meeting=meeting)
        .select_related("matter", "resolution__presided_by", "follow_up__agency", "adopts__meeting")
        .prefetch_related(
            "papers", "declarations__member", Prefetch("votes", queryset=votes),
            Prefetch("dissents", queryset=dissents), "resolution__follow_ups__agency",
        )
        .first()
    )  # fmt: skip
    if found is None:
        raise NotFound("")
    found.meeting = meeting
    found.number = item_number(meeting.committee.ruling, found)  # type: ignore[attr-defined]
    return found


def attendance_of(meeting: Meeting) -> list[Attendance]:
    """Who came and went, in the order of arrival. One statement."""
    return list(
        Attendance.objects.filter(meeting=meeting).select_related("member").order_by("arrived_at", "id")
    )


def minutes_of(meeting: Meeting) -> Minutes | None:
    """The meeting's minutes with their corrections. Two statements."""
    rows = Minutes.objects.filter(meeting=meeting).select_related("certified_in", "meeting__committee")
    return rows.prefetch_related("corrections__member").first()


# ---- across meetings ----


def matters_page(committee: Committee, *, state: str = "", cursor: str = "") -> Page[Matter]:
    """Matters, newest first, each with how many `times` it was on an agenda. One statement."""
    rows = Matter.objects.filter(committee=committee).annotate(times=Count("items"))
    if state in Matter.State.values:
        rows = rows.filter(state=state)
    return page(rows, by="-opened_at", cursor=cursor, size=PAGE)


def matter_detail(committee: Committee, code: str) -> Matter:
    """A matter with every item it was on, oldest first, and their resolutions. Two statements. Raises NotFound."""
    items = AgendaItem.objects.select_related("meeting__committee", "resolution").defer(
        "resolution__snapshot"
    )
    rows = Matter.objects.filter(committee=committee, code=code)
    found = rows.prefetch_related(
        Prefetch("items", queryset=items.order_by("meeting__starts_at", "id"))
    ).first()
    if found is None:
        raise NotFound("")
    return found


def follow_ups_page(actor: Actor, *, everything: bool = False, cursor: str = "") -> Page[FollowUp]:
    """Tasks that the actor sees, the next due first: of all committees, of the actor's own, of the actor's agencies.

    One statement. Closed ones only with `everything`.
    """
    rows = _visible_tasks(actor).select_related("committee", "agency", "resolution__item__meeting")
    if not everything:
        rows = rows.exclude(state=FollowUp.State.CLOSED)
    return page(rows.defer("resolution__snapshot"), by="due_on", cursor=cursor, size=PAGE)


def follow_up_detail(actor: Actor, number: int) -> FollowUp:
    """One task with its reports. Two statements. Raises NotFound."""
    rows = _visible_tasks(actor).select_related("committee", "agency", "resolution__item__meeting")
    found = rows.defer("resolution__snapshot").prefetch_related("reports__user").filter(pk=number).first()
    if found is None:
        raise NotFound("")
    return found


def _visible_tasks(actor: Actor) -> QuerySet[FollowUp]:
    rows = FollowUp.objects.all()
    if policies.seat_with(actor, None).reads:
        return rows
    if not actor.is_officer:
        return rows.none()
    own = Member.objects.filter(policies.in_term(), committee=OuterRef("committee"), user_id=int(actor.id))
    return rows.filter(Exists(own) | Q(agency_id__in=agencies_of(actor, policies.OWNERS)))
