"""A second connection, a ledger to write to, and tampering as a superuser would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from prasan.fabric.actors import Actor
from prasan.fabric.ledger import ledger_write


@pytest.fixture
def var_folder(settings: Any, tmp_path: Any) -> Any:
    """A folder of this test's own for files beside the database."""
    settings.VAR_FOLDER = tmp_path
    return tmp_path


@pytest.fixture
def other_connection(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A second session on the test database, as another process has."""
    given = connection.get_connection_params()
    wanted = {name: given[name] for name in ("dbname", "user", "password", "host", "port") if given.get(name)}
    with psycopg.connect(**wanted) as other:
        yield other
        other.rollback()


@pytest.fixture
def write_entries() -> Callable[..., None]:
    """Write `count` ledger entries, each in its own transaction."""

    def write(count: int, action: str = "report.submit") -> None:
        for number in range(count):
            ledger_write(
                actor=Actor.anonymous(), action=action, object_type="report", object_id=number,
                changes={"status": [None, "waiting"], "text": "ถนน \\" + '"' * (number % 2)},
            )  # fmt: skip

    return write


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Run a statement with the append-only triggers off, as somebody with the database's keys could."""

    def run(statement: str, values: Any = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            cursor.execute(statement, values)
            cursor.execute("set session_replication_role = origin")

    return run


@pytest.fixture(autouse=True)
def _bangkok_again(request: pytest.FixtureRequest) -> None:
    """The fabric knows no city: its tests that commit begin with an empty ledger, the first of a run too."""
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        with connection.cursor() as cursor:
            cursor.execute("truncate fabric_ledgerentry, fabric_ledgerseal, fabric_subscription")
