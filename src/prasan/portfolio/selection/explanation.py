"""Why this choice: which limits bind, what keeps each project out, and what would bring it in.

Everything here is found by solving again, never by the prices of the relaxed problem: those do not hold for
projects that are chosen or not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from prasan.portfolio.selection.clash import clash_of
from prasan.portfolio.selection.comparison import difference
from prasan.portfolio.selection.model import Limit, Limited, Model
from prasan.portfolio.selection.problem import Choice, Project, levels_of, platform_by_member
from prasan.portfolio.selection.solver import Cancelled, Outcome, Program, Row

STEP_SECONDS = 5.0
TIE = 1e-6  # values nearer than this are the same: HiGHS tells no finer
Progress = Callable[[int, int], None]


# --- limits that bind ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use:
    """How far a money limit is used.

    `room` is what is left of a ceiling or cap, or what is spent above a floor, in baht. `kept_out` are projects left
    out that do not fit into that room at any level. `gain` is the value won if this limit alone were lifted; None:
    not solved (it can't bind), `gain_proven` False: at least so much.
    """

    limit: Limit
    used: int
    room: int
    kept_out: tuple[str, ...]
    gain: float | None = None
    gain_proven: bool = True


def uses(
    model: Model, choice: Choice, *, seconds: float = 60.0, cancelled: Cancelled | None = None
) -> list[Use]:
    """Every money limit; those that bind (lifting them would raise the value) first, by what lifting would win."""
    ends = time.monotonic() + seconds
    chosen = _variables(model, choice)
    found = []
    for limit, row in model.limits:
        if not limit.is_money:
            continue
        use = _use(model, choice, limit, row, chosen)
        if _can_bind(use, row) and time.monotonic() < ends:
            others = [one for one in model.limits if one[0] != limit]
            outcome = model.program_with(others).solve(time_limit=STEP_SECONDS, cancelled=cancelled)
            if outcome.is_found:
                gain = max(0.0, outcome.value - choice.value)
                use = replace(use, gain=gain, gain_proven=outcome.state == "best" and choice.proven)
        found.append(use)
    return sorted(found, key=lambda use: -(use.gain or 0.0))


def _can_bind(use: Use, row: Row) -> bool:
    return bool(use.kept_out) if row.high is not None else True


def _use(model: Model, choice: Choice, limit: Limit, row: Row, chosen: set[int]) -> Use:
    total = sum(int(part) for index, part in row.terms.items() if index in chosen)
    if row.high is None:
        room = total - int(row.low or 0)
        return Use(limit, total, room // 100 if limit.kind == "theme_share" else room, ())
    room = int(row.high) - total
    out = []
    for code, own in model.ways.items():
        costs = [int(row.terms.get(index, 0)) for index in own.values()]
        if code not in choice.levels and min(costs) > room:
            out.append(code)
    return Use(limit, total, room, tuple(out))


def _variables(model: Model, choice: Choice) -> set[int]:
    return {model.ways[code][level] for code, level in choice.levels.items()} | {
        model.builds[code] for code in choice.platforms
    }


# --- projects left out -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What keeps one project out.

    `state`: `displaced` (possible, but something better takes its place), `tie` (an equally good choice holds it),
    `impossible` (no choice under these limits holds it; `reasons` clash), `open` (time was up before it was known).
    `regret`: value lost by forcing it in. `leaves`, `enters`, `shifts` (to another
    level): how the best choice with it differs. `needed_value`: the value at full level with which it would be in;
    `cheaper_percent`: so much cheaper in every year would do, None: no price alone would, or
    (not `proven`) it is not known. `proven`: all this is exact, not only what was found in time.
    """

    code: str
    state: str
    level: str = ""
    regret: float = 0.0
    leaves: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()
    needed_value: float | None = None
    cheaper_percent: float | None = None
    reasons: tuple[Limit, ...] = ()
    proven: bool = True


@dataclass(slots=True)
class Explainer:
    """Looks at projects left out of a choice one by one."""

    model: Model
    choice: Choice
    cancelled: Cancelled | None = None
    step_seconds: float = STEP_SECONDS
    _projects: dict[str, Project] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._projects = {one.code: one for one in self.model.problem.projects}

    def left_out(
        self, *, seconds: float = 120.0, progress: Progress | None = None
    ) -> tuple[list[LeftOut], list[str]]:
        """Every project left out, the nearest to getting in first; and those not looked at because time was up."""
        ends = time.monotonic() + seconds
        codes = sorted(self.model.ways.keys() - self.choice.levels.keys(), key=self._promise)
        found: list[LeftOut] = []
        for place, code in enumerate(codes):
            if time.monotonic() > ends:
                return self._sorted(found), codes[place:]
            found.append(self.explain(code))
            if progress is not None:
                progress(place + 1, len(codes))
        return self._sorted(found), []

    def explain(self, code: str) -> LeftOut:
        """What keeps this project out."""
        outcomes = {
            level: self.model.program.solve(
                fixed={index: 1}, time_limit=self.step_seconds, cancelled=self.cancelled
            )
            for level, index in self.model.ways[code].items()
        }
        found = {level: outcome for level, outcome in outcomes.items() if outcome.is_found}
        if not found:
            return self._impossible(code, outcomes)
        level, best = max(found.items(), key=lambda one: one[1].value)
        differs = difference(self.choice, self.model.choice(best))
        proven = self.choice.proven and all(one.state in {"best", "none"} for one in outcomes.values())
        regret = self.choice.value - best.value
        cheaper, cheaper_proven = self._cheaper(code) if regret > TIE else (0.0, True)
        return LeftOut(
            code,
            "displaced" if regret > TIE else "tie",
            level,
            max(0.0, regret),
            differs.only_left,
            tuple(sorted(set(differs.only_right) - {code})),
            tuple(differs.other_level),
            self._needed_value(code, found),
            cheaper,
            proven=proven and cheaper_proven,
        )

    def _promise(self, code: str) -> tuple[float, str]:
        project = self._projects[code]
        return (-project.value / (1 + sum(project.full.costs.values())), code)

    @staticmethod
    def _sorted(found: list[LeftOut]) -> list[LeftOut]:
        order = {"tie": 0, "displaced": 1, "open": 2, "impossible": 3}
        return sorted(found, key=lambda one: (order[one.state], one.regret, one.code))

    def _impossible(self, code: str, outcomes: dict[str, Outcome]) -> LeftOut:
        if any(outcome.state == "unknown" for outcome in outcomes.values()):
            return LeftOut(code, "open", proven=False)
        wanted: Limited = (Limit("wanted", code), Row(self.model.chosen(code), low=1))
        clash = clash_of(self.model, extra=[wanted], cancelled=self.cancelled)
        limits = tuple(limit for limit in clash.limits if limit.kind != "wanted") if clash else ()
        cheaper, cheaper_proven = self._cheaper(code)
        proven = cheaper_proven and clash is not None and clash.is_smallest
        return LeftOut(code, "impossible", cheaper_percent=cheaper, reasons=limits, proven=proven)

    def _needed_value(self, code: str, found: dict[str, Outcome]) -> float:
        """Its value v at full level such that the best choice with it, whose part of it grows, reaches the choice."""
        project = self._projects[code]
        ways = levels_of(project, platform_by_member(self.model.problem).get(code))
        worth = {level.code: level.worth for level in ways}
        raises = [
            (self.choice.value - outcome.value) / worth[level]
            for level, outcome in found.items()
            if worth[level]
        ]
        return project.value + max(0.0, min(raises, default=math.inf))

    def _cheaper(self, code: str) -> tuple[float | None, bool]:
        """The smallest saving that brings it in, in percent of its cost (up to the next 0.1); None: none does."""
        outcomes = [self._cheaper_at(index) for index in self.model.ways[code].values()]
        shares = [one.values[-1] for one in outcomes if one.is_found]
        proven = all(one.state in {"best", "none"} for one in outcomes)
        return (math.ceil(min(shares) * 1000 - 1e-6) / 10 if shares else None), proven

    def _cheaper_at(self, index: int) -> Outcome:
        """Minimise the saved share of one way's cost, the value being no less than the choice's."""
        saved = len(self.model.objective)
        rows = list(self.model.structure)
        for limit, row in self.model.limits:
            part = row.terms.get(index)
            rows.append(replace(row, terms={**row.terms, saved: -part}) if part and limit.is_money else row)
        worth = {way: Fraction(value) for way, value in enumerate(self.model.objective) if value}
        rows.append(Row(worth, low=self.choice.value - TIE))
        program = Program([0.0] * saved + [-1.0], rows, continuous={saved: 1.0})
        return program.solve(fixed={index: 1}, time_limit=self.step_seconds, cancelled=self.cancelled)
