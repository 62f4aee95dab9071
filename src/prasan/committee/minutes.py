"""Minutes drafted from what happened: one document as plain data, which the page, the PDF and corrections share.

The layout follows a Thai รายงานการประชุม: who came and who did not, when it began, each part of the agenda with
background, facts, question and the resolution set apart, dissent with reasons, when it ended, who signs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from prasan.committee.models import AgendaItem, Attendance, Meeting, Member, Minutes, Resolution
from prasan.committee.queries.room import Room, item_number, room_of
from prasan.fabric.decisions import Outcome

Document = dict[str, Any]
MOST_NUMBERED = 300  # lines of a list, pages
FRAME = frozenset({"labels", "draft", "numerals"})  # words of the form itself, which nobody corrects
THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


def document(meeting: Meeting) -> Document:
    """The minutes in the city's language. Eight statements, however many items."""
    with translation.override(settings.LANGUAGE_CODE):
        room = room_of(meeting)
        items = list(_items(meeting))
        return {
            "title": _("Minutes of the %(committee)s") % {"committee": _name(meeting)},
            "number": _("Meeting %(number)s") % {"number": meeting.label},
            "when": _("%(date)s, %(time)s")
            % {"date": long_date(meeting.starts_at), "time": clock(meeting.starts_at)},
            "where": _place(meeting),
            "present": _present(room),
            "absent": _absent(room),
            "guests": _guests(room),
            "opened": _opened(meeting, room),
            "sections": _sections(room, items),
            "closed": _("The meeting ended at %(time)s.") % {"time": clock(meeting.closed_at)},
            "signed": _signed(room),
            "draft": pgettext("minutes", "Draft"),
            "labels": _labels(),
            "numerals": [str(number) for number in range(1, MOST_NUMBERED + 1)],
        }


def _labels() -> dict[str, str]:
    return {
        "present": _("Present"),
        "absent": _("Absent"),
        "guests": _("In attendance"),
        "conditions": _("Conditions"),
        "corrections": _("Corrected before adoption"),
        "dissents": _("Differing opinions"),
        "follow_ups": _("Tasks"),
    }


def _items(meeting: Meeting) -> Iterable[AgendaItem]:
    rows = AgendaItem.objects.filter(meeting=meeting).select_related(
        "resolution", "resolution__presided_by", "adopts", "adopts__meeting"
    )
    return rows.prefetch_related(
        "declarations__member", "dissents__member", "resolution__follow_ups__agency", "adopts__corrections",
        "votes__member",
    ).order_by("position", "id")  # fmt: skip


def _name(meeting: Meeting) -> str:
    committee = meeting.committee
    return committee.name_th if settings.LANGUAGE_CODE == "th" else committee.name_en


def _place(meeting: Meeting) -> str:
    if meeting.mode == Meeting.Mode.ONLINE:
        return _("By electronic means")
    if meeting.mode == Meeting.Mode.MIXED:
        return _("%(place)s and by electronic means") % {"place": meeting.place}
    return meeting.place


# ---- who ----


def _present(room: Room) -> list[Document]:
    return [_line(room, member) for member in room.members if _rows(room, member)]


def _absent(room: Room) -> list[Document]:
    return [
        {"name": member.name, "position": member.position, "role": _role(member), "times": ""}
        for member in room.members
        if not _rows(room, member)
    ]


def _guests(room: Room) -> list[Document]:
    return [
        {"name": row.name, "position": row.position, "role": "", "times": ""}
        for row in room.attendance
        if row.member_id is None
    ]


def _line(room: Room, member: Member) -> Document:
    rows = _rows(room, member)
    substitute = next((row for row in rows if row.name), None)
    name, position = member.name, member.position
    if substitute is not None:
        name = substitute.name
        position = _("for %(member)s, %(position)s") % {"member": member.name, "position": member.position}
    return {"name": name, "position": position, "role": _role(member), "times": _times(room.meeting, rows)}


def _rows(room: Room, member: Member) -> list[Attendance]:
    return [row for row in room.attendance if row.member_id == member.pk]


def _times(meeting: Meeting, rows: list[Attendance]) -> str:
    """Said only of those who were not there all the time."""
    began, ended = meeting.opened_at, meeting.closed_at
    late = began is not None and rows[0].arrived_at > began
    gone = rows[-1].left_at is not None and ended is not None and rows[-1].left_at < ended
    if not late and not gone and len(rows) == 1:
        return ""
    spans = [f"{clock(row.arrived_at)}–{clock(row.left_at)}" for row in rows]
    return _("present %(times)s") % {"times": ", ".join(spans)}


def _role(member: Member) -> str:
    if member.role == Member.Role.SECRETARY and member.votes:
        return pgettext("minutes", "Member and secretary")
    if member.role == Member.Role.ASSISTANT and member.votes:
        return pgettext("minutes", "Member and assistant secretary")
    return str(Member.Role(member.role).label)


# ---- what happened ----


def _opened(meeting: Meeting, room: Room) -> str:
    came = {
        row.member_id for row in room.attendance if row.arrived_at <= (meeting.opened_at or row.arrived_at)
    }
    count = len(came & room.voting)
    told = {"time": clock(meeting.opened_at), "present": count, "members": len(room.voting)}
    sentence = _("The meeting began at %(time)s with %(present)d of %(members)d members present, a quorum.")
    if meeting.second_call_of_id is not None:
        sentence += " " + _("It was the second call of a meeting that had lacked its quorum.")
    return sentence % told


def _sections(room: Room, items: list[AgendaItem]) -> list[Document]:
    found = []
    for number, (code, title) in enumerate(room.rules.sections, start=1):
        own = [_item(room, item) for item in items if item.section == code]
        heading = _("Agenda item %(number)d: %(title)s") % {"number": number, "title": title}
        found.append({"heading": heading, "items": own, "none": "" if own else pgettext("minutes", "None")})
    return found


def _item(room: Room, item: AgendaItem) -> Document:
    texts = (
        (_("Background"), item.background), (pgettext("minutes", "Facts"), item.facts), (_("Law"), item.law),
        (_("Question"), item.question), (_("Discussion"), item.discussion),
    )  # fmt: skip
    resolution = getattr(item, "resolution", None)
    return {
        "number": item_number(room.rules, item),
        "title": item.title,
        "texts": [{"label": label, "text": text} for label, text in texts if text],
        "recused": [_recused(row.member.name, row.reason) for row in item.declarations.all()],
        "corrections": _corrections(item.adopts),
        "resolution": _resolution(resolution, item) if resolution else _unresolved(item),
        "dissents": [
            _("%(member)s differed: %(reasons)s") % {"member": row.member.name, "reasons": row.reasons}
            for row in item.dissents.all()
        ],
        "follow_ups": [_follow_up(row) for row in resolution.follow_ups.all()] if resolution else [],
    }


def _recused(name: str, reason: str) -> str:
    sentence = _("%(member)s declared a conflict of interest (%(reason)s), left the room and did not vote.")
    return sentence % {"member": name, "reason": reason}


def _corrections(minutes: Minutes | None) -> list[str]:
    if minutes is None:
        return []
    return [
        _("“%(was)s” becomes “%(becomes)s”.") % {"was": row.was, "becomes": row.becomes}
        for row in minutes.corrections.all()
        if row.state == row.State.ACCEPTED
    ]


def _resolution(row: Resolution, item: AgendaItem) -> Document:
    return {
        "label": _("Resolution of the meeting"),
        "outcome": str(Outcome(row.outcome).label),
        "text": row.text,
        "conditions": row.conditions,
        "vote": _vote(row, item),
    }


def _vote(row: Resolution, item: AgendaItem) -> str:
    if row.method == Resolution.Method.NO_OBJECTION:
        return _("No member objected.")
    told = {"agree": row.agree, "against": row.against, "abstain": row.abstain}
    sentence = _("Votes: %(agree)d for, %(against)d against, %(abstain)d abstaining.") % told
    named = [_names(item, choice, label) for choice, label in VOTED]
    sentence = f"{sentence} {'; '.join(filter(None, named))}"
    if row.casting:
        choice = dict(VOTED)[row.casting]
        sentence += " " + _("%(chair)s, who presided, cast the deciding vote: %(choice)s.") % {
            "chair": row.presided_by.name, "choice": choice,
        }  # fmt: skip
    return sentence


VOTED = (
    ("agree", pgettext_lazy("minutes", "For")),
    ("against", pgettext_lazy("minutes", "Against")),
    ("abstain", pgettext_lazy("minutes", "Abstaining")),
)


def _names(item: AgendaItem, choice: str, label: Any) -> str:
    names = [row.member.name for row in item.votes.all() if row.choice == choice and not row.casting]
    return f"{label}: {', '.join(names)}" if names else ""


def _unresolved(item: AgendaItem) -> Document | None:
    if item.state == AgendaItem.State.POSTPONED:
        text = _("The meeting postponed this item.")
    elif item.state == AgendaItem.State.NOTED and item.section != "inform":
        text = _("The meeting took note without a resolution.")
    elif item.section == "inform":
        text = _("The meeting acknowledged it.")
    else:
        return None
    return {
        "label": _("Resolution of the meeting"),
        "outcome": "",
        "text": text,
        "conditions": "",
        "vote": "",
    }


def _follow_up(row: Any) -> str:
    told = {"agency": row.agency.name_th if settings.LANGUAGE_CODE == "th" else row.agency.name_en,
            "task": row.task, "date": long_date(row.due_on)}  # fmt: skip
    return _("%(agency)s: %(task)s, by %(date)s") % told


def _signed(room: Room) -> list[Document]:
    """Who wrote it down and who checked it; signatures are put on paper."""
    writer = next((m for role in ("assistant", "secretary") for m in room.members if m.role == role), None)
    checker = next((m for m in room.members if m.role == "secretary"), None)
    signed = []
    for label, member in ((_("Minutes taken by"), writer), (_("Minutes checked by"), checker)):
        if member is not None:
            signed.append({"label": label, "name": member.name, "position": member.position})
    return signed


# ---- words of time ----


def long_date(value: datetime | date | None) -> str:
    """A day in full: ``วันศุกร์ที่ 20 พฤศจิกายน 2569`` with พ.ศ., ``Friday 20 November 2026`` in English."""
    if value is None:
        return "–"
    day = timezone.localdate(value) if isinstance(value, datetime) else value
    if translation.get_language() == "th":
        return f"วัน{format_date(day, 'EEEE', locale='th').removeprefix('วัน')}ที่ {day.day} " + (
            f"{format_date(day, 'MMMM', locale='th')} {day.year + 543}"
        )
    return str(format_date(day, "EEEE d MMMM y", locale="en"))


def clock(value: datetime | None) -> str:
    """An hour: ``09.30 น.`` in Thai, ``09:30`` in English."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    return f"{local:%H.%M} น." if translation.get_language() == "th" else f"{local:%H:%M}"


def in_digits(value: Any, *, thai: bool) -> Any:
    """The document with every digit Thai, where the committee's rules ask for it."""
    if not thai:
        return value
    if isinstance(value, str):
        return value.translate(THAI_DIGITS)
    if isinstance(value, dict):
        return {name: in_digits(part, thai=True) for name, part in value.items()}
    return [in_digits(part, thai=True) for part in value] if isinstance(value, list) else value
