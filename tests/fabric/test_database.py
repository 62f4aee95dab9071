"""The database backend: kept connections are looked at cheaply and replaced when they are gone."""

from __future__ import annotations

import time

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prasan.fabric.database.base import prepared_cursor

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_kept_connection_is_used_again_without_asking() -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    asked = connection._asked_at
    assert connection.is_usable()
    assert connection._asked_at == asked


def test_a_connection_that_the_server_ended_is_noticed_and_replaced() -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    known = connection.get_connection_params()
    where = {name: known[name] for name in ("dbname", "user", "host") if known.get(name)}
    with psycopg.connect(**where, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    end = time.monotonic() + 10
    while not connection._has_something_to_read() and time.monotonic() < end:
        time.sleep(0.01)
    assert not connection.is_usable()
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


def test_a_connection_that_rested_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    asked = connection._asked_at
    monkeypatch.setattr("prasan.fabric.database.base.time.monotonic", lambda: asked + 31)
    assert connection.is_usable()
    assert connection._asked_at == asked + 31


def test_a_prepared_statement_is_parsed_once_and_answers_as_any_other() -> None:
    for number in (1, 2, 3):
        with prepared_cursor() as cursor:
            cursor.execute("select %s::int + 1 as next_one", [number])
            assert cursor.fetchone() == (number + 1,)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_prepared_statements where statement like '%%next_one%%'")
        assert cursor.fetchone() == (1,)


def test_where_statements_are_logged_a_prepared_one_is_logged_with_its_values() -> None:
    with CaptureQueriesContext(connection) as captured, prepared_cursor() as cursor:
        cursor.execute("select %s::text", ["หนึ่ง"])
    assert [query["sql"] for query in captured.captured_queries] == ["select 'หนึ่ง'::text"]
