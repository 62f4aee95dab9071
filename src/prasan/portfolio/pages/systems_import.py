"""A workbook of systems over the web: looked at first, taken over by the same button when it has no error."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prasan.fabric.problems import Forbidden, Invalid, TooLarge
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio.actions.systems_import import Imported, systems_import
from prasan.portfolio.pages.systems import enterable
from prasan.portfolio.pages.systems_forms import ImportForm
from prasan.portfolio.workbooks.systems import COLUMNS

MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@officers_only
def import_file(request: HttpRequest) -> HttpResponse:
    """Check a file, or take it over; with errors nothing is written and every one is shown with its cell."""
    actor = actor_of(request)
    if not enterable(actor):
        raise Forbidden
    form = ImportForm(request.POST or None, request.FILES or None)
    done: Imported | None = None
    if request.method == "POST" and form.is_valid():
        try:
            done = systems_import(
                actor=actor,
                file=form.cleaned_data["file"].file,
                dry_run="check" in request.POST,
                origin="import:web",
            )
        except (Invalid, TooLarge) as problem:
            errors = problem.errors.values() if isinstance(problem, Invalid) else [problem.detail]
            form.add_error("file", " ".join(str(text) for text in errors))
    if done is not None and done.written:
        messages.success(
            request,
            _("%(created)s systems entered, %(changed)s changed, %(connections)s connections.")
            % {"created": done.created, "changed": done.changed, "connections": done.connections},
        )
        return redirect("portfolio:systems")
    context = {
        "form": form, "done": done, "columns": COLUMNS,
        "errors": done.errors[:MOST_SHOWN] if done else [], "notes": done.notes[:MOST_SHOWN] if done else [],
    }  # fmt: skip
    refused = form.errors or (done and done.errors)
    return render(request, "portfolio/systems/import.html", context, status=422 if refused else 200)
