"""Rate limits: fixed windows, one statement a check, in a table that survives no crash and needs not to."""

from __future__ import annotations

import ipaddress
import time

from django.conf import settings
from django.http import HttpRequest

from prasan.fabric.database.base import prepared_cursor
from prasan.fabric.personal import lookup_hash
from prasan.fabric.problems import TooMany

COUNT = """
insert into fabric_ratecount as r (key, "window", count) values (%s, %s, 1)
on conflict (key) do update
set count = case when r."window" = excluded."window" then r.count + 1 else 1 end, "window" = excluded."window"
returning count
"""


def rate_check(key: str, limit: int, window_seconds: int) -> None:
    """Count one more for `key`; raises TooMany (with `retry_after` seconds) above `limit` in the window.

    Call it before the change's transaction: a refused or failed request counts too, and callers who share a
    key do not wait for each other's commits. At the border of two windows up to twice the limit passes.
    """
    now = time.time()
    end = (int(now) // window_seconds + 1) * window_seconds
    with prepared_cursor() as cursor:
        cursor.execute(COUNT, [lookup_hash(key), end])
        (count,) = cursor.fetchone()
    if count > limit:
        raise TooMany(retry_after=max(1, round(end - now)))


def client_address(request: HttpRequest) -> str:
    """Who calls: the address that the outermost trusted proxy saw (settings.TRUSTED_PROXIES), else the peer's."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    trusted = settings.TRUSTED_PROXIES
    if not trusted:
        return peer
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    return chain[-trusted] if len(chain) >= trusted else peer


def client_network(request: HttpRequest) -> str:
    """`client_address` for limits: one IPv4 address, or the /64 that one IPv6 customer holds."""
    text = client_address(request)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network(f"{address}/64", strict=False))
    return text
