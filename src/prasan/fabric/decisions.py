"""What a committee can decide on, and how it learns of the outcome.

A capability registers a kind of subject in its `AppConfig.ready`; the committee module lists what waits, freezes the
evidence of an item, and tells the outcome inside the transaction of its resolution, so that both hold or neither does.
Neither module imports the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from prasan.fabric.actors import Actor


class Outcome(TextChoices):
    """What a committee can resolve about a subject."""

    APPROVED = "approved", _("Approved")
    CONDITIONS = "approved_with_conditions", _("Approved with conditions")
    NOT_APPROVED = "not_approved", _("Not approved")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RECONSIDER = "reconsider", _("To be reconsidered")
    NOT_CONSIDERED = "not_considered", _("Not considered")


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing that waits for a committee: its public code, what to call it, whose it is, and where its page is."""

    kind: str
    reference: str
    title: str
    agency: str
    url: str
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A resolution as the subject's module needs it; `number` is for instance ``1/2569 4.2``."""

    outcome: Outcome
    number: str
    text: str
    conditions: str
    decided_on: date
    committee: str
    url: str
    snapshot_hash: str


class SubjectKind(Protocol):
    """What a capability offers for one kind of subject."""

    code: str
    label: Any

    def waiting(self, board: str) -> Sequence[Subject]:
        """Subjects that wait for this board (`screening` or `main`), the longest waiting first."""

    def find(self, reference: str) -> Subject | None:
        """One subject by its public code."""

    def snapshot(self, reference: str) -> Mapping[str, Any]:
        """Everything the decision rests on, as JSON can hold it; frozen and hashed by the caller."""

    def decided(self, *, actor: Actor, reference: str, decision: Decision, origin: str) -> None:
        """Move the subject on. Runs inside the caller's transaction; raises a Problem where it can't be."""


_kinds: dict[str, SubjectKind] = {}


def register(kind: SubjectKind) -> None:
    """Add a kind of subject, or replace the one with the same code."""
    _kinds[kind.code] = kind


def kinds() -> Sequence[SubjectKind]:
    """All kinds, by code."""
    return [_kinds[code] for code in sorted(_kinds)]


def kind(code: str) -> SubjectKind:
    """One kind; KeyError for one that nobody registered."""
    return _kinds[code]
