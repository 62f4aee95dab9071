"""Reads of people. Each says how many SQL statements it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from prasan.city.models import Agency
from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.paging import Page, page
from prasan.fabric.problems import NotFound
from prasan.people import consents, policies, reads
from prasan.people.actors import valid_grants
from prasan.people.exports import Part
from prasan.people.models import ApiKey, Consent, RoleGrant, User

PAGE = 50


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach somebody: `channels` is what they chose (empty: the default; `none`: not at all)."""

    address: str
    language: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One look at a citizen's data, in words for that citizen."""

    at: datetime
    purpose: Any
    thing: Any
    url: str
    by: tuple[str, ...]


def contacts(user_ids: Iterable[int]) -> dict[int, Contact]:
    """Contacts of active people by id; those without an address are left out. One statement."""
    found = User.objects.filter(pk__in=set(user_ids), is_active=True).only(
        "email", "language", "notice_channels"
    )
    return {
        user.pk: Contact(user.email, user.language, tuple(user.notice_channels))
        for user in found
        if user.email
    }


def agency_name(code: str) -> str:
    """Name of an agency in the reader's language; the code itself when there is none. No statement."""
    agency = registers().agencies.get(code)
    return code if agency is None else agency.name


def agency_choices(codes: Iterable[str]) -> list[tuple[str, str]]:
    """(code, name) of agencies that exist today, in the tree's order, names below others moved in. No statement."""
    wanted = set(codes)
    chosen: list[tuple[str, str]] = []

    def walk(agency: Agency, depth: int) -> None:
        inside = agency.code in wanted
        if inside and agency.valid_to is None:
            chosen.append((agency.code, "\N{EM SPACE}" * depth + agency_name(agency.code)))
        for child in registers().children(agency.code):
            walk(registers().agency(child), depth + inside)

    for agency in registers().agencies.values():
        if agency.parent_id is None:
            walk(agency, 0)
    return chosen


def officers_page(
    *, actor: Actor, search: str = "", agency: str = "", closed: bool = False, cursor: str = ""
) -> Page[User]:
    """Officers whom the actor may see, by e-mail address, with their valid `roles`. Two statements.

    `search` is part of an address (names are encrypted), `agency` a code (and all below it), `closed` shows closed
    accounts instead of open ones.
    """
    rows = _visible_officers(actor).filter(is_active=not closed)
    if search:
        rows = rows.filter(username__contains=search.strip().lower())
    if agency:
        held = RoleGrant.objects.filter(valid_grants(), user=OuterRef("pk"))
        rows = rows.filter(Exists(held.filter(agency_id__in=registers().descendants(agency))))
    return page(rows.prefetch_related(_roles()), by="username", cursor=cursor, size=PAGE)


def officer_detail(*, actor: Actor, officer_id: int) -> User:
    """One officer whom the actor may see, with valid `roles`. Two statements. Raises NotFound."""
    officer = _visible_officers(actor).filter(pk=officer_id).prefetch_related(_roles()).first()
    if officer is None:
        raise NotFound
    return officer


def api_keys_page(*, actor: Actor, cursor: str = "") -> Page[ApiKey]:
    """Keys of the agencies whose officers the actor may see, newest first. One statement."""
    rows = ApiKey.objects.all()
    if not policies.may_see_officers(actor, None):
        rows = rows.filter(agency_id__in=policies.agencies_of(actor, policies.SEE_OFFICERS))
    return page(rows, by="-created_at", cursor=cursor, size=PAGE)


def reads_page(*, citizen_id: int, cursor: str = "", size: int = PAGE) -> Page[LedgerEntry]:
    """Who read a citizen's data, newest first. One statement."""
    return page(_reads(citizen_id), by="-id", cursor=cursor, size=size)


def read_in_words(entry: LedgerEntry) -> Read:
    """A ledger entry of `record_read` in the reader's language. No statement of its own."""
    changes = entry.changes
    thing, url = reads.describe(changes.get("thing", ""))
    by = tuple(agency_name(code) for code in changes.get("agencies", ()))
    return Read(entry.at, reads.PURPOSES.get(changes.get("purpose", ""), ""), thing, url, by)


def consents_of(citizen_id: int) -> list[tuple[consents.Wording, Consent | None]]:
    """Every purpose asked for, with the citizen's agreement to its present words. At most one statement."""
    wordings = consents.wordings()
    if not wordings:
        return []
    given = {
        (consent.purpose, consent.text_version): consent
        for consent in Consent.objects.filter(citizen=citizen_id, withdrawn_at=None)
    }
    return [(wording, given.get((wording.purpose, wording.version))) for wording in wordings]


def own_part(citizen_id: int) -> Part:
    """What people itself holds about a citizen, for the export."""
    citizen = User.objects.get(pk=citizen_id)
    given = Consent.objects.filter(citizen=citizen_id).order_by("given_at")
    ledger = LedgerEntry.objects.filter(object_type="citizen", object_id=str(citizen_id)).order_by("id")
    return Part({
        "profile": {
            "name": citizen.name, "email": citizen.email, "phone": citizen.phone, "language": citizen.language,
            "notice_channels": citizen.notice_channels, "created_at": citizen.created_at,
        },
        "consents": list(given.values("purpose", "text_version", "given_at", "withdrawn_at")),
        "what_happened": list(ledger.values("at", "action", "actor_kind", "changes")),
    })  # fmt: skip


def receipt_at(receipt: str) -> datetime | None:
    """When the account of an erasure's receipt was erased. One statement."""
    entries = LedgerEntry.objects.filter(object_type="erasure", object_id=receipt)
    return entries.values_list("at", flat=True).first()


def _visible_officers(actor: Actor) -> QuerySet[User]:
    """Officers with a role, past or present, for an agency whose officers the actor may see; all for the root's."""
    rows = User.objects.filter(kind=User.Kind.OFFICER)
    if policies.may_see_officers(actor, None):
        return rows
    agencies = policies.agencies_of(actor, policies.SEE_OFFICERS)
    return rows.filter(Exists(RoleGrant.objects.filter(user=OuterRef("pk"), agency_id__in=agencies)))


def _roles() -> Prefetch[str]:
    valid = RoleGrant.objects.filter(valid_grants()).order_by("agency_id", "role")
    return Prefetch("grants", queryset=valid, to_attr="roles")


def _reads(citizen_id: int) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(object_type="citizen", object_id=str(citizen_id), action="citizen.read")
