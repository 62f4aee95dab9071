"""Two people at the same report at the same time: one is first, the other hears so, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Problem
from prasan.people.models import User
from prasan.reports import actions
from prasan.reports.actions.clock import deadlines_check
from prasan.reports.actions.desk import report_dispatch, reports_batch
from prasan.reports.models import Assignment, Entry, Report, Status
from prasan.reports.policies import reporter_token
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

WORKS, MUNICIPAL, OFFICE = "district.1001.works", "district.1001.municipal", "district.1001"


@pytest.fixture
def report() -> Report:
    report = factories.report()
    Report.objects.update(category="question")  # needs no photo to be finished
    return report


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each in a thread with a connection of its own, let go at the same moment; results or Problems, in order."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            results[number] = work()
        except Problem as problem:
            results[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive(), "a thread hangs"
    return results


def actions_of(report: Report) -> list[str]:
    return list(
        LedgerEntry.objects.filter(object_id=report.code).order_by("id").values_list("action", flat=True)
    )


def problems(results: Sequence[Any]) -> list[Problem]:
    return [result for result in results if isinstance(result, Problem)]


def test_of_two_officers_who_finish_at_once_one_is_told_that_the_other_was_first(report: Report) -> None:
    first, second = factories.officer(), factories.officer()
    results = at_once(
        lambda: actions.report_finish(actor=first, code=report.code, note="ซ่อมโดยทีมหนึ่ง", version=1),
        lambda: actions.report_finish(actor=second, code=report.code, note="ซ่อมโดยทีมสอง", version=1),
    )
    assert len(problems(results)) == 1
    assert isinstance(problems(results)[0], Conflict)
    assert actions_of(report) == ["report.submit", "report.finish"]
    assert report.entries.count() == 1


def test_two_notes_without_a_version_are_both_kept_in_some_order(report: Report) -> None:
    writers = [factories.officer() for _number in range(6)]
    results = at_once(
        *(
            lambda writer=writer: actions.report_note(actor=writer, code=report.code, note=f"จาก {writer.id}")
            for writer in writers
        )
    )
    assert problems(results) == []
    assert report.entries.filter(kind="note").count() == 6
    assert Report.objects.get().version == 7


def test_of_many_notes_with_the_same_version_one_goes_through(report: Report) -> None:
    writers = [factories.officer() for _number in range(6)]
    results = at_once(
        *(
            lambda writer=writer: actions.report_note(actor=writer, code=report.code, note="ก", version=1)
            for writer in writers
        )
    )
    assert len(problems(results)) == 5
    assert all(isinstance(problem, Conflict) for problem in problems(results))
    assert Report.objects.get().version == 2


def test_forwarding_to_two_agencies_at_once_leaves_one_lead(report: Report) -> None:
    first, second = factories.officer(), factories.officer("dispatcher", OFFICE)
    results = at_once(
        lambda: actions.report_forward(
            actor=first, code=report.code, agency=MUNICIPAL, note="ของเทศกิจ", version=1
        ),
        lambda: actions.report_forward(
            actor=second, code=report.code, agency="out.mwa", note="ของประปา", version=1
        ),
    )
    assert len(problems(results)) == 1
    lead = Assignment.objects.get(report=report, role="lead", active=True)
    report.refresh_from_db()
    assert lead.agency_id == report.agency_id


def test_inviting_the_same_agency_at_once_invites_it_once(report: Report) -> None:
    inviters = [factories.officer(), factories.officer()]
    results = at_once(
        *(
            lambda one=one: actions.report_invite(
                actor=one, code=report.code, agency="out.mea", note="ช่วยดูสาย"
            )
            for one in inviters
        )
    )
    assert len(problems(results)) == 1
    assert Assignment.objects.filter(report=report, role="invited").count() == 1


def test_merging_two_reports_into_each_other_at_once_merges_one(report: Report) -> None:
    other = factories.report()
    boss = factories.officer("dispatcher", OFFICE)
    results = at_once(
        lambda: actions.report_merge(actor=boss, code=report.code, other=other.code),
        lambda: actions.report_merge(actor=boss, code=other.code, other=report.code),
    )
    assert len(problems(results)) == 1
    assert Report.objects.exclude(duplicate_of=None).count() == 1


def test_two_dispatchers_send_a_report_to_one_agency(report: Report) -> None:
    Report.objects.update(routed_by="", agency=OFFICE)
    Assignment.objects.update(agency=OFFICE)
    one, two = factories.officer("dispatcher", OFFICE), factories.officer("dispatcher", OFFICE)
    results = at_once(
        lambda: report_dispatch(actor=one, code=report.code, category="road", agency=WORKS, version=1),
        lambda: report_dispatch(
            actor=two, code=report.code, category="lighting", agency="out.mea", version=1
        ),
    )
    assert len(problems(results)) == 1
    assert Assignment.objects.filter(report=report, active=True).count() == 1
    assert actions_of(report).count("report.forward") == 1


def test_an_officer_finishes_while_the_reporter_answers_and_both_are_kept(report: Report) -> None:
    officer = factories.officer()
    actions.report_ask(actor=officer, code=report.code, note="ฝั่งไหน")
    results = at_once(
        lambda: actions.report_finish(actor=officer, code=report.code, note="เจอแล้ว ซ่อมแล้ว"),
        lambda: actions.report_comment(
            actor=Actor.anonymous(), code=report.code, note="ฝั่งตลาดครับ", token=reporter_token(report.code)
        ),
    )
    assert problems(results) == []
    assert {entry.kind for entry in report.entries.all()} == {"question", "status", "comment"}


def test_two_batches_over_the_same_reports_do_each_report_once() -> None:
    reports = [factories.report() for _number in range(8)]
    targets = [(report.code, 1) for report in reports]
    first, second = factories.officer(), factories.officer()
    done = at_once(
        lambda: reports_batch(actor=first, action="accept", targets=targets),
        lambda: reports_batch(actor=second, action="accept", targets=targets[::-1]),
    )
    finished = [one.code for outcomes in done for one in outcomes if one.done]
    assert sorted(finished) == sorted(code for code, _version in targets)
    assert LedgerEntry.objects.filter(action="report.accept").count() == 8
    assert Report.objects.filter(status=Status.IN_PROGRESS).count() == 8


def test_two_clocks_at_once_remind_once(report: Report) -> None:
    later = Assignment.objects.get().due_at
    assert later is not None
    counts = at_once(lambda: deadlines_check(now=later), lambda: deadlines_check(now=later))
    assert sum(counts) == 1
    assert LedgerEntry.objects.filter(action="report.escalate").count() == 1
    assert Entry.objects.filter(kind="escalation").count() == 1


def test_the_same_page_sent_twice_at_once_is_one_step(report: Report) -> None:
    user: User = factories.officer_user()
    clients = [factories.signed_in(user), factories.signed_in(user)]
    sent = {"version": "1", "seen": "0", "idempotency_key": "the-same-key-twice", "note": "โทรแล้ว"}
    answers = at_once(
        *(lambda client=client: client.post(f"/desk/{report.code}/note/", sent) for client in clients)
    )
    assert [answer.status_code for answer in answers] == [302, 302]
    assert report.entries.filter(kind="note").count() == 1


# --- there and back ----------------------------------------------------------------------------------------------


def test_a_report_forwarded_back_and_forth_keeps_every_part_with_its_clock(report: Report) -> None:
    works, law = factories.officer(), factories.officer(agency=MUNICIPAL)
    actions.report_forward(actor=works, code=report.code, agency=MUNICIPAL, note="ของเทศกิจ")
    actions.report_forward(actor=law, code=report.code, agency=WORKS, note="ไม่ใช่ครับ")
    actions.report_forward(actor=works, code=report.code, agency=MUNICIPAL, note="ใช่ครับ")
    parts = list(report.assignments.order_by("id"))
    assert [part.agency_id for part in parts] == [WORKS, MUNICIPAL, WORKS, MUNICIPAL]
    assert [part.active for part in parts] == [False, False, False, True]
    assert all(part.due_at for part in parts)
    with pytest.raises(Conflict):
        actions.report_finish(actor=works, code=report.code, note="สายไปแล้ว")
    actions.report_finish(actor=law, code=report.code, note="เสร็จ")


def test_the_leads_finish_leaves_invited_agencies_their_part(report: Report) -> None:
    works, mea = factories.officer(), factories.officer(agency="out.mea")
    actions.report_invite(actor=works, code=report.code, agency="out.mea", note="ย้ายสาย")
    actions.report_finish(actor=works, code=report.code, note="ปูทางเท้าแล้ว")
    report.refresh_from_db()
    assert report.status == Status.FINISHED
    assert report.assignments.get(agency="out.mea").active
    actions.report_finish(actor=mea, code=report.code, note="ย้ายสายแล้ว")
    assert not report.assignments.filter(active=True).exists()


def test_a_merge_ends_the_invited_agencies_parts_too(report: Report) -> None:
    boss = factories.officer("dispatcher", OFFICE)
    actions.report_invite(actor=boss, code=report.code, agency="out.mea", note="ย้ายสาย")
    actions.report_merge(actor=boss, code=report.code, other=factories.report().code)
    assert not report.assignments.filter(active=True).exists()


def test_a_merged_report_can_be_taken_up_again_by_the_agency_but_not_by_the_reporter(report: Report) -> None:
    boss = factories.officer("dispatcher", OFFICE)
    actions.report_merge(actor=boss, code=report.code, other=factories.report().code)
    with pytest.raises(Problem):
        actions.report_reopen(
            actor=Actor.anonymous(), code=report.code, note="ยังอยู่", token=reporter_token(report.code)
        )
    actions.report_resume(actor=boss, code=report.code, note="คนละเรื่องกัน")
    report.refresh_from_db()
    assert (report.status, report.duplicate_of_id) == (Status.IN_PROGRESS, None)
    assert report.assignments.get(active=True).due_at is not None


def test_a_report_opened_again_is_finished_again_by_the_same_agency(report: Report) -> None:
    works = factories.officer()
    for _round in range(3):
        actions.report_finish(actor=works, code=report.code, note="เสร็จ")
        actions.report_reopen(
            actor=Actor.anonymous(), code=report.code, note="ยังพังอยู่", token=reporter_token(report.code)
        )
    report.refresh_from_db()
    assert (report.reopened, report.status) == (3, Status.WAITING)
    assert report.assignments.filter(active=True).count() == 1
    with pytest.raises(Conflict):
        actions.report_resume(actor=factories.officer("supervisor", WORKS), code=report.code, note="เปิดอยู่แล้ว")
