"""Millions in the templates of the governor's page; ``{% load governor %}``."""

from __future__ import annotations

from decimal import Decimal

from django import template

from prasan.fabric.templatetags.kit import thai_number

register = template.Library()
MILLION = Decimal(1_000_000)


@register.filter
def million(amount: Decimal | None) -> str:
    """Baht in millions: one decimal, two below ten; a dash for none."""
    if amount is None:
        return "–"
    told = amount / MILLION
    return thai_number(told, 0 if not told else 2 if abs(told) < 10 else 1)


@register.filter
def million_change(amount: Decimal) -> str:
    """A difference in millions with its sign."""
    return f"{'−' if amount < 0 else '+'}{million(abs(amount))}"
