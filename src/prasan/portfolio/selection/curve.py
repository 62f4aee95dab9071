"""What more or less money would bring: value against budget, the knee of that curve, and near-equal alternatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from prasan.portfolio.selection.model import Model, solve
from prasan.portfolio.selection.problem import Choice, Problem, spending
from prasan.portfolio.selection.solver import Cancelled, Row

PERCENTS = (40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150)
STEP_SECONDS = 10.0
NEAR = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Point:
    """The best value when every yearly ceiling is `percent` of what it is; None where no choice keeps the limits."""

    percent: int
    ceiling: int
    value: float | None
    spent: int = 0
    count: int = 0
    proven: bool = True


def curve(
    problem: Problem,
    *,
    percents: Sequence[int] = PERCENTS,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Cancelled | None = None,
) -> list[Point]:
    """Points of the curve; empty when the problem has no ceiling. Caps and floors stay as they are."""
    points: list[Point] = []
    for percent in percents if problem.ceilings else ():
        ceilings = {year: amount * percent // 100 for year, amount in problem.ceilings.items()}
        points.append(_point(replace(problem, ceilings=ceilings), percent, cancelled))
        if progress is not None:
            progress(len(points), len(percents))
    return points


def _point(problem: Problem, percent: int, cancelled: Cancelled | None) -> Point:
    ceiling = sum(problem.ceilings.values())
    try:
        choice = solve(problem, time_limit=STEP_SECONDS, cancelled=cancelled)
    except TimeoutError:
        return Point(percent, ceiling, None, proven=False)
    if choice is None:
        return Point(percent, ceiling, None)
    spent = spending(problem, choice).total
    return Point(percent, ceiling, choice.value, spent, len(choice.levels), choice.proven)


def knee(points: Sequence[Point]) -> Point | None:
    """The point farthest above the straight line from the first to the last: after it, money brings less.

    None when the curve does not bend (fewer than three points, or none lies clearly above the line).
    """
    known = [(point, point.value) for point in points if point.value is not None]
    if len(known) < 3:
        return None
    (first, low), (last, high) = known[0], known[-1]
    if high <= low or last.ceiling <= first.ceiling:
        return None
    above = [
        (
            (value - low) / (high - low) - (point.ceiling - first.ceiling) / (last.ceiling - first.ceiling),
            point,
        )
        for point, value in known
    ]
    most, point = max(above, key=lambda one: one[0])
    return point if most > 0.02 else None


def alternatives(
    model: Model, choice: Choice, *, count: int = 3, cancelled: Cancelled | None = None
) -> list[Choice]:
    """Up to `count` choices worth at least 99 % of this one, each as different as possible from those before it."""
    worth = {index: Fraction(value) for index, value in enumerate(model.objective) if value}
    near = Row(worth, low=Fraction(choice.value) * (1 - NEAR))
    seen: list[Choice] = [choice]
    found: list[Choice] = []
    while len(found) < count:
        goal = [0.0] * len(model.objective)
        for earlier in seen:
            for code, own in model.ways.items():
                for index in own.values():
                    goal[index] += -1.0 if code in earlier.levels else 1.0
        outcome = model.program.solve(
            objective=goal, extra=[near], time_limit=STEP_SECONDS, cancelled=cancelled
        )
        if not outcome.is_found:
            break
        value = sum(part for part, held in zip(model.objective, outcome.values, strict=True) if held)
        other = replace(model.choice(outcome), value=value, bound=choice.bound, proven=False)
        if any(other.levels.keys() == earlier.levels.keys() for earlier in seen):
            break
        seen.append(other)
        found.append(other)
    return found
