"""The whole on one page: what was asked, allowed, found to overlap, saved, spent, and what is late. City side alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden, NotFound
from prasan.portfolio import silos
from prasan.portfolio.models import BudgetFigure, Proposal, ProposalCost, Verdict
from prasan.portfolio.policies import GRANTED, may_see_whole
from prasan.portfolio.queries import delivery, systems
from prasan.portfolio.queries.consolidation import StateTotal, savings_by_state
from prasan.portfolio.queries.delivery import YearRow
from prasan.portfolio.tiers import Policy, portfolio_rules

Status = Proposal.Status
Stage = BudgetFigure.Stage
NOT_ASKED = (Status.DRAFT, Status.WITHDRAWN)
PAGE = 25
MOVERS = 5
MONTHS = 13
OVERLAPS = (Verdict.Kind.SAME_FUNCTION, Verdict.Kind.EXISTING_SYSTEM, Verdict.Kind.COMMODITY)
STAGES: Mapping[str, tuple[Stage, ...]] = {
    "budget": (Stage.ORDINANCE, Stage.ADJUSTED), "contracted": (Stage.CONTRACTED,), "disbursed": (Stage.DISBURSED,),
}  # fmt: skip
# What a figure of the page opens: the rows behind it.
SHOWN = ("asked", "allowed", *STAGES, "overlap", "joined", "no_policy", "late")


@dataclass(frozen=True, slots=True)
class Total:
    """So many projects and their baht."""

    projects: int = 0
    baht: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Mover:
    """A decided project whose budget of the year differs from what it asked for."""

    code: str
    title: str
    requested: Decimal
    budget: Decimal

    @property
    def change(self) -> Decimal:
        return self.budget - self.requested


@dataclass(frozen=True, slots=True)
class SiloLine:
    """A silo number of the city: now, a year ago (None: not told then), and each month told, oldest first."""

    definition: silos.Definition
    months: list[tuple[date, Decimal]]

    @property
    def now(self) -> Decimal:
        return self.months[-1][1]

    @property
    def before(self) -> Decimal | None:
        return self.months[0][1] if len(self.months) > 1 else None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page. Totals are of the fiscal year; overlap, savings and policies of everything open."""

    year: int
    totals: Mapping[str, Total]
    overlap: Mapping[str, int]
    overlapping: Total
    joined: Total
    savings: list[StateTotal]
    silos: list[SiloLine]
    unanswered: list[Policy]
    no_policy: Total
    late: int
    movers: list[Mover]


def overview(actor: Actor, year: int) -> Overview:
    """The page's numbers; seventeen statements at most, however large the city. Raises Forbidden."""
    require_city(actor)
    pairs = last_words()
    found = {code for codes, kind in pairs.items() if kind in OVERLAPS for code in codes[:2] if code}
    told = _year_rows(year)
    asked, allowed = _asked_and_allowed(year)
    kinds = [kind for kind in pairs.values() if kind in OVERLAPS]
    unanswered, without = _policies()
    return Overview(
        year,
        {"asked": asked, "allowed": allowed} | {name: _stage_total(told, name) for name in STAGES},
        {str(kind): kinds.count(kind) for kind in OVERLAPS},
        _total(Proposal.objects.filter(pk__in=found)),
        _total(Proposal.objects.filter(joined__isnull=False)),
        savings_by_state(),
        _silo_lines(),
        unanswered,
        without,
        len(delivery.late_projects(timezone.localdate())),
        _movers(told, year),
    )


def require_city(actor: Actor) -> None:
    """Raises Forbidden for who does not stand on the city's side."""
    if not may_see_whole(actor):
        raise Forbidden


def _total(rows: QuerySet[Proposal]) -> Total:
    sums = rows.aggregate(count=Count("pk"), baht=Sum("total"))
    return Total(sums["count"], sums["baht"] or Decimal(0))


def _asked_and_allowed(year: int) -> tuple[Total, Total]:
    """One statement."""
    allowed = Q(proposal__status__in=GRANTED)
    costs = ProposalCost.objects.filter(fiscal_year=year, amount__gt=0).exclude(
        proposal__status__in=NOT_ASKED
    )
    sums = costs.aggregate(
        asked=Count("proposal", distinct=True), asked_baht=Sum("amount"),
        allowed=Count("proposal", distinct=True, filter=allowed), allowed_baht=Sum("amount", filter=allowed),
    )  # fmt: skip
    return (
        Total(sums["asked"], sums["asked_baht"] or Decimal(0)),
        Total(sums["allowed"], sums["allowed_baht"] or Decimal(0)),
    )


def _year_rows(year: int) -> dict[int, YearRow]:
    """Money of each decided project in the year that has a figure. One statement."""
    sums: dict[int, dict[str, Decimal]] = defaultdict(dict)
    figures = BudgetFigure.objects.filter(fiscal_year=year, proposal__status__in=GRANTED).order_by()
    for key, stage, amount in figures.values_list("proposal_id", "stage").annotate(sum=Sum("amount")):
        sums[key][stage] = amount
    return {key: YearRow(year, Decimal(0), stages) for key, stages in sums.items()}


def _stage_total(told: Mapping[int, YearRow], name: str) -> Total:
    amounts = [row.budget if name == "budget" else row.sums.get(name) for row in told.values()]
    known = [amount for amount in amounts if amount is not None]
    return Total(len(known), sum(known, Decimal(0)))


def _movers(told: Mapping[int, YearRow], year: int) -> list[Mover]:
    """Those whose budget differs most from what they asked for. One statement."""
    budgets = {key: row.budget for key, row in told.items() if row.budget is not None}
    this_year = Sum("costs__amount", filter=Q(costs__fiscal_year=year))
    rows = (
        Proposal.objects.filter(pk__in=budgets)
        .annotate(asked=this_year)
        .values_list("pk", "code", "title", "asked")
    )
    found = [Mover(code, title, asked or Decimal(0), budgets[key]) for key, code, title, asked in rows]
    moved = [one for one in found if one.change]
    return sorted(moved, key=lambda one: (-abs(one.change), one.code))[:MOVERS]


def last_words() -> dict[tuple[int, int | None, int | None], str]:
    """(proposal, other proposal, system) by key → the kind of the last verdict; of a pair one entry. One statement."""
    found: dict[tuple[int, int | None, int | None], str] = {}
    rows = Verdict.objects.order_by("id").values_list("proposal_id", "other_id", "system_id", "kind")
    for proposal, other, system, kind in rows:
        one, two = (proposal, other) if other is None or proposal < other else (other, proposal)
        found[one, two, system] = kind
    return found


def _silo_lines() -> list[SiloLine]:
    """One statement."""
    series = systems.series(months=MONTHS)
    lines = []
    for one in silos.DEFINITIONS:
        months = [(month, values[one.code]) for month, values in series.items() if one.code in values]
        if months:
            lines.append(SiloLine(one, months))
    return lines


def _policies() -> tuple[list[Policy], Total]:
    """The governor's policies that no proposal answers, and the proposals that answer none. Two statements."""
    asked = Proposal.objects.exclude(status__in=NOT_ASKED)
    answered = {code for codes in asked.order_by().values_list("policies", flat=True) for code in codes}
    return unanswered(answered), _total(asked.filter(policies=[]))


def unanswered(answered: set[str]) -> list[Policy]:
    """Policies that are not among those answered; the dimensions, which are no policies, left out."""
    dimensions = {one.code for one in registers().dimensions}
    policies = portfolio_rules().policies
    return [one for code, one in policies.items() if code not in answered and code not in dimensions]


# --- the rows behind a figure -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BehindRow:
    """A project behind a figure and its baht in that figure."""

    proposal: Proposal
    baht: Decimal


def behind(actor: Actor, shown: str, year: int, *, cursor: str = "") -> tuple[list[BehindRow], str]:
    """A page of the projects behind a figure, the dearest first, and the next cursor. Five statements at most.

    Raises Forbidden, NotFound for a figure that nobody knows.
    """
    require_city(actor)
    if shown not in SHOWN:
        raise NotFound
    rows = _rows_of(shown, year).prefetch_related("costs", "figures")
    page = paging.page(rows, by="-total", cursor=cursor, size=PAGE)
    return [BehindRow(one, _baht(one, shown, year)) for one in page.items], page.next


def _rows_of(shown: str, year: int) -> QuerySet[Proposal]:
    rows = Proposal.objects.exclude(status__in=NOT_ASKED)
    if shown in ("asked", "allowed"):
        costs = ProposalCost.objects.filter(proposal=OuterRef("pk"), fiscal_year=year, amount__gt=0)
        rows = rows.filter(Exists(costs))
        return rows.filter(status__in=GRANTED) if shown == "allowed" else rows
    if shown in STAGES:
        figures = BudgetFigure.objects.filter(
            proposal=OuterRef("pk"), fiscal_year=year, stage__in=STAGES[shown]
        )
        return rows.filter(Exists(figures), status__in=GRANTED)
    if shown == "overlap":
        keys = {key for codes, kind in last_words().items() if kind in OVERLAPS for key in codes[:2] if key}
        return Proposal.objects.filter(pk__in=keys)
    if shown == "joined":
        return Proposal.objects.filter(joined__isnull=False)
    if shown == "no_policy":
        return rows.filter(policies=[])
    return rows.filter(pk__in=delivery.late_projects(timezone.localdate()))


def _baht(proposal: Proposal, shown: str, year: int) -> Decimal:
    row = next((one for one in delivery.year_rows(proposal) if one.year == year), None)
    if row is not None and shown in ("asked", "allowed"):
        return row.requested
    if row is not None and shown == "budget":
        return row.budget or Decimal(0)
    if row is not None and shown in STAGES:
        return row.sums.get(shown, Decimal(0))
    return proposal.total


def policies_without(actor: Actor) -> list[Policy]:
    """The governor's policies that no proposal answers. One statement. Raises Forbidden."""
    require_city(actor)
    asked = Proposal.objects.exclude(status__in=NOT_ASKED).order_by().values_list("policies", flat=True)
    return unanswered({code for codes in asked for code in codes})
