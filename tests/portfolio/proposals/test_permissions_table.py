"""Every action × role × own and other agency × status, against a table written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, NotFound
from prasan.portfolio.actions import proposals as actions
from prasan.portfolio.actions.evidence import evidence_attach
from prasan.portfolio.actions.verdicts import verdict_give
from prasan.portfolio.models import Proposal, Step
from prasan.portfolio.overlap import Match
from prasan.portfolio.workflow import WORKFLOW
from tests import factories
from tests.portfolio.proposals import DRAINS, HEALTH, content, draft, submitted

pytestmark = pytest.mark.django_db

ROLES = ("officer", "dispatcher", "supervisor", "digital_officer", "analyst", "secretary", "auditor", "admin")
PLACES = {"own": HEALTH, "below": "hc.1", "other": DRAINS, "city": "bma"}
DECIDED = ("approved", "approved_with_conditions", "not_approved", "acknowledged")


def read_table() -> dict[str, dict[str, str]]:
    """action → status → who."""
    lines = (Path(__file__).parent / "permissions_expected.txt").read_text().splitlines()
    columns = next(line for line in lines if line.startswith("# action")).split()[2:]
    return {
        line.split()[0]: dict(zip(columns, line.split()[1:], strict=True))
        for line in lines
        if line and not line.startswith("#")
    }


TABLE = read_table()
SHOWN = Match("A", "B", "same_function", 0.9, flagged=True)


def run(action: str, actor: Actor, proposal: Proposal, other: Proposal) -> Any:
    act: dict[str, Any] = {"actor": actor, "code": proposal.code}
    match action:
        case "change":
            return actions.proposal_change(**act, content=content(title="ชื่อใหม่"))
        case "attach":
            return evidence_attach(**act, indicator="reports.received")
        case "submit":
            return actions.proposal_submit(**act)
        case "withdraw":
            return actions.proposal_withdraw(**act, note="ซ้ำ")
        case "join":
            return actions.proposal_join(**act, other=other.code, note="ร่วมกัน")
        case "verdict":
            return verdict_give(**act, other=other.code, kind="false_alarm", reason="คนละเรื่อง", shown=SHOWN)
        case "return":
            return actions.proposal_return(**act, note="ขอข้อมูลเพิ่ม")
        case _:
            return actions.proposal_send(**act, board=action.removeprefix("send_"), note="เร่งด่วน")


def outcome(action: str, actor: Actor, proposal: Proposal, other: Proposal) -> str:
    """taken, refused or conflict; what was taken left one ledger entry and is undone, the rest left nothing."""
    before = LedgerEntry.objects.count()
    with transaction.atomic():
        try:
            with transaction.atomic():
                run(action, actor, proposal, other)
            result = "taken"
        except (Forbidden, NotFound):
            result = "refused"
        except Conflict:
            result = "conflict"
        written = LedgerEntry.objects.count() - before
        transaction.set_rollback(True)
    assert written == (result == "taken")
    return result


@pytest.fixture
def other() -> Proposal:
    return submitted(agency=DRAINS)


@pytest.fixture(autouse=True)
def _an_indicator() -> None:
    from tests.portfolio.proposals import complaints

    complaints()


def in_status(status: str) -> Proposal:
    proposal = draft()
    Proposal.objects.filter(pk=proposal.pk).update(status="approved" if status == "decided" else status)
    return proposal


def test_the_hand_written_table_knows_every_action_and_no_other() -> None:
    assert set(TABLE) == set(WORKFLOW)


@pytest.mark.parametrize("status", TABLE["change"])
@pytest.mark.parametrize("action", TABLE)
def test_who_may_do_what_when(action: str, status: str, other: Proposal) -> None:
    proposal = in_status(status)
    allowed = TABLE[action][status]
    for place, agency in PLACES.items():
        for role in ROLES:
            letters = set()
            if role in {"digital_officer", "supervisor"} and place in {"own", "city"}:
                letters.add("o")
            if role == "analyst" and place == "city":
                letters.add("n")
            result = outcome(action, factories.officer(role, agency), proposal, other)
            ever = "".join(TABLE[action].values())
            expected = "taken" if letters & set(allowed) else "conflict" if letters & set(ever) else "refused"
            assert result == expected, (role, place)


@pytest.mark.parametrize("status", DECIDED)
def test_what_is_decided_is_not_changed_any_more(status: str, other: Proposal) -> None:
    proposal = draft()
    Proposal.objects.filter(pk=proposal.pk).update(status=status)
    for action in WORKFLOW:
        assert outcome(action, Actor.system("test"), proposal, other) == "conflict", action


def test_strangers_and_citizens_see_no_proposal(other: Proposal) -> None:
    proposal = draft()
    for actor in (Actor.anonymous(), factories.citizen(), factories.officer("digital_officer", DRAINS)):
        with pytest.raises(NotFound):
            actions.proposal_withdraw(actor=actor, code=proposal.code, note="x")


def test_every_move_is_a_step_that_says_from_where_to_where() -> None:
    proposal = submitted()
    actions.proposal_return(actor=Actor.system("test"), code=proposal.code, note="ขอเพิ่ม")
    steps = list(Step.objects.filter(proposal=proposal).order_by("id").values_list("before", "after", "note"))
    assert steps == [("", "draft", ""), ("draft", "submitted", ""), ("submitted", "returned", "ขอเพิ่ม")]
