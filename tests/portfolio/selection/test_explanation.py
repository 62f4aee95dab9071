"""What is said of a choice is true: each claim is tried by changing the problem and choosing again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from prasan.portfolio.selection.curve import alternatives, curve, knee
from prasan.portfolio.selection.explanation import Explainer, LeftOut, uses
from prasan.portfolio.selection.model import Limit, build, solve
from prasan.portfolio.selection.problem import AgencyLimit, Choice, Level, Problem
from prasan.portfolio.selection.robustness import Scores, robustness, sample_weights, weights_fault
from prasan.portfolio.selection.solver import Outcome
from tests.portfolio.selection.enumeration import best_value, keeps, project
from tests.portfolio.selection.test_solve import problems


def explained(problem: Problem) -> tuple[Choice, list[LeftOut]]:
    model = build(problem)
    choice = solve(problem)
    assert choice is not None
    found, missed = Explainer(model, choice).left_out()
    assert missed == []
    return choice, found


def changed(problem: Problem, code: str, **fields: object) -> Problem:
    """The problem with one project changed."""
    projects = tuple(replace(one, **fields) if one.code == code else one for one in problem.projects)  # type: ignore[arg-type]
    return replace(problem, projects=projects)


def cheaper(problem: Problem, code: str, percent: float) -> Problem:
    """The problem with one project so much cheaper in every year and at every level, down to the baht."""
    own = next(one for one in problem.projects if one.code == code)
    levels = tuple(
        replace(level, costs={year: int(cost * (100 - percent) / 100) for year, cost in level.costs.items()})
        for level in own.levels
    )
    return changed(problem, code, levels=levels)


def in_thousands(problem: Problem) -> Problem:
    """Every amount a thousand times as large, so that a per mille of it is a whole number."""

    def times(costs: dict[int, int]) -> dict[int, int]:
        return {year: 1000 * cost for year, cost in costs.items()}

    projects = tuple(
        replace(one, levels=tuple(replace(level, costs=times(dict(level.costs))) for level in one.levels))
        for one in problem.projects
    )
    limits = tuple(
        replace(one, cap=one.cap and 1000 * one.cap, floor=one.floor and 1000 * one.floor)
        for one in problem.agency_limits
    )
    floors = tuple(replace(one, amount=one.amount and 1000 * one.amount) for one in problem.theme_floors)
    platforms = tuple(replace(one, costs=times(dict(one.costs))) for one in problem.platforms)
    return Problem(problem.years, projects, times(dict(problem.ceilings)), limits, floors, platforms)


@settings(max_examples=120)
@given(problems())
def test_regret_needed_score_and_needed_saving_are_exact(problem: Problem) -> None:
    problem = in_thousands(problem)
    best = best_value(problem)
    if best is None:
        return
    choice, found = explained(problem)
    assert {one.code for one in found} == {one.code for one in problem.projects} - choice.levels.keys()
    for one in found:
        with_it = best_value(changed(problem, one.code, forced="in")) if one.state != "impossible" else None
        if with_it is None:
            own = next(project for project in problem.projects if project.code == one.code)
            assert own.forced == "out" or best_value(changed(problem, one.code, forced="in")) is None
            assert one.reasons
            continue
        assert one.regret == pytest.approx(best - with_it, abs=1e-6)
        _check_value(problem, one, best)
        _check_saving(problem, one, best)


def _check_value(problem: Problem, one: LeftOut, best: float) -> None:
    assert one.needed_value is not None
    enough = changed(problem, one.code, value=one.needed_value, forced="in")
    assert best_value(enough) == pytest.approx(best, abs=1e-6)
    if one.state == "displaced":
        short = best_value(changed(problem, one.code, value=max(0.0, one.needed_value - 0.01), forced="in"))
        assert short is not None
        assert short < best


def _check_saving(problem: Problem, one: LeftOut, best: float) -> None:
    if one.cheaper_percent is None:
        free = best_value(changed(cheaper(problem, one.code, 100), one.code, forced="in"))
        assert free is None or free < best - 1e-6
    elif one.state == "displaced":
        with_saving = best_value(
            changed(cheaper(problem, one.code, one.cheaper_percent), one.code, forced="in")
        )
        assert with_saving is not None
        assert with_saving >= best - 1e-6
        less = best_value(
            changed(cheaper(problem, one.code, one.cheaper_percent - 0.2), one.code, forced="in")
        )
        assert less is None or less < best


def test_what_displaced_a_project_is_named() -> None:
    problem = Problem(
        (2569,), (project("A", 30, 60), project("B", 20, 40), project("C", 25, 50)), {2569: 100}
    )
    choice, found = explained(problem)
    assert set(choice.levels) == {"A", "B"}
    (left,) = found
    assert (left.code, left.state, left.regret) == ("C", "displaced", pytest.approx(5))
    assert left.leaves == ("A",)
    assert left.needed_value == pytest.approx(30)
    assert left.cheaper_percent == pytest.approx(20)


def test_a_project_above_its_own_agencys_cap_is_said_to_be_impossible_and_why() -> None:
    limits = (AgencyLimit("works", 2569, cap=50),)
    problem = Problem(
        (2569,), (project("A", 9, 60, agency="works"), project("B", 1, 10)), {2569: 100}, limits
    )
    _choice, found = explained(problem)
    (left,) = found
    assert (left.code, left.state) == ("A", "impossible")
    assert left.reasons == (Limit("agency_cap", "works", 2569, 50),)


def test_a_limit_that_binds_is_told_with_what_lifting_it_would_win() -> None:
    problem = Problem(
        (2569, 2570),
        (project("A", 30, 60), project("B", 20, 60), project("C", 5, 10)),
        {2569: 75, 2570: 900},
    )
    choice = solve(problem)
    assert choice is not None
    first, second = uses(build(problem), choice)
    assert (first.limit.year, first.used, first.room, first.kept_out) == (2569, 70, 5, ("B",))
    assert first.gain == pytest.approx(20)
    assert (second.limit.year, second.gain) == (2570, None)


def test_sampled_weights_stay_in_their_ranges_add_up_and_are_the_same_for_the_same_seed() -> None:
    ranges = [(0.1, 0.4), (0.2, 0.3), (0.0, 0.6), (0.05, 0.1)]
    drawn = sample_weights(ranges, 400, seed=7)
    assert drawn.sum(axis=1) == pytest.approx(1)
    for column, (low, high) in zip(drawn.T, ranges, strict=True):
        assert column.min() >= low - 1e-9
        assert column.max() <= high + 1e-9
    assert [column.max() - column.min() > 0.25 for column in drawn.T] == [True, False, True, False]
    assert (drawn == sample_weights(ranges, 400, seed=7)).all()
    assert (drawn != sample_weights(ranges, 400, seed=8)).any()


@pytest.mark.parametrize(
    ("ranges", "fault"),
    [
        ({"a": (0.2, 0.8), "b": (0.2, 0.8)}, ""),
        ({"a": (0.6, 0.8), "b": (0.6, 0.8)}, "too_much"),
        ({"a": (0.1, 0.3), "b": (0.1, 0.3)}, "too_little"),
        ({"a": (0.5, 0.3)}, "range"),
        ({}, "range"),
    ],
)
def test_weights_that_can_not_add_up_to_one_are_told(
    ranges: dict[str, tuple[float, float]], fault: str
) -> None:
    assert weights_fault(ranges) == fault


def test_core_borderline_and_out_follow_from_what_the_criteria_may_weigh() -> None:
    scores = Scores(
        {"benefit": (0.0, 1.0), "risk": (0.0, 1.0)},
        {
            "both": {"benefit": (100, 100), "risk": (100, 100)},
            "useful": {"benefit": (80, 80), "risk": (0, 0)},
            "urgent": {"benefit": (0, 0), "risk": (80, 80)},
            "neither": {"benefit": (0, 0), "risk": (0, 0)},
        },
    )
    values = scores.values()
    problem = Problem((2569,), tuple(project(code, values[code], 10) for code in values), {2569: 20})
    found = robustness(problem, scores, samples=60)
    assert {code: found.group(code) for code in values} == {
        "both": "core", "useful": "borderline", "urgent": "borderline", "neither": "out",
    }  # fmt: skip
    assert found.samples == 60
    assert found.proven == 60
    assert found.shares == robustness(problem, scores, samples=60).shares


def test_the_curve_rises_with_the_budget_and_its_knee_is_where_it_bends() -> None:
    good = [project(f"G{place}", 20, 10) for place in range(5)]
    poor = [project(f"P{place}", 1, 10) for place in range(5)]
    points = curve(Problem((2569,), (*good, *poor), {2569: 70}))
    values = [point.value for point in points]
    assert values == sorted(values, key=lambda value: value or 0)
    bend = knee(points)
    assert bend is not None
    assert bend.count == 5


def test_a_curve_begins_where_what_is_committed_can_be_paid() -> None:
    problem = Problem((2569,), (project("A", 1, 60, committed=True), project("B", 5, 40)), {2569: 100})
    points = {point.percent: point.value for point in curve(problem)}
    assert points[50] is None
    assert points[60] == pytest.approx(1)
    assert points[100] == pytest.approx(6)


def test_alternatives_are_nearly_as_good_keep_the_limits_and_differ() -> None:
    twins = tuple(project(f"T{place}", 100 - place * 0.1, 10) for place in range(6))
    problem = Problem((2569,), twins, {2569: 30})
    choice = solve(problem)
    assert choice is not None
    found = alternatives(build(problem), choice, count=3)
    assert found
    for other in found:
        assert other.value >= 0.99 * choice.value
        assert keeps(problem, other.levels, other.platforms)
    assert set(found[0].levels) == {"T3", "T4", "T5"}


def test_a_pilot_is_chosen_where_the_whole_does_not_fit() -> None:
    levels = (Level("full", {2569: 100}), Level("pilot", {2569: 30}, worth=0.4))
    problem = Problem((2569,), (project("A", 10, levels=levels),), {2569: 50})
    choice = solve(problem)
    assert choice is not None
    assert choice.levels == {"A": "pilot"}
    assert choice.value == pytest.approx(4)


def test_a_saving_that_was_not_found_in_time_is_not_called_impossible() -> None:
    problem = Problem(
        (2569,), (project("A", 30, 60), project("B", 20, 40), project("C", 25, 50)), {2569: 100}
    )
    model, choice = build(problem), solve(problem)
    assert choice is not None

    class Hasty(Explainer):
        def _cheaper_at(self, index: int) -> Outcome:
            return Outcome("unknown")

    left = Hasty(model, choice).explain("C")
    assert (left.cheaper_percent, left.proven) == (None, False)
