"""A problem that can't be right is refused in a sentence that names whom it concerns, before anything is solved."""

from __future__ import annotations

from typing import Any

import pytest

from prasan.portfolio.selection.clash import clash
from prasan.portfolio.selection.notes import SENTENCES, say
from prasan.portfolio.selection.problem import AgencyLimit, Level, Problem, SharedPlatform, ThemeFloor
from prasan.portfolio.selection.validation import faults
from tests.portfolio.selection.enumeration import project

A, B, C = project("A"), project("B"), project("C")


def problem(*projects: Any, **fields: Any) -> Problem:
    return Problem((2569,), projects or (A, B, C), **fields)


WRONG: list[tuple[Problem, str, list[str]]] = [
    (Problem((2569,), ()), "no_projects", []),
    (Problem((), (A,)), "no_years", []),
    (problem(A, A), "twice", ["A"]),
    (problem(project("A", levels=())), "no_full_level", ["A"]),
    (problem(project("A", cost=-5)), "negative_cost", ["A", "2569"]),
    (problem(project("A", float("nan"))), "bad_value", ["A"]),
    (problem(project("A", -1)), "bad_value", ["A"]),
    (problem(project("A", needs=("X",))), "unknown_need", ["A", "X"]),
    (problem(project("A", excludes=("X",))), "unknown_exclusion", ["A", "X"]),
    (problem(project("A", needs=("A",))), "needs_itself", ["A"]),
    (problem(project("A", needs=("B",)), project("B", needs=("C",)), project("C", needs=("A",))), "circle",
     ["A", "B", "C"]),
    (problem(project("A", needs=("B",), excludes=("B",)), B), "needs_and_excludes", ["A", "B"]),
    (problem(project("A", needs=("B",)), project("B", excludes=("A",))), "needs_and_excludes", ["A", "B"]),
    (problem(project("A", needs=("B",)), project("B", needs=("C",)), project("C", excludes=("A",))),
     "needs_through_and_excludes", ["A", "B", "C"]),
    (problem(project("A", needs=("B", "C")), project("B", excludes=("C",)), C), "needs_two_that_exclude",
     ["A", "B", "C"]),
    (problem(project("A", committed=True, forced="out")), "committed_and_out", ["A"]),
    (problem(project("A", excludes=("A",))), "excludes_itself", ["A"]),
    (problem(project("A", committed=True), project("B", forced="in", excludes=("A",))), "committed_exclude",
     ["A", "B"]),
    (problem(project("A", committed=True, needs=("B",)), project("B", forced="out")), "needs_forced_out", ["A", "B"]),
    (problem(ceilings={2569: 0}), "zero_ceiling", ["2569"]),
    (problem(ceilings={2569: -1}), "negative_ceiling", ["2569"]),
    (problem(ceilings={2580: 10}), "unknown_year", ["2580"]),
    (problem(project("A", cost=70, committed=True), ceilings={2569: 50}), "ceiling_below_committed", ["A", "50", "70"]),
    (problem(agency_limits=(AgencyLimit("works", cap=-1),)), "negative_limit", ["works"]),
    (problem(project("A", agency="works"), agency_limits=(AgencyLimit("works", cap=5, floor=9),)), "cap_below_floor",
     ["works", "5", "9"]),
    (problem(project("A", cost=70, agency="works", committed=True), agency_limits=(AgencyLimit("works", 2569, 50),)),
     "cap_below_committed", ["works", "A", "50", "70"]),
    (problem(project("A", cost=70, agency="works"), agency_limits=(AgencyLimit("works", floor=71),)),
     "floor_above_projects", ["works", "71", "70"]),
    (problem(project("A", cost=70, agency="works"), project("B", cost=70, agency="health"), ceilings={2569: 100},
             agency_limits=(AgencyLimit("works", 2569, floor=60), AgencyLimit("health", 2569, floor=60))),
     "floors_above_ceilings", ["120", "100"]),
    (problem(agency_limits=(AgencyLimit("works", floor=5),)), "unknown_agency", ["works"]),
    (problem(theme_floors=(ThemeFloor("security", percent=101),)), "bad_percent", ["security"]),
    (problem(theme_floors=(ThemeFloor("security", amount=-1),)), "negative_theme", ["security"]),
    (problem(project("A", themes=frozenset({"security"})), theme_floors=(ThemeFloor("security", amount=11),)),
     "theme_above_projects", ["security", "11", "10"]),
    (problem(theme_floors=(ThemeFloor("security", percent=5),)), "unknown_theme", ["security"]),
    (problem(platforms=(SharedPlatform("S", ("A",), {}, 50),)), "few_members", ["S"]),
    (problem(platforms=(SharedPlatform("S", ("A", "X"), {}, 50),)), "unknown_member", ["S", "X"]),
    (problem(platforms=(SharedPlatform("S", ("A", "B"), {}, 50), SharedPlatform("T", ("A", "C"), {}, 50))),
     "member_twice", ["A"]),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "named"), WRONG, ids=[case[1] for case in WRONG])
def test_what_is_wrong_is_said_with_its_names(wrong: Problem, code: str, named: list[str]) -> None:
    said = {note.code: say(note) for note in faults(wrong)}
    assert code in said
    for word in named:
        assert word in said[code]


def test_every_sentence_of_a_fault_has_its_case() -> None:
    limits = {code for code in SENTENCES if code.startswith(("limit_", "said_"))}
    assert {case[1] for case in WRONG} == SENTENCES.keys() - limits


def test_a_sound_problem_has_no_fault() -> None:
    assert faults(problem(A, project("B", needs=("A",)), C, ceilings={2569: 20})) == []


def test_a_clash_is_told_as_the_fewest_limits_with_what_would_mend_it() -> None:
    shared = {"themes": frozenset({"security"}), "agency": "works"}
    clashing = problem(
        project("A", cost=60, committed=True),
        project("B", cost=50, **shared),
        C,
        ceilings={2569: 100},
        theme_floors=(ThemeFloor("security", amount=50),),
        agency_limits=(AgencyLimit("works", cap=200),),
    )
    assert faults(clashing) == []
    found = clash(clashing)
    assert found is not None
    assert found.is_smallest
    assert {limit.kind for limit in found.limits} == {"committed", "ceiling", "theme_floor"}
    changes = {remedy.limit.kind: remedy.change for remedy in found.remedies}
    assert changes == {"committed": 0, "ceiling": 10, "theme_floor": 50}
    said = [
        say(limit.as_json(), {"A": "ระบบนัดหมาย"}.get) for limit in found.limits if limit.kind == "committed"
    ]
    assert "ระบบนัดหมาย" in said[0]


def test_a_later_begin_of_what_is_needed_delays_what_needs_it() -> None:
    late = (Level("full", {2569: 100}), Level("defer", {2570: 10}, worth=0.8, delay=1))
    base = project("BASE", 10, levels=late)
    user = project("USER", 10, levels=(Level("full", {2569: 1}), Level("defer", {2570: 1}, worth=0.5, delay=1)),
                   needs=("BASE",))  # fmt: skip
    from prasan.portfolio.selection.model import solve

    choice = solve(Problem((2569, 2570), (base, user), {2569: 50}))
    assert choice is not None
    assert choice.levels == {"BASE": "defer", "USER": "defer"}
