"""Reads of scores, scenarios and runs. Each says how many SQL statements it costs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean
from typing import Any, Literal

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.paging import Page, page
from prasan.fabric.problems import Forbidden, NotFound
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.models import Proposal, ProposalCost, Relation, Scenario, ScenarioRun, Score
from prasan.portfolio.policies import may_choose
from prasan.portfolio.selection.criteria import POINTS_A_STEP, STEPS, criteria
from prasan.portfolio.selection.frozen import costs_of_json, platform_of_json
from prasan.portfolio.selection.problem import AgencyLimit, Level, Problem, Project, ThemeFloor
from prasan.portfolio.selection.robustness import Scores
from prasan.portfolio.tiers import portfolio_rules

PAGE = 50
RUNS_SHOWN = 20
Status = Proposal.Status
STAGES = (Status.SUBMITTED, Status.SCREENING, Status.SCREENED, Status.RECONSIDER, Status.NOT_CONSIDERED)
BOUND = (Status.APPROVED, Status.CONDITIONS)  # what a committed proposal may have become
ANY_POINTS = (0.0, float(POINTS_A_STEP * STEPS[-1]))  # of a criterion that nobody scored


# --- scores ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """What was given for one criterion of a proposal: own step (None: not yet), and those of all scorers."""

    own: int | None
    all: tuple[int, ...]

    @property
    def mean(self) -> float | None:
        return fmean(self.all) if self.all else None

    @property
    def spread(self) -> int:
        """Largest less smallest step."""
        return max(self.all) - min(self.all) if self.all else 0


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A proposal in the list: how many people scored it fully, its mean in points of 100, its widest spread."""

    proposal: Proposal
    scorers: int
    mean: float | None
    spread: int
    mine: bool


def to_score(actor: Actor, *, cursor: str = "", only_mine: bool = False) -> tuple[list[ScoreRow], str]:
    """A page of proposals that can be chosen from, newest first, and the cursor of the next. 2 statements."""
    _permit(actor)
    rows = Proposal.objects.filter(status__in=STAGES).defer("objective", "scope", "benefit", "answers")
    if only_mine:
        rows = rows.exclude(scores__scorer_id=_number(actor))
    found = page(rows, by="-id", cursor=cursor, size=PAGE)
    scores = _scores_of([one.pk for one in found.items])
    return [_score_row(one, scores.get(one.pk, []), actor) for one in found.items], found.next


def _scores_of(proposals: Iterable[int]) -> dict[int, list[Score]]:
    found: dict[int, list[Score]] = defaultdict(list)
    for score in Score.objects.filter(proposal_id__in=list(proposals), criterion__in=list(criteria())):
        found[score.proposal_id].append(score)
    return found


def _score_row(proposal: Proposal, scores: Sequence[Score], actor: Actor) -> ScoreRow:
    counted: dict[int, int] = defaultdict(int)
    by_criterion: dict[str, list[int]] = defaultdict(list)
    for score in scores:
        counted[score.scorer_id] += 1
        by_criterion[score.criterion].append(score.points)
    means = [fmean(points) for points in by_criterion.values()]
    whole = len(by_criterion) == len(criteria()) > 0
    return ScoreRow(
        proposal,
        scorers=sum(count == len(criteria()) for count in counted.values()),
        mean=fmean(means) * POINTS_A_STEP if whole else None,
        spread=max((max(points) - min(points) for points in by_criterion.values()), default=0),
        mine=_number(actor) in counted,
    )


def scores_of(actor: Actor, code: str) -> tuple[Proposal, dict[str, Given], int]:
    """A proposal, what was given by criterion, and how many people gave. 2 statements.

    Others' scores stay hidden until the reader has given their own: two views that are really two. Raises NotFound.
    """
    _permit(actor)
    proposal = Proposal.objects.filter(code=code).exclude(status=Status.DRAFT).first()
    if proposal is None:
        raise NotFound
    rows = list(Score.objects.filter(proposal=proposal).order_by("at", "id"))
    own = {row.criterion: row.points for row in rows if row.scorer_id == _number(actor)}
    given: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        given[row.criterion].append(row.points)
    shown = {
        criterion: Given(own.get(criterion), tuple(given[criterion]) if own else ())
        for criterion in criteria()
    }
    return proposal, shown, len({row.scorer_id for row in rows})


def _number(actor: Actor) -> int:
    return int(actor.id) if actor.is_officer else 0


# --- scenarios -------------------------------------------------------------------------------------------------------


def scenarios(actor: Actor, *, cursor: str = "") -> Page[Scenario]:
    """Scenarios, the last changed first, each with `last_run` (number) and `last_state`. 1 statement."""
    _permit(actor)
    runs = ScenarioRun.objects.filter(scenario=OuterRef("pk")).order_by("-id")
    rows = Scenario.objects.annotate(
        last_run=Subquery(runs.values("pk")[:1]), last_state=Subquery(runs.values("state")[:1])
    )
    return page(rows, by="-updated_at", cursor=cursor, size=PAGE)


def scenario(actor: Actor, key: int) -> Scenario:
    """One scenario. 1 statement. Raises NotFound."""
    _permit(actor)
    found = Scenario.objects.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def runs(actor: Actor, scenario: Scenario) -> list[ScenarioRun]:
    """The last runs of a scenario, newest first, without what they found. 1 statement."""
    _permit(actor)
    return list(scenario.runs.defer("input", "result").order_by("-id")[:RUNS_SHOWN])


def run(actor: Actor, key: int) -> ScenarioRun:
    """One run with its scenario. 1 statement. Raises NotFound."""
    _permit(actor)
    found = ScenarioRun.objects.select_related("scenario").filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def run_state(actor: Actor, key: int) -> ScenarioRun:
    """How far a run is, without what it read and found. 1 statement. Raises NotFound."""
    _permit(actor)
    found = ScenarioRun.objects.defer("input", "result").filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def solved_runs(actor: Actor) -> list[ScenarioRun]:
    """The latest solved runs with their scenarios, for choosing two to compare. 1 statement."""
    _permit(actor)
    rows = ScenarioRun.objects.filter(state=ScenarioRun.State.DONE).select_related("scenario")
    return list(rows.defer("input", "result").order_by("-id")[:RUNS_SHOWN])


def pool_size(actor: Actor, scenario: Scenario) -> dict[str, int]:
    """How many proposals a scenario chooses from: `proposals`, of them `scored` by anybody. 1 statement."""
    _permit(actor)
    return pool(scenario).aggregate(
        proposals=Count("pk", distinct=True),
        scored=Count("pk", distinct=True, filter=Q(scores__isnull=False)),
    )


def _permit(actor: Actor) -> None:
    if not may_choose(actor):
        raise Forbidden


# --- from rows to a problem ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A scenario as it can be solved. `unscored`: proposals left aside because a criterion has no score at all;
    `alone`: those that only one person scored; `beyond`: needs and exclusions that lead outside, by project."""

    problem: Problem
    scores: Scores
    unscored: tuple[str, ...]
    alone: tuple[str, ...]
    beyond: Mapping[str, tuple[str, ...]]


def pool(scenario: Scenario) -> QuerySet[Proposal]:
    """The proposals a scenario chooses from: those at its stages, and what is committed."""
    return Proposal.objects.filter(
        Q(status__in=scenario.stages) | Q(committed=True, status__in=[*BOUND, *scenario.stages])
    )


def question(scenario: Scenario) -> Question:
    """The problem of a scenario as the rows stand now. 4 statements."""
    rows = {
        one.pk: one
        for one in pool(scenario).defer("objective", "scope", "benefit", "answers").order_by("code")
    }
    scored = _scores_of(rows)
    points = {key: _points(scored.get(key, [])) for key in rows}
    kept = {key: one for key, one in rows.items() if one.committed or points[key].keys() == criteria().keys()}
    costs = _costs(kept)
    needs, excludes, beyond = _relations(kept)
    weights = {code: (least / 100, most / 100) for code, (least, most) in scenario.weights.items()}
    scores = Scores(weights, {
        one.code: {criterion: points[key].get(criterion, ANY_POINTS) for criterion in weights}
        for key, one in kept.items()
    })  # fmt: skip
    values = scores.values()
    projects = tuple(
        _project(scenario, one, values[one.code], costs[key], (needs[key], excludes[key]))
        for key, one in kept.items()
    )
    scorers = {key: len({score.scorer_id for score in scored.get(key, [])}) for key in kept}
    return Question(
        _problem(scenario, projects),
        scores,
        unscored=tuple(one.code for key, one in rows.items() if key not in kept),
        alone=tuple(one.code for key, one in kept.items() if scorers[key] == 1),
        beyond=beyond,
    )


def _points(scores: Iterable[Score]) -> dict[str, tuple[float, float]]:
    """Criterion → lowest and highest points of 100 that were given."""
    found: dict[str, list[int]] = defaultdict(list)
    for score in scores:
        found[score.criterion].append(score.points * POINTS_A_STEP)
    return {criterion: (float(min(given)), float(max(given))) for criterion, given in found.items()}


def _costs(proposals: Mapping[int, Proposal]) -> dict[int, dict[int, int]]:
    """Proposal → fiscal year → baht, rounded up."""
    sums: dict[int, dict[int, Decimal]] = {key: defaultdict(Decimal) for key in proposals}
    rows = ProposalCost.objects.filter(proposal_id__in=list(proposals))
    for key, year, amount in rows.values_list("proposal_id", "fiscal_year", "amount"):
        sums[key][year] += amount
    return {key: {year: math.ceil(amount) for year, amount in own.items()} for key, own in sums.items()}


def _relations(
    proposals: Mapping[int, Proposal],
) -> tuple[dict[int, list[str]], dict[int, list[str]], dict[str, tuple[str, ...]]]:
    """What each needs and rules out among the others, and what it needs outside the pool."""
    needs: dict[int, list[str]] = {key: [] for key in proposals}
    excludes: dict[int, list[str]] = {key: [] for key in proposals}
    beyond: dict[str, tuple[str, ...]] = {}
    rows = Relation.objects.filter(proposal_id__in=list(proposals)).order_by("other__code")
    for key, other, code, status, kind in rows.values_list(
        "proposal_id", "other_id", "other__code", "other__status", "kind"
    ):
        if other in proposals:
            (needs if kind == Relation.Kind.DEPENDS else excludes)[key].append(code)
        elif kind == Relation.Kind.DEPENDS and status not in BOUND:
            beyond[proposals[key].code] = (*beyond.get(proposals[key].code, ()), code)
    return needs, excludes, beyond


def _project(
    scenario: Scenario,
    proposal: Proposal,
    value: float,
    costs: dict[int, int],
    related: tuple[Sequence[str], Sequence[str]],
) -> Project:
    levels = [Level("full", costs)]
    if not proposal.committed and scenario.pilot_cost is not None:
        part = {year: -(-amount * scenario.pilot_cost // 100) for year, amount in costs.items()}
        levels.append(Level("pilot", part, scenario.pilot_worth / 100))
    if not proposal.committed and scenario.defer_worth is not None:
        later = {year + 1: amount for year, amount in costs.items()}
        levels.append(Level("defer", later, scenario.defer_worth / 100, delay=1))
    forced: Literal["", "in", "out"] = ""
    if proposal.code in scenario.forced_out:
        forced = "out"
    elif proposal.code in scenario.forced_in:
        forced = "in"
    return Project(
        proposal.code, value, tuple(levels), proposal.title, budget_holder(proposal.agency_id), themes_of(proposal),
        tuple(related[0]), tuple(related[1]), proposal.committed, forced,
    )  # fmt: skip


def _problem(scenario: Scenario, projects: tuple[Project, ...]) -> Problem:
    known = {one.code for one in projects}
    platforms = [platform_of_json(one) for one in scenario.platforms]
    return Problem(
        tuple(scenario.years),
        projects,
        costs_of_json(scenario.ceilings),
        tuple(AgencyLimit(**one) for one in scenario.agency_limits),
        tuple(ThemeFloor(**one) for one in scenario.theme_floors),
        tuple(one for one in platforms if known.issuperset(one.members)),
    )


def budget_holder(agency: str) -> str:
    """The department or district office that a division's money belongs to: the agency right below the city."""
    known = registers()
    root, code = known.root.code, agency
    while (above := known.parent(code)) is not None and above.code != root:
        code = above.code
    return code


def themes_of(proposal: Proposal) -> frozenset[str]:
    """What floors by theme can ask for: its lane, its group of capabilities, its policies' dimensions."""
    policies = portfolio_rules().policies
    dimensions = {one for code in proposal.policies if code in policies for one in policies[code].dimensions}
    group = capability_map().group_of(proposal.capability)
    found = {f"lane.{proposal.lane}", *(f"policy.{one}" for one in dimensions)}
    return frozenset(found | ({f"capability.{group}"} if group else set()))


def theme_choices() -> list[tuple[str, Any]]:
    """(code, name) of every theme, in the reader's language."""
    lanes = [(f"lane.{code}", label) for code, label in Proposal.Lane.choices]
    groups = [(f"capability.{code}", one.name) for code, one in capability_map().groups.items()]
    dimensions = [
        (f"policy.{code}", one.name)
        for code, one in portfolio_rules().policies.items()
        if one.dimensions == (code,)
    ]
    return [*lanes, *dimensions, *groups]


def named(code: str, titles: Mapping[str, str]) -> str:
    """What to call a project, platform, agency or theme in a sentence. No statement."""
    if titles.get(code):
        return f"{code} {titles[code]}"
    agency = registers().agencies.get(code)
    if agency is not None:
        return str(agency.name)
    return str(dict(theme_choices()).get(code, code)) if "." in code else code
