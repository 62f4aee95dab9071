"""Workbooks of proposals over the web: handed out, sent in, looked at, columns named, imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from prasan.city.registers import registers
from prasan.fabric.problems import Forbidden, Invalid, Problem
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio.actions.proposals_import import (
    Imported,
    SheetSeen,
    workbook_import,
    workbook_of,
    workbook_receive,
)
from prasan.portfolio.content import content_of
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Proposal
from prasan.portfolio.pages.proposals import writable
from prasan.portfolio.queries import proposals as queries
from prasan.portfolio.workbooks.proposals import columns
from prasan.portfolio.workbooks.template import fields_of_template, proposals_template
from prasan.portfolio.workflow import WRITTEN

ORIGIN = "import:web"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_IN_TEMPLATE = 2_000
MOST_SHOWN = 200
WHY: Mapping[str, Any] = {
    "blank": gettext_lazy("blank rows"),
    "total": gettext_lazy("totals"),
    "section": gettext_lazy("section rows and notes"),
    "heading": gettext_lazy("headings repeated"),
}


class UploadForm(forms.Form):
    """A file, and whose it is."""

    agency = forms.ChoiceField(
        label=gettext_lazy("Agency"), help_text=gettext_lazy("Whose the rows are that name no agency.")
    )
    file = forms.FileField(
        label=gettext_lazy("Workbook"),
        help_text=gettext_lazy(
            "Excel (.xlsx) or CSV, 20 MB at most. Your own sheet will do: it is looked at first."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm,.csv"}),
    )

    def __init__(self, *args: Any, agencies: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["agency"].choices = [(code, registers().agency(code).name) for code in agencies]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@officers_only
def upload(request: HttpRequest) -> HttpResponse:
    """The template to fetch, and a place to send a workbook to."""
    actor = actor_of(request)
    agencies = writable(actor)
    if not agencies:
        raise Forbidden(_("Only the agency's digital officers and supervisors write its proposals."))
    form = UploadForm(request.POST or None, request.FILES or None, agencies=agencies)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            kept = workbook_receive(
                actor=actor,
                agency=form.cleaned_data["agency"],
                file=given,
                name=given.name or "",
                origin=ORIGIN,
            )
            workbook_import(actor=actor, number=kept.pk, mapping={}, dry_run=True)
        except Problem as problem:
            form.add_error("file", _sentence(problem))
        else:
            return redirect("portfolio:proposals_workbook_check", kept.pk)
    context = {"form": form, "columns": fields_of_template()}
    return render(request, "portfolio/proposals/workbook.html", context, status=422 if form.errors else 200)


def _sentence(problem: Problem) -> str:
    if isinstance(problem, Invalid):
        return " ".join(str(text) for text in problem.errors.values())
    return str(problem.detail or problem.title)


@require_GET
@officers_only
def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in; with `mine` it holds the proposals that the agency can still change."""
    actor = actor_of(request)
    agencies = writable(actor)
    if not agencies:
        raise Forbidden
    rows = []
    if "mine" in request.GET:
        own = Proposal.objects.filter(agency__in=agencies, status__in=WRITTEN).order_by("agency", "id")
        rows = [
            (one.code, one.agency_id, content_of(one)) for one in queries.with_parts(own)[:MOST_IN_TEMPLATE]
        ]
    response = HttpResponse(proposals_template(rows, agencies), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="prasan-proposals.xlsx"'
    return response


@require_http_methods(["GET", "POST"])
@officers_only
def check(request: HttpRequest, number: int) -> HttpResponse:
    """What was found in a workbook: its columns, its errors cell by cell, its rows; then the import."""
    actor = actor_of(request)
    kept = workbook_of(actor, number)
    mapping = _mapping(request.POST)
    taking = "import" in request.POST
    fault = ""
    done = Imported()
    try:
        done = workbook_import(actor=actor, number=number, mapping=mapping, dry_run=not taking, origin=ORIGIN)
    except Problem as problem:
        fault = _sentence(problem)
    if done.written:
        numbers = {"created": done.created, "updated": done.updated, "unchanged": done.unchanged}
        messages.success(
            request,
            _("%(created)s proposals entered, %(updated)s changed, %(unchanged)s as they were.") % numbers,
        )
        return redirect("portfolio:proposals")
    labels = dict(_field_choices(done))
    context = {
        "kept": kept,
        "done": done,
        "fault": fault,
        "sheets": [(sheet, _lines(sheet), _passed(sheet)) for sheet in done.sheets],
        "choices": list(labels.items()),
        "faults": [(one, labels.get(one.field, one.field)) for one in done.faults[:MOST_SHOWN]],
        "names": {
            code: registers().agency(code).name for code in {one.agency for one in done.preview if one.agency}
        },
    }
    status = 422 if taking or fault else 200
    return render(request, "portfolio/proposals/workbook_check.html", context, status=status)


def _mapping(data: QueryDict) -> dict[str, str]:
    """Heading → field, as the page's selects say; `key_N` beside `field_N`."""
    return {
        data.get(f"key_{name.removeprefix('field_')}", ""): str(data.get(name, ""))
        for name in data
        if name.startswith("field_")
    }


def _lines(sheet: SheetSeen) -> list[Any]:
    return [heading for heading in sheet.headings if heading.text or heading.example]


def _passed(sheet: SheetSeen) -> list[tuple[Any, int]]:
    return [(WHY[why], count) for why, count in sheet.passed_over.items() if count]


def _field_choices(done: Imported) -> list[tuple[str, str]]:
    """What a column can mean; money columns once for each year."""
    found = {heading.field for sheet in done.sheets for heading in sheet.headings if "." in heading.field}
    now = fiscal_year(timezone.localdate())
    years = sorted({*range(now, now + 5), *(int(name.split(".")[1]) for name in found)})
    choices: list[tuple[str, str]] = [("", _("pass it over"))]
    for column in columns():
        if column.by_year:
            choices += [(f"{column.field}.{year}", f"{column.label} {year}") for year in years]
        else:
            choices.append((column.field, str(column.label)))
    return choices
