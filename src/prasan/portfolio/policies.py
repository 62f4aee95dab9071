"""Who may do what with systems, proposals and choices."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from prasan.fabric.actors import Actor
from prasan.people.models import Role
from prasan.people.policies import holds, root_code

AGENCY_SIDE: frozenset[str] = frozenset({Role.DIGITAL_OFFICER, Role.SUPERVISOR})
CITY_SIDE: frozenset[str] = frozenset({Role.ANALYST, Role.SECRETARY})
READERS: frozenset[str] = AGENCY_SIDE | CITY_SIDE | {Role.AUDITOR, Role.ADMIN}


def may_read_systems(actor: Actor) -> bool:
    """Read the inventory: officers with a role in the portfolio anywhere, and keys with a scope for it.

    Never the public: what runs where and on what is a map for attackers.
    """
    if actor.kind == "api_key":
        return not actor.scopes.isdisjoint({"portfolio:read", "portfolio:write"})
    return actor.is_system or any(actor.roles.get(role) for role in READERS)


def may_change_system(actor: Actor, owner: str) -> bool:
    """Enter, change and confirm a system: its owner's digital officers and supervisors, and the city's analysts."""
    return holds(actor, AGENCY_SIDE, owner) or is_analyst(actor)


def speaks_for_owner(actor: Actor, owner: str) -> bool:
    """Whether what this person enters is the owner's own word: a person of the agency, no key and no import."""
    return actor.is_officer and holds(actor, AGENCY_SIDE, owner)


def may_write_proposal(actor: Actor, agency: str) -> bool:
    """Write, change, submit and withdraw: the agency's digital officers and supervisors."""
    return holds(actor, AGENCY_SIDE, agency)


def may_read_proposal(actor: Actor, agency: str) -> bool:
    """Before the decision: the agency's own people and the city's side. Nobody else, whatever the stage."""
    return holds(actor, READERS, agency) or is_city_side(actor)


def may_read_partnered(actor: Actor, agency: str, partners: Collection[str]) -> bool:
    """A proposal is read by the people of its agency, of those that joined it, and by the city's side."""
    return any(may_read_proposal(actor, one) for one in (agency, *partners))


def may_screen(actor: Actor) -> bool:
    """Return a proposal, send it on to a board, say what overlaps."""
    return is_analyst(actor)


def may_choose(actor: Actor) -> bool:
    """Build scenarios and choose under a ceiling."""
    return is_analyst(actor)


def may_start_plan(actor: Actor) -> bool:
    """Start a consolidation plan from systems and proposals of several agencies: analysts, who see all of them."""
    return is_analyst(actor)


def may_write_plan(actor: Actor, lead: str) -> bool:
    """Write and claim a consolidation plan: the people of the agency that leads it, and analysts."""
    return holds(actor, AGENCY_SIDE, lead) or is_analyst(actor)


def may_check_plan(actor: Actor, claimed_by: str) -> bool:
    """Validate savings and tell what was spent: an analyst who did not claim them."""
    return is_analyst(actor) and f"{actor.kind}:{actor.id}" != claimed_by


def may_read_plan(actor: Actor, agencies: Collection[str]) -> bool:
    """Read a plan: people of the agencies it is about, and the city's side."""
    return any(may_read_proposal(actor, one) for one in agencies)


def is_analyst(actor: Actor) -> bool:
    """An analyst for the whole city."""
    return holds(actor, {Role.ANALYST}, None)


def is_city_side(actor: Actor) -> bool:
    """Analysts, secretaries, auditors and administrators of the whole city."""
    return holds(actor, CITY_SIDE | {Role.AUDITOR, Role.ADMIN}, None)


def may_see_portfolio(user: Any) -> bool:
    """Whether `request.user` finds the portfolio in the navigation: no statement of its own."""
    pairs = getattr(user, "role_pairs", None) or ()
    return any(role in READERS for role, _agency in pairs)


# --- after the decision ----------------------------------------------------------------------------------------------

# Statuses after which money flows, progress is told, and the public sees the project: nothing before.
GRANTED: tuple[str, ...] = ("approved", "approved_with_conditions")


def may_follow(actor: Actor, agency: str) -> bool:
    """Tell milestones, risks, readings, contracts and payments: the agency's own people, and the city's analysts."""
    return holds(actor, AGENCY_SIDE, agency) or is_analyst(actor)


def may_keep_budget(actor: Actor) -> bool:
    """Enter what was screened, stands in the ordinance and was adjusted, and import the finance system's file."""
    return is_analyst(actor)


def may_see_whole(actor: Actor) -> bool:
    """The governor's page: the city's side."""
    return actor.is_system or is_city_side(actor)


def may_see_whole_page(user: Any) -> bool:
    """Whether `request.user` finds the governor's page in the navigation: no statement of its own."""
    pairs = getattr(user, "role_pairs", None) or ()
    return any(
        role in CITY_SIDE | {Role.AUDITOR, Role.ADMIN} and agency == root_code() for role, agency in pairs
    )


def may_see_choice(user: Any) -> bool:
    """Whether `request.user` finds the choice under a ceiling in the navigation: no statement of its own."""
    pairs = getattr(user, "role_pairs", None) or ()
    return any(role == Role.ANALYST for role, _agency in pairs)
