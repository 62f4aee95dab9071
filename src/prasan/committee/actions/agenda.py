"""Meetings before they begin: planning, the agenda, papers, the notice."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from datetime import date, datetime
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prasan.committee import papers, policies
from prasan.committee.actions.frame import Sitting, needed, sitting, words
from prasan.committee.models import AgendaItem, Committee, FollowUp, Matter, Meeting, Member, Minutes, Paper
from prasan.committee.rules import days_of_notice, may_be_second_call
from prasan.committee.workflow import ALIVE
from prasan.fabric import decisions, files
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import new_code
from prasan.fabric.notices import NoticeRequest, notice_queue_many
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people.queries import contacts

THAI_YEAR = 543
UNSETTLED = (AgendaItem.State.WAITING, AgendaItem.State.DISCUSSED)
TEXTS = ("title", "background", "facts", "law", "question", "discussion")


@transaction.atomic
def meeting_plan(
    *,
    actor: Actor,
    committee: str,
    starts_at: datetime,
    mode: str = Meeting.Mode.ON_SITE,
    place: str = "",
    link: str = "",
    second_call_of: int | None = None,
    origin: str = "",
) -> Meeting:
    """Plan the year's next meeting; minutes to adopt and follow-ups that are due go on its agenda by themselves.

    `second_call_of` is a meeting that was adjourned for lack of its quorum: within the rules' days the smaller
    quorum holds. Raises Invalid for one that is too late or was not adjourned.
    """
    row = Committee.objects.select_for_update().filter(code=committee, active=True).first()
    if row is None:
        raise NotFound(_("There is no such committee."))
    if "secretary" not in policies.seat_of(actor, row).parts:
        raise Forbidden(_("Only a secretary of the committee plans its meetings."))
    if mode not in Meeting.Mode.values:
        raise Invalid({"mode": _("Please choose how the meeting is held.")})
    _require_address(link)
    first = _first_call(row, second_call_of, starts_at)
    year = timezone.localtime(starts_at).year + THAI_YEAR
    last = Meeting.objects.filter(committee=row, year=year).aggregate(last=Max("number"))["last"] or 0
    meeting = Meeting.objects.create(
        committee=row, year=year, number=last + 1, starts_at=starts_at, mode=mode, **words(place=place, link=link),
        second_call_of=first,
    )  # fmt: skip
    told = {"committee": row.code, "number": meeting.label, "starts_at": starts_at, "mode": mode}
    ledger_write(
        actor=actor,
        action="meeting.plan",
        object_type="meeting",
        object_id=meeting.pk,
        changes=told,
        origin=origin,
    )
    if first is not None:
        _take_over(first, meeting)
    _fill(meeting)
    return meeting


def _first_call(committee: Committee, first: int | None, starts_at: datetime) -> Meeting | None:
    if first is None:
        return None
    meeting = Meeting.objects.filter(pk=first, committee=committee, state=Meeting.State.ADJOURNED).first()
    if meeting is None:
        raise Invalid(
            {"second_call_of": _("Only an adjourned meeting of this committee can be called again.")}
        )
    days = timezone.localdate(meeting.starts_at), timezone.localdate(starts_at)
    if not may_be_second_call(*days, committee.ruling):
        sentence = _("A second call must be within %(days)d days after the first.")
        raise Invalid({"second_call_of": sentence % {"days": committee.ruling.second_call_days}})
    return meeting


def _take_over(first: Meeting, second: Meeting) -> None:
    """A second call has the agenda of the first: what was not settled there moves, with its papers and declarations."""
    unsettled = AgendaItem.objects.filter(meeting=first, state__in=UNSETTLED).order_by("section", "position")
    places: Counter[str] = Counter()
    for item in unsettled:
        places[item.section] += 1
        item.meeting, item.position, item.state = second, places[item.section], AgendaItem.State.WAITING
        item.save(update_fields=["meeting", "position", "state"])


def meeting_change(
    *,
    actor: Actor,
    meeting: int,
    starts_at: datetime,
    mode: str,
    place: str = "",
    link: str = "",
    origin: str = "",
) -> Meeting:
    """Another time, place or way of meeting; a notice that was sent must be sent again. Number and year stay."""
    if mode not in Meeting.Mode.values:
        raise Invalid({"mode": _("Please choose how the meeting is held.")})
    _require_address(link)
    with sitting("change", actor=actor, meeting=meeting, origin=origin) as change:
        row = change.meeting
        change.changes |= {"starts_at": [row.starts_at, starts_at], "mode": [row.mode, mode]}
        texts = words(place=place, link=link)
        row.starts_at, row.mode, row.place, row.link = starts_at, mode, texts["place"], texts["link"]
    return change.meeting


def _require_address(link: str) -> None:
    if link.strip() and not link.strip().startswith(("https://", "http://")):
        raise Invalid({"link": _("Please give an address that begins with https://.")})


# ---- the agenda ----


def agenda_fill(*, actor: Actor, meeting: int, origin: str = "") -> int:
    """Put circulated minutes and open follow-ups on the agenda that are not there yet; gives how many."""
    with sitting("fill", actor=actor, meeting=meeting, origin=origin) as change:
        added = _fill(change.meeting)
        change.changes["added"] = added
    return added


def _fill(meeting: Meeting) -> int:
    """Titles are in the city's language, whoever presses the button."""
    there = AgendaItem.objects.filter(meeting=meeting)
    open_minutes = Minutes.objects.filter(
        meeting__committee=meeting.committee, meeting__starts_at__lt=meeting.starts_at, state=Minutes.State.CIRCULATED
    ).exclude(items__in=there)  # fmt: skip
    tasks = FollowUp.objects.filter(committee=meeting.committee).exclude(state=FollowUp.State.CLOSED)
    tasks = tasks.exclude(resolution__item__meeting=meeting).exclude(items__in=there)
    added = 0
    with translation.override(settings.LANGUAGE_CODE):
        for minutes in open_minutes.select_related("meeting").order_by("meeting__starts_at"):
            title = _("Adoption of the minutes of meeting %(number)s") % {"number": minutes.meeting.label}
            _append(meeting, "minutes", title, adopts=minutes)
            added += 1
        for task in tasks.select_related("resolution__matter").order_by("due_on", "id"):
            title = _("Follow-up of the resolution of meeting %(number)s: %(task)s")
            told = {"number": task.resolution.number, "task": task.task}
            _append(meeting, "arising", title % told, follow_up=task, matter=task.resolution.matter)
            added += 1
    return added


def item_add(
    *,
    actor: Actor,
    meeting: int,
    section: str,
    title: str,
    own_matter: bool = False,
    origin: str = "",
    **texts: str,
) -> AgendaItem:
    """Add an item to a part of the agenda; with `own_matter` it can come back at later meetings."""
    with sitting("item_add", actor=actor, meeting=meeting, origin=origin) as change:
        _require_section(change, section)
        given = needed(title=title) | words(**{name: texts.get(name, "") for name in TEXTS[1:]})
        matter = None
        if own_matter:
            matter = Matter.objects.create(code=new_code(), committee=change.committee, title=given["title"])
        item = _append(change.meeting, section, given.pop("title"), matter=matter, **given)
        change.changes |= {"item": item.pk, "section": section}
    return item


def subject_pull(
    *, actor: Actor, meeting: int, kind: str, reference: str, section: str = "consider", origin: str = ""
) -> AgendaItem:
    """Put a subject of another module on the agenda. Raises NotFound for none, Conflict for one that is there."""
    with sitting("pull", actor=actor, meeting=meeting, origin=origin) as change:
        _require_section(change, section)
        try:
            subject = decisions.kind(kind).find(reference)
        except KeyError:
            subject = None
        if subject is None:
            raise NotFound(_("There is no such subject."))
        matter, _made = Matter.objects.get_or_create(
            committee=change.committee, kind=kind, reference=subject.reference,
            defaults={"code": new_code(), "title": subject.title, "agency": subject.agency},
        )  # fmt: skip
        facts = "\n".join(f"{name}: {value}" for name, value in subject.facts)
        item = _put(change, matter, section, facts=facts)
        change.changes |= {"kind": kind, "reference": reference}
    return item


def matter_pull(
    *, actor: Actor, meeting: int, matter: int, section: str = "consider", origin: str = ""
) -> AgendaItem:
    """Put an open matter of an earlier meeting on the agenda again."""
    with sitting("pull", actor=actor, meeting=meeting, origin=origin) as change:
        _require_section(change, section)
        found = Matter.objects.filter(pk=matter, committee=change.committee, state=Matter.State.OPEN).first()
        if found is None:
            raise NotFound(_("There is no such open matter."))
        last = found.items.order_by("-id").first()
        kept = (
            {name: getattr(last, name) for name in ("background", "facts", "law", "question")} if last else {}
        )
        return _put(change, found, section, **kept)


def _put(change: Sitting, matter: Matter, section: str, **texts: str) -> AgendaItem:
    alive = AgendaItem.objects.filter(matter=matter, meeting__state__in=ALIVE, follow_up=None)
    if alive.filter(state__in=UNSETTLED).exists():
        raise Conflict(_("This matter is on an agenda already."))
    matter.state = Matter.State.OPEN
    matter.save(update_fields=["state"])
    item = _append(change.meeting, section, matter.title, matter=matter, **texts)
    change.changes["item"] = item.pk
    return item


def item_change(*, actor: Actor, meeting: int, item: int, origin: str = "", **texts: str) -> AgendaItem:
    """Write an item's texts (title, background, facts, law, question, discussion), until the minutes are circulated."""
    with sitting("item_change", actor=actor, meeting=meeting, origin=origin) as change:
        found = change.item(item)
        given = words(**{name: text for name, text in texts.items() if name in TEXTS})
        if "title" in given:
            needed(title=given["title"])
        if Minutes.objects.filter(meeting=change.meeting).exclude(state=Minutes.State.DRAFT).exists():
            raise Conflict(_("The minutes have been circulated; ask for a correction instead."))
        if hasattr(found, "resolution"):
            given = {name: text for name, text in given.items() if name == "discussion"}
        for name, text in given.items():
            setattr(found, name, text)
        found.save(update_fields=list(given) or None)
    return found


def item_move(*, actor: Actor, meeting: int, item: int, up: bool, origin: str = "") -> AgendaItem:
    """One place up or down within its part of the agenda; at the end it stays."""
    with sitting("item_move", actor=actor, meeting=meeting, origin=origin) as change:
        found = change.item(item)
        rows = AgendaItem.objects.filter(meeting=change.meeting, section=found.section)
        place = found.position - 1 if up else found.position + 1
        other = rows.filter(position=place).first()
        if other is not None:
            rows.filter(pk=other.pk).update(position=found.position)
            found.position = place
            found.save(update_fields=["position"])
    return found


def item_remove(*, actor: Actor, meeting: int, item: int, origin: str = "") -> None:
    """Take an item off; the ones below move up. Its papers go with it, its matter stays."""
    with sitting("item_remove", actor=actor, meeting=meeting, origin=origin) as change:
        found = change.item(item)
        keys = [papers.file_key(paper.key, paper.kind) for paper in found.papers.all()]
        found.delete()
        below = AgendaItem.objects.filter(
            meeting=change.meeting, section=found.section, position__gt=found.position
        )
        below.update(position=F("position") - 1)
        transaction.on_commit(partial(_delete, keys))


def _append(meeting: Meeting, section: str, title: str, **fields: Any) -> AgendaItem:
    rows = AgendaItem.objects.filter(meeting=meeting, section=section)
    last = rows.aggregate(last=Max("position"))["last"] or 0
    return AgendaItem.objects.create(
        meeting=meeting, section=section, position=last + 1, title=title, **fields
    )


def _require_section(change: Sitting, section: str) -> None:
    if section not in dict(change.rules.sections):
        raise Invalid({"section": _("Please choose a part of the agenda.")})


# ---- papers ----


def paper_add(
    *, actor: Actor, meeting: int, item: int, upload: IO[bytes], name: str, title: str = "", origin: str = ""
) -> Paper:
    """Keep a paper (PDF, PNG or JPEG) with an item. Raises Invalid for anything else, StorageFull without room."""
    content, kind = papers.take_in(upload, name)
    with sitting("paper_add", actor=actor, meeting=meeting, origin=origin) as change:
        found = change.item(item)
        key = secrets.token_hex(16)
        paper = Paper.objects.create(
            item=found, key=key, title=words(title=title or name)["title"][:200], kind=kind, size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        change.changes |= {"paper": paper.pk, "sha256": paper.sha256, "size": paper.size}
        files.put(papers.file_key(key, kind), content)
    return paper


def paper_remove(*, actor: Actor, meeting: int, paper: int, origin: str = "") -> None:
    """Remove a paper before the meeting."""
    with sitting("paper_remove", actor=actor, meeting=meeting, origin=origin) as change:
        found = Paper.objects.filter(pk=paper, item__meeting=change.meeting).first()
        if found is None:
            raise NotFound(_("There is no such paper."))
        change.changes |= {"paper": paper, "sha256": found.sha256}
        key = papers.file_key(found.key, found.kind)
        found.delete()
        transaction.on_commit(partial(_delete, [key]))


def _delete(keys: list[str]) -> None:
    for key in keys:
        files.delete(key)


# ---- the notice ----


def notice_send(*, actor: Actor, meeting: int, confirm_short: bool = False, origin: str = "") -> int:
    """Call the members by e-mail; gives how many letters were queued.

    Raises Invalid({"confirm_short": …}) when fewer days are left than the rules ask, until it is confirmed; Conflict
    for an agenda without items.
    """
    with sitting("notice", actor=actor, meeting=meeting, origin=origin) as change:
        row = change.meeting
        _fill(row)
        if not row.items.exists():
            raise Conflict(_("The agenda is empty."))
        day = timezone.localdate(row.starts_at)
        row.notice_short = _is_short(change, day)
        if row.notice_short and not confirm_short:
            sentence = _(
                "The rules ask for %(asked)d days of notice; %(left)d are left. Confirm to send all the same."
            )
            left = days_of_notice(timezone.localdate(change.now), day)
            raise Invalid({"confirm_short": sentence % {"asked": change.rules.notice_days, "left": left}})
        row.notice_sent_at = change.now
        letters = letters_for(change, "notice")
        notice_queue_many(letters)
        change.changes |= {"letters": len(letters), "short": row.notice_short}
    return len(letters)


def _is_short(change: Sitting, day: date) -> bool:
    return days_of_notice(timezone.localdate(change.now), day) < change.rules.notice_days


def letters_for(change: Sitting, letter: str) -> list[NoticeRequest]:
    """A letter to each member in term who has an address; members without one are told by the secretary."""
    meeting = change.meeting
    day = timezone.localdate(meeting.starts_at)
    members = list(Member.objects.filter(policies.in_term(day), committee=change.committee))
    reached = contacts(member.user_id for member in members if member.user_id)
    context = {
        "committee_th": change.committee.name_th, "committee_en": change.committee.name_en,
        "number": meeting.label, "starts_at": meeting.starts_at.isoformat(), "place": meeting.place,
        "mode": meeting.mode, "second_call": meeting.second_call_of_id is not None,
        "items": [item.title for item in meeting.items.order_by("id")],
        "url": f"{settings.PUBLIC_URL}/committee/{change.committee.code}/{meeting.year}/{meeting.number}/",
    }  # fmt: skip
    found = []
    for member in members:
        contact = reached.get(member.user_id or 0)
        address, language = (contact.address, contact.language) if contact else (member.email, "th")
        if address:
            key = f"committee.{letter}:{meeting.pk}:{meeting.revision}:{member.pk}"
            found.append(NoticeRequest(key, address, language, f"committee/notices/{letter}", context))
    return found
