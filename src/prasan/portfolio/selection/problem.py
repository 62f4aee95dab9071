"""The question: which projects, at which level, under which limits. Plain values, no database.

Money is whole baht. A year is a fiscal year (พ.ศ.); costs in years that the problem does not name are not limited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

FULL, PILOT, DEFER, SHARED = "full", "pilot", "defer", "shared"
Costs = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Level:
    """A way to carry a project out: its costs by year, how much of the value it brings, years it begins later."""

    code: str
    costs: Costs
    worth: float = 1.0
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """One proposal. `value` is what it brings at full level, in points; `levels` holds at least the full one.

    `needs`: codes that must be chosen too, beginning no later. `excludes`: codes that may not stand beside it.
    `committed` is bound by an earlier decision: chosen at full level (or on the shared platform).
    """

    code: str
    value: float
    levels: tuple[Level, ...]
    title: str = ""
    agency: str = ""
    themes: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    committed: bool = False
    forced: Literal["", "in", "out"] = ""

    @property
    def full(self) -> Level:
        """The project as asked for."""
        return next(level for level in self.levels if level.code == FULL)


@dataclass(frozen=True, slots=True)
class SharedPlatform:
    """One platform instead of several systems of the same function.

    When it is built, its chosen members join it and pay `member_percent` of their full cost; nobody stands alone
    beside it. When it is not, each may stand alone, `alone_at_most` of them where that is given.
    """

    code: str
    members: tuple[str, ...]
    costs: Costs
    member_percent: int
    title: str = ""
    agency: str = ""
    themes: frozenset[str] = frozenset()
    alone_at_most: int | None = None


@dataclass(frozen=True, slots=True)
class AgencyLimit:
    """What an agency may spend at most and must get at least, in one year or (`year` None) over all years."""

    agency: str
    year: int | None = None
    cap: int | None = None
    floor: int | None = None


@dataclass(frozen=True, slots=True)
class ThemeFloor:
    """What a theme must get at least: `amount` in baht, or `percent` of everything spent; a year, or all years."""

    theme: str
    year: int | None = None
    amount: int | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that a choice depends on. `ceilings` are baht by year; a year without one is not limited."""

    years: tuple[int, ...]
    projects: tuple[Project, ...]
    ceilings: Mapping[int, int] = field(default_factory=dict)
    agency_limits: tuple[AgencyLimit, ...] = ()
    theme_floors: tuple[ThemeFloor, ...] = ()
    platforms: tuple[SharedPlatform, ...] = ()

    @property
    def parts(self) -> tuple[Project | SharedPlatform, ...]:
        """Everything that costs: projects and platforms."""
        return (*self.projects, *self.platforms)


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer: level by project code, the platforms built, its value, and how good it is known to be.

    `bound` is a value that no choice can exceed; `gap` = (bound - value) / value, zero when `proven`.
    """

    levels: Mapping[str, str]
    platforms: frozenset[str]
    value: float
    bound: float
    proven: bool
    seconds: float = 0.0

    @property
    def gap(self) -> float:
        return 0.0 if self.proven or not self.value else max(0.0, (self.bound - self.value) / abs(self.value))


def shared_costs(project: Project, platform: SharedPlatform) -> dict[int, int]:
    """What a member pays on the shared platform by year, rounded up to the baht."""
    return {year: -(-amount * platform.member_percent // 100) for year, amount in project.full.costs.items()}


def levels_of(project: Project, platform: SharedPlatform | None) -> tuple[Level, ...]:
    """All ways to carry a project out, the shared one included where it is a member of a platform."""
    if platform is None:
        return project.levels
    return (*project.levels, Level(SHARED, shared_costs(project, platform)))


def platform_by_member(problem: Problem) -> dict[str, SharedPlatform]:
    """Member's code → its platform."""
    return {code: platform for platform in problem.platforms for code in platform.members}


def within(costs: Costs, years: Iterable[int]) -> int:
    """Baht of these costs in these years."""
    return sum(costs.get(year, 0) for year in years)


@dataclass(frozen=True, slots=True)
class Spending:
    """Where the baht of a choice go: by year, and by agency and year."""

    by_year: Mapping[int, int]
    by_agency: Mapping[str, Mapping[int, int]]

    @property
    def total(self) -> int:
        return sum(self.by_year.values())


def spending(problem: Problem, choice: Choice) -> Spending:
    """Baht of a choice in the problem's years."""
    joined = platform_by_member(problem)
    years = dict.fromkeys(problem.years, 0)
    agencies: dict[str, dict[int, int]] = {}
    parts = [(one.agency, one.costs) for one in problem.platforms if one.code in choice.platforms]
    for project in problem.projects:
        chosen = choice.levels.get(project.code)
        parts += [
            (project.agency, level.costs)
            for level in levels_of(project, joined.get(project.code))
            if level.code == chosen
        ]
    for agency, costs in parts:
        own = agencies.setdefault(agency, dict.fromkeys(problem.years, 0))
        for year in problem.years:
            years[year] += costs.get(year, 0)
            own[year] += costs.get(year, 0)
    return Spending(years, dict(sorted(agencies.items())))
