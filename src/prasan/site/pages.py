"""The front page and the pages that belong to no module."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prasan.city.registers import registers
from prasan.reports.catalogue import catalogue
from prasan.reports.pages.report import fixed_items


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What a citizen can do here: report, follow, see; and what was fixed lately."""
    context = {
        "fixed": fixed_items(),
        "emergency_numbers": catalogue().emergencies,
        "profile": registers().profile,
    }
    return render(request, "site/home.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of whom, why, how long, and how to have it shown or erased (PDPA sections 19, 23, 30 to 36)."""
    return render(request, "site/privacy.html", {"profile": registers().profile})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What Prasan is and who runs it."""
    return render(request, "site/about.html", {"profile": registers().profile})
