"""What is wrong with a problem before anything is solved, as notes that name the projects."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from prasan.portfolio.selection.notes import Note
from prasan.portfolio.selection.problem import (
    AgencyLimit,
    Problem,
    Project,
    ThemeFloor,
    levels_of,
    platform_by_member,
    within,
)


def faults(problem: Problem) -> list[Note]:
    """Every fault, in a steady order; empty when the problem can be solved or be found infeasible by solving."""
    found = [*_of_frame(problem), *_of_projects(problem), *_of_platforms(problem)]
    if found:
        return found
    return [*_of_relations(problem), *_of_ceilings(problem), *_of_agencies(problem), *_of_themes(problem)]


# --- frame, projects, platforms --------------------------------------------------------------------------------------


def _of_frame(problem: Problem) -> Iterator[Note]:
    if not problem.projects:
        yield Note("no_projects")
    if not problem.years:
        yield Note("no_years")
    codes = Counter(one.code for one in problem.parts)
    yield from (Note("twice", {"subject": code}) for code, count in codes.items() if count > 1)
    limited = [one.year for one in problem.agency_limits] + [one.year for one in problem.theme_floors]
    named = [*problem.ceilings, *limited]
    for year in sorted({year for year in named if year is not None} - set(problem.years)):
        yield Note("unknown_year", {"year": year})


def _of_projects(problem: Problem) -> Iterator[Note]:
    known = {project.code for project in problem.projects}
    for project in problem.projects:
        about = {"subject": project.code}
        if not any(level.code == "full" for level in project.levels):
            yield Note("no_full_level", about)
        if not math.isfinite(project.value) or project.value < 0:
            yield Note("bad_value", about)
        below = {year for level in project.levels for year, amount in level.costs.items() if amount < 0}
        yield from (Note("negative_cost", about | {"year": year}) for year in sorted(below))
        if project.code in project.needs:
            yield Note("needs_itself", about)
        if project.code in project.excludes:
            yield Note("excludes_itself", about)
        for code in project.needs:
            if code not in known:
                yield Note("unknown_need", about | {"other": code})
        for code in project.excludes:
            if code not in known:
                yield Note("unknown_exclusion", about | {"other": code})


def _of_platforms(problem: Problem) -> Iterator[Note]:
    known = {project.code for project in problem.projects}
    seen: Counter[str] = Counter()
    for platform in problem.platforms:
        about = {"subject": platform.code}
        seen.update(set(platform.members))
        if len(set(platform.members)) < 2:
            yield Note("few_members", about)
        if not 0 <= platform.member_percent <= 100:
            yield Note("bad_percent", about)
        for year, amount in platform.costs.items():
            if amount < 0:
                yield Note("negative_cost", about | {"year": year})
        for code in platform.members:
            if code not in known:
                yield Note("unknown_member", about | {"other": code})
    yield from (Note("member_twice", {"subject": code}) for code, count in seen.items() if count > 1)


# --- needs and exclusions --------------------------------------------------------------------------------------------


def _of_relations(problem: Problem) -> Iterator[Note]:
    projects = {project.code: project for project in problem.projects}
    try:
        order = list(TopologicalSorter({code: one.needs for code, one in projects.items()}).static_order())
    except CycleError as error:
        yield Note("circle", {"path": list(reversed(error.args[1]))})
        return
    excluded = {frozenset((one.code, other)) for one in projects.values() for other in one.excludes}
    paths: dict[str, dict[str, list[str]]] = {}
    for code in order:
        paths[code] = _all_needed(projects[code], paths)
    for code in sorted(projects):
        yield from _contradictions(code, paths[code], excluded)
    yield from _of_bound(projects, paths, excluded)


def _all_needed(project: Project, paths: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """Everything a project needs, at whatever remove → the codes on the way there."""
    found: dict[str, list[str]] = {code: [] for code in project.needs}
    for code in project.needs:
        for further, through in paths[code].items():
            found.setdefault(further, [code, *through])
    return found


def _contradictions(code: str, needed: dict[str, list[str]], excluded: set[frozenset[str]]) -> Iterator[Note]:
    direct = [other for other in needed if frozenset((code, other)) in excluded]
    for other in direct:
        about = {"subject": code, "other": other}
        through = needed[other]
        yield (
            Note("needs_through_and_excludes", about | {"through": through})
            if through
            else Note("needs_and_excludes", about)
        )
    for pair in sorted(tuple(sorted(pair)) for pair in excluded if len(pair & needed.keys()) == 2):
        yield Note("needs_two_that_exclude", {"subject": code, "left": [pair[0]], "right": [pair[1]]})


def _of_bound(
    projects: dict[str, Project], paths: dict[str, dict[str, list[str]]], excluded: set[frozenset[str]]
) -> Iterator[Note]:
    """Committed or forced in, against what was taken out and against each other."""
    bound = sorted(code for code, one in projects.items() if one.committed or one.forced == "in")
    for code in bound:
        if projects[code].forced == "out":
            yield Note("committed_and_out", {"subject": code})
        for other in paths[code]:
            if projects[other].forced == "out":
                yield Note("needs_forced_out", {"subject": code, "other": other})
    for left, right in combinations(bound, 2):
        if frozenset((left, right)) in excluded:
            yield Note("committed_exclude", {"subject": left, "other": right})


# --- money -----------------------------------------------------------------------------------------------------------


def _least(problem: Problem, project: Project, years: tuple[int, ...]) -> int:
    """What a committed project costs at least: in full, or on its shared platform."""
    ways = levels_of(project, platform_by_member(problem).get(project.code))
    return min(within(level.costs, years) for level in ways if level.code in {"full", "shared"})


def _most(problem: Problem, project: Project, years: tuple[int, ...]) -> int:
    return max(within(level.costs, years) for level in project.levels)


def _of_ceilings(problem: Problem) -> Iterator[Note]:
    committed = [project for project in problem.projects if project.committed]
    for year, ceiling in sorted(problem.ceilings.items()):
        if ceiling < 0:
            yield Note("negative_ceiling", {"year": year})
        elif ceiling == 0:
            yield Note("zero_ceiling", {"year": year})
        else:
            costs = {one.code: _least(problem, one, (year,)) for one in committed}
            needed = sum(costs.values())
            if needed > ceiling:
                codes = [code for code, cost in costs.items() if cost]
                yield Note("ceiling_below_committed", {"year": year, "limit_baht": ceiling,
                                                       "needed_baht": needed, "codes": codes})  # fmt: skip


def _of_agencies(problem: Problem) -> Iterator[Note]:
    for limit in problem.agency_limits:
        yield from _of_agency(problem, limit)
    floors: Counter[int | None] = Counter()
    for limit in problem.agency_limits:
        floors[limit.year] += limit.floor or 0
    for year, needed in floors.items():
        ceilings = [problem.ceilings.get(one) for one in (problem.years if year is None else (year,))]
        allowed = sum(one for one in ceilings if one is not None)
        if None not in ceilings and needed > allowed:
            yield Note("floors_above_ceilings", {"needed_baht": needed, "limit_baht": allowed})


def _of_agency(problem: Problem, limit: AgencyLimit) -> Iterator[Note]:
    years = problem.years if limit.year is None else (limit.year,)
    own = [one for one in problem.projects if one.agency == limit.agency]
    platforms = [one for one in problem.platforms if one.agency == limit.agency]
    about = {"agency": limit.agency}
    if (limit.cap or 0) < 0 or (limit.floor or 0) < 0:
        yield Note("negative_limit", about)
        return
    if not own and not platforms and limit.floor:
        yield Note("unknown_agency", about)
        return
    if limit.cap is not None and limit.floor is not None and limit.cap < limit.floor:
        yield Note("cap_below_floor", about | {"limit_baht": limit.cap, "needed_baht": limit.floor})
    costs = {one.code: _least(problem, one, years) for one in own if one.committed}
    if limit.cap is not None and sum(costs.values()) > limit.cap:
        codes = [code for code, cost in costs.items() if cost]
        yield Note("cap_below_committed", about | {"limit_baht": limit.cap, "needed_baht": sum(costs.values()),
                                                   "codes": codes})  # fmt: skip
    usable = sum(_most(problem, one, years) for one in own) + sum(
        within(one.costs, years) for one in platforms
    )
    if limit.floor is not None and limit.floor > usable:
        yield Note("floor_above_projects", about | {"limit_baht": limit.floor, "needed_baht": usable})


def _of_themes(problem: Problem) -> Iterator[Note]:
    for floor in problem.theme_floors:
        yield from _of_theme(problem, floor)


def _of_theme(problem: Problem, floor: ThemeFloor) -> Iterator[Note]:
    years = problem.years if floor.year is None else (floor.year,)
    own = [one for one in problem.projects if floor.theme in one.themes]
    platforms = [one for one in problem.platforms if floor.theme in one.themes]
    about = {"subject": floor.theme}
    if floor.percent is not None and not 0 <= floor.percent <= 100:
        yield Note("bad_percent", about)
    if (floor.amount or 0) < 0:
        yield Note("negative_theme", about)
    if not own and not platforms and (floor.amount or floor.percent):
        yield Note("unknown_theme", about)
        return
    usable = sum(_most(problem, one, years) for one in own) + sum(
        within(one.costs, years) for one in platforms
    )
    if floor.amount is not None and floor.amount > usable:
        yield Note("theme_above_projects", about | {"limit_baht": floor.amount, "needed_baht": usable})
