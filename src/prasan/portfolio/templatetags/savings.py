"""Ranges of baht in the templates of plans and prices; ``{% load savings %}``."""

from __future__ import annotations

from decimal import Decimal

from django import template

from prasan.fabric.templatetags.kit import thai_number
from prasan.portfolio.consolidation_savings import Range

register = template.Library()


@register.filter
def baht_range(found: Range) -> str:
    """“100,000 – 250,000”; one number where low and high are the same."""
    low, high = _signed(found.low), _signed(found.high)
    return low if found.exact else f"{low} – {high}"


@register.filter
def millions_range(found: Range) -> str:
    """The same in millions of baht, two decimals, for large figures."""
    low, high = _millions(found.low), _millions(found.high)
    return low if low == high else f"{low} – {high}"


@register.filter
def signed_baht(amount: Decimal | float | None) -> str:
    """Whole baht with a real minus sign; a dash for nothing."""
    return "–" if amount is None else _signed(Decimal(amount))


@register.filter
def of(found: dict[int, Decimal], key: int) -> Decimal | None:
    """The value of a key, such as a fiscal year; nothing where there is none."""
    return found.get(key)


def _millions(amount: Decimal) -> str:
    rounded = (amount / 1_000_000).quantize(Decimal("0.01"))
    return ("−" if rounded < 0 else "") + thai_number(abs(rounded), 2)


def _signed(amount: Decimal) -> str:
    rounded = amount.quantize(Decimal(1))
    return ("−" if rounded < 0 else "") + thai_number(abs(rounded), 0)
