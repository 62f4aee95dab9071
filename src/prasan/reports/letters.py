"""Letters about reports: to followers as things happen, to officers about deadlines, and every morning's summary.

Who hears of what is decided here; the words are in templates/reports/notices/. A notice holds codes and ids alone:
texts and the reporter's own link are looked up when the letter is written, so that what was erased meanwhile stays so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from prasan.city.registers import registers
from prasan.fabric.models import LedgerEntry
from prasan.fabric.notices import NoticeRequest, notice_queue_many
from prasan.fabric.personal import lookup_hash
from prasan.people.actors import valid_grants
from prasan.people.models import RoleGrant
from prasan.people.policies import root_code
from prasan.people.queries import Contact, contacts
from prasan.reports.links import unfollow_url
from prasan.reports.models import Assignment, Follower
from prasan.reports.workflow import FIELD

FOLDER = "reports/notices"
MOST_LISTED = 50  # reports that one letter about deadlines names
NO_LETTERS = "none"

# Action → whether everybody who follows hears of it, or the reporter alone.
EVERYBODY, REPORTER = "everybody", "reporter"
TOLD = {
    "report.submit": REPORTER,
    "report.accept": EVERYBODY,
    "report.stage": EVERYBODY,
    "report.follow_up": EVERYBODY,
    "report.forward": EVERYBODY,
    "report.ask": REPORTER,
    "report.reply": EVERYBODY,
    "report.finish": EVERYBODY,
    "report.irrelevant": EVERYBODY,
    "report.merge": EVERYBODY,
    "report.split": EVERYBODY,
    "report.reopen": EVERYBODY,
    "report.resume": EVERYBODY,
}
# An invited agency's own status is not the report's: these are told only when the report's changed.
ONLY_WITH = {
    "report.accept": ("status",),
    "report.stage": ("status", "stage"),
    "report.follow_up": ("status",),
    "report.finish": ("status",),
    "report.irrelevant": ("status",),
    "report.resume": ("status",),
}
CLOCK = ("report.remind", "report.escalate")
TO_OFFICERS = (*CLOCK, "report.assign", "report.answer")


# --- followers ---------------------------------------------------------------------------------------------------


def tell_followers(entries: Sequence[LedgerEntry]) -> None:
    """One letter per event and person. Three statements and one per 500 letters, however many the entries."""
    told = [entry for entry in entries if entry.action in TOLD and _is_news(entry)]
    if not told:
        return
    codes = {code for entry in told for code in _followed_codes(entry)}
    followers: dict[str, list[Follower]] = defaultdict(list)
    for follower in (
        Follower.objects.filter(report__code__in=codes).select_related("report").only(*FOLLOWER_FIELDS)
    ):
        followers[follower.report.code].append(follower)
    people = contacts(one.citizen_id for many in followers.values() for one in many if one.citizen_id)
    notice_queue_many(_letters(told, followers, people))


FOLLOWER_FIELDS = ("report__code", "citizen_id", "address", "language", "token", "reporter")


def _is_news(entry: LedgerEntry) -> bool:
    wanted = ONLY_WITH.get(entry.action)
    return wanted is None or any(name in entry.changes for name in wanted)


def _followed_codes(entry: LedgerEntry) -> tuple[str, ...]:
    """The report's code; after a merge its followers are found at the report that stays."""
    into = entry.changes.get("into")
    return (entry.object_id, into) if isinstance(into, str) else (entry.object_id,)


def _letters(
    told: Iterable[LedgerEntry], followers: Mapping[str, Sequence[Follower]], people: Mapping[int, Contact]
) -> Iterable[NoticeRequest]:
    for entry in told:
        for code in _followed_codes(entry):
            for follower in followers.get(code, ()):
                if _hears(entry, follower):
                    yield from _letter(entry, follower, people.get(follower.citizen_id or 0))


def _hears(entry: LedgerEntry, follower: Follower) -> bool:
    """Not who did it, and where only the reporter is meant nobody else."""
    if entry.actor_kind == "citizen" and entry.actor_id == str(follower.citizen_id):
        return False
    return follower.reporter or TOLD[entry.action] == EVERYBODY


def _letter(entry: LedgerEntry, follower: Follower, contact: Contact | None) -> Iterable[NoticeRequest]:
    if follower.citizen_id and contact is None:
        return
    contact = contact or Contact(follower.address, follower.language, ())
    context = {
        "code": entry.object_id,
        "entry": entry.changes.get("entry"),
        "into": entry.changes.get("into"),
        "reporter": follower.reporter,
        "unsubscribe_url": unfollow_url(follower.token),
    }
    yield from _to(contact, f"report:{entry.pk}", entry.action.removeprefix("report."), context)


def _to(contact: Contact, about: str, name: str, context: Mapping[str, Any]) -> Iterable[NoticeRequest]:
    """A notice by each channel the person chose (none: no notice; nothing chosen: e-mail)."""
    if NO_LETTERS in contact.channels or not contact.address:
        return
    for channel in contact.channels or ("email",):
        key = f"{about}:{channel}:{lookup_hash(contact.address)[:16]}"
        yield NoticeRequest(key, contact.address, contact.language, f"{FOLDER}/{name}", context, channel)


# --- officers ----------------------------------------------------------------------------------------------------


def tell_officers(entries: Sequence[LedgerEntry]) -> None:
    """Deadlines that come near or passed, work given to an officer, answers of reporters.

    Four statements and one per 500 letters, however many the entries; what one officer hears of deadlines in a
    batch is one letter.
    """
    meant = [entry for entry in entries if entry.action in TO_OFFICERS]
    if not meant:
        return
    agencies = {str(entry.changes["agency"]) for entry in meant if entry.action in CLOCK}
    overseers = Overseers.of(agencies)
    answered = _officers_of([entry.object_id for entry in meant if entry.action == "report.answer"])
    due: dict[int, list[LedgerEntry]] = defaultdict(list)
    single: list[tuple[int, LedgerEntry]] = []
    for entry in meant:
        if entry.action in CLOCK:
            for officer in overseers.hear(entry):
                due[officer].append(entry)
        elif entry.action == "report.assign":
            was, became = entry.changes["officer"]
            if became != was and str(became) != entry.actor_id:
                single.append((became, entry))
        else:
            single += [(officer, entry) for officer in answered.get(entry.object_id, ())]
    people = contacts([*due, *(officer for officer, _entry in single)])
    notice_queue_many([*_due_letters(due, people), *_single_letters(single, people)])


def _officers_of(codes: Collection[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    if codes:
        rows = Assignment.objects.filter(report__code__in=codes, active=True, officer__isnull=False)
        for code, officer in rows.values_list("report__code", "officer_id"):
            found[code].append(officer)
    return found


def _due_letters(
    due: Mapping[int, Sequence[LedgerEntry]], people: Mapping[int, Contact]
) -> Iterable[NoticeRequest]:
    for officer, entries in due.items():
        if officer in people:
            listed = [
                {"code": entry.object_id, "level": entry.changes["level"], "agency": entry.changes["agency"]}
                for entry in sorted(entries, key=lambda entry: -int(entry.changes["level"]))
            ]
            context = {"reports": listed[:MOST_LISTED], "more": max(len(listed) - MOST_LISTED, 0)}
            yield from _to(people[officer], f"clock:{entries[-1].pk}", "clock", context)


def _single_letters(
    single: Iterable[tuple[int, LedgerEntry]], people: Mapping[int, Contact]
) -> Iterable[NoticeRequest]:
    for officer, entry in single:
        if officer in people:
            context = {"code": entry.object_id, "entry": entry.changes.get("entry")}
            yield from _to(
                people[officer], f"report:{entry.pk}", entry.action.removeprefix("report."), context
            )


@dataclass(frozen=True, slots=True)
class Overseers:
    """Supervisors, dispatchers and administrators by agency and role."""

    by_place: Mapping[tuple[str, str], Sequence[int]]

    @classmethod
    def of(cls, agencies: Collection[str]) -> Overseers:
        """Those of these agencies and all above them. One statement, none for no agency."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        places = {place for agency in agencies for place in upwards(agency)}
        if places:
            rows = RoleGrant.objects.filter(
                valid_grants(),
                agency_id__in=places,
                role__in=("dispatcher", "supervisor", "admin"),
                user__is_active=True,
            )
            for agency, role, user in rows.values_list("agency_id", "role", "user_id"):
                found[agency, role].append(user)
        return cls(found)

    def hear(self, entry: LedgerEntry) -> set[int]:
        """Who hears of a deadline: its officer, at 100 % the supervisors too; without an officer the dispatchers."""
        officer, agency = entry.changes.get("officer"), str(entry.changes["agency"])
        heard = {int(officer)} if officer else set()
        if entry.action == "report.escalate":
            heard |= self.nearest(agency, ("supervisor", "admin"))
        elif not heard:
            heard = self.nearest(agency, ("dispatcher", "supervisor", "admin"))
        return heard

    def nearest(self, agency: str, roles: Sequence[str]) -> set[int]:
        """Holders of the first of these roles, at the agency or at the next one above that has any."""
        for role in roles:
            for place in upwards(agency):
                if people := self.by_place.get((place, role)):
                    return set(people)
        return set()


def upwards(agency: str) -> list[str]:
    """The agency, those above it in order, and the city's root, which stands above outside bodies too."""
    chain, place = [], agency or None
    known = registers().agencies
    while place and place in known:
        chain.append(place)
        place = known[place].parent_id
    return chain if root_code() in chain else [*chain, root_code()]


# --- every morning -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Summary:
    """What waits for an officer this morning."""

    new: int = 0
    nobody: int = 0
    mine: int = 0
    today: int = 0
    overdue: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        for name in ("new", "nobody", "today", "overdue"):
            setattr(self, name, getattr(self, name) + row[name])


def digest_send(*, now: datetime) -> int:
    """Each officer's summary of the working day that begins; gives how many were queued. Twice a day is harmless.

    New reports are told of here, in one letter, and not one by one. Five statements and one per 500 letters.
    """
    today = timezone.localtime(now).date()
    if not registers().calendar.is_working_day(today):
        return 0
    since = now - _since_last_working_day(now)
    by_agency, mine = _counts(now, since)
    officers: dict[int, set[str]] = defaultdict(set)
    for user, agency in RoleGrant.objects.filter(
        valid_grants(), role__in=FIELD, user__is_active=True
    ).values_list("user_id", "agency_id"):
        officers[user] |= registers().descendants(agency)
    summaries = {
        user: _summary(agencies, by_agency, mine.get(user, 0)) for user, agencies in officers.items()
    }
    busy = {user: one for user, one in summaries.items() if one.new or one.mine or one.overdue}
    people = contacts(busy)
    letters = [
        letter
        for user, summary in busy.items()
        if user in people
        for letter in _to(people[user], f"digest:{today}", "digest", _numbers(summary))
    ]
    notice_queue_many(letters)
    return len(letters)


def _numbers(summary: Summary) -> dict[str, int]:
    return {name: getattr(summary, name) for name in Summary.__slots__}


def _since_last_working_day(now: datetime) -> timedelta:
    """From this moment of the last working day until now."""
    day = now - timedelta(days=1)
    while not registers().calendar.is_working_day(timezone.localtime(day).date()):
        day -= timedelta(days=1)
    return now - day


def _counts(now: datetime, since: datetime) -> tuple[dict[str, Mapping[str, Any]], dict[int, int]]:
    """Open work per agency, and per officer. Two statements."""
    tonight = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    rows = Assignment.objects.filter(active=True).values("agency_id").order_by().annotate(
        new=Count("id", filter=Q(assigned_at__gte=since)),
        nobody=Count("id", filter=Q(officer=None)),
        today=Count("id", filter=Q(due_at__range=(now, tonight), paused_at=None)),
        overdue=Count("id", filter=Q(due_at__lt=now, paused_at=None)),
    )  # fmt: skip
    own = Assignment.objects.filter(active=True, officer__isnull=False).values_list("officer_id").order_by()
    return {row["agency_id"]: row for row in rows}, dict(own.annotate(count=Count("id")))


def _summary(agencies: Collection[str], by_agency: Mapping[str, Mapping[str, Any]], mine: int) -> Summary:
    summary = Summary(mine=mine)
    for agency in by_agency.keys() & set(agencies):
        summary.add(by_agency[agency])
    return summary
