"""The worker's part: due notices are leased, rendered, sent and settled; failures are tried again later."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation

from prasan.fabric.events import where
from prasan.fabric.models import Notice
from prasan.fabric.notices.base import AddressRefused, Message
from prasan.fabric.notices.registry import channel

log = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=10)  # a worker that dies while sending gives its notices back after this
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 180, 360, 720, 1440, 1440)]


def notices_send() -> int:
    """Send up to 50 due notices; returns how many were tried. A notice fails alone, never the others."""
    due = _lease()
    for name in {notice.channel for notice in due}:
        _send(name, [notice for notice in due if notice.channel == name])
    return len(due)


def _lease() -> list[Notice]:
    now = timezone.now()
    waiting = Notice.objects.filter(state=Notice.State.QUEUED, next_at__lte=now).order_by("next_at")
    with transaction.atomic():
        due = list(waiting.select_for_update(skip_locked=True)[:BATCH])
        if due:
            Notice.objects.filter(pk__in=[notice.pk for notice in due]).update(next_at=now + LEASE)
    return due


def _send(name: str, notices: list[Notice]) -> None:
    way = channel(name)
    if way is None:
        for notice in notices:
            _settle(notice, LookupError(name))
        return
    ready = [(notice, message) for notice in notices if (message := _render_or_settle(notice))]
    errors = way.send([message for _, message in ready]) if ready else []
    for (notice, _), error in zip(ready, errors, strict=True):
        _settle(notice, error)


def _render_or_settle(notice: Notice) -> Message | None:
    try:
        return render(notice)
    except Exception as error:  # noqa: BLE001 — a broken template harms its own notices alone
        log.error("notice %d can't be rendered: %s", notice.pk, where(error))
        _settle(notice, error)
        return None


def render(notice: Notice) -> Message:
    """The message in its reader's language; the subject is one line, so it can't add headers."""
    with translation.override(notice.language):
        subject = " ".join(_text(f"{notice.template}.subject.txt", notice.context).split())
        text = _text(f"{notice.template}.txt", notice.context)
    unsubscribe = str(notice.context.get("unsubscribe_url", ""))
    headers = {"List-Unsubscribe": f"<{unsubscribe}>"} if unsubscribe else {}
    return Message(notice.key, notice.address, subject, text, headers)


def _text(template: str, context: dict[str, Any]) -> str:
    engine_template: Any = get_template(template)
    text: str = engine_template.template.render(Context(context, autoescape=False))
    return text.strip() + "\n"


def _settle(notice: Notice, error: Exception | None) -> None:
    now = timezone.now()
    notice.attempts += 1
    notice.error = type(error).__name__ if error else ""
    if error is None:
        notice.state, notice.sent_at = Notice.State.SENT, now
    elif isinstance(error, AddressRefused) or notice.attempts > len(PAUSES):
        notice.state = Notice.State.DEAD
        log.error("notice %d is dead after %d attempts: %s", notice.pk, notice.attempts, notice.error)
    else:
        notice.next_at = now + PAUSES[notice.attempts - 1]
    notice.save(update_fields=["attempts", "error", "state", "sent_at", "next_at"])
