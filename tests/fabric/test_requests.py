"""Requests: idempotency keys, rate limits, cursor pages, problem JSON, ETags."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path
from ninja import Schema, Status
from pydantic import Field

from prasan.fabric import idempotency, rates
from prasan.fabric.api import etag, link_header, make_api, not_modified
from prasan.fabric.models import IdempotencyKey, LedgerEntry, Notice, RateCount
from prasan.fabric.notices import notice_queue
from prasan.fabric.paging import page
from prasan.fabric.problems import Conflict, Forbidden, Invalid, TooMany
from prasan.site.urls import urlpatterns as site_urls

api = make_api(title="Test", version="1", namespace="test-api")


class Wish(Schema):
    text: str = Field(max_length=10)
    count: int = Field(1, ge=1)


def make_notice(text: str) -> int:
    with transaction.atomic(savepoint=False):
        notice_queue(key=text, address="a@b.example", language="th", template="x", context={})
    return Notice.objects.count()


@api.post("/wishes", response={201: dict[str, Any]})
@idempotency.idempotent
def wish(request: HttpRequest, payload: Wish) -> Any:
    if payload.text == "conflict" and Notice.objects.exists():
        raise Conflict
    return Status(201, {"made": make_notice(payload.text), "at": "ถนน"})


@api.get("/things")
def things(request: HttpRequest, response: HttpResponse, version: int = 1) -> Any:
    if unchanged := not_modified(request, response, etag("things", version)):
        return unchanged
    link_header(request, response, cursor="c:1" if version == 1 else "")
    return {"version": version}


@api.get("/fails/{how}")
def fails(request: HttpRequest, how: str) -> Any:
    raise {
        "missing": Http404(),
        "forbidden": Forbidden("ห้าม"),
        "often": TooMany(retry_after=7),
        "broken": RuntimeError("call 081-234-5678"),
    }[how]


def form(request: HttpRequest) -> HttpResponse:
    return idempotency.once(request, lambda: f"/made/{make_notice(request.POST['text'])}")


def refuses(request: HttpRequest) -> HttpResponse:
    raise Forbidden("เฉพาะเจ้าหน้าที่")


urlpatterns = [path("api/test/", api.urls), path("form", form), path("refuses", refuses), *site_urls]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]
KEY = {"Idempotency-Key": "8f0e5a52-8d0e"}


def post(body: dict[str, Any], **headers: str) -> Any:
    client = Client(raise_request_exception=False)
    return client.post("/api/test/wishes", json.dumps(body), content_type="application/json", headers=headers)


# ---- idempotency ----


def test_a_replay_gets_the_same_answer_and_creates_nothing() -> None:
    first, second = post({"text": "a"}, **KEY), post({"text": "a"}, **KEY)
    assert (first.status_code, first.json()) == (201, {"made": 1, "at": "ถนน"})
    assert (second.status_code, second.json()) == (201, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Notice.objects.count() == 1


def test_the_key_costs_one_statement_inside_the_change_s_transaction() -> None:
    with CaptureQueriesContext(connection) as with_key:
        post({"text": "a"}, **KEY)
    with CaptureQueriesContext(connection) as without:
        post({"text": "b"})
    assert len(with_key) - len(without) == 1


def test_the_same_key_with_another_body_is_refused() -> None:
    post({"text": "a"}, **KEY)
    answer = post({"text": "b"}, **KEY)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert Notice.objects.count() == 1


def test_a_refused_request_may_be_mended_under_the_same_key() -> None:
    assert post({"text": "x" * 11}, **KEY).status_code == 422
    assert post({"text": "a"}, **KEY).status_code == 201


def test_a_replay_is_answered_even_when_the_action_would_refuse_it_now() -> None:
    first = post({"text": "conflict"}, **KEY)
    assert post({"text": "conflict"}, **KEY).json() == first.json()
    assert post({"text": "conflict"}).status_code == 409


@pytest.mark.parametrize("key", ["short", "x" * 201, "ไทยไทยไทย", "with space in it"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    answer = post({"text": "a"}, **{"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_two_at_once_create_one() -> None:
    answers: list[Any] = []
    barrier = threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        answers.append(post({"text": "a"}, **KEY))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 4
    assert Notice.objects.count() == IdempotencyKey.objects.count() == 1


def test_another_caller_s_key_is_another_key(rf: RequestFactory) -> None:
    one, other = rf.post("/x"), rf.post("/x")
    from prasan.fabric.actors import Actor

    one.actor, other.actor = Actor("citizen", "1"), Actor("citizen", "2")  # type: ignore[attr-defined]
    assert idempotency._stored_key(one, "12345678") != idempotency._stored_key(other, "12345678")


def test_a_form_sent_twice_creates_once_and_leads_to_the_same_page() -> None:
    client = Client()
    fields = {"text": "a", "idempotency_key": "form-key-1234", "csrfmiddlewaretoken": "one"}
    first = client.post("/form", fields)
    second = client.post("/form", {**fields, "csrfmiddlewaretoken": "two"})
    assert (first.status_code, first["Location"]) == (302, "/made/1")
    assert (second.status_code, second["Location"]) == (302, "/made/1")


# ---- rates ----


def test_the_limit_holds_and_says_when_to_come_back() -> None:
    for _ in range(3):
        rates.rate_check("a", 3, 1000)
    with pytest.raises(TooMany) as refused:
        rates.rate_check("a", 3, 1000)
    assert 1 <= refused.value.extra["retry_after"] <= 1000
    rates.rate_check("b", 3, 1000)


def test_a_new_window_counts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(rates.time, "time", lambda: now)
    rates.rate_check("a", 1, 60)
    with pytest.raises(TooMany):
        rates.rate_check("a", 1, 60)
    now += 60
    rates.rate_check("a", 1, 60)


def test_a_check_is_one_statement_and_keeps_no_address() -> None:
    with CaptureQueriesContext(connection) as statements:
        rates.rate_check("report:203.0.113.9", 3, 60)
    assert len(statements) == 1
    assert "203.0.113.9" not in RateCount.objects.get().key


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_are_believed(
    rf: RequestFactory, settings: Any, trusted: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = rf.get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="10.0.0.1")
    assert rates.client_address(request) == expected


def test_an_ipv6_customer_is_one_network(rf: RequestFactory) -> None:
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"]
    assert {rates.client_network(rf.get("/", REMOTE_ADDR=address)) for address in addresses} == {
        "2001:db8:1:2::/64"
    }
    assert rates.client_network(rf.get("/", REMOTE_ADDR="::ffff:203.0.113.9")) == "203.0.113.9"


# ---- pages ----


def test_pages_show_every_row_once_also_while_rows_come_in(write_entries: Any) -> None:
    write_entries(12)
    LedgerEntry.objects.count()
    same = datetime(2026, 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("update fabric_ledgerentry set at = %s where id %% 3 > 0", [same])
        cursor.execute("set session_replication_role = origin")
    expected = list(LedgerEntry.objects.order_by("-at", "-id").values_list("id", flat=True))
    seen: list[int] = []
    cursor_text = ""
    for _ in range(20):
        found = page(LedgerEntry.objects.all(), by="-at", cursor=cursor_text, size=5)
        seen += [row.id for row in found.items]
        write_entries(1)
        cursor_text = found.next
        if not cursor_text:
            break
    assert seen == expected


def test_the_last_page_has_no_next(write_entries: Any) -> None:
    write_entries(4)
    found = page(LedgerEntry.objects.all(), by="id", size=4)
    assert (len(found.items), found.next) == (4, "")


def test_a_forged_cursor_or_one_of_another_list_is_refused(write_entries: Any) -> None:
    write_entries(3)
    real = page(LedgerEntry.objects.all(), by="-at", size=1).next
    for forged in ("x", real[:-1], real + "A", "W10:abc", "' or 1=1", "\x00"):
        with pytest.raises(Invalid) as refused:
            page(LedgerEntry.objects.all(), by="-at", cursor=forged)
        assert "cursor" in refused.value.errors
    with pytest.raises(Invalid):
        page(LedgerEntry.objects.all(), by="id", cursor=real)


# ---- problems, entity tags ----


def test_a_bad_field_is_named_in_the_reader_s_language() -> None:
    answer = post({"text": "x" * 11, "count": 0, "more": 1})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert {error["field"] for error in answer.json()["errors"]} == {"text", "count"}
    english = post({"text": "x" * 11}, **{"Accept-Language": "en"}).json()
    assert english["errors"] == [{"field": "text", "detail": "At most 10 characters."}]
    assert english["instance"] == "/api/test/wishes"


def test_bad_json_is_a_problem_too() -> None:
    answer = Client().post("/api/test/wishes", "{", content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("how", "status"), [("missing", 404), ("forbidden", 403), ("often", 429), ("broken", 500)]
)
def test_every_refusal_is_problem_json(how: str, status: int) -> None:
    answer = Client(raise_request_exception=False).get(f"/api/test/fails/{how}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert "081" not in answer.content.decode()
    if how == "often":
        assert answer["Retry-After"] == "7"


def test_an_unchanged_resource_is_not_sent_again() -> None:
    client = Client()
    first = client.get("/api/test/things")
    assert first["Link"] == '<http://testserver/api/test/things?cursor=c%3A1>; rel="next"'
    assert client.get("/api/test/things", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert (
        client.get("/api/test/things?version=2", headers={"If-None-Match": first["ETag"]}).status_code == 200
    )


def test_a_refused_page_is_a_page_for_people_and_json_for_programs() -> None:
    people = Client().get("/refuses", headers={"Accept": "text/html,*/*;q=0.8"})
    assert people.status_code == 403
    assert "เฉพาะเจ้าหน้าที่" in people.content.decode()
    programs = Client().get("/refuses", headers={"Accept": "application/json"})
    assert programs.json()["detail"] == "เฉพาะเจ้าหน้าที่"


def test_the_docs_page_has_no_inline_script() -> None:
    text = Client().get("/api/test/docs").content.decode()
    assert "swagger-ui" in text
    for script in text.split("<script")[1:]:
        assert "src=" in script.split(">")[0] or 'type="application/json"' in script.split(">")[0]


@pytest.mark.urls("prasan.site.urls")
def test_an_address_that_is_none_is_a_page_for_people_and_a_problem_for_programs() -> None:
    program = Client().get("/api/v1/nowhere")
    assert (program.status_code, program["Content-Type"]) == (404, "application/problem+json")
    people = Client().get("/nowhere", headers={"Accept": "text/html"})
    assert (people.status_code, people["Content-Type"]) == (404, "text/html; charset=utf-8")
    stranger = Client(headers={"Host": "evil.example"}).get("/api/v1/nowhere")
    assert (stranger.status_code, stranger["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.urls("prasan.site.urls")
def test_a_page_that_breaks_says_so_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from prasan.site import pages

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("081-234-5678")

    monkeypatch.setattr(pages, "render", broken)
    for accept, kind in (
        ("text/html", "text/html; charset=utf-8"),
        ("application/json", "application/problem+json"),
    ):
        answer = Client(raise_request_exception=False).get("/", headers={"Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (500, kind)
        assert "081" not in answer.content.decode()
