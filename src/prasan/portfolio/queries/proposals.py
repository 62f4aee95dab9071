"""What the pages read of proposals. Each function says how many statements it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.problems import NotFound
from prasan.people.models import User
from prasan.people.policies import agencies_of
from prasan.portfolio import policies
from prasan.portfolio.models import Evidence, Proposal, Relation, Step, SystemLink
from prasan.portfolio.queries.evidence import Reading, reading
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workflow import HOLDERS, Waiting, holder, working_days_between

PAGE = 25


@dataclass(frozen=True, slots=True)
class ProposalFilter:
    """What a reader wants to see; empty means every proposal that they may read. `agency` covers those below it."""

    words: str = ""
    status: str = ""
    lane: str = ""
    agency: str = ""
    holder: str = ""


def readable(actor: Actor) -> QuerySet[Proposal]:
    """Proposals that the actor may read: their agencies', those they joined, for the city's side all."""
    if policies.is_city_side(actor):
        return Proposal.objects.all()
    codes = sorted(agencies_of(actor, policies.READERS))
    return Proposal.objects.filter(Q(agency__in=codes) | Q(partners__overlap=codes))


def filtered(actor: Actor, given: ProposalFilter) -> QuerySet[Proposal]:
    """Proposals that fit, without order."""
    rows = readable(actor)
    if given.agency:
        rows = rows.filter(agency__in=sorted(registers().descendants(given.agency)))
    for name in ("status", "lane"):
        if getattr(given, name):
            rows = rows.filter(**{name: getattr(given, name)})
    if given.holder:
        rows = rows.filter(status__in=[status for status, who in HOLDERS.items() if who == given.holder])
    if given.words:
        rows = rows.filter(
            Q(title__icontains=given.words) | Q(own_number=given.words) | Q(code=given.words.upper())
        )
    return rows


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal in a list, with who has it."""

    proposal: Proposal
    waiting: Waiting | None


def proposals_page(
    actor: Actor, given: ProposalFilter, *, cursor: str = "", size: int = PAGE
) -> tuple[list[ProposalRow], str]:
    """A page of proposals, what changed last first, and the cursor of the next. One statement."""
    page = paging.page(filtered(actor, given), by="-updated_at", cursor=cursor, size=size)
    return [ProposalRow(one, waiting_of(one)) for one in page.items], page.next


def status_counts(actor: Actor, given: ProposalFilter) -> dict[str, int]:
    """How many fit by status, whatever status the filter asks for. One statement."""
    wider = ProposalFilter(given.words, "", given.lane, given.agency)
    rows = filtered(actor, wider).values_list("status").annotate(count=Count("pk"))
    return dict(rows.order_by("status"))


def waiting_of(proposal: Proposal, now: datetime | None = None) -> Waiting | None:
    """Who has a proposal and for how many working days; None once nobody has it. No statement."""
    who = holder(proposal.status)
    if not who:
        return None
    since, today = (timezone.localtime(at).date() for at in (proposal.status_since, now or timezone.now()))
    days = working_days_between(since, today, registers().calendar)
    return Waiting(who, days, portfolio_rules().working_days[who])


# --- screening -------------------------------------------------------------------------------------------------------


def screening_page(
    actor: Actor, *, lane: str, who: str, cursor: str = "", size: int = PAGE
) -> tuple[list[ProposalRow], str]:
    """What waits for the analyst or a board in a lane, the longest waiting first. One statement."""
    rows = filtered(actor, ProposalFilter(lane=lane, holder=who))
    page = paging.page(rows, by="status_since", cursor=cursor, size=size)
    return [ProposalRow(one, waiting_of(one)) for one in page.items], page.next


def screening_counts() -> dict[tuple[str, str], tuple[int, Decimal]]:
    """(lane, holder) → how many wait, and their baht. One statement."""
    rows = (
        Proposal.objects.filter(status__in=[s for s, who in HOLDERS.items() if who != "agency"])
        .values_list("lane", "status")
        .annotate(count=Count("pk"), baht=Sum("total"))
    )
    found: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for lane, status, count, baht in rows:
        before = found.get((lane, holder(status)), (0, Decimal(0)))
        found[lane, holder(status)] = (before[0] + count, before[1] + (baht or 0))
    return found


# --- one proposal ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A number as it was attached, and as it is today (None: the city has none now)."""

    evidence: Evidence
    today: Reading | None


@dataclass(slots=True)
class Whole:
    """Everything of one proposal."""

    proposal: Proposal
    waiting: Waiting | None
    steps: list[Step]
    names: dict[str, str] = field(default_factory=dict)
    evidence: list[EvidenceRow] = field(default_factory=list)

    @property
    def costs(self) -> list[dict[str, Any]]:
        """A row for each year with its three parts and their sum, and one for all years."""
        by_year: dict[int, dict[str, Decimal]] = {}
        for cost in self.proposal.costs.all():
            by_year.setdefault(cost.fiscal_year, {})[cost.part] = cost.amount
        rows = [{"year": year} | _parts(by_year[year]) for year in sorted(by_year)]
        sums = {
            part: sum((row[part] or Decimal(0) for row in rows), Decimal(0))
            for part in ("buy", "run", "people")
        }
        return [*rows, {"year": None} | _parts(sums)] if rows else []


def _parts(given: dict[str, Decimal]) -> dict[str, Any]:
    parts = {part: given.get(part) for part in ("buy", "run", "people")}
    return parts | {"sum": sum(given.values(), Decimal(0))}


def find(actor: Actor, code: str) -> Proposal:
    """One proposal without its parts; one statement. NotFound for one that the actor may not read."""
    known = read_code(code)
    found = Proposal.objects.filter(code=known).first() if known else None
    if found is None or not policies.may_read_partnered(actor, found.agency_id, found.partners):
        raise NotFound(_("There is no proposal with this code, or none that you may read."))
    return found


def with_parts(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Costs, metrics, relations and systems with the proposals: four statements more, however many there are."""
    return rows.prefetch_related(
        "costs",
        Prefetch("metrics"),
        Prefetch("relations", Relation.objects.select_related("other")),
        Prefetch("system_links", SystemLink.objects.select_related("system")),
    )


def whole(actor: Actor, code: str) -> Whole:
    """Everything of one proposal; ten statements, and one for each number attached. NotFound as `find`."""
    find(actor, code)
    rows = with_parts(Proposal.objects.filter(code=read_code(code))).select_related("joined")
    proposal = rows.prefetch_related(
        "evidence", "joined_by", Prefetch("related_by", Relation.objects.select_related("proposal"))
    ).get()
    steps = list(proposal.steps.order_by("-id"))
    numbers = [
        EvidenceRow(one, reading(one.indicator, one.areas, one.months))
        for one in sorted(proposal.evidence.all(), key=lambda one: one.pk)
    ]
    return Whole(proposal, waiting_of(proposal), steps, names_of(steps), numbers)


def names_of(steps: Iterable[Step]) -> dict[str, str]:
    """Officers' names by id; one statement, none where no officer did anything."""
    ids = {int(step.by_id) for step in steps if step.by_kind == "officer" and step.by_id.isdigit()}
    if not ids:
        return {}
    return {str(user.pk): user.display_name for user in User.objects.filter(pk__in=ids)}


def find_proposals(actor: Actor, words: str, but: str = "", limit: int = 10) -> Sequence[Proposal]:
    """Proposals that the actor may read and whose code or name holds the words. One statement."""
    rows = filtered(actor, ProposalFilter(words=words.strip())) if words.strip() else Proposal.objects.none()
    return list(rows.exclude(code=but).order_by("-updated_at")[:limit])
