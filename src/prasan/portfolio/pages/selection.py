"""Scores, scenarios and what came of them: the analyst's pages of choosing under a ceiling."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio.actions import selection as actions
from prasan.portfolio.models import Scenario, ScenarioRun
from prasan.portfolio.pages.selection_forms import ScenarioForm, ScoreForm, StartForm
from prasan.portfolio.pages.selection_words import LEVELS, PHASES, Told
from prasan.portfolio.policies import may_choose
from prasan.portfolio.queries import selection as queries
from prasan.portfolio.selection.comparison import difference
from prasan.portfolio.selection.frozen import choice_of_json

ORIGIN = "web"
State = ScenarioRun.State
STATES = {  # state of a run → state of the kit's badge
    State.WAITING: "waiting", State.RUNNING: "in_progress", State.DONE: "finished", State.IMPOSSIBLE: "overdue",
    State.STOPPED: "irrelevant", State.FAILED: "overdue",
}  # fmt: skip


def _chooser(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not may_choose(actor):
        raise Forbidden
    return actor


# --- scores ----------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def scoring(request: HttpRequest) -> HttpResponse:
    """Proposals to score, with how many have and how far they differ."""
    mine = request.GET.get("only") == "mine"
    rows, following = queries.to_score(
        _chooser(request), cursor=request.GET.get("cursor", ""), only_mine=mine
    )
    tabs = [
        {"label": _("All"), "url": "?", "current": not mine},
        {"label": _("Not scored by me"), "url": "?only=mine", "current": mine},
    ]
    context = {"rows": rows, "next": following, "tabs": tabs, "mine": mine}
    return render(request, "portfolio/selection/scoring.html", context)


@require_http_methods(["GET", "POST"])
@officers_only
def score(request: HttpRequest, code: str) -> HttpResponse:
    """Score one proposal; what others gave shows once one has given."""
    actor = _chooser(request)
    proposal, given, people = queries.scores_of(actor, code)
    initial = {criterion: one.own for criterion, one in given.items()}
    form = ScoreForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.score_give(actor=actor, code=code, points=form.points, origin=ORIGIN)
        except Conflict as problem:
            messages.error(request, str(problem.detail))
        else:
            messages.success(request, _("Your scores are kept."))
            return redirect("portfolio:score", code)
    rows = [(form[criterion], one) for criterion, one in given.items()]
    context = {
        "proposal": proposal, "form": form, "rows": rows, "people": people,
        "given": any(one.own is not None for one in given.values()),
        "may": proposal.status in queries.STAGES,
    }  # fmt: skip
    return render(request, "portfolio/selection/score.html", context, status=422 if form.errors else 200)


# --- scenarios -------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def scenarios(request: HttpRequest) -> HttpResponse:
    """Every scenario with its last run, and two runs to compare."""
    actor = _chooser(request)
    found = queries.scenarios(actor, cursor=request.GET.get("cursor", ""))
    rows = [_last_run(one) for one in found.items]
    context = {"rows": rows, "page": found, "solved": queries.solved_runs(actor)}
    return render(request, "portfolio/selection/scenarios.html", context)


def _last_run(scenario: Any) -> dict[str, Any]:
    """A row of the list; `scenario` carries `last_state` of its query."""
    state = State(scenario.last_state) if scenario.last_state else None
    return {
        "scenario": scenario,
        "state": STATES[state] if state else "",
        "label": state.label if state else "",
    }


@require_http_methods(["GET", "POST"])
@officers_only
def new(request: HttpRequest) -> HttpResponse:
    """Begin a scenario: its name and its years."""
    actor = _chooser(request)
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.scenario_create(actor=actor, content=form.content, origin=ORIGIN)
        except Invalid as problem:
            _add(form, problem)
        else:
            return redirect("portfolio:scenario_change", made.pk)
    return render(request, "portfolio/selection/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@officers_only
def change(request: HttpRequest, key: int) -> HttpResponse:
    """Limits, weights and levels of a scenario; `copy` keeps it and makes another."""
    actor = _chooser(request)
    scenario = queries.scenario(actor, key)
    form = ScenarioForm(request.POST or None, scenario=scenario)
    if request.method == "POST" and form.is_valid():
        try:
            kept = _keep(request, actor, scenario, form)
        except Invalid as problem:
            _add(form, problem)
        except Conflict as problem:
            form.add_error(None, str(problem.detail))
        else:
            messages.success(request, _("The scenario is kept."))
            return redirect("portfolio:scenario", kept.pk)
    context = {"scenario": scenario, "form": form, "pool": queries.pool_size(actor, scenario)}
    status = 200 if request.method == "GET" else 422
    return render(request, "portfolio/selection/change.html", context, status=status)


def _keep(request: HttpRequest, actor: Actor, scenario: Scenario, form: ScenarioForm) -> Scenario:
    if "copy" in request.POST:
        return actions.scenario_create(actor=actor, content=form.content, origin=ORIGIN)
    version = request.POST.get("version", "")
    return actions.scenario_change(
        actor=actor, scenario=scenario.pk, content=form.content,
        version=int(version) if version.isdecimal() else 0, origin=ORIGIN,
    )  # fmt: skip


def _add(form: Form, problem: Invalid) -> None:
    """Sentences of an action onto the form's fields, or above them where there is no such field."""
    for field, sentence in problem.errors.items():
        form.add_error(field if field in form.fields else None, str(sentence))


@require_GET
@officers_only
def scenario(request: HttpRequest, key: int) -> HttpResponse:
    """A scenario with its latest run, or the one asked for."""
    actor = _chooser(request)
    found = queries.scenario(actor, key)
    runs = queries.runs(actor, found)
    asked = request.GET.get("run", "")
    chosen = next((one.pk for one in runs if str(one.pk) == asked), runs[0].pk if runs else None)
    context: dict[str, Any] = {
        "scenario": found, "runs": runs, "pool": queries.pool_size(actor, found), "statuses": Scenario.Status.choices,
    }  # fmt: skip
    if chosen is not None:
        context |= _run_context(queries.run(actor, chosen))
    return render(request, "portfolio/selection/scenario.html", context)


def _run_context(run: ScenarioRun) -> dict[str, Any]:
    return {
        "run": run, "told": Told(run), "badge": STATES[State(run.state)], "phase": PHASES.get(run.phase, ""),
        "is_under_way": run.state in {State.WAITING, State.RUNNING}, "is_solved": run.state == State.DONE,
        "is_impossible": run.state == State.IMPOSSIBLE, "is_old": run.input["version"] != run.scenario.version,
    }  # fmt: skip


@require_POST
@officers_only
def run(request: HttpRequest, key: int) -> HttpResponse:
    """Have the scenario computed."""
    try:
        actions.scenario_run(actor=_chooser(request), scenario=key, origin=ORIGIN)
    except Invalid as problem:
        for sentence in "\n".join(str(one) for one in problem.errors.values()).split("\n")[:10]:
            messages.error(request, sentence)
    except Conflict as problem:
        messages.warning(request, str(problem.detail))
    return redirect("portfolio:scenario", key)


@require_POST
@officers_only
def stop(request: HttpRequest, key: int) -> HttpResponse:
    """Stop a run."""
    actor = _chooser(request)
    try:
        stopped = actions.scenario_run_stop(actor=actor, run=key, origin=ORIGIN)
    except Conflict as problem:
        messages.warning(request, str(problem.detail))
        stopped = queries.run_state(actor, key)
    return redirect("portfolio:scenario", stopped.scenario_id)


@require_POST
@officers_only
def mark(request: HttpRequest, key: int) -> HttpResponse:
    """Put the scenario before the committee, lay it aside, or open it again."""
    try:
        actions.scenario_mark(
            actor=_chooser(request), scenario=key, status=request.POST.get("status", ""), origin=ORIGIN
        )
    except Invalid as problem:
        messages.error(request, " ".join(str(one) for one in problem.errors.values()))
    return redirect("portfolio:scenario", key)


@require_GET
@officers_only
def progress(request: HttpRequest, key: int) -> HttpResponse:
    """How far a run is, asked every two seconds; when it has ended the page is loaded again."""
    found = queries.run_state(_chooser(request), key)
    if found.state not in {State.WAITING, State.RUNNING}:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"run": found, "phase": PHASES.get(found.phase, "")}
    return render(request, "portfolio/selection/progress.html", context)


# --- two side by side ------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def compare(request: HttpRequest) -> HttpResponse:
    """Two solved runs: what only one of them chooses, at which other level, and where the money goes."""
    actor = _chooser(request)
    left, right = (_solved(actor, request.GET.get(side, "")) for side in ("left", "right"))
    differs = difference(choice_of_json(left.result["choice"]), choice_of_json(right.result["choice"]))
    tales = (Told(left), Told(right))
    both = {"only_left": differs.only_left, "only_right": differs.only_right}
    context = {
        "left": left, "right": right, "both": len(differs.both), "years": _years_beside(left, right),
        "agencies": _agencies_beside(left, right, tales),
        "other_level": [
            (_known(tales, code), LEVELS[one], LEVELS[two]) for code, (one, two) in differs.other_level.items()
        ],
    }  # fmt: skip
    context |= {side: [_known(tales, code) for code in codes] for side, codes in both.items()}
    return render(request, "portfolio/selection/compare.html", context)


def _solved(actor: Actor, text: str) -> ScenarioRun:
    if not text.isdecimal() or len(text) > 18:
        raise NotFound
    found = queries.run(actor, int(text))
    if found.state != State.DONE:
        raise NotFound
    return found


def _known(tales: tuple[Told, Told], code: str) -> dict[str, Any]:
    """A project, from whichever of the two runs knows it."""
    tale = tales[0] if code in tales[0].projects else tales[1]
    project = tale.projects[code]
    return tale.short(code) | {"value": project.value, "agency": tale.name(project.agency),
                               "cost": sum(project.full.costs.values())}  # fmt: skip


def _years_beside(left: ScenarioRun, right: ScenarioRun) -> list[tuple[str, int, int]]:
    sides = (left.result["spent"], right.result["spent"])
    return [
        (year, *(side.get(year, 0) for side in sides)) for year in sorted(sides[0].keys() | sides[1].keys())
    ]


def _agencies_beside(
    left: ScenarioRun, right: ScenarioRun, tales: tuple[Told, Told]
) -> list[tuple[str, int, int]]:
    """(agency, baht left, baht right), where the two differ, the widest first."""
    sums = [
        {code: sum(own.values()) for code, own in one.result["agencies"].items()} for one in (left, right)
    ]
    rows = [
        (tales[0].name(code) if code else _("The city"), sums[0].get(code, 0), sums[1].get(code, 0))
        for code in sums[0].keys() | sums[1].keys()
    ]
    return sorted((row for row in rows if row[1] != row[2]), key=lambda row: (-abs(row[1] - row[2]), row[0]))
