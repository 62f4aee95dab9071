"""Names of agencies, categories, districts and deadlines in the desk's templates; ``{% load desk %}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prasan.city.registers import registers
from prasan.fabric.templatetags.kit import STATES, badge, icon, when
from prasan.reports.catalogue import catalogue
from prasan.reports.models import Assignment, Report

register = template.Library()


@register.filter
def agency_name(code: str | None) -> str:
    """The agency's name in the reader's language; empty for none."""
    agency = registers().agencies.get(code or "")
    return agency.name if agency else ""


@register.filter
def category_name(code: str) -> str:
    """The category's name in the reader's language."""
    category = catalogue().categories.get(code)
    return category.name if category else code


@register.filter
def category_icon(code: str) -> str:
    """The category's drawing."""
    category = catalogue().categories.get(code)
    return category.icon if category else "question"


@register.filter
def district_name(code: str) -> str:
    """The district's name in the reader's language; empty where it is not known."""
    district = registers().district(code)
    return district.name if district else ""


@register.filter
def stage_name(code: str) -> str:
    """The long-process stage, or the reason for which a report is not relevant."""
    term = catalogue().stages.get(code) or catalogue().irrelevant_reasons.get(code)
    return term.name if term else ""


@register.simple_tag
def deadline(assignment: Assignment) -> SafeString:
    """The deadline of an agency's part as shape, words and exact time."""
    if assignment.due_at is None or not assignment.active:
        return SafeString("")
    if assignment.paused_at is not None:
        return badge(_("Waiting for the reporter"), "neutral", "question")
    left = assignment.due_at - timezone.now()
    mark = SafeString("")
    if left.total_seconds() < 0:
        mark = badge(_("Overdue"), "danger", "warning")
    elif left < (assignment.due_at - assignment.assigned_at) / 5:
        mark = badge(_("Due soon"), "warning", "clock")
    return format_html('<span class="desk-deadline">{} {}</span>', mark, when(assignment.due_at))


@register.simple_tag
def map_link(report: Report) -> SafeString:
    """A link that opens the place in the phone's own map application (RFC 5870); nothing without a point."""
    if report.latitude is None or report.longitude is None:
        return SafeString("")
    point = f"{report.latitude:.6f},{report.longitude:.6f}"
    return format_html(
        '<a class="desk-map" href="geo:{}?q={}({})">{} {}</a>',
        point, point, report.code, icon("pin"), _("Open in the map app"),
    )  # fmt: skip


@register.simple_tag
def timeline_mark(line: Mapping[str, Any]) -> SafeString:
    """The drawing of a timeline line, by its state or as it says."""
    drawing, tone = STATES.get(str(line.get("state", "")), ("info", "neutral"))
    return format_html(
        '<span class="timeline-mark timeline-mark-{}">{}</span>',
        line.get("tone", tone),
        icon(line.get("icon", drawing)),
    )
