"""What letters about reports look up while they are written; ``{% load report_letters %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse

from prasan.reports.catalogue import catalogue
from prasan.reports.links import report_url, reporter_url
from prasan.reports.models import Entry, Report

register = template.Library()


@register.simple_tag
def report_of(code: str) -> Report | None:
    """The report a letter tells of. One statement."""
    return Report.objects.only("category", "district").filter(code=code).first()


@register.simple_tag
def entry_of(entry_id: int | None) -> Entry | None:
    """The timeline entry a letter tells of. One statement."""
    shown = Entry.objects.only("agency_id", "to_agency_id", "stage", "public_text")
    return shown.filter(pk=entry_id).first() if entry_id else None


@register.simple_tag
def page_of(code: str, reporter: bool = False) -> str:
    """Address of a report's page: the reporter's own link for the reporter, the public page for others."""
    return reporter_url(code) if reporter else report_url(code)


@register.simple_tag
def desk_page(code: str = "") -> str:
    """Address of a report on the desk, or of the inbox."""
    path = reverse("reports:desk_report", args=[code]) if code else reverse("reports:desk")
    return f"{settings.PUBLIC_URL}{path}"


@register.filter
def reason_text(code: str) -> str:
    """The sentence that says why a report is not relevant."""
    reason: Any = catalogue().irrelevant_reasons.get(code)
    return reason.text if reason else ""
