"""Writes of the fabric that every module calls."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.fabric.actors import Actor
from prasan.fabric.ledger import ledger_part, ledger_write, ledger_write_many
from prasan.fabric.models import Delivery, Notice
from prasan.fabric.notices import notice_queue, notice_queue_many
from prasan.fabric.policies import require_administrator
from prasan.fabric.problems import Conflict, NotFound

__all__ = [
    "delivery_resend",
    "ledger_part",
    "ledger_write",
    "ledger_write_many",
    "notice_queue",
    "notice_queue_many",
    "notice_resend",
]


@transaction.atomic
def delivery_resend(*, actor: Actor, delivery_id: int, origin: str = "") -> Delivery:
    """Try a dead (or waiting) delivery again at once, with all its attempts before it."""
    require_administrator(actor)
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound
    if delivery.state == Delivery.State.DONE:
        raise Conflict(_("This entry has been delivered already"))
    changes = {"state": [delivery.state, Delivery.State.RETRY]}
    delivery.state, delivery.attempts, delivery.next_at = Delivery.State.RETRY, 0, timezone.now()
    delivery.save(update_fields=["state", "attempts", "next_at"])
    ledger_write(
        actor=actor, action="delivery.resend", object_type="delivery", object_id=delivery_id, changes=changes,
        origin=origin,
    )  # fmt: skip
    return delivery


@transaction.atomic
def notice_resend(*, actor: Actor, notice_id: int, origin: str = "") -> Notice:
    """Try a dead (or waiting) notice again at once, with all its attempts before it."""
    require_administrator(actor)
    notice = Notice.objects.select_for_update().filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    if notice.state == Notice.State.SENT:
        raise Conflict(_("This notice has been sent already"))
    changes = {"state": [notice.state, Notice.State.QUEUED]}
    notice.state, notice.attempts, notice.next_at = Notice.State.QUEUED, 0, timezone.now()
    notice.save(update_fields=["state", "attempts", "next_at"])
    ledger_write(
        actor=actor,
        action="notice.resend",
        object_type="notice",
        object_id=notice_id,
        changes=changes,
        origin=origin,
    )
    return notice
