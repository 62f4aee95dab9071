"""A run's result as the page says it: rows, sentences and the drawing of the curve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prasan.fabric.templatetags.kit import thai_number
from prasan.portfolio.models import ScenarioRun
from prasan.portfolio.queries.selection import named
from prasan.portfolio.selection.criteria import POINTS_A_STEP, STEPS
from prasan.portfolio.selection.explanation import TIE
from prasan.portfolio.selection.frozen import problem_of_json
from prasan.portfolio.selection.notes import say
from prasan.portfolio.selection.problem import Problem, Project, levels_of, platform_by_member, within

LEVELS: Mapping[str, Any] = {
    "full": gettext_lazy("Whole"),
    "pilot": gettext_lazy("As a pilot"),
    "defer": gettext_lazy("A year later"),
    "shared": gettext_lazy("On the shared platform"),
}
PHASES: Mapping[str, Any] = {
    "": gettext_lazy("Waits for its turn"),
    "choose": gettext_lazy("Looking for the best choice"),
    "limits": gettext_lazy("Finding out which limits bind"),
    "reasons": gettext_lazy("Finding out what keeps each project out"),
    "weights": gettext_lazy("Trying other weights"),
    "curve": gettext_lazy("Trying other budgets"),
    "alternatives": gettext_lazy("Looking for choices that are nearly as good"),
}
GROUPS: Mapping[str, tuple[Any, str]] = {
    "core": (gettext_lazy("Core"), "success"),
    "borderline": (gettext_lazy("Borderline"), "warning"),
    "out": (gettext_lazy("Out"), "neutral"),
}
LEFT: Mapping[str, tuple[Any, str]] = {
    "tie": (gettext_lazy("Equally good"), "info"),
    "displaced": (gettext_lazy("Displaced"), "neutral"),
    "impossible": (gettext_lazy("Not possible"), "danger"),
    "open": (gettext_lazy("Not known"), "warning"),
}
DRAWING = (600.0, 220.0)
HIGHEST = float(POINTS_A_STEP * STEPS[-1])


class Told:
    """One run's result in words. `result` must hold a choice."""

    def __init__(self, run: ScenarioRun) -> None:
        self.run = run
        self.result: dict[str, Any] = run.result
        self.problem: Problem = problem_of_json(run.input["problem"])
        self.titles = {one.code: one.title for one in self.problem.parts}
        self.projects = {one.code: one for one in self.problem.projects}
        self.levels: dict[str, str] = run.result.get("choice", {}).get("levels", {})
        self.shares: dict[str, float] = run.result.get("sampled", {}).get("shares", {})

    def name(self, code: str) -> str:
        """What to call a project, platform, agency or theme."""
        return named(code, self.titles)

    # --- the choice ---

    @property
    def agencies(self) -> list[dict[str, Any]]:
        """The chosen by agency: its sums by year, and a row for each project and platform."""
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for code, level in self.levels.items():
            rows[self.projects[code].agency].append(self._chosen(code, level))
        for platform in self.problem.platforms:
            if platform.code in self.result["choice"]["platforms"]:
                rows[platform.agency].append(
                    {"code": "", "title": platform.title, "level": _("Shared platform"),
                     "years": self._years(platform.costs)}
                )  # fmt: skip
        found = [
            {"name": self.name(agency) if agency else _("The city"), "rows": own, "years": self._sums(own)}
            for agency, own in rows.items()
        ]
        return sorted(found, key=lambda one: -sum(amount for _year, amount in one["years"]))

    def _chosen(self, code: str, level: str) -> dict[str, Any]:
        project = self.projects[code]
        ways = levels_of(project, platform_by_member(self.problem).get(code))
        costs = next(way.costs for way in ways if way.code == level)
        return {
            "code": code, "title": project.title, "level": LEVELS[level], "is_full": level == "full",
            "years": self._years(costs), "value": project.value, "committed": project.committed,
            "share": self.shares.get(code, 0.0) * 100, "group": self._group(code),
        }  # fmt: skip

    def _years(self, costs: Mapping[int, int]) -> list[tuple[int, int]]:
        return [(year, costs.get(year, 0)) for year in self.problem.years]

    def _sums(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
        return [
            (year, sum(row["years"][place][1] for row in rows))
            for place, year in enumerate(self.problem.years)
        ]

    def _group(self, code: str) -> tuple[Any, str]:
        share = self.shares.get(code, 0.0)
        return GROUPS["core" if share == 1 else "borderline" if share else "out"]

    @property
    def groups(self) -> dict[str, int]:
        """How many projects are core, borderline and out over the sampled weights."""
        core = sum(share == 1 for share in self.shares.values())
        borderline = len(self.shares) - core
        return {"core": core, "borderline": borderline, "out": len(self.projects) - core - borderline}

    @property
    def borderline(self) -> list[dict[str, Any]]:
        """Projects some sampled weights choose and others don't, the surest first: what is worth discussing."""
        found = [
            {
                "code": code,
                "title": self.projects[code].title,
                "share": share * 100,
                "is_in": code in self.levels,
            }
            for code, share in self.shares.items()
            if 0 < share < 1
        ]
        return sorted(found, key=lambda one: -float(one["share"]))

    @property
    def spent(self) -> list[dict[str, Any]]:
        """Baht of the choice by year beside its ceiling, as bars."""
        rows = []
        for year in self.problem.years:
            used, ceiling = self.result["spent"][str(year)], self.problem.ceilings.get(year)
            text = thai_number(used) if ceiling is None else f"{thai_number(used)} / {thai_number(ceiling)}"
            rows.append(
                {"label": str(year), "value": used, "rest": max(0, (ceiling or used) - used), "text": text}
            )
        return rows

    # --- limits ---

    @property
    def limits(self) -> list[dict[str, Any]]:
        """Limits that bind: lifting one would raise the value, or keeps somebody out."""
        return [self._limit(one) for one in self.result["limits"] if one["gain"] or one["kept_out"]]

    @property
    def loose(self) -> int:
        """How many limits do not bind."""
        return len(self.result["limits"]) - len(self.limits)

    def _limit(self, one: dict[str, Any]) -> dict[str, Any]:
        return one | {"sentence": self.limit_sentence(one), "count": len(one["kept_out"])}

    def limit_sentence(self, one: Mapping[str, Any]) -> str:
        """A limit in words."""
        kept = {name: one[name] for name in ("code", "subject", "year", "amount", "other")}
        return say(kept, self.name)

    # --- left out ---

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """Every project left out, with what keeps it out and what would bring it in."""
        return [self._left(one) for one in self.result["left_out"]]

    def _left(self, one: dict[str, Any]) -> dict[str, Any]:
        project: Project = self.projects[one["project"]]
        label, tone = LEFT[one["state"]]
        needed = one["needed_value"]
        return one | {
            "code": project.code, "title": project.title, "label": label, "tone": tone, "value": project.value,
            "agency": self.name(project.agency), "needed": needed,
            "too_high": needed is not None and needed > HIGHEST + TIE,
            "leaves": [self.short(code) for code in one["leaves"]],
            "enters": [self.short(code) for code in one["enters"]],
            "shifts": [self.short(code) for code in one["shifts"]],
            "reasons": [self.limit_sentence(reason) for reason in one["reasons"]],
            "cost": within(project.full.costs, self.problem.years),
            "share": self.shares.get(project.code, 0.0) * 100,
        }  # fmt: skip

    def short(self, code: str) -> dict[str, str]:
        """Code and title of a project."""
        return {"code": code, "title": self.titles.get(code, "")}

    @property
    def not_explained(self) -> list[dict[str, str]]:
        return [self.short(code) for code in self.result["not_explained"]]

    # --- curve and alternatives ---

    @property
    def curve(self) -> Curve | None:
        points = [one for one in self.result["curve"] if one["value"] is not None]
        return Curve.of(self.result["curve"], self.result["knee"]) if len(points) > 1 else None

    @property
    def alternatives(self) -> list[dict[str, Any]]:
        """Other choices nearly as good, with what each exchanges."""
        return [
            {"share": one["share"] * 100, "leaves": [self.short(code) for code in one["leaves"]],
             "enters": [self.short(code) for code in one["enters"]]}
            for one in self.result["alternatives"]
        ]  # fmt: skip

    # --- clash and what was left aside ---

    @property
    def clash(self) -> list[dict[str, Any]]:
        """The clashing limits with what each would have to give up, where that alone is enough."""
        found = self.result.get("clash") or {"limits": [], "remedies": []}
        remedies = {self.limit_sentence(one): one["change"] for one in found["remedies"]}
        rows = []
        for one in found["limits"]:
            sentence = self.limit_sentence(one)
            rows.append(
                {"sentence": sentence, "remedy": remedies.get(sentence), "is_floor": "floor" in one["code"]}
            )
        return rows

    @property
    def unscored(self) -> list[dict[str, str]]:
        """Proposals that were not considered: a criterion has no score at all."""
        return [self.short(code) for code in self.run.input["unscored"]]

    @property
    def alone(self) -> list[dict[str, str]]:
        """Projects that only one person scored."""
        return [self.short(code) for code in self.run.input["alone"]]

    @property
    def beyond(self) -> list[dict[str, str]]:
        """Projects that need one which is neither to choose from nor approved."""
        return [self.short(code) for code in self.run.input["beyond"]]

    @property
    def gap(self) -> float:
        """How far the bound lies above the value, in per cent."""
        return float(self.result["choice"]["gap"]) * 100


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve as a drawing: `line` for a polyline, `marks` with their places, `rows` for the table."""

    width: float
    height: float
    line: str
    marks: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    knee: dict[str, Any] | None

    @classmethod
    def of(cls, points: Sequence[dict[str, Any]], knee: int | None) -> Curve:
        """Points from left to right by ceiling; those without a choice are in the table alone."""
        known = [one for one in points if one["value"] is not None]
        place = _scaled(known)
        marks = [
            one | {"x": x, "y": y, "is_knee": one["percent"] == knee, "is_now": one["percent"] == 100}
            for one, (x, y) in ((one, place(one)) for one in known)
        ]
        line = " ".join(f"{one['x']},{one['y']}" for one in marks)
        bend = next((one for one in known if one["percent"] == knee), None)
        rows = [one | {"is_knee": one["percent"] == knee} for one in points]
        return cls(*DRAWING, line, marks, rows, bend)


def _scaled(points: Sequence[dict[str, Any]]) -> Callable[[dict[str, Any]], tuple[float, float]]:
    width, height = DRAWING
    first, last = points[0]["ceiling"], points[-1]["ceiling"]
    highest = max(one["value"] for one in points) or 1.0

    def place(one: dict[str, Any]) -> tuple[float, float]:
        across = (one["ceiling"] - first) / max(last - first, 1)
        return round(16 + across * (width - 32), 1), round(
            height - 12 - one["value"] / highest * (height - 32), 1
        )

    return place
