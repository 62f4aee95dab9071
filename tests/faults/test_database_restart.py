"""The database dies under load: what citizens were told is kept is kept, and nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from tests.fabric.apart import PROJECT, City, city, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("apart")]

CRASH = """
from prasan.fabric import postgres
postgres._run("pg_ctl", "-w", "-m", "immediate", "-l", str(postgres.data_folder() / "log"),
              "-D", str(postgres.data_folder()), "restart")
print("")
"""
SEALED = """
select coalesce(max(to_position), 0) > (select max(position) from fabric_ledgerentry) from fabric_ledgerseal
"""


@contextmanager
def load(apart: City) -> Iterator[subprocess.Popen[str]]:
    """A process that sends reports until its input is closed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.load"], env=apart.environment, cwd=PROJECT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def acknowledged(process: subprocess.Popen[str], count: int | None) -> dict[str, str]:
    """The next `count` acknowledged reports (all until the process ends for None): code by idempotency key."""
    assert process.stdout is not None
    return dict(line.split() for line in islice(process.stdout, count))


def test_no_acknowledged_report_is_lost_and_none_is_there_twice_when_the_database_is_killed_under_load() -> None:
    with city() as apart:
        apart.prasan("city", "load", "cities/bangkok")
        with load(apart) as process:
            told = acknowledged(process, 100)
            apart.python(CRASH)
            told |= acknowledged(process, 100)
            assert process.stdin is not None
            process.stdin.close()
            told |= acknowledged(process, None)
            assert process.wait(60) == 0
        kept = [code for (code,) in apart.rows("select code from reports_report")]
        assert len(told) >= 200
        assert sorted(told.values()) == sorted(kept), "each acknowledged, each once, none besides"
        each_has_one_of_each(apart)
        the_ledger_is_whole(apart, len(told))


def each_has_one_of_each(apart: City) -> None:
    """Each report has one lead assignment and one ledger entry."""
    odd = """
    select r.code from reports_report r
    where (select count(*) from reports_assignment a where a.report_id = r.id and a.role = 'lead') <> 1
       or (select count(*) from fabric_ledgerentry e where e.action = 'report.submit' and e.object_id = r.code) <> 1
    """
    assert apart.rows(odd) == []


def the_ledger_is_whole(apart: City, reports: int) -> None:
    """Sealed by a worker, the ledger verifies, and holds no entry of a report that is not there."""
    worker = apart.start("worker")
    try:
        wait_until(lambda: apart.rows(SEALED) == [(True,)], 60)
    finally:
        worker.terminate()
        worker.communicate(timeout=40)
    apart.prasan("ledger", "verify")
    assert apart.rows("select count(*) from fabric_ledgerentry where action = 'report.submit'") == [(reports,)]
