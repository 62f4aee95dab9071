"""Pages of the kit itself: the theme switch without JavaScript, and the style guide."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from prasan.fabric import style_guide
from prasan.fabric.templatetags.kit import THEME_COOKIE, THEMES

P = ParamSpec("P")
ONE_YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen colours in a cookie and go back to the page the reader came from."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=ONE_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response


def while_debugging(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """For those who build pages: the address exists only with `PRASAN_DEBUG=1`."""

    @wraps(view)
    def guarded(*arguments: P.args, **options: P.kwargs) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(*arguments, **options)

    return guarded


@while_debugging
@require_GET
def kit(request: HttpRequest) -> HttpResponse:
    """Every component in its states."""
    return render(request, "kit/style_guide.html", style_guide.context())


@while_debugging
@require_GET
def kit_outlines(request: HttpRequest) -> HttpResponse:
    """Districts for the style guide's maps."""
    return JsonResponse(style_guide.outlines())


@while_debugging
@require_GET
def kit_tile(request: HttpRequest, zoom: int, column: int, row: int) -> HttpResponse:
    """Reports for the style guide's maps."""
    return HttpResponse(style_guide.tile(zoom), content_type="application/vnd.mapbox-vector-tile")
