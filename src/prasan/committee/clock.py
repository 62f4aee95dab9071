"""The time at which a step is taken: now, unless the demonstration tells of the past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.utils import timezone

_told: ContextVar[datetime | None] = ContextVar("prasan_committee_clock", default=None)


def now() -> datetime:
    """The moment of a step."""
    return _told.get() or timezone.now()


def today() -> date:
    """Its day in the city."""
    return timezone.localdate(now())


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Steps in this block are told as taken at `moment`; the ledger still notes when they were written."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)
