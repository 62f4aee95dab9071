"""Queueing notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prasan.fabric.models import Notice


@dataclass(frozen=True)
class NoticeRequest:
    """One message to one person.

    `key` says what it is about and to whom (``report.finished:123:follower:45``): the same key is sent once,
    however often it is queued. `template` is a path without suffix: ``.subject.txt`` and ``.txt`` are rendered
    in `language` with `context` (JSON values; codes and addresses of pages, no personal data).
    """

    key: str
    address: str
    language: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    channel: str = "email"


def notice_queue(
    *,
    key: str,
    address: str,
    language: str,
    template: str,
    context: Mapping[str, Any],
    channel: str = "email",
) -> None:
    """Queue one notice (fields: `NoticeRequest`); a key queued before changes nothing. One statement."""
    notice_queue_many([NoticeRequest(key, address, language, template, context, channel)])


def notice_queue_many(requests: Iterable[NoticeRequest]) -> None:
    """Queue notices; keys queued before change nothing. One statement per 500."""
    rows = [
        Notice(
            key=request.key, channel=request.channel, address=request.address, language=request.language,
            template=request.template, context=dict(request.context),
        )
        for request in requests
    ]  # fmt: skip
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
