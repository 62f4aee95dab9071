"""Who acts: the one value that every action and policy gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ActorKind = Literal["anonymous", "citizen", "officer", "api_key", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    `roles` maps a role (officer, dispatcher, supervisor, analyst, auditor, admin) to the codes of the
    agencies it was granted for; a grant covers the agencies below it (people.policies.holds).
    `scopes` are those of an API key, empty for people.
    """

    kind: ActorKind
    id: str = ""
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()

    @classmethod
    def anonymous(cls) -> Actor:
        """Somebody who did not sign in."""
        return cls("anonymous")

    @classmethod
    def system(cls, name: str) -> Actor:
        """Prasan itself: a job, an import, a command; `name` says which."""
        return cls("system", name)

    @property
    def is_officer(self) -> bool:
        return self.kind == "officer"

    @property
    def is_citizen(self) -> bool:
        return self.kind == "citizen"

    @property
    def is_system(self) -> bool:
        return self.kind == "system"
