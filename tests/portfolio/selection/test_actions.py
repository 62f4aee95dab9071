"""Scores, scenarios and runs, through the actions and against the database."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from prasan.city.files import check_city
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.portfolio.actions.proposals import proposal_withdraw
from prasan.portfolio.actions.selection import (
    ScenarioContent,
    scenario_change,
    scenario_create,
    scenario_mark,
    scenario_run,
    scenario_run_solve,
    scenario_run_stop,
    score_give,
)
from prasan.portfolio.models import Proposal, Relation, Scenario, ScenarioRun, Score
from prasan.portfolio.queries import selection as queries
from prasan.portfolio.selection.analysis import Budget
from prasan.portfolio.selection.criteria import criteria, read_criteria
from tests.portfolio import proposals as made

pytestmark = pytest.mark.django_db

QUICK = Budget(samples=20)
YEARS = (2571, 2572)


def steps(step: int = 3, **other: int) -> dict[str, int]:
    return dict.fromkeys(criteria(), step) | other


def proposal(step: int = 3, cost: int = 800_000, **fields: Any) -> Proposal:
    """A submitted proposal that costs so much in 2571, scored by one analyst."""
    found = made.submitted(costs={(2571, "buy"): Decimal(cost)}, **fields)
    score_give(actor=made.analyst(), code=found.code, points=steps(step))
    return found


def content(**fields: Any) -> ScenarioContent:
    given: dict[str, Any] = {"name": "งบประมาณ 2571", "years": YEARS, "ceilings": {"2571": 1_700_000}}
    return ScenarioContent(**(given | fields))


def solved(scenario: Scenario, actor: Actor | None = None) -> ScenarioRun:
    run = scenario_run(actor=actor or made.analyst(), scenario=scenario.pk)
    scenario_run_solve(run=run.pk, budget=QUICK)
    return ScenarioRun.objects.get(pk=run.pk)


def test_two_scorers_are_kept_apart_and_their_spread_is_told() -> None:
    found = proposal(step=4)
    second = made.analyst()
    score_give(actor=second, code=found.code, points=steps(2, policy=4))
    _proposal, given, people = queries.scores_of(second, found.code)
    assert people == 2
    assert given["policy"].all == (4, 4)
    assert (given["benefit"].own, given["benefit"].spread, given["benefit"].mean) == (2, 2, 3.0)
    (row,), _next = queries.to_score(second)
    assert (row.scorers, row.spread, row.mine) == (2, 2, True)


def test_others_scores_are_hidden_until_one_has_given_ones_own() -> None:
    found = proposal()
    _proposal, given, people = queries.scores_of(made.analyst(), found.code)
    assert people == 1
    assert all(one.all == () for one in given.values())


def test_scoring_again_changes_ones_scores_and_the_ledger_tells_what_changed() -> None:
    found, actor = made.submitted(), made.analyst()
    score_give(actor=actor, code=found.code, points=steps(1))
    score_give(actor=actor, code=found.code, points=steps(1, cost=4))
    assert Score.objects.filter(proposal=found).count() == len(criteria())
    entry = LedgerEntry.objects.filter(action="proposal.score").latest("position", "id")
    assert entry.changes == {"cost": [1, 4]}


@pytest.mark.parametrize("points", [{}, {"policy": 3}, "six", "high"])
def test_a_score_needs_every_criterion_and_one_of_its_steps(points: Any) -> None:
    given = {"six": steps() | {"luck": 1}, "high": steps(cost=5)}.get(points, points) if isinstance(points, str) else points  # fmt: skip  # noqa: E501
    with pytest.raises(Invalid):
        score_give(actor=made.analyst(), code=made.submitted().code, points=given)
    assert not Score.objects.exists()


def test_a_draft_or_withdrawn_proposal_is_not_scored() -> None:
    officer = made.officer()
    gone = made.submitted(officer)
    proposal_withdraw(actor=officer, code=gone.code, note="ไม่จำเป็นแล้ว")
    for code in (made.draft(own_number="2").code, gone.code):
        with pytest.raises(Conflict):
            score_give(actor=made.analyst(), code=code, points=steps())


def test_only_analysts_of_the_whole_city_score_and_choose() -> None:
    found, boss = proposal(), made.analyst()
    scenario = scenario_create(actor=boss, content=content())
    run = scenario_run(actor=boss, scenario=scenario.pk)
    others = [made.officer(), made.officer(role="analyst"), made.officer("bma", "secretary"),
              made.officer("bma", "auditor"), made.officer("bma", "admin"), Actor.anonymous()]  # fmt: skip
    before = LedgerEntry.objects.count()
    for actor in others:
        for refused in (
            lambda actor=actor: score_give(actor=actor, code=found.code, points=steps()),
            lambda actor=actor: scenario_create(actor=actor, content=content()),
            lambda actor=actor: scenario_change(
                actor=actor, scenario=scenario.pk, content=content(), version=1
            ),
            lambda actor=actor: scenario_mark(actor=actor, scenario=scenario.pk, status="proposed"),
            lambda actor=actor: scenario_run(actor=actor, scenario=scenario.pk),
            lambda actor=actor: scenario_run_stop(actor=actor, run=run.pk),
            lambda actor=actor: queries.scenarios(actor),
            lambda actor=actor: queries.scenario(actor, scenario.pk),
            lambda actor=actor: queries.run(actor, run.pk),
            lambda actor=actor: queries.run_state(actor, run.pk),
            lambda actor=actor: queries.solved_runs(actor),
            lambda actor=actor: queries.to_score(actor),
            lambda actor=actor: queries.scores_of(actor, found.code),
        ):
            with pytest.raises(Forbidden):
                refused()
    assert LedgerEntry.objects.count() == before


def test_the_best_two_of_three_are_chosen_and_the_third_is_told_why() -> None:
    poor, good, best = proposal(step=1), proposal(step=3), proposal(step=4)
    run = solved(scenario_create(actor=made.analyst(), content=content()))
    assert run.state == ScenarioRun.State.DONE
    assert set(run.result["choice"]["levels"]) == {good.code, best.code}
    assert run.result["choice"]["proven"] is True
    assert run.result["spent"] == {"2571": 1_600_000, "2572": 0}
    assert run.result["agencies"] == {made.HEALTH: {"2571": 1_600_000, "2572": 0}}
    (left,) = run.result["left_out"]
    assert (left["project"], left["leaves"], left["needed_value"]) == (
        poor.code,
        [good.code],
        pytest.approx(75),
    )
    assert run.result["limits"][0]["kept_out"] == [poor.code]
    assert run.result["sampled"] == {"shares": {good.code: 1.0, best.code: 1.0}, "samples": 20, "wanted": 20,
                                     "seed": 2569, "proven": 20}  # fmt: skip


def test_a_run_keeps_what_it_was_asked_whatever_changes_afterwards() -> None:
    first, actor = proposal(), made.analyst()
    scenario = scenario_create(actor=actor, content=content())
    run = scenario_run(actor=actor, scenario=scenario.pk)
    score_give(actor=actor, code=first.code, points=steps(0))
    scenario_change(actor=actor, scenario=scenario.pk, content=content(ceilings={"2571": 10}), version=1)
    assert scenario_run_solve(run=run.pk, budget=QUICK) == "done"
    kept = ScenarioRun.objects.get(pk=run.pk)
    assert set(kept.result["choice"]["levels"]) == {first.code}
    assert scenario_run_solve(run=run.pk, budget=QUICK) == "done"
    assert ScenarioRun.objects.get(pk=run.pk).ended_at == kept.ended_at
    assert solved(scenario).input_hash != kept.input_hash


def test_the_same_question_has_the_same_fingerprint() -> None:
    proposal()
    scenario = scenario_create(actor=made.analyst(), content=content())
    assert solved(scenario).input_hash == solved(scenario).input_hash


def test_needs_exclusions_levels_and_commitment_come_from_the_rows() -> None:
    base, user, rival = proposal(step=1), proposal(step=4), proposal(step=3)
    Relation.objects.create(proposal=user, other=base, kind="depends_on")
    Relation.objects.create(proposal=rival, other=base, kind="excludes")
    Proposal.objects.filter(pk=rival.pk).update(committed=True, status=Proposal.Status.APPROVED)
    scenario = scenario_create(
        actor=made.analyst(), content=content(pilot_cost=30, defer_worth=80, ceilings={"2571": 5_000_000})
    )
    asked = {one.code: one for one in queries.question(scenario).problem.projects}
    assert asked[user.code].needs == (base.code,)
    assert asked[rival.code].excludes == (base.code,)
    assert [level.code for level in asked[rival.code].levels] == ["full"]
    assert [(level.code, dict(level.costs)) for level in asked[user.code].levels] == [
        ("full", {2571: 800_000}), ("pilot", {2571: 240_000}), ("defer", {2572: 800_000}),
    ]  # fmt: skip
    assert asked[user.code].value == pytest.approx(100)
    assert set(solved(scenario).result["choice"]["levels"]) == {rival.code}


def test_a_proposal_that_was_not_fully_scored_is_left_aside_and_named() -> None:
    proposal()
    bare = made.submitted()
    scenario = scenario_create(actor=made.analyst(), content=content())
    assert queries.question(scenario).unscored == (bare.code,)
    assert solved(scenario).input["unscored"] == [bare.code]


def test_a_question_that_can_not_be_right_is_refused_in_sentences_and_nothing_is_kept() -> None:
    first, second = proposal(), proposal()
    Relation.objects.create(proposal=first, other=second, kind="depends_on")
    Relation.objects.create(proposal=second, other=first, kind="depends_on")
    scenario = scenario_create(actor=made.analyst(), content=content())
    with pytest.raises(Invalid) as refusal:
        scenario_run(actor=made.analyst(), scenario=scenario.pk)
    assert first.code in str(refusal.value.errors["problem"])
    assert not ScenarioRun.objects.exists()


def test_limits_that_clash_are_told_as_such() -> None:
    found = proposal(cost=800_000)
    floor = {"theme": f"lane.{found.lane}", "year": None, "amount": 700_000, "percent": None}
    cap = {"agency": made.HEALTH, "year": 2571, "cap": 500_000, "floor": None}
    run = solved(
        scenario_create(actor=made.analyst(), content=content(theme_floors=(floor,), agency_limits=(cap,)))
    )
    assert run.state == ScenarioRun.State.IMPOSSIBLE
    assert {one["code"] for one in run.result["clash"]["limits"]} == {"limit_agency_cap", "limit_theme_floor"}


def test_a_scenario_is_computed_once_at_a_time_and_can_be_stopped() -> None:
    proposal()
    actor = made.analyst()
    scenario = scenario_create(actor=actor, content=content())
    run = scenario_run(actor=actor, scenario=scenario.pk)
    with pytest.raises(Conflict):
        scenario_run(actor=actor, scenario=scenario.pk)
    assert scenario_run_stop(actor=actor, run=run.pk).state == ScenarioRun.State.STOPPED
    assert scenario_run_solve(run=run.pk) == "stopped"
    assert scenario_run(actor=actor, scenario=scenario.pk).pk != run.pk


def test_a_run_is_a_job_that_is_deferred_with_it() -> None:
    proposal()
    run = scenario_run(
        actor=made.analyst(), scenario=scenario_create(actor=made.analyst(), content=content()).pk
    )
    with connection.cursor() as cursor:
        cursor.execute("select args from procrastinate_jobs where task_name = 'portfolio.scenario_solve'")
        assert [args for (args,) in cursor.fetchall()] in ([{"run": run.pk}], [f'{{"run": {run.pk}}}'])


def test_a_run_whose_worker_is_gone_ends_when_it_is_stopped_again() -> None:
    proposal()
    actor = made.analyst()
    run = scenario_run(actor=actor, scenario=scenario_create(actor=actor, content=content()).pk)
    ScenarioRun.objects.filter(pk=run.pk).update(state=ScenarioRun.State.RUNNING)
    assert scenario_run_stop(actor=actor, run=run.pk).state == ScenarioRun.State.RUNNING
    assert scenario_run_stop(actor=actor, run=run.pk).state == ScenarioRun.State.STOPPED


def test_a_run_that_breaks_is_failed_not_under_way_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    proposal()
    actor = made.analyst()
    scenario = scenario_create(actor=actor, content=content())
    run = scenario_run(actor=actor, scenario=scenario.pk)
    monkeypatch.setattr("prasan.portfolio.actions.selection.analyse", broken)
    with pytest.raises(ZeroDivisionError):
        scenario_run_solve(run=run.pk)
    assert ScenarioRun.objects.get(pk=run.pk).state == ScenarioRun.State.FAILED
    assert scenario_run(actor=actor, scenario=scenario.pk).pk != run.pk


def test_a_change_on_an_old_version_is_refused() -> None:
    actor = made.analyst()
    scenario = scenario_create(actor=actor, content=content())
    scenario_change(actor=actor, scenario=scenario.pk, content=content(name="ใหม่"), version=1)
    with pytest.raises(Stale):
        scenario_change(actor=actor, scenario=scenario.pk, content=content(name="เก่า"), version=1)
    with pytest.raises(NotFound):
        scenario_change(actor=actor, scenario=scenario.pk + 1, content=content(), version=1)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": " "}, "name"),
        ({"years": ()}, "years"),
        ({"years": (1999,)}, "years"),
        ({"stages": ("approved",)}, "stages"),
        ({"ceilings": {"2571": 0}}, "ceilings"),
        ({"ceilings": {"2571": -5}}, "ceilings"),
        ({"ceilings": {"2571": 10**20}}, "ceilings"),
        ({"weights": {"policy": (1, 2)}}, "weights"),
        ({"pilot_cost": 0}, "pilot_cost"),
        ({"defer_worth": 101}, "defer_worth"),
        ({"forced_in": ("NOTHING",)}, "forced_in"),
        ({"agency_limits": ({"agency": "nobody", "year": None, "cap": 1, "floor": None},)}, "agency_limits"),
        (
            {"agency_limits": ({"agency": "district.1001.works", "year": None, "cap": 1, "floor": None},)},
            "agency_limits",
        ),
    ],
)
def test_a_scenario_that_says_nonsense_is_refused_by_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(Invalid) as refusal:
        scenario_create(actor=made.analyst(), content=content(**fields))
    assert named in refusal.value.errors
    assert not Scenario.objects.exists()


def test_the_ledger_never_holds_the_name_of_a_scenario() -> None:
    scenario_create(actor=made.analyst(), content=content(name="ชื่อที่คนเขียน"))
    assert "ชื่อที่คนเขียน" not in str(list(LedgerEntry.objects.values_list("changes", flat=True)))


def test_reads_keep_to_their_budgets(django_assert_num_queries: Any) -> None:
    actor = made.analyst()
    for _number in range(3):
        proposal()
    scenario = scenario_create(actor=actor, content=content())
    run = solved(scenario)
    with django_assert_num_queries(4):
        queries.question(scenario)
    with django_assert_num_queries(2):
        queries.to_score(actor)
    with django_assert_num_queries(1):
        queries.scenarios(actor)
    with django_assert_num_queries(1):
        queries.run(actor, run.pk)
    with django_assert_num_queries(1):
        queries.pool_size(actor, scenario)


def test_the_citys_criteria_are_whole_and_faults_in_the_file_are_told(tmp_path: Path, settings: Any) -> None:
    assert [error for error in check_city(settings.CITY_FOLDER) if error.file == "criteria.yaml"] == []
    assert all(len(one.anchors_th) == len(one.anchors_en) == 5 for one in criteria().values())
    (tmp_path / "criteria.yaml").write_text(
        "criteria:\n  - {code: a, name_th: ก, name_en: A, weight: [90, 20], anchors_th: [1], anchors_en: [1]}\n"
    )
    _found, errors = read_criteria(tmp_path)
    assert {error.field for error in errors} == {
        "criteria.weight",
        "criteria.anchors_th",
        "criteria.anchors_en",
    }
