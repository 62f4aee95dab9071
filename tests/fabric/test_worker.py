"""The worker as a real process: killed, stopped, and with the database going away under it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.fabric.apart import City, city, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("apart")]

WRITE = """
insert into fabric_ledgerentry (actor_kind, actor_id, action, object_type, object_id, changes, origin)
select 'system', '', 'test.event', 'test', n::text, '{}', '' from generate_series(1, %s) n
"""

ALL_SEALED = "select max(to_position) > (select max(position) from fabric_ledgerentry) from fabric_ledgerseal"


@pytest.fixture(scope="module")
def apart() -> Iterator[City]:
    with city() as made:
        made.rows("create table slow_effect (entry_id bigint)")
        made.rows("create table slow_job (number int)")
        yield made


@pytest.fixture(autouse=True)
def clean(apart: City) -> None:
    apart.rows("truncate slow_effect, slow_job")
    apart.rows("delete from fabric_delivery")


def stop(worker: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> str:
    worker.send_signal(number)
    output, _ = worker.communicate(timeout=40)
    return output


def has_heartbeat(apart: City, worker: subprocess.Popen[str]) -> bool:
    return bool(apart.rows("select 1 from fabric_workerheartbeat where name like %s", f"%:{worker.pid}"))


def effects(apart: City) -> tuple[int, int]:
    """Entries noted, and notes."""
    return apart.rows("select count(distinct entry_id), count(*) from slow_effect")[0]  # type: ignore[return-value]


def test_a_worker_killed_in_the_middle_of_a_delivery_loses_nothing_and_does_nothing_twice(
    apart: City,
) -> None:
    apart.rows(WRITE, 40)
    worker = apart.start("worker", SLOW_PAUSE="0.1")
    wait_until(
        lambda: apart.rows("select 1 from pg_stat_activity where query like 'insert into slow_effect%%'")
    )
    worker.kill()
    worker.communicate()
    assert effects(apart) == (0, 0), "the batch was one transaction"
    worker = apart.start("worker")
    wait_until(lambda: effects(apart)[0] == 40)
    assert stop(worker) == ""
    assert effects(apart) == (40, 40)


def test_two_workers_share_the_work_and_do_nothing_twice(apart: City) -> None:
    workers = [apart.start("worker", SLOW_PAUSE="0.002") for _ in range(2)]
    for _ in range(20):
        apart.rows(WRITE, 30)
    wait_until(lambda: effects(apart)[0] == 600)
    wait_until(lambda: apart.rows(ALL_SEALED)[0][0])
    for worker in workers:
        stop(worker)
    assert effects(apart) == (600, 600)
    assert "all as it was sealed" in apart.prasan("ledger", "verify").stdout


def test_a_stopped_worker_ends_its_round_and_leaves_no_heartbeat(apart: City) -> None:
    apart.rows(WRITE, 5)
    worker = apart.start("worker", SLOW_PAUSE="0.3")
    wait_until(
        lambda: apart.rows("select 1 from pg_stat_activity where query like 'insert into slow_effect%%'")
    )
    assert stop(worker, signal.SIGINT) == ""
    assert worker.returncode == 0
    assert effects(apart) == (5, 5)
    assert not has_heartbeat(apart, worker)


def test_a_poisoned_entry_does_not_hold_up_the_others(apart: City) -> None:
    apart.rows(WRITE, 3)
    apart.rows(WRITE.replace("n::text", "'poison'"), 1)
    apart.rows(WRITE, 3)
    worker = apart.start("worker")
    wait_until(lambda: effects(apart)[0] == 6)
    output = stop(worker)
    assert apart.rows("select subscriber, state from fabric_delivery") == [("tests.slow", "retry")]
    assert "ValueError" in output
    listed = apart.prasan("deliveries", "list").stdout
    assert "tests.slow" in listed
    assert "ValueError" in listed


def test_a_worker_outlives_a_restart_of_the_database(apart: City) -> None:
    worker = apart.start("worker")
    apart.rows(WRITE, 3)
    wait_until(lambda: effects(apart)[0] == 3)
    apart.database("stop")
    time.sleep(3)
    apart.database("start")
    apart.rows(WRITE, 3)
    defer(apart, 7)
    wait_until(lambda: effects(apart) == (6, 6), 60)
    wait_until(lambda: apart.rows("select number from slow_job") == [(7,)], 60)
    wait_until(
        lambda: apart.rows(
            "select 1 from fabric_workerheartbeat where seen_at > now() - interval '15 seconds'"
        )
    )
    assert worker.poll() is None
    output = stop(worker)
    assert worker.returncode == 0
    for line in output.splitlines():
        json.loads(line)


def defer(apart: City, number: int, seconds: float = 0) -> None:
    apart.python(
        f"from tests.fabric.slow.jobs import slow_job; slow_job.defer(number={number}, seconds={seconds})"
    )


def test_a_job_is_one_row_of_the_transaction_that_defers_it(apart: City) -> None:
    apart.python(
        "from django.db import transaction\n"
        "from tests.fabric.slow.jobs import slow_job\n"
        "try:\n"
        "  with transaction.atomic():\n"
        "    slow_job.defer(number=1); raise RuntimeError\n"
        "except RuntimeError: pass\n"
    )
    assert apart.rows("select * from procrastinate_jobs where task_name = 'tests.slow_job'") == []


def test_a_job_whose_worker_was_killed_is_done_by_another(apart: City) -> None:
    defer(apart, 1, seconds=30)
    worker = apart.start("worker")
    wait_until(lambda: apart.rows("select 1 from procrastinate_jobs where status = 'doing'"))
    worker.kill()
    worker.communicate()
    apart.rows("update procrastinate_workers set last_heartbeat = now() - interval '5 minutes'")
    apart.rows("""update procrastinate_jobs set args = '{"number": 1, "seconds": 0}'""")
    worker = apart.start("worker")
    wait_until(lambda: apart.rows("select number from slow_job") == [(1,)])
    stop(worker)


def test_a_job_that_kills_its_workers_is_set_aside(apart: City) -> None:
    apart.python("from tests.fabric.slow.jobs import deadly_job; deadly_job.defer()")
    apart.rows("update procrastinate_jobs set attempts = 4 where task_name = 'tests.deadly_job'")
    worker = apart.start("worker")
    worker.communicate(timeout=60)
    assert worker.returncode == -signal.SIGKILL
    apart.rows("update procrastinate_workers set last_heartbeat = now() - interval '5 minutes'")
    worker = apart.start("worker")
    state = "select status from procrastinate_jobs where task_name = 'tests.deadly_job'"
    wait_until(lambda: apart.rows(state) == [("failed",)])
    assert worker.poll() is None
    stop(worker)


def test_no_acknowledged_entry_is_lost_when_the_database_is_restarted_under_load(apart: City) -> None:
    worker = apart.start("worker")
    acknowledged, url, restarted = 0, apart.url, False
    end = time.monotonic() + 12
    connection = psycopg.connect(url, autocommit=True)
    while time.monotonic() < end:
        try:
            connection.execute(WRITE, [1])  # type: ignore[arg-type]
            acknowledged += 1
        except psycopg.OperationalError:
            time.sleep(0.2)
            try:
                connection = psycopg.connect(url, autocommit=True)
            except psycopg.OperationalError:
                continue
        if not restarted and acknowledged > 50:
            restarted = True
            apart.database("stop")
            apart.database("start")
    wait_until(lambda: effects(apart)[0] >= acknowledged, 60)
    stop(worker)
    assert restarted
    noted, notes = effects(apart)
    assert noted == notes


def test_an_idle_worker_costs_almost_no_processor_time(apart: City) -> None:
    worker = apart.start("worker")
    wait_until(lambda: has_heartbeat(apart, worker))
    time.sleep(2)
    began, spent = time.monotonic(), cpu_seconds(worker.pid)
    time.sleep(5)
    share = (cpu_seconds(worker.pid) - spent) / (time.monotonic() - began)
    stop(worker)
    assert share < 0.03, f"{share:.1%} of a core"


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
