"""What everybody may look at: lists, one report, the map, the numbers, the photos, the help page."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.cache import caches
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from prasan.city.outlines import district_outlines
from prasan.city.registers import registers
from prasan.fabric import files
from prasan.fabric.codes import read_code
from prasan.fabric.problems import NotFound
from prasan.people.actors import actor_of
from prasan.reports import workflow_words
from prasan.reports.actions.photos import photo_hide, photo_redo
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Status
from prasan.reports.pages.report import listed, map_context, report_context
from prasan.reports.queries import public as queries
from prasan.reports.queries import tiles
from prasan.reports.queries.public import OPEN, PublicFilter

TILE_SECONDS = 60
OUTLINE_SECONDS = 3600


@require_safe
def report(request: HttpRequest, code: str) -> HttpResponse:
    """One report by its code, as anybody may have typed it."""
    read = read_code(code)
    if read is None:
        return render(request, "reports/public/no_such_code.html", {"code": code[:40]}, status=404)
    if read != code:
        return redirect("reports:report", code=read)
    token = request.GET.get("key", "")
    try:
        view = queries.report_view(actor_of(request), read, token)
    except NotFound:
        return render(request, "reports/public/no_such_report.html", {"code": read}, status=404)
    response = render(
        request,
        "reports/public/report.html",
        report_context(request, view, token if view.is_reporter else ""),
    )
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """Public reports, newest first, filtered and searched."""
    given = PublicFilter.read(request.GET)
    rows, photos, following = queries.report_list(given, cursor=request.GET.get("cursor", ""))
    context = {"items": listed(rows, photos), "following": following} | filter_context(given)
    return render(request, "reports/public/list.html", context)


def filter_context(given: PublicFilter) -> dict[str, Any]:
    """What the filter's form shows."""
    return {
        "filter": given,
        "categories": catalogue().categories.values(),
        "districts": sorted(registers().districts(), key=lambda area: area.name),
        "statuses": [(value, label) for value, label in Status.choices],
        "open": OPEN,
    }


@require_safe
def photo(request: HttpRequest, key: str, size: str) -> FileResponse:
    """A picture, as a file that can do nothing but be looked at.

    `size` is one of photos.SIZES, or original (blurred nowhere: for officers of an agency that handles the report).
    A picture that belongs to no report yet is shown to whoever knows its key: the person who sent it just now.
    """
    found = queries.photo_view(actor_of(request), key, size, request.GET.get("key", ""))
    try:
        content = files.open_file(found.file)
    except FileNotFoundError as error:
        raise NotFound(_("There is no such photo.")) from error
    response = FileResponse(
        content,
        content_type=found.content_type,
        as_attachment=found.attachment,
        filename=f"{key}-{size}{found.suffix}",
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "public, max-age=600" if found.everybody else "private, no-store"
    return response


@require_POST
def photo_decide(request: HttpRequest, key: str, decision: str) -> HttpResponse:
    """An officer hides a photo, or has it blurred again and shown."""
    decide = {"hide": photo_hide, "redo": photo_redo}.get(decision)
    if decide is None:
        raise NotFound
    photo = decide(actor=actor_of(request), key=key, origin="web")
    said = _("The photo is hidden.") if decision == "hide" else _("The photo is being made anew.")
    messages.success(request, said)
    return redirect(f"{reverse('reports:report', args=[photo.report.code if photo.report else ''])}#photos")


@require_safe
def report_map(request: HttpRequest) -> HttpResponse:
    """Every public report on a map; the list shows the same without one."""
    given = PublicFilter.read(request.GET)
    context = filter_context(given) | map_context() | {"heat": request.GET.get("show") == "heat"}
    return render(request, "reports/public/map.html", context)


@require_safe
@gzip_page
def tile(request: HttpRequest, zoom: int, column: int, row: int) -> HttpResponse:
    """A vector tile of the map; remembered by this process for a minute."""
    at = tiles.Tile(zoom, column, row)
    if not at.is_real:
        raise NotFound
    given, heat = replace(PublicFilter.read(request.GET), words=""), request.GET.get("show") == "heat"
    key = f"tile:{zoom}/{column}/{row}:{heat}:{given.query}"
    content = caches["process"].get_or_set(key, lambda: tiles.tile(at, given, heat=heat), TILE_SECONDS)
    return _cached(request, content or b"", "application/vnd.mapbox-vector-tile", TILE_SECONDS)


@require_safe
@gzip_page
def district_outlines_file(request: HttpRequest) -> HttpResponse:
    """The districts' outlines as GeoJSON."""
    content, version = district_outlines()
    return _cached(request, content.encode(), "application/geo+json", OUTLINE_SECONDS, etag=f'"{version}"')


def _cached(
    request: HttpRequest, content: bytes, content_type: str, seconds: int, etag: str = ""
) -> HttpResponse:
    """An answer for everybody, with an ETag: who has it already gets 304."""
    etag = etag or f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = f"public, max-age={seconds}"
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """How a report is handled, from the table that the code itself obeys."""
    context = {
        "rows": workflow_words.rows(),
        "statuses": [(value, label, STATUS_MEANINGS[value]) for value, label in Status.choices],
        "stages": catalogue().stages.values(),
        "groups": [(group, catalogue().in_group(code)) for code, group in catalogue().groups.items()],
        "emergency_numbers": catalogue().emergencies,
        "profile": registers().profile,
    }
    return render(request, "reports/public/help.html", context)


STATUS_MEANINGS = {
    "waiting": gettext_lazy("The agency has it and has not started yet."),
    "in_progress": gettext_lazy("Somebody works on it."),
    "forwarded": gettext_lazy(
        "It was passed on to the agency that is responsible, which has not started yet."
    ),
    "followed": gettext_lazy("It takes longer; the agency keeps an eye on it."),
    "finished": gettext_lazy("The agency says it is solved. If it is not, the reporter opens it again."),
    "irrelevant": gettext_lazy("The city can't act on it; the reason is on the page."),
}
