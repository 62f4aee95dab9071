"""Background work: procrastinate's queue in PostgreSQL. Each module's jobs.py holds its tasks.

A task is idempotent, its arguments are ids (never personal data: they are logged), and it is deferred inside
the transaction of what it follows from, so that both exist or neither does. Under load defer from a subscriber
(events.py) rather than from a page: procrastinate wakes workers with NOTIFY, and commits that notify wait for
each other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from prasan.fabric.models import Delivery, IdempotencyKey, Notice, WorkerHeartbeat

log = logging.getLogger(__name__)

RETRY = RetryStrategy(max_attempts=8, exponential_wait=4)  # 4 s, 16 s, 64 s … about a day in all
KEPT_REQUESTS = timedelta(days=2)
KEPT_DELIVERIES = timedelta(days=30)
KEPT_NOTICES = timedelta(days=90)
FORGET_RATES = 'delete from fabric_ratecount where "window" < extract(epoch from now())'
RESCUE = """
update procrastinate_jobs j set attempts = attempts + 1, scheduled_at = now(),
  status = case when attempts >= %s or exists (
      select from procrastinate_jobs other where other.queueing_lock = j.queueing_lock and other.status = 'todo'
    ) then 'failed' else 'todo' end::procrastinate_job_status
where id in (
  select d.id from procrastinate_jobs d left join procrastinate_workers w on w.id = d.worker_id
  where d.status = 'doing' and (w.id is null or w.last_heartbeat < now() - interval '1 minute')
  for update of d skip locked)
"""
DEADLY = 4  # a job whose worker died this often is set aside


def task(name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Register a task under a lasting name (``reports.photo_process``); retried with growing pauses."""
    return app.task(name=name, **{"retry": RETRY, **options})


def periodic_task(name: str, cron: str, **options: Any) -> Callable[[Callable[[], Any]], Any]:
    """Register a task that runs by `cron` (UTC), once however many workers there are, and never beside itself."""

    def register(function: Callable[[], Any]) -> Any:
        def run(timestamp: int) -> None:
            del timestamp  # procrastinate's moment of the run; ours ask the clock
            function()

        registered = task(name, lock=name, queueing_lock=name, **options)(run)
        return app.periodic(cron=cron, periodic_id=name)(registered)

    return register


@periodic_task("fabric.tidy", cron="17 19 * * *")  # 02:17 in Bangkok
def tidy() -> dict[str, int]:
    """Forget what has served: answers kept for replays, old counts, delivered entries, sent notices."""
    now = timezone.now()
    forgotten = {
        "requests": IdempotencyKey.objects.filter(created_at__lt=now - KEPT_REQUESTS).delete()[0],
        "deliveries": Delivery.objects.filter(
            state=Delivery.State.DONE, created_at__lt=now - KEPT_DELIVERIES
        ).delete()[0],
        "notices": Notice.objects.filter(state=Notice.State.SENT, sent_at__lt=now - KEPT_NOTICES).delete()[0],
        "workers": WorkerHeartbeat.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()[0],
    }
    with connection.cursor() as cursor:
        cursor.execute(FORGET_RATES)
        forgotten["rates"] = cursor.rowcount
    log.info("tidied: %s", forgotten)
    return forgotten


def jobs_rescue() -> int:
    """Take up again the jobs whose worker died; returns how many. A job that kills its workers becomes failed."""
    with connection.cursor() as cursor:
        cursor.execute(RESCUE, [DEADLY])
        return int(cursor.rowcount)
