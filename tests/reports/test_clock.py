"""Deadlines: reminders at 50, 80 and 100 % of the working time, escalation also when nobody is assigned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices.sending import render
from prasan.people.models import User
from prasan.reports import actions, letters
from prasan.reports.actions import clock
from prasan.reports.actions.clock import deadlines_check
from prasan.reports.models import Assignment, Report
from prasan.reports.policies import reporter_token
from tests import factories

pytestmark = pytest.mark.django_db

BANGKOK = ZoneInfo("Asia/Bangkok")
MONDAY = datetime(2026, 11, 9, 9, 0, tzinfo=BANGKOK)
NOISE_HOURS = 56  # working hours to the fix


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def report() -> Report:
    return factories.report(category="noise", district="1001")


def after(share: float) -> datetime:
    """The moment at which this share of the working time to the fix is over."""
    return registers().calendar.add_working_time(MONDAY, NOISE_HOURS * share)


def tell() -> None:
    letters.tell_officers(list(LedgerEntry.objects.filter(action__in=letters.TO_OFFICERS).order_by("id")))


def told() -> set[str]:
    return {notice.address for notice in Notice.objects.filter(template="reports/notices/clock")}


def part(report: Report) -> Assignment:
    return report.assignments.get(active=True, role="lead")


def someone(role: str, agency: str) -> User:
    """An officer whose role began long ago, whatever the tests' clock says."""
    user = factories.officer_user(role, agency)
    user.grants.update(valid_from=MONDAY.date() - timedelta(days=365))
    return user


def as_actor(user: User, role: str, agency: str) -> Actor:
    return Actor("officer", str(user.pk), roles={role: frozenset({agency})})


@pytest.mark.parametrize(("share", "level"), [(0.49, 0), (0.51, 50), (0.79, 50), (0.81, 80), (0.99, 80), (1.01, 100)])
def test_reminders_fall_at_half_four_fifths_and_the_end(report: Report, share: float, level: int) -> None:
    deadlines_check(now=after(share))
    assert part(report).reminded == level


def test_each_level_is_told_once(report: Report) -> None:
    for share in (0.5, 0.6, 0.8, 0.9, 1.0, 1.5):
        deadlines_check(now=after(share) + timedelta(minutes=1))
        deadlines_check(now=after(share) + timedelta(minutes=2))
    entries = LedgerEntry.objects.filter(action__in=letters.CLOCK).order_by("id")
    assert [entry.changes["level"] for entry in entries] == [50, 80, 100]


def test_after_a_standstill_of_the_job_only_the_highest_level_is_told(report: Report) -> None:
    deadlines_check(now=after(1.2))
    entry = LedgerEntry.objects.get(action="report.escalate")
    assert entry.changes["level"] == 100
    assert not LedgerEntry.objects.filter(action="report.remind").exists()


def test_a_reminder_goes_to_the_officer_alone(report: Report) -> None:
    officer = someone("officer", report.agency_id)
    someone("supervisor", report.agency_id)
    actions.report_accept(actor=as_actor(officer, "officer", report.agency_id), code=report.code)
    deadlines_check(now=after(0.6))
    tell()
    assert told() == {officer.email}


def test_a_reminder_without_an_officer_goes_to_the_dispatchers_above(report: Report) -> None:
    dispatcher = someone("dispatcher", "district.1001")
    someone("officer", report.agency_id)
    deadlines_check(now=after(0.6))
    tell()
    assert told() == {dispatcher.email}


def test_at_the_deadline_officer_and_supervisor_hear(report: Report) -> None:
    officer = someone("officer", report.agency_id)
    boss = someone("supervisor", report.agency_id)
    actions.report_accept(actor=as_actor(officer, "officer", report.agency_id), code=report.code)
    deadlines_check(now=after(1.01))
    tell()
    assert told() == {officer.email, boss.email}
    assert part(report).escalated_at is not None


def test_escalation_happens_also_when_nobody_is_assigned(report: Report) -> None:
    boss = someone("supervisor", report.agency_id)
    deadlines_check(now=after(1.01))
    tell()
    assert told() == {boss.email}


@pytest.mark.parametrize("place", ["district.1001", "bma"])
def test_escalation_climbs_to_the_next_agency_above_that_has_a_supervisor(report: Report, place: str) -> None:
    boss = someone("supervisor", place)
    someone("supervisor", "district.1038")
    deadlines_check(now=after(1.01))
    tell()
    assert told() == {boss.email}


def test_the_citys_supervisors_answer_for_outside_bodies_without_one() -> None:
    factories.report(category="lighting")
    boss = someone("supervisor", "bma")
    deadlines_check(now=MONDAY + timedelta(days=60))
    tell()
    assert told() == {boss.email}


def test_a_supervisor_whose_grant_has_ended_hears_nothing(report: Report) -> None:
    gone = someone("supervisor", report.agency_id)
    gone.grants.update(valid_to=MONDAY.date())
    boss = someone("supervisor", "district.1001")
    deadlines_check(now=after(1.01))
    tell()
    assert told() == {boss.email}


def test_many_deadlines_at_once_are_one_letter_per_person() -> None:
    boss = someone("supervisor", "district.1001")
    codes = [factories.report(category="noise").code for _number in range(7)]
    deadlines_check(now=after(1.5))
    tell()
    notice = Notice.objects.get(template="reports/notices/clock")
    text = render(notice).text
    assert notice.address == boss.email
    assert all(code in text for code in codes)


def test_the_clock_stands_while_the_reporter_is_asked(report: Report) -> None:
    officer = factories.officer("officer", report.agency_id)
    actions.report_ask(actor=officer, code=report.code, note="ชั้นไหน")
    assert deadlines_check(now=after(3)) == 0
    was = part(report).due_at
    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):  # 8 working hours later
        actions.report_answer(
            actor=Actor.anonymous(), code=report.code, note="ชั้นสอง", token=reporter_token(report.code)
        )
    assert was is not None
    assert part(report).due_at == registers().calendar.add_working_time(was, 8)


def test_a_new_category_does_not_set_a_standing_clock_going(report: Report) -> None:
    officer = factories.officer("officer", report.agency_id)
    actions.report_ask(actor=officer, code=report.code, note="ชั้นไหน")
    actions.report_categorise(actor=officer, code=report.code, category="complaint")
    assert part(report).paused_at is not None
    assert deadlines_check(now=after(9)) == 0


def test_weekends_and_holidays_do_not_count(report: Report) -> None:
    due = part(report).due_at
    assert due is not None
    assert due > MONDAY + timedelta(hours=NOISE_HOURS)
    assert registers().calendar.is_working_time(due)


def test_closed_and_forwarded_parts_are_left_alone(report: Report) -> None:
    boss = factories.officer("dispatcher", "bma")
    actions.report_forward(actor=boss, code=report.code, agency="district.1001.municipal", note="ขอให้ตรวจ")
    actions.report_finish(actor=boss, code=report.code, note="เสร็จ")
    assert deadlines_check(now=after(9)) == 0


def test_one_round_costs_the_same_however_many_are_due() -> None:
    def cost(reports: int) -> int:
        for _number in range(reports):
            factories.report(category="noise")
        with CaptureQueriesContext(connection) as captured:
            assert deadlines_check(now=MONDAY + timedelta(days=90)) == reports
        return len(captured)

    assert cost(2) == cost(15) <= 7  # five, and the savepoint's two


def test_the_clock_is_looked_at_every_minute_and_the_summary_sent_every_morning() -> None:
    tasks = {key[0]: task.cron for key, task in app.periodic_registry.periodic_tasks.items()}
    assert tasks["reports.deadlines_check"] == "* * * * *"
    assert tasks["reports.digest"] == "30 0 * * *"


def test_more_than_one_batch_is_worked_off_in_one_minute(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "BATCH", 2)
    for _number in range(4):
        factories.report(category="noise")
    assert deadlines_check(now=after(2), most=2) == 2
    assert clock.deadlines_check_all(now=after(2)) == 3


def test_the_morning_summary_is_one_letter_per_officer_with_true_numbers(report: Report) -> None:
    officer = someone("officer", report.agency_id)
    factories.report(category="noise")
    actions.report_accept(actor=as_actor(officer, "officer", report.agency_id), code=report.code)
    letters.digest_send(now=MONDAY + timedelta(days=1))
    letters.digest_send(now=MONDAY + timedelta(days=1, minutes=5))
    notice = Notice.objects.get(template="reports/notices/digest")
    assert notice.address == officer.email
    assert notice.context == {"new": 2, "nobody": 1, "mine": 1, "today": 0, "overdue": 0}
    assert "{" not in render(notice).text


def test_no_summary_on_a_day_off_and_none_to_who_has_nothing_to_do(report: Report) -> None:
    someone("officer", report.agency_id)
    someone("officer", "district.1038.works")
    saturday = MONDAY + timedelta(days=5)
    assert letters.digest_send(now=saturday) == 0
    assert letters.digest_send(now=MONDAY + timedelta(days=1)) == 1
