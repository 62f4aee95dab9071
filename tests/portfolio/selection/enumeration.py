"""Small problems, and their best value by trying every choice: what the solver is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from prasan.portfolio.selection.problem import (
    Level,
    Problem,
    Project,
    levels_of,
    platform_by_member,
)

YEARS = (2569, 2570)


def project(code: str, value: float = 10, cost: int = 10, **fields: Any) -> Project:
    """A project that costs so much in 2569, at full level only."""
    levels = fields.pop("levels", (Level("full", {2569: cost}),))
    return Project(code, value, levels, **fields)


def best_value(problem: Problem) -> float | None:
    """The most a choice under the limits is worth; None where no choice keeps them."""
    values = [
        _value(problem, levels) for levels, built in _choices(problem) if _keeps(problem, levels, built)
    ]
    return max(values, default=None)


def keeps(problem: Problem, levels: Mapping[str, str], built: frozenset[str]) -> bool:
    """Whether a choice keeps every limit and rule."""
    full = {one.code: levels.get(one.code, "") for one in problem.projects}
    return _keeps(problem, full, built)


def _choices(problem: Problem) -> Iterator[tuple[dict[str, str], frozenset[str]]]:
    joined = platform_by_member(problem)
    options = [
        ["", *(level.code for level in levels_of(one, joined.get(one.code)))] for one in problem.projects
    ]
    codes = [one.code for one in problem.projects]
    for chosen in product(*options):
        levels = dict(zip(codes, chosen, strict=True))
        for flags in product((False, True), repeat=len(problem.platforms)):
            yield (
                levels,
                frozenset(one.code for one, flag in zip(problem.platforms, flags, strict=True) if flag),
            )


def _value(problem: Problem, levels: Mapping[str, str]) -> float:
    worth = {(one.code, level.code): level.worth for one in problem.projects for level in one.levels}
    return sum(
        one.value * worth.get((one.code, levels[one.code]), 1.0)
        for one in problem.projects
        if levels[one.code]
    )


def _keeps(problem: Problem, levels: Mapping[str, str], built: frozenset[str]) -> bool:
    return _keeps_rules(problem, levels, built) and _keeps_money(problem, levels, built)


def _keeps_rules(problem: Problem, levels: Mapping[str, str], built: frozenset[str]) -> bool:
    delay = {(one.code, level.code): level.delay for one in problem.projects for level in one.levels}
    begins = {code: delay.get((code, level), 0) for code, level in levels.items() if level}
    for one in problem.projects:
        if one.committed and levels[one.code] not in {"full", "shared"}:
            return False
        if (one.forced == "in" and one.code not in begins) or (one.forced == "out" and one.code in begins):
            return False
        if one.code not in begins:
            continue
        if any(other not in begins or begins[other] > begins[one.code] for other in one.needs):
            return False
        if any(other in begins for other in one.excludes):
            return False
    for platform in problem.platforms:
        joined = [code for code in platform.members if levels[code] == "shared"]
        alone = [code for code in platform.members if levels[code] not in {"", "shared"}]
        if (platform.code in built) != bool(joined) or (joined and alone):
            return False
        if platform.alone_at_most is not None and len(alone) > platform.alone_at_most:
            return False
    return True


class _Money:
    """What a choice spends, by year, agency and theme."""

    def __init__(self, problem: Problem, levels: Mapping[str, str], built: frozenset[str]) -> None:
        joined = platform_by_member(problem)
        self.years = problem.years
        self.parts = [
            (one.agency, one.themes, one.costs) for one in problem.platforms if one.code in built
        ] + [
            (one.agency, one.themes, level.costs)
            for one in problem.projects
            for level in levels_of(one, joined.get(one.code))
            if level.code == levels[one.code]
        ]

    def spent(self, year: int | None, agency: str | None = None, theme: str | None = None) -> int:
        years = self.years if year is None else (year,)
        return sum(
            costs.get(one, 0)
            for owner, themes, costs in self.parts
            for one in years
            if agency in {None, owner} and (theme is None or theme in themes)
        )


def _keeps_money(problem: Problem, levels: Mapping[str, str], built: frozenset[str]) -> bool:
    money = _Money(problem, levels, built)
    ceilings = all(money.spent(year) <= ceiling for year, ceiling in problem.ceilings.items())
    return ceilings and all(
        (limit.cap is None or money.spent(limit.year, agency=limit.agency) <= limit.cap)
        and (limit.floor is None or money.spent(limit.year, agency=limit.agency) >= limit.floor)
        for limit in problem.agency_limits
    ) and all(
        (floor.amount is None or money.spent(floor.year, theme=floor.theme) >= floor.amount)
        and (floor.percent is None
             or 100 * money.spent(floor.year, theme=floor.theme) >= floor.percent * money.spent(floor.year))
        for floor in problem.theme_floors
    )  # fmt: skip
