"""Who may do what with people, and the two questions every module's policies ask: `holds` and `agencies_of`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.people.models import Role

ANY_ROLE: frozenset[str] = frozenset(Role.values)
SEE_OFFICERS: frozenset[str] = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR})


def holds(actor: Actor, roles: Collection[str], agency_code: str | None) -> bool:
    """Whether the actor has one of these roles for this agency, or for one above it.

    `agency_code` None asks for a role at the root of the city: what belongs to no agency belongs to the city.
    The system may do everything; other actors hold roles only by grants.
    """
    if actor.is_system:
        return True
    granted = _granted(actor, roles)
    if not granted:
        return False
    if agency_code is None:
        return root_code() in granted
    return not granted.isdisjoint(_reach_up(agency_code))


def agencies_of(actor: Actor, roles: Collection[str] = ANY_ROLE) -> frozenset[str]:
    """Codes of all agencies for which the actor has one of these roles, those below a grant included."""
    agencies = registers().agencies
    granted = _granted(actor, roles)
    if actor.is_system or root_code() in granted:
        return frozenset(agencies)
    return frozenset().union(*(registers().descendants(code) for code in granted if code in agencies))


def root_code() -> str:
    """Code of the city itself."""
    return registers().root.code


def _granted(actor: Actor, roles: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(actor.roles.get(role, frozenset()) for role in roles))


def _reach_up(code: str) -> set[str]:
    """The agency and all above it; the city's root stands above outside bodies too."""
    return {code, root_code(), *registers().ancestors(code)}


def may_manage_officers(actor: Actor, agency_code: str | None) -> bool:
    """Create officers for an agency, grant and revoke roles there."""
    return holds(actor, {Role.ADMIN}, agency_code)


def may_see_officers(actor: Actor, agency_code: str | None) -> bool:
    """Read who holds which role for an agency."""
    return holds(actor, SEE_OFFICERS, agency_code)


def may_manage_api_keys(actor: Actor, agency_code: str | None) -> bool:
    """Create and revoke keys of other systems for an agency (None: for the whole city)."""
    return holds(actor, {Role.ADMIN}, agency_code)


def may_manage_account(actor: Actor, agency_codes: Collection[str]) -> bool:
    """Close an officer's account or take its second factor off: an admin of every agency where it holds a role.

    An account without any role belongs to the city: only an admin at the root may.
    """
    codes: Collection[str | None] = agency_codes or [None]
    return all(holds(actor, {Role.ADMIN}, code) for code in codes)


def may_change_citizen(actor: Actor, citizen_id: int) -> bool:
    """Profile, consents, export and erasure are the citizen's own; the system acts for a citizen who asks in person."""
    return actor.is_system or (actor.is_citizen and actor.id == str(citizen_id))


def may_see_any_officer(user: Any) -> bool:
    """Whether `request.user` finds the officers' page in the navigation: no statement of its own."""
    pairs = getattr(user, "role_pairs", None) or ()
    return any(role in SEE_OFFICERS for role, _agency in pairs)
