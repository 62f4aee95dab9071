"""The fiscal year of Thai government: October to September, named (พ.ศ.) after the year it ends in."""

from __future__ import annotations

from datetime import date


def fiscal_year(day: date) -> int:
    """The fiscal year (พ.ศ.) that a day lies in."""
    return day.year + 543 + (day.month >= 10)
