"""The same statements without Prasan: what one creating request sends to the database, replayed by pgbench.

The statements are captured from a real request and run in one transaction, prepared, by as many clients. Values that
must differ each time are drawn by pgbench; everything else stays as it was sent.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prasan.fabric import postgres

TPS = re.compile(r"tps = ([\d.]+)")
DRAWN_CODE = "('C' || :r::bigint)::varchar(12)"
NOT_REPLAYED = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT 1")


def captured_statements(body: str, key: str) -> tuple[list[str], str]:
    """The statements of one creating request, with their values, and the new report's code."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "captured-statements"}
    client = Client(SERVER_NAME="127.0.0.1")
    client.post(
        "/api/v1/reports",
        body,
        content_type="application/json",
        headers=headers | {"Idempotency-Key": "warm-up-0"},
    )
    with CaptureQueriesContext(connection) as queries:
        answer = client.post("/api/v1/reports", body, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    found = [query["sql"].strip() for query in queries]
    return [sql for sql in found if not sql.startswith(NOT_REPLAYED)], answer.json()["code"]


def script_of(statements: list[str], code: str) -> str:
    """A pgbench script: the same statements in one transaction, with a code, keys and a token of their own."""
    lines = ["\\set r random(1, 10000000000)", "begin;"]
    report = None
    for sql in statements:
        one = sql.replace("\n", " ").replace(f"'{code}'", DRAWN_CODE)
        one = _fresh_values(one)
        if report is not None and "reports_report" not in one.split("(")[0]:
            one = re.sub(rf"\b{report}\b", ":id::bigint", one)
        returning = re.search(r'returning\s+"reports_report"\."id"', one, re.IGNORECASE)
        if returning:
            report = _id_of(code)
            lines.append(f"{one} \\gset")
        else:
            lines.append(f"{one};")
    return "\n".join([*lines, "commit;", ""])


def _fresh_values(sql: str) -> str:
    """Keys and tokens that must differ from transaction to transaction."""
    if "fabric_idempotencykey" in sql:
        return re.sub(r"'[0-9a-f]{64}'", "md5(:r::bigint::text)", sql, count=1)
    if "fabric_ratecount" in sql:
        return re.sub(r"'[0-9a-f]{64}'", "md5(:client_id::bigint::text)", sql, count=1)
    if "reports_follower" in sql:
        return re.sub(r"'[A-Za-z0-9_-]{32}'", "md5(:r::bigint::text)", sql)
    return sql


def _id_of(code: str) -> int:
    from prasan.reports.models import Report

    return Report.objects.values_list("pk", flat=True).get(code=code)


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
