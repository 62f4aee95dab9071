"""From a problem to a zero-one program, each of its rows with the limit it stands for, and back to a choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from prasan.portfolio.selection.problem import (
    FULL,
    SHARED,
    Choice,
    Costs,
    Level,
    Problem,
    Project,
    SharedPlatform,
    ThemeFloor,
    levels_of,
    platform_by_member,
)
from prasan.portfolio.selection.solver import Cancelled, Outcome, Program, Row

TIME_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What a row of the program says: its kind, whom it concerns, which year, how much.

    Kinds of money: ceiling, agency_cap, agency_floor, theme_floor, theme_share (`amount` is a percentage).
    Kinds of rules: committed, forced_in, forced_out, needs, excludes, alone_at_most.
    """

    kind: str
    subject: str = ""
    year: int | None = None
    amount: int = 0
    other: str = ""

    @property
    def is_money(self) -> bool:
        return self.kind in {"ceiling", "agency_cap", "agency_floor", "theme_floor", "theme_share"}

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, in the form of a note."""
        return {"code": f"limit_{self.kind}", "subject": self.subject, "year": self.year,
                "amount": self.amount, "other": self.other}  # fmt: skip


Limited = tuple[Limit, Row]


@dataclass(slots=True)
class Model:
    """A problem as a program. Rows of `limits` can be left out one by one; those of `structure` always hold.

    `ways`: project → level → its variable. `builds`: platform → its variable. `costs`: variable → baht by year.
    """

    problem: Problem
    ways: dict[str, dict[str, int]] = field(default_factory=dict)
    builds: dict[str, int] = field(default_factory=dict)
    costs: dict[int, Costs] = field(default_factory=dict)
    structure: list[Row] = field(default_factory=list)
    limits: list[Limited] = field(default_factory=list)
    objective: list[float] = field(default_factory=list)
    program: Program = field(default_factory=lambda: Program([], []))

    def program_with(self, limits: Iterable[Limited]) -> Program:
        """The structure and these limits only."""
        return Program(self.objective, [*self.structure, *(row for _limit, row in limits)])

    def chosen(self, code: str, weight: int = 1) -> dict[int, int]:
        """Terms whose sum is `weight` when the project is chosen, at whatever level."""
        return dict.fromkeys(self.ways[code].values(), weight)

    def choice(self, outcome: Outcome) -> Choice:
        """The choice that an outcome describes."""
        levels = {
            code: level
            for code, own in self.ways.items()
            for level, index in own.items()
            if outcome.values[index]
        }
        platforms = frozenset(code for code, index in self.builds.items() if outcome.values[index])
        return Choice(
            levels, platforms, outcome.value, outcome.bound, outcome.state == "best", outcome.seconds
        )


def build(problem: Problem) -> Model:
    """The program of a problem; the order of its projects does not matter."""
    model = Model(problem)
    joined = platform_by_member(problem)
    for project in sorted(problem.projects, key=lambda one: one.code):
        _add_project(model, project, levels_of(project, joined.get(project.code)))
    for platform in sorted(problem.platforms, key=lambda one: one.code):
        _add_platform(model, platform)
    _add_relations(model)
    _add_money(model)
    _add_theme_floors(model)
    model.program = model.program_with(model.limits)
    return model


def solve(
    problem: Problem, *, time_limit: float = TIME_LIMIT, cancelled: Cancelled | None = None
) -> Choice | None:
    """The most valuable choice under the limits, or None where none keeps them all (`clash` says which ones).

    Deterministic unless the time limit (seconds) ends it; then `Choice.gap` says how good it is proven to be.
    Raises TimeoutError when not even one choice was found in time, Stopped when cancelled.
    """
    model = build(problem)
    outcome = model.program.solve(time_limit=time_limit, cancelled=cancelled)
    if outcome.state == "unknown":
        raise TimeoutError("no choice was found in time")
    return model.choice(outcome) if outcome.is_found else None


# --- variables -------------------------------------------------------------------------------------------------------


def _add_project(model: Model, project: Project, levels: Iterable[Level]) -> None:
    own = model.ways[project.code] = {}
    for level in levels:
        own[level.code] = len(model.objective)
        model.costs[own[level.code]] = level.costs
        model.objective.append(project.value * level.worth)
    terms = model.chosen(project.code)
    model.structure.append(Row(terms, high=1))
    if project.committed:
        bound = {index: 1 for code, index in own.items() if code in {FULL, SHARED}}
        model.limits.append((Limit("committed", project.code), Row(bound, low=1)))
    if project.forced == "in":
        model.limits.append((Limit("forced_in", project.code), Row(terms, low=1)))
    elif project.forced == "out":
        model.limits.append((Limit("forced_out", project.code), Row(terms, high=0)))


def _add_platform(model: Model, platform: SharedPlatform) -> None:
    built = model.builds[platform.code] = len(model.objective)
    model.objective.append(0.0)
    model.costs[built] = platform.costs
    joins = {code: model.ways[code][SHARED] for code in platform.members}
    alone = {
        code: {index: 1 for level, index in model.ways[code].items() if level != SHARED} for code in joins
    }
    for code, join in joins.items():
        model.structure.append(Row({join: 1, built: -1}, high=0))
        model.structure.append(Row(alone[code] | {built: 1}, high=1))
    model.structure.append(Row({built: 1} | dict.fromkeys(joins.values(), -1), high=0))
    if platform.alone_at_most is not None:
        limit = Limit("alone_at_most", platform.code, amount=platform.alone_at_most)
        every = {index: 1 for own in alone.values() for index in own}
        model.limits.append((limit, Row(every, high=platform.alone_at_most)))


# --- rules -----------------------------------------------------------------------------------------------------------


def _add_relations(model: Model) -> None:
    projects = {project.code: project for project in model.problem.projects}
    for code in sorted(projects):
        for needed in projects[code].needs:
            limit = Limit("needs", code, other=needed)
            model.limits += [(limit, row) for row in _needs_rows(model, projects[code], projects[needed])]
    pairs = {tuple(sorted((one.code, other))) for one in projects.values() for other in one.excludes}
    for left, right in sorted(pairs):
        row = Row(model.chosen(left) | model.chosen(right), high=1)
        model.limits.append((Limit("excludes", left, other=right), row))


def _needs_rows(model: Model, project: Project, needed: Project) -> list[Row]:
    """Chosen only with what it needs, and begun no earlier: a row for each time by which it can have begun."""
    own, others = _delays(model, project), _delays(model, needed)
    return [
        Row(
            {way: 1 for way, delay in own.items() if delay <= latest}
            | {way: -1 for way, delay in others.items() if delay <= latest},
            high=0,
        )
        for latest in sorted(set(own.values()))
    ]


def _delays(model: Model, project: Project) -> dict[int, int]:
    delays = {level.code: level.delay for level in project.levels}
    return {index: delays.get(level, 0) for level, index in model.ways[project.code].items()}


# --- money -----------------------------------------------------------------------------------------------------------


def _add_money(model: Model) -> None:
    problem = model.problem
    for year in sorted(problem.ceilings):
        limit = Limit("ceiling", year=year, amount=problem.ceilings[year])
        model.limits.append((limit, Row(_spent(model, model.costs, [year]), high=limit.amount)))
    owners = {project.code: project.agency for project in problem.parts}
    for given in problem.agency_limits:
        own = [index for code, index in _parts(model) if owners[code] == given.agency]
        spent = _spent(model, own, _years(problem, given.year))
        if given.cap is not None:
            limit = Limit("agency_cap", given.agency, given.year, given.cap)
            model.limits.append((limit, Row(spent, high=given.cap)))
        if given.floor is not None:
            limit = Limit("agency_floor", given.agency, given.year, given.floor)
            model.limits.append((limit, Row(spent, low=given.floor)))


def _add_theme_floors(model: Model) -> None:
    problem = model.problem
    themes = {project.code: project.themes for project in problem.parts}
    for given in problem.theme_floors:
        own = [index for code, index in _parts(model) if given.theme in themes[code]]
        spent = _spent(model, own, _years(problem, given.year))
        if given.amount is not None:
            limit = Limit("theme_floor", given.theme, given.year, given.amount)
            model.limits.append((limit, Row(spent, low=given.amount)))
        if given.percent is not None:
            limit = Limit("theme_share", given.theme, given.year, given.percent)
            model.limits.append((limit, _share_row(model, given, spent)))


def _share_row(model: Model, given: ThemeFloor, spent: dict[int, int]) -> Row:
    """100 × what the theme gets ≥ percent × what everything gets."""
    terms: Counter[int] = Counter({index: 100 * amount for index, amount in spent.items()})
    terms.subtract(
        {
            index: (given.percent or 0) * amount
            for index, amount in _spent(model, model.costs, _years(model.problem, given.year)).items()
        }
    )
    return Row({index: amount for index, amount in terms.items() if amount}, low=0)


def _parts(model: Model) -> list[tuple[str, int]]:
    """(code of a project or platform, variable) of everything that costs."""
    ways = [(code, index) for code, own in model.ways.items() for index in own.values()]
    return [*ways, *model.builds.items()]


def _spent(model: Model, indices: Iterable[int], years: Iterable[int]) -> dict[int, int]:
    chosen = tuple(years)
    sums = {index: sum(model.costs[index].get(year, 0) for year in chosen) for index in indices}
    return {index: amount for index, amount in sums.items() if amount}


def _years(problem: Problem, year: int | None) -> tuple[int, ...]:
    return problem.years if year is None else (year,)
