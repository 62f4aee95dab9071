"""Django's cache in PostgreSQL, so that what sign-in counts holds for all web processes together.

allauth keeps failed attempts and used one-time codes here; a cache per process would let a code be used once in
each of them. Values are JSON, never pickles. Made for few, small, short-lived values.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db.models import Q
from django.utils import timezone

from prasan.fabric.personal import lookup_hash


class PostgresCache(BaseCache):
    """A cache backend (settings.CACHES); `LOCATION` is not used."""

    def __init__(self, location: str, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store unless a value that still lives is there; one statement, so that only one caller wins."""
        from django.db import connection

        statement = """
            insert into people_sharedvalue as held (key, value, expires_at) values (%s, %s, %s)
            on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at
            where held.expires_at <= %s returning 1"""
        with connection.cursor() as cursor:
            cursor.execute(
                statement, [self._name(key, version), json.dumps(value), self._end(timeout), timezone.now()]
            )
            return cursor.fetchone() is not None

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = self._living().filter(key=self._name(key, version)).values_list("value", flat=True).first()
        return default if row is None else row

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._all().update_or_create(
            key=self._name(key, version), defaults={"value": value, "expires_at": self._end(timeout)}
        )

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        living = self._living().filter(key=self._name(key, version))
        return bool(living.update(expires_at=self._end(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._all().filter(key=self._name(key, version)).delete()[0])

    def clear(self) -> None:
        self._all().delete()

    def _all(self) -> Any:
        from prasan.people.models import SharedValue

        return SharedValue.objects.all()

    def _living(self) -> Any:
        return self._all().filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def _name(self, key: str, version: int | None) -> str:
        return lookup_hash(self.make_and_validate_key(key, version=version))  # names hold addresses

    def _end(self, timeout: Any) -> datetime | None:
        end = self.get_backend_timeout(timeout)
        return None if end is None else datetime.fromtimestamp(max(end, 0) or time.time(), UTC)
