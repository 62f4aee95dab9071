"""A meeting: its page, one item, the live page that everybody in the room follows, papers, minutes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from prasan.committee import evidence, papers, policies, printing
from prasan.committee.models import Committee, Correction, Meeting, Minutes, Paper
from prasan.committee.policies import Seat
from prasan.committee.queries import committees as queries
from prasan.committee.queries.room import room_of
from prasan.committee.rules import days_of_notice
from prasan.committee.workflow import WORKFLOW
from prasan.fabric import files
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Outcome
from prasan.fabric.problems import NotFound
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only

NOT_NOW = (Meeting.State.PLANNED, Meeting.State.CLOSED)


def steps_for(seat: Seat, meeting: Meeting) -> set[str]:
    """The steps that this seat may take at the meeting now: the buttons of its pages."""
    return {
        step.action
        for step in WORKFLOW.values()
        if meeting.state in step.when and policies.may_take(seat, step)
    }


@require_GET
def meeting(request: HttpRequest, code: str, year: int, number: int) -> HttpResponse:
    """The meeting as its members see it, or what of it is public."""
    found, seat = queries.entered_meeting(actor_of(request), code, year, number)
    allowed = steps_for(seat, found)
    left = days_of_notice(timezone.localdate(), timezone.localdate(found.starts_at))
    context = _context(found, seat) | {
        "sections": queries.agenda(found),
        "can": allowed,
        "attendance": queries.attendance_of(found) if seat.is_inside else [],
        "waiting": queries.waiting(found.committee) if "pull" in allowed else None,
        "notice_is_short": left < found.committee.ruling.notice_days,
        "days_left": left,
    }
    return render(
        request, "committee/meeting.html" if seat.is_inside else "committee/public_meeting.html", context
    )


@require_GET
def item(request: HttpRequest, code: str, year: int, number: int, item: int) -> HttpResponse:
    """One item: what was put before the meeting, and what it decided on that evidence."""
    found, seat = queries.entered_meeting(actor_of(request), code, year, number)
    shown = queries.item_detail(found, item)
    resolution = getattr(shown, "resolution", None)
    if not seat.is_inside and resolution is None:
        raise NotFound
    context = _context(found, seat) | {
        "item": shown,
        "resolution": resolution,
        "whole": resolution is not None and evidence.is_whole(resolution),
        "snapshot": evidence.shown(resolution) if resolution is not None and seat.is_inside else [],
        "can": steps_for(seat, found),
        "texts_open": found.minutes_state in {"", Minutes.State.DRAFT} if seat.is_inside else False,
    }
    return render(request, "committee/item.html" if seat.is_inside else "committee/public_item.html", context)


# ---- live ----


@require_GET
@officers_only
def live(request: HttpRequest, code: str, year: int, number: int) -> HttpResponse:
    """The page that everybody follows during the meeting."""
    found, seat = _inside(actor_of(request), code, year, number)
    return render(request, "committee/live.html", live_context(found, seat))


@require_GET
def live_state(request: HttpRequest, code: str, year: int, number: int) -> HttpResponse:
    """The part that is asked for every two seconds: 204 while nothing has changed, so that nothing is redrawn."""
    try:
        found, seat = _inside(actor_of(request), code, year, number)
    except NotFound:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})  # signed out meanwhile
    if request.GET.get("seen") == str(found.revision):
        return HttpResponse(status=204)
    context = live_context(found, seat)
    response = render(request, "committee/live_state.html", context)
    if request.GET.get("subject") != context["subject"]:
        response["HX-Trigger"] = "prasan-item-changed"
    return response


@require_GET
@officers_only
def live_tools(request: HttpRequest, code: str, year: int, number: int) -> HttpResponse:
    """The forms beside it, which change only with the item."""
    found, seat = _inside(actor_of(request), code, year, number)
    return render(request, "committee/live_tools.html", live_context(found, seat))


def live_context(found: Meeting, seat: Seat) -> dict[str, Any]:
    """What the live page shows of the room and the item before it. Twelve statements at most."""
    current = queries.item_detail(found, found.current_item_id) if found.current_item_id else None
    room = room_of(found, current)
    can = steps_for(seat, found)
    mine = seat.member
    resolution = getattr(current, "resolution", None)
    return _context(found, seat) | {
        "room": room,
        "item": current,
        "resolution": resolution,
        "can": can,
        "sections": queries.agenda(found),
        "outcomes": Outcome.choices,
        "presiding": room.member(room.presiding),
        "people": _people(found, seat, room),
        "here": mine is not None and mine.pk in room.here,
        "own_row": next((r for r in room.attendance if mine and r.member_id == mine.pk and r.left_at is None), None),
        "recused": [room.member(pk) for pk in room.recused],
        "is_recused": mine is not None and mine.pk in room.recused,
        "may_vote": mine is not None and mine.pk in room.entitled,
        "own_vote": room.votes.get(mine.pk, "") if mine else "",
        "missing": [room.member(pk) for pk in sorted(room.tally.missing)],
        "is_presiding": mine is not None and room.presiding == mine.pk,
        "subject": f"{found.state}.{found.current_item_id or 0}.{current.proposal_version if current else 0}"
                   f".{1 if resolution else 0}",
    }  # fmt: skip


def _people(found: Meeting, seat: Seat, room: Any) -> list[dict[str, Any]]:
    """Members with where they are, how they voted (of named votes everybody sees that), and who writes it for them."""
    rows = {row.member_id: row for row in room.attendance if row.member_id and row.left_at is None}
    return [
        {
            "member": member,
            "row": rows.get(member.pk),
            "vote": room.votes.get(member.pk, ""),
            "entitled": member.pk in room.entitled,
            "recused": member.pk in room.recused,
            "by_secretary": "secretary" in seat.parts
            and (member.user_id is None or bool(rows.get(member.pk) and rows[member.pk].name)),
        }
        for member in room.members
    ]


# ---- papers and minutes ----


@require_GET
def paper(request: HttpRequest, key: str) -> HttpResponse:
    """A paper, for those inside; shown in the browser's own viewer without any script of its own."""
    found = Paper.objects.select_related("item__meeting__committee").filter(key=key).first()
    if found is None or not policies.seat_of(actor_of(request), found.item.meeting.committee).is_inside:
        raise NotFound
    response = HttpResponse(
        files.read(papers.file_key(found.key, found.kind)), content_type=papers.TYPES[found.kind]
    )
    response["Content-Disposition"] = f'inline; filename="paper-{found.pk}.{found.kind}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def minutes_page(request: HttpRequest, code: str, year: int, number: int) -> HttpResponse:
    """The minutes: the draft, those circulated with their corrections, those certified."""
    found, seat, row = _readable_minutes(actor_of(request), code, year, number)
    context = _context(found, seat) | {
        "minutes": row,
        "document": printing.document_of(row),
        "can": steps_for(seat, found),
        "whole": not row.content or evidence.digest(row.content) == row.content_hash,
        "open_corrections": [c for c in row.corrections.all() if c.state == Correction.State.PROPOSED],
    }
    return render(request, "committee/minutes.html", context)


@require_GET
def minutes_pdf(request: HttpRequest, code: str, year: int, number: int) -> HttpResponse:
    """The same minutes as PDF."""
    _found, _seat, row = _readable_minutes(actor_of(request), code, year, number)
    content = printing.pdf(printing.document_of(row), draft=row.state != Minutes.State.CERTIFIED)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="minutes-{code}-{number}-{year}.pdf"'
    return response


def _readable_minutes(actor: Actor, code: str, year: int, number: int) -> tuple[Meeting, Seat, Minutes]:
    """Outsiders read certified minutes of committees that publish them."""
    found, seat = queries.entered_meeting(actor, code, year, number)
    row = queries.minutes_of(found)
    public = found.committee.publish == Committee.Publish.MINUTES
    if row is None or not (seat.is_inside or (public and row.state == Minutes.State.CERTIFIED)):
        raise NotFound
    return found, seat, row


def _inside(actor: Actor, code: str, year: int, number: int) -> tuple[Meeting, Seat]:
    found, seat = queries.entered_meeting(actor, code, year, number)
    if not seat.is_inside:
        raise NotFound
    return found, seat


def _context(found: Meeting, seat: Seat) -> dict[str, Any]:
    return {
        "meeting": found,
        "committee": found.committee,
        "seat": seat,
        "inside": seat.is_inside,
        "is_live": found.state not in NOT_NOW,
    }
