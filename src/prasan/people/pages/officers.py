"""Officers, their roles and other systems' keys, for administrators of an agency."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden, Problem
from prasan.people import actions, policies, queries, scopes
from prasan.people.actors import actor_of
from prasan.people.forms import ApiKeyForm, GrantForm, OfficerForm, OfficerSearchForm, add_problem
from prasan.people.gates import officers_only
from prasan.people.models import ApiKey, Role, User


@never_cache
@require_GET
@officers_only
def officers(request: HttpRequest) -> HttpResponse:
    """Officers of my agencies, searched by address and agency."""
    actor = actor_of(request)
    seen = _seen(actor)
    form = OfficerSearchForm(request.GET, agencies=seen)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = queries.officers_page(actor=actor, cursor=request.GET.get("cursor", ""), **wanted)
    context = {
        "form": form,
        "rows": [{"officer": officer, "roles": role_lines(officer)} for officer in page.items],
        "following": page.next,
        "may_add": bool(policies.agencies_of(actor, {Role.ADMIN})),
    }
    return render(request, "people/officers.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@officers_only
def officer_new(request: HttpRequest) -> HttpResponse:
    """A new officer."""
    actor = actor_of(request)
    form = OfficerForm(request.POST or None, agencies=_managed(actor))
    if request.method == "POST" and form.is_valid():
        try:
            officer = actions.officer_create(actor=actor, origin="web", **form.cleaned_data)
            messages.success(
                request, _("The officer has been added and gets an e-mail with a link to choose a password.")
            )
            return redirect("officer", officer_id=officer.pk)
        except Problem as problem:
            add_problem(form, problem)
    return render(request, "people/officer_new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@officers_only
def officer(request: HttpRequest, officer_id: int) -> HttpResponse:
    """One officer: roles to give and take, account to close."""
    actor = actor_of(request)
    found = queries.officer_detail(actor=actor, officer_id=officer_id)
    managed = policies.agencies_of(actor, {Role.ADMIN})
    form = GrantForm(request.POST or None, agencies=managed)
    if request.method == "POST" and form.is_valid():
        try:
            actions.role_grant(actor=actor, officer_id=officer_id, origin="web", **form.grant())
            messages.success(request, _("The role has been given."))
            return redirect("officer", officer_id=officer_id)
        except Problem as problem:
            add_problem(form, problem)
    agencies = {grant.agency_id for grant in _grants(found)}
    context = {
        "officer": found,
        "roles": role_lines(found, managed),
        "form": form if managed and found.is_active else None,
        "may_close": found.is_active
        and actor.id != str(found.pk)
        and policies.may_manage_account(actor, agencies),
    }
    return render(request, "people/officer.html", context, status=422 if form.errors else 200)


@require_POST
@officers_only
def role_revoke(request: HttpRequest, officer_id: int) -> HttpResponse:
    """Take a role away."""
    given = request.POST.get("grant", "")
    grant_id = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    _try(request, lambda actor: actions.role_revoke(actor=actor, grant_id=grant_id, origin="web"),
         _("The role has been taken away."))  # fmt: skip
    return redirect("officer", officer_id=officer_id)


@require_POST
@officers_only
def officer_close(request: HttpRequest, officer_id: int) -> HttpResponse:
    """Close an account."""
    _try(request, lambda actor: actions.officer_deactivate(actor=actor, officer_id=officer_id, origin="web"),
         _("The account is closed."))  # fmt: skip
    return redirect("officer", officer_id=officer_id)


@require_POST
@officers_only
def second_factor_reset(request: HttpRequest, officer_id: int) -> HttpResponse:
    """Let an officer with a lost phone set up a new second factor."""
    _try(request, lambda actor: actions.second_factor_reset(actor=actor, officer_id=officer_id, origin="web"),
         _("The second factor has been taken off. The officer sets up a new one at the next sign-in."))  # fmt: skip
    return redirect("officer", officer_id=officer_id)


@never_cache
@require_GET
@officers_only
def api_keys(request: HttpRequest) -> HttpResponse:
    """Keys of other systems."""
    actor = actor_of(request)
    _seen(actor)
    page = queries.api_keys_page(actor=actor, cursor=request.GET.get("cursor", ""))
    managed = policies.agencies_of(actor, {Role.ADMIN})
    rows = [_key_line(key, policies.may_manage_api_keys(actor, key.agency_id)) for key in page.items]
    return render(
        request, "people/api_keys.html", {"rows": rows, "following": page.next, "may_add": bool(managed)}
    )


@never_cache
@require_http_methods(["GET", "POST"])
@officers_only
def api_key_new(request: HttpRequest) -> HttpResponse:
    """A new key; its text is on the answer to this form and nowhere afterwards."""
    actor = actor_of(request)
    whole_city = policies.may_manage_api_keys(actor, None)
    form = ApiKeyForm(request.POST or None, agencies=_managed(actor), whole_city=whole_city)
    if request.method == "POST" and form.is_valid():
        try:
            key, text = actions.api_key_create(actor=actor, origin="web", **_key_fields(form.cleaned_data))
            return render(request, "people/api_key_created.html", {"key": key, "text": text})
        except Problem as problem:
            add_problem(form, problem)
    return render(request, "people/api_key_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@officers_only
def api_key_revoke(request: HttpRequest) -> HttpResponse:
    """End a key."""
    prefix = request.POST.get("prefix", "")
    _try(request, lambda actor: actions.api_key_revoke(actor=actor, prefix=prefix, origin="web"),
         _("The key has been revoked."))  # fmt: skip
    return redirect("api_keys")


def role_lines(officer: User, managed: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """An officer's valid roles in words; `may_revoke` where the agency is among `managed`."""
    return [
        {
            "grant": grant.pk,
            "role": Role(grant.role).label,
            "agency": queries.agency_name(grant.agency_id),
            "last_day": grant.valid_to - timedelta(days=1) if grant.valid_to else None,
            "may_revoke": grant.agency_id in managed,
        }
        for grant in _grants(officer)
    ]


def _grants(officer: User) -> list[Any]:
    found: list[Any] = officer.roles  # type: ignore[attr-defined]  # prefetched by queries
    return found


def _seen(actor: Actor) -> frozenset[str]:
    seen = policies.agencies_of(actor, policies.SEE_OFFICERS)
    if not seen:
        raise Forbidden
    return seen


def _managed(actor: Actor) -> frozenset[str]:
    managed = policies.agencies_of(actor, {Role.ADMIN})
    if not managed:
        raise Forbidden
    return managed


def _key_fields(given: dict[str, Any]) -> dict[str, Any]:
    last_day = given["expires_on"]
    end = timezone.make_aware(datetime.combine(last_day, time.max)) if last_day else None
    return {
        "name": given["name"], "agency": given["agency"] or None, "scope_codes": given["scopes"], "expires_at": end,
    }  # fmt: skip


def _key_line(key: ApiKey, may_revoke: bool) -> dict[str, Any]:
    labels = {scope.code: scope.label for scope in scopes.scopes()}
    now = timezone.now()
    ended = key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)
    return {
        "key": key,
        "agency": queries.agency_name(key.agency_id) if key.agency_id else _("The whole city"),
        "scopes": [labels.get(code, code) for code in key.scopes],
        "ended": ended,
        "may_revoke": may_revoke and key.revoked_at is None,
    }


def _try(request: HttpRequest, act: Any, done: str) -> None:
    """Run a button's action; a refusal is a message on the page one came from."""
    try:
        act(actor_of(request))
        messages.success(request, done)
    except Problem as problem:
        messages.error(request, str(problem.detail or problem.title))
