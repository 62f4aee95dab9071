"""Every action × every role × lead, member, city and other agency, against a table written by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Forbidden, NotFound
from prasan.people.models import Role
from prasan.portfolio.actions import consolidation as actions
from prasan.portfolio.consolidation_workflow import PLAN_MOVES
from prasan.portfolio.models import ConsolidationPlan
from prasan.portfolio.queries import consolidation as queries
from tests import factories
from tests.portfolio.consolidation import EDUCATION, HEALTH, LEAD, analyst, given, member, plan
from tests.portfolio.systems import making

pytestmark = pytest.mark.django_db

ROLES = {
    "o": Role.OFFICER, "d": Role.DISPATCHER, "s": Role.SUPERVISOR, "g": Role.DIGITAL_OFFICER, "a": Role.ANALYST,
    "c": Role.SECRETARY, "u": Role.AUDITOR, "m": Role.ADMIN,
}  # fmt: skip
PLACES = {"lead": LEAD, "member": HEALTH, "city": "bma", "other": EDUCATION}
STATES = {"return": "claimed", "validate": "claimed", "record": "validated"}


def read_table() -> dict[str, dict[str, str]]:
    """action → place → letters."""
    lines = (Path(__file__).parent / "permissions_expected.txt").read_text().splitlines()
    start = lines.index("[table]") + 1
    places = lines[start].split()[2:]
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    return {action: dict(zip(places, cells, strict=True)) for action, *cells in rows}


TABLE = read_table()


def _again(found: ConsolidationPlan) -> actions.PlanGiven:
    code = found.members.get().system.code  # type: ignore[union-attr]
    return given(member(code), target=str(found.target_system))


RUN: dict[str, Callable[[Actor, ConsolidationPlan], Any]] = {
    "read": lambda actor, found: queries.plan_view(actor, found.code),
    "create": lambda actor, found: actions.plan_create(actor=actor, given=_again(found)),
    "change": lambda actor, found: actions.plan_change(actor=actor, code=found.code, given=_again(found)),
    "claim": lambda actor, found: actions.plan_claim(actor=actor, code=found.code),
    "return": lambda actor, found: actions.plan_return(actor=actor, code=found.code, note="แก้"),
    "validate": lambda actor, found: actions.plan_validate(actor=actor, code=found.code, note="ตรวจแล้ว"),
    "record": lambda actor, found: actions.plan_record(
        actor=actor,
        code=found.code,
        year=2570,
        members_spent=Decimal(1),
        platform_spent=Decimal(1),
        evidence="GFMIS",
    ),
    "drop": lambda actor, found: actions.plan_drop(actor=actor, code=found.code, note="เลิก"),
}


def may(actor: Actor, action: str, found: ConsolidationPlan) -> bool:
    """Whether it is really done; then it left one ledger entry, a read and a refusal none. It is undone again."""
    before = LedgerEntry.objects.count()
    with transaction.atomic():
        try:
            with transaction.atomic():
                RUN[action](actor, found)
            done = True
        except (Forbidden, NotFound):
            done = False
        written = LedgerEntry.objects.count() - before
        transaction.set_rollback(True)
    assert written == (1 if done and action != "read" else 0)
    return done


def prepared(action: str) -> ConsolidationPlan:
    """A plan in a state in which the action is possible, claimed by an analyst whom no test asks again."""
    found = plan(member(making.system(HEALTH).code))
    state = STATES.get(action, "draft")
    if state != "draft":
        actions.plan_claim(actor=analyst(), code=found.code)
    if state == "validated":
        actions.plan_validate(actor=analyst(), code=found.code, note="ตรวจแล้ว")
    return found


def test_the_hand_written_table_knows_every_move_and_no_other() -> None:
    assert set(TABLE) == {*PLAN_MOVES, "read", "create"} == set(RUN)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("action", TABLE)
@time_machine.travel("2028-01-05 09:00:00+07:00", tick=False)
def test_roles_do_what_the_table_says_and_no_more(action: str, place: str) -> None:
    found = prepared(action)
    allowed = {
        letter for letter, role in ROLES.items() if may(factories.officer(role, PLACES[place]), action, found)
    }
    assert allowed == set(TABLE[action][place].replace("-", ""))


@pytest.mark.parametrize("action", TABLE)
@time_machine.travel("2028-01-05 09:00:00+07:00", tick=False)
def test_the_system_may_do_everything_and_strangers_nothing(action: str) -> None:
    found = prepared(action)
    assert may(Actor.system("test"), action, found)
    for actor in (Actor.anonymous(), factories.citizen(), Actor("api_key", "bare")):
        assert not may(actor, action, found)


@pytest.mark.parametrize("action", PLAN_MOVES)
def test_a_step_out_of_turn_is_a_conflict_and_writes_nothing(action: str) -> None:
    found = prepared(action)
    ConsolidationPlan.objects.filter(pk=found.pk).update(state="dropped", claimed_by="", validated_by="")
    before = LedgerEntry.objects.count()
    with pytest.raises(actions.Conflict):
        RUN[action](Actor.system("test"), found)
    assert LedgerEntry.objects.count() == before
