"""Delivery of the ledger to subscribers: each reads in order, at least once, and never loses an entry.

A module's events.py says what it listens to::

    @subscriber("reports.notices", actions=("report.*",))
    def notify(entries: Sequence[LedgerEntry]) -> None: ...

The handler runs in the transaction that moves its cursor: what it writes in the database happens exactly once.
What it causes outside (mail, files) goes through notices and jobs, which are rows of the same transaction.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import translate

from django.db import Error, connection, transaction
from django.utils import timezone

from prasan.fabric.models import Delivery, LedgerEntry, Subscription

log = logging.getLogger(__name__)

Handler = Callable[[Sequence[LedgerEntry]], None]

BATCH = 500
DEAD_AFTER = 8  # attempts; with the pauses below about fifteen hours
FIRST_PAUSE = timedelta(seconds=10)
COLUMNS = "id, position, at, actor_kind, actor_id, action, object_type, object_id, changes, origin"
READ = f"""
select {COLUMNS} from fabric_ledgerentry
where (position, id) > (%s, %s) and position < fabric_ledger_horizon()
order by position, id limit %s
"""  # noqa: S608 — the columns are a constant
WAITING = """
select s.name from fabric_subscription s where s.name = any(%s) and exists (
  select from fabric_ledgerentry e
  where (e.position, e.id) > (s.position, s.entry_id) and e.position < fabric_ledger_horizon())
"""
LAG = """
select s.name, count(e.id), coalesce(extract(epoch from clock_timestamp() - min(e.at)), 0)::float
from fabric_subscription s
left join fabric_ledgerentry e on (e.position, e.id) > (s.position, s.entry_id)
where s.name = any(%s) group by s.name order by s.name
"""


@dataclass(frozen=True)
class Subscriber:
    """A handler and the actions it wants."""

    name: str
    wants: re.Pattern[str]
    handle: Handler


_subscribers: dict[str, Subscriber] = {}


def subscriber(name: str, *, actions: Sequence[str]) -> Callable[[Handler], Handler]:
    """Register a handler under a lasting `name` (its cursor's) for `actions` (shell patterns: ``report.*``).

    The handler gets up to 500 entries in order. When it raises, it is called again with each entry alone, and
    an entry that fails alone is set aside as a `Delivery`; so it must bear an entry that comes late or again.
    """

    def register(handle: Handler) -> Handler:
        if name in _subscribers:
            raise ValueError(f"two subscribers are called {name}")
        wants = re.compile("|".join(translate(pattern) for pattern in actions))
        _subscribers[name] = Subscriber(name, wants, handle)
        return handle

    return register


def subscribers() -> list[str]:
    """Names of all subscribers."""
    return sorted(_subscribers)


def deliver() -> int:
    """One round: every subscriber that has something waiting gets a batch. Returns how many entries were read."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [list(_subscribers)])
        names = [name for (name,) in cursor.fetchall()]
    return sum(_deliver_to(_subscribers[name]) for name in names) + _deliver_again()


def subscriptions_ensure() -> None:
    """Give each subscriber its cursor; a new one starts at the beginning of the ledger."""
    rows = [Subscription(name=name) for name in _subscribers]
    Subscription.objects.bulk_create(rows, ignore_conflicts=True)


def delivery_lag() -> list[tuple[str, int, float]]:
    """Per subscriber: name, entries not delivered, age of the oldest of them in seconds."""
    with connection.cursor() as cursor:
        cursor.execute(LAG, [list(_subscribers)])
        return list(cursor.fetchall())


def _deliver_to(target: Subscriber) -> int:
    with transaction.atomic():
        place = Subscription.objects.select_for_update(skip_locked=True).filter(name=target.name).first()
        if place is None:  # another worker has it
            return 0
        entries = _read(place)
        wanted = [entry for entry in entries if target.wants.match(entry.action)]
        if wanted:
            _hand_over(target, wanted)
        if entries:
            place.position, place.entry_id = entries[-1].position, entries[-1].id
            place.save()
    return len(entries)


def _read(place: Subscription) -> list[LedgerEntry]:
    with connection.cursor() as cursor:
        cursor.execute(READ, [place.position, place.entry_id, BATCH])
        return [LedgerEntry(*row[:8], json.loads(row[8]), row[9]) for row in cursor.fetchall()]


def _hand_over(target: Subscriber, entries: list[LedgerEntry]) -> None:
    error = _try(target, entries)
    if error is None:
        return
    if len(entries) == 1:
        _set_aside(target, entries[0], error)
        return
    for entry in entries:
        if alone := _try(target, [entry]):
            _set_aside(target, entry, alone)


def _try(target: Subscriber, entries: list[LedgerEntry]) -> str | None:
    """Call the handler inside a savepoint; returns where it failed, or None. Faults of the database itself rise."""
    try:
        with transaction.atomic():
            target.handle(entries)
    except Exception as error:
        if _is_fault_of_database(error):
            raise
        log.warning("subscriber %s failed on %d entries: %s", target.name, len(entries), where(error))
        return where(error)
    return None


def _is_fault_of_database(error: Exception) -> bool:
    """A lost connection, a deadlock, a full disk: the round is tried again, no entry is to blame."""
    if not isinstance(error, Error):
        return False
    if not connection.is_usable():
        return True
    state = getattr(error.__cause__, "sqlstate", "") or ""
    return state[:2] in {"40", "53", "57", "58"} and state != "57014"  # 57014: the statement took too long


def where(error: BaseException) -> str:
    """Kind of error and place in the code; never its message, which may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "prasan" in frame.filename] or frames
    place = f" at {own[-1].filename.rsplit('/src/', 1)[-1]}:{own[-1].lineno} in {own[-1].name}" if own else ""
    return f"{type(error).__name__}{place}"


def _set_aside(target: Subscriber, entry: LedgerEntry, error: str) -> None:
    Delivery.objects.bulk_create(
        [
            Delivery(
                subscriber=target.name,
                entry=entry,
                attempts=1,
                next_at=timezone.now() + FIRST_PAUSE,
                error=error,
            )
        ],
        ignore_conflicts=True,
    )


def _deliver_again() -> int:
    """Try the set-aside entries whose pause is over; pauses grow fourfold."""
    now = timezone.now()
    due = Delivery.objects.filter(
        state=Delivery.State.RETRY, next_at__lte=now, subscriber__in=list(_subscribers)
    )
    if not due.exists():
        return 0
    with transaction.atomic():
        rows = (
            due.select_related("entry")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("next_at")[:50]
        )
        for row in rows:
            _settle(row, _try(_subscribers[row.subscriber], [row.entry]))
    return len(rows)


def _settle(row: Delivery, error: str | None) -> None:
    row.attempts += 1
    row.error = error or ""
    if error is None:
        row.state = Delivery.State.DONE
    elif row.attempts >= DEAD_AFTER:
        row.state = Delivery.State.DEAD
        log.error(
            "delivery %d to %s is dead after %d attempts: %s", row.pk, row.subscriber, row.attempts, error
        )
    else:
        row.next_at = timezone.now() + FIRST_PAUSE * 4 ** (row.attempts - 1)
    row.save(update_fields=["attempts", "error", "state", "next_at"])
