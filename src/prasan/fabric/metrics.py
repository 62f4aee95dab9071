"""Numbers for Prometheus: requests counted in shared files by all web processes, backlogs read from the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.db import connection
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from prasan.fabric.events import delivery_lag

disable_created_metrics()  # type: ignore[no-untyped-call]
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
REQUESTS = Counter("prasan_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("prasan_request_seconds", "Time to answer", ["route"], buckets=BUCKETS)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BACKLOG = """
select
  (select count(*) from fabric_ledgerentry
   where position >= coalesce((select to_position from fabric_ledgerseal order by id desc limit 1), 0)),
  (select count(*) from fabric_delivery where state = 'dead'),
  (select count(*) from fabric_delivery where state = 'retry'),
  (select count(*) from fabric_notice where state = 'queued'),
  (select count(*) from fabric_notice where state = 'dead'),
  (select count(*) from procrastinate_jobs where status = 'todo'),
  (select count(*) from procrastinate_jobs where status = 'failed'),
  (select count(*) from fabric_workerheartbeat where seen_at > now() - interval '1 minute')
"""
BACKLOG_NAMES = (
    ("prasan_ledger_unsealed", "Ledger entries that no seal covers yet"),
    ("prasan_deliveries_dead", "Ledger entries a subscriber could not take, given up"),
    ("prasan_deliveries_retried", "Ledger entries a subscriber could not take, tried again"),
    ("prasan_notices_queued", "Notices waiting to be sent"),
    ("prasan_notices_dead", "Notices given up"),
    ("prasan_jobs_waiting", "Background jobs waiting"),
    ("prasan_jobs_failed", "Background jobs given up"),
    ("prasan_workers", "Worker processes seen within a minute"),
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Note one answered request; `route` is the address's pattern, never the address."""
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


def exposition() -> bytes:
    """All numbers in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(_Backlog())
    return generate_latest(registry)


class _Backlog:
    """What waits in the database: the same whichever process answers."""

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with connection.cursor() as cursor:
            cursor.execute(BACKLOG)
            values = cursor.fetchone()
        for (name, text), value in zip(BACKLOG_NAMES, values, strict=True):
            yield GaugeMetricFamily(name, text, value=value)
        waiting = GaugeMetricFamily(
            "prasan_delivery_waiting", "Entries not delivered yet", labels=["subscriber"]
        )
        age = GaugeMetricFamily(
            "prasan_delivery_lag_seconds", "Age of the oldest of them", labels=["subscriber"]
        )
        for subscriber, count, seconds in delivery_lag():
            waiting.add_metric([subscriber], count)
            age.add_metric([subscriber], seconds)
        yield waiting
        yield age
