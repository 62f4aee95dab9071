"""What a citizen may be asked to agree to. Each module registers its purposes in `AppConfig.ready`.

What the law already allows the city to do with a report (Personal Data Protection Act, section 24) needs no
consent and is not asked for; a consent is for what goes beyond it, and is never a condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentence a citizen agrees to; a change of its meaning needs a new `version`."""

    purpose: str
    version: str
    title: Any
    sentence: Any


_wordings: dict[str, Wording] = {}


def register(purpose: str, *, version: str, title: Any, sentence: Any) -> None:
    """Add a purpose, for instance ``register("reports.survey", version="1", title=_("Surveys"), sentence=_("…"))``."""
    _wordings[purpose] = Wording(purpose, version, title, sentence)


def wording(purpose: str) -> Wording | None:
    """The sentence of a purpose, or None."""
    return _wordings.get(purpose)


def wordings() -> list[Wording]:
    """All purposes, by code."""
    return [_wordings[purpose] for purpose in sorted(_wordings)]


def has_consent(citizen_id: int, purpose: str) -> bool:
    """Whether the citizen agrees now, to the words in force now. One query."""
    from prasan.people.models import Consent

    found = _wordings.get(purpose)
    in_force = Consent.objects.filter(citizen=citizen_id, purpose=purpose, withdrawn_at=None)
    return found is not None and in_force.filter(text_version=found.version).exists()
