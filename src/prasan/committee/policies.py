"""Who may do what in a committee. The table of steps is workflow.py; here is who plays which part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils import timezone

from prasan.committee.models import Committee, FollowUp, Member
from prasan.committee.workflow import Step
from prasan.fabric.actors import Actor
from prasan.people.models import Role
from prasan.people.policies import holds

READERS: frozenset[str] = frozenset({Role.SECRETARY, Role.ANALYST, Role.AUDITOR, Role.ADMIN})
OWNERS: frozenset[str] = frozenset({Role.OFFICER, Role.DISPATCHER, Role.SUPERVISOR, Role.DIGITAL_OFFICER})
SECRETARIES = (Member.Role.SECRETARY, Member.Role.ASSISTANT)
CHAIRS = (Member.Role.CHAIR, Member.Role.VICE)


@dataclass(frozen=True, slots=True)
class Seat:
    """What somebody is in one committee: the parts they play, and their member's row if they sit in it."""

    parts: frozenset[str]
    member: Member | None = None
    reads: bool = False

    @property
    def is_inside(self) -> bool:
        """Whether they see what is not public: members, secretaries, the city's analysts, auditors, administrators."""
        return self.reads or self.member is not None


def in_term(on: date | None = None) -> Q:
    """Members whose term covers this day; `term_to` is its last day."""
    day = on or timezone.localdate()
    return Q(term_from__lte=day) & (Q(term_to=None) | Q(term_to__gte=day))


def seat_of(actor: Actor, committee: Committee) -> Seat:
    """The actor's seat. At most one statement."""
    if actor.is_system:
        return Seat(frozenset({"secretary", "chair"}), reads=True)
    if not actor.is_officer:
        return Seat(frozenset())
    return seat_with(
        actor, Member.objects.filter(in_term(), committee=committee, user_id=int(actor.id)).first()
    )


def seat_with(actor: Actor, member: Member | None) -> Seat:
    """The seat of an officer whose member's row (or none) is known. No statement."""
    parts = set()
    if is_city_secretary(actor) or (member is not None and member.role in SECRETARIES):
        parts.add("secretary")
    if member is not None and member.role in CHAIRS:
        parts.add("chair")
    if member is not None and member.votes:
        parts.add("member")
    return Seat(frozenset(parts), member, reads=holds(actor, READERS, None))


def is_city_secretary(actor: Actor) -> bool:
    """A committee secretary for the whole city."""
    return holds(actor, {Role.SECRETARY}, None)


def may_manage_committees(actor: Actor) -> bool:
    """Make committees, change their members and rules: the city's secretaries and administrators."""
    return holds(actor, {Role.SECRETARY, Role.ADMIN}, None)


def may_take(seat: Seat, step: Step) -> bool:
    """Whether the seat plays one of the step's parts (for `owner` see `is_owner`)."""
    return not seat.parts.isdisjoint(step.who)


def may_act_for(seat: Seat, member: Member, *, substituted: bool = False) -> bool:
    """Votes, declarations and dissents are each member's own.

    The secretary writes them down for a member without an account, or for whom a substitute sits, and for nobody else.
    """
    if seat.member is not None and seat.member.pk == member.pk:
        return True
    return "secretary" in seat.parts and (member.user_id is None or substituted)


def is_owner(actor: Actor, follow_up: FollowUp) -> bool:
    """Officers of the agency that the task was given to."""
    return actor.is_officer and holds(actor, OWNERS, follow_up.agency_id)
