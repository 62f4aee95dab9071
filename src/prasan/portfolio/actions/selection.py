"""Every change of scores, scenarios and their runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Stale
from prasan.portfolio import policies
from prasan.portfolio.models import Proposal, Scenario, ScenarioRun, Score
from prasan.portfolio.queries import selection as queries
from prasan.portfolio.selection.analysis import Budget, analyse
from prasan.portfolio.selection.criteria import STEPS, criteria
from prasan.portfolio.selection.frozen import (
    fingerprint,
    problem_as_json,
    problem_of_json,
    scores_as_json,
    scores_of_json,
)
from prasan.portfolio.selection.notes import say
from prasan.portfolio.selection.robustness import weights_fault
from prasan.portfolio.selection.solver import Stopped
from prasan.portfolio.selection.validation import faults
from prasan.portfolio.tiers import portfolio_rules

LONGEST_NAME = 120
MOST_YEARS = 5
MOST_ROWS = 200  # limits of one kind
MOST_BAHT = 10**13
TOLD_EVERY = timedelta(seconds=1)
State = ScenarioRun.State


@dataclass(frozen=True, slots=True)
class ScenarioContent:
    """Everything an analyst says of a scenario; shapes as in `Scenario`, amounts in whole baht."""

    name: str
    years: tuple[int, ...]
    stages: tuple[str, ...] = tuple(queries.STAGES)
    ceilings: Mapping[str, int] | None = None
    agency_limits: tuple[dict[str, Any], ...] = ()
    theme_floors: tuple[dict[str, Any], ...] = ()
    platforms: tuple[dict[str, Any], ...] = ()
    weights: Mapping[str, tuple[int, int]] | None = None
    forced_in: tuple[str, ...] = ()
    forced_out: tuple[str, ...] = ()
    pilot_cost: int | None = None
    pilot_worth: int = 40
    defer_worth: int | None = None


# --- scores ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def score_give(*, actor: Actor, code: str, points: Mapping[str, int], origin: str = "") -> Proposal:
    """Score a proposal on every criterion, or change what one gave. `points`: criterion → step 0 to 4.

    Raises Forbidden, NotFound, Invalid (a criterion left out, unknown, or no step), Conflict (drafts, decided ones).
    """
    if not policies.may_choose(actor) or not actor.is_officer:
        raise Forbidden(_("Scores are given by analysts, each under their own name."))
    proposal = Proposal.objects.select_for_update().filter(code=code).first()
    if proposal is None:
        raise NotFound
    if proposal.status not in queries.STAGES:
        raise Conflict(_("This proposal can't be scored at its stage."))
    known = criteria()
    wrong = {one: _("Please choose one of the five steps.") for one in known if points.get(one) not in STEPS}
    if wrong or points.keys() - known.keys():
        raise Invalid(wrong or {"points": _("There is a criterion that this city does not have.")})
    before = dict(
        Score.objects.filter(proposal=proposal, scorer_id=int(actor.id)).values_list("criterion", "points")
    )
    Score.objects.bulk_create(
        [Score(proposal=proposal, scorer_id=int(actor.id), criterion=one, points=step, at=timezone.now())
         for one, step in points.items()],
        update_conflicts=True, unique_fields=["proposal", "scorer", "criterion"], update_fields=["points", "at"],
    )  # fmt: skip
    changes = {one: [before.get(one), step] for one, step in points.items() if before.get(one) != step}
    ledger_write(actor=actor, action="proposal.score", object_type="proposal", object_id=proposal.code,
                 changes=changes, origin=origin)  # fmt: skip
    return proposal


# --- scenarios -------------------------------------------------------------------------------------------------------


@transaction.atomic
def scenario_create(*, actor: Actor, content: ScenarioContent, origin: str = "") -> Scenario:
    """A new scenario; without weights it begins with those of the city. Raises Forbidden, Invalid."""
    _permit(actor)
    made = Scenario(**_checked(content))
    made.save()
    ledger_write(actor=actor, action="scenario.create", object_type="scenario", object_id=made.pk,
                 changes=_told(made), origin=origin)  # fmt: skip
    return made


@transaction.atomic
def scenario_change(
    *, actor: Actor, scenario: int, content: ScenarioContent, version: int, origin: str = ""
) -> Scenario:
    """Say anew all of a scenario; its runs keep what they were asked. Raises Forbidden, NotFound, Invalid, Stale."""
    _permit(actor)
    found = _locked(scenario)
    if found.version != version:
        raise Stale(_("Somebody else changed this scenario while you were writing; please look at it again."))
    before = _told(found)
    for name, value in _checked(content).items():
        setattr(found, name, value)
    found.version, found.updated_at = found.version + 1, timezone.now()
    found.save()
    after = _told(found)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    ledger_write(actor=actor, action="scenario.change", object_type="scenario", object_id=found.pk,
                 changes=changes, origin=origin)  # fmt: skip
    return found


@transaction.atomic
def scenario_mark(*, actor: Actor, scenario: int, status: str, origin: str = "") -> Scenario:
    """Put a scenario before the committee, lay it aside, or open it again. Raises Forbidden, NotFound, Invalid."""
    _permit(actor)
    found = _locked(scenario)
    if status not in Scenario.Status.values:
        raise Invalid({"status": _("Please choose one of the list.")})
    before, found.status = found.status, status
    found.updated_at = timezone.now()
    found.save(update_fields=["status", "updated_at"])
    ledger_write(actor=actor, action="scenario.mark", object_type="scenario", object_id=found.pk,
                 changes={"status": [before, status]}, origin=origin)  # fmt: skip
    return found


def _permit(actor: Actor) -> None:
    if not policies.may_choose(actor):
        raise Forbidden


def _locked(key: int) -> Scenario:
    found = Scenario.objects.select_for_update().filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def _told(scenario: Scenario) -> dict[str, Any]:
    """What the ledger keeps: settings, without names that people wrote."""
    platforms = [{name: part for name, part in one.items() if name != "title"} for one in scenario.platforms]
    names = (
        "status", "years", "stages", "ceilings", "agency_limits", "theme_floors", "weights", "forced_in",
        "forced_out", "pilot_cost", "pilot_worth", "defer_worth",
    )  # fmt: skip
    return {name: getattr(scenario, name) for name in names} | {"platforms": platforms}


def _checked(content: ScenarioContent) -> dict[str, Any]:
    """The fields as rows hold them. Raises Invalid."""
    weights = content.weights or {code: one.weight for code, one in criteria().items()}
    wrong = _wrong_frame(content) | _wrong_weights(weights) | _wrong_rows(content) | _wrong_codes(content)
    if wrong:
        raise Invalid(wrong)
    fields = asdict(content)
    return fields | {
        "name": content.name.strip(),
        "years": list(content.years),
        "stages": list(content.stages),
        "ceilings": dict(content.ceilings or {}),
        "weights": {code: list(one) for code, one in weights.items()},
        "forced_in": list(content.forced_in),
        "forced_out": list(content.forced_out),
        "agency_limits": list(content.agency_limits),
        "theme_floors": list(content.theme_floors),
        "platforms": list(content.platforms),
    }


def _wrong_frame(content: ScenarioContent) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    if not 0 < len(content.name.strip()) <= LONGEST_NAME:
        wrong["name"] = _("A name of at most %(most)d characters is needed.") % {"most": LONGEST_NAME}
    known = portfolio_rules().years()
    if not 0 < len(content.years) <= MOST_YEARS or not set(content.years) <= set(known):
        wrong["years"] = _("One to five fiscal years are needed, between %(first)d and %(last)d.") % {
            "first": known[0], "last": known[-1],
        }  # fmt: skip
    if not content.stages or not set(content.stages) <= set(queries.STAGES):
        wrong["stages"] = _("Please choose at least one stage.")
    for name, value in (("pilot_cost", content.pilot_cost), ("pilot_worth", content.pilot_worth),
                        ("defer_worth", content.defer_worth)):  # fmt: skip
        if value is not None and not 0 < value <= 100:
            wrong[name] = _("A per cent from 1 to 100, please.")
    return wrong


def _wrong_weights(weights: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    if weights.keys() != criteria().keys():
        return {"weights": _("Every criterion needs its weight.")}
    fault = weights_fault({code: (least / 100, most / 100) for code, (least, most) in weights.items()})
    sentences = {
        "range": _("Each weight runs from its least to its most, between 0 and 100 per cent."),
        "too_much": _("The least weights add up to more than 100 per cent."),
        "too_little": _("The greatest weights add up to less than 100 per cent."),
    }
    return {"weights": sentences[fault]} if fault else {}


def _wrong_rows(content: ScenarioContent) -> dict[str, Any]:
    wrong: dict[str, Any] = {}
    for name in ("agency_limits", "theme_floors", "platforms"):
        if len(getattr(content, name)) > MOST_ROWS:
            wrong[name] = _("At most %(most)d rows, please.") % {"most": MOST_ROWS}
    agencies = {one["agency"] for one in (*content.agency_limits, *content.platforms) if one["agency"]}
    for code in sorted(agencies - registers().agencies.keys()):
        wrong["agency_limits"] = _("There is no agency “%(code)s”.") % {"code": code}
    if not wrong and any(queries.budget_holder(code) != code for code in agencies):
        wrong["agency_limits"] = _(
            "Limits are set for departments and district offices, not for their parts."
        )
    amounts = [*(content.ceilings or {}).values(), *_amounts(content)]
    if any(amount is not None and amount > MOST_BAHT for amount in amounts):
        wrong["ceilings"] = _("An amount is larger than any budget of this city.")
    if any(amount is not None and amount < 0 for amount in amounts):
        wrong["ceilings"] = _("An amount is below zero.")
    if any(amount == 0 for amount in (content.ceilings or {}).values()):
        wrong["ceilings"] = _("A ceiling of zero would allow nothing. Leave it empty if there is none.")
    return wrong


def _amounts(content: ScenarioContent) -> list[int | None]:
    limits = [one[name] for one in content.agency_limits for name in ("cap", "floor")]
    floors = [one["amount"] for one in content.theme_floors]
    return [*limits, *floors, *(amount for one in content.platforms for amount in one["costs"].values())]


def _wrong_codes(content: ScenarioContent) -> dict[str, Any]:
    """Codes of proposals that are not there. One statement, where any is named."""
    named = {
        "forced_in": set(content.forced_in),
        "forced_out": set(content.forced_out),
        "platforms": {code for one in content.platforms for code in one["members"]},
    }
    every = set().union(*named.values())
    known = set(Proposal.objects.filter(code__in=every).values_list("code", flat=True)) if every else set()
    return {
        name: _("There is no proposal with this code: %(codes)s.")
        % {"codes": ", ".join(sorted(codes - known))}
        for name, codes in named.items()
        if codes - known
    }


# --- runs ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def scenario_run(*, actor: Actor, scenario: int, origin: str = "") -> ScenarioRun:
    """Freeze what the scenario asks now and have it solved in the background.

    Raises Forbidden, NotFound, Conflict (it is being solved already), Invalid (`problem`: every fault in a sentence).
    """
    from prasan.portfolio.jobs import scenario_solve

    _permit(actor)
    found = _locked(scenario)
    asked = queries.question(found)
    wrong = faults(asked.problem)
    if wrong:
        titles = {one.code: one.title for one in asked.problem.parts}
        sentences = [say(note, lambda code: queries.named(code, titles)) for note in wrong]
        if "no_projects" in {note.code for note in wrong} and asked.unscored:
            sentences = [_("No proposal has a score on every criterion yet: score them first.")]
        raise Invalid({"problem": "\n".join(sentences)})
    frozen = {
        "problem": problem_as_json(asked.problem),
        "scores": scores_as_json(asked.scores),
        "unscored": list(asked.unscored),
        "alone": list(asked.alone),
        "beyond": {code: list(others) for code, others in asked.beyond.items()},
        "version": found.version,
    }
    try:
        with transaction.atomic():
            made = ScenarioRun.objects.create(
                scenario=found, input=frozen, input_hash=fingerprint(frozen), by_id=actor.id
            )
    except IntegrityError as error:
        raise Conflict(_("This scenario is being computed already.")) from error
    ledger_write(actor=actor, action="scenario.run", object_type="scenario", object_id=found.pk,
                 changes={"run": made.pk, "input": made.input_hash}, origin=origin)  # fmt: skip
    scenario_solve.defer(run=made.pk)
    return made


@transaction.atomic
def scenario_run_stop(*, actor: Actor, run: int, origin: str = "") -> ScenarioRun:
    """Ask a run to stop; one that waits stops at once, and so does one that was asked before (its worker is gone).

    Raises Forbidden, NotFound, Conflict (it has ended).
    """
    _permit(actor)
    found = ScenarioRun.objects.select_for_update().filter(pk=run).first()
    if found is None:
        raise NotFound
    if found.state not in {State.WAITING, State.RUNNING}:
        raise Conflict(_("It has ended already."))
    if found.state == State.WAITING or found.stop_asked:
        found.state, found.ended_at = State.STOPPED, timezone.now()
    found.stop_asked = True
    found.save(update_fields=["stop_asked", "state", "ended_at"])
    ledger_write(actor=actor, action="scenario.run_stop", object_type="scenario", object_id=found.scenario_id,
                 changes={"run": found.pk}, origin=origin)  # fmt: skip
    return found


def scenario_run_solve(*, run: int, budget: Budget | None = None) -> str:
    """Solve a run that waits, telling how far it is; returns its state. A run that has ended stays as it is.

    For the background alone. Taken up again after its worker died, it begins anew.
    """
    rows = ScenarioRun.objects.filter(pk=run, state__in=[State.WAITING, State.RUNNING])
    if not rows.update(state=State.RUNNING, progress=0):
        return str(ScenarioRun.objects.values_list("state", flat=True).filter(pk=run).first() or "")
    found = ScenarioRun.objects.get(pk=run)
    problem, scores = problem_of_json(found.input["problem"]), scores_of_json(found.input["scores"])
    reporter = _Reporter(run)
    try:
        result = analyse(problem, scores, budget=budget, tell=reporter.tell, cancelled=reporter.is_stopped)
    except Stopped:
        return _end(run, State.STOPPED, {})
    except TimeoutError:
        return _end(run, State.FAILED, {})
    except Exception:
        _end(run, State.FAILED, {})
        raise
    return _end(run, State.DONE if "choice" in result else State.IMPOSSIBLE, result)


class _Reporter:
    """Writes progress at most once a second, and asks as often whether somebody wants it stopped."""

    def __init__(self, run: int) -> None:
        self.run, self.asked, self.told, self.stopped = run, timezone.now(), timezone.now(), False

    def tell(self, percent: int, phase: str) -> None:
        now = timezone.now()
        if now - self.told >= TOLD_EVERY:
            self.told = now
            ScenarioRun.objects.filter(pk=self.run).update(progress=percent, phase=phase)

    def is_stopped(self) -> bool:
        now = timezone.now()
        if now - self.asked >= TOLD_EVERY:
            self.asked = now
            self.stopped = ScenarioRun.objects.filter(pk=self.run, stop_asked=True).exists()
        return self.stopped


@transaction.atomic
def _end(run: int, state: State, result: dict[str, Any]) -> str:
    found = ScenarioRun.objects.select_for_update().get(pk=run)
    if found.state != State.RUNNING:  # stopped by hand meanwhile
        return str(found.state)
    found.state, found.result, found.progress = state, result, 100
    found.phase, found.ended_at = "", timezone.now()
    found.save(update_fields=["state", "result", "progress", "phase", "ended_at"])
    changes: dict[str, Any] = {"run": run, "state": [State.RUNNING, state]}
    if "choice" in result:
        changes |= {"chosen": len(result["choice"]["levels"]), "result": fingerprint(result)}
    ledger_write(actor=Actor.system("selection"), action="scenario.run_end", object_type="scenario",
                 object_id=found.scenario_id, changes=changes, origin="job")  # fmt: skip
    return str(state)
