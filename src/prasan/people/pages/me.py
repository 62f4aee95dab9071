"""One's own page: what a citizen sent, said and agreed to, who read it, and the ways to take it along or out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.codes import read_code
from prasan.fabric.problems import NotFound, Problem
from prasan.people import actions, consents, panels, queries
from prasan.people.actions.citizens import RECEIPT_LENGTH
from prasan.people.actors import actor_of
from prasan.people.forms import NoticeForm, ProfileForm, add_problem
from prasan.people.gates import citizens_only, signed_in_only
from prasan.people.models import Role, User

LATEST_READS = 3


@never_cache
@require_GET
@signed_in_only
def me(request: HttpRequest) -> HttpResponse:
    """A citizen's page, or an officer's."""
    user = _user(request)
    if user.is_officer:
        return render(request, "people/me_officer.html", {"roles": _roles(request)})
    actor = actor_of(request)
    entries = queries.reads_page(citizen_id=user.pk, size=LATEST_READS)
    parts = [
        render_to_string(panel.template, panel.context(request, actor), request=request)
        for panel in panels.panels()
    ]
    context = {"panels": parts, "reads": [queries.read_in_words(entry) for entry in entries.items]}
    return render(request, "people/me.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in_only
def settings_page(request: HttpRequest) -> HttpResponse:
    """Name, telephone, language; for citizens also notices and consents."""
    user = _user(request)
    initial = {"name": user.name, "phone": user.phone, "language": user.language}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.profile_update(actor=actor_of(request), origin="web", **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("me_settings")
        except Problem as problem:
            add_problem(form, problem)
    context: dict[str, Any] = {
        "form": form,
        "notice_form": NoticeForm(initial={"channel": (user.notice_channels or ["email"])[0]}),
    }
    if user.is_citizen:
        context["consents"] = queries.consents_of(user.pk)
    return render(request, "people/settings.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in_only
def notices(request: HttpRequest) -> HttpResponse:
    """Choose how to hear of one's reports."""
    actions.notice_preferences_set(
        actor=actor_of(request), wanted=request.POST.getlist("channel"), origin="web"
    )
    messages.success(request, _("Saved."))
    return redirect("me_settings")


@require_POST
@citizens_only
def consent(request: HttpRequest) -> HttpResponse:
    """Agree to a purpose, or take it back."""
    purpose = request.POST.get("purpose", "")
    if consents.wording(purpose) is None:
        raise NotFound
    act = actions.consent_give if request.POST.get("agree") == "yes" else actions.consent_withdraw
    act(actor=actor_of(request), purpose=purpose, origin="web")
    messages.success(request, _("Saved."))
    return redirect("me_settings")


@never_cache
@require_GET
@citizens_only
def reads(request: HttpRequest) -> HttpResponse:
    """Who read my data."""
    page = queries.reads_page(citizen_id=_user(request).pk, cursor=request.GET.get("cursor", ""))
    context = {"reads": [queries.read_in_words(entry) for entry in page.items], "following": page.next}
    return render(request, "people/reads.html", context)


@require_POST
@citizens_only
def export(request: HttpRequest) -> FileResponse:
    """Everything about me as a ZIP."""
    archive = actions.citizen_export(actor=actor_of(request), citizen_id=_user(request).pk, origin="web")
    name = f"prasan-{timezone.localdate():%Y-%m-%d}.zip"
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")


@never_cache
@require_http_methods(["GET", "POST"])
@citizens_only
def erase(request: HttpRequest) -> HttpResponse:
    """Erase my account, after a page that says what that means."""
    if request.method == "GET" or request.POST.get("sure") != "yes":
        context = {"missing": request.method == "POST"}
        return render(request, "people/erase.html", context, status=422 if request.method == "POST" else 200)
    receipt = actions.citizen_erase(actor=actor_of(request), citizen_id=_user(request).pk, origin="web")
    logout(request)
    return redirect("erased", receipt=receipt)


@require_GET
def erased(request: HttpRequest, receipt: str) -> HttpResponse:
    """The receipt of an erasure; whoever holds its code can check it."""
    code = read_code(receipt, RECEIPT_LENGTH)
    at = queries.receipt_at(code) if code else None
    if at is None:
        raise NotFound(_("There is no such receipt."))
    return render(request, "people/erased.html", {"receipt": code, "at": at})


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 — the gates let nobody else in
    return user


def _roles(request: HttpRequest) -> list[dict[str, Any]]:
    pairs = [(role, agency) for role, codes in actor_of(request).roles.items() for agency in codes]
    return [
        {"role": Role(role).label, "agency": queries.agency_name(agency)}
        for role, agency in sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    ]
