"""Who may do what: role × action × own agency, one below, one above, another, the whole city."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden, NotFound
from prasan.people import actions, policies, queries, scopes
from prasan.people.actions import role_grant
from prasan.people.models import Role, RoleGrant, User
from tests.people.conftest import DIVISION, OFFICE, OTHER_OFFICE, ROOT, actor

pytestmark = pytest.mark.django_db

ADMIN, SEERS = {Role.ADMIN}, {Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}
# Where the actor's role is held, seen from the agency concerned.
REACHES = {
    "own": (OFFICE, True),
    "below": (DIVISION, True),
    "above": (ROOT, False),
    "other": (OTHER_OFFICE, False),
}


def outside_body() -> str:
    return next(
        code for code, agency in registers().agencies.items() if agency.parent_id is None and code != ROOT
    )


def holder(role: str, agency: str = OFFICE) -> Actor:
    return Actor("officer", "1", {role: frozenset({agency})})


@pytest.mark.parametrize(("where", "role"), list(itertools.product(REACHES, Role.values)))
def test_a_role_reaches_its_agency_and_those_below(where: str, role: str) -> None:
    agency, reached = REACHES[where]
    assert policies.holds(holder(role), {role}, agency) is reached
    assert (agency in policies.agencies_of(holder(role), {role})) is reached


@pytest.mark.parametrize("role", Role.values)
def test_a_role_at_the_root_covers_everything_outside_bodies_too(role: str) -> None:
    for agency in (ROOT, OFFICE, DIVISION, outside_body(), None):
        assert policies.holds(holder(role, ROOT), {role}, agency)
    assert policies.agencies_of(holder(role, ROOT), {role}) == frozenset(registers().agencies)


@pytest.mark.parametrize(("held", "asked"), list(itertools.permutations(Role.values, 2)))
def test_one_role_is_no_other(held: str, asked: str) -> None:
    assert not policies.holds(holder(held), {asked}, OFFICE)
    assert not policies.agencies_of(holder(held), {asked})


@pytest.mark.parametrize("who", [Actor.anonymous(), Actor("citizen", "1"), Actor("api_key", "K")])
def test_who_holds_no_role_holds_nothing(who: Actor) -> None:
    assert not policies.holds(who, Role.values, OFFICE)
    assert not policies.holds(who, Role.values, None)
    assert policies.agencies_of(who) == frozenset()


def test_the_system_may_everything() -> None:
    assert policies.holds(Actor.system("test"), {Role.ADMIN}, OFFICE)
    assert policies.agencies_of(Actor.system("test")) == frozenset(registers().agencies)


def test_an_agency_that_never_was_is_reached_from_the_root_alone() -> None:
    assert not policies.holds(holder("admin"), {"admin"}, "no.such.agency")
    assert policies.holds(holder("admin", ROOT), {"admin"}, "no.such.agency")


@given(data=st.data())
def test_holds_and_agencies_of_always_agree(data: st.DataObject) -> None:
    codes = sorted(registers().agencies)
    grants = data.draw(
        st.dictionaries(st.sampled_from(Role.values), st.sets(st.sampled_from(codes), min_size=1))
    )
    who = Actor("officer", "1", {role: frozenset(held) for role, held in grants.items()})
    roles = data.draw(st.sets(st.sampled_from(Role.values)))
    code = data.draw(st.sampled_from(codes))
    assert policies.holds(who, roles, code) == (code in policies.agencies_of(who, roles))


# ---- people's own actions: what is tried, and which roles for the agency concerned may ----------------------------


def create(who: Actor, agency: str, _other: User) -> None:
    actions.officer_create(actor=who, email="new@bangkok.example", name="New", agency=agency, role="officer")


def grant(who: Actor, agency: str, other: User) -> None:
    actions.role_grant(actor=who, officer_id=other.pk, agency=agency, role="analyst")


def revoke(who: Actor, agency: str, other: User) -> None:
    actions.role_revoke(actor=who, grant_id=RoleGrant.objects.get(user=other).pk)


def close(who: Actor, agency: str, other: User) -> None:
    actions.officer_deactivate(actor=who, officer_id=other.pk)


def take_factor_off(who: Actor, agency: str, other: User) -> None:
    actions.second_factor_reset(actor=who, officer_id=other.pk)


def make_key(who: Actor, agency: str, _other: User) -> None:
    actions.api_key_create(actor=who, name="System", agency=agency, scope_codes=["test:read"])


def revoke_key(who: Actor, agency: str, _other: User) -> None:
    key, _text = actions.api_key_create(
        actor=Actor.system("test"), name="System", agency=agency, scope_codes=["test:read"]
    )
    actions.api_key_revoke(actor=who, prefix=key.prefix)


def see_officer(who: Actor, agency: str, other: User) -> None:
    queries.officer_detail(actor=who, officer_id=other.pk)


TABLE: dict[Callable[[Actor, str, User], None], set[str]] = {
    create: ADMIN,
    grant: ADMIN,
    revoke: ADMIN,
    close: ADMIN,
    take_factor_off: ADMIN,
    make_key: ADMIN,
    revoke_key: ADMIN,
    see_officer: SEERS,
}


@pytest.fixture(autouse=True)
def _scope() -> None:
    scopes.register("test:read", "Read")


@pytest.mark.parametrize(
    ("act", "role", "where"),
    list(itertools.product(TABLE, Role.values, REACHES)),
    ids=lambda one: getattr(one, "__name__", one),
)
def test_the_permission_table_of_peoples_own_actions(
    officer: Callable[..., User], act: Callable[[Actor, str, User], None], role: str, where: str
) -> None:
    officer("admin", ROOT)  # so that nobody here is the city's last administrator
    agency, reached = REACHES[where]
    other = officer("officer", agency)
    who = actor(officer(role, OFFICE))
    if reached and role in TABLE[act]:
        act(who, agency, other)
    else:
        with pytest.raises((Forbidden, NotFound)):
            act(who, agency, other)


@pytest.mark.parametrize("act", TABLE, ids=lambda one: one.__name__)
@pytest.mark.parametrize("kind", ["anonymous", "citizen", "api_key"])
def test_nobody_but_officers_administers(
    officer: Callable[..., User], act: Callable[[Actor, str, User], None], kind: str
) -> None:
    with pytest.raises((Forbidden, NotFound)):
        act(Actor(kind, "1"), OFFICE, officer("officer", OFFICE))  # type: ignore[arg-type]


def test_nobody_grants_above_their_own_reach(officer: Callable[..., User]) -> None:
    who = officer("admin", OFFICE)
    with pytest.raises(Forbidden):
        role_grant(actor=actor(who), officer_id=who.pk, agency=ROOT, role="admin")
    assert RoleGrant.objects.filter(agency=ROOT).count() == 0


def test_an_administrator_of_one_agency_does_not_close_an_officer_who_also_serves_another(
    officer: Callable[..., User],
) -> None:
    other = officer("officer", OFFICE)
    RoleGrant.objects.create(user=other, agency_id=OTHER_OFFICE, role="officer")
    who = actor(officer("admin", OFFICE))
    for act in (close, take_factor_off):
        with pytest.raises(Forbidden):
            act(who, OFFICE, other)


def test_an_account_without_a_role_belongs_to_the_city(officer: Callable[..., User]) -> None:
    other = officer("")
    with pytest.raises(Forbidden):
        close(actor(officer("admin", OFFICE)), OFFICE, other)
    close(actor(officer("admin", ROOT)), OFFICE, other)
