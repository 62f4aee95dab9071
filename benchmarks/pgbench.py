"""The same statements without Prasan: what one creating request sends to the database, replayed by pgbench.

The statements are captured from a real request and run in one transaction, prepared, by as many clients. Values that
must differ each time are drawn by pgbench; everything else stays as it was sent.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from uuid import uuid4

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prasan.fabric import postgres

TPS = re.compile(r"tps = ([\d.]+)")
DRAWN = "('C' || :r::bigint)"  # a code of its own for each transaction
LITERAL = re.compile(r"E?'(?:[^'\\]|''|\\.)*'")
NOT_REPLAYED = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT 1")


def captured_statements(body: str, key: str) -> tuple[list[str], str]:
    """The statements of one creating request, with their values, and the new report's code."""
    client = Client(SERVER_NAME="127.0.0.1")

    def create() -> HttpResponse:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": uuid4().hex}
        return client.post("/api/v1/reports", body, content_type="application/json", headers=headers)  # type: ignore[return-value]

    create()  # loads the registers
    with CaptureQueriesContext(connection) as queries:
        answer = create()
    assert answer.status_code == 201, answer.content
    found = [query["sql"].strip() for query in queries]
    return [sql for sql in found if not sql.startswith(NOT_REPLAYED)], answer.json()["code"]


def script_of(statements: list[str], code: str) -> str:
    """A pgbench script: the same statements in one transaction, with a code, keys and a token of their own."""
    fresh = (_fresh_values(sql.replace("\n", " "), code) for sql in statements)
    return "\n".join(
        ["\\set r random(1, 10000000000)", "begin;", *(f"{sql};" for sql in fresh), "commit;", ""]
    )


def _fresh_values(sql: str, code: str) -> str:
    """What must differ from transaction to transaction is drawn; else a conflict would make them do nothing."""
    if "fabric_idempotencykey" in sql:
        return re.sub(r"'[0-9a-f]{64}'", "md5(:r::bigint::text)", sql, count=1)
    if "fabric_ratecount" in sql:
        return re.sub(r"'[0-9a-f]{64}'", "md5(:client_id::bigint::text)", sql, count=1)
    return LITERAL.sub(lambda found: _drawn_literal(found[0], code), sql)


def _drawn_literal(literal: str, code: str) -> str:
    """A code, or a row as JSON with a code or a follower's token in it, made of text and what pgbench draws."""
    if literal == f"'{code}'":
        return f"{DRAWN}::varchar(12)"
    prefix = "E" if literal.startswith("E") else ""
    token = re.search(r'"token": "([^"]+)"', literal)
    for value in (code, token[1] if token else code):
        if f'"{value}"' in literal:
            literal = literal.replace(f'"{value}"', f"\"' || {DRAWN} || {prefix}'\"")
            return f"({literal})::json"
    return literal


def transactions_per_second(script: str, folder: Path, *, clients: int, seconds: int) -> float:
    """What pgbench reaches with the script on the running embedded server."""
    path = folder / "create.sql"
    path.write_text(script)
    done = subprocess.run(
        [
            str(postgres.binaries() / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2",
            "-T", str(seconds), "-f", str(path), "-h", str(postgres.socket_folder()), "-U", "postgres", "prasan",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = TPS.search(done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr[-1500:]}")
    return float(found[1])
