"""Health and numbers for machines, logs without personal data."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from prasan.fabric import events, health
from prasan.fabric.logs import JsonFormatter
from prasan.fabric.models import LedgerEntry, Notice
from prasan.fabric.notices import notice_queue

pytestmark = pytest.mark.django_db(transaction=True)

LAST_MIGRATION = """
delete from django_migrations where app = 'fabric'
  and name = (select max(name) from django_migrations where app = 'fabric') returning name, applied
"""


@pytest.fixture(autouse=True)
def clean() -> None:
    health._tables_are_current.cache_clear()


def heartbeat(age: str = "0 seconds") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into fabric_workerheartbeat (name, seen_at) values ('w', now() - %s::interval)", [age]
        )


def test_alive_asks_nothing_of_the_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/health/live")
    assert answer.status_code == 200
    assert "no-cache" in answer["Cache-Control"]


def test_ready_tells_of_database_tables_and_worker() -> None:
    assert Client().get("/health/ready").json() == {"database": True, "tables": True, "worker": False}
    heartbeat("5 minutes")
    assert Client().get("/health/ready").json()["worker"] is False
    with connection.cursor() as cursor:
        cursor.execute("update fabric_workerheartbeat set seen_at = now()")
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "tables": True, "worker": True})


def test_without_a_database_it_is_alive_but_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", gone)
    assert Client().get("/health/live").status_code == 200
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["database"]) == (503, False)


def test_tables_behind_the_code_are_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute(LAST_MIGRATION)
        name, applied = cursor.fetchone()
    try:
        assert Client().get("/health/ready").status_code == 503
    finally:
        back = "insert into django_migrations (app, name, applied) values ('fabric', %s, %s)"
        with connection.cursor() as cursor:
            cursor.execute(back, [name, applied])


def numbers(**headers: str) -> str:
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_numbers_tell_what_waits(write_entries: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_subscribers", {})

    @events.subscriber("test", actions=("*",))
    def handle(entries: Sequence[LedgerEntry]) -> None: ...

    events.subscriptions_ensure()
    write_entries(3)
    notice_queue(key="a", address="a@b.example", language="th", template="x", context={})
    Notice.objects.filter(key="a").update(state="dead")
    heartbeat()
    lines = numbers().splitlines()
    assert "prasan_ledger_unsealed 3.0" in lines
    assert 'prasan_delivery_waiting{subscriber="test"} 3.0' in lines
    assert "prasan_notices_dead 1.0" in lines
    assert "prasan_notices_queued 0.0" in lines
    assert "prasan_workers 1.0" in lines


def test_numbers_count_requests_by_pattern_never_by_address() -> None:
    Client().get("/nowhere/081-234-5678")
    Client().get("/health/live")
    text = numbers()
    assert 'prasan_requests_total{method="GET",route="health/live",status="200"}' in text
    assert "081-234" not in text


@pytest.mark.parametrize(
    ("address", "headers", "proxies", "status"),
    [
        ("127.0.0.1", {}, 0, 200),
        ("::1", {}, 0, 200),
        ("203.0.113.9", {}, 0, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 0, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 1, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 1, 404),
        ("203.0.113.9", {"Authorization": "Bearer right"}, 0, 200),
        ("203.0.113.9", {"Authorization": "Bearer wrong"}, 0, 404),
        ("203.0.113.9", {"Authorization": "Bearer "}, 0, 404),
    ],
)
def test_numbers_are_for_this_machine_or_with_the_token(
    settings: Any, address: str, headers: dict[str, str], proxies: int, status: int
) -> None:
    settings.METRICS_TOKEN, settings.TRUSTED_PROXIES = "right", proxies
    assert Client(REMOTE_ADDR=address).get("/metrics", headers=headers).status_code == status


def test_without_a_token_an_empty_one_opens_nothing(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    client = Client(REMOTE_ADDR="203.0.113.9")
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


# ---- logs ----


@pytest.fixture
def lines() -> Any:
    """What the root logger would print."""
    printed: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            printed.append(self.format(record))

    handler = Keep()
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield printed
    logging.getLogger().removeHandler(handler)


def test_an_exception_is_logged_by_kind_and_place_without_what_it_says(lines: list[str]) -> None:
    try:
        try:
            raise ValueError("โทร 081-234-5678")
        except ValueError as error:
            raise RuntimeError("somchai@home.example") from error
    except RuntimeError:
        logging.getLogger("test").exception("job %d failed", 7)
    (line,) = lines
    told = json.loads(line)
    assert told["message"] == "job 7 failed"
    assert [error["kind"] for error in told["error"]] == ["RuntimeError", "ValueError"]
    assert "test_health.py" in told["error"][0]["trace"][-1]
    assert "081" not in line
    assert "somchai" not in line


def test_a_database_error_names_its_constraint_and_not_the_row(lines: list[str]) -> None:
    notice_queue(key="โทร 081-234-5678", address="", language="th", template="x", context={})
    try:
        with transaction.atomic():
            Notice.objects.create(key="โทร 081-234-5678", template="x")
    except IntegrityError:
        logging.getLogger("test").exception("failed")
    (line,) = lines
    assert "fabric_notice_key" in line
    assert "081" not in line


def test_a_page_that_breaks_logs_no_personal_data(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from prasan.site import pages

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("ข้อความของประชาชน 081-234-5678")

    monkeypatch.setattr(pages, "render", broken)
    answer = Client(raise_request_exception=False).get("/?q=081-234-5678")
    assert answer.status_code == 500
    assert any("RuntimeError" in line for line in lines)
    assert not any("081" in line or "ประชาชน" in line for line in lines)


def test_a_request_can_be_followed_by_its_id(lines: list[str]) -> None:
    answer = Client().get("/nowhere", headers={"X-Request-ID": "abcdefgh-1234"})
    assert answer["X-Request-ID"] == "abcdefgh-1234"
    assert Client().get("/nowhere", headers={"X-Request-ID": "<script>"})["X-Request-ID"] != "<script>"
