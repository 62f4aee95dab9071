"""The closest systems and proposals to one that is being written or screened, with what officers have said of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Q
from django.urls import reverse
from django.utils.translation import get_language

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.portfolio import policies
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.content import Content
from prasan.portfolio.models import Proposal, System, Verdict
from prasan.portfolio.models.overlaps import kind_label
from prasan.portfolio.overlap import (
    Corpus,
    Item,
    Lexicon,
    Match,
    beside,
    build_corpus,
    load_lexicon,
    nearest,
    screen,
)
from prasan.portfolio.overlap.words import sentence

RECHECK_SECONDS = 5.0
LOOKED_AT = 40  # nearest of the whole city, before those that this reader may not know of are left out
SHOWN = 5
# What has nothing in common comes out at 0.01. A name alone says little: it is taken for what something is for, too.
LEAST = 0.02
GONE = (Proposal.Status.WITHDRAWN, Proposal.Status.NOT_APPROVED)
Known = dict[str, tuple[str, str, str, str]]  # code → sort, title, agency, status


@dataclass(frozen=True, slots=True)
class Likeness:
    """A system or a proposal that does much the same, as a page shows it."""

    match: Match
    sort: str
    title: str
    agency: str
    status: str
    url: str
    reason: str
    verdict: Verdict | None = None

    @property
    def code(self) -> str:
        return self.match.right

    @property
    def kind(self) -> str:
        """What it is: the officer's word where there is one."""
        return self.verdict.kind if self.verdict else self.match.kind

    @property
    def kind_label(self) -> Any:
        return kind_label(self.kind)

    @property
    def percent(self) -> int:
        return round(100 * self.match.score)

    @property
    def open(self) -> bool:
        """Whether somebody still has to answer for it."""
        return self.match.flagged and self.verdict is None

    @property
    def joinable(self) -> bool:
        """Whether one could take part in it instead."""
        return self.sort == "system" or self.status not in GONE


@cache
def lexicon() -> Lexicon:
    """The city's concepts, read once."""
    return load_lexicon(settings.CITY_FOLDER)


class _Keeper:
    """This process's corpus. It asks every few seconds whether anything changed, and reads only what is new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._corpus: Corpus | None = None
        self._known: Known = {}
        self._stamp: Any = None
        self._checked = 0.0

    def get(self) -> tuple[Corpus, Known]:
        with self._lock:
            if self._corpus is None or time.monotonic() - self._checked > RECHECK_SECONDS:
                stamp = _stamp()
                if self._corpus is None or stamp != self._stamp:
                    items, self._known = _rows()
                    self._corpus = build_corpus(items, lexicon(), previous=self._corpus)
                    self._stamp = stamp
                self._checked = time.monotonic()
            return self._corpus, self._known

    def forget(self) -> None:
        """For tests, where one database follows another."""
        self._corpus, self._stamp, self._checked = None, None, 0.0


keeper = _Keeper()


def _stamp() -> Any:
    """Two statements: changes with every change of a system or a proposal."""
    found = [
        model._default_manager.aggregate(last=Max("updated_at"), count=Count("pk"), versions=Max("pk"))
        for model in (System, Proposal)
    ]
    return tuple(tuple(one.values()) for one in found)


def _rows() -> tuple[list[Item], Known]:
    """Everything that is compared with: systems in use or planned, and proposals that live. Two statements."""
    items: list[Item] = []
    known: Known = {}
    for system in System.objects.exclude(lifecycle=System.Lifecycle.RETIRED).order_by("code"):
        items.append(system_item(system))
        known[system.code] = ("system", system.name_th, system.owner_id, system.lifecycle)
    for proposal in Proposal.objects.exclude(status__in=GONE).order_by("code"):
        items.append(proposal_item(proposal))
        known[proposal.code] = ("proposal", proposal.title, proposal.agency_id, proposal.status)
    return items, known


def system_item(system: System) -> Item:
    """A system in the words that are compared."""
    return Item(
        code=system.code, title=system.name_th, sort="system", title_en=system.name_en,
        objective=system.purpose or system.name_th,
        agency=system.owner_id, agency_name=_agency(system.owner_id), capability=_capability(system.capability),
        data=" ".join(system.data_held), vendor=system.vendor,
    )  # fmt: skip


def proposal_item(proposal: Proposal, refers_to: Iterable[str] = (), excludes: Iterable[str] = ()) -> Item:
    """A proposal in the words that are compared."""
    return Item(
        code=proposal.code, title=proposal.title, objective=proposal.objective or proposal.title, scope=proposal.scope,
        benefit=proposal.benefit, agency=proposal.agency_id, agency_name=_agency(proposal.agency_id),
        nature=proposal.nature, category=proposal.lane, capability=_capability(proposal.capability),
        data=" ".join(proposal.data_held), refers_to=tuple(refers_to), excludes=tuple(excludes),
    )  # fmt: skip


def content_item(code: str, agency: str, content: Content) -> Item:
    """What is being typed, in the words that are compared."""
    return Item(
        code=code, title=content.title, objective=content.objective or content.title, scope=content.scope,
        benefit=content.benefit,
        agency=agency, agency_name=_agency(agency), nature=content.nature, category=content.lane,
        capability=_capability(content.capability), data=" ".join(content.data_held),
        refers_to=(*content.systems, *(c for c, kind in content.relations.items() if kind == "depends_on")),
        excludes=tuple(c for c, kind in content.relations.items() if kind == "excludes"),
    )  # fmt: skip


def _agency(code: str) -> str:
    agency = registers().agencies.get(code)
    return agency.name_th if agency else code


def _capability(code: str) -> str:
    found = capability_map().capabilities.get(code)
    return f"{found.name_th} {found.name_en}" if found else ""


def closest(actor: Actor, item: Item, limit: int = SHOWN) -> list[Likeness]:
    """What the city has or is asked for that does much the same, likeliest first.

    Others' drafts stay theirs. At most two statements beyond those that keep the corpus, one for verdicts.
    """
    corpus, known = keeper.get()
    if not len(corpus):
        return []
    matches = nearest(item, corpus, limit=LOOKED_AT)
    seen = [
        match
        for match in matches
        if match.right in known and match.score >= LEAST
        and _may_know(actor, item.agency, known[match.right])
    ][:limit]  # fmt: skip
    verdicts = verdicts_of(item.code) if seen and item.code else {}
    return [_likeness(match, known[match.right], verdicts.get(match.right)) for match in seen]


def _may_know(actor: Actor, agency: str, known: tuple[str, str, str, str]) -> bool:
    """A draft is known to its own agency alone; what was handed in, to all who write or screen."""
    sort, _title, owner, status = known
    return (
        sort == "system"
        or status != Proposal.Status.DRAFT
        or owner == agency
        or policies.may_write_proposal(actor, owner)
    )


def _likeness(match: Match, known: tuple[str, str, str, str], verdict: Verdict | None) -> Likeness:
    sort, title, owner, status = known
    url = reverse("portfolio:system" if sort == "system" else "portfolio:proposal", args=[match.right])
    agency = registers().agencies.get(owner)
    return Likeness(match, sort, title, agency.name if agency else owner, status, url, reason(match), verdict)


def reason(match: Match) -> str:
    """Why two are alike, in one line of the reader's language."""
    language = get_language() or "th"
    names = {concept.code: concept.name(language) for concept in lexicon().concepts}
    return " · ".join(sentence(one, names, language) for one in match.reasons)


def verdicts_of(code: str) -> dict[str, Verdict]:
    """The last verdict on each pair of a proposal, by the other's code. One statement."""
    rows = (
        Verdict.objects.filter(Q(proposal__code=code) | Q(other__code=code))
        .annotate(left=F("proposal__code"), right=F("other__code"), right_system=F("system__code"))
        .order_by("id")
    )
    found: dict[str, Verdict] = {}
    for row in rows:
        left, right, system = (getattr(row, name) for name in ("left", "right", "right_system"))
        found[system or (right if left == code else left)] = row
    return found


def match_of(actor: Actor, item: Item, other: str) -> Match | None:
    """How one looks beside another one, as it is shown now; None when it is not among the nearest."""
    return next((one.match for one in closest(actor, item, limit=LOOKED_AT) if one.code == other), None)


@dataclass(frozen=True, slots=True)
class Summary:
    """What screening must know of a proposal's likenesses: the flagged ones, and how many have no verdict."""

    flagged: tuple[Likeness, ...]

    @property
    def open(self) -> int:
        return sum(one.open for one in self.flagged)


def summaries(actor: Actor, proposals: Sequence[Proposal]) -> dict[str, Summary]:
    """The flagged likenesses of each of these, by code. One statement beyond those that keep the corpus."""
    corpus, known = keeper.get()
    if not proposals or not len(corpus):
        return {proposal.code: Summary(()) for proposal in proposals}
    items = [proposal_item(proposal) for proposal in proposals]
    verdicts = _verdicts_of_many([proposal.code for proposal in proposals])
    found = {}
    for item, matches in zip(items, screen(beside(corpus, items), corpus, limit=LOOKED_AT), strict=True):
        flagged = [
            _likeness(match, known[match.right], verdicts.get((item.code, match.right)))
            for match in matches
            if match.flagged and match.right in known and _may_know(actor, item.agency, known[match.right])
        ]
        found[item.code] = Summary(tuple(flagged[:SHOWN]))
    return found


def _verdicts_of_many(codes: Sequence[str]) -> dict[tuple[str, str], Verdict]:
    rows = (
        Verdict.objects.filter(Q(proposal__code__in=codes) | Q(other__code__in=codes))
        .annotate(left=F("proposal__code"), right=F("other__code"), right_system=F("system__code"))
        .order_by("id")
    )
    found: dict[tuple[str, str], Verdict] = {}
    for row in rows:
        left, right, system = (getattr(row, name) for name in ("left", "right", "right_system"))
        found[left, system or right] = row
        if right:
            found[right, left] = row
    return found
