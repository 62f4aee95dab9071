"""What proposals refuse and in which words, how boards move them, and who has them for how long."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.files import check_city, load_city
from prasan.city.registers import registers
from prasan.fabric import decisions
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Decision, Outcome
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Invalid, Stale
from prasan.portfolio import workflow
from prasan.portfolio.actions import proposals as actions
from prasan.portfolio.actions.evidence import evidence_attach
from prasan.portfolio.content import MetricContent, missing
from prasan.portfolio.models import Proposal, Step, System
from prasan.portfolio.queries.proposals import waiting_of
from prasan.portfolio.relations import Graph
from prasan.portfolio.suggestions import policies_for
from prasan.portfolio.tiers import portfolio_rules, read_rules
from prasan.portfolio.workflow import OUTCOMES
from tests.portfolio.proposals import DRAINS, analyst, complaints, content, draft, officer, submitted

pytestmark = pytest.mark.django_db
BANGKOK = ZoneInfo("Asia/Bangkok")


def errors_of(run: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        run()
    return {name: str(sentence) for name, sentence in refused.value.errors.items()}


# --- what can't be kept ---


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"title": " "}, "title"),
        ({"title": "ก" * 501}, "title"),
        ({"costs": {(2571, "buy"): Decimal(-1)}}, "costs.buy.2571"),
        ({"costs": {(2571, "buy"): Decimal("NaN")}}, "costs.buy.2571"),
        ({"costs": {(2571, "buy"): Decimal(10) ** 14}}, "costs.buy.2571"),
        ({"costs": {(1999, "buy"): Decimal(1)}}, "costs"),
        ({"first_year": 2024}, "first_year"),
        ({"life_years": 0}, "life_years"),
        ({"capability": "no.such"}, "capability"),
        ({"policies": ("p999",)}, "policies"),
        ({"lane": "air"}, "lane"),
        ({"nature": "magic"}, "nature"),
        ({"metrics": (MetricContent(""),)}, "metrics.0.name"),
        ({"metrics": (MetricContent("ก"), MetricContent("ก"))}, "metrics.1.name"),
        ({"metrics": (MetricContent("ก", baseline=Decimal("Infinity")),)}, "metrics.0.baseline"),
        ({"metrics": (MetricContent("ก", areas=("9999",)),)}, "metrics.0.areas"),
        ({"systems": {"NO": "uses"}}, "systems"),
        ({"relations": {"ZZZZZZZZ": "depends_on"}}, "relations"),
        ({"objective": "ก" * 20_001}, "objective"),
    ],
)
def test_what_is_impossible_is_refused_even_in_a_draft_and_named(fields: dict[str, Any], name: str) -> None:
    assert name in errors_of(lambda: draft(**fields))
    assert not Proposal.objects.exists()
    assert not LedgerEntry.objects.filter(object_type="proposal").exists()


def test_a_number_of_the_agency_is_used_once() -> None:
    first = draft(own_number="สนพ-1")
    assert first.code in errors_of(lambda: draft(own_number="สนพ-1"))["own_number"]
    draft(agency=DRAINS, own_number="สนพ-1")


# --- what is needed to hand it in ---


def test_even_the_smallest_promises_a_number_with_baseline_and_target() -> None:
    assert "metrics" in missing(content(metrics=()))
    assert "metrics.0.target" in missing(content(metrics=(MetricContent("ก", baseline=Decimal(1)),)))
    assert "metrics.0.baseline" in missing(content(metrics=(MetricContent("ก", target=Decimal(1)),)))
    same = MetricContent("ก", baseline=Decimal(1), target=Decimal(1))
    assert "metrics.0.target" in missing(content(metrics=(same,)))
    assert missing(content()) == {}


def test_the_larger_the_money_the_more_is_asked() -> None:
    asked = [
        len(missing(content(costs={(2571, "buy"): Decimal(amount)}, answers={})))
        for amount in (1_000_000, 1_000_001, 10_000_001, 100_000_001)
    ]
    assert asked == sorted(set(asked))
    assert portfolio_rules().tier(Decimal(1_000_000)).code == "small"
    assert portfolio_rules().tier(Decimal("1000000.01")).code == "medium"


def test_who_extends_or_replaces_says_which_system() -> None:
    for nature in ("enhance", "replace", "maintain"):
        assert "systems" in missing(content(nature=nature))


def test_a_refused_submission_changes_nothing() -> None:
    proposal = draft(metrics=(), costs={})
    assert set(errors_of(lambda: actions.proposal_submit(actor=officer(), code=proposal.code))) >= {
        "metrics",
        "costs",
    }
    proposal.refresh_from_db()
    assert (proposal.status, proposal.version, proposal.submitted_at) == ("draft", 1, None)


# --- relations ---


def test_two_that_rule_each_other_out_can_not_both_be_needed() -> None:
    water, pumps = draft(title="ก"), draft(title="ข")
    actions.proposal_change(
        actor=officer(), code=pumps.code, content=content(title="ข", relations={water.code: "excludes"})
    )
    both = {water.code: "depends_on", pumps.code: "depends_on"}
    assert "relations" in errors_of(lambda: draft(title="ค", relations=both))


def test_a_circle_is_named_in_its_order() -> None:
    first = draft(title="ก")
    second = draft(title="ข", relations={first.code: "depends_on"})
    changed = content(title="ก", relations={second.code: "depends_on"})
    said = errors_of(lambda: actions.proposal_change(actor=officer(), code=first.code, content=changed))
    assert said["relations"].count("→") == 2
    assert not first.relations.exists()


def test_what_needs_a_withdrawn_proposal_is_not_handed_in() -> None:
    gone = draft(title="ก")
    needs = draft(title="ข", relations={gone.code: "depends_on"})
    actions.proposal_withdraw(actor=officer(), code=gone.code, note="เลิก")
    assert (
        gone.code in errors_of(lambda: actions.proposal_submit(actor=officer(), code=needs.code))["relations"]
    )


codes = st.sampled_from("ABCDEF")
edges = st.lists(
    st.tuples(codes, st.sampled_from(["depends_on", "excludes"]), codes).filter(lambda e: e[0] != e[2])
)


@given(edges=edges, code=codes)
def test_circles_are_found_exactly_when_there_are_any(edges: list[tuple[str, str, str]], code: str) -> None:
    graph = Graph(edges)
    needs = {(one, other) for one, kind, other in edges if kind == "depends_on"}
    reach = {other for one, other in needs if one == code}
    for _round in range(6):
        reach |= {other for one, other in needs if one in reach}
    way = graph.circle(code)
    assert bool(way) == (code in reach)
    assert all(pair in needs for pair in pairwise(way))
    clash = graph.contradiction(code)
    if clash:
        excluded = {frozenset((one, other)) for one, kind, other in edges if kind == "excludes"}
        assert frozenset(clash[1:]) in excluded


# --- two people at once ---


def test_an_older_version_is_refused_and_a_verdict_or_evidence_makes_none() -> None:
    complaints()
    proposal = draft()
    evidence_attach(actor=officer(), code=proposal.code, indicator="reports.received", months=3)
    actions.proposal_change(actor=officer(), code=proposal.code, content=content(title="ใหม่"), version=1)
    with pytest.raises(Stale):
        actions.proposal_change(actor=officer(), code=proposal.code, content=content(title="เก่า"), version=1)
    proposal.refresh_from_db()
    assert (proposal.title, proposal.version) == ("ใหม่", 2)


# --- boards ---


def decide(proposal: Proposal, outcome: Outcome, **fields: Any) -> None:
    given = {
        "outcome": outcome, "number": "1/2571 4.2", "text": "มติ", "conditions": "", "decided_on": date(2027, 11, 1),
        "committee": "คณะกรรมการ", "url": "/x/", "snapshot_hash": "abc",
    }  # fmt: skip
    kind = decisions.kind("proposal")
    kind.decided(
        actor=Actor.system("committee"),
        reference=proposal.code,
        decision=Decision(**(given | fields)),
        origin="test",
    )


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("board", ["screening", "main"])
def test_a_resolution_moves_the_proposal_as_the_table_says(board: str, outcome: Outcome) -> None:
    proposal = submitted()
    actions.proposal_send(actor=analyst(), code=proposal.code, board=board, note="เร่งด่วน")
    proposal.refresh_from_db()
    expected = OUTCOMES[Proposal.Status(proposal.status)][outcome]
    decide(proposal, outcome, conditions="ต้องเชื่อมข้อมูล" if outcome == Outcome.CONDITIONS else "")
    proposal.refresh_from_db()
    assert proposal.status == expected
    step = Step.objects.filter(proposal=proposal).latest("id")
    assert (step.after, step.resolution) == (expected, "1/2571 4.2")
    if outcome == Outcome.CONDITIONS:
        assert proposal.conditions == "ต้องเชื่อมข้อมูล"
    entry = LedgerEntry.objects.filter(action="proposal.decided").latest("id")
    assert entry.changes["snapshot"] == "abc"
    assert "มติ" not in json.dumps(entry.changes, ensure_ascii=False)


def test_what_was_withdrawn_meanwhile_is_not_decided() -> None:
    proposal = submitted()
    actions.proposal_send(actor=analyst(), code=proposal.code, board="screening")
    actions.proposal_withdraw(actor=officer(), code=proposal.code, note="เลิก")
    with pytest.raises(Conflict):
        decide(proposal, Outcome.APPROVED)


def test_boards_see_what_waits_for_them_the_longest_waiting_first() -> None:
    kind = decisions.kind("proposal")
    first, second = submitted(title="ก"), submitted(title="ข")
    for proposal in (second, first):
        actions.proposal_send(actor=analyst(), code=proposal.code, board="screening")
    Proposal.objects.filter(pk=first.pk).update(status_since=first.created_at - timedelta(days=9))
    assert [one.reference for one in kind.waiting("screening")] == [first.code, second.code]
    assert kind.waiting("main") == []
    assert kind.find(first.code).title == "ก"
    assert kind.find("ZZZZZZZZ") is None


def test_the_frozen_evidence_holds_everything_and_is_plain_json() -> None:
    complaints((10, 20, 30))
    System.objects.create(code="SYS-1", owner_id="dep.08000000", name_th="ระบบเดิม")
    needed = draft(title="ก")
    proposal = draft(
        title="ข", systems={"SYS-1": "uses"}, relations={needed.code: "depends_on"}, policies=("p001",)
    )
    evidence_attach(actor=officer(), code=proposal.code, indicator="reports.received", months=3)
    actions.proposal_submit(actor=officer(), code=proposal.code)
    frozen = decisions.kind("proposal").snapshot(proposal.code)
    assert json.loads(json.dumps(frozen)) == frozen
    assert frozen["costs"] == [
        {"year": 2571, "part": "buy", "amount": "800000.00"}, {"year": 2572, "part": "run", "amount": "100000.00"},
    ]  # fmt: skip
    assert frozen["evidence"][0]["value"] == "60.0000"
    assert frozen["relations"] == [{"other": needed.code, "kind": "depends_on"}]
    assert [step["after"] for step in frozen["steps"]] == ["draft", "submitted"]
    assert set(frozen) >= {
        "overlap",
        "verdicts",
        "systems",
        "metrics",
        "answers",
        "agency",
        "total",
        "version",
    }


# --- who has it ---


def test_days_are_counted_in_working_days_and_the_late_are_marked() -> None:
    proposal = submitted()
    proposal.status_since = datetime(2026, 10, 1, 9, tzinfo=BANGKOK)  # Thursday
    monday = waiting_of(proposal, datetime(2026, 10, 5, 9, tzinfo=BANGKOK))
    assert (monday.holder, monday.days, monday.late) == ("analyst", 2, False)
    later = waiting_of(proposal, datetime(2026, 10, 31, 9, tzinfo=BANGKOK))
    holidays = [day for day in (13, 23) if not registers().calendar.is_working_day(date(2026, 10, day))]
    assert later.days == 21 - len(holidays)
    assert later.late


def test_nobody_has_what_is_decided_or_withdrawn() -> None:
    for status in Proposal.Status:
        waiting = waiting_of(Proposal(status=status, status_since=datetime.now(BANGKOK)))
        assert (waiting is None) == (status not in workflow.OPEN)


# --- city data and documents ---


def test_bangkok_and_littletown_are_without_fault() -> None:
    for folder in (settings.CITY_FOLDER, Path("tests/city/littletown").resolve()):
        assert check_city(folder) == []


def test_faults_of_portfolio_yaml_are_told_with_their_line(tmp_path: Path) -> None:
    text = (settings.CITY_FOLDER / "portfolio.yaml").read_text()
    for old, new, field in (
        ("up_to: 10000000,", "up_to: 5,", "tiers.up_to"),
        ("from: medium", "from: huge", "questions.from"),
        ("main: 30", "main: 0", "working_days.main"),
        ("first: 2560", "first: 2024", "fiscal_years"),
        ("code: infrastructure", "code: air", "lanes"),
    ):
        (tmp_path / "portfolio.yaml").write_text(text.replace(old, new))
        faults = read_rules(tmp_path, load_city(settings.CITY_FOLDER).dimensions)[1]
        assert [fault.field for fault in faults if fault.line][:1] == [field]


def test_a_text_suggests_the_policy_it_speaks_of_across_languages() -> None:
    names = {
        code: portfolio_rules().policies[code].name_th for code in policies_for("ระบบแพทย์ทางไกลพบแพทย์จากบ้าน")
    }
    assert any("Telemedicine" in name for name in names.values())
    assert policies_for("") == []


def test_the_document_prints_the_tables_in_force() -> None:
    assert workflow.markdown() in Path("docs/proposals.md").read_text()


# --- who is told ---


def test_who_handed_it_in_is_told_that_it_came_back_and_not_twice() -> None:
    from prasan.fabric.models import Notice
    from prasan.portfolio.events import tell_agency

    proposal = submitted()
    actions.proposal_return(actor=analyst(), code=proposal.code, note="ขอข้อมูลเพิ่ม")
    entries = list(LedgerEntry.objects.filter(action="proposal.return"))
    for _time in range(2):
        tell_agency(entries)
    notice = Notice.objects.get(template__contains="proposals")
    assert notice.context["status"] == "returned"
    assert "ขอข้อมูลเพิ่ม" not in json.dumps(notice.context, ensure_ascii=False)
