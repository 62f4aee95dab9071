"""Decided projects for everybody: the list, one project, both as open data. Before the decision nothing is here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from prasan.city.registers import registers
from prasan.fabric.codes import read_code
from prasan.fabric.rates import client_network, rate_check
from prasan.portfolio.exports import fiscal, ocds
from prasan.portfolio.models import BudgetFigure
from prasan.portfolio.pages import delivery_words as words
from prasan.portfolio.queries import public as queries
from prasan.portfolio.queries.delivery import YearRow
from prasan.portfolio.tiers import portfolio_rules

EXPORTS = (20, 600)
STAGE_NAMES = (gettext_lazy("Requested"), *(BudgetFigure.Stage(one).label for one in queries.STAGES))


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every decided project, the last decided first."""
    given = queries.PublicFilter.read(request.GET)
    page = queries.public_page(given, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": given,
        "page": page,
        "numbers": queries.public_numbers(),
        "agencies": [registers().agency(code) for code in queries.agencies()],
    }
    return render(request, "portfolio/public/list.html", context)


@require_safe
def project(request: HttpRequest, code: str) -> HttpResponse:
    """One decided project. NotFound for any other, in the same words whether it exists or not."""
    known = read_code(code)
    if known and known != code:
        return redirect("portfolio:public_project", known)
    found = queries.public_project(code)
    policies = portfolio_rules().policies
    context = {
        "found": found,
        "proposal": found.proposal,
        "policies": [policies[one] for one in found.proposal.policies if one in policies],
        "stages": STAGE_NAMES,
        "years": [_Year(row) for row in found.years],
        "metrics": [words.metric_card(view, found.since) for view in found.metrics],
        "disbursed": sum(amount for _month, amount in found.paid),
        "today": timezone.localdate(),
    }
    return render(request, "portfolio/public/project.html", context)


class _Year:
    """A year's row with the stages that the public sees."""

    def __init__(self, row: YearRow) -> None:
        self.year = row.year
        self.cells = [row.requested, *(row.sums.get(stage) for stage in queries.STAGES)]


# --- open data --------------------------------------------------------------------------------------------------------


def _counted(request: HttpRequest) -> None:
    rate_check(f"export:{client_network(request)}", *EXPORTS)


@require_safe
def record(request: HttpRequest, code: str) -> HttpResponse:
    """One decided project as an OCDS record package."""
    return _json(ocds.record_package(queries.public_project(code)))


@require_safe
def releases(request: HttpRequest) -> StreamingHttpResponse:
    """Every decided project as one OCDS release package."""
    _counted(request)
    return StreamingHttpResponse(_release_package(), content_type="application/json; charset=utf-8")


def _release_package() -> Iterator[str]:
    uri = settings.PUBLIC_URL + reverse("portfolio:public_releases")
    around = json.dumps(ocds.package(uri, ocds.iso(timezone.now())), ensure_ascii=False)
    yield around[:-1] + ', "releases": ['
    comma = ""
    for one in queries.public_all():
        yield comma + json.dumps(ocds.release(one), ensure_ascii=False)
        comma = ",\n"
    yield "]}\n"


@require_safe
def datapackage(request: HttpRequest) -> HttpResponse:
    """What the budget's file holds, as a Fiscal Data Package."""
    return _json(fiscal.descriptor(ocds.iso(timezone.now())))


@require_safe
def budget(request: HttpRequest) -> StreamingHttpResponse:
    """The budget of every decided project, a line for each figure."""
    _counted(request)
    return StreamingHttpResponse(fiscal.lines(queries.public_all()), content_type="text/csv; charset=utf-8")


def _json(content: dict[str, Any]) -> HttpResponse:
    return JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 1})
