"""What follows a meeting: tasks with due dates, and minutes from draft to certified."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.committee import clock, evidence, policies
from prasan.committee.actions.agenda import letters_for
from prasan.committee.actions.frame import needed, sitting, words
from prasan.committee.minutes import FRAME, document, in_digits
from prasan.committee.models import Correction, FollowUp, FollowUpReport, Meeting, Minutes, Resolution
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.notices import notice_queue_many
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound

# ---- tasks ----


def follow_up_add(
    *, actor: Actor, meeting: int, item: int, task: str, agency: str, due_on: date, origin: str = ""
) -> FollowUp:
    """Give an agency a task by an item's resolution; it returns under matters arising until it is closed."""
    with sitting("follow_up", actor=actor, meeting=meeting, origin=origin) as change:
        resolution = Resolution.objects.filter(item=change.item(item)).first()
        if resolution is None:
            raise Conflict(_("A task needs a resolution to follow from."))
        texts = needed(task=task)
        if not registers().is_active(agency):
            raise Invalid({"agency": _("Please choose an agency from the list.")})
        if due_on < clock.today():
            raise Invalid({"due_on": _("The date is past.")})
        row = FollowUp.objects.create(
            resolution=resolution,
            committee=change.committee,
            task=texts["task"],
            agency_id=agency,
            due_on=due_on,
        )
        change.changes |= {"follow_up": row.pk, "agency": agency, "due_on": due_on}
    return row


def follow_up_report(
    *, actor: Actor, follow_up: int, text: str, done: bool = False, origin: str = ""
) -> FollowUpReport:
    """The agency (or the secretary for it) says what was done. Raises Conflict once the task is closed."""
    row = _follow_up(follow_up)
    seat = policies.seat_of(actor, row.committee)
    if "secretary" not in seat.parts and not policies.is_owner(actor, row):
        raise (
            NotFound(_("There is no such task."))
            if not seat.is_inside
            else Forbidden(_("Only the agency with the task reports on it."))
        )
    report = FollowUpReport(
        follow_up=row,
        text=needed(text=text)["text"],
        done=done,
        user_id=int(actor.id) if actor.is_officer else None,
    )
    return _save_report(actor, row, report, origin)


def _save_report(actor: Actor, row: FollowUp, report: FollowUpReport, origin: str) -> FollowUpReport:
    with transaction.atomic():
        locked = FollowUp.objects.select_for_update().get(pk=row.pk)
        if locked.state == FollowUp.State.CLOSED:
            raise Conflict(_("This task is closed."))
        before, locked.state = locked.state, FollowUp.State.REPORTED if report.done else locked.state
        locked.save(update_fields=["state"])
        report.save()
        _log(actor, "follow_up.report", locked.pk, {"state": [before, locked.state]}, origin)
    return report


def follow_up_close(*, actor: Actor, follow_up: int, origin: str = "") -> FollowUp:
    """The committee is satisfied: the task does not return any more."""
    row = _follow_up(follow_up)
    if "secretary" not in policies.seat_of(actor, row.committee).parts:
        raise Forbidden(_("Only a secretary of the committee closes its tasks."))
    with transaction.atomic():
        locked = FollowUp.objects.select_for_update().get(pk=row.pk)
        if locked.state == FollowUp.State.CLOSED:
            raise Conflict(_("This task is closed."))
        changes = {"state": [locked.state, FollowUp.State.CLOSED]}
        locked.state, locked.closed_at = FollowUp.State.CLOSED, clock.now()
        locked.save(update_fields=["state", "closed_at"])
        _log(actor, "follow_up.close", locked.pk, changes, origin)
    return locked


def _follow_up(number: int) -> FollowUp:
    row = FollowUp.objects.select_related("committee").filter(pk=number).first()
    if row is None:
        raise NotFound(_("There is no such task."))
    return row


def _log(actor: Actor, action: str, number: int, changes: dict[str, Any], origin: str) -> None:
    ledger_write(
        actor=actor, action=action, object_type="follow_up", object_id=number, changes=changes, origin=origin
    )


# ---- minutes ----


def minutes_circulate(*, actor: Actor, meeting: int, origin: str = "") -> Minutes:
    """Freeze the draft and send it to the members, who may ask for corrections until it is certified."""
    with sitting("circulate", actor=actor, meeting=meeting, origin=origin) as change:
        minutes = _minutes(change.meeting, Minutes.State.DRAFT)
        written = in_digits(document(change.meeting), thai=change.rules.thai_digits)
        minutes.content = evidence.canonical(written)
        minutes.content_hash = evidence.digest(minutes.content)
        minutes.state, minutes.circulated_at = Minutes.State.CIRCULATED, change.now
        minutes.save()
        letters = letters_for(change, "minutes")
        notice_queue_many(letters)
        change.changes |= {"content": minutes.content_hash, "letters": len(letters)}
    return minutes


def correction_propose(
    *, actor: Actor, meeting: int, was: str, becomes: str, member: int | None = None, origin: str = ""
) -> Correction:
    """Ask to change words of the circulated minutes. Raises Invalid unless they stand there exactly once."""
    with sitting("correct", actor=actor, meeting=meeting, origin=origin) as change:
        minutes = _minutes(change.meeting, Minutes.State.CIRCULATED)
        texts = in_digits(needed(was=was) | words(becomes=becomes), thai=change.rules.thai_digits)
        own = change.own_member(member) if member or "secretary" not in change.seat.parts else None
        _require_once(minutes, texts["was"])
        row = Correction.objects.create(minutes=minutes, member=own, **texts)
        change.changes["correction"] = row.pk
    return row


def correction_decide(
    *, actor: Actor, meeting: int, correction: int, accept: bool, origin: str = ""
) -> Correction:
    """Take a correction into the minutes, or not."""
    with sitting("correction_decide", actor=actor, meeting=meeting, origin=origin) as change:
        minutes = _minutes(change.meeting, Minutes.State.CIRCULATED)
        row = Correction.objects.filter(
            pk=correction, minutes=minutes, state=Correction.State.PROPOSED
        ).first()
        if row is None:
            raise Conflict(_("This correction has been decided already."))
        if accept:
            _require_once(minutes, row.was)
            minutes.content = evidence.canonical(_replaced(json.loads(minutes.content), row.was, row.becomes))
            minutes.content_hash = evidence.digest(minutes.content)
            minutes.save()
        row.state = Correction.State.ACCEPTED if accept else Correction.State.REFUSED
        row.decided_at = change.now
        row.save()
        change.changes |= {"correction": row.pk, "accepted": accept, "content": minutes.content_hash}
    return row


def certify(minutes: int, meeting: Meeting, now: datetime) -> None:
    """The meeting adopts earlier minutes; the database locks them. Called by the resolution of that item."""
    row = Minutes.objects.select_for_update().get(pk=minutes)
    if row.state != Minutes.State.CIRCULATED:
        raise Conflict(_("These minutes are not circulated, or are certified already."))
    if row.corrections.filter(state=Correction.State.PROPOSED).exists():
        raise Conflict(_("Corrections of these minutes are not decided yet."))
    row.state, row.certified_at, row.certified_in = Minutes.State.CERTIFIED, now, meeting
    row.save()


def _minutes(meeting: Meeting, state: Minutes.State) -> Minutes:
    row = Minutes.objects.select_for_update().get(meeting=meeting)
    if row.state != state:
        raise Conflict(_("The minutes are “%(state)s” now.") % {"state": Minutes.State(row.state).label})
    return row


def _require_once(minutes: Minutes, was: str) -> None:
    found = sum(text.count(was) for text in _texts(json.loads(minutes.content)))
    if found != 1:
        sentence = _("These words stand in the minutes %(count)d times; give words that stand there once.")
        raise Invalid({"was": sentence % {"count": found}})


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for name, part in value.items() if name not in FRAME for text in _texts(part)]
    return [text for part in value for text in _texts(part)] if isinstance(value, list) else []


def _replaced(value: Any, was: str, becomes: str) -> Any:
    if isinstance(value, str):
        return value.replace(was, becomes)
    if isinstance(value, dict):
        return {
            name: part if name in FRAME else _replaced(part, was, becomes) for name, part in value.items()
        }
    return [_replaced(part, was, becomes) for part in value] if isinstance(value, list) else value
