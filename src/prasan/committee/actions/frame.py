"""The frame of every change of a meeting: lock, check part and state, save, one ledger entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.committee import clock, policies
from prasan.committee.models import AgendaItem, Attendance, Committee, Meeting, Member
from prasan.committee.rules import Rules
from prasan.committee.workflow import WORKFLOW, Step
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound

LONGEST_TEXT = 20_000


@dataclass(slots=True)
class Sitting:
    """A change under way at a locked meeting; `changes` is what the ledger will hold."""

    actor: Actor
    step: Step
    seat: policies.Seat
    meeting: Meeting
    now: datetime
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def committee(self) -> Committee:
        return self.meeting.committee

    @property
    def rules(self) -> Rules:
        return self.committee.ruling

    def item(self, item: int) -> AgendaItem:
        """An item of this meeting. Raises NotFound."""
        found = AgendaItem.objects.select_related("matter").filter(pk=item, meeting=self.meeting).first()
        if found is None:
            raise NotFound(_("This meeting has no such item."))
        self.changes["item"] = item
        return found

    def member(self, member: int) -> Member:
        """A member of the committee on the day of the meeting. Raises NotFound."""
        day = timezone.localdate(self.meeting.starts_at)
        found = Member.objects.filter(policies.in_term(day), committee=self.committee, pk=member).first()
        if found is None:
            raise NotFound(_("This committee has no such member."))
        return found

    def own_member(self, member: int | None) -> Member:
        """For whom a member's own step is taken: the actor, or a member for whom the actor may write it down."""
        if member is None:
            if self.seat.member is None or not self.seat.member.votes:
                raise Forbidden(_("You are not a voting member of this committee."))
            return self.seat.member
        found = self.member(member)
        substituted = Attendance.objects.filter(
            meeting=self.meeting, member=found, left_at=None
        ).exclude(name="").exists()  # fmt: skip
        if not policies.may_act_for(self.seat, found, substituted=substituted):
            raise Forbidden(_("Members vote, declare and dissent for themselves."))
        return found


@contextmanager
def sitting(action: str, *, actor: Actor, meeting: int, origin: str = "") -> Iterator[Sitting]:
    """Lock the meeting, refuse what the workflow table refuses, and write everything when the block ends.

    Whoever comes second waits for the first and then meets the new state. Raises NotFound, Forbidden, Conflict or
    Invalid; then nothing is written.
    """
    step = WORKFLOW[action]
    with transaction.atomic():
        found = _lock(meeting)
        seat = policies.seat_of(actor, found.committee)
        _permit(step, seat, found)
        change = Sitting(actor, step, seat, found, clock.now())
        before = found.state
        yield change
        if step.then is not None:
            found.state = step.then
        if found.state != before:
            change.changes["state"] = [before, found.state]
        found.revision += 1
        found.save()
        ledger_write(
            actor=actor, action=f"meeting.{action}", object_type="meeting", object_id=found.pk,
            changes=change.changes, origin=origin,
        )  # fmt: skip


def _lock(meeting: int) -> Meeting:
    found = (
        Meeting.objects.select_for_update(of=("self",)).select_related("committee").filter(pk=meeting).first()
    )
    if found is None:
        raise NotFound(_("There is no such meeting."))
    return found


def _permit(step: Step, seat: policies.Seat, meeting: Meeting) -> None:
    if not policies.may_take(seat, step):
        if not seat.is_inside and "owner" not in step.who:
            raise NotFound(_("There is no such meeting."))
        raise Forbidden(_("Your part in this committee does not allow this."))
    if meeting.state not in step.when:
        sentence = _("“%(step)s” is not possible while the meeting is “%(state)s”.")
        raise Conflict(sentence % {"step": step.label, "state": Meeting.State(meeting.state).label})


def words(**texts: str) -> dict[str, str]:
    """Texts as they are kept: no NUL, no outer blanks, not endless. Raises Invalid by name."""
    clean = {name: text.replace("\x00", "").strip() for name, text in texts.items()}
    errors = {
        name: _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}
        for name, text in clean.items()
        if len(text) > LONGEST_TEXT
    }
    if errors:
        raise Invalid(errors)
    return clean


def needed(**texts: str) -> dict[str, str]:
    """As `words`, and each must say something."""
    clean = words(**texts)
    if errors := {name: _("Please write something here.") for name, text in clean.items() if not text}:
        raise Invalid(errors)
    return clean
