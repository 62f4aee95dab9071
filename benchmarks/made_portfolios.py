"""Made-up portfolios of any size with every kind of limit, the same for the same seed: for tests and benchmarks."""

from __future__ import annotations

import random
from dataclasses import replace

from prasan.portfolio.selection.problem import (
    AgencyLimit,
    Level,
    Problem,
    Project,
    SharedPlatform,
    ThemeFloor,
    within,
)

YEARS = (2569, 2570, 2571)


def made(count: int, *, seed: int = 1, agencies: int = 65) -> Problem:
    """`count` projects whose costs spread as real ones do (log-normal, median three million baht)."""
    dice = random.Random(seed)
    projects = [_project(dice, place, agencies) for place in range(count)]
    projects = [_related(dice, one, place, projects) for place, one in enumerate(projects)]
    asked = {year: sum(one.full.costs.get(year, 0) for one in projects) for year in YEARS}
    bound = {year: sum(one.full.costs.get(year, 0) for one in projects if one.committed) for year in YEARS}
    ceilings = {year: bound[year] + (asked[year] - bound[year]) * 45 // 100 for year in YEARS}
    limits = [limit for agency in range(agencies) for limit in _limits(f"A{agency:02d}", projects)]
    return Problem(YEARS, tuple(projects), ceilings, tuple(limits), (ThemeFloor("security", percent=10),),
                   tuple(_platforms(projects)))  # fmt: skip


def plain(problem: Problem) -> Problem:
    """The same without smaller or later levels, shared platforms and floors: what a first budget round has."""
    projects = tuple(replace(one, levels=one.levels[:1]) for one in problem.projects)
    limits = tuple(replace(one, floor=None) for one in problem.agency_limits)
    return replace(problem, projects=projects, agency_limits=limits, theme_floors=(), platforms=())


def _project(dice: random.Random, place: int, agencies: int) -> Project:
    total, length, start = (
        int(dice.lognormvariate(15, 1.2)),
        dice.choice([1, 1, 2, 3]),
        dice.choice([0, 0, 0, 1]),
    )
    costs: dict[int, int] = {}
    for year in range(length):
        key = YEARS[min(2, start + year)]
        costs[key] = costs.get(key, 0) + total // length
    levels = [Level("full", costs)]
    committed = dice.random() < 0.05
    if not committed and dice.random() < 0.3:
        levels.append(Level("pilot", {year: cost * 3 // 10 for year, cost in costs.items()}, worth=0.4))
    if not committed and dice.random() < 0.3:
        levels.append(Level("defer", {year + 1: cost for year, cost in costs.items()}, worth=0.8, delay=1))
    themes = frozenset(["security"] if dice.random() < 0.15 else [])
    return Project(f"P{place:04d}", dice.randint(20, 95), tuple(levels), agency=f"A{dice.randrange(agencies):02d}",
                   themes=themes, committed=committed)  # fmt: skip


def _related(dice: random.Random, project: Project, place: int, projects: list[Project]) -> Project:
    if place == 0 or project.committed:
        return project
    other = projects[dice.randrange(place)].code
    kind = dice.random()
    if kind < 0.1:
        return replace(project, needs=(other,))
    return replace(project, excludes=(other,)) if kind < 0.15 else project


def _limits(agency: str, projects: list[Project]) -> list[AgencyLimit]:
    own = [one for one in projects if one.agency == agency]
    asked = sum(within(one.full.costs, YEARS) for one in own)
    bound = sum(within(one.full.costs, YEARS) for one in own if one.committed)
    cap = max(bound, asked * 70 // 100)
    floor = (
        asked * 5 // 100 if len(own) > 3 else 0
    )  # an agency of one large project could not meet floor and cap
    return [AgencyLimit(agency, cap=cap, floor=floor)] if own else []


def _platforms(projects: list[Project]) -> list[SharedPlatform]:
    found = []
    for place in range(0, len(projects) - 3, 30):
        members = projects[place : place + 3]
        costs = sum(within(one.full.costs, YEARS) for one in members)
        codes = tuple(one.code for one in members)
        found.append(SharedPlatform(f"S{place:04d}", codes, {YEARS[0]: costs // 3}, member_percent=30))
    return found
