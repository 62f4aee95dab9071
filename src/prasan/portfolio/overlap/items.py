"""What is compared, and what a comparison says. Plain values: no database, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["same_function", "existing_system", "commodity", "continuation", "none"]
Sort = Literal["proposal", "system"]


@dataclass(frozen=True, slots=True)
class Item:
    """A proposal, or a system that the city has, in the words of its agency.

    `objective` is a system's purpose; `refers_to` are codes that it says it needs, extends or replaces;
    `excludes` codes it says it is an alternative to. Everything but code and title may be empty.
    """

    code: str
    title: str
    sort: Sort = "proposal"
    title_en: str = ""
    objective: str = ""
    scope: str = ""
    benefit: str = ""
    agency: str = ""
    agency_name: str = ""
    nature: str = ""
    category: str = ""
    capability: str = ""
    data: str = ""
    interfaces: str = ""
    vendor: str = ""
    refers_to: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a likeness; `about` names concepts, data, districts or codes. `words.sentence` says it."""

    ground: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What two items have to do with each other.

    `kind` is what the likeness would be if an officer confirmed it; `none` where there is nothing to confirm.
    `score` is the chance, 0 to 1, that both do the same for the city. `flagged`: somebody must answer for it
    before money is given (same function, or an existing system would serve).
    """

    left: str
    right: str
    kind: Kind
    score: float
    flagged: bool
    reasons: tuple[Reason, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
