"""Many at once: a burst of reports, and one request sent many times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from prasan.fabric.codes import read_code
from prasan.fabric.models import LedgerEntry
from prasan.reports.models import Assignment, Entry, Report
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8
HOLE = {"text": "ถนนเป็นหลุมลึก", "location": {"longitude": 100.4985, "latitude": 13.7563}}


def at_once(work: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
    """`work` on each of `given` in eight threads, each with its own connection."""

    def close() -> None:
        connections["default"].close()

    def run(share: list[Any]) -> list[Any]:
        try:
            return [work(one) for one in share]
        finally:
            close()

    everything = list(given)
    with ThreadPoolExecutor(THREADS) as pool:
        return [one for done in pool.map(run, (everything[n::THREADS] for n in range(THREADS))) for one in done]


@pytest.mark.slow
def test_a_thousand_reports_at_once_each_get_one_agency_and_one_ledger_entry() -> None:
    places = [(100.4985, 13.7563), (100.6070, 13.8030)]
    kinds = ["road", "lighting", "flood", "complaint", ""]

    def send(number: int) -> str:
        longitude, latitude = places[number % 2]
        text = f"เรื่องที่ {number} ไฟดับหน้าตลาด"
        return factories.report(text=text, category=kinds[number % 5], longitude=longitude, latitude=latitude).code

    codes = at_once(send, range(1_000))
    assert len(set(codes)) == 1_000
    assert all(read_code(code) == code for code in codes)
    assert set(Report.objects.values_list("code", flat=True)) == set(codes)
    leads = Assignment.objects.filter(role=Assignment.Role.LEAD, active=True).values_list("report__code", flat=True)
    assert Counter(leads) == Counter(codes)
    entries = LedgerEntry.objects.filter(action="report.submit").values_list("object_id", flat=True)
    assert Counter(entries) == Counter(codes)


def test_one_request_sent_eight_times_at_once_creates_one_report_and_answers_the_same() -> None:
    key = uuid4().hex

    def send(_number: int) -> tuple[int, str]:
        answer = Client().post(
            "/api/v1/reports", json.dumps(HOLE), content_type="application/json", headers={"Idempotency-Key": key}
        )
        return answer.status_code, answer.json().get("code", answer.content)

    answers = at_once(send, range(THREADS))
    report = Report.objects.get()
    assert set(answers) == {(201, report.code)}
    assert LedgerEntry.objects.filter(action="report.submit").count() == 1


def test_one_step_sent_eight_times_at_once_is_taken_once() -> None:
    code, key = factories.report().code, uuid4().hex

    def comment(_number: int) -> int:
        body = json.dumps({"note": "ด้วยครับ"})
        return Client().post(
            f"/api/v1/reports/{code}/comment", body, content_type="application/json", headers={"Idempotency-Key": key}
        ).status_code  # fmt: skip

    assert set(at_once(comment, range(THREADS))) == {200}
    assert Entry.objects.filter(kind=Entry.Kind.COMMENT).count() == 1


def test_a_form_sent_eight_times_at_once_makes_one_report() -> None:
    fields = {
        "text": HOLE["text"], "longitude": "100.4985", "latitude": "13.7563", "category": "road", "step": "send",
        "idempotency_key": uuid4().hex,
    }  # fmt: skip
    answers = at_once(lambda _number: Client().post(reverse("reports:new"), fields), range(THREADS))
    report = Report.objects.get()
    assert {answer.status_code for answer in answers} == {302}
    assert all(report.code in answer["Location"] for answer in answers)


def test_eight_different_comments_at_once_are_all_kept_and_counted() -> None:
    report = factories.report()

    def comment(number: int) -> int:
        body = json.dumps({"note": f"ความเห็นที่ {number}"})
        path = f"/api/v1/reports/{report.code}/comment"
        return Client().post(path, body, content_type="application/json").status_code

    assert at_once(comment, range(THREADS)) == [200] * THREADS
    assert Entry.objects.filter(report=report, kind=Entry.Kind.COMMENT).count() == THREADS
    assert Report.objects.get().version == report.version + THREADS
