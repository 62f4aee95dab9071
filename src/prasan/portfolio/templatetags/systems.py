"""Names of agencies and capabilities in the inventory's templates; ``{% load systems %}``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prasan.fabric.templatetags.kit import thai_number
from prasan.people import queries
from prasan.portfolio.capabilities import capability_map

register = template.Library()


@register.filter
def agency_name(code: str) -> str:
    """The agency's name in the reader's language."""
    return queries.agency_name(code)


@register.filter
def capability_name(code: str) -> str:
    """The capability's name in the reader's language; empty for none."""
    return capability_map().name(code) if code else ""


@register.filter
def baht(amount: Decimal | None) -> str:
    """Whole baht in groups of three; a dash where nothing is told."""
    return thai_number(amount, 0)


@register.filter
def month_name(day: date) -> str:
    """Month and year of a day; พ.ศ. on Thai pages."""
    thai = (get_language() or "th").startswith("th")
    return f"{format_date(day, 'MMMM', locale='th' if thai else 'en')} {day.year + 543 if thai else day.year}"


@register.simple_tag
def inventory_pages(current: str) -> list[dict[str, Any]]:
    """The inventory's pages for the kit's tabs; `current` is the name of the address of this one."""
    pages = {
        "systems": _("Systems"),
        "systems_network": _("Who gives data to whom"),
        "systems_capabilities": _("Capability map"),
        "systems_silos": _("Silo numbers"),
        "systems_due": _("To confirm"),
    }
    return [
        {"label": label, "url": reverse(f"portfolio:{name}"), "current": name == current}
        for name, label in pages.items()
    ]


@register.simple_tag
def due_address() -> str:
    """Absolute address of the page of systems that wait for confirmation."""
    return settings.PUBLIC_URL + reverse("portfolio:systems_due")
