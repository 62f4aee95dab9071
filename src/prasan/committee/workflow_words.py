"""The workflow table in words: for the help page and for docs/committee.md (`prasan committee workflow`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prasan.committee.models import Meeting
from prasan.committee.workflow import PART_LABELS, WORKFLOW


@dataclass(frozen=True, slots=True)
class Row:
    """One step: what, while the meeting is what, by whom, and what it is afterwards."""

    label: Any
    when: str
    who: str
    then: Any


def rows() -> list[Row]:
    """The table in the reader's language."""
    return [
        Row(
            step.label,
            ", ".join(str(Meeting.State(state).label) for state in step.when),
            ", ".join(str(PART_LABELS[part]) for part in step.who),
            Meeting.State(step.then).label if step.then else "–",
        )
        for step in WORKFLOW.values()
    ]


def as_markdown() -> str:
    """The table as docs/committee.md holds it."""
    lines = ["| step | while the meeting is | who | then |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.label} | {row.when} | {row.who} | {row.then} |" for row in rows()]
    return "\n".join(lines)
