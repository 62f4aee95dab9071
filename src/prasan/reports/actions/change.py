"""The frame of every change of a report: lock, check the table, save, one timeline entry, one ledger entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.reports import policies
from prasan.reports.models import Assignment, Entry, Photo, Report, Status, wording
from prasan.reports.workflow import WORKFLOW, Step

LONGEST_TEXT = 10_000
FOLLOWED_FIELDS = ("status", "stage", "category", "agency_id", "rating", "reopened", "duplicate_of_id", "private")
OPEN_OR_CLOSED = (Status.FINISHED, Status.IRRELEVANT)


@dataclass(slots=True)
class Change:
    """A change under way. Set fields on `report` and `assignment`; `entry` is what the timeline will say."""

    actor: Actor
    step: Step
    report: Report
    assignments: list[Assignment]
    assignment: Assignment | None
    now: datetime
    entry: Entry
    photos: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def lead(self) -> Assignment | None:
        """The active lead assignment."""
        return next((a for a in self.assignments if a.active and a.role == Assignment.Role.LEAD), None)


@contextmanager
def changing(
    action: str,
    *,
    actor: Actor,
    code: str,
    version: int | None = None,
    token: str = "",
    note: str = "",
    photos: tuple[str, ...] = (),
    origin: str = "",
) -> Iterator[Change]:
    """Lock the report, refuse what the workflow table refuses, and write everything when the block ends.

    `version` is the report's version the actor saw; another one means somebody changed it meanwhile.
    Raises NotFound, Forbidden, Conflict or Invalid; then nothing is written.
    """
    step, note = WORKFLOW[action], note.replace("\x00", "").strip()  # PostgreSQL takes no NUL
    _check_note(step, note)
    with transaction.atomic():
        report, assignments = _lock(code)
        own = _permit(step, actor, report, assignments, token)
        if version is not None and version != report.version:
            raise Stale(
                _("Somebody else changed this report while you were writing. What you wrote is still here;"
                  " look at the change, then send again.")
            )  # fmt: skip
        entry = _draft(step, actor, report, own, note)
        change = Change(actor, step, report, assignments, own, timezone.now(), entry, photos)
        before = {name: getattr(report, name) for name in FOLLOWED_FIELDS}
        yield change
        _apply_status(change)
        _save(change, before, origin)


def _check_note(step: Step, note: str) -> None:
    if "note" in step.needs and not note:
        raise Invalid({"note": _("Please write what was done or why.")})
    if len(note) > LONGEST_TEXT:
        raise Invalid({"note": _("At most %(most)d characters, please.") % {"most": LONGEST_TEXT}})


def _lock(code: str) -> tuple[Report, list[Assignment]]:
    known = read_code(code) == code  # anything else, a NUL for instance, is not even asked for
    report = Report.objects.select_for_update().defer("search").filter(code=code).first() if known else None
    if report is None:
        raise NotFound(_("There is no report with this code."))
    return report, list(Assignment.objects.filter(report=report).order_by("-active", "-id"))


def _permit(
    step: Step, actor: Actor, report: Report, assignments: list[Assignment], token: str
) -> Assignment | None:
    """The officer's own assignment, or None for citizens' steps; refuses in the order 404, 403, 409."""
    if not policies.may_read(actor, report, assignments, token) and not actor.is_system:
        raise NotFound(_("There is no report with this code."))
    own: Assignment | None = None
    status = report.status
    if "reporter" in step.who:
        if not policies.is_reporter(actor, report, token):
            raise Forbidden(_("Only the person who sent this report can do this."))
    elif "anybody" not in step.who:
        own = policies.own_assignment(actor, step, policies.candidates(step, assignments))
        if own is None:
            # An agency that has closed the report or passed it on comes too late; it is no stranger.
            past = policies.own_assignment(actor, step, [a for a in assignments if not a.active])
            raise _not_now(step, past.status) if past else Forbidden(
                _("Your agency does not handle this report, or your role does not allow this step.")
            )
        status = own.status
    if status not in step.when:
        raise _not_now(step, status)
    return own


def _not_now(step: Step, status: str) -> Conflict:
    sentence = _("“%(step)s” is not possible while the report is “%(status)s”.")
    return Conflict(sentence % {"step": step.label, "status": Status(status).label})


def _draft(step: Step, actor: Actor, report: Report, own: Assignment | None, note: str) -> Entry:
    audience = {"note": "internal", "assign": "internal", "ask": "reporter", "answer": "reporter"}
    people = actor.kind in {"citizen", "officer"}
    return Entry(
        report=report,
        kind=KINDS.get(step.action, Entry.Kind.STATUS),
        audience=audience.get(step.action, "public"),
        agency_id=own.agency_id if own else None,
        author_id=int(actor.id) if people else None,
        by=actor.kind,
        **wording(note),
    )


KINDS = {
    "comment": Entry.Kind.COMMENT,
    "reply": Entry.Kind.COMMENT,
    "note": Entry.Kind.NOTE,
    "assign": Entry.Kind.ASSIGN,
    "ask": Entry.Kind.QUESTION,
    "answer": Entry.Kind.ANSWER,
    "forward": Entry.Kind.FORWARD,
    "invite": Entry.Kind.INVITE,
    "reopen": Entry.Kind.REOPEN,
    "resume": Entry.Kind.REOPEN,
    "merge": Entry.Kind.MERGE,
    "split": Entry.Kind.SPLIT,
    "categorise": Entry.Kind.CATEGORY,
    "rate": Entry.Kind.RATING,
}


def _apply_status(change: Change) -> None:
    """The table's status goes to the own assignment; the lead's is the report's."""
    then, own, report = change.step.then, change.assignment, change.report
    if then is None or own is None:
        return
    own.status = then
    change.entry.status = then
    if then in OPEN_OR_CLOSED:
        own.active, own.closed_at, own.remind_at = False, change.now, None
    if own.role == Assignment.Role.LEAD:
        report.status = then
        report.stage = own.stage
        report.finished_at = change.now if then in OPEN_OR_CLOSED else None


def _save(change: Change, before: dict[str, Any], origin: str) -> None:
    report = change.report
    own = change.assignment
    if own is not None and own.accepted_at is None and not change.actor.is_system and change.step.action != "note":
        own.accepted_at = change.now
        report.first_action_at = report.first_action_at or change.now
    report.version += 1
    report.updated_at = change.now
    report.save(update_fields=SAVED_FIELDS)
    if own is not None:
        own.save()
    change.entry.at = change.now
    change.entry.save()
    if change.photos:
        attach_photos(change.photos, report=report, entry=change.entry)
    changes: dict[str, Any] = {
        name: [before[name], getattr(report, name)] for name in FOLLOWED_FIELDS if before[name] != getattr(report, name)
    }
    changes |= {"entry": change.entry.pk, "agency": change.entry.agency_id} | change.extra
    ledger_write(
        actor=change.actor, action=f"report.{change.step.action}", object_type="report", object_id=report.code,
        changes=changes, origin=origin,
    )  # fmt: skip


SAVED_FIELDS = [
    "status", "stage", "category", "category_how", "agency", "routed_by", "first_action_at", "finished_at", "rating",
    "reopened", "followers", "photos", "duplicate_of", "private", "version", "updated_at",
]  # fmt: skip


def attach_photos(keys: tuple[str, ...], *, report: Report, entry: Entry | None = None) -> None:
    """Give uploaded photos that belong to nobody yet to this report. Raises Invalid for a key that is not free."""
    free = Photo.objects.filter(key__in=keys, report=None)
    if free.update(report=report, entry=entry) != len(set(keys)):
        raise Invalid({"photos": _("A photo was not found or is used already; please add it again.")})
