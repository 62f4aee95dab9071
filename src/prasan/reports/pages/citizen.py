"""What a citizen does: tell of a problem in two steps, then follow it by its code.

Both steps are plain forms that carry everything along, so nothing typed is lost and the server keeps no draft.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.city.registers import registers
from prasan.fabric.idempotency import once
from prasan.fabric.problems import Conflict, Forbidden, Invalid, NotFound, Problem
from prasan.fabric.rates import client_network, rate_check
from prasan.people.actors import actor_of
from prasan.reports import actions, triage
from prasan.reports.actions.photos import photo_add
from prasan.reports.actions.submit import MOST_PHOTOS, Sorting, sort_submission, submission_check
from prasan.reports.catalogue import Category, catalogue
from prasan.reports.models import Photo
from prasan.reports.pages.citizen_forms import ReportForm
from prasan.reports.pages.report import listed, report_context
from prasan.reports.policies import reporter_token
from prasan.reports.queries import public as queries

ORIGIN = "web"
# Whole offices and phone networks share one address: the limits stop a script, not a street.
REPORTS = (30, 600)
PHOTOS = (120, 600)
HINTS = (240, 600)
ANSWERS = (60, 600)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A category that the words suggest, and the words that weighed most."""

    category: Category
    why: tuple[str, ...]


def suggestions(text: str, chosen: str = "") -> list[Suggested]:
    """The three likeliest categories of a text, best first, and the one that was chosen already."""
    choices = triage.suggest(text).choices if text.strip() else ()
    found = ((catalogue().category_of_label(choice.category), choice.why) for choice in choices)
    suggested = [Suggested(category, why) for category, why in found if category is not None]
    known = chosen in catalogue().categories and chosen not in {one.category.code for one in suggested}
    return [*suggested, Suggested(catalogue().category(chosen), ())] if known else suggested


# --- a new report ------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
def report_new(request: HttpRequest) -> HttpResponse:
    """The form and its check: `step` is edit, check or send. Refused fields come back with all that was typed."""
    if request.method == "GET":
        return _edit(request, ReportForm(initial=_place_given(request)), [])
    form = ReportForm(request.POST)
    form.full_clean()
    keys = _photos(request, form)
    step = request.POST.get("step", "check")
    if step == "edit" or "drop" in request.POST:
        form.errors.clear()
        return _edit(request, form, keys)
    checked = _check(form, keys)
    if checked is None:
        return _edit(request, form, keys, status=422)
    submission, sorting = checked
    if step == "send" and not form.lacks_consent():
        return _send(request, form, submission)
    if step == "send":
        form.add_error("consent", _("Please agree, or leave your name, phone and e-mail out."))
    return _check_page(request, form, submission, sorting, status=422 if form.errors else 200)


def _place_given(request: HttpRequest) -> dict[str, Any]:
    """A place chosen on the map before."""
    return {
        name: request.GET.get(name, "")
        for name in ("longitude", "latitude", "category")
        if name in request.GET
    }


def _photos(request: HttpRequest, form: ReportForm) -> list[str]:
    """Keys of the photos so far: those carried along, less the dropped one, and the ones that came just now."""
    dropped = request.POST.get("drop", "")
    keys = [key for key in dict.fromkeys(request.POST.getlist("photo")) if key != dropped]
    kept = (
        set(Photo.objects.filter(key__in=keys, report=None).values_list("key", flat=True)) if keys else set()
    )
    keys = [key for key in keys if key in kept]
    try:
        for upload in request.FILES.getlist("photos"):
            photo, location = _photo_add(request, upload, len(keys))
            keys.append(photo.key)
            _place_from_photo(form, location)
    except Problem as problem:
        form.refuse(problem, at="photos")
    return keys


def _photo_add(
    request: HttpRequest, upload: UploadedFile[Any], already: int
) -> tuple[Photo, tuple[float, float] | None]:
    rate_check(f"photo:{client_network(request)}", *PHOTOS)
    if already >= MOST_PHOTOS:
        raise Invalid({"photos": _("At most %(most)d photos, please.") % {"most": MOST_PHOTOS}})
    return photo_add(actor=actor_of(request), upload=upload, name=upload.name or "", origin=ORIGIN)


def _place_from_photo(form: ReportForm, location: tuple[float, float] | None) -> None:
    """Where no point was given, the photo's own suggests one (shown in the check, where it can be taken out)."""
    given = form.cleaned_data
    if location is None or given.get("longitude") is not None or registers().district_at(*location) is None:
        return
    given["longitude"], given["latitude"] = location
    place = {"longitude": location[0], "latitude": location[1], "place_of_photo": "1"}
    form.data = {**form.data.dict(), **place} if isinstance(form.data, QueryDict) else {**form.data, **place}


def _check(form: ReportForm, keys: list[str]) -> tuple[actions.Submission, Sorting] | None:
    """The submission and where it would go, or None with every refusal noted at its field."""
    if form.errors:
        return None
    try:
        submission = submission_check(form.submission(tuple(keys)))
        return submission, sort_submission(submission)
    except Invalid as problem:
        form.refuse(problem)
        return None


def _edit(request: HttpRequest, form: ReportForm, keys: list[str], status: int = 200) -> HttpResponse:
    chosen = str(form.data.get("category", form.initial.get("category", "")))
    context = {
        "form": form,
        "photos": keys,
        "texts": json.dumps(_texts(), ensure_ascii=False),
        "emergency_numbers": catalogue().emergencies,
        "emergency": catalogue().emergency(str(form.data.get("text", ""))),
        "suggestions": suggestions(str(form.data.get("text", "")), chosen),
        "chosen": chosen,
    }
    return render(request, "reports/citizen/new.html", context, status=status)


def _texts() -> dict[str, str]:
    """What the form's TypeScript says."""
    return {
        "uploading": _("Sending the photo…"),
        "failed": _("The photo could not be sent; it will go along when you send the form."),
        "remove": _("Remove"),
        "place": _("The place was taken from the photo"),
    }


def _check_page(
    request: HttpRequest, form: ReportForm, submission: actions.Submission, sorting: Sorting, status: int
) -> HttpResponse:
    suggested = suggestions(submission.text)
    shown = {one.category.code for one in suggested}
    chosen = submission.category or (sorting.category if sorting.rule else "")
    context = {
        "form": form,
        "submission": submission,
        "photos": submission.photos,
        "place_of_photo": form.data.get("place_of_photo", ""),
        "district": registers().district(sorting.district),
        "agency": registers().agencies.get(sorting.agency),
        "emergency": catalogue().emergency(submission.text),
        "emergency_numbers": catalogue().emergencies,
        "suggestions": suggested,
        "others": [category for category in catalogue().categories.values() if category.code not in shown],
        # What triage is not sure of is not ticked for the citizen: unticked, a dispatcher looks at it.
        "chosen": chosen,
        "other_chosen": bool(chosen) and chosen not in shown,
        "similar": listed(
            queries.similar_open(
                category=sorting.category, longitude=submission.longitude, latitude=submission.latitude,
                district=sorting.district, address=submission.address,
            )
        ),
        "idempotency_key": uuid4().hex,
    }  # fmt: skip
    return render(request, "reports/citizen/check.html", context, status=status)


def _send(request: HttpRequest, form: ReportForm, submission: actions.Submission) -> HttpResponse:
    """Write the report once, however often the button is pressed, and go to the page with its code."""
    try:
        rate_check(f"report:{client_network(request)}", *REPORTS)
        code = once(request, lambda: _submit(request, submission))["Location"]
    except Problem as problem:
        form.refuse(problem)
        return _edit(request, form, list(submission.photos), status=problem.status)
    return redirect(f"{reverse('reports:sent', args=[code])}?key={reporter_token(code)}")


def _submit(request: HttpRequest, submission: actions.Submission) -> str:
    report = actions.report_submit(
        actor=actor_of(request), submission=replace(submission, source="web"), origin=ORIGIN
    )
    return report.code


@require_POST
def report_photo(request: HttpRequest) -> JsonResponse:
    """Take one photo in while the form is being filled: its key, and the place its camera wrote into it."""
    upload = request.FILES.get("photos")
    if upload is None:
        raise Invalid({"photos": _("The photo did not arrive; please add it again.")})
    photo, location = _photo_add(request, upload, 0)
    district = registers().district(registers().district_at(*location) or "") if location else None
    place = (
        {"longitude": location[0], "latitude": location[1], "district": district.name}
        if location and district
        else None
    )
    return JsonResponse(
        {"key": photo.key, "src": reverse("reports:photo", args=[photo.key, "small"]), "place": place}
    )


@require_POST
def report_hints(request: HttpRequest) -> HttpResponse:
    """A part of the form while it is being typed: a number to call, and the categories the words suggest."""
    rate_check(f"hints:{client_network(request)}", *HINTS)
    text, chosen = request.POST.get("text", ""), request.POST.get("category", "")
    context = {
        "emergency": catalogue().emergency(text),
        "suggestions": suggestions(text, chosen),
        "chosen": chosen,
    }
    return render(request, "reports/citizen/hints.html", context)


@never_cache
@require_GET
def report_sent(request: HttpRequest, code: str) -> HttpResponse:
    """The code, the reporter's own link and what happens next; only with the link's key."""
    view = queries.report_view(actor_of(request), code, request.GET.get("key", ""))
    if not view.is_reporter:
        return redirect("reports:report", code=code)
    context = report_context(request, view) | {
        "reporter_path": f"{reverse('reports:report', args=[code])}?key={reporter_token(code)}"
    }
    return render(request, "reports/citizen/sent.html", context)


# --- on the page of a report -------------------------------------------------------------------------------------


@require_POST
def report_step(request: HttpRequest, code: str, step: str) -> HttpResponse:
    """A citizen's step on a report: comment, answer, follow, reopen or rate. Refused, the page comes back as typed."""
    rate_check(f"step:{client_network(request)}", *ANSWERS)
    token = request.POST.get("key", "")
    try:
        said = _take_step(request, code, step, token)
    except (Invalid, Conflict, Forbidden) as problem:
        return _step_refused(request, code, token, step, problem)
    messages.success(request, said)
    query = f"?key={token}" if token else ""
    return HttpResponseRedirect(f"{reverse('reports:report', args=[code])}{query}#timeline")


def _take_step(request: HttpRequest, code: str, step: str, token: str) -> str:
    """Call the step's action; gives the sentence that thanks for it."""
    common: dict[str, Any] = {"actor": actor_of(request), "code": code, "token": token, "origin": ORIGIN}
    note = request.POST.get("note", "")
    if step == "follow":
        actions.report_follow(**common, email=request.POST.get("email", ""))
        return _("We will write to you when something happens.")
    if step == "rate":
        rating = request.POST.get("rating", "")
        actions.report_rate(
            **common, rating=int(rating) if len(rating) == 1 and rating.isdecimal() else 0, note=note
        )
        return _("Thank you for rating.")
    take = {
        "comment": actions.report_comment,
        "answer": actions.report_answer,
        "reopen": actions.report_reopen,
    }.get(step)
    if take is None:
        raise NotFound
    take(**common, note=note, photos=_step_photos(request))
    return {
        "comment": _("Your comment is on the page."),
        "answer": _("Thank you. Your answer has reached the agency."),
        "reopen": _("The report is open again, and the agency has been told."),
    }[step]


def _step_photos(request: HttpRequest) -> tuple[str, ...]:
    uploads = request.FILES.getlist("photos")
    if len(uploads) > MOST_PHOTOS:
        raise Invalid({"photos": _("At most %(most)d photos, please.") % {"most": MOST_PHOTOS}})
    return tuple(_photo_add(request, upload, 0)[0].key for upload in uploads)


def _step_refused(request: HttpRequest, code: str, token: str, step: str, problem: Problem) -> HttpResponse:
    view = queries.report_view(actor_of(request), code, token)
    errors = problem.errors.values() if isinstance(problem, Invalid) else [problem.detail or problem.title]
    context = report_context(request, view, token) | {
        "refused": {step: list(errors)}, "typed": request.POST, "notes": {step: request.POST.get("note", "")}
    }  # fmt: skip
    return render(request, "reports/public/report.html", context, status=problem.status)


@require_http_methods(["GET", "POST"])
def unfollow(request: HttpRequest, token: str) -> HttpResponse:
    """Stop following: the link shows a button, because mail scanners open links too."""
    if request.method == "GET":
        return render(request, "reports/citizen/unfollow.html", {"done": ""})
    code = actions.report_unfollow(token=token, origin=ORIGIN)
    return render(request, "reports/citizen/unfollow.html", {"done": code})


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """From a code that somebody typed to its page."""
    typed = request.GET.get("code", "").replace("/", " ").strip()[:40]  # an address of a page holds no slash
    return redirect("reports:report", code=typed or "-")
