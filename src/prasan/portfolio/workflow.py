"""What may be done with a proposal: one table, status × action × role. The help page and the docs print it from here.

`then` is the status afterwards; None leaves it as it is. What a board's resolution does is `OUTCOMES`, below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from prasan.fabric.decisions import Outcome
from prasan.portfolio.models import Proposal

S = Proposal.Status
DRAFT, SENT, BACK, BOARD, MAIN = S.DRAFT, S.SUBMITTED, S.RETURNED, S.SCREENING, S.SCREENED
AGAIN, UNSEEN, GONE = S.RECONSIDER, S.NOT_CONSIDERED, S.WITHDRAWN
WRITTEN = (DRAFT, BACK, AGAIN)  # the agency works on it
ARRIVED = (SENT, UNSEEN)  # the analyst has it
BOARDED = (BOARD, MAIN)
OPEN = (*WRITTEN, *ARRIVED, *BOARDED)

AGENCY = ("digital_officer", "supervisor")
ANALYST = ("analyst",)
EITHER = (*AGENCY, *ANALYST)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table."""

    action: str
    when: tuple[Proposal.Status, ...]
    who: tuple[str, ...]
    then: Proposal.Status | None
    label: Any
    needs: tuple[str, ...] = ()


WORKFLOW: dict[str, Move] = {
    move.action: move
    for move in (
        #    action            when                  who      then   label                   needs
        Move("change",         WRITTEN,              AGENCY,  None,  _("Change")),
        Move("attach",         WRITTEN,              AGENCY,  None,  _("Attach evidence"),   ("indicator",)),
        Move("submit",         WRITTEN,              AGENCY,  SENT,  _("Submit"),            ("complete",)),
        Move("withdraw",       OPEN,                 AGENCY,  GONE,  _("Withdraw"),          ("note",)),
        Move("join",           (*WRITTEN, SENT),     AGENCY,  GONE,  _("Withdraw and join"), ("other", "note")),
        Move("verdict",        OPEN,                 EITHER,  None,  _("Judge a likeness"),  ("kind", "note")),
        Move("return",         (*ARRIVED, *BOARDED), ANALYST, BACK,  _("Return to the agency"), ("note",)),
        Move("send_screening", ARRIVED,              ANALYST, BOARD, _("Send to the screening board")),
        Move("send_main",      ARRIVED,              ANALYST, MAIN,  _("Send to the main committee"), ("note",)),
    )
}  # fmt: skip

# What a resolution does, by the board that has it: what the screening board agrees to goes on to the main committee.
OUTCOMES: dict[Proposal.Status, dict[Outcome, Proposal.Status]] = {
    BOARD: {
        Outcome.APPROVED: MAIN,
        Outcome.CONDITIONS: MAIN,
        Outcome.NOT_APPROVED: S.NOT_APPROVED,
        Outcome.ACKNOWLEDGED: S.ACKNOWLEDGED,
        Outcome.RECONSIDER: AGAIN,
        Outcome.NOT_CONSIDERED: UNSEEN,
    },
    MAIN: {
        Outcome.APPROVED: S.APPROVED,
        Outcome.CONDITIONS: S.CONDITIONS,
        Outcome.NOT_APPROVED: S.NOT_APPROVED,
        Outcome.ACKNOWLEDGED: S.ACKNOWLEDGED,
        Outcome.RECONSIDER: AGAIN,
        Outcome.NOT_CONSIDERED: UNSEEN,
    },
}
BOARDS: Mapping[str, Proposal.Status] = {"screening": BOARD, "main": MAIN}

# Who has the case, by status; nobody once it is decided or withdrawn. Codes are those of portfolio.yaml's working_days.
HOLDERS: Mapping[str, str] = {
    DRAFT: "agency", BACK: "agency", AGAIN: "agency", SENT: "analyst", UNSEEN: "analyst", BOARD: "screening",
    MAIN: "main",
}  # fmt: skip
HOLDER_NAMES: Mapping[str, Any] = {
    "agency": _("The agency"),
    "analyst": _("Analyst of the digital office"),
    "screening": _("Screening board"),
    "main": _("Main committee"),
}
WHO: Mapping[str, Any] = {
    "digital_officer": _("Agency's digital officer"),
    "supervisor": _("Agency's supervisor"),
    "analyst": _("Analyst of the digital office"),
}
NEEDS: Mapping[str, Any] = {
    "indicator": _("an indicator of the city"),
    "complete": _("complete for its tier"),
    "note": _("a reason"),
    "other": _("the other proposal, or a system"),
    "kind": _("what it is"),
}


def holder(status: str) -> str:
    """Code of who has the case; empty when nobody has."""
    return HOLDERS.get(status, "")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who has a case, for how many working days, and how many are allowed."""

    holder: str
    days: int
    allowed: int

    @property
    def late(self) -> bool:
        return self.days > self.allowed

    @property
    def name(self) -> Any:
        """The holder in the reader's language."""
        return HOLDER_NAMES[self.holder]


def working_days_between(start: date, end: date, calendar: Any) -> int:
    """Working days after `start` up to and with `end`; 0 when `end` is not later."""
    return sum(calendar.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


# --- the table in words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table in the reader's language."""

    action: str
    label: str
    when: tuple[str, ...]
    who: tuple[str, ...]
    then: str
    needs: tuple[str, ...]


def lines() -> list[Line]:
    """The table's rows in order, in the reader's language."""
    return [
        Line(
            action=move.action,
            label=str(move.label),
            when=tuple(str(status.label) for status in move.when),
            who=tuple(str(WHO[role]) for role in move.who),
            then=str(move.then.label) if move.then else "",
            needs=tuple(str(NEEDS[name]) for name in move.needs),
        )
        for move in WORKFLOW.values()
    ]


def outcome_lines() -> list[tuple[str, str, str]]:
    """(outcome, status after the screening board's, after the main committee's) in the reader's language."""
    return [
        (str(outcome.label), str(OUTCOMES[BOARD][outcome].label), str(OUTCOMES[MAIN][outcome].label))
        for outcome in Outcome
    ]


def markdown() -> str:
    """The tables of docs/proposals.md in both languages."""
    parts = []
    for language, title in (("th", "ภาษาไทย"), ("en", "English")):
        with translation.override(language):
            head = [_t("Step"), _t("While"), _t("Who may"), _t("Status afterwards"), _t("Needs")]
            rows = [_cells(one) for one in lines()]
            outcomes = [_t("Resolution"), _t("Screening board"), _t("Main committee")]
            parts += [
                f"## {title}",
                _markdown(head, rows),
                _markdown(outcomes, [list(one) for one in outcome_lines()]),
            ]
    return "\n\n".join(parts) + "\n"


def _cells(one: Line) -> list[str]:
    then = one.then or _t("as it is")
    return [one.label, ", ".join(one.when), ", ".join(one.who), then, ", ".join(one.needs) or "–"]


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))
