"""Who hears of what: followers as things happen, officers of deadlines, everybody once and in their language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices.sending import render
from prasan.people.models import User
from prasan.reports import actions, letters
from prasan.reports.models import Report
from prasan.reports.policies import reporter_token
from tests import factories

pytestmark = pytest.mark.django_db

@pytest.fixture
def report() -> Report:
    return factories.report(email="reporter@home.example", category="noise", district="1001")


@pytest.fixture
def officer() -> Actor:
    return factories.officer("dispatcher", "bma")


def deliver(after: int = 0) -> None:
    """Hand the ledger over as the worker would."""
    entries = list(LedgerEntry.objects.filter(object_type="report", pk__gt=after).order_by("id"))
    letters.tell_followers(entries)
    letters.tell_officers(entries)


def subjects(address: str = "") -> list[str]:
    found = [notice for notice in Notice.objects.order_by("id") if not address or notice.address == address]
    return [notice.template.removeprefix("reports/notices/") for notice in found]


def letter(name: str, language: str = "en") -> str:
    notice = Notice.objects.filter(template=f"reports/notices/{name}").latest("id")
    notice.language = language
    message = render(notice)
    return f"{message.subject}\n{message.text}"


def test_the_reporter_hears_that_the_report_came_in_with_the_own_link(report: Report) -> None:
    deliver()
    assert subjects() == ["submit"]
    assert f"key={reporter_token(report.code)}" in letter("submit")


def test_the_reporters_own_link_is_in_no_row(report: Report) -> None:
    deliver()
    stored = str([notice.context for notice in Notice.objects.all()])
    assert reporter_token(report.code) not in stored


STEPS: dict[str, Callable[..., Any]] = {
    "accept": lambda act: actions.report_accept(**act),
    "stage": lambda act: actions.report_stage(**act, stage="budget"),
    "follow_up": lambda act: actions.report_follow_up(**act, note="รอดูหลังฝนตก"),
    "forward": lambda act: actions.report_forward(**act, agency="district.1001.municipal", note="ขอให้ตรวจ"),
    "reply": lambda act: actions.report_reply(**act, note="จะเข้าตรวจพรุ่งนี้"),
    "finish": lambda act: actions.report_finish(**act, note="แก้ไขแล้ว"),
    "irrelevant": lambda act: actions.report_irrelevant(**act, reason="private_land", note="เป็นที่เอกชน"),
}


@pytest.mark.parametrize("step", STEPS)
def test_everybody_who_follows_hears_of_a_step_once(step: str, report: Report, officer: Actor) -> None:
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="neighbour@home.example")
    STEPS[step]({"actor": officer, "code": report.code})
    deliver()
    deliver()
    assert subjects("neighbour@home.example") == [step]
    assert subjects("reporter@home.example") == ["submit", step]


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("step", STEPS)
def test_each_letter_says_the_agency_and_the_way_to_the_page(
    step: str, language: str, report: Report, officer: Actor
) -> None:
    STEPS[step]({"actor": officer, "code": report.code})
    deliver()
    text = letter(step, language)
    assert report.code in text
    assert "/r/" in text
    assert "/unfollow/" in text
    assert "{" not in text
    assert ("ฝ่าย" in text) if language == "th" else ("Section" in text)


def test_the_reporter_alone_hears_a_question(report: Report, officer: Actor) -> None:
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="neighbour@home.example")
    actions.report_ask(actor=officer, code=report.code, note="อยู่ชั้นไหนครับ")
    deliver()
    assert subjects("neighbour@home.example") == []
    assert "อยู่ชั้นไหนครับ" in letter("ask", "th")


def test_a_finished_report_asks_its_reporter_to_rate_and_others_not(report: Report, officer: Actor) -> None:
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="neighbour@home.example")
    actions.report_finish(actor=officer, code=report.code, note="แก้ไขแล้ว")
    deliver()
    by_address = {n.address: render(n).text for n in Notice.objects.filter(template="reports/notices/finish")}
    assert reporter_token(report.code) in by_address["reporter@home.example"]
    assert reporter_token(report.code) not in by_address["neighbour@home.example"]


def test_what_was_masked_for_the_public_is_masked_in_letters(report: Report, officer: Actor) -> None:
    actions.report_reply(actor=officer, code=report.code, note="ติดต่อช่างที่ 081-234-5678")
    deliver()
    assert "081-234-5678" not in letter("reply")


def test_an_invited_agencys_own_progress_is_not_told_as_the_reports(report: Report, officer: Actor) -> None:
    actions.report_invite(actor=officer, code=report.code, agency="out.mea", note="ช่วยดูสายไฟ")
    mea = factories.officer("officer", "out.mea")
    actions.report_accept(actor=mea, code=report.code)
    actions.report_finish(actor=mea, code=report.code, note="เสร็จแล้ว")
    deliver()
    assert subjects() == ["submit"]


def test_a_merge_is_told_to_the_followers_of_both_reports_once_each(officer: Actor) -> None:
    kept = factories.report(email="first@home.example", category="noise")
    gone = factories.report(email="second@home.example", category="noise")
    actions.report_follow(actor=Actor.anonymous(), code=gone.code, email="first@home.example")
    actions.report_merge(actor=officer, code=gone.code, other=kept.code)
    deliver()
    assert subjects("first@home.example").count("merge") == 1
    assert subjects("second@home.example").count("merge") == 1
    assert kept.code in letter("merge")


def test_a_split_names_the_new_reports(report: Report, officer: Actor) -> None:
    made = actions.report_split(
        actor=officer, code=report.code, parts=[actions.Part("ไฟดับ", "lighting", "out.mea")]
    )
    deliver()
    assert made[0].code in letter("split")


def test_a_reporter_is_not_told_of_their_own_reopening_but_followers_are(officer: Actor) -> None:
    citizen = factories.citizen("somsri@home.example")
    report = factories.report(citizen, category="noise")
    actions.report_follow(actor=Actor.anonymous(), code=report.code, email="neighbour@home.example")
    actions.report_finish(actor=officer, code=report.code, note="เสร็จ")
    actions.report_reopen(actor=citizen, code=report.code, note="ยังดังอยู่")
    deliver()
    assert "reopen" not in subjects("somsri@home.example")
    assert "reopen" in subjects("neighbour@home.example")


def test_who_wants_no_letters_gets_none(officer: Actor) -> None:
    citizen = factories.citizen("somsri@home.example")
    User.objects.filter(pk=citizen.id).update(notice_channels=["none"])
    report = factories.report(citizen, category="noise")
    actions.report_finish(actor=officer, code=report.code, note="เสร็จ")
    deliver()
    assert subjects() == []


def test_letters_come_in_the_followers_language(report: Report, officer: Actor) -> None:
    report.follows.update(language="en")
    actions.report_accept(actor=officer, code=report.code)
    deliver()
    assert Notice.objects.get(template="reports/notices/accept").language == "en"


def test_who_unfollowed_hears_nothing_more(report: Report, officer: Actor) -> None:
    actions.report_unfollow(token=report.follows.get().token)
    actions.report_accept(actor=officer, code=report.code)
    deliver()
    assert subjects() == []


def test_the_officer_who_was_given_a_report_hears_of_it(report: Report) -> None:
    colleague = factories.officer_user("officer", report.agency_id)
    boss = factories.officer("supervisor", report.agency_id)
    actions.report_assign(actor=boss, code=report.code, officer=colleague.pk)
    deliver()
    assert subjects(colleague.email) == ["assign"]
    assert f"/desk/{report.code}/" in letter("assign")


def test_the_officer_hears_that_the_reporter_answered(report: Report) -> None:
    asking = factories.officer_user("officer", report.agency_id)
    actor = Actor("officer", str(asking.pk), roles={"officer": frozenset({report.agency_id})})
    actions.report_accept(actor=actor, code=report.code)
    actions.report_ask(actor=actor, code=report.code, note="อยู่ชั้นไหน")
    actions.report_answer(
        actor=Actor.anonymous(), code=report.code, note="ชั้นสอง", token=reporter_token(report.code)
    )
    deliver()
    assert subjects(asking.email) == ["answer"]


def test_statements_for_a_batch_do_not_grow_with_it(officer: Actor) -> None:
    def cost(reports: int) -> int:
        last = LedgerEntry.objects.latest("id").pk if LedgerEntry.objects.exists() else 0
        for number in range(reports):
            report = factories.report(email=f"r{number}@home.example", category="noise")
            actions.report_accept(actor=officer, code=report.code)
        with CaptureQueriesContext(connection) as captured:
            deliver(after=last)
        return len(captured) - 1  # the test's own reading of the ledger

    assert cost(2) == cost(12) <= 4
