"""The officers' desk: inbox, many reports at once, saved filters, dispatch, team, reports taken by phone, help."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.idempotency import once
from prasan.fabric.problems import Forbidden, Invalid
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.people.policies import agencies_of
from prasan.reports import actions, policies, workflow_words
from prasan.reports.actions.desk import (
    BATCHED,
    Outcome,
    filter_delete,
    filter_save,
    report_dispatch,
    reports_batch,
)
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Assignment
from prasan.reports.pages.desk_forms import STEPS, InboxForm, PhoneForm, StepForm
from prasan.reports.pages.desk_report import ORIGIN, number
from prasan.reports.queries import desk as queries
from prasan.reports.workflow import WORKFLOW

POLL_SECONDS = 45
DISPATCH_PAGE = 10
LONGEST_TEAM = 200
VIEW_LABELS: dict[str, tuple[str, Any]] = {
    "open": ("", gettext_lazy("All open")),
    "mine": ("officer=me", gettext_lazy("Mine")),
    "nobody": ("officer=nobody", gettext_lazy("Nobody's yet")),
    "today": ("due=today", gettext_lazy("Today")),
    "overdue": ("due=overdue", gettext_lazy("Overdue")),
    "dispatch": ("only=dispatch", gettext_lazy("To dispatch")),
    "invited": ("only=invited", gettext_lazy("Invited")),
    "escalated": ("only=escalated", gettext_lazy("Escalated")),
}


# --- inbox -----------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def inbox(request: HttpRequest) -> HttpResponse:
    """The officer's work by deadline. A code in the search box opens that report."""
    code = read_code(request.GET.get("words", ""))
    if code:
        return redirect("reports:desk_report", code)
    actor = actor_of(request)
    form = InboxForm(request.GET, agencies=agencies_of(actor, policies.READERS))
    given = form.filter
    query = query_of(request.GET)
    steps = [
        {"action": action, "label": WORKFLOW[action].label, "icon": STEPS[action].icon} for action in BATCHED
    ]
    context = {
        "form": form,
        "filter": given,
        "page": queries.inbox(actor, given, cursor=request.GET.get("cursor", "")),
        "saved": queries.saved_filters(actor),
        "is_narrowed": bool(query) and _view_of(given) == "",
        "batched": steps,
        "phone": policies.may_take_by_phone(actor),
        "dispatch": policies.may_dispatch(actor),
        "team": policies.may_see_team(actor),
    }
    return render(request, "reports/desk/inbox.html", context | _views(actor, given, query))


@require_GET
@officers_only
def counts(request: HttpRequest) -> HttpResponse:
    """The views with their counts, asked for every while; 204 while nothing changed, so that nothing is redrawn."""
    actor = actor_of(request)
    form = InboxForm(request.GET, agencies=agencies_of(actor, policies.READERS))
    context = _views(actor, form.filter, query_of(request.GET))
    if request.GET.get("seen") == context["signature"]:
        return HttpResponse(status=204)
    return render(request, "reports/desk/views.html", context)


def query_of(given: QueryDict) -> str:
    """The filter as an address keeps it: without the page, without what was left empty."""
    kept = QueryDict(mutable=True)
    for name, values in given.lists():
        if name in InboxForm.base_fields and any(values):
            kept.setlist(name, [value for value in values if value])
    return kept.urlencode()


def _view_of(given: queries.InboxFilter) -> str:
    return next((name for name, view in queries.VIEWS.items() if view == given), "")


def _views(actor: Actor, given: queries.InboxFilter, query: str) -> dict[str, Any]:
    numbers = queries.counts(actor, VIEW_LABELS)
    desk_url, current = reverse("reports:desk"), _view_of(given)
    views = [
        {
            "label": label,
            "url": f"{desk_url}?{view_query}" if view_query else desk_url,
            "current": name == current,
            "count": f"{queries.MOST_COUNTED}+"
            if numbers[name] > queries.MOST_COUNTED
            else str(numbers[name]),
            "warns": name in {"overdue", "escalated"} and numbers[name] > 0,
        }
        for name, (view_query, label) in VIEW_LABELS.items()
    ]
    signature = "-".join(str(count) for count in numbers.values())
    return {"views": views, "signature": signature, "query": query, "poll_seconds": POLL_SECONDS}


# --- saved filters -----------------------------------------------------------------------------------------------


@require_POST
@officers_only
def filters(request: HttpRequest) -> HttpResponse:
    """Keep the inbox's filter under a name, or forget one (`delete`)."""
    actor = actor_of(request)
    query = query_of(QueryDict(request.POST.get("query", "")))
    forget = number(request.POST.get("delete"))
    try:
        if forget is not None:
            filter_delete(actor=actor, filter_id=forget, origin=ORIGIN)
        else:
            filter_save(actor=actor, name=request.POST.get("name", ""), query=query, origin=ORIGIN)
            messages.success(request, _("The filter is kept."))
    except Invalid as problem:
        messages.error(request, " ".join(str(sentence) for sentence in problem.errors.values()))
    return redirect(f"{reverse('reports:desk')}?{query}" if query else "reports:desk")


# --- many reports at once ------------------------------------------------------------------------------------------


@require_POST
@officers_only
def batch(request: HttpRequest) -> HttpResponse:
    """One step on all selected reports: first what it needs, then the result per report."""
    actor = actor_of(request)
    action, selected = request.POST.get("action", ""), request.POST.getlist("report")
    back = query_of(QueryDict(request.POST.get("query", "")))
    if action not in BATCHED or not selected:
        messages.warning(request, _("Please select at least one report."))
        return redirect(f"{reverse('reports:desk')}?{back}" if back else "reports:desk")
    targets = [_target(text) for text in selected]
    codes = [code for code, _version in targets]
    filled = request.POST if "filled" in request.POST or action == "accept" else None
    form = STEPS[action].form(filled, report=None, agencies=queries.agencies_of_reports(actor, codes))
    context = {
        "action": action, "step": WORKFLOW[action], "desk_step": STEPS[action], "form": form, "query": back,
        "selected": selected, "codes": codes,
    }  # fmt: skip
    outcomes = _batched(actor, action, targets, form) if form.is_valid() else None
    if outcomes is None:
        return render(request, "reports/desk/batch.html", context, status=422 if form.is_bound else 200)
    context |= {
        "outcomes": outcomes,
        "done": sum(one.done for one in outcomes),
        "left": not all(one.done for one in outcomes),
    }
    return render(request, "reports/desk/batch_done.html", context)


def _batched(
    actor: Actor, action: str, targets: list[tuple[str, int | None]], form: StepForm
) -> list[Outcome] | None:
    try:
        return reports_batch(actor=actor, action=action, targets=targets, origin=ORIGIN, **form.arguments)
    except Invalid as problem:
        form.add_error(None, " ".join(str(sentence) for sentence in problem.errors.values()))
        return None


def _target(text: str) -> tuple[str, int | None]:
    code, _colon, version = text.partition(":")
    return code[:20], number(version)


# --- the picker of agencies ----------------------------------------------------------------------------------------


@require_GET
@officers_only
def agencies(request: HttpRequest) -> HttpResponse:
    """Agencies whose names hold the words typed, as choices of a form."""
    return render(
        request,
        "reports/desk/agency_options.html",
        {"found": queries.find_agencies(request.GET.get("search", ""))},
    )


# --- dispatch ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officers_only
def dispatch(request: HttpRequest) -> HttpResponse:
    """Reports that no rule was sure of: three suggestions each, one click decides."""
    actor = actor_of(request)
    if not policies.may_dispatch(actor):
        raise Forbidden
    if request.method == "POST":
        return _dispatch(request, actor)
    found = queries.to_dispatch(actor, cursor=request.GET.get("cursor", ""), size=DISPATCH_PAGE)
    rows = [{"part": part, "suggestions": queries.suggestions(part.report)} for part in found.items]
    return render(request, "reports/desk/dispatch.html", {"rows": rows, "page": found})


def _dispatch(request: HttpRequest, actor: Actor) -> HttpResponse:
    category, _colon, agency = request.POST.get("choice", "").partition(":")
    code, version = _target(request.POST.get("report", ""))
    if category not in catalogue().categories:
        raise Invalid({"category": _("Please choose one of the categories.")})
    report_dispatch(actor=actor, code=code, category=category, agency=agency, version=version, origin=ORIGIN)
    messages.success(request, _("%(code)s is on its way.") % {"code": code})
    return redirect("reports:desk_dispatch")


# --- team ----------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def team(request: HttpRequest) -> HttpResponse:
    """Who has how much to do, what is overdue, what was escalated."""
    actor = actor_of(request)
    if not policies.may_see_team(actor):
        raise Forbidden
    loads = queries.team(actor, policies.LEADERS, below=request.GET.get("agency", ""))
    sums = {
        name: sum(getattr(load, name) for load in loads)
        for name in ("open", "overdue", "escalated", "waiting")
    }
    context = {"loads": loads[:LONGEST_TEAM], "left_out": max(len(loads) - LONGEST_TEAM, 0), "sums": sums}
    return render(request, "reports/desk/team.html", context)


# --- reports taken by phone ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@officers_only
def phone(request: HttpRequest) -> HttpResponse:
    """Write a report down for a citizen at the phone or the counter."""
    actor = actor_of(request)
    if not policies.may_take_by_phone(actor):
        raise Forbidden
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            code = once(request, lambda: _take_down(actor, form))["Location"]
        except Invalid as problem:
            for name, sentence in problem.errors.items():
                form.add_error(
                    name if name in form.fields else ("address" if name == "location" else None),
                    str(sentence),
                )
        else:
            return redirect("reports:desk_phone_done", code)
    text = str(form["text"].value() or "")
    context = {
        "form": form,
        "idempotency_key": request.POST.get("idempotency_key") or uuid4().hex,
        "emergency": catalogue().emergency(text),
    }
    return render(request, "reports/desk/phone.html", context, status=422 if form.errors else 200)


def _take_down(actor: Actor, form: PhoneForm) -> str:
    submission = actions.Submission(source="phone", **form.cleaned_data)
    return actions.report_submit(actor=actor, submission=submission, origin=ORIGIN).code


@require_GET
@officers_only
def phone_done(request: HttpRequest, code: str) -> HttpResponse:
    """The code to read out, and what the citizen can do with it."""
    found = (
        Assignment.objects.select_related("report").defer("report__search").filter(report__code=code).first()
    )
    actor = actor_of(request)
    if found is None or found.report.source != "phone" or not policies.may_take_by_phone(actor):
        return redirect("reports:desk")
    context = {
        "report": found.report,
        "part": found,
        "similar": queries.similar_near(found.report),
        "emergency": catalogue().emergency(found.report.text),
    }
    return render(request, "reports/desk/phone_done.html", context)


# --- help ----------------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def help_page(request: HttpRequest) -> HttpResponse:
    """What is allowed when: the workflow table as it is in force, and the keyboard."""
    return render(request, "reports/desk/help.html", {"table": workflow_words.rows()})
