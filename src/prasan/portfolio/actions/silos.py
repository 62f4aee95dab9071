"""Silo numbers for the city's indicators, and the yearly reminder to confirm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from prasan.city.actions import IndicatorValue, indicator_publish
from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write, notice_queue_many
from prasan.fabric.actors import Actor
from prasan.fabric.notices import NoticeRequest
from prasan.fabric.personal import lookup_hash
from prasan.people.actors import valid_grants
from prasan.people.models import Role, RoleGrant
from prasan.people.queries import Contact, contacts
from prasan.portfolio.queries import systems as queries
from prasan.portfolio.silos import DEFINITIONS, Findings

STATISTICIAN = Actor.system("portfolio.silos")
REMINDER = Actor.system("portfolio.confirmations")
NO_LETTERS = "none"  # what somebody chose who wants no notices
ASKED = (Role.DIGITAL_OFFICER, Role.SUPERVISOR)  # the first of these that the agency, or one above, has


def silos_publish(*, today: date | None = None, origin: str = "job") -> int:
    """Publish this month's silo numbers, of the city and of each agency with a system; gives how many values.

    The month's numbers are those of its last day on which this ran: it runs every day, so that no month is missed.
    """
    today = today or timezone.localdate()
    first = today.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    found = queries.findings(today)
    values = [value for agency in ("", *found.agencies) for value in _values(found, agency, first, last)]
    return indicator_publish(actor=STATISTICIAN, values=values, published_by="portfolio", origin=origin)


def _values(found: Findings, agency: str, first: date, last: date) -> list[IndicatorValue]:
    numbers = found.numbers(agency)
    return [
        IndicatorValue(
            name=f"portfolio.{one.code}", period_start=first, period_end=last, value=numbers[one.code], unit=one.unit,
            agency=agency or None,
        )
        for one in DEFINITIONS
    ]  # fmt: skip


def confirmations_remind(*, today: date | None = None, origin: str = "job") -> int:
    """Ask by notice for the confirmations that are due or will be within 30 days; gives how many people are asked.

    Each is asked once a month, in one letter for all systems. Five statements and one per 500 letters.
    """
    today = today or timezone.localdate()
    waiting = dict(queries.to_confirm(today))
    asked: dict[int, int] = defaultdict(int)
    for owner, people in _asked(waiting).items():
        for person in people:
            asked[person] += waiting[owner]
    known = contacts(asked)
    letters = [
        letter for person, count in asked.items() if person in known
        for letter in _letters(known[person], count, today)
    ]  # fmt: skip
    if letters:
        with transaction.atomic():
            notice_queue_many(letters)
            ledger_write(
                actor=REMINDER, action="system.remind", object_type="systems", object_id=f"{today:%Y-%m}",
                changes={"systems": sum(waiting.values()), "people": len(known)}, origin=origin,
            )  # fmt: skip
    return len(known)


def _asked(owners: dict[str, int]) -> dict[str, set[int]]:
    """Whom to ask about each owner's systems: its own people first, else those of the next agency above."""
    places = {place for owner in owners for place in _upwards(owner)}
    holders: dict[tuple[str, str], set[int]] = defaultdict(set)
    grants = RoleGrant.objects.filter(
        valid_grants(), agency_id__in=places, role__in=ASKED, user__is_active=True
    )
    for role, agency, person in grants.values_list("role", "agency_id", "user_id"):
        holders[role, agency].add(person)
    return {owner: _nearest(owner, holders) for owner in owners}


def _nearest(owner: str, holders: Mapping[tuple[str, str], set[int]]) -> set[int]:
    for place in _upwards(owner):
        for role in ASKED:
            if (role, place) in holders:
                return holders[role, place]
    return set()


def _upwards(code: str) -> list[str]:
    """The agency and those above it, the nearest first."""
    chain, place = [], code or None
    while place:
        chain.append(place)
        place = registers().agency(place).parent_id
    return chain


def _letters(contact: Contact, count: int, today: date) -> list[NoticeRequest]:
    """A notice by each channel the person chose (none: no notice; nothing chosen: e-mail)."""
    if NO_LETTERS in contact.channels:
        return []
    person = lookup_hash(contact.address)[:16]
    return [
        NoticeRequest(
            f"systems.confirm:{today:%Y-%m}:{channel}:{person}", contact.address, contact.language,
            "portfolio/systems/notices/confirm", {"count": count}, channel,
        )
        for channel in contact.channels or ("email",)
    ]  # fmt: skip
