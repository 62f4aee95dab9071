"""After the decision, for officers: the list, one project with its money, milestones, risks and metrics, the import."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden, Invalid, NotFound, TooLarge
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.people.policies import agencies_of
from prasan.portfolio import lateness, policies
from prasan.portfolio.actions import delivery as actions
from prasan.portfolio.actions.spending_import import SpendingImported, spending_import
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.pages import delivery_words as words
from prasan.portfolio.pages.delivery_forms import (
    DeliveryListForm,
    FigureForm,
    MilestoneForm,
    ReadingForm,
    RiskForm,
    SpendingForm,
)
from prasan.portfolio.pages.proposals import refused_by, require_reader
from prasan.portfolio.queries import delivery as queries
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workbooks.spending import COLUMNS

ORIGIN = "web"
MOST_SHOWN = 200


@require_GET
@officers_only
def listing(request: HttpRequest) -> HttpResponse:
    """Decided projects that this reader may see, with their money of a year; late ones marked."""
    actor = actor_of(request)
    require_reader(actor)
    form = DeliveryListForm(request.GET, agencies=agencies_of(actor, policies.READERS))
    year = year_of(request)
    rows, following = queries.deliveries(actor, form.filter, year, cursor=request.GET.get("cursor", ""))
    context = {
        "form": form,
        "year": year,
        "years": portfolio_rules().years(),
        "rows": rows,
        "following": following,
        "rules": lateness.RULES,
        "narrowed": form.filter != queries.DeliveryFilter(),
        "imports": policies.may_keep_budget(actor),
    }
    return render(request, "portfolio/delivery/list.html", context)


def year_of(request: HttpRequest) -> int:
    """The fiscal year asked for; the current one for any other text."""
    given = request.GET.get("year", "")
    years = portfolio_rules().years()
    return (
        int(given)
        if given.isascii() and given.isdigit() and int(given) in years
        else fiscal_year(timezone.localdate())
    )


@require_GET
@officers_only
def delivery(request: HttpRequest, code: str) -> HttpResponse:
    """Everything that is told of one project after the decision."""
    return _page(request, code)


def _page(request: HttpRequest, code: str, refused: Form | None = None) -> HttpResponse:
    actor = actor_of(request)
    found = queries.delivery(actor, code)
    since = queries.in_use_since(found.milestones)
    decided = found.proposal.status in policies.GRANTED
    context = {
        "found": found,
        "proposal": found.proposal,
        "stages": words.STAGE_NAMES,
        "late": found.late,
        "rules": lateness.RULES,
        "since": since,
        "today": timezone.localdate(),
        "paid": [{"label": month, "value": amount} for month, amount in reversed(found.paid)],
        "metrics": [words.metric_card(view, since) for view in found.metrics],
        "public": decided,
    }
    context |= _forms(actor, found, refused)
    return render(request, "portfolio/delivery/delivery.html", context, status=422 if refused else 200)


def _forms(actor: Actor, found: queries.Delivery, refused: Form | None) -> dict[str, Any]:
    """The forms that the reader may use; the one that was refused keeps what was typed."""
    proposal = found.proposal
    decided = proposal.status in policies.GRANTED
    may = decided and policies.may_follow(actor, proposal.agency_id)
    city = policies.may_keep_budget(actor)
    forms: dict[str, Any] = {
        "may": may,
        "milestone_rows": [
            (one, _kept(MilestoneForm.of(one), refused) if may else None) for one in found.milestones
        ],
        "risk_rows": [(one, _kept(RiskForm.of(one), refused) if may else None) for one in found.risks],
        "refused": refused,
    }
    if may or city:
        forms["figure_form"] = _kept(figure_form(actor), refused)
    if may:
        forms["milestone_form"] = _kept(MilestoneForm(), refused)
        forms["risk_form"] = _kept(RiskForm(), refused)
        told = [view.metric for view in found.metrics if not view.metric.indicator]
        forms["reading_form"] = _kept(ReadingForm(metrics=told), refused) if told else None
    return forms


def _kept(form: Form, refused: Form | None) -> Form:
    same = refused is not None and type(refused) is type(form) and refused.prefix == form.prefix
    return refused if same and refused is not None else form


def figure_form(actor: Actor, data: Any = None) -> FigureForm:
    """The form of a figure with the stages that the actor enters and the months of this year and the last."""
    today = timezone.localdate()
    year = fiscal_year(today)
    first = date(year - 545, 10, 1)
    count = (today.year - first.year) * 12 + today.month - first.month + 1
    months = [date(first.year + (9 + number) // 12, (9 + number) % 12 + 1, 1) for number in range(count)]
    return FigureForm(data, city=policies.may_keep_budget(actor), year=year, months=months[::-1])


@require_POST
@officers_only
def tell(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Enter or change a figure, milestone, risk or reading; with the page again where it is refused."""
    actor = actor_of(request)
    form, act = _told(request, actor, code, what)
    if form.is_valid() and refused_by(form, lambda: act(form) or True):
        messages.success(request, _("It is kept."))
        return redirect("portfolio:delivery", code)
    return _page(request, code, form)


def _told(request: HttpRequest, actor: Actor, code: str, what: str) -> tuple[Form, Any]:
    """The form of what is told, and what keeps it."""
    act: dict[str, Any] = {"actor": actor, "code": code, "origin": ORIGIN}
    number = request.POST.get("number", "")
    key = int(number) if number.isascii() and number.isdigit() else None
    if what == "figure":
        return figure_form(actor, request.POST), lambda form: actions.figure_record(**act, **form.given)
    if what == "milestone":
        form: Form = MilestoneForm(request.POST, prefix=f"m{key}" if key else None)
        return form, lambda form: actions.milestone_save(**act, **form.cleaned_data, milestone=key)
    if what == "risk":
        form = RiskForm(request.POST, prefix=f"r{key}" if key else None)
        return form, lambda form: actions.risk_save(**act, **form.cleaned_data, risk=key)
    if what == "reading":
        found = queries.delivery(actor, code)
        form = ReadingForm(
            request.POST, metrics=[view.metric for view in found.metrics if not view.metric.indicator]
        )
        return form, lambda form: actions.metric_report(**act, **form.cleaned_data)
    raise NotFound


@require_POST
@officers_only
def milestone_remove(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take a milestone off."""
    try:
        actions.milestone_remove(actor=actor_of(request), code=code, milestone=number, origin=ORIGIN)
    except Invalid as problem:
        messages.warning(request, " ".join(map(str, problem.errors.values())))
    else:
        messages.success(request, _("The milestone is taken off."))
    return redirect("portfolio:delivery", code)


@require_http_methods(["GET", "POST"])
@officers_only
def import_file(request: HttpRequest) -> HttpResponse:
    """Check the finance system's file, or take it over; with errors nothing is written."""
    actor = actor_of(request)
    if not policies.may_keep_budget(actor):
        raise Forbidden
    form = SpendingForm(request.POST or None, request.FILES or None)
    done: SpendingImported | None = None
    if request.method == "POST" and form.is_valid():
        try:
            done = spending_import(
                actor=actor, file=form.cleaned_data["file"].file, name=form.cleaned_data["file"].name,
                dry_run="check" in request.POST, origin="import:web",
            )  # fmt: skip
        except (Invalid, TooLarge) as problem:
            errors = problem.errors.values() if isinstance(problem, Invalid) else [problem.detail]
            form.add_error("file", " ".join(str(text) for text in errors))
    context = {
        "form": form, "done": done, "columns": COLUMNS,
        "errors": done.errors[:MOST_SHOWN] if done else [], "warnings": done.warnings[:MOST_SHOWN] if done else [],
    }  # fmt: skip
    refused = form.errors or (done and done.errors)
    return render(request, "portfolio/delivery/import.html", context, status=422 if refused else 200)
