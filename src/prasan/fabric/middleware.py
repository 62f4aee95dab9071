"""What every request passes: an id for the logs, and the headers that keep a browser from harm."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils import translation

from prasan.fabric.logs import request_id
from prasan.fabric.metrics import count_request
from prasan.fabric.problems import NotFound, Problem

Handler = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


class RequestContextMiddleware:
    """Gives each request an id (the caller's `X-Request-ID` when well-formed), answers it back, and counts it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if REQUEST_ID.match(given) else secrets.token_urlsafe(9)
        token = request_id.set(name)
        began = perf_counter()
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = name
        route = request.resolver_match.route if request.resolver_match else "(none)"
        count_request(str(request.method), route, response.status_code, perf_counter() - began)
        return response


class LanguageMiddleware(LocaleMiddleware):
    """Thai unless the reader chose otherwise: pages go by the switch's cookie, the API by Accept-Language.

    Many phones and office computers in Bangkok are set to English by people who read Thai.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith("/api/"):
            super().process_request(request)
            return
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        translation.activate(chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()


class SecurityHeadersMiddleware:
    """Content-Security-Policy without unsafe-inline or unsafe-eval, and its companions."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        extra = " ".join(settings.BASEMAP_ORIGINS)
        forms = " ".join(settings.SIGN_IN_ORIGINS)
        self.policy = "; ".join(
            [
                "default-src 'self'",
                "script-src 'self'",
                "style-src 'self'",
                "font-src 'self'",
                f"img-src 'self' data: blob: {extra}".strip(),
                f"connect-src 'self' {extra}".strip(),
                "worker-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
                f"form-action 'self' {forms}".strip(),
            ]
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.policy)
        response.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
        response.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        return response


class ProblemMiddleware:
    """A Problem that a page's view raises becomes a page (or problem JSON for programs) with its status."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:  # no address has one, and PostgreSQL can't be asked for it
            return self.answer(request, NotFound())
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a Problem; leave every other exception to Django."""
        return self.answer(request, error) if isinstance(error, Problem) else None

    @staticmethod
    def answer(request: HttpRequest, error: Problem) -> HttpResponse:
        """The problem as a page, or as JSON."""
        if wants_json(request):
            from prasan.fabric.api import problem_response

            return problem_response(request, error)
        response = render(request, "problem.html", {"problem": error}, status=error.status)
        if "retry_after" in error.extra:
            response["Retry-After"] = str(error.extra["retry_after"])
        return response


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program: an API address, or JSON preferred to HTML."""
    kinds = ["text/html", "application/problem+json", "application/json"]
    return request.path.startswith("/api/") or request.get_preferred_type(kinds) in kinds[1:]
