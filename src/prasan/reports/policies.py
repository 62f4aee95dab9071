"""Who may do what with a report. The table of steps is workflow.py; here is who plays which part."""

from __future__ import annotations

import hmac
from typing import Any

from prasan.fabric.actors import Actor
from prasan.fabric.personal import lookup_hash
from prasan.people.policies import holds
from prasan.reports.models import Assignment, Report, Status
from prasan.reports.workflow import DESK, FIELD, WORKFLOW, Step

READERS = (*FIELD, "analyst", "auditor")
LEADERS = ("supervisor", "admin")
CLOSED = (Status.FINISHED, Status.IRRELEVANT)


def reporter_token(code: str) -> str:
    """The secret of an anonymous reporter's own link: derived from the code, so that no row has to hold it."""
    return lookup_hash(f"reporter:{code}")[:24]


def is_reporter(actor: Actor, report: Report, token: str = "") -> bool:
    """The citizen who sent it, or whoever holds the link given to the reporter."""
    if actor.is_citizen and report.reporter_id is not None and str(report.reporter_id) == actor.id:
        return True
    return bool(token) and hmac.compare_digest(token.encode(), reporter_token(report.code).encode())


def may_read(actor: Actor, report: Report, assignments: list[Assignment], token: str = "") -> bool:
    """Public reports are everybody's; private ones belong to the reporter and the agencies that handle them."""
    return not report.private or is_reporter(actor, report, token) or may_read_inside(actor, report, assignments)


def may_read_inside(actor: Actor, report: Report, assignments: list[Assignment]) -> bool:
    """Internal notes, the original photo, the reporter's contact: officers of an agency that handles or handled it."""
    agencies = {assignment.agency_id for assignment in assignments} | {report.agency_id}
    return any(holds(actor, READERS, agency) for agency in agencies if agency)


def may_see_desk(user: Any) -> bool:
    """Who is shown the way to the desk: officers. What they find there depends on their roles."""
    return bool(getattr(user, "is_officer", False))


def may_read_part(actor: Actor, part: Assignment) -> bool:
    """Whether an agency's part is one of the officer's own agencies."""
    return holds(actor, READERS, part.agency_id)


def may_read_contact(actor: Actor, assignments: list[Assignment]) -> bool:
    """The reporter's name, phone and e-mail: officers who work on the report or closed it, not who passed it on."""
    kept = [part for part in assignments if part.active or part.status in CLOSED]
    return actor.is_officer and any(holds(actor, FIELD, part.agency_id) for part in kept)


def may_take_by_phone(actor: Actor) -> bool:
    """Write down a report for a citizen at the phone or the counter: whoever handles reports anywhere."""
    return actor.is_officer and any(actor.roles.get(role) for role in FIELD)


def may_see_team(actor: Actor) -> bool:
    """See who has how much to do: supervisors and administrators, of their agencies."""
    return actor.is_officer and any(actor.roles.get(role) for role in LEADERS)


def may_dispatch(actor: Actor) -> bool:
    """Decide where reports go that no rule was sure of."""
    return actor.is_officer and any(actor.roles.get(role) for role in DESK)


def own_assignment(actor: Actor, step: Step, assignments: list[Assignment]) -> Assignment | None:
    """The assignment through which this officer may take the step: one whose status allows it, the lead first."""
    for assignment in sorted(assignments, key=lambda a: (a.status not in step.when, a.role != Assignment.Role.LEAD)):
        if step.lead_only and assignment.role != Assignment.Role.LEAD:
            continue
        if may_act_for(actor, step, assignment.agency_id):
            return assignment
    return None


def may_act_for(actor: Actor, step: Step, agency: str) -> bool:
    """Whether the actor holds a role of the step for the agency; the system may take every officer's step."""
    if actor.is_system:
        return True
    if actor.kind == "api_key":
        return "reports:handle" in actor.scopes and holds(actor, step.who, agency)
    return actor.is_officer and holds(actor, step.who, agency)


def steps_for(actor: Actor, report: Report, assignments: list[Assignment], token: str = "") -> list[Step]:
    """The steps this actor may take on this report now, in the table's order: the buttons of its page."""
    found = []
    for step in WORKFLOW.values():
        if "anybody" in step.who:
            taken = step.action == "follow" and actor.is_officer
            possible = report.status in step.when and not taken
        elif "reporter" in step.who:
            possible = report.status in step.when and is_reporter(actor, report, token)
        else:
            own = own_assignment(actor, step, candidates(step, assignments))
            possible = own is not None and own.status in step.when
        if possible:
            found.append(step)
    return found


def candidates(step: Step, assignments: list[Assignment]) -> list[Assignment]:
    """Assignments a step may work on: active ones; for closed statuses also an agency's last, once it is closed.

    What an agency closed before it got the report again is history, and so is a lead that another one follows.
    """
    found = [a for a in assignments if a.active]
    if not set(CLOSED) & set(step.when):
        return found
    taken = {a.agency_id for a in found}
    led = any(a.role == Assignment.Role.LEAD for a in found)
    for assignment in sorted(assignments, key=lambda a: -a.pk):
        follows = led and assignment.role == Assignment.Role.LEAD
        if assignment.status in CLOSED and assignment.agency_id not in taken and not follows:
            found.append(assignment)
            taken.add(assignment.agency_id)
    return found


__all__ = ["DESK", "FIELD", "is_reporter", "may_act_for", "may_read", "may_read_inside", "reporter_token", "steps_for"]
