"""The workflow table in words: for the help page and for docs/committee.md (`prasan committee workflow`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import translation

from prasan.committee.models import Meeting
from prasan.committee.workflow import PART_LABELS, WORKFLOW

HEADS = {
    "th": ("ขั้นตอน", "เมื่อการประชุม", "ผู้มีสิทธิ", "แล้วการประชุม"),
    "en": ("step", "while the meeting is", "who", "then it is"),
}


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
    """The table in both languages, as docs/committee.md holds it."""
    parts = []
    for language, heads in HEADS.items():
        with translation.override(language):
            lines = [f"| {' | '.join(heads)} |", "| --- | --- | --- | --- |"]
            lines += [f"| {row.label} | {row.when} | {row.who} | {row.then} |" for row in rows()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)
