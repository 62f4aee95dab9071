"""What the portfolio does when the ledger tells of something: the agency hears of what happened to its proposals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from prasan.fabric.actions import notice_queue_many
from prasan.fabric.events import subscriber
from prasan.fabric.models import LedgerEntry
from prasan.fabric.notices import NoticeRequest
from prasan.fabric.personal import lookup_hash
from prasan.people.queries import Contact, contacts
from prasan.portfolio.models import Proposal, Step

NO_LETTERS = "none"  # what somebody chose who wants no notices
TOLD = ("proposal.return", "proposal.decided")


@subscriber("portfolio.proposals", actions=TOLD)
def tell_agency(entries: Sequence[LedgerEntry]) -> None:
    """Tell who handed a proposal in that it came back or was decided."""
    writers = _writers({entry.object_id for entry in entries})
    known = contacts(set(writers.values()))
    notice_queue_many(
        letter
        for entry in entries
        if (person := writers.get(entry.object_id)) in known
        for letter in _letters(entry, known[person])
    )


def _writers(codes: set[str]) -> dict[str, int]:
    """The officer who last handed each proposal in, by its code."""
    rows = Step.objects.filter(
        proposal__code__in=codes, after=Proposal.Status.SUBMITTED, by_kind="officer"
    ).order_by("id")
    return {
        code: int(person) for code, person in rows.values_list("proposal__code", "by_id") if person.isdigit()
    }


def _letters(entry: LedgerEntry, contact: Contact) -> Iterator[NoticeRequest]:
    if NO_LETTERS in contact.channels:
        return
    person = lookup_hash(contact.address)[:16]
    after: Any = entry.changes.get("status", ["", ""])[-1]
    for channel in contact.channels or ("email",):
        yield NoticeRequest(
            key=f"{entry.action}:{entry.pk}:{channel}:{person}",
            address=contact.address,
            language=contact.language,
            template="portfolio/proposals/notices/moved",
            context={
                "code": entry.object_id,
                "status": after,
                "url": settings.PUBLIC_URL + reverse("portfolio:proposal", args=[entry.object_id]),
            },
            channel=channel,
        )
