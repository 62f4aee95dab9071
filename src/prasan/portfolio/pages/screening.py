"""Screening for the analyst: two lanes, who has what, the longest waiting first, with what each resembles."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from prasan.fabric.actors import Actor
from prasan.fabric.problems import Forbidden
from prasan.people.actors import actor_of
from prasan.people.gates import officers_only
from prasan.portfolio import policies, workflow
from prasan.portfolio.models import Proposal
from prasan.portfolio.pages.proposals import moves_of
from prasan.portfolio.queries import likeness, proposals
from prasan.portfolio.tiers import portfolio_rules

PLACES = ("analyst", "screening", "main")
SHORT_MOVES = ("send_screening", "return", "send_main")


@require_GET
@officers_only
def screening(request: HttpRequest) -> HttpResponse:
    """What waits in a lane with the analyst or a board."""
    actor = actor_of(request)
    if not policies.is_city_side(actor):
        raise Forbidden
    lanes = portfolio_rules().lanes
    lane = request.GET.get("lane", "")
    lane = lane if lane in lanes else list(lanes)[-1]
    place = request.GET.get("at", "")
    place = place if place in PLACES else PLACES[0]
    rows, following = proposals.screening_page(
        actor, lane=lane, who=place, cursor=request.GET.get("cursor", "")
    )
    found = likeness.summaries(actor, [row.proposal for row in rows])
    counts = proposals.screening_counts()
    context = {
        "rows": [_row(actor, row, found[row.proposal.code]) for row in rows],
        "following": following,
        "lane": lanes[lane],
        "place": place,
        "lanes": [
            _tab(term.name, code, place, code == lane, _sum(counts, code)) for code, term in lanes.items()
        ],
        "places": [
            _tab(
                workflow.HOLDER_NAMES[one],
                lane,
                one,
                one == place,
                counts.get((lane, one), (0, Decimal(0)))[0],
            )
            for one in PLACES
        ],
        "waiting_sum": counts.get((lane, place), (0, Decimal(0)))[1],
        "allowed": portfolio_rules().working_days[place],
    }
    return render(request, "portfolio/screening/screening.html", context)


def _sum(counts: dict[tuple[str, str], tuple[int, Decimal]], lane: str) -> int:
    return sum(count for (one, _place), (count, _baht) in counts.items() if one == lane)


def _tab(label: Any, lane: str, place: str, current: bool, count: int) -> dict[str, Any]:
    url = reverse("portfolio:screening") + f"?lane={lane}&at={place}"
    return {"label": label, "url": url, "current": current, "count": count}


def _row(actor: Actor, row: proposals.ProposalRow, summary: likeness.Summary) -> dict[str, Any]:
    shown: Proposal = row.proposal
    tier = next((one for one in portfolio_rules().tiers if one.code == shown.tier), None)
    moves = [move for move in moves_of(actor, shown) if move.action in SHORT_MOVES]
    return {"proposal": shown, "waiting": row.waiting, "summary": summary, "tier": tier, "moves": moves}
