"""Every action after a decision × every role × own, higher, lower and other agency, against a table written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, NotFound
from prasan.people.models import Role
from prasan.portfolio.actions import delivery as actions
from prasan.portfolio.actions.spending_import import spending_import
from prasan.portfolio.models import Proposal
from prasan.portfolio.queries import delivery as queries
from tests import factories
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import BOSS, YEAR, csv_of
from tests.portfolio.proposals import DRAINS, HEALTH

pytestmark = pytest.mark.django_db
ROLES = {
    "o": Role.OFFICER, "d": Role.DISPATCHER, "s": Role.SUPERVISOR, "g": Role.DIGITAL_OFFICER, "a": Role.ANALYST,
    "c": Role.SECRETARY, "u": Role.AUDITOR, "m": Role.ADMIN,
}  # fmt: skip
PLACES = {"own": HEALTH, "above": "bma", "below": "hc.1", "other": DRAINS}


def read_table() -> dict[str, dict[str, str]]:
    """action → place → letters."""
    lines = (Path(__file__).parent / "permissions_expected.txt").read_text().splitlines()
    start = lines.index("[table]") + 1
    places = lines[start].split()[2:]
    rows = [line.split() for line in lines[start + 1 :] if line.strip()]
    return {action: dict(zip(places, cells, strict=True)) for action, *cells in rows}


TABLE = read_table()
OCTOBER = date(YEAR - 544, 10, 1)
RISK: dict[str, Any] = {"what": "ก", "likelihood": 1, "effect": 1, "owner": "ข", "response": "ค"}


def _figure(actor: Actor, project: Proposal, stage: str) -> None:
    actions.figure_record(
        actor=actor, code=project.code, fiscal_year=YEAR - 1 if stage == "disbursed" else YEAR, stage=stage,
        amount=Decimal(1), month=OCTOBER.replace(year=OCTOBER.year - 1) if stage == "disbursed" else None,
    )  # fmt: skip


RUN: dict[str, Callable[[Actor, Proposal], Any]] = {
    "read": lambda actor, project: queries.delivery(actor, project.code),
    "figure_budget": lambda actor, project: _figure(actor, project, "ordinance"),
    "figure_paid": lambda actor, project: _figure(actor, project, "disbursed"),
    "milestone": lambda actor, project: actions.milestone_save(
        actor=actor, code=project.code, name="ใหม่", planned_on=OCTOBER
    ),
    "milestone_remove": lambda actor, project: actions.milestone_remove(
        actor=actor, code=project.code, milestone=project.milestones.get().pk
    ),
    "risk": lambda actor, project: actions.risk_save(actor=actor, code=project.code, **RISK),
    "reading": lambda actor, project: actions.metric_report(
        actor=actor,
        code=project.code,
        metric=project.metrics.get().pk,
        on=date(2026, 1, 1),
        value=Decimal(1),
        source="ก",
    ),
    "import": lambda actor, project: spending_import(
        actor=actor, file=csv_of((project.code, YEAR, 5), heading=("รหัสโครงการ", "ปีงบประมาณ", "งบตามข้อบัญญัติ"))
    ),
}


@pytest.fixture
def project() -> Proposal:
    made = making.decided()
    actions.milestone_save(actor=BOSS, code=made.code, name="เดิม", planned_on=OCTOBER)
    return made


def may(actor: Actor, action: str, project: Proposal) -> bool:
    """Whether it is really done; then it left its ledger entry, a read and a refusal none. It is undone again."""
    before = LedgerEntry.objects.count()
    with transaction.atomic():
        try:
            with transaction.atomic():
                RUN[action](actor, project)
            done = True
        except (Forbidden, NotFound):
            done = False
        written = LedgerEntry.objects.count() - before
        transaction.set_rollback(True)
    assert written == (1 if done and action != "read" else 0)
    return done


def test_the_hand_written_table_knows_every_action_and_no_other() -> None:
    assert set(TABLE) == set(RUN)


@pytest.mark.parametrize("action", TABLE)
def test_roles_do_what_the_table_says_and_no_more(action: str, project: Proposal) -> None:
    for place, agency in PLACES.items():
        allowed = {
            letter for letter, role in ROLES.items() if may(factories.officer(role, agency), action, project)
        }
        assert allowed == set(TABLE[action][place].replace("-", "")), place


@pytest.mark.parametrize("action", TABLE)
def test_the_system_may_do_everything_and_strangers_nothing(action: str, project: Proposal) -> None:
    assert may(BOSS, action, project)
    for actor in (Actor.anonymous(), factories.citizen(), Actor("api_key", "bare")):
        assert not may(actor, action, project)


def test_nothing_is_told_of_a_project_that_is_not_decided() -> None:
    waiting = making.screened()
    for action in ("milestone", "risk", "reading", "figure_budget"):
        with pytest.raises(Conflict):
            RUN[action](BOSS, waiting)
