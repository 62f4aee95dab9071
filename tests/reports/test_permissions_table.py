"""Every step of the workflow × every role × own, other and neighbouring agencies, against a table written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, NotFound
from prasan.people import scopes
from prasan.reports import actions, policies
from prasan.reports.models import Report
from prasan.reports.policies import reporter_token
from prasan.reports.workflow import WORKFLOW
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = {"o": "officer", "d": "dispatcher", "s": "supervisor", "a": "admin", "n": "analyst", "u": "auditor"}
WORKS, OFFICE, OTHER, MEA = "district.1001.works", "district.1001", "district.1038", "out.mea"
PLACES = {
    "own": WORKS,
    "above": OFFICE,
    "below": "district.1001.municipal",
    "beside": "district.1001.municipal",
    "other": OTHER,
    "invited": MEA,
}
BOSS = Actor.system("test")


def read_table(section: str) -> dict[str, dict[str, str]]:
    """step → column → cell of one section of the file."""
    lines = (Path(__file__).parent / "permissions_expected.txt").read_text().splitlines()
    start = lines.index(f"[{section}]") + 1
    columns = lines[start].split()[2:]
    rows = {}
    for line in lines[start + 1 :]:
        if line.startswith("["):
            break
        if line.strip() and not line.startswith("#"):
            step, *cells = line.split()
            rows[step] = dict(zip(columns, cells, strict=True))
    return rows


OFFICERS, OTHERS = read_table("officers"), read_table("others")

Run = Callable[[dict[str, Any], Report], Any]
RUN: dict[str, Run] = {
    "accept": lambda act, report: actions.report_accept(**act),
    "assign": lambda act, report: actions.report_assign(**act, officer=int(_worker(act, report))),
    "stage": lambda act, report: actions.report_stage(**act, stage="budget"),
    "follow_up": lambda act, report: actions.report_follow_up(**act, note="รอดู"),
    "ask": lambda act, report: actions.report_ask(**act, note="อยู่ฝั่งไหน"),
    "note": lambda act, report: actions.report_note(**act, note="โทรแล้ว"),
    "reply": lambda act, report: actions.report_reply(**act, note="จะเข้าตรวจ"),
    "categorise": lambda act, report: actions.report_categorise(**act, category="traffic"),
    "forward": lambda act, report: actions.report_forward(**act, agency="out.mwa", note="ของการประปา"),
    "invite": lambda act, report: actions.report_invite(**act, agency="out.mwa", note="ช่วยดูท่อ"),
    "split": lambda act, report: actions.report_split(**act, parts=[actions.Part("ไฟดับ", "lighting", WORKS)]),
    "merge": lambda act, report: actions.report_merge(**act, other=_another().code),
    "finish": lambda act, report: actions.report_finish(**act, note="เสร็จแล้ว"),
    "irrelevant": lambda act, report: actions.report_irrelevant(**act, reason="not_found", note="ไม่พบ"),
    "resume": lambda act, report: actions.report_resume(**act, note="ยังไม่เรียบร้อย"),
    "comment": lambda act, report: actions.report_comment(**act, note="เห็นด้วย"),
    "follow": lambda act, report: actions.report_follow(**act, email="somebody@home.example"),
    "answer": lambda act, report: actions.report_answer(**act, note="ฝั่งตลาด"),
    "reopen": lambda act, report: actions.report_reopen(**act, note="ยังพังอยู่"),
    "rate": lambda act, report: actions.report_rate(**act, rating=4),
}
CITIZEN_STEPS = {step for step, row in WORKFLOW.items() if {"anybody", "reporter"} & set(row.who)}


def _worker(act: dict[str, Any], report: Report) -> str:
    """An officer who may be given the report by this actor, whichever agency acts."""
    own = {code for codes in act["actor"].roles.values() for code in codes}
    return factories.officer(agency=MEA if MEA in own else WORKS).id


def _another() -> Report:
    return factories.report()


def report_for(
    step: str, *, lead: str = WORKS, reporter: Actor | None = None, private: bool = False
) -> Report:
    """A report that the agency leads and MEA helps with, in a status in which the table allows the step."""
    report = factories.report(reporter, private=private)
    Report.objects.filter(pk=report.pk).update(category="question")  # needs no photo to be finished
    if lead != WORKS:
        actions.report_forward(actor=BOSS, code=report.code, agency=lead, note="ส่งต่อ")
    actions.report_invite(actor=BOSS, code=report.code, agency=MEA, note="เชิญ")
    if step in {"resume", "reopen", "rate"}:
        actions.report_finish(actor=BOSS, code=report.code, note="เสร็จ")
        actions.report_finish(actor=factories.officer(agency=MEA), code=report.code, note="เสร็จ")
    return report


def may(actor: Actor, step: str, report: Report, token: str = "") -> bool:
    """Whether the step is really taken; then it left its ledger entry, otherwise nothing. It is undone again."""
    act: dict[str, Any] = {"actor": actor, "code": report.code}
    if step in CITIZEN_STEPS:
        act["token"] = token
    before = LedgerEntry.objects.filter(object_id=report.code).count()
    with transaction.atomic():
        try:
            with transaction.atomic():
                RUN[step](act, report)
            taken = True
        except (Forbidden, NotFound):
            taken = False
        written = LedgerEntry.objects.filter(object_id=report.code).count() - before
        transaction.set_rollback(True)
    follows_already = step == "follow" and actor.is_citizen and str(report.reporter_id) == actor.id
    assert written == (1 if taken and not follows_already else 0)
    return taken


def officer_of(role: str, agency: str) -> Actor:
    return factories.officer(role, agency)


def test_the_hand_written_table_knows_every_step_and_no_other() -> None:
    assert set(OFFICERS) == set(OTHERS) == set(WORKFLOW) == set(RUN)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", OFFICERS)
def test_officers_take_the_steps_of_the_table_and_no_others(step: str, place: str) -> None:
    report = report_for(step, lead=OFFICE if place == "below" else WORKS)
    allowed = {letter for letter, role in ROLES.items() if may(officer_of(role, PLACES[place]), step, report)}
    assert allowed == set(OFFICERS[step][place].replace("-", ""))


@pytest.mark.parametrize("step", OTHERS)
def test_citizens_keys_and_the_system_take_the_steps_of_the_table_and_no_others(step: str) -> None:
    reporter = factories.citizen()
    report = report_for(step, reporter=reporter)
    people: dict[str, tuple[Actor, str]] = {
        "stranger": (Actor.anonymous(), ""),
        "citizen": (factories.citizen(), ""),
        "reporter": (reporter, ""),
        "link": (Actor.anonymous(), reporter_token(report.code)),
        "system": (Actor.system("test"), ""),
        "bare": (key(), ""),
        "create": (key("reports:create"), ""),
        "handle": (key("reports:handle"), ""),
        "foreign": (key("reports:handle", "reports:dispatch", agency=OTHER), ""),
        "dispatch": (key("reports:handle", "reports:dispatch"), ""),
        "alone": (key("reports:dispatch"), ""),
    }
    found = {
        name: "yes" if may(actor, step, report, token) else "no" for name, (actor, token) in people.items()
    }
    assert found == OTHERS[step]


def key(*given: str, agency: str = WORKS) -> Actor:
    """An API key of an agency, with the roles that its scopes play."""
    roles = {role: frozenset({agency}) for role in scopes.roles_of(list(given))}
    return Actor("api_key", "k1", roles=roles, scopes=frozenset(given))


def test_a_link_of_another_report_opens_nothing() -> None:
    report, other = report_for("rate"), report_for("rate")
    for step in ("answer", "reopen", "rate"):
        assert not may(Actor.anonymous(), step, report, reporter_token(other.code))
        assert not may(Actor.anonymous(), step, report, "x")


@pytest.mark.parametrize("step", WORKFLOW)
def test_a_private_report_does_not_exist_for_those_who_do_not_handle_it(step: str) -> None:
    report = report_for(step, private=True)
    outsiders = [officer_of(role, OTHER) for role in ROLES.values()]
    outsiders += [Actor.anonymous(), factories.citizen(), key("reports:handle", agency=OTHER)]
    for actor in outsiders:
        with pytest.raises(NotFound):
            RUN[step]({"actor": actor, "code": report.code}, report)


@pytest.mark.parametrize("role", ROLES.values())
@pytest.mark.parametrize("place", PLACES)
def test_the_buttons_on_the_page_are_exactly_what_would_be_taken(role: str, place: str) -> None:
    report = report_for("accept", lead=OFFICE if place == "below" else WORKS)
    actor = officer_of(role, PLACES[place])
    report.refresh_from_db()
    shown = {
        step.action
        for step in policies.steps_for(actor, report, list(report.assignments.order_by("-active", "-id")))
    }
    assert shown == {step for step in WORKFLOW if step != "follow" and _would_take(actor, step, report)}


def _would_take(actor: Actor, step: str, report: Report) -> bool:
    try:
        return may(actor, step, report)
    except Conflict:
        return False
