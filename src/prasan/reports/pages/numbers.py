"""The numbers page: what a job computed last, in words a journalist can quote."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from prasan.city.registers import registers
from prasan.fabric.templatetags.kit import thai_number
from prasan.reports.catalogue import catalogue
from prasan.reports.queries.numbers import GROUPINGS, PERIODS, latest

TITLES = {
    "agency": gettext_lazy("By agency"),
    "district": gettext_lazy("By district"),
    "category": gettext_lazy("By category"),
}
FEW = 5  # fewer reports than this say nothing about how long things take
BARS = 12


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """How long things take, by agency, district or category; one statement."""
    given = request.GET.get("days", "")
    days = int(given) if given in {str(one) for one in PERIODS} else PERIODS[1]
    by = request.GET.get("by", "") if request.GET.get("by") in GROUPINGS else GROUPINGS[0]
    snapshot = latest(days)
    context: dict[str, Any] = {
        "snapshot": snapshot,
        "days": days,
        "periods": [
            {
                "label": _("Last %(days)d days") % {"days": one},
                "url": f"?days={one}&by={by}",
                "current": one == days,
            }
            for one in PERIODS
        ],
        "tabs": [
            {"label": TITLES[one], "url": f"?days={days}&by={one}#table", "current": one == by}
            for one in GROUPINGS
        ],
        "by": by,
        "title": TITLES[by],
    }
    if snapshot is not None:
        context |= _content(snapshot.content, by)
    return render(request, "reports/public/numbers.html", context)


def _content(content: dict[str, Any], by: str) -> dict[str, Any]:
    rows = [_row(one, by) for one in content[by]]
    told = [row for row in rows if row["reports"] >= FEW]
    return {
        "all": _row(content["all"], ""),
        "imported": content["imported"],
        "rows": rows,
        "bars": [
            {"label": row["name"], "value": row["reports"] - row["open"], "rest": row["open"], "href": row["href"],
             "text": f"{row['open_share']} %"}
            for row in told[:BARS]
        ],
    }  # fmt: skip


def _row(numbers: dict[str, Any], by: str) -> dict[str, Any]:
    """A group's numbers as the page says them."""
    few = numbers["reports"] < FEW
    waits = numbers["longest"]
    return numbers | {
        "name": name_of(by, numbers["code"]),
        "href": f"/reports/?{by}={numbers['code']}" if by in {"district", "category"} else "",
        "open_share": _share(numbers["open"], numbers["reports"]),
        "reopened_share": _share(numbers["reopened"], numbers["reports"]),
        "action_median": "" if few else duration(numbers["action_median"], waits),
        "fix_median": "" if few else duration(numbers["fix_median"], waits),
        "fix_most": "" if few else duration(numbers["fix_most"], waits),
    }


def _share(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


def name_of(by: str, code: str) -> str:
    """The name of an agency, district or category in the reader's language."""
    if by == "agency":
        agency = registers().agencies.get(code)
        return agency.name if agency else code
    if by == "district":
        area = registers().areas.get(code)
        return area.name if area else code
    category = catalogue().categories.get(code)
    return category.name if category else code


def duration(hours: float | None, longest: float) -> str:
    """A time in words; what was not reached took longer than the longest that was seen."""
    if hours is None:
        return _("more than %(time)s") % {"time": _in_words(_rounded_down(longest))} if longest else ""
    return _in_words(hours)


def _rounded_down(hours: float) -> float:
    """A bound in whole days or hours: "more than 365.7 days" says no more than "more than 365 days"."""
    unit = 24 if hours >= 48 else 1
    return hours // unit * unit or hours


def _in_words(hours: float) -> str:
    if hours < 1:
        minutes = max(1, round(hours * 60))
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", 1 if hours == 1 else 2) % {
            "n": thai_number(round(hours, 1 if hours < 10 else 0))
        }
    return _("%(n)s days") % {"n": thai_number(round(hours / 24, 1))}
