"""Numbers and kinds in the templates of proposals; ``{% load proposals %}``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from prasan.fabric.templatetags.kit import thai_number
from prasan.portfolio.models import Proposal
from prasan.portfolio.models.overlaps import kind_label

register = template.Library()


@register.filter
def number(value: Decimal | None) -> str:
    """A number with as many decimals as it has, two at most; a dash for none."""
    if value is None:
        return "–"
    decimals = 0 if value == value.to_integral_value() else 2
    return thai_number(value, decimals)


@register.filter
def kind_name(kind: str) -> Any:
    """What a kind of likeness is called."""
    return kind_label(kind)


@register.filter
def status_name(status: str) -> Any:
    """What a status is called; the code itself where there is none."""
    return Proposal.Status(status).label if status in Proposal.Status.values else status
