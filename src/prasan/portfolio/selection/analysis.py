"""Everything that is told of a choice, found in one go and kept as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prasan.portfolio.selection.clash import Clash, clash_of
from prasan.portfolio.selection.curve import Point, alternatives, curve, knee
from prasan.portfolio.selection.explanation import Explainer, LeftOut, Use, uses
from prasan.portfolio.selection.frozen import choice_as_json
from prasan.portfolio.selection.model import Model, build
from prasan.portfolio.selection.problem import Choice, Problem, spending
from prasan.portfolio.selection.robustness import SAMPLES, SEED, Robustness, Scores, robustness
from prasan.portfolio.selection.solver import Cancelled

Tell = Callable[[int, str], None]  # per cent done, and the code of what is being done
PHASES = {"choose": 0, "limits": 15, "reasons": 25, "weights": 60, "curve": 90, "alternatives": 96}


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds that each part may take, and how many weights are sampled."""

    choose: float = 120.0
    limits: float = 60.0
    reasons: float = 240.0
    weights: float = 240.0
    samples: int = SAMPLES
    seed: int = SEED


def analyse(
    problem: Problem,
    scores: Scores,
    *,
    budget: Budget | None = None,
    tell: Tell = lambda _percent, _phase: None,
    cancelled: Cancelled | None = None,
) -> dict[str, Any]:
    """Choose, and say all there is to say: `{"choice": …}`, or `{"clash": …}` where no choice keeps the limits.

    Raises TimeoutError when not even one choice was found in time, Stopped when cancelled. The parts that ran out of
    time say so themselves.
    """
    budget = budget or Budget()
    model = build(problem)
    tell(PHASES["choose"], "choose")
    outcome = model.program.solve(time_limit=budget.choose, cancelled=cancelled)
    if outcome.state == "unknown":
        raise TimeoutError("no choice was found in time")
    if not outcome.is_found:
        found = clash_of(model, cancelled=cancelled)
        return {"clash": _clash_as_json(found) if found else None}
    return _explained(model, model.choice(outcome), scores, budget, tell, cancelled)


def _explained(  # noqa: PLR0917 — one caller, which has all six at hand
    model: Model, choice: Choice, scores: Scores, budget: Budget, tell: Tell, cancelled: Cancelled | None
) -> dict[str, Any]:
    problem = model.problem

    def part(phase: str) -> Callable[[int, int], None]:
        start = PHASES[phase]
        end = min((one for one in PHASES.values() if one > start), default=100)
        tell(start, phase)
        return lambda done, whole: tell(start + (end - start) * done // max(whole, 1), phase)

    part("limits")
    used = uses(model, choice, seconds=budget.limits, cancelled=cancelled)
    explainer = Explainer(model, choice, cancelled)
    out, missed = explainer.left_out(seconds=budget.reasons, progress=part("reasons"))
    sampled = robustness(
        problem, scores, samples=budget.samples, seed=budget.seed, seconds=budget.weights,
        progress=part("weights"), cancelled=cancelled,
    )  # fmt: skip
    points = curve(problem, progress=part("curve"), cancelled=cancelled)
    part("alternatives")
    others = alternatives(model, choice, cancelled=cancelled)
    spent = spending(problem, choice)
    bend = knee(points)
    return {
        "choice": choice_as_json(choice),
        "spent": {str(year): amount for year, amount in spent.by_year.items()},
        "agencies": {
            agency: {str(year): amount for year, amount in own.items()}
            for agency, own in spent.by_agency.items()
        },
        "limits": [_use_as_json(one) for one in used],
        "left_out": [_left_out_as_json(one) for one in out],
        "not_explained": missed,
        "sampled": _sampled_as_json(sampled),
        "curve": [_point_as_json(one) for one in points],
        "knee": bend.percent if bend else None,
        "alternatives": [_alternative_as_json(choice, one) for one in others],
    }


def _clash_as_json(clash: Clash) -> dict[str, Any]:
    return {
        "limits": [limit.as_json() for limit in clash.limits],
        "remedies": [one.limit.as_json() | {"change": one.change} for one in clash.remedies],
        "is_smallest": clash.is_smallest,
    }


def _use_as_json(use: Use) -> dict[str, Any]:
    return use.limit.as_json() | {
        "used": use.used, "room": use.room, "kept_out": list(use.kept_out), "gain": use.gain,
        "gain_proven": use.gain_proven,
    }  # fmt: skip


def _left_out_as_json(one: LeftOut) -> dict[str, Any]:
    return {
        "project": one.code, "state": one.state, "level": one.level, "regret": one.regret,
        "leaves": list(one.leaves), "enters": list(one.enters), "shifts": list(one.shifts),
        "needed_value": one.needed_value,
        "cheaper_percent": one.cheaper_percent, "reasons": [limit.as_json() for limit in one.reasons],
        "proven": one.proven,
    }  # fmt: skip


def _sampled_as_json(sampled: Robustness) -> dict[str, Any]:
    return {
        "shares": {code: share for code, share in sampled.shares.items() if share},
        "samples": sampled.samples, "wanted": sampled.wanted, "seed": sampled.seed, "proven": sampled.proven,
    }  # fmt: skip


def _point_as_json(point: Point) -> dict[str, Any]:
    return {
        "percent": point.percent, "ceiling": point.ceiling, "value": point.value, "spent": point.spent,
        "count": point.count, "proven": point.proven,
    }  # fmt: skip


def _alternative_as_json(choice: Choice, other: Choice) -> dict[str, Any]:
    return {
        "value": other.value,
        "share": other.value / choice.value if choice.value else 1.0,
        "leaves": sorted(choice.levels.keys() - other.levels.keys()),
        "enters": sorted(other.levels.keys() - choice.levels.keys()),
    }
