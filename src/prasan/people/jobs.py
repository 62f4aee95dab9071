"""What people does by itself, once a day."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from prasan.fabric.jobs import periodic_task
from prasan.people.models import SharedValue, User

log = logging.getLogger(__name__)

UNUSED_AFTER = timedelta(days=2)


@periodic_task("people.tidy", cron="47 19 * * *")  # 02:47 in Bangkok
def tidy() -> dict[str, int]:
    """Forget what is over: sessions, shared values, and addresses whose link nobody ever used."""
    now = timezone.now()
    forgotten = {
        "sessions": Session.objects.filter(expire_date__lt=now).delete()[0],
        "values": SharedValue.objects.filter(expires_at__lt=now).delete()[0],
        "citizens": _never_signed_in().delete()[0],
    }
    log.info("tidied: %s", forgotten)
    return forgotten


def _never_signed_in() -> QuerySet[User]:
    """Citizens made by asking for a link, who never came, and to whom no row of any module points.

    Whoever typed the address may not have been its owner, so it must not stay.
    """
    rows = User.objects.filter(
        kind=User.Kind.CITIZEN, last_login=None, erased_at=None, created_at__lt=timezone.now() - UNUSED_AFTER
    )
    for relation in User._meta.related_objects:
        model = relation.related_model
        rows = rows.exclude(Exists(model._base_manager.filter(**{relation.field.name: OuterRef("pk")})))
    return rows
