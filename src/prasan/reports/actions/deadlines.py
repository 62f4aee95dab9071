"""The clock of an assignment: deadlines and reminders in working time of the city's calendar."""

from __future__ import annotations

from datetime import datetime

from prasan.city.registers import registers
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Assignment

REMINDERS = (50, 80, 100)  # percent of the time to the deadline


def start_clock(assignment: Assignment, start: datetime, *, category: str) -> None:
    """Set the deadlines of an assignment that begins (or begins anew) at `start`."""
    calendar = registers().calendar
    hours = catalogue().deadline(category, registers().agency(assignment.agency_id).kind)
    assignment.respond_by = calendar.add_working_time(start, hours.first_action)
    assignment.due_at = calendar.add_working_time(start, hours.fix)
    assignment.paused_at = assignment.escalated_at = None
    assignment.reminded = 0
    assignment.remind_at = calendar.add_working_time(start, float(hours.fix) * REMINDERS[0] / 100)


def pause_clock(assignment: Assignment, now: datetime) -> None:
    """The reporter is being asked: the clock stands."""
    assignment.paused_at = assignment.paused_at or now
    assignment.remind_at = None


def resume_clock(assignment: Assignment, now: datetime) -> None:
    """The reporter answered: deadlines move by the working time that took."""
    if assignment.paused_at is None:
        return
    calendar = registers().calendar
    stood = calendar.working_time_between(assignment.paused_at, now).total_seconds() / 3600
    assignment.paused_at = None
    if assignment.due_at is not None:
        assignment.due_at = calendar.add_working_time(assignment.due_at, stood)
    if assignment.respond_by is not None and assignment.accepted_at is None:
        assignment.respond_by = calendar.add_working_time(assignment.respond_by, stood)
    assignment.remind_at = next_reminder(assignment)


def next_reminder(assignment: Assignment) -> datetime | None:
    """When the next reminder falls due, or None after the last."""
    level = next((level for level in REMINDERS if level > assignment.reminded), None)
    if level is None or assignment.due_at is None:
        return None
    calendar = registers().calendar
    whole = calendar.working_time_between(assignment.assigned_at, assignment.due_at).total_seconds() / 3600
    return calendar.add_working_time(assignment.assigned_at, whole * level / 100)
