"""One report on the desk: everything inside, its steps, and what to do when somebody was faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.actors import Actor
from prasan.fabric.codes import read_code
from prasan.fabric.idempotency import KeyReused, once
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.reports import policies
from prasan.reports.actions.desk import contact_read
from prasan.reports.actions.photos import photo_add
from prasan.reports.actions.submit import MOST_PHOTOS
from prasan.reports.models import Assignment, Entry, Photo, Report
from prasan.reports.pages.desk_forms import STEPS, DeskStep, StepForm
from prasan.reports.pages.report import decidable, photo_items, timeline
from prasan.reports.queries import desk as queries
from prasan.reports.queries.public import ReportView
from prasan.reports.workflow import WORKFLOW, Step

ORIGIN = "desk"
FIRST_STEPS = ("accept", "finish", "forward")  # the rest stands behind "more" on a phone


@require_GET
@officers_only
def report(request: HttpRequest, code: str) -> HttpResponse:
    """One report from inside, with the steps this officer may take."""
    actor = actor_of(request)
    inside = find_inside(actor, code)
    return render(request, "reports/desk/report.html", page_of(actor, inside))


@require_POST
@officers_only
def contact(request: HttpRequest, code: str) -> HttpResponse:
    """The reporter's contact, shown once it was asked for; the ledger notes who looked."""
    actor = actor_of(request)
    inside = find_inside(actor, code)
    reached = contact_read(actor=actor, code=inside.report.code, origin=ORIGIN)
    context = {"reached": reached, "asked": True, "report": inside.report}
    if request.headers.get("HX-Request"):
        return render(request, "reports/desk/contact.html", context)
    return render(request, "reports/desk/report.html", page_of(actor, inside) | context)


@require_http_methods(["GET", "POST"])
@officers_only
def step(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """The form of one step; sending it takes the step."""
    if action not in STEPS:
        raise NotFound
    actor = actor_of(request)
    attempt = Attempt.of(request, actor, find_inside(actor, code), WORKFLOW[action])
    if request.method == "GET":
        return attempt.show(request)
    attempt.take_photos_in(request)
    if not attempt.form.is_valid():
        return attempt.show(request, status=422)
    try:
        done = once(request, lambda: attempt.run(request))
    except (Conflict, Forbidden, KeyReused) as problem:
        return _show_conflict(request, attempt, problem)
    except Invalid as problem:
        attempt.refuse(problem)
        return attempt.show(request, status=422)
    messages.success(request, _("Done: %(step)s.") % {"step": attempt.step.label})
    return done


@dataclass(slots=True)
class Attempt:
    """An officer's try at one step: the form, and the keys of the photos taken in so far."""

    actor: Actor
    inside: queries.Inside
    step: Step
    form: StepForm
    photos: list[str]

    @classmethod
    def of(cls, request: HttpRequest, actor: Actor, inside: queries.Inside, step: Step) -> Attempt:
        """The form as the request fills it; a link may fill in what it suggests."""
        handling = [part.agency_id for part in inside.assignments if part.active]
        own = policies.own_assignment(actor, step, policies.candidates(step, inside.assignments))
        agencies = [own.agency_id] if step.action == "assign" and own else handling
        build: dict[str, Any] = {"report": inside.report, "agencies": agencies}
        form_type = STEPS[step.action].form
        if request.method == "GET":
            form = form_type(initial=dict(request.GET.items()), **build)
        else:
            form = form_type(request.POST, request.FILES, **build)
        return cls(actor, inside, step, form, list(dict.fromkeys(request.POST.getlist("photo"))))

    @property
    def report(self) -> Report:
        return self.inside.report

    def take_photos_in(self, request: HttpRequest) -> None:
        """Store new uploads at once, so that a refused form comes back with its photos."""
        known = (
            Photo.objects.filter(key__in=self.photos, report=None).values_list("key", flat=True)
            if self.photos
            else ()
        )
        self.photos = [key for key in self.photos if key in set(known)]
        try:
            for upload in request.FILES.getlist("photos"):
                if len(self.photos) >= MOST_PHOTOS:
                    raise Invalid({"photos": _("At most %(most)d photos, please.") % {"most": MOST_PHOTOS}})
                moment = STEPS[self.step.action].moment
                photo, _place = photo_add(
                    actor=self.actor, upload=upload, name=upload.name or "", moment=moment, origin=ORIGIN
                )
                self.photos.append(photo.key)
        except Problem as problem:
            self.refuse(problem)
        if self.photos and "photos" in self.form.fields:
            self.form.fields["photos"].required = False

    def run(self, request: HttpRequest) -> str:
        """Take the step; gives the address to go to next."""
        arguments = self.form.arguments
        if "photos" in self.form.fields:
            arguments["photos"] = tuple(self.photos)
        version = number(request.POST.get("version"))
        STEPS[self.step.action].run(
            actor=self.actor, code=self.report.code, version=version, origin=ORIGIN, **arguments
        )
        return _back(request, self.report.code)

    def refuse(self, problem: Problem) -> None:
        """Show a refusal at the fields it names."""
        errors = problem.errors if isinstance(problem, Invalid) else {"": problem.detail or problem.title}
        for name, message in errors.items():
            self.form.add_error(name if name in self.form.fields else None, str(message))

    def context(self) -> dict[str, Any]:
        return page_of(self.actor, self.inside) | {
            "taken": self.step,
            "desk_step": STEPS[self.step.action],
            "form": self.form,
            "kept_photos": self.photos,
            "idempotency_key": uuid4().hex,
            "suggestions": queries.suggestions(self.report) if self.step.action == "categorise" else [],
            "similar": queries.similar_near(self.report) if self.step.action == "merge" else [],
        }

    def show(self, request: HttpRequest, status: int = 200) -> HttpResponse:
        part = "HX-Request" in request.headers
        template = "reports/desk/step_form.html" if part else "reports/desk/step.html"
        return render(request, template, self.context() | {"in_panel": part}, status=status)


def _show_conflict(request: HttpRequest, attempt: Attempt, problem: Problem) -> HttpResponse:
    """What changed meanwhile and by whom, above the form with all that was typed, ready to be sent again."""
    attempt.inside = inside = find_inside(attempt.actor, attempt.report.code)
    possible = {step.action for step in policies.steps_for(attempt.actor, inside.report, inside.assignments)}
    seen = number(request.POST.get("seen"))
    changes = [entry for entry in inside.entries if seen is not None and entry.pk > seen]
    context = attempt.context() | {
        "problem": problem,
        "changes": lines_of(inside, changes)[:-1],
        "possible": attempt.step.action in possible,
        "may_note": "note" in possible,
    }
    return render(request, "reports/desk/conflict.html", context, status=problem.status)


def _back(request: HttpRequest, code: str) -> str:
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("reports:desk_report", args=[code])


def number(text: str | None) -> int | None:
    """A whole number that a form carried, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def find_inside(actor: Actor, code: str) -> queries.Inside:
    """The report, for officers of the agencies that handle or handled it; NotFound for all others."""
    read = read_code(code)
    found = queries.inside(read) if read else None
    if found is None or not policies.may_read_inside(actor, found.report, found.assignments):
        raise NotFound(_("There is no report with this code, or none that your agency handles."))
    return found


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step that may be taken now, and how the desk does it."""

    step: Step
    desk: DeskStep


def page_of(actor: Actor, inside: queries.Inside) -> dict[str, Any]:
    """What the page of a report shows."""
    allowed = {step.action for step in policies.steps_for(actor, inside.report, inside.assignments)}
    steps = [StepLink(WORKFLOW[action], desk) for action, desk in STEPS.items() if action in allowed]
    entries = [entry for entry in inside.entries if not _is_noise(entry)]
    own = own_part(actor, inside)
    return {
        "inside": inside,
        "report": inside.report,
        "own": own,
        "invited": [
            part for part in inside.assignments if part.active and part.role == Assignment.Role.INVITED
        ],
        "first_steps": [item for item in steps if item.step.action in FIRST_STEPS],
        "more_steps": [item for item in steps if item.step.action not in FIRST_STEPS],
        "timeline": lines_of(inside, entries),
        "photos": photo_items(photo for photo in inside.photos if photo.entry_id is None),
        "decidable": decidable(inside.photos) if "note" in allowed else [],
        "may_contact": policies.may_read_contact(actor, inside.assignments),
        "has_contact": inside.has_contact,
    }


def own_part(actor: Actor, inside: queries.Inside) -> Assignment | None:
    """The part that this officer's agency works on: active ones first, the lead before the invited."""
    mine = [part for part in inside.assignments if policies.may_read_part(actor, part)]
    return min(mine, key=lambda part: (not part.active, part.role != Assignment.Role.LEAD), default=None)


def _is_noise(entry: Entry) -> bool:
    """Somebody began to follow: counted, not told."""
    return entry.kind == Entry.Kind.STATUS and not entry.status and entry.by in {"citizen", "anonymous"}


def lines_of(inside: queries.Inside, entries: list[Entry]) -> list[dict[str, Any]]:
    """Timeline lines of these entries (newest first), the officers' names with them, and that the report came in."""
    view = ReportView(
        report=inside.report, assignments=inside.assignments, entries=entries[::-1], photos=inside.photos,
        is_reporter=False, is_inside=True, follows="", duplicate_of="",
    )  # fmt: skip
    lines = timeline(view)
    for line, entry in zip(lines, entries, strict=False):
        if entry.author is not None and entry.by == "officer":
            line["who"] = " · ".join(filter(None, (line["who"], entry.author.display_name)))
    return lines
