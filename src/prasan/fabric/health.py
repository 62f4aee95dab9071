"""Addresses for machines that watch this one: alive, ready, numbers."""

from __future__ import annotations

import hmac
import ipaddress
from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from prasan.fabric import metrics
from prasan.fabric.problems import NotFound
from prasan.fabric.rates import client_address

WORKER_SEEN = "select exists (select from fabric_workerheartbeat where seen_at > now() - interval '1 minute')"


@never_cache
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nothing else, so that a database away for a moment restarts nobody."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_GET
def ready(request: HttpRequest) -> JsonResponse:
    """200 when pages can be served; a missing worker is told but keeps nobody out: work waits, nothing is lost."""
    state = {"database": False, "tables": False, "worker": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            state["database"] = True
            state["tables"] = _tables_are_current()
            cursor.execute(WORKER_SEEN)
            state["worker"] = cursor.fetchone()[0]
    except (Error, _TablesBehind):
        pass
    return JsonResponse(state, status=200 if state["tables"] else 503)


@never_cache
@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine or for whoever has PRASAN_METRICS_TOKEN; others find nothing here."""
    if not _may_read_numbers(request):
        raise NotFound
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


class _TablesBehind(Exception):
    pass


@cache
def _tables_are_current() -> bool:
    """Asked until it is true, then never again: code does not go back while it runs."""
    from prasan.fabric import migrations_state

    if migrations_state.pending():
        raise _TablesBehind
    return True


def _may_read_numbers(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    if request.headers.get("X-Forwarded-For") and not settings.TRUSTED_PROXIES:
        return False  # a proxy on this machine passes on somebody from elsewhere
    try:
        return ipaddress.ip_address(client_address(request)).is_loopback
    except ValueError:
        return False
