"""The reports API: what it takes, gives and refuses, and what that costs."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.models import LedgerEntry
from prasan.people.actions.api_keys import api_key_create
from prasan.reports import actions
from prasan.reports.models import Assignment, Entry, Photo, Report, Status
from prasan.reports.policies import reporter_token
from prasan.reports.workflow import WORKFLOW
from tests import factories

pytestmark = pytest.mark.django_db

HOLE = {
    "text": "ถนนเป็นหลุมลึกหน้าตลาด โทร 081-234-5678",
    "location": {"longitude": 100.4985, "latitude": 13.7563},
    "name": "สมชาย ใจดี",
    "phone": "081-234-5678",
    "email": "somchai@example.com",
}


def send(path: str, body: Any, key: str = "", **headers: str) -> Any:
    """POST JSON to the API, with an API key or none."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        given["Authorization"] = f"Bearer {key}"
    return Client().post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=given)


def read(path: str, key: str = "", **headers: str) -> Any:
    """GET from the API."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        given["Authorization"] = f"Bearer {key}"
    return Client().get(f"/api/v1{path}", headers=given)


def key_for(agency: str | None, *scopes: str) -> str:
    """A new API key."""
    return api_key_create(actor=Actor.system("tests"), name="test", agency=agency, scope_codes=scopes)[1]


# --- sending --------------------------------------------------------------------------------------------------


def test_anybody_sends_a_report_and_gets_its_code() -> None:
    answer = send("/reports", HOLE)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    report = Report.objects.get(code=body["code"])
    assert read_code(report.code) == report.code
    assert (report.source, report.district, report.reporter_phone) == ("api", "1001", "081-234-5678")
    assert body["reporter_token"] == reporter_token(report.code)
    assert body["agency"]["code"] == report.agency_id
    assert LedgerEntry.objects.get(object_id=report.code).origin == "api"


def test_nothing_personal_is_given_out() -> None:
    code = send("/reports", HOLE).json()["code"]
    everything = read(f"/reports/{code}").content.decode() + read("/reports").content.decode()
    for secret in ("สมชาย", "234-5678", "somchai@example.com"):
        assert secret not in everything
    assert "[เบอร์โทร]" in everything


def test_sending_costs_at_most_eight_statements() -> None:
    key = key_for(None, "reports:create")
    send("/reports", HOLE, key, Idempotency_Key=uuid4().hex)  # what a process does once is behind us
    with CaptureQueriesContext(connection) as queries:
        assert send("/reports", HOLE, key, Idempotency_Key=uuid4().hex).status_code == 201
    assert len(queries) <= 8, [query["sql"][:90] for query in queries]


def test_the_same_idempotency_key_creates_once_and_answers_the_same() -> None:
    name = uuid4().hex
    first, second = (send("/reports", HOLE, Idempotency_Key=name) for _ in range(2))
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert Report.objects.count() == 1


def test_the_same_idempotency_key_with_another_report_is_refused() -> None:
    name = uuid4().hex
    send("/reports", HOLE, Idempotency_Key=name)
    other = send("/reports", HOLE | {"text": "ไฟดับ"}, Idempotency_Key=name)
    assert (other.status_code, Report.objects.count()) == (422, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": "ก" * 10_001}, "text"),
        ({"location": {"longitude": 0, "latitude": 0}}, "location"),
        ({"location": {"longitude": 13.7563, "latitude": 89.9}}, "location"),
        ({"location": {"longitude": 102.8, "latitude": 16.4}}, "location"),
        ({"location": {"longitude": 100.5}}, "location.latitude"),
        ({"location": {"longitude": "east", "latitude": 13.7}}, "location.longitude"),
        ({"location": None}, "location"),
        ({"category": "no-such"}, "category"),
        ({"email": "nobody"}, "email"),
        ({"photos": ["no-such-photo"]}, "photos"),
        ({"txt": "misspelt"}, "txt"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named_in_both_languages(change: dict[str, Any], field: str) -> None:
    for language in ("th", "en"):
        answer = send("/reports", HOLE | change, Accept_Language=language, Idempotency_Key=uuid4().hex)
        assert answer.status_code == 422, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        errors = {error["field"]: error["detail"] for error in answer.json()["errors"]}
        assert field in errors, errors
        thai = any("ก" <= letter <= "๛" for letter in errors[field])
        assert thai == (language == "th"), errors
    assert not Report.objects.exists()


def test_what_is_not_json_is_refused_as_a_problem() -> None:
    answer = Client().post("/api/v1/reports", "{not json", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_key_needs_the_scope_to_send() -> None:
    assert send("/reports", HOLE, key_for("district.1001", "reports:handle")).status_code == 403
    assert send("/reports", HOLE, "prasan_wrong").status_code == 401
    assert send("/reports", HOLE, key_for("district.1001", "reports:create")).status_code == 201


def test_too_many_reports_without_a_key_are_refused_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.fabric.rates.time.time", lambda: 1_000_000.0)
    answers = [send("/reports", HOLE) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [201] * 30 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1].json()["type"] == "/problems/too-many-requests"


# --- reading --------------------------------------------------------------------------------------------------


def test_the_list_filters_and_pages_newest_first() -> None:
    reports = [factories.report(category=category) for category in ("road", "lighting", "road", "road")]
    page = read("/reports?category=road&limit=2")
    assert [item["code"] for item in page.json()["items"]] == [reports[3].code, reports[2].code]
    assert 'rel="next"' in page["Link"]
    rest = read(f"/reports?category=road&limit=2&cursor={page.json()['next']}")
    assert [item["code"] for item in rest.json()["items"]] == [reports[0].code]
    assert rest.json()["next"] == ""


def test_the_list_finds_thai_words_places_and_agencies() -> None:
    near = factories.report(text="ฝาท่อแตกหน้าโรงเรียน")
    far = factories.report(text="ฝาท่อแตกหน้าวัด", longitude=100.6070, latitude=13.8030)
    codes = lambda query: {item["code"] for item in read(f"/reports?{query}").json()["items"]}  # noqa: E731
    assert codes("words=ฝาท่อ โรงเรียน") == {near.code}
    assert codes("near=100.4985,13.7563,300") == {near.code}
    assert codes("box=100.60,13.79,100.62,13.81") == {far.code}
    assert codes("district=1038") == {far.code}
    assert codes(f"agency={near.agency_id}") == {near.code}
    assert codes("since=2000-01-01T00:00:00Z") == {near.code, far.code}
    assert codes("updated_since=2999-01-01T00:00:00Z") == set()
    assert codes("status=open") == {near.code, far.code}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("category=no-such", "category"), ("district=9999", "district"), ("agency=no-such", "agency"),
        ("box=1,2", "box"),
        ("near=100,13", "near"), ("near=a,b,c", "near"), ("limit=0", "limit"), ("status=lost", "status"),
        ("cursor=forged", "cursor"), ("since=yesterday", "since"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_named(query: str, field: str) -> None:
    answer = read(f"/reports?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("count", [1, 60])
def test_the_list_costs_at_most_three_statements_whatever_its_size(count: int) -> None:
    for _ in range(count):
        factories.report()
    read("/reports")
    with CaptureQueriesContext(connection) as queries:
        assert len(read("/reports").json()["items"]) == min(count, 50)
    assert len(queries) <= 3


def test_a_report_costs_at_most_five_statements() -> None:
    report = factories.report()
    for number in range(5):
        actions.report_comment(actor=factories.citizen(), code=report.code, note=f"ความเห็นที่ {number}")
    read(f"/reports/{report.code}")
    for path in ("", "/timeline"):
        with CaptureQueriesContext(connection) as queries:
            assert read(f"/reports/{report.code}{path}").status_code == 200
        assert len(queries) <= 5


def test_a_report_is_read_again_only_when_it_changed() -> None:
    report = factories.report()
    tag = read(f"/reports/{report.code}")["ETag"]
    assert read(f"/reports/{report.code}", If_None_Match=tag).status_code == 304
    assert read(f"/reports/{report.code}", If_None_Match=tag, Accept_Language="en").status_code == 200
    actions.report_comment(actor=factories.citizen(), code=report.code, note="ยังไม่ซ่อม")
    assert read(f"/reports/{report.code}", If_None_Match=tag).status_code == 200


def test_names_come_in_the_readers_language() -> None:
    report = factories.report()
    thai, english = (
        read(f"/reports/{report.code}", Accept_Language=language).json() for language in ("th", "en")
    )
    assert (thai["category"]["name"], english["category"]["name"]) == ("ถนน", "Road")
    assert english["district"] == {"code": "1001", "name": "Phra Nakhon"}


def test_a_private_report_is_there_for_its_reporter_and_its_agency_alone() -> None:
    report = factories.report(private=True)
    handling = key_for(report.agency_id, "reports:handle")
    other = key_for("district.1038", "reports:handle")
    assert read(f"/reports/{report.code}").status_code == 404
    assert read(f"/reports/{report.code}", other).status_code == 404
    assert read(f"/reports/{report.code}", handling).status_code == 200
    assert read(f"/reports/{report.code}", Reporter_Token=reporter_token(report.code)).status_code == 200
    assert read("/reports", handling).json()["items"] == []


def test_a_code_that_cannot_be_is_not_found() -> None:
    for code in ("7KQ2M9XA", "AAAAAAAA", "%00", "'; drop table reports_report; --", "<script>"):
        answer = read(f"/reports/{code}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), code


def test_internal_notes_are_in_the_timeline_of_the_agency_alone() -> None:
    report = factories.report()
    key = key_for(report.agency_id, "reports:handle")
    assert send(f"/reports/{report.code}/note", {"note": "ติดต่อผู้รับเหมาแล้ว"}, key).status_code == 200
    assert "ผู้รับเหมา" not in read(f"/reports/{report.code}/timeline").content.decode()
    assert "ผู้รับเหมา" in read(f"/reports/{report.code}/timeline", key).content.decode()


# --- steps ----------------------------------------------------------------------------------------------------


def test_every_step_of_the_workflow_has_its_operation() -> None:
    from prasan.site.api import api

    paths = api.get_openapi_schema()["paths"]
    for step in WORKFLOW:
        assert f"/api/v1/reports/{{code}}/{step}" in paths


def test_a_report_goes_from_phone_to_fix_over_the_api() -> None:
    sent = send("/reports", HOLE).json()
    code, token = sent["code"], sent["reporter_token"]
    key = key_for("bma", "reports:handle")
    photo = upload(factories_photo())
    assert send(f"/reports/{code}/accept", {"note": ""}, key).json()["status"]["code"] == "in_progress"
    assert send(f"/reports/{code}/ask", {"note": "อยู่หน้าร้านใด"}, key).status_code == 200
    assert send(f"/reports/{code}/answer", {"note": "หน้าร้านทอง"}, Reporter_Token=token).status_code == 200
    finished = send(f"/reports/{code}/finish", {"note": "ซ่อมแล้ว", "photos": [photo]}, key)
    assert finished.json()["status"]["code"] == "finished", finished.content
    assert send(f"/reports/{code}/rate", {"rating": 2}).status_code == 403
    assert send(f"/reports/{code}/rate", {"rating": 2}, Reporter_Token=token).json()["rating"] == 2
    reopened = send(f"/reports/{code}/reopen", {"note": "หลุมกลับมาอีก"}, Reporter_Token=token)
    assert reopened.json()["status"]["code"] == "waiting"
    assert Report.objects.get(code=code).reopened == 1
    kinds = [entry["kind"] for entry in read(f"/reports/{code}/timeline").json()["items"]]
    assert kinds == ["status", "status", "rating", "reopen"]


def test_a_step_on_a_report_that_changed_meanwhile_is_refused() -> None:
    report = factories.report()
    key = key_for(report.agency_id, "reports:handle")
    seen = read(f"/reports/{report.code}", key)["ETag"]
    assert send(f"/reports/{report.code}/accept", {}, key, If_Match=seen).status_code == 200
    late = send(f"/reports/{report.code}/reply", {"note": "กำลังไป"}, key, If_Match=seen)
    assert (late.status_code, late.json()["type"]) == (412, "/problems/stale")
    assert not Entry.objects.filter(report=report, kind="comment").exists()
    assert send(f"/reports/{report.code}/reply", {"note": "x"}, key, If_Match='"soon"').status_code == 422


def test_a_step_repeated_with_its_idempotency_key_happens_once() -> None:
    report = factories.report()
    for _ in range(2):
        assert (
            send(
                f"/reports/{report.code}/comment", {"note": "ด้วยครับ"}, Idempotency_Key="once-upon"
            ).status_code
            == 200
        )
    assert Entry.objects.filter(report=report, kind="comment").count() == 1


def test_a_key_acts_for_its_own_agency_alone() -> None:
    report = factories.report()
    for agency, scopes, status in (
        ("district.1038", ("reports:handle",), 403),
        (report.agency_id, ("reports:create",), 403),
        ("district.1001", ("reports:handle",), 200),
    ):
        assert send(f"/reports/{report.code}/accept", {}, key_for(agency, *scopes)).status_code == status, (
            agency
        )
    assert send(f"/reports/{report.code}/accept", {}).status_code == 401


def test_splitting_and_merging_need_the_dispatchers_scope() -> None:
    report, other = factories.report(), factories.report()
    part = {"text": "ไฟดับ", "category": "lighting", "agency": "out.mea"}
    officer = key_for("bma", "reports:handle")
    dispatcher = key_for("bma", "reports:handle", "reports:dispatch")
    assert send(f"/reports/{report.code}/split", {"parts": [part]}, officer).status_code == 403
    codes = send(f"/reports/{report.code}/split", {"parts": [part]}, dispatcher).json()["codes"]
    assert Report.objects.get(code=codes[0]).split_from_id == report.pk
    merged = send(f"/reports/{report.code}/merge", {"other": other.code}, dispatcher)
    assert merged.json()["code"] == other.code, merged.content
    assert read(f"/reports/{report.code}").json()["duplicate_of"] == other.code


def test_a_forwarded_report_leaves_the_first_agency() -> None:
    report = factories.report()
    key = key_for(report.agency_id, "reports:handle")
    answer = send(f"/reports/{report.code}/forward", {"agency": "out.doh", "note": "ทางหลวง"}, key)
    assert answer.json()["agency"]["code"] == "out.doh"
    assert Assignment.objects.get(report=report, active=True).status == Status.FORWARDED
    assert send(f"/reports/{report.code}/accept", {}, key).status_code == 409  # too late, not a stranger


# --- photos and registers -------------------------------------------------------------------------------------


def factories_photo() -> bytes:
    """A small JPEG."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 48), "tomato").save(file, "JPEG")
    return file.getvalue()


def upload(content: bytes, name: str = "photo.jpg") -> str:
    """POST a photo; its key."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = Client().post("/api/v1/photos", {"photo": SimpleUploadedFile(name, content)})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["key"])


def test_a_photo_is_uploaded_once_and_shown_when_it_is_ready() -> None:
    key = upload(factories_photo())
    sent = send("/reports", HOLE | {"photos": [key]}).json()
    picture = read(f"/reports/{sent['code']}").json()["photos"]
    assert picture == [{"url": "", "small_url": "", "moment": "before"}]
    Photo.objects.filter(key=key).update(state=Photo.State.READY)
    assert key in read(f"/reports/{sent['code']}").json()["photos"][0]["url"]
    assert send("/reports", HOLE | {"photos": [key]}).status_code == 422


@pytest.mark.parametrize("content", [b"", b"GIF89a no photo", b"\xff\xd8\xff\xe0 not really"])
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = Client().post("/api/v1/photos", {"photo": SimpleUploadedFile("photo.jpg", content)})
    assert (answer.status_code, Photo.objects.count()) == (422, 0)


def test_areas_agencies_and_categories_are_listed_and_cached() -> None:
    areas = read("/areas?level=district").json()["items"]
    assert len(areas) == 50
    assert {area["parent"] for area in read("/areas?parent=1001").json()["items"]} == {"1001"}
    assert read("/areas/1001", Accept_Language="en").json()["name"] == "Phra Nakhon"
    assert read("/areas/9999").status_code == 404
    assert read("/agencies/district.1001").json()["kind"] == "district_office"
    assert all(a["parent"] == "district.1001" for a in read("/agencies?parent=district.1001").json()["items"])
    assert "road" in {category["code"] for category in read("/categories").json()["items"]}
    for path in ("/areas", "/agencies", "/categories", "/areas/1001"):
        tag = read(path)["ETag"]
        assert read(path, If_None_Match=tag).status_code == 304
        assert read(path, If_None_Match=tag, Accept_Language="en").status_code == 200
