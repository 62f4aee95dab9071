"""Deadlines that come near or pass: reminders at 50, 80 and 100 % of the time, escalation at 100 %."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from prasan.fabric.actions import ledger_write_many
from prasan.fabric.actors import Actor
from prasan.reports.actions.deadlines import REMINDERS, next_reminder
from prasan.reports.models import Assignment, Entry

CLOCK = Actor.system("reports.clock")
BATCH = 500
MOST_BATCHES = 40  # 20,000 a minute; the rest comes the minute after


def deadlines_check_all(*, now: datetime) -> int:
    """Batches of `deadlines_check` until nothing is due any more; gives how many were reminded of."""
    total = 0
    for _batch in range(MOST_BATCHES):
        done = deadlines_check(now=now, most=BATCH)
        total += done
        if done < BATCH:
            break
    return total


@transaction.atomic
def deadlines_check(*, now: datetime, most: int = BATCH) -> int:
    """Remind of up to `most` assignments whose reminder is due; gives how many. Five statements, however many.

    A job runs it every minute; twice is harmless. At 100 % the report is escalated, also when nobody has taken
    it: who hears of it (officer, supervisors of the agency or of the next one above that has any) is decided in
    letters.py from the ledger entry.
    """
    due = list(
        Assignment.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("report").only("report__code", *_own_fields())
        .filter(active=True, remind_at__lte=now).order_by("remind_at")[:most]
    )  # fmt: skip
    for assignment in due:
        _advance(assignment, now)
    late = [one for one in due if one.reminded >= REMINDERS[-1]]
    if due:
        Assignment.objects.bulk_update(due, ["reminded", "remind_at", "escalated_at"])
        Entry.objects.bulk_create(_escalation(one, now) for one in late)
        _log("report.escalate", late)
        _log("report.remind", [one for one in due if one.reminded < REMINDERS[-1]])
    return len(due)


def _own_fields() -> list[str]:
    return [field.attname for field in Assignment._meta.concrete_fields]


def _advance(assignment: Assignment, now: datetime) -> None:
    """Move past every level that is due by now; the highest is told."""
    while assignment.remind_at is not None and assignment.remind_at <= now:
        assignment.reminded = next(level for level in REMINDERS if level > assignment.reminded)
        assignment.remind_at = next_reminder(assignment)
    if assignment.reminded >= REMINDERS[-1]:
        assignment.escalated_at = now


def _escalation(assignment: Assignment, now: datetime) -> Entry:
    return Entry(
        report_id=assignment.report_id, at=now, kind=Entry.Kind.ESCALATION, audience=Entry.Audience.INTERNAL,
        agency_id=assignment.agency_id, by=CLOCK.kind,
    )  # fmt: skip


def _log(action: str, assignments: Iterable[Assignment]) -> None:
    told = [
        (one.report.code, {"agency": one.agency_id, "level": one.reminded, "officer": one.officer_id})
        for one in assignments
    ]
    if told:
        ledger_write_many(actor=CLOCK, action=action, object_type="report", entries=told)
