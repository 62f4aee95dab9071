"""What became of decided projects: money, milestones, risks, metrics. Each read says how many statements it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.utils import timezone

from prasan.city.models import Indicator
from prasan.city.registers import registers
from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.problems import NotFound
from prasan.portfolio import before_after, lateness
from prasan.portfolio.before_after import Answer
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import BudgetFigure, Metric, Milestone, Proposal, Risk
from prasan.portfolio.policies import GRANTED
from prasan.portfolio.queries import proposals as proposal_queries
from prasan.portfolio.queries.evidence import SUMMED

Stage = BudgetFigure.Stage
PAGE = 25
MONTHS = 36  # that a series shows


# --- money ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class YearRow:
    """A fiscal year's baht by stage; None where a stage is not told."""

    year: int
    requested: Decimal
    sums: Mapping[str, Decimal]

    @property
    def cells(self) -> list[Decimal | None]:
        """Requested, then each stage in its order."""
        return [self.requested, *(self.sums.get(stage) for stage in Stage.values)]

    @property
    def budget(self) -> Decimal | None:
        """What may be spent: as adjusted, else as in the ordinance."""
        found = self.sums.get(Stage.ADJUSTED)
        return found if found is not None else self.sums.get(Stage.ORDINANCE)


def year_rows(proposal: Proposal) -> list[YearRow]:
    """Money by fiscal year, of prefetched costs and figures."""
    requested: dict[int, Decimal] = defaultdict(Decimal)
    for cost in proposal.costs.all():
        requested[cost.fiscal_year] += cost.amount
    sums: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for (year, stage), amount in sums_of(proposal.figures.all()).items():
        sums[year][stage] = amount
    years = sorted({*requested, *sums})
    return [YearRow(year, requested.get(year, Decimal(0)), sums.get(year, {})) for year in years]


def sums_of(figures: Iterable[BudgetFigure]) -> dict[tuple[int, str], Decimal]:
    """(fiscal year, stage) → baht; what was disbursed is summed over its months."""
    found: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for one in figures:
        found[one.fiscal_year, one.stage] += one.amount
    return dict(found)


def paid_by_month(proposal: Proposal) -> list[tuple[date, Decimal]]:
    """First day of a month → baht disbursed, oldest first, of prefetched figures."""
    found: dict[date, Decimal] = defaultdict(Decimal)
    for one in proposal.figures.all():
        if one.month is not None:
            found[one.month] += one.amount
    return sorted(found.items())


# --- metrics ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class MetricView:
    """A promised number with what came of it.

    `series` is (first day of a month or day of a reading, value), oldest first: a mean a district where the number is
    read for several. `actual` is the last value that compares with the target: of counts the sum of the last 12 months
    over all places, of other units their mean, of a number that the agency tells its last reading. `compared` is the
    mean of the comparable districts by month, `answer` what before and after allow to say (None: nothing to compare).
    """

    metric: Metric
    series: list[tuple[date, Decimal]] = field(default_factory=list)
    actual: Decimal | None = None
    until: date | None = None
    months: int = 0
    unit: str = ""
    compared: list[tuple[date, Decimal]] = field(default_factory=list)
    answer: Answer | None = None

    @property
    def reached(self) -> int | None:
        """Percent of the way from the baseline to the target; below 0 when it went the other way."""
        metric = self.metric
        if self.actual is None or metric.baseline is None or metric.target is None:
            return None
        way = metric.target - metric.baseline
        return round(100 * (self.actual - metric.baseline) / way) if way else None


Monthly = Mapping[str, Mapping[date, Decimal]]  # district ("" the city) → first day of a month → value


def metric_views(proposal: Proposal, *, today: date | None = None) -> list[MetricView]:
    """Every promised number of a project with prefetched metrics, readings and milestones.

    Two statements, none where no metric is read from the city's numbers.
    """
    today = today or timezone.localdate()
    metrics = sorted(proposal.metrics.all(), key=lambda one: one.pk)
    names = {one.indicator for one in metrics if one.indicator}
    values, units = _indicators(names, today) if names else ({}, {})
    spoilt = _spoilt(proposal, names) if names else {}
    since = in_use_since(proposal.milestones.all())
    views = []
    for metric in metrics:
        if not metric.indicator:
            views.append(_told_by_agency(metric))
            continue
        view = _of_city(metric, values.get(metric.indicator, {}), units.get(metric.indicator, ""))
        if metric.areas and since:
            _compare(view, values.get(metric.indicator, {}), since, spoilt[metric.indicator])
        views.append(view)
    return views


def in_use_since(milestones: Iterable[Milestone]) -> date | None:
    """The day since which people use what the project made; None before."""
    days = [one.done_on for one in milestones if one.in_use and one.done_on]
    return min(days) if days else None


def first_full_month(day: date) -> date:
    """The first day of the first month that lies wholly after a day (or begins with it)."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _indicators(
    names: Collection[str], today: date
) -> tuple[dict[str, dict[str, dict[date, Decimal]]], dict[str, str]]:
    """Monthly values of the last three years up to the last full month, and each indicator's unit. One statement."""
    first = _month_back(today, MONTHS)
    rows = Indicator.objects.filter(
        name__in=names, agency=None, period_start__gte=first, period_end__lt=today.replace(day=1)
    ).values_list("name", "area_id", "period_start", "period_end", "value", "unit")
    found: dict[str, dict[str, dict[date, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    units: dict[str, str] = {}
    for name, area, start, end, value, unit in rows:
        if start.day == 1 and 27 <= (end - start).days <= 30:
            found[name][area or ""][start] = value
            units[name] = unit
    return found, units


def _month_back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _spoilt(proposal: Proposal, names: Collection[str]) -> dict[str, set[str]]:
    """Indicator → districts in which another decided project works on it. One statement."""
    found: dict[str, set[str]] = {name: set() for name in names}
    others = Metric.objects.filter(indicator__in=names, proposal__status__in=GRANTED).exclude(
        proposal=proposal
    )
    for name, areas in others.values_list("indicator", "areas"):
        found[name].update(areas)
    return found


def _told_by_agency(metric: Metric) -> MetricView:
    readings = sorted(metric.readings.all(), key=lambda one: one.on)
    last = readings[-1] if readings else None
    return MetricView(
        metric, [(one.on, one.value) for one in readings], last.value if last else None, last.on if last else None,
        unit=metric.unit,
    )  # fmt: skip


def _of_city(metric: Metric, values: Monthly, unit: str) -> MetricView:
    places = metric.areas or [""]
    by_month: dict[date, list[Decimal]] = defaultdict(list)
    for place in places:
        for month, value in values.get(place, {}).items():
            by_month[month].append(value)
    series = [(month, sum(told, Decimal(0)) / len(told)) for month, told in sorted(by_month.items())]
    view = MetricView(metric, series, unit=unit or metric.unit)
    year = sorted(by_month.items())[-12:]
    if year:
        told = [value for _month, values_of in year for value in values_of]
        total = sum(told, Decimal(0))
        view.actual = total if unit in SUMMED else total / len(told)
        view.until, view.months = year[-1][0], len(year)
    return view


def _compare(view: MetricView, values: Monthly, since: date, spoilt: Collection[str]) -> None:
    """Hold the project's districts beside comparable ones."""
    months = sorted({month for code, told in values.items() if code for month in told})
    codes = [area.code for area in registers().districts() if area.code in values]
    series: dict[str, Sequence[float | None]] = {
        code: [float(values[code][month]) if month in values[code] else None for month in months]
        for code in codes
    }
    start = first_full_month(since)
    change = sum(month < start for month in months)
    view.answer = before_after.compare(series, view.metric.areas, change, spoilt=spoilt)
    near = view.answer.comparable
    for month in months if near else ():
        told = [values[code][month] for code in near if month in values[code]]
        if told:
            view.compared.append((month, sum(told, Decimal(0)) / len(told)))


# --- one project ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that is told of a project after the decision."""

    proposal: Proposal
    years: list[YearRow]
    paid: list[tuple[date, Decimal]]
    milestones: list[Milestone]
    risks: list[Risk]
    metrics: list[MetricView]
    late: list[lateness.Late]


def with_delivery(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Costs, figures, milestones, metrics and readings with the projects: five statements more, however many."""
    return rows.prefetch_related(
        "costs", "figures", "milestones", Prefetch("metrics", Metric.objects.prefetch_related("readings"))
    )


def delivery(actor: Actor, code: str, *, today: date | None = None) -> Delivery:
    """One project that waits for the main committee or is decided; ten statements. NotFound for any other."""
    known = proposal_queries.find(actor, code)
    if known.status not in (*GRANTED, Proposal.Status.SCREENED):
        raise NotFound
    proposal = with_delivery(Proposal.objects.filter(pk=known.pk)).get()
    risks = sorted(proposal.risks.all(), key=lambda one: (one.closed_on is not None, -one.score, one.pk))
    return Delivery(
        proposal, year_rows(proposal), paid_by_month(proposal), in_order(proposal), risks,
        metric_views(proposal, today=today), late_reasons(proposal, today or timezone.localdate()),
    )  # fmt: skip


def in_order(proposal: Proposal) -> list[Milestone]:
    """Prefetched milestones by planned day."""
    return sorted(proposal.milestones.all(), key=lambda one: (one.planned_on, one.pk))


def late_reasons(proposal: Proposal, today: date) -> list[lateness.Late]:
    """Why a decided project with prefetched milestones and figures is late."""
    if proposal.status not in GRANTED:
        return []
    waiting = [(one.name, one.planned_on) for one in in_order(proposal) if one.done_on is None]
    return lateness.reasons(waiting, sums_of(proposal.figures.all()), today)


# --- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What a reader wants to see; empty means every decided project that they may read."""

    words: str = ""
    agency: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A decided project in a list with the money of one year, and why it is late."""

    proposal: Proposal
    money: YearRow
    late: list[lateness.Late]


def deliveries(
    actor: Actor, given: DeliveryFilter, year: int, *, cursor: str = "", size: int = PAGE
) -> tuple[list[DeliveryRow], str]:
    """A page of decided projects, what changed last first, and the cursor of the next. Six statements at most."""
    rows = proposal_queries.filtered(
        actor, proposal_queries.ProposalFilter(words=given.words, agency=given.agency)
    )
    rows = rows.filter(status__in=GRANTED)
    today = timezone.localdate()
    if given.late:
        rows = rows.filter(pk__in=late_projects(today))
    page = paging.page(
        rows.prefetch_related("costs", "figures", "milestones"), by="-updated_at", cursor=cursor, size=size
    )
    return [_row(one, year, today) for one in page.items], page.next


def _row(proposal: Proposal, year: int, today: date) -> DeliveryRow:
    money = next((one for one in year_rows(proposal) if one.year == year), YearRow(year, Decimal(0), {}))
    return DeliveryRow(proposal, money, late_reasons(proposal, today))


def late_projects(today: date) -> set[int]:
    """Keys of all decided projects that are late by any rule. Two statements."""
    granted = Q(proposal__status__in=GRANTED)
    open_ones = Milestone.objects.filter(granted, done_on=None, planned_on__lt=today - lateness.GRACE)
    found = set(open_ones.values_list("proposal_id", flat=True))
    sums: dict[int, dict[tuple[int, str], Decimal]] = defaultdict(dict)
    figures = BudgetFigure.objects.filter(granted, fiscal_year__lte=fiscal_year(today)).order_by()
    rows = figures.values_list("proposal_id", "fiscal_year", "stage").annotate(sum=Sum("amount"))
    for key, year, stage, amount in rows:
        sums[key][year, stage] = amount
    return found | {key for key, told in sums.items() if lateness.reasons((), told, today)}
