"""Every action × every role and key × own, higher, lower and other agency, against a table written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Forbidden
from prasan.people import scopes
from prasan.people.models import Role
from prasan.portfolio.actions import systems as actions
from prasan.portfolio.actions.systems_import import systems_import
from prasan.portfolio.models import System
from prasan.portfolio.queries import systems as queries
from tests import factories
from tests.portfolio.systems import making
from tests.portfolio.systems.making import DIVISION, EDUCATION, HEALTH
from tests.portfolio.systems.test_import import csv_of

pytestmark = pytest.mark.django_db

ROLES = {
    "o": Role.OFFICER, "d": Role.DISPATCHER, "s": Role.SUPERVISOR, "g": Role.DIGITAL_OFFICER, "a": Role.ANALYST,
    "c": Role.SECRETARY, "u": Role.AUDITOR, "m": Role.ADMIN,
}  # fmt: skip
KEYS = {"r": "portfolio:read", "w": "portfolio:write", "k": "reports:handle"}
PLACES = {"own": HEALTH, "above": "bma", "below": DIVISION, "other": EDUCATION}


def read_table() -> dict[str, dict[str, str]]:
    """action → place → letters."""
    lines = (Path(__file__).parent / "permissions_expected.txt").read_text().splitlines()
    start = lines.index("[table]") + 1
    places = lines[start].split()[2:]
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    return {action: dict(zip(places, cells, strict=True)) for action, *cells in rows}


TABLE = read_table()


def owner_and_other() -> tuple[System, System]:
    return System.objects.get(code="OWN"), System.objects.get(code="THIRD")


def _row() -> Any:
    return csv_of(("NEW-1", "ระบบใหม่", "", HEALTH, *[""] * 9))


def _import(actor: Actor) -> None:
    if systems_import(actor=actor, file=_row()).errors:
        raise Forbidden


RUN: dict[str, Callable[[Actor], Any]] = {
    "read": lambda actor: queries.system_view(actor, "OWN"),
    "create": lambda actor: actions.system_create(
        actor=actor, owner=HEALTH, given=actions.SystemGiven(name_th="ระบบใหม่")
    ),
    "change": lambda actor: actions.system_change(actor=actor, code="OWN", fields={"users": 7}),
    "confirm": lambda actor: actions.system_confirm(actor=actor, code="OWN"),
    "retire": lambda actor: actions.system_retire(actor=actor, code="OWN"),
    "interface_add": lambda actor: actions.interface_add(
        actor=actor, provider="OWN", consumer="THIRD", data="ใหม่", method="api"
    ),
    "interface_remove": lambda actor: actions.interface_remove(
        actor=actor, interface_id=owner_and_other()[0].given.get().pk
    ),
    "hand_over": lambda actor: actions.system_change(
        actor=actor, code="OWN", fields={}, owner=making.DIGITAL
    ),
    "import": _import,
}


@pytest.fixture(autouse=True)
def _systems() -> None:
    own, third = making.system(HEALTH, code="OWN"), making.system(making.DIGITAL, code="THIRD")
    making.connect(own, third)


def actor_of(letter: str, place: str) -> Actor:
    if letter in ROLES:
        return factories.officer(ROLES[letter], PLACES[place])
    scope = KEYS[letter]
    roles = {role: frozenset({PLACES[place]}) for role in scopes.roles_of([scope])}
    return Actor("api_key", "key", roles=roles, scopes=frozenset({scope}))


def may(actor: Actor, action: str) -> bool:
    """Whether it is really done; then it left its ledger entry, a read and a refusal none. It is undone again."""
    before = LedgerEntry.objects.count()
    with transaction.atomic():
        try:
            with transaction.atomic():
                RUN[action](actor)
            done = True
        except Forbidden:
            done = False
        written = LedgerEntry.objects.count() - before
        transaction.set_rollback(True)
    assert written == (1 if done and action != "read" else 0)
    return done


def test_the_hand_written_table_knows_every_action_and_no_other() -> None:
    assert set(TABLE) == set(RUN)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("action", TABLE)
def test_roles_and_keys_do_what_the_table_says_and_no_more(action: str, place: str) -> None:
    allowed = {letter for letter in (*ROLES, *KEYS) if may(actor_of(letter, place), action)}
    assert allowed == set(TABLE[action][place].replace("-", ""))


@pytest.mark.parametrize("action", TABLE)
def test_the_system_may_do_everything_and_strangers_nothing(action: str) -> None:
    assert may(Actor.system("test"), action)
    for actor in (Actor.anonymous(), factories.citizen(), Actor("api_key", "bare")):
        assert not may(actor, action)
