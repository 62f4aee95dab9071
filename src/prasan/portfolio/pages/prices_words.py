"""Why a price stands out, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prasan.fabric.templatetags.kit import thai_date, thai_number


def reason(kind: str, facts: Mapping[str, Any]) -> str:
    """One sentence for a flag, with its numbers; prices are baht for one base unit."""
    if kind == "above_reference":
        return _(
            "%(price)s baht each is %(more)s %% above the reference price of %(reference)s baht for “%(name)s” "
            "(%(edition)s, valid from %(day)s)."
        ) % {
            "price": _baht(facts["price"]), "more": _percent(facts["price"] / facts["reference"] - 1),
            "reference": _baht(facts["reference"]), "name": facts["name"], "edition": facts["edition"],
            "day": thai_date(date.fromisoformat(facts["valid_from"])),
        }  # fmt: skip
    if kind == "above_history":
        return _(
            "%(price)s baht each is %(times)s times the median of %(median)s baht that %(count)d other proposals pay; "
            "half of them pay %(low)s to %(high)s baht."
        ) % {
            "price": _baht(facts["price"]), "times": thai_number(round(facts["price"] / facts["median"], 1)),
            "median": _baht(facts["median"]), "count": facts["count"], "low": _baht(facts["low"]),
            "high": _baht(facts["high"]),
        }  # fmt: skip
    if kind == "unit_missing":
        unit = facts.get("unit", "")
        if unit:
            return _("“%(unit)s” is a price for all of it: the price of one can't be compared.") % {
                "unit": unit
            }
        return _("The line does not say what the price is for: a piece, a set, a licence, a month?")
    count = int(facts.get("count", 0))
    if not count:
        return _("No valid reference list and no other proposal names this.")
    return ngettext(
        "No valid reference list names this, and only %(count)d other proposal buys it; five are needed.",
        "No valid reference list names this, and only %(count)d other proposals buy it; five are needed.",
        count,
    ) % {"count": count}


def _baht(amount: float) -> str:
    return thai_number(amount, 0 if amount == int(amount) else 2)


def _percent(share: float) -> str:
    return thai_number(round(100 * share, 1 if share < 0.1 else 0))
