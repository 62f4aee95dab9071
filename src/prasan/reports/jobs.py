"""Background work of reports. Every task may run twice."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from prasan.fabric.jobs import periodic_task, task
from prasan.reports import letters
from prasan.reports.actions import clock as clock_actions
from prasan.reports.actions import numbers as number_actions
from prasan.reports.actions import photos as photo_actions

UNUSED_PHOTOS = timedelta(days=1)


@task("reports.photo_publish")
def photo_publish(key: str) -> bool:
    """Blur faces and plates of one picture and make its public sizes."""
    return photo_actions.photo_publish(key=key)


@periodic_task("reports.photos_forget", cron="23 * * * *")
def photos_forget() -> int:
    """Delete pictures that were sent for a report which never came."""
    return photo_actions.photos_forget(before=timezone.now() - UNUSED_PHOTOS)


@periodic_task("reports.numbers_compute", cron="7 * * * *")
def numbers_compute() -> int:
    """The numbers page's content."""
    return number_actions.numbers_compute()


@periodic_task("reports.numbers_publish", cron="11 18 * * *")  # 01:11 in Bangkok
def numbers_publish() -> int:
    """Numbers of the latest months for the city's indicators."""
    return number_actions.numbers_publish()


# --- the clock ---


@periodic_task("reports.deadlines_check", cron="* * * * *")
def deadlines_check() -> int:
    """Remind and escalate where a deadline comes near or has passed."""
    return clock_actions.deadlines_check_all(now=timezone.now())


@periodic_task("reports.digest", cron="30 0 * * *")  # 07:30 in Bangkok, half an hour before offices open
def digest() -> int:
    """Each officer's summary of the working day that begins."""
    return letters.digest_send(now=timezone.now())
