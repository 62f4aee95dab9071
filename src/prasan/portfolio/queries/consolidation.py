"""What pages read of consolidation plans. Each function says how many statements it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.fabric import paging
from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.problems import NotFound
from prasan.people.models import User
from prasan.people.policies import agencies_of
from prasan.portfolio import policies
from prasan.portfolio.consolidation_savings import (
    HORIZON,
    Member,
    Numbers,
    Range,
    YearLine,
    expected,
    payback_years,
    realised,
    year_lines,
)
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import (
    ConsolidationPlan,
    PlanCost,
    PlanMember,
    PlanStep,
    Proposal,
    ProposalCost,
    System,
    SystemCost,
    Verdict,
)
from prasan.portfolio.overlap import Corpus, clusters, screen
from prasan.portfolio.queries import likeness

PAGE = 25
MOST_COMPARED = 1_500  # systems and proposals that are compared all with all while a page waits
State = ConsolidationPlan.State
CONFIRMED = (Verdict.Kind.SAME_FUNCTION, Verdict.Kind.EXISTING_SYSTEM)
IN_USE = (Proposal.Nature.MAINTAIN, Proposal.Nature.ENHANCE)
Thing = System | Proposal


# --- numbers of a plan -----------------------------------------------------------------------------------------------


def with_numbers(rows: QuerySet[ConsolidationPlan]) -> QuerySet[ConsolidationPlan]:
    """Plans with all that their savings are made of: six statements, however many plans."""
    members = PlanMember.objects.select_related("system", "proposal").order_by("pk")
    return rows.select_related("target_system", "target_proposal").prefetch_related(
        Prefetch("members", members), "baseline", "costs", "migration", "actuals"
    )


def numbers_of(plan: ConsolidationPlan) -> Numbers:
    """The savings' ingredients of a plan `with_numbers`; no statement."""
    baseline: dict[tuple[Any, Any], dict[int, Decimal]] = defaultdict(dict)
    for one in plan.baseline.all():
        baseline[one.system_id, one.proposal_id][one.fiscal_year] = one.amount
    members = [
        Member(baseline[one.system_id, one.proposal_id], one.ends_low, one.ends_high, is_gradual(one))
        for one in plan.members.all()
    ]
    parts: dict[str, dict[int, Decimal]] = {part: {} for part in PlanCost.Part.values}
    for cost in plan.costs.all():
        parts[cost.part][cost.fiscal_year] = cost.amount
    return Numbers(
        members=members,
        one_off=parts[PlanCost.Part.ONE_OFF],
        yearly=parts[PlanCost.Part.YEARLY],
        migration=[(one.due_on, one.share) for one in plan.migration.all()],
        actuals={one.fiscal_year: (one.members_spent, one.platform_spent) for one in plan.actuals.all()},
    )


def is_gradual(member: PlanMember) -> bool:
    """Whether the member is in use, so that its cost ends only as users move; what is asked for ends at once."""
    return member.proposal is None or member.proposal.nature in IN_USE


# --- lists and one plan ----------------------------------------------------------------------------------------------


def readable_plans(actor: Actor) -> QuerySet[ConsolidationPlan]:
    """Plans that the actor may read: for the city's side all, for others those about their agencies."""
    if policies.is_city_side(actor):
        return ConsolidationPlan.objects.all()
    codes = sorted(agencies_of(actor, policies.READERS))
    touched = PlanMember.objects.filter(Q(system__owner__in=codes) | Q(proposal__agency__in=codes))
    return ConsolidationPlan.objects.filter(
        Q(lead__in=codes)
        | Q(target_system__owner__in=codes)
        | Q(target_proposal__agency__in=codes)
        | Q(pk__in=touched.values("plan"))
    )


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan in a list."""

    plan: ConsolidationPlan
    members: int
    expected: Range
    realised: Decimal
    years_told: int


def plans_page(actor: Actor, *, state: str = "", cursor: str = "") -> tuple[list[PlanRow], str]:
    """A page of plans, what changed last first, and the cursor of the next. Six statements."""
    rows = readable_plans(actor)
    if state in State.values:
        rows = rows.filter(state=state)
    page = paging.page(with_numbers(rows), by="-updated_at", cursor=cursor, size=PAGE)
    return [_row(plan) for plan in page.items], page.next


def _row(plan: ConsolidationPlan) -> PlanRow:
    lines = year_lines(numbers_of(plan))
    return PlanRow(plan, len(plan.members.all()), expected(lines), realised(lines), len(plan.actuals.all()))


@dataclass(frozen=True, slots=True)
class Side:
    """One column of the comparison: the platform or a member, what it does and costs.

    `full` tells whether the reader may know more of it than what stands in the plan.
    """

    thing: Thing
    agency: str
    full: bool
    baseline: Mapping[int, Decimal] = field(default_factory=dict)
    member: PlanMember | None = None

    @property
    def is_system(self) -> bool:
        return isinstance(self.thing, System)

    @property
    def title(self) -> str:
        return self.thing.name if isinstance(self.thing, System) else self.thing.title

    @property
    def does(self) -> str:
        """What it is for; empty for a reader who may not know."""
        if isinstance(self.thing, System):
            return self.thing.purpose if self.full else ""
        return self.thing.objective if self.full else ""

    @property
    def users(self) -> int | None:
        """People who use the system; None where nobody has told, and for a proposal."""
        return self.thing.users if isinstance(self.thing, System) else None

    @property
    def contract_end(self) -> date | None:
        """When the contract of the system ends."""
        return self.thing.contract_end if isinstance(self.thing, System) else None

    @property
    def baseline_total(self) -> Decimal:
        return sum(self.baseline.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything of one plan."""

    plan: ConsolidationPlan
    target: Side | None
    members: list[Side]
    lines: list[YearLine]
    steps: list[PlanStep]
    names: dict[str, str]

    @property
    def expected(self) -> Range:
        return expected(self.lines)

    @property
    def realised(self) -> Range:
        """What is realised: low and high are the same."""
        return Range(realised(self.lines), realised(self.lines))

    @property
    def told(self) -> bool:
        """Whether the real spending of some year is told."""
        return any(line.realised is not None for line in self.lines)

    @property
    def payback(self) -> tuple[int | None, int | None]:
        """Fiscal year in which it has paid for itself: at best, at least."""
        return payback_years(self.lines)


def agencies_of_plan(plan: ConsolidationPlan) -> set[str]:
    """Codes of all agencies that a plan is about. At most three statements, none on a plan `with_numbers`."""
    found = {plan.lead_id}
    things = [plan.target_system, plan.target_proposal]
    if "members" in getattr(plan, "_prefetched_objects_cache", {}):
        members: Iterable[PlanMember] = plan.members.all()
    else:
        members = plan.members.select_related("system", "proposal")
    for one in members:
        things += [one.system, one.proposal]
    return found | {owner_of(thing) for thing in things if thing is not None}


def owner_of(thing: Thing) -> str:
    """Code of the agency that owns or proposes it."""
    return thing.owner_id if isinstance(thing, System) else thing.agency_id


def find_plan(actor: Actor, code: str) -> ConsolidationPlan:
    """One plan `with_numbers`; six statements. NotFound for one that the actor may not read."""
    known = read_code(code) == code
    plan = with_numbers(ConsolidationPlan.objects.filter(code=code)).first() if known else None
    if plan is None or not policies.may_read_plan(actor, agencies_of_plan(plan)):
        raise NotFound(_("There is no plan with this code, or none that you may read."))
    return plan


def plan_view(actor: Actor, code: str) -> PlanView:
    """Everything of one plan; eight statements. NotFound as `find_plan`."""
    plan = find_plan(actor, code)
    baseline: dict[tuple[Any, Any], dict[int, Decimal]] = defaultdict(dict)
    for one in plan.baseline.all():
        baseline[one.system_id, one.proposal_id][one.fiscal_year] = one.amount
    sides = [
        _side(actor, member.system or member.proposal, baseline[member.system_id, member.proposal_id], member)
        for member in plan.members.all()
    ]
    target = plan.target_system or plan.target_proposal
    steps = list(plan.steps.order_by("-id"))
    return PlanView(
        plan,
        _side(actor, target, {}, None) if target else None,
        sides,
        year_lines(numbers_of(plan)),
        steps,
        _names(steps),
    )


def _side(
    actor: Actor, thing: Thing | None, baseline: Mapping[int, Decimal], member: PlanMember | None
) -> Side:
    assert thing is not None  # noqa: S101 — a constraint of the table
    if isinstance(thing, System):
        full = policies.may_read_systems(actor)
    else:
        full = policies.may_read_partnered(actor, thing.agency_id, thing.partners)
    return Side(thing, owner_of(thing), full, dict(sorted(baseline.items())), member)


def _names(steps: Iterable[PlanStep]) -> dict[str, str]:
    ids = {int(step.by_id) for step in steps if step.by_kind == "officer" and step.by_id.isdigit()}
    if not ids:
        return {}
    return {str(user.pk): user.display_name for user in User.objects.filter(pk__in=ids)}


# --- the city's savings ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StateTotal:
    """Net savings in one state. `years` counts plan years; each stands in exactly one state."""

    state: str
    net: Range
    plans: int
    years: int

    @property
    def label(self) -> Any:
        return State(self.state).label


def savings_by_state() -> list[StateTotal]:
    """Net savings of the whole city, claimed, validated and realised apart; seven statements at most.

    A plan's years count as the plan stands; a year whose real spending is told counts as realised and nowhere else.
    Plans being written or given up count nowhere.
    """
    sums: dict[str, tuple[Range, set[int], int]] = {
        state: (Range(), set(), 0) for state in (State.CLAIMED, State.VALIDATED, State.REALISED)
    }
    for plan in with_numbers(ConsolidationPlan.objects.filter(state__in=list(sums))):
        for line in year_lines(numbers_of(plan)):
            state = plan.state if line.realised is None else State.REALISED
            net = line.net if line.realised is None else Range(line.realised, line.realised)
            total, plans, years = sums[state]
            sums[state] = (total + net, plans | {plan.pk}, years + 1)
    return [StateTotal(str(state), net, len(plans), years) for state, (net, plans, years) in sums.items()]


# --- where plans come from -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """Systems and proposals of which officers said that they do the same; `reasons` by code."""

    things: tuple[Thing, ...]
    reasons: Mapping[str, str]

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.things]

    @property
    def target(self) -> System | None:
        """The system that most people use: the first thought for a platform."""
        systems = [one for one in self.things if isinstance(one, System)]
        return max(systems, key=lambda one: (one.users or 0, one.code), default=None)


def confirmed_groups() -> list[Group]:
    """What officers confirmed as the same function or an existing system, in groups, those with a plan left out.

    The last word on a pair counts. Four statements.
    """
    words = _last_words()
    groups = _joined([pair for pair, (kind, _reason) in words.items() if kind in CONFIRMED])
    taken = _planned()
    fresh = [group for group in groups if len(group - taken) > 1]
    things = _things(set().union(*fresh) if fresh else set())
    found = []
    for group in fresh:
        reasons = {
            code: reason
            for (one, other), (kind, reason) in words.items()
            if kind in CONFIRMED
            for code in (one, other)
            if code in group
        }
        found.append(Group(tuple(things[code] for code in sorted(group) if code in things), reasons))
    return [one for one in found if len(one.things) > 1]


def suggested_groups(limit: int = 10) -> list[Group]:
    """What the screening sees as the same and nobody has judged yet, the largest groups first.

    Four statements beyond those that keep the corpus (queries/likeness.py). None in a city so large that comparing all
    with all would keep a page waiting; there, `prasan portfolio screen` and the proposals' own pages tell.
    """
    corpus, known = likeness.keeper.get()
    if not 1 < len(corpus) <= MOST_COMPARED:
        return []
    judged = set(_last_words())
    taken = _planned()
    open_codes = {code for code, one in known.items() if one[3] != Proposal.Status.DRAFT} - taken
    groups = [tuple(code for code in group if code in open_codes) for group in _alike(corpus)]
    fresh = [
        group
        for group in groups
        if len(group) > 1 and not any(pair in judged for pair in combinations(sorted(group), 2))
    ][:limit]
    things = _things({code for group in fresh for code in group})
    found = [Group(tuple(things[code] for code in group if code in things), {}) for group in fresh]
    return [group for group in found if len(group.things) > 1]


_compared: tuple[Corpus, list[tuple[str, ...]]] | None = None


def _alike(corpus: Corpus) -> list[tuple[str, ...]]:
    """Groups among everything of a corpus; kept until the corpus changes."""
    global _compared  # noqa: PLW0603 — one value for the process, replaced as a whole
    if _compared is None or _compared[0] is not corpus:
        matches = (match for row in screen(corpus, corpus) for match in row)
        _compared = (corpus, clusters(matches))
    return _compared[1]


def _planned() -> set[str]:
    """Codes of members of plans that live. One statement."""
    rows = PlanMember.objects.exclude(plan__state=State.DROPPED)
    return {code for pair in rows.values_list("system__code", "proposal__code") for code in pair if code}


def _last_words() -> dict[tuple[str, str], tuple[str, str]]:
    """Pair of codes → the last verdict's kind and reason."""
    rows = Verdict.objects.order_by("id").values_list(
        "proposal__code", "other__code", "system__code", "kind", "reason"
    )
    found = {}
    for proposal, other, system, kind, reason in rows:
        one, two = sorted((proposal, other or system))
        found[one, two] = (kind, reason)
    return found


def _joined(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Groups of codes that are linked, the largest first."""
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        together = groups.get(one, {one}) | groups.get(other, {other})
        for code in together:
            groups[code] = together
    distinct = {id(group): group for group in groups.values()}
    return sorted(distinct.values(), key=lambda group: (-len(group), sorted(group)))


def _things(codes: Collection[str]) -> dict[str, Thing]:
    systems = System.objects.filter(code__in=codes).exclude(lifecycle=System.Lifecycle.RETIRED)
    proposals = Proposal.objects.filter(code__in=codes).exclude(status=Proposal.Status.DRAFT)
    found: dict[str, Thing] = {one.code: one for one in systems}
    return found | {one.code: one for one in proposals}


@dataclass(frozen=True, slots=True)
class Start:
    """What a new plan begins with: the members found, their costs carried on, and verdicts' reasons."""

    things: list[Thing]
    first_year: int
    baseline: Mapping[str, Mapping[int, Decimal]]
    reasons: Mapping[str, str]


def start_of(codes: Sequence[str]) -> Start:
    """What is known of these codes, for the form of a new plan. Five statements.

    A proposal's baseline is what it asks for by year; a system's is what its owner told, the latest year carried on.
    """
    things = _things(codes)
    first = fiscal_year(timezone.localdate()) + 1
    years = range(first, first + HORIZON)
    return Start(
        [things[code] for code in dict.fromkeys(codes) if code in things],
        first,
        _told_costs(things, years),
        {
            code: reason
            for pair, (kind, reason) in _last_words().items()
            if kind in CONFIRMED and (pair[0] in things and pair[1] in things)
            for code in pair
        },
    )


def _told_costs(things: Mapping[str, Thing], years: range) -> dict[str, dict[int, Decimal]]:
    found: dict[str, dict[int, Decimal]] = defaultdict(dict)
    told: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for code, year, amount in SystemCost.objects.filter(system__code__in=things).values_list(
        "system__code", "fiscal_year", "amount"
    ):
        told[code][year] = amount
    for code, amounts in told.items():
        for year in years:
            known = [one for one in amounts if one <= year]
            if known:
                found[code][year] = amounts[max(known)]
    for code, year, amount in ProposalCost.objects.filter(
        proposal__code__in=things, fiscal_year__in=years
    ).values_list("proposal__code", "fiscal_year", "amount"):
        found[code][year] = found[code].get(year, Decimal(0)) + amount
    return found
