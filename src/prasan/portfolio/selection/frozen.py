"""A problem and its scores as JSON and back: what a run was asked, word for word, with its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from prasan.portfolio.selection.problem import (
    AgencyLimit,
    Choice,
    Level,
    Problem,
    Project,
    SharedPlatform,
    ThemeFloor,
)
from prasan.portfolio.selection.robustness import Scores

Json = dict[str, Any]


def fingerprint(value: Any) -> str:
    """SHA-256 of the value's canonical JSON (sorted keys, no blanks, UTF-8), as hexadecimal."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def problem_as_json(problem: Problem) -> Json:
    """Everything of a problem as JSON can hold it."""
    return {
        "years": list(problem.years),
        "ceilings": _costs_as_json(problem.ceilings),
        "projects": [_project_as_json(one) for one in problem.projects],
        "agency_limits": [
            {"agency": one.agency, "year": one.year, "cap": one.cap, "floor": one.floor}
            for one in problem.agency_limits
        ],
        "theme_floors": [
            {"theme": one.theme, "year": one.year, "amount": one.amount, "percent": one.percent}
            for one in problem.theme_floors
        ],
        "platforms": [_platform_as_json(one) for one in problem.platforms],
    }


def problem_of_json(given: Json) -> Problem:
    """The problem that `problem_as_json` wrote."""
    return Problem(
        tuple(given["years"]),
        tuple(_project_of_json(one) for one in given["projects"]),
        costs_of_json(given["ceilings"]),
        tuple(AgencyLimit(**one) for one in given["agency_limits"]),
        tuple(ThemeFloor(**one) for one in given["theme_floors"]),
        tuple(platform_of_json(one) for one in given["platforms"]),
    )


def _project_as_json(one: Project) -> Json:
    levels = [
        {"code": level.code, "costs": _costs_as_json(level.costs), "worth": level.worth, "delay": level.delay}
        for level in one.levels
    ]
    return {
        "code": one.code, "value": one.value, "title": one.title, "agency": one.agency, "levels": levels,
        "themes": sorted(one.themes), "needs": list(one.needs), "excludes": list(one.excludes),
        "committed": one.committed, "forced": one.forced,
    }  # fmt: skip


def _project_of_json(given: Json) -> Project:
    levels = tuple(Level(**(one | {"costs": costs_of_json(one["costs"])})) for one in given["levels"])
    lists = {"needs": tuple(given["needs"]), "excludes": tuple(given["excludes"])}
    return Project(**(given | lists | {"levels": levels, "themes": frozenset(given["themes"])}))


def _platform_as_json(one: SharedPlatform) -> Json:
    return {
        "code": one.code, "title": one.title, "members": list(one.members), "costs": _costs_as_json(one.costs),
        "member_percent": one.member_percent, "agency": one.agency, "themes": sorted(one.themes),
        "alone_at_most": one.alone_at_most,
    }  # fmt: skip


def platform_of_json(given: Json) -> SharedPlatform:
    """A platform as a problem or a scenario keeps it."""
    read = {"members": tuple(given["members"]), "costs": costs_of_json(given["costs"])}
    return SharedPlatform(**(given | read | {"themes": frozenset(given.get("themes", ()))}))


def _costs_as_json(costs: Mapping[int, int]) -> dict[str, int]:
    return {str(year): amount for year, amount in sorted(costs.items())}


def costs_of_json(given: Mapping[str, int]) -> dict[int, int]:
    """JSON knows only texts as keys: the years back as numbers."""
    return {int(year): amount for year, amount in given.items()}


def scores_as_json(scores: Scores) -> Json:
    """Scores as JSON can hold them."""
    return {
        "weights": {code: list(one) for code, one in scores.weights.items()},
        "given": {
            code: {criterion: list(one) for criterion, one in given.items()}
            for code, given in scores.given.items()
        },
    }


def scores_of_json(given: Json) -> Scores:
    """The scores that `scores_as_json` wrote."""
    return Scores(
        {code: (low, high) for code, (low, high) in given["weights"].items()},
        {
            code: {criterion: (low, high) for criterion, (low, high) in own.items()}
            for code, own in given["given"].items()
        },
    )


def choice_as_json(choice: Choice) -> Json:
    """A choice as JSON can hold it."""
    return {
        "levels": dict(sorted(choice.levels.items())), "platforms": sorted(choice.platforms),
        "value": choice.value, "bound": choice.bound, "proven": choice.proven, "gap": choice.gap,
        "seconds": round(choice.seconds, 3),
    }  # fmt: skip


def choice_of_json(given: Json) -> Choice:
    """The choice that `choice_as_json` wrote."""
    return Choice(
        given["levels"],
        frozenset(given["platforms"]),
        given["value"],
        given["bound"],
        given["proven"],
        given["seconds"],
    )
