"""The workflow table in words, for the desk's help page and for docs/reports-workflow.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prasan.people.models import Role
from prasan.reports.models import Status
from prasan.reports.workflow import ANY, WORKFLOW, Step

WHO: dict[str, Any] = {
    **dict(Role.choices),
    "reporter": gettext_lazy("The reporter"),
    "anybody": gettext_lazy("Anybody who sees the report"),
}
NEEDS: dict[str, Any] = {
    "officer": gettext_lazy("officer"),
    "stage": gettext_lazy("stage"),
    "note": gettext_lazy("words"),
    "category": gettext_lazy("category"),
    "agency": gettext_lazy("agency"),
    "parts": gettext_lazy("parts"),
    "other": gettext_lazy("the other report"),
    "photo": gettext_lazy("photo, where the category asks for one"),
    "reason": gettext_lazy("reason"),
    "contact": gettext_lazy("e-mail or account"),
    "rating": gettext_lazy("1 to 5 stars"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One step in the reader's language."""

    action: str
    label: str
    when: tuple[str, ...]
    who: tuple[str, ...]
    then: str
    needs: tuple[str, ...]
    lead_only: bool


def rows() -> list[Row]:
    """The table's rows in order, in the reader's language."""
    return [_row(step) for step in WORKFLOW.values()]


def _row(step: Step) -> Row:
    return Row(
        action=step.action,
        label=str(step.label),
        when=(_("any"),)
        if set(step.when) == set(ANY)
        else tuple(str(Status(status).label) for status in step.when),
        who=tuple(str(WHO[role]) for role in step.who),
        then=str(Status(step.then).label) if step.then else "",
        needs=tuple(str(NEEDS[name]) for name in step.needs),
        lead_only=step.lead_only,
    )


def markdown() -> str:
    """docs/reports-workflow.md: the table in both languages."""
    parts = ["# What is allowed when", INTRODUCTION]
    for language, title in (("th", "ภาษาไทย"), ("en", "English")):
        with translation.override(language):
            parts += [f"## {title}", _table()]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = """Written by `prasan reports workflow` from `src/prasan/reports/workflow.py`; a test keeps it true.

A status here is that of the acting agency's own part; the report's status is its lead agency's. For citizens' steps it
is the report's. An officer acts for the agencies of their role and those below them. An API key acts like its role when
it has the scope `reports:handle`."""


def _table() -> str:
    head = (_("Step"), _("While"), _("Who may"), _("Status afterwards"), _("Needs"), _("Lead agency only"))
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows():
        cells = (
            row.label, ", ".join(row.when), ", ".join(row.who), row.then or _("as it is"), ", ".join(row.needs) or "–",
            _("yes") if row.lead_only else "–",
        )  # fmt: skip
        lines.append(_line(cells))
    return "\n".join(lines)


def _line(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"
