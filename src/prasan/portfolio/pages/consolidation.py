"""Consolidation plans for officers: list, one plan, its form, its steps, and the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.idempotency import once
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio import policies
from prasan.portfolio.actions import consolidation as actions
from prasan.portfolio.consolidation_workflow import PLAN_MOVES, plan_move_lines
from prasan.portfolio.models import ConsolidationPlan, PlanStep
from prasan.portfolio.pages.consolidation_forms import NoteForm, PlanForm, SpentForm
from prasan.portfolio.queries import consolidation as queries

ORIGIN = "web"
MOST_CODES = 30
State = ConsolidationPlan.State
TONES = {
    "draft": "neutral",
    "claimed": "warning",
    "validated": "info",
    "realised": "success",
    "dropped": "neutral",
}
TOLD: dict[str, tuple[Any, str, str]] = {
    "create": (gettext_lazy("Begun"), "plus", "brand"),
    "claim": (gettext_lazy("Savings claimed"), "waiting", "warning"),
    "return": (gettext_lazy("Sent back"), "reopen", "neutral"),
    "validate": (gettext_lazy("Savings validated"), "check", "info"),
    "record": (gettext_lazy("Real spending told"), "finished", "success"),
    "drop": (gettext_lazy("Given up"), "close", "neutral"),
}
NOTED: dict[str, Callable[..., ConsolidationPlan]] = {
    "return": actions.plan_return,
    "validate": actions.plan_validate,
    "drop": actions.plan_drop,
}


@require_GET
@officers_only
def listing(request: HttpRequest) -> HttpResponse:
    """Plans that one may read, the city's savings by state, and confirmed groups that have no plan."""
    actor = actor_of(request)
    if not policies.may_read_systems(actor):
        raise Forbidden
    state = request.GET.get("state", "")
    rows, following = queries.plans_page(actor, state=state, cursor=request.GET.get("cursor", ""))
    starts = policies.may_start_plan(actor)
    groups = queries.confirmed_groups() if starts else []
    suggested = queries.suggested_groups() if starts else []
    context = {
        "rows": rows, "following": following, "tones": TONES, "starts": starts,
        "totals": queries.savings_by_state() if policies.is_city_side(actor) else [],
        "groups": [{"group": one, "href": start_address(one.codes)} for one in groups],
        "suggested": [{"group": one, "href": start_address(one.codes)} for one in suggested],
        "tabs": [
            {"label": label, "url": f"?state={code}" if code else "?", "current": code == state}
            for code, label in [("", _("All")), *((one.value, one.label) for one in State)]
        ],
    }  # fmt: skip
    return render(request, "portfolio/consolidation/list.html", context)


def start_address(codes: list[str]) -> str:
    """Where a plan from these systems and proposals begins: ``…/consolidation/new/?member=A&member=B``."""
    return reverse("portfolio:plan_new") + "?" + "&".join(f"member={code}" for code in codes)


@require_GET
@officers_only
def rules(request: HttpRequest) -> HttpResponse:
    """Who may do what with a plan, and how savings are counted."""
    return render(request, "portfolio/consolidation/rules.html", {"lines": plan_move_lines()})


@require_GET
@officers_only
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """Everything of one plan."""
    return _show(request, code)


def _show(
    request: HttpRequest, code: str, forms: dict[str, Form] | None = None, faults: list[str] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    view = queries.plan_view(actor, code)
    found = view.plan
    may = {
        name: actions.may_take(actor, move, found) and found.state in move.when
        for name, move in PLAN_MOVES.items()
    }
    notes = [
        (name, PLAN_MOVES[name].label, (forms or {}).get(name) or NoteForm(auto_id=f"{name}_%s"))
        for name in ("validate", "return", "drop")
        if may[name]
    ]
    context = {
        "view": view, "plan": found, "tone": TONES[found.state], "may": may, "notes": notes,
        "years": sorted({line.year for line in view.lines}), "faults": faults or [],
        "spent": (forms or {}).get("record") or SpentForm(plan=found, auto_id="record_%s") if may["record"] else None,
        "own_claim": found.state == State.CLAIMED and policies.is_analyst(actor) and not may["validate"],
        "history": [_line(step, view.names) for step in view.steps],
    }  # fmt: skip
    refused = bool(faults) or bool(forms)
    return render(request, "portfolio/consolidation/plan.html", context, status=422 if refused else 200)


def _line(step: PlanStep, names: dict[str, str]) -> dict[str, Any]:
    title, icon, tone = TOLD[step.action]
    years = ", ".join(map(str, step.years))
    return {
        "title": f"{title} · {years}" if years else title, "at": step.at, "icon": icon, "tone": tone,
        "who": names.get(step.by_id, "Prasan"), "text": step.note,
    }  # fmt: skip


# --- writing ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officers_only
def new(request: HttpRequest) -> HttpResponse:
    """Begin a plan; ``member`` names systems and proposals by code, as often as there are."""
    actor = actor_of(request)
    if not policies.may_start_plan(actor):
        raise Forbidden
    codes = request.GET.getlist("member")[:MOST_CODES]
    start = queries.start_of(codes)
    target = queries.Group(tuple(start.things), {}).target
    given = request.GET.get("target", "") or (target.code if target else "")
    form = PlanForm(
        request.POST or None, things=start.things, first_year=start.first_year, agencies=_active(),
        names=_agency_names(), initial=PlanForm.initial_from(start, given),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        made = _refused_by(form, lambda: once(request, lambda: _create(actor, form))["Location"])
        if made is not None:
            messages.success(request, _("The plan is kept as a draft."))
            return redirect("portfolio:plan_change" if form.cleaned_data["more"] else "portfolio:plan", made)
    key = request.POST.get("idempotency_key") or uuid4().hex
    lost = [code for code in codes if code not in {one.code for one in start.things}]
    context = {"form": form, "idempotency_key": key, "lost": lost, "known": _known(start.things)}
    return render(request, "portfolio/consolidation/form.html", context, status=422 if form.errors else 200)


def _create(actor: Actor, form: PlanForm) -> str:
    return actions.plan_create(actor=actor, given=form.given, origin=ORIGIN).code


@require_http_methods(["GET", "POST"])
@officers_only
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Write on at a draft."""
    actor = actor_of(request)
    view = queries.plan_view(actor, code)
    if not actions.may_take(actor, PLAN_MOVES["change"], view.plan):
        raise Forbidden
    things = [side.thing for side in view.members]
    form = PlanForm(
        request.POST or None, things=things, first_year=view.plan.first_year, agencies=_active(),
        names=_agency_names(), initial=PlanForm.initial_of(view),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        changed = _refused_by(
            form,
            lambda: actions.plan_change(
                actor=actor, code=code, given=form.given, version=_version(request), origin=ORIGIN
            ),
        )
        if changed is not None:
            messages.success(request, _("The change is kept."))
            return redirect("portfolio:plan_change" if form.cleaned_data["more"] else "portfolio:plan", code)
    context = {
        "form": form, "plan": view.plan, "version": _version(request) or view.plan.version,
        "known": _known([*things, *([view.target.thing] if view.target else [])]),
    }  # fmt: skip
    return render(request, "portfolio/consolidation/form.html", context, status=422 if form.errors else 200)


def _known(things: Any) -> list[str]:
    return [f"{one.code} · {getattr(one, 'title', '') or one.name}" for one in things]


def _active() -> list[str]:
    return [code for code in registers().agencies if registers().is_active(code)]


def _agency_names() -> dict[str, str]:
    return {code: agency.name for code, agency in registers().agencies.items()}


def _refused_by(form: Form, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Invalid as problem:
        for name, sentence in problem.errors.items():
            form.add_error(name if name in form.fields else None, str(sentence))
    except Conflict as problem:
        form.add_error(None, str(problem.detail or problem.title))
    return None


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# --- steps -----------------------------------------------------------------------------------------------------------


@require_POST
@officers_only
def step(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """Claim, send back, validate, tell what was spent, give up; what is refused is said on the plan's page."""
    actor = actor_of(request)
    common: dict[str, Any] = {"actor": actor, "code": code, "version": _version(request), "origin": ORIGIN}
    if action == "claim":
        return _take(request, code, action, None, lambda: actions.plan_claim(**common))
    if action in NOTED:
        form: Form = NoteForm(request.POST, auto_id=f"{action}_%s")
        act = lambda: NOTED[action](**common, note=form.cleaned_data["note"])  # noqa: E731
        return _take(request, code, action, form, act)
    if action != "record":
        raise NotFound
    view = queries.plan_view(actor, code)
    form = SpentForm(request.POST, plan=view.plan, auto_id="record_%s")
    return _take(request, code, "record", form, lambda: actions.plan_record(**common, **form.cleaned_data))


def _take(
    request: HttpRequest, code: str, action: str, form: Form | None, act: Callable[[], Any]
) -> HttpResponse:
    if form is not None and not form.is_valid():
        return _show(request, code, {action: form})
    try:
        act()
    except (Invalid, Conflict) as problem:
        sentences = (
            problem.errors.values() if isinstance(problem, Invalid) else [problem.detail or problem.title]
        )
        return _show(request, code, faults=[str(one) for one in sentences])
    messages.success(request, _("Done: %(step)s.") % {"step": PLAN_MOVES[action].label})
    return redirect("portfolio:plan", code)
