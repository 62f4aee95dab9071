"""Proposals as what a committee decides on (fabric/decisions.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prasan.city.registers import registers
from prasan.fabric.actors import Actor
from prasan.fabric.decisions import Decision, Subject
from prasan.portfolio.actions.proposals import proposal_decided
from prasan.portfolio.models import Proposal, Verdict
from prasan.portfolio.queries.evidence import reading
from prasan.portfolio.queries.proposals import waiting_of, with_parts
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workflow import BOARDS

SYSTEM = Actor.system("portfolio.snapshot")


class ProposalKind:
    """Budget proposals for the screening board and the main committee."""

    code = "proposal"
    label = gettext_lazy("Project proposal")

    def waiting(self, board: str) -> Sequence[Subject]:
        """Proposals that wait for this board (`screening` or `main`), the longest waiting first. One statement."""
        status = BOARDS.get(board)
        rows = Proposal.objects.filter(status=status).order_by("status_since", "id") if status else ()
        return [_subject(proposal) for proposal in rows]

    def find(self, reference: str) -> Subject | None:
        """One proposal by its code. One statement."""
        proposal = Proposal.objects.filter(code=reference).first()
        return _subject(proposal) if proposal else None

    def snapshot(self, reference: str) -> Mapping[str, Any]:
        """Everything the decision rests on: what is proposed, its likenesses and verdicts, its evidence, its way."""
        return snapshot(reference)

    def decided(self, *, actor: Actor, reference: str, decision: Decision, origin: str) -> None:
        """Move the proposal on, inside the transaction of the resolution. Raises NotFound, Conflict."""
        proposal_decided(actor=actor, code=reference, decision=decision, origin=origin)


def _subject(proposal: Proposal) -> Subject:
    agency = registers().agencies.get(proposal.agency_id)
    tier = next((one for one in portfolio_rules().tiers if one.code == proposal.tier), None)
    waiting = waiting_of(proposal)
    facts = [
        (_("Agency"), agency.name if agency else proposal.agency_id),
        (_("Lane"), str(proposal.get_lane_display())),
        (_("Money over all years"), _("%(amount)s baht") % {"amount": f"{proposal.total:,.0f}"}),
        (_("Size"), tier.name if tier else "–"),
    ]
    if waiting:
        facts.append((_("Waiting"), _("%(days)d working days") % {"days": waiting.days}))
    if proposal.conditions:
        facts.append((_("Conditions so far"), proposal.conditions))
    return Subject(
        kind=ProposalKind.code, reference=proposal.code, title=proposal.title, agency=proposal.agency_id,
        url=reverse("portfolio:proposal", args=[proposal.code]), facts=tuple(facts),
    )  # fmt: skip


def snapshot(code: str) -> dict[str, Any]:
    """A proposal with all that speaks for and against it, as JSON can hold it: money as text, dates as ISO.

    Raises Proposal.DoesNotExist.
    """
    proposal = with_parts(Proposal.objects.filter(code=code)).get()
    columns = (
        "code", "own_number", "title", "objective", "scope", "benefit", "nature", "lane", "capability", "data_held",
        "first_year", "life_years", "policies", "partners", "answers", "tier", "status", "conditions", "committed",
        "version",
    )  # fmt: skip
    return {name: getattr(proposal, name) for name in columns} | {
        "agency": proposal.agency_id,
        "total": str(proposal.total),
        "submitted_at": proposal.submitted_at.isoformat() if proposal.submitted_at else None,
        "costs": [
            {"year": cost.fiscal_year, "part": cost.part, "amount": str(cost.amount)}
            for cost in sorted(proposal.costs.all(), key=lambda one: (one.fiscal_year, one.part))
        ],
        "metrics": [
            {
                "name": one.name, "unit": one.unit, "baseline": _text(one.baseline), "target": _text(one.target),
                "due_on": one.due_on.isoformat() if one.due_on else None, "indicator": one.indicator,
                "areas": one.areas,
            }
            for one in sorted(proposal.metrics.all(), key=lambda one: one.pk)
        ],
        "relations": [{"other": one.other.code, "kind": one.kind} for one in proposal.relations.all()],
        "systems": [{"system": one.system.code, "kind": one.kind} for one in proposal.system_links.all()],
        "evidence": _evidence(proposal),
        "overlap": _overlap(proposal),
        "verdicts": _verdicts(proposal),
        "steps": [
            {
                "at": one.at.isoformat(), "before": one.before, "after": one.after, "note": one.note,
                "resolution": one.resolution,
            }
            for one in proposal.steps.order_by("id")
        ],
    }  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _evidence(proposal: Proposal) -> list[dict[str, Any]]:
    found = []
    for one in proposal.evidence.order_by("id"):
        today = reading(one.indicator, one.areas, one.months)
        found.append(
            {
                "indicator": one.indicator, "areas": one.areas, "months": one.months, "value": str(one.value),
                "unit": one.unit, "until": one.until.isoformat(), "taken_at": one.taken_at.isoformat(),
                "today": str(today.value) if today else None,
            }
        )  # fmt: skip
    return found


def _overlap(proposal: Proposal) -> list[dict[str, Any]]:
    from prasan.portfolio.queries import likeness  # loads numpy and scipy, which starting up does not need

    item = likeness.proposal_item(proposal)
    return [
        {
            "code": one.code, "sort": one.sort, "title": one.title, "kind": one.match.kind, "score": one.match.score,
            "flagged": one.match.flagged, "reason": one.reason,
        }
        for one in likeness.closest(SYSTEM, item)
    ]  # fmt: skip


def _verdicts(proposal: Proposal) -> list[dict[str, Any]]:
    rows = Verdict.objects.filter(proposal=proposal).select_related("other", "system").order_by("id")
    return [
        {
            "other": str(one.other or one.system), "shown": one.shown_kind,
            "score": one.shown_score, "kind": one.kind, "reason": one.reason, "at": one.at.isoformat(),
        }
        for one in rows
    ]  # fmt: skip
