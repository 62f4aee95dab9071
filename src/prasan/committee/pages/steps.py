"""Taking a step at a meeting: a button that sends it at once, or a page with its form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prasan.committee import policies
from prasan.committee.models import Meeting
from prasan.committee.pages.step_forms import STEPS, StepForm
from prasan.committee.policies import Seat
from prasan.committee.queries import committees as queries
from prasan.committee.queries.room import room_of
from prasan.committee.workflow import WORKFLOW
from prasan.fabric.problems import Invalid, NotFound, Problem
from prasan.people.actors import actor_of
from prasan.people.forms import add_problem
from prasan.people.gates import officers_only

ORIGIN = "committee"
QUIET = {
    "take",
    "vote",
    "casting_vote",
    "arrive",
    "depart",
    "item_move",
    "call_vote",
}  # the page itself shows it


@require_http_methods(["GET", "POST"])
@officers_only
def step(request: HttpRequest, code: str, year: int, number: int, action: str) -> HttpResponse:
    """The form of one step; sending it takes the step."""
    if action not in STEPS:
        raise NotFound
    actor = actor_of(request)
    meeting, seat = queries.entered_meeting(actor, code, year, number)
    if not seat.is_inside:
        raise NotFound
    form = _form(request, action, meeting, seat)
    if request.method == "GET":
        return _show(request, action, form)
    if not form.is_valid():
        return _show(request, action, form, status=422)
    try:
        STEPS[action].run(actor=actor, meeting=meeting.pk, origin=ORIGIN, **form.arguments)
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        add_problem(form, problem)
        status = 422 if isinstance(problem, Invalid) else problem.status
        return _show(request, action, form, status=status)
    if action not in QUIET:
        messages.success(request, _("Done: %(step)s.") % {"step": WORKFLOW[action].label})
    return HttpResponseRedirect(_back(request, meeting))


def _form(request: HttpRequest, action: str, meeting: Meeting, seat: Seat) -> StepForm:
    build: dict[str, Any] = {"meeting": meeting, "room": room_of(meeting), "seat": seat}
    form_type = STEPS[action].form
    if request.method == "POST":
        return form_type(request.POST, request.FILES, **build)
    return form_type(initial=dict(request.GET.items()), **build)


def _show(request: HttpRequest, action: str, form: StepForm, status: int = 200) -> HttpResponse:
    meeting = form.meeting
    context = {
        "meeting": meeting, "committee": meeting.committee, "step": WORKFLOW[action], "desk_step": STEPS[action],
        "form": form, "back": _back(request, meeting), "may": policies.may_take(form.seat, WORKFLOW[action]),
    }  # fmt: skip
    return render(request, "committee/step.html", context, status=status)


def _back(request: HttpRequest, meeting: Meeting) -> str:
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("committee:meeting", args=[meeting.committee.code, meeting.year, meeting.number])
