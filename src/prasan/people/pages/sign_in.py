"""How a citizen signs in. Officers' pages are django-allauth's, in our dress (templates/account, templates/mfa)."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from prasan.fabric.problems import Forbidden, Problem
from prasan.fabric.rates import client_network
from prasan.people import actions
from prasan.people.forms import SignInForm, add_problem
from prasan.people.links import citizen_of

BACKEND = "prasan.people.backends.PeopleBackend"
CITIZEN_SESSION_SECONDS = 14 * 24 * 3600


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a link by e-mail, or go to an outside provider; officers find the way to theirs."""
    next_path = _next(request)
    if request.user.is_authenticated:
        return redirect(next_path or "me")
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.citizen_sign_in_link(
                email=form.cleaned_data["email"], network=client_network(request),
                language=get_language() or "th", next_path=next_path, origin="web",
            )  # fmt: skip
            return redirect("sign_in_sent")
        except Problem as problem:
            add_problem(form, problem)
    context = {
        "form": form,
        "next": next_path,
        "providers": providers_for(request, "citizens"),
        "staff_url": reverse("account_login") + (f"?{urlencode({'next': next_path})}" if next_path else ""),
    }
    return render(request, "people/sign_in.html", context, status=422 if form.errors else 200)


@require_GET
def sign_in_sent(request: HttpRequest) -> HttpResponse:
    """The letter is on its way, the same for every address."""
    letters = settings.EMAIL_FILE_PATH if settings.DEMO and not settings.EMAIL_HOST else ""
    return render(request, "people/sign_in_sent.html", {"letters": letters})


@never_cache
@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest) -> HttpResponse:
    """Where the letter's link leads. Opening it changes nothing (mail scanners do); its button signs in."""
    given = request.POST if request.method == "POST" else request.GET
    token = given.get("token", "")
    if request.method == "POST":
        try:
            citizen = actions.citizen_sign_in(token=token)
        except Forbidden:
            return _link_page(request, {"void": True}, 403)
        login(request, citizen, backend=BACKEND)
        request.session.set_expiry(CITIZEN_SESSION_SECONDS)
        return redirect(_next(request) or "me")
    citizen_found = citizen_of(token)
    if citizen_found is None:
        return _link_page(request, {"void": True}, 403)
    context = {"token": token, "next": _next(request), "address": masked(citizen_found.email)}
    return _link_page(request, context, 200)


def providers_for(request: HttpRequest, audience: str) -> list[dict[str, str]]:
    """Outside providers for `staff` or `citizens`: name in the reader's language and the address of their button."""
    english = get_language() == "en"
    found = []
    for provider in get_adapter().list_providers(request):
        given: dict[str, Any] = provider.app.settings
        if given.get("audience") == audience:
            name = given["name_en"] if english else provider.app.name
            found.append({"name": name, "url": provider.get_login_url(request, process="login")})
    return found


def masked(email: str) -> str:
    """`n***@example.com`: enough to know one's own, too little to learn another's."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def _link_page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    response = render(request, "people/sign_in_link.html", context, status=status)
    response["Referrer-Policy"] = "same-origin"  # the address holds the token
    return response


def _next(request: HttpRequest) -> str:
    given = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure())
    return given if safe else ""
