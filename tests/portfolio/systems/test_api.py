"""The systems' API: scopes, pages, entity tags, once only; what it gives and refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.people.actions.api_keys import api_key_create
from prasan.portfolio.models import Interface, System
from tests.portfolio.systems import making
from tests.portfolio.systems.making import EDUCATION, HEALTH

pytestmark = pytest.mark.django_db

NEW = {
    "code": "HD-1", "owner": HEALTH, "name_th": "ระบบนัดหมาย", "capability": "citizen.queues",
    "data_held": ["ผู้ป่วย"], "users": 40, "contract_end": "2027-09-30", "costs": {"2570": "1250000.50"},
}  # fmt: skip


def key_for(agency: str | None, *scopes: str) -> str:
    return api_key_create(actor=Actor.system("tests"), name="test", agency=agency, scope_codes=scopes)[1]


@pytest.fixture
def reader() -> str:
    return key_for(None, "portfolio:read")


@pytest.fixture
def writer() -> str:
    return key_for(HEALTH, "portfolio:read", "portfolio:write")


def call(method: str, path: str, key: str, body: Any = None, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        given["Authorization"] = f"Bearer {key}"
    send = getattr(Client(), method)
    if method == "get":
        return send(f"/api/v1{path}", headers=given)
    return send(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=given)


def test_nothing_is_public_and_each_scope_opens_its_own() -> None:
    making.system(code="A")
    reports = key_for(HEALTH, "reports:handle")
    only_writes = key_for(HEALTH, "portfolio:write")
    for path in ("/systems", "/systems/A", "/capabilities"):
        assert call("get", path, "").status_code == 401
        assert call("get", path, reports).status_code == 403
        assert call("get", path, only_writes).status_code == 403
    assert call("post", "/systems", key_for(HEALTH, "portfolio:read"), NEW).status_code == 403


def test_a_system_is_entered_and_read_again(writer: str) -> None:
    answer = call("post", "/systems", writer, NEW, Accept_Language="th")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["owner"], body["capability"]["name"]) == (
        {"code": HEALTH, "name": "สำนักอนามัย"},
        "นัดหมายและคิว",
    )
    assert (body["costs"], body["version"], body["gives"]) == ({"2570": "1250000.50"}, 1, [])
    assert call("get", "/systems/HD-1", writer, Accept_Language="th").json() == body
    assert LedgerEntry.objects.get(object_type="system").actor_kind == "api_key"


def test_the_same_request_sent_twice_enters_one_system(writer: str) -> None:
    key = uuid4().hex
    given = {name: value for name, value in NEW.items() if name != "code"}
    answers = [call("post", "/systems", writer, given, Idempotency_Key=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert System.objects.count() == 1


def test_a_key_enters_and_changes_only_its_agencys_systems(writer: str) -> None:
    assert call("post", "/systems", writer, NEW | {"owner": EDUCATION}).status_code == 403
    assert call("post", "/systems", writer, NEW | {"owner": making.DIVISION}).status_code == 201
    making.system(EDUCATION, code="ED-1")
    assert call("patch", "/systems/ED-1", writer, {"users": 1}).status_code == 403
    assert call("patch", "/systems/none", writer, {"users": 1}).status_code == 404


def test_a_change_keeps_what_was_not_sent(writer: str) -> None:
    making.system(code="A", vendor="บริษัทหนึ่ง", users=3, costs={2569: Decimal(5), 2570: Decimal(6)})
    answer = call("patch", "/systems/A", writer, {"users": None, "costs": {"2569": None, "2571": 7}})
    assert answer.status_code == 200, answer.content
    system = System.objects.get()
    assert (system.vendor, system.users) == ("บริษัทหนึ่ง", None)
    assert answer.json()["costs"] == {"2570": "6.00", "2571": "7.00"}


def test_with_if_match_a_change_arrives_only_when_nobody_else_came_first(writer: str) -> None:
    making.system(code="A")
    tag = call("get", "/systems/A", writer)["ETag"]
    assert call("get", "/systems/A", writer, If_None_Match=tag).status_code == 304
    assert call("patch", "/systems/A", writer, {"users": 1}, If_Match=tag).status_code == 200
    late = call("patch", "/systems/A", writer, {"users": 2}, If_Match=tag)
    assert (late.status_code, System.objects.get().users) == (412, 1)
    assert call("get", "/systems/A", writer, If_None_Match=tag).status_code == 200
    assert call("patch", "/systems/A", writer, {"users": 2}, If_Match="whatever").status_code == 422


def test_a_connection_is_entered_and_shows_on_both_sides_with_a_new_tag(writer: str) -> None:
    making.system(code="A")
    making.system(EDUCATION, code="B")
    tag = call("get", "/systems/B", writer)["ETag"]
    given = {"consumer": "B", "data": "นักเรียน", "method": "file"}
    answer = call("post", "/systems/A/interfaces", writer, given)
    assert answer.status_code == 201, answer.content
    assert [link["system"]["code"] for link in answer.json()["gives"]] == ["B"]
    other = call("get", "/systems/B", writer, If_None_Match=tag)
    assert [(link["system"]["code"], link["data"]) for link in other.json()["uses"]] == [("A", "นักเรียน")]
    assert call("post", "/systems/A/interfaces", writer, given).status_code == 422
    assert call("post", "/systems/none/interfaces", writer, given).status_code == 404
    assert Interface.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name_th": ""}, "name_th"), ({"owner": "no.such"}, "owner"), ({"capability": "no.such"}, "capability"),
        ({"users": -1}, "users"), ({"hosting": "moon"}, "hosting"), ({"costs": {"70": 1}}, "costs.70"),
        ({"costs": {"2570": -1}}, "costs.2570"), ({"code": "a b"}, "code"), ({"nmae": "x"}, "nmae"),
        ({"contract_end": "soon"}, "contract_end"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_taken_is_named(writer: str, change: dict[str, Any], field: str) -> None:
    answer = call("post", "/systems", writer, NEW | change)
    assert answer.status_code == 422, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not System.objects.exists()


def test_the_list_filters_and_pages_by_code(reader: str) -> None:
    for number in range(3):
        making.system(code=f"A-{number}", capability="health.centres")
    making.system(EDUCATION, code="B", name_th="ระบบทะเบียนนักเรียน")
    page = call("get", "/systems?capability=health&limit=2", reader)
    assert [item["code"] for item in page.json()["items"]] == ["A-0", "A-1"]
    assert 'rel="next"' in page["Link"]
    rest = call("get", f"/systems?capability=health&limit=2&cursor={page.json()['next']}", reader).json()
    assert ([item["code"] for item in rest["items"]], rest["next"]) == (["A-2"], "")
    found = call("get", "/systems?words=นักเรียน", reader).json()["items"]
    assert [item["code"] for item in found] == ["B"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("agency=no.such", "agency"), ("capability=x", "capability"), ("hosting=x", "hosting"), ("limit=0", "limit"),
        ("cursor=forged", "cursor"), ("contract_ends_within=-1", "contract_ends_within"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_named(reader: str, query: str, field: str) -> None:
    answer = call("get", f"/systems?{query}", reader)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("count", [1, 60])
def test_the_list_costs_three_statements_whatever_its_size(reader: str, count: int) -> None:
    for _ in range(count):
        making.system()
    call("get", "/systems", reader)
    with CaptureQueriesContext(connection) as queries:
        assert len(call("get", "/systems", reader).json()["items"]) == min(count, 50)
    assert len(queries) <= 3


def test_the_capability_map_is_given_in_the_readers_language(reader: str) -> None:
    items = call("get", "/capabilities", reader, Accept_Language="en").json()["items"]
    (one,) = [item for item in items if item["code"] == "health.telemedicine"]
    assert (one["name"], one["group"]) == ("Telemedicine", {"code": "health", "name": "Health"})


def test_too_many_requests_of_a_key_are_refused_for_a_while(
    reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prasan.fabric.rates.time.time", lambda: 1_000_000.0)
    monkeypatch.setattr("prasan.people.api.WITH_KEY", 2)
    answers = [call("get", "/systems", reader).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
