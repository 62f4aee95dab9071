"""Django's last resorts (handler404 …): a page for people, problem JSON for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from prasan.fabric.api import Unexpected, problem_response
from prasan.fabric.middleware import wants_json
from prasan.fabric.problems import Forbidden, NotFound, Problem


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400"""
    return (
        problem_response(request, Problem())
        if wants_json(request)
        else defaults.bad_request(request, exception)
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403"""
    if wants_json(request):
        return problem_response(request, Forbidden())
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Any) -> HttpResponseBase:
    """404"""
    return (
        problem_response(request, NotFound())
        if wants_json(request)
        else defaults.page_not_found(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500"""
    return problem_response(request, Unexpected()) if wants_json(request) else defaults.server_error(request)
