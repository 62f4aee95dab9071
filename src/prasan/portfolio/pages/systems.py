"""The inventory for officers: list, one system, its form, what waits for confirmation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.actors import Actor
from prasan.fabric.idempotency import once
from prasan.fabric.problems import Conflict, Forbidden, Invalid
from prasan.fabric.templatetags.kit import thai_number
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.people.policies import agencies_of
from prasan.portfolio.actions import systems as actions
from prasan.portfolio.models import System
from prasan.portfolio.pages import systems_words
from prasan.portfolio.pages.systems_forms import FilterForm, InterfaceForm, SystemForm
from prasan.portfolio.policies import AGENCY_SIDE, is_analyst, may_change_system
from prasan.portfolio.queries import systems as queries
from prasan.portfolio.silos import is_due

ORIGIN = "web"


@require_GET
@officers_only
def inventory(request: HttpRequest) -> HttpResponse:
    """Every system of the city, searched and filtered."""
    actor = actor_of(request)
    queries.require_reader(actor)
    form = FilterForm(request.GET, agencies=queries.owners())
    page = queries.systems_page(actor, form.filter, cursor=request.GET.get("cursor", ""))
    narrowed = form.filter != queries.SystemFilter()
    context = {"form": form, "page": page, "narrowed": narrowed, "enters": bool(enterable(actor))}
    return render(request, "portfolio/systems/list.html", context)


def enterable(actor: Actor) -> frozenset[str]:
    """Codes of the agencies whose systems the actor may enter and change."""
    return agencies_of(actor) if is_analyst(actor) else agencies_of(actor, AGENCY_SIDE)


@require_GET
@officers_only
def due(request: HttpRequest) -> HttpResponse:
    """Systems whose yearly confirmation is due or will be within 30 days."""
    actor = actor_of(request)
    page = queries.due_page(actor, agency=request.GET.get("agency", ""), cursor=request.GET.get("cursor", ""))
    today = timezone.localdate()
    rows = [
        {
            "system": one,
            "is_due": is_due(one.confirmed_on, today),
            "may": may_change_system(actor, one.owner_id),
        }
        for one in page.items
    ]
    return render(request, "portfolio/systems/due.html", {"rows": rows, "page": page})


@require_GET
@officers_only
def system(request: HttpRequest, code: str) -> HttpResponse:
    """Everything that is known of one system."""
    return _show(request, code, InterfaceForm())


def _show(request: HttpRequest, code: str, form: InterfaceForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    view = queries.system_view(actor, code)
    may = may_change_system(actor, view.system.owner_id)
    context = {
        "view": view,
        "system": view.system,
        "is_due": is_due(view.system.confirmed_on, timezone.localdate()),
        "is_retired": view.system.lifecycle == System.Lifecycle.RETIRED,
        "may": may,
        "form": form,
        "cost_bars": [
            {"label": str(one.fiscal_year), "value": one.amount, "text": thai_number(one.amount, 0)}
            for one in view.costs
        ],
        "history": systems_words.timeline(queries.history(code)),
        "proposals": queries.system_proposals(actor, view.system),
    }
    return render(request, "portfolio/systems/system.html", context, status=status)


# --- entering and changing ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officers_only
def new(request: HttpRequest) -> HttpResponse:
    """Enter a system."""
    actor = actor_of(request)
    agencies = enterable(actor)
    if not agencies:
        raise Forbidden
    own = [code for code in agencies if any(code in codes for codes in actor.roles.values())]
    start = {"owner": own[0] if len(own) == 1 else "", "lifecycle": System.Lifecycle.IN_USE}
    start |= {"hosting": System.Hosting.UNKNOWN, "personal_data": System.PersonalData.UNKNOWN}
    start["criticality"] = System.Criticality.NORMAL
    form = SystemForm(request.POST or None, agencies=agencies, initial=start)
    if request.method == "POST" and form.is_valid():
        made = refused_by(form, lambda: once(request, lambda: _create(actor, form))["Location"])
        if made is not None:
            messages.success(request, _("The system is on record."))
            return redirect("portfolio:system", made)
    key = request.POST.get("idempotency_key") or uuid4().hex
    context = {"form": form, "idempotency_key": key}
    return render(request, "portfolio/systems/form.html", context, status=422 if form.errors else 200)


def _create(actor: Actor, form: SystemForm) -> str:
    costs = {year: amount for year, amount in form.costs.items() if amount is not None}
    made = actions.system_create(
        actor=actor, owner=form.cleaned_data["owner"], given=form.given, costs=costs,
        code=form.cleaned_data["code"], origin=ORIGIN,
    )  # fmt: skip
    return made.code


@require_http_methods(["GET", "POST"])
@officers_only
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change what is told of a system."""
    actor = actor_of(request)
    view = queries.system_view(actor, code)
    if not may_change_system(actor, view.system.owner_id):
        raise Forbidden
    form = SystemForm(
        request.POST or None,
        agencies=enterable(actor),
        system=view.system,
        initial=SystemForm.initial_of(view),
    )
    if request.method == "POST" and form.is_valid():
        changed = refused_by(form, lambda: _change(actor, code, form, _version(request)))
        if changed is not None:
            messages.success(request, _("The change is kept."))
            return redirect("portfolio:system", code)
    context = {"form": form, "system": view.system, "version": _version(request) or view.system.version}
    return render(request, "portfolio/systems/form.html", context, status=422 if form.errors else 200)


def _change(actor: Actor, code: str, form: SystemForm, version: int | None) -> System:
    return actions.system_change(
        actor=actor, code=code, fields={name: getattr(form.given, name) for name in actions.FIELDS},
        costs=form.costs, owner=form.cleaned_data["owner"], version=version, origin=ORIGIN,
    )  # fmt: skip


def refused_by(form: Form, act: Callable[[], Any]) -> Any:
    """What the action gives; None when it refuses, with its sentences in the form."""
    try:
        return act()
    except Invalid as problem:
        for name, sentence in problem.errors.items():
            field = name.replace("costs.", "cost_")
            form.add_error(field if field in form.fields else None, str(sentence))
    except Conflict as problem:
        form.add_error(None, str(problem.detail or problem.title))
    return None


def _version(request: HttpRequest) -> int | None:
    """The version that the form was filled in from."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@require_POST
@officers_only
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    """The owner says that all of it is true; without a version, from the list of what is due."""
    actions.system_confirm(actor=actor_of(request), code=code, version=_version(request), origin=ORIGIN)
    messages.success(request, _("Confirmed: %(code)s. Thank you.") % {"code": code})
    return redirect("portfolio:systems_due") if "due" in request.POST else redirect("portfolio:system", code)


@require_POST
@officers_only
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """Take a system out of use."""
    actions.system_retire(actor=actor_of(request), code=code, version=_version(request), origin=ORIGIN)
    messages.success(request, _("The system is retired. It stays on record."))
    return redirect("portfolio:system", code)


# --- connections ------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def suggestions(request: HttpRequest) -> HttpResponse:
    """Systems whose code or name holds what was typed, as choices of a form."""
    found = queries.suggestions(actor_of(request), request.GET.get("other", ""))
    return render(request, "portfolio/systems/suggestions.html", {"found": found})


@require_POST
@officers_only
def interface_add(request: HttpRequest, code: str) -> HttpResponse:
    """Say that the system gives data to another, or gets some from it."""
    form = InterfaceForm(request.POST)
    if form.is_valid():
        provider, consumer = form.pair(code)
        try:
            actions.interface_add(
                actor=actor_of(request), provider=provider, consumer=consumer,
                data=form.cleaned_data["what"], method=form.cleaned_data["method"], origin=ORIGIN,
            )  # fmt: skip
        except Invalid as problem:
            for name, sentence in problem.errors.items():
                form.add_error({"data": "what", "method": "method"}.get(name, "other"), str(sentence))
        else:
            messages.success(request, _("The connection is on record."))
            return redirect(f"{reverse('portfolio:system', args=[code])}#connections")
    return _show(request, code, form, status=422)


@require_POST
@officers_only
def interface_remove(request: HttpRequest, code: str, interface_id: int) -> HttpResponse:
    """Take a connection off the record."""
    actions.interface_remove(actor=actor_of(request), interface_id=interface_id, origin=ORIGIN)
    messages.success(request, _("The connection is off the record."))
    return redirect(f"{reverse('portfolio:system', args=[code])}#connections")
