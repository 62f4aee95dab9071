"""The governor's page, and the rows behind each of its figures."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio import lateness
from prasan.portfolio.models import Verdict
from prasan.portfolio.pages.delivery import year_of
from prasan.portfolio.queries import governor as queries
from prasan.portfolio.tiers import portfolio_rules

NAMES: dict[str, Any] = {
    "asked": _("Asked for"), "allowed": _("Approved"), "budget": _("Budget"), "contracted": _("Contracted"),
    "disbursed": _("Disbursed"), "overlap": _("Found to overlap"), "joined": _("Withdrawn to join another"),
    "no_policy": _("Projects with no policy"), "late": _("Late projects"),
}  # fmt: skip
MEANINGS: dict[str, Any] = {
    "asked": _("Handed in and not withdrawn, with their baht of this fiscal year."),
    "allowed": _("Approved by the main committee, with what they asked for in this fiscal year."),
    "budget": _("What they may spend this fiscal year: as adjusted, else as in the ordinance."),
    "contracted": _("What was contracted of this fiscal year's budget."),
    "disbursed": _("What was disbursed of this fiscal year's budget, all months."),
    "overlap": _("Proposals of which an officer said: same function, an existing system would serve, or buy together."
                 " With their baht over all years."),
    "joined": _("Withdrawn because another project does it for them too. With their baht over all years."),
    "no_policy": _("Proposals that answer none of the governor's policies. With their baht over all years."),
    "late": _("Decided projects that are late by one of the three rules. With their baht over all years."),
}  # fmt: skip
CURVE = (100, 30)


@require_GET
@officers_only
def governor(request: HttpRequest) -> HttpResponse:
    """The whole of the city's digital projects on one page."""
    actor = actor_of(request)
    year = year_of(request)
    found = queries.overview(actor, year)
    context = {
        "year": year,
        "years": portfolio_rules().years(),
        "found": found,
        "money": [_figure(name, found.totals[name], year) for name in found.totals],
        "overlap": _figure("overlap", found.overlapping, year),
        "joined": _figure("joined", found.joined, year),
        "no_policy": _figure("no_policy", found.no_policy, year),
        "kinds": [(Verdict.Kind(kind).label, count) for kind, count in found.overlap.items() if count],
        "late_url": _address("late", year),
        "silos": [{"line": line, "curve": _curve(line)} for line in found.silos],
        "rules": lateness.RULES,
    }
    return render(request, "portfolio/governor/governor.html", context)


def _figure(name: str, total: queries.Total, year: int) -> dict[str, Any]:
    return {"name": NAMES[name], "total": total, "url": _address(name, year), "meaning": MEANINGS[name]}


def _address(shown: str, year: int) -> str:
    return f"{reverse('portfolio:governor_rows')}?{urlencode({'show': shown, 'year': year})}"


def _curve(line: queries.SiloLine) -> str:
    """Points of a line through the months; empty for fewer than two."""
    if len(line.months) < 2:
        return ""
    top = max(value for _month, value in line.months) or 1
    last = len(line.months) - 1
    width, height = CURVE
    return " ".join(
        f"{width * number / last:.1f},{height - 1 - (height - 2) * float(value / top):.1f}"
        for number, (_month, value) in enumerate(line.months)
    )


@require_GET
@officers_only
def rows(request: HttpRequest) -> HttpResponse:
    """The projects behind a figure, or the policies that no project answers."""
    actor = actor_of(request)
    year, shown = year_of(request), request.GET.get("show", "")
    if shown == "policies":
        context: dict[str, Any] = {"year": year, "policies": queries.policies_without(actor)}
        return render(request, "portfolio/governor/policies.html", context)
    found, following = queries.behind(actor, shown, year, cursor=request.GET.get("cursor", ""))
    context = {
        "year": year, "name": NAMES[shown], "meaning": MEANINGS[shown], "rows": found, "following": following,
        "rules": lateness.RULES if shown == "late" else (),
        "linked": "delivery" if shown in (*queries.STAGES, "allowed", "late") else "proposal",
    }  # fmt: skip
    return render(request, "portfolio/governor/rows.html", context)
