"""Words of letters to members."""

from __future__ import annotations

from datetime import datetime

from django import template

from prasan.committee.minutes import clock, long_date

register = template.Library()


@register.filter
def moment_in_full(text: str) -> str:
    """A moment (ISO 8601) as a day in full and an hour, in the reader's language."""
    moment = datetime.fromisoformat(text)
    return f"{long_date(moment)} {clock(moment)}"
