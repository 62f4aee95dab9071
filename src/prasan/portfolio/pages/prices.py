"""The price check for officers: one proposal's lines and flags, and for the city's side all flags and lists."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.city.registers import registers
from prasan.fabric.problems import Forbidden, Invalid, TooLarge
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio.actions import prices as actions
from prasan.portfolio.actions.proposals import may_take
from prasan.portfolio.models import Proposal
from prasan.portfolio.pages.prices_forms import (
    AnswerForm,
    FlagFilterForm,
    LineForms,
    LinesFileForm,
    initial_of,
)
from prasan.portfolio.pages.prices_words import reason
from prasan.portfolio.queries import prices as queries
from prasan.portfolio.queries.proposals import find
from prasan.portfolio.workflow import WORKFLOW

ORIGIN = "web"
TONES = {
    "above_reference": ("danger", "warning"), "above_history": ("warning", "chart"),
    "unit_missing": ("warning", "question"), "too_little_data": ("neutral", "info"),
}  # fmt: skip


def may(request: HttpRequest, proposal: Proposal, action: str) -> bool:
    """Whether the reader has a role for this now, by the proposals' own table."""
    move = WORKFLOW[action]
    return may_take(actor_of(request), move, proposal) and proposal.status in move.when


# --- one proposal ----------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def proposal(request: HttpRequest, code: str) -> HttpResponse:
    """What a proposal buys, what stands out, and what others pay."""
    return _show(request, code)


def _show(request: HttpRequest, code: str, refused: AnswerForm | None = None) -> HttpResponse:
    view = queries.price_view(actor_of(request), code)
    answers = may(request, view.proposal, "verdict")
    rows = []
    for number, one in enumerate(view.lines):
        flags = [
            _flag(
                one,
                flag,
                refused if _is_about(refused, one, flag) else None,
                answers,
                f"{number}-{flag.kind}",
            )
            for flag in one.flags
        ]
        rows.append({"view": one, "line": one.line, "flags": flags})
    context = {
        "view": view, "proposal": view.proposal, "rows": rows, "names": view.names,
        "may_change": may(request, view.proposal, "change"),
    }  # fmt: skip
    return render(request, "portfolio/prices/proposal.html", context, status=422 if refused else 200)


def _is_about(form: AnswerForm | None, one: queries.LineView, flag: queries.FlagView) -> bool:
    return form is not None and form["line"].value() == str(one.line.pk) and form["kind"].value() == flag.kind


def _flag(
    one: queries.LineView, flag: queries.FlagView, refused: AnswerForm | None, answers: bool, name: str
) -> dict[str, Any]:
    tone, icon = TONES[flag.kind]
    form = refused or AnswerForm(initial={"line": one.line.pk, "kind": flag.kind}, auto_id=f"id_{name}_%s")
    shown = answers and flag.kind != "too_little_data"
    return {
        "flag": flag, "tone": tone, "icon": icon, "reason": reason(flag.kind, flag.flag.facts),
        "form": form if shown else None, "open": refused is not None,
    }  # fmt: skip


@require_POST
@officers_only
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """Keep an officer's word on a flag."""
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            actions.price_answer(
                actor=actor_of(request), line_id=form.cleaned_data["line"], kind=form.cleaned_data["kind"],
                reason=form.cleaned_data["reason"], origin=ORIGIN,
            )  # fmt: skip
        except Invalid as problem:
            for sentence in problem.errors.values():
                form.add_error("reason", str(sentence))
        else:
            messages.success(request, _("Your answer is kept."))
            return redirect(
                f"{reverse('portfolio:proposal_prices', args=[code])}#line-{form.cleaned_data['line']}"
            )
    return _show(request, code, form)


@require_http_methods(["GET", "POST"])
@officers_only
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Write down what a proposal buys."""
    found = find(actor_of(request), code)
    if not may(request, found, "change"):
        raise Forbidden(_("Prices are written by the proposal's agency, while it has the proposal."))
    lines = list(found.price_lines.order_by("pk"))
    forms = LineForms(request.POST or None, initial=initial_of(lines), prefix="line")
    if request.method == "POST" and forms.is_valid() and _keep(request, code, forms):
        messages.success(request, _("The prices are kept and looked at."))
        return redirect("portfolio:proposal_prices", code)
    context = {"proposal": found, "forms": forms, "file_form": LinesFileForm()}
    refused = request.method == "POST"
    return render(request, "portfolio/prices/form.html", context, status=422 if refused else 200)


def _keep(request: HttpRequest, code: str, forms: Any) -> bool:
    told = [form for form in forms if not form.is_empty]
    try:
        actions.price_lines_set(
            actor=actor_of(request), code=code, lines=[form.given for form in told], origin=ORIGIN
        )
    except Invalid as problem:
        for name, sentence in problem.errors.items():
            _lines, number, field = (*name.split("."), "0", "")[:3] if "." in name else ("", "0", "")
            told[int(number)].add_error(field or None, str(sentence))
        return False
    return True


@require_POST
@officers_only
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Take what a proposal buys from a table; its lines become those of the file."""
    found = find(actor_of(request), code)
    form, lines = LinesFileForm(request.POST, request.FILES), found.price_lines.order_by("pk")
    done = None
    if form.is_valid():
        try:
            done = actions.price_lines_import(
                actor=actor_of(request), file=form.cleaned_data["file"].file, only=code, origin="import:web"
            )
        except (Invalid, TooLarge) as problem:
            sentences = problem.errors.values() if isinstance(problem, Invalid) else [problem.detail]
            form.add_error("file", " ".join(map(str, sentences)))
    if done is not None and done.written:
        messages.success(request, _("The prices are kept and looked at."))
        return redirect("portfolio:proposal_prices", code)
    context = {
        "proposal": found, "forms": LineForms(initial=initial_of(list(lines)), prefix="line"), "file_form": form,
        "errors": done.errors[:200] if done else [],
    }  # fmt: skip
    return render(request, "portfolio/prices/form.html", context, status=422)


# --- the whole city --------------------------------------------------------------------------------------------------


@require_GET
@officers_only
def flags(request: HttpRequest) -> HttpResponse:
    """All flags of proposals that were handed in, and the reference lists."""
    actor = actor_of(request)
    queries.require_city_side(actor)
    form = FlagFilterForm(request.GET, agencies=sorted(registers().agencies))
    page = queries.flags_page(actor, form.filter, cursor=request.GET.get("cursor", ""))
    counts = queries.flag_counts(actor)
    rows = [
        {
            "flag": one, "line": one.line, "proposal": one.line.proposal, "tone": TONES[one.kind][0],
            "icon": TONES[one.kind][1], "reason": reason(one.kind, one.facts),
            "answered": getattr(one, "is_answered", False),
        }
        for one in page.items
    ]  # fmt: skip
    context = {
        "form": form, "rows": rows, "following": page.next, "editions": queries.editions(),
        "above": counts["above_reference"], "far": counts["above_history"], "unit": counts["unit_missing"],
    }  # fmt: skip
    return render(request, "portfolio/prices/flags.html", context)
