"""Each step of the workflow does what its row says, once, and leaves one ledger entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.reports import actions
from prasan.reports.actions.handle import Part
from prasan.reports.models import Assignment, Correction, Entry, Report
from prasan.reports.policies import reporter_token, steps_for
from tests import factories

pytestmark = pytest.mark.django_db

WORKS = "district.1001.works"
CLEANSING = "district.1001.cleansing"


@pytest.fixture
def report() -> Report:
    return factories.report()


@pytest.fixture
def officer() -> Actor:
    return factories.officer()


@pytest.fixture
def dispatcher() -> Actor:
    return factories.officer("dispatcher", "district.1001")


def last_entry(report: Report) -> Entry:
    return report.entries.order_by("-id")[0]


def lead(report: Report) -> Assignment:
    return report.assignments.get(role="lead", active=True)


def test_a_report_is_routed_to_the_works_division_of_its_own_district(report: Report) -> None:
    assert (report.district, report.agency_id) == ("1001", WORKS)
    assert lead(report).due_at > report.submitted_at


def test_a_report_writes_one_ledger_entry_without_its_words(report: Report) -> None:
    entry = LedgerEntry.objects.get(object_id=report.code)
    assert entry.action == "report.submit"
    assert report.text not in str(entry.changes)


def test_accepting_puts_it_in_progress_and_names_the_officer(report: Report, officer: Actor) -> None:
    after = actions.report_accept(actor=officer, code=report.code, version=1)
    assert (after.status, after.version) == ("in_progress", 2)
    assert str(lead(report).officer_id) == officer.id
    assert after.first_action_at is not None
    assert LedgerEntry.objects.get(action="report.accept").changes["status"] == ["waiting", "in_progress"]


def test_a_stale_version_is_a_conflict_and_changes_nothing(report: Report, officer: Actor) -> None:
    actions.report_accept(actor=officer, code=report.code, version=1)
    with pytest.raises(Conflict):
        actions.report_stage(actor=officer, code=report.code, stage="budget", version=1)
    report.refresh_from_db()
    assert (report.version, report.stage) == (2, "")


def test_an_officer_of_another_district_may_not_touch_it(report: Report) -> None:
    stranger = factories.officer("officer", "district.1002.works")
    with pytest.raises(Forbidden):
        actions.report_accept(actor=stranger, code=report.code)
    assert lead(report).status == "waiting"


def test_a_private_report_does_not_even_exist_for_strangers() -> None:
    hidden = factories.report(private=True)
    stranger = factories.officer("officer", "district.1002.works")
    for actor in (stranger, Actor.anonymous(), factories.citizen()):
        with pytest.raises(NotFound):
            actions.report_comment(actor=actor, code=hidden.code, note="เห็นด้วย")


def test_forwarding_closes_the_old_part_and_starts_a_clock_for_the_new_lead(report: Report, officer: Actor) -> None:
    after = actions.report_forward(actor=officer, code=report.code, agency="out.mea", note="เสาไฟฟ้าของการไฟฟ้า")
    old = report.assignments.get(agency=WORKS)
    assert (old.active, old.status) == (False, "forwarded")
    assert lead(report).agency_id == after.agency_id == "out.mea"
    assert (after.status, lead(report).status) == ("forwarded", "forwarded")
    with pytest.raises(Conflict):
        actions.report_finish(actor=officer, code=report.code, note="เสร็จแล้ว", photos=())


def test_an_invited_agency_finishes_its_part_and_the_report_stays_open(report: Report, officer: Actor) -> None:
    actions.report_invite(actor=officer, code=report.code, agency=CLEANSING, note="ขอช่วยเก็บเศษวัสดุ")
    helper = factories.officer("officer", CLEANSING)
    after = actions.report_reply(actor=helper, code=report.code, note="กำลังเข้าเก็บ")
    assert after.status == "waiting"
    actions.report_irrelevant(actor=helper, code=report.code, reason=some_reason(), note="ไม่ใช่งานของฝ่าย")
    report.refresh_from_db()
    assert report.status == "waiting"
    assert report.assignments.get(agency=CLEANSING).active is False


def test_an_agency_is_not_invited_twice(report: Report, officer: Actor) -> None:
    actions.report_invite(actor=officer, code=report.code, agency=CLEANSING, note="ช่วยด้วย")
    with pytest.raises(Invalid) as refused:
        actions.report_invite(actor=officer, code=report.code, agency=CLEANSING, note="ช่วยด้วย")
    assert "agency" in refused.value.errors


def test_splitting_makes_reports_of_their_own_that_know_where_they_came_from(report: Report, dispatcher: Actor) -> None:
    part = Part("ไฟทางดับสองดวง", "lighting", "district.1001.works")
    [made] = actions.report_split(actor=dispatcher, code=report.code, parts=[part])
    assert made.split_from_id == report.pk
    assert (made.category, made.longitude) == ("lighting", report.longitude)
    assert lead(made).due_at is not None
    assert Report.objects.get(pk=report.pk).status == "waiting"


def test_merging_closes_the_duplicate_and_its_followers_follow_the_other(report: Report, dispatcher: Actor) -> None:
    kept = factories.report(email="first@home.example")
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="second@home.example")
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="first@home.example")
    actions.report_merge(actor=dispatcher, code=report.code, other=kept.code)
    report.refresh_from_db()
    kept.refresh_from_db()
    assert (report.status, report.duplicate_of_id) == ("finished", kept.pk)
    assert sorted(f.address for f in kept.follows.all()) == ["first@home.example", "second@home.example"]
    assert kept.followers == 2
    assert last_entry(kept).kind == "merge"


def test_a_report_is_not_merged_into_itself_or_a_merged_one(report: Report, dispatcher: Actor) -> None:
    second, third = factories.report(), factories.report()
    actions.report_merge(actor=dispatcher, code=second.code, other=third.code)
    for other in (report.code, second.code, "NOSUCH99"):
        with pytest.raises(Invalid):
            actions.report_merge(actor=dispatcher, code=report.code, other=other)


def test_asking_the_reporter_stops_the_clock_until_the_answer(report: Report, officer: Actor) -> None:
    before = lead(report).due_at
    actions.report_ask(actor=officer, code=report.code, note="อยู่หน้าบ้านเลขที่เท่าไร")
    assert lead(report).paused_at is not None
    Assignment.objects.filter(report=report).update(paused_at=timezone.now() - timedelta(days=14))
    actions.report_answer(actor=Actor.anonymous(), code=report.code, note="หน้าตลาด", token=reporter_token(report.code))
    assert lead(report).paused_at is None
    assert lead(report).due_at > before + timedelta(days=7)


def test_only_the_reporter_answers_reopens_and_rates(report: Report, officer: Actor) -> None:
    actions.report_ask(actor=officer, code=report.code, note="ที่ไหน")
    with pytest.raises(Forbidden):
        actions.report_answer(actor=Actor.anonymous(), code=report.code, note="ที่นี่", token="guess")
    with pytest.raises(Forbidden):
        actions.report_rate(actor=factories.citizen(), code=report.code, rating=5)


def test_a_finished_report_is_rated_and_opened_again_with_a_reason(report: Report, officer: Actor) -> None:
    finish(report, officer)
    token = reporter_token(report.code)
    rated = actions.report_rate(actor=Actor.anonymous(), code=report.code, rating=2, token=token)
    assert rated.rating == 2
    with pytest.raises(Invalid):
        actions.report_reopen(actor=Actor.anonymous(), code=report.code, note=" ", token=token)
    again = actions.report_reopen(actor=Actor.anonymous(), code=report.code, note="ยังเป็นหลุมอยู่", token=token)
    assert (again.status, again.reopened, again.rating, again.finished_at) == ("waiting", 1, None, None)
    assert lead(report).agency_id == WORKS


def test_finishing_asks_for_a_photo_where_the_category_needs_proof(report: Report, officer: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        actions.report_finish(actor=officer, code=report.code, note="ปะหลุมแล้ว")
    assert "photos" in refused.value.errors


def test_not_relevant_needs_a_reason_of_the_citys_list(report: Report, officer: Actor) -> None:
    with pytest.raises(Invalid):
        actions.report_irrelevant(actor=officer, code=report.code, reason="because", note="ไม่ใช่")
    after = actions.report_irrelevant(actor=officer, code=report.code, reason=some_reason(), note="นอกเขต")
    assert (after.status, last_entry(report).stage) == ("irrelevant", some_reason())


def test_a_corrected_category_is_kept_for_retraining_and_changes_the_deadline(report: Report, officer: Actor) -> None:
    before = lead(report).due_at
    actions.report_categorise(actor=officer, code=report.code, category="waste")
    correction = Correction.objects.get()
    assert (correction.was, correction.became) == ("road", "waste")
    assert lead(report).due_at != before


def test_a_merged_report_is_not_opened_again(report: Report, dispatcher: Actor) -> None:
    kept = factories.report()
    actions.report_merge(actor=dispatcher, code=report.code, other=kept.code)
    with pytest.raises(Forbidden):
        actions.report_reopen(
            actor=Actor.anonymous(), code=report.code, note="ยังไม่เสร็จ", token=reporter_token(report.code)
        )


def test_following_twice_changes_nothing(report: Report) -> None:
    for _ in range(2):
        actions.report_follow(actor=Actor.anonymous(), code=report.code, email="me@home.example")
    report.refresh_from_db()
    assert report.followers == 1
    token = report.follows.get().token
    actions.report_unfollow(token=token)
    report.refresh_from_db()
    assert report.followers == 0


def test_reminders_come_once_per_level_and_then_the_report_is_escalated(report: Report) -> None:
    own = lead(report)
    assert actions.deadlines_check(now=own.remind_at - timedelta(minutes=1)) == 0
    assert actions.deadlines_check(now=own.remind_at) == 1
    assert actions.deadlines_check(now=own.remind_at) == 0
    assert actions.deadlines_check(now=own.due_at + timedelta(hours=1)) == 1
    after = lead(report)
    assert (after.reminded, after.remind_at) == (100, None)
    assert after.escalated_at is not None
    assert after.officer_id is None, "nobody was assigned, and it was escalated all the same"
    assert last_entry(report).kind == "escalation"


def test_the_buttons_are_those_of_the_table(report: Report, officer: Actor) -> None:
    parts = list(report.assignments.all())
    offered = {step.action for step in steps_for(officer, report, parts)}
    assert {"accept", "forward", "invite", "finish", "irrelevant"} <= offered
    assert not offered & {"split", "merge", "resume", "rate", "reopen"}
    assert {s.action for s in steps_for(Actor.anonymous(), report, parts)} == {"comment", "follow"}
    assert {s.action for s in steps_for(Actor.anonymous(), report, parts, reporter_token(report.code))} == {
        "comment", "follow", "answer",
    }  # fmt: skip


def some_reason() -> str:
    from prasan.reports.catalogue import catalogue

    return next(iter(catalogue().irrelevant_reasons))


def finish(report: Report, officer: Actor) -> None:
    actions.report_categorise(actor=officer, code=report.code, category="question")
    actions.report_finish(actor=officer, code=report.code, note="ตอบแล้ว")
