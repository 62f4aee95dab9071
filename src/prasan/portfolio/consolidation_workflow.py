"""What may be done with a consolidation plan: one table, state × action × role. Page and docs print it from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.portfolio.models import ConsolidationPlan

State = ConsolidationPlan.State
DRAFT, CLAIMED, VALIDATED = State.DRAFT, State.CLAIMED, State.VALIDATED
COUNTED = (CLAIMED, VALIDATED, State.REALISED)  # its baseline is nobody else's meanwhile

WRITERS = ("lead", "analyst")
ANALYST = ("analyst",)
CHECKER = ("other_analyst",)


@dataclass(frozen=True, slots=True)
class PlanMove:
    """One row of the table; `then` None leaves the state as it is."""

    action: str
    when: tuple[ConsolidationPlan.State, ...]
    who: tuple[str, ...]
    then: ConsolidationPlan.State | None
    label: Any
    needs: tuple[str, ...] = ()


PLAN_MOVES: dict[str, PlanMove] = {
    move.action: move
    for move in (
        #        action      when                          who      then            label                needs
        PlanMove("change",   (DRAFT,),                     WRITERS, None,           _("Change the plan")),
        PlanMove("claim",    (DRAFT,),                     WRITERS, CLAIMED,        _("Claim the savings"), ("whole",)),
        PlanMove("return",   (CLAIMED, VALIDATED),         ANALYST, DRAFT,          _("Send back"),      ("note",)),
        PlanMove("validate", (CLAIMED,),                   CHECKER, VALIDATED,      _("Validate"),       ("note",)),
        PlanMove("record",   (VALIDATED,),                 CHECKER, None,           _("Enter what was spent"),
                 ("over", "spent", "source")),
        PlanMove("drop",     (DRAFT, CLAIMED, VALIDATED),  WRITERS, State.DROPPED,  _("Give up"),        ("note",)),
    )
}  # fmt: skip

WHO: Mapping[str, Any] = {
    "lead": _("Digital officer or supervisor of the agency that leads"),
    "analyst": _("Analyst of the digital office"),
    "other_analyst": _("An analyst who did not claim it"),
}
NEEDS: Mapping[str, Any] = {
    "whole": _("platform, members, baseline, method, evidence; no year that counts in another plan"),
    "note": _("a reason"),
    "over": _("the fiscal year is over"),
    "spent": _("what was really spent"),
    "source": _("where the figures are from"),
}

LATER: Mapping[str, Any] = {"record": _("Realised, once every year is told")}


@dataclass(frozen=True, slots=True)
class PlanMoveLine:
    """One row of the table in the reader's language."""

    label: str
    when: tuple[str, ...]
    who: tuple[str, ...]
    then: str
    needs: tuple[str, ...]


def plan_move_lines() -> list[PlanMoveLine]:
    """The table's rows in order, in the reader's language."""
    return [
        PlanMoveLine(
            label=str(move.label),
            when=tuple(str(state.label) for state in move.when),
            who=tuple(str(WHO[who]) for who in move.who),
            then=str(move.then.label) if move.then else str(LATER.get(move.action, "")),
            needs=tuple(str(NEEDS[name]) for name in move.needs),
        )
        for move in PLAN_MOVES.values()
    ]
