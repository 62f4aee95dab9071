"""What everybody may read of decided projects, and nothing of any other: one set of rows, one set of columns.

Free texts pass `redact`; how a system is built, its data, risks, likenesses and answers are never loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.codes import read_code
from prasan.fabric.problems import NotFound
from prasan.fabric.redaction import redact
from prasan.portfolio.models import BudgetFigure, Metric, Milestone, Proposal, ProposalCost, Step
from prasan.portfolio.policies import GRANTED
from prasan.portfolio.queries import delivery
from prasan.portfolio.queries.delivery import MetricView, YearRow

PAGE = 20
LONGEST_SEARCH = 200
COLUMNS = (
    "code", "agency", "title", "objective", "benefit", "status", "status_since", "policies", "partners", "first_year",
    "total", "updated_at",
)  # fmt: skip
# Stages that the public sees, requested before them; what a board was told while screening stays with it.
STAGES = (
    BudgetFigure.Stage.ORDINANCE, BudgetFigure.Stage.ADJUSTED, BudgetFigure.Stage.CONTRACTED,
    BudgetFigure.Stage.DISBURSED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicFilter:
    """What somebody wants to see; empty means every decided project."""

    words: str = ""
    agency: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> PublicFilter:
        """The filter of a query string; a value that nobody knows is left out rather than refused."""
        agency = query.get("agency", "")
        words = query.get("words", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        return cls(words, agency if agency in registers().agencies else "")


def public_projects() -> QuerySet[Proposal]:
    """Decided projects with the columns that are public, without order."""
    return Proposal.objects.filter(status__in=GRANTED).only(*COLUMNS)


def filtered(given: PublicFilter) -> QuerySet[Proposal]:
    """Public projects that fit, without order."""
    rows = public_projects()
    if given.agency:
        rows = rows.filter(agency__in=sorted(registers().descendants(given.agency)))
    if given.words:
        code = read_code(given.words)
        found = Q(title__icontains=given.words) | Q(objective__icontains=given.words)
        rows = rows.filter(found | Q(code=code) if code else found)
    return rows


def public_page(given: PublicFilter, *, cursor: str = "") -> paging.Page[Proposal]:
    """A page of public projects, the last decided first. One statement."""
    page = paging.page(filtered(given), by="-status_since", cursor=cursor, size=PAGE)
    for one in page.items:
        _redact(one)
    return page


@dataclass(frozen=True, slots=True)
class PublicNumbers:
    """Counts and baht over all decided projects and years."""

    projects: int
    requested: Decimal
    budget: Decimal
    disbursed: Decimal


def public_numbers() -> PublicNumbers:
    """The numbers on top of the list. Two statements."""
    asked = Proposal.objects.filter(status__in=GRANTED).aggregate(count=Count("pk"), sum=Sum("total"))
    budget, disbursed = budget_and_disbursed(BudgetFigure.objects.filter(proposal__status__in=GRANTED))
    return PublicNumbers(asked["count"], asked["sum"] or Decimal(0), budget, disbursed)


def budget_and_disbursed(figures: QuerySet[BudgetFigure]) -> tuple[Decimal, Decimal]:
    """Baht that may be spent (as adjusted, else as in the ordinance) and that was disbursed. One statement."""
    sums: dict[tuple[int, int], dict[str, Decimal]] = {}
    rows = figures.order_by().values_list("proposal_id", "fiscal_year", "stage").annotate(sum=Sum("amount"))
    for proposal, year, stage, amount in rows:
        sums.setdefault((proposal, year), {})[stage] = amount
    told = [YearRow(year, Decimal(0), stages) for (_proposal, year), stages in sums.items()]
    disbursed = (one.sums.get(BudgetFigure.Stage.DISBURSED, Decimal(0)) for one in told)
    return sum((one.budget or Decimal(0) for one in told), Decimal(0)), sum(disbursed, Decimal(0))


def agencies() -> list[str]:
    """Codes of the agencies with a public project, by name. One statement."""
    codes = public_projects().order_by().values_list("agency_id", flat=True).distinct()
    return sorted(codes, key=lambda code: registers().agency(code).name)


@dataclass(frozen=True, slots=True)
class PublicProject:
    """Everything of one project that is public. `resolution` and `decided_at` are of the decision."""

    proposal: Proposal
    resolution: str
    decided_at: datetime
    years: list[YearRow]
    paid: list[tuple[date, Decimal]]
    milestones: list[Milestone]
    metrics: list[MetricView]
    since: date | None

    @property
    def budget(self) -> Decimal:
        """Baht that may be spent over all years; what was requested where the ordinance is not told."""
        told = [row.budget for row in self.years if row.budget is not None]
        return sum(told, Decimal(0)) if told else self.proposal.total


def public_project(code: str) -> PublicProject:
    """One decided project; ten statements. NotFound for any other code, in the same words whether it exists or not."""
    known = read_code(code)
    found = _with_public(public_projects().filter(code=known)).first() if known else None
    if found is None:
        raise NotFound
    return _project(found, delivery.metric_views(found))


def public_all() -> Iterator[PublicProject]:
    """Every decided project by code, without its metrics' series, for the files: five statements for 200 projects."""
    rows = _with_public(public_projects().order_by("code"))
    for proposal in rows.iterator(chunk_size=200):
        yield _project(proposal, [])


def _with_public(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    decisions = Step.objects.filter(after__in=GRANTED).exclude(resolution="").order_by("-id")
    return rows.prefetch_related(
        Prefetch("costs", ProposalCost.objects.all()),
        Prefetch("figures", BudgetFigure.objects.filter(stage__in=STAGES)),
        "milestones",
        Prefetch("metrics", Metric.objects.prefetch_related("readings")),
        Prefetch("steps", decisions, to_attr="decisions"),
    )


def _project(proposal: Proposal, metrics: list[MetricView]) -> PublicProject:
    _redact(proposal)
    milestones = delivery.in_order(proposal)
    for row in milestones:
        row.name = redact(row.name)
    for view in metrics:
        view.metric.name = redact(view.metric.name)
    decision = next(iter(proposal.decisions), None)  # type: ignore[attr-defined]
    return PublicProject(
        proposal, decision.resolution if decision else "", decision.at if decision else proposal.status_since,
        delivery.year_rows(proposal), delivery.paid_by_month(proposal), milestones, metrics,
        delivery.in_use_since(milestones),
    )  # fmt: skip


def _redact(proposal: Proposal) -> None:
    """In memory alone: these rows are never saved."""
    for name in ("title", "objective", "benefit"):
        setattr(proposal, name, redact(getattr(proposal, name)))
