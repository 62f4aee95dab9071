"""Findings as plain values (they are stored with a result) and as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Note:
    """A finding: its code (a key of `SENTENCES`) and what its sentence needs."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"code": self.code, **self.params}


Namer = Callable[[str], str]


def say(note: Mapping[str, Any] | Note, name: Namer = str) -> str:
    """The sentence of a note. `name` turns the code of a project, platform, agency or theme into what to call it.

    Params ending in `_baht` are money; those that are lists are named, the first few of them.
    """
    given = note.as_json() if isinstance(note, Note) else dict(note)
    code = str(given.pop("code"))
    if code.startswith("limit_") and given.get("year") is None:
        code = code if f"{code}_total" not in SENTENCES else f"{code}_total"
    return str(SENTENCES[code]) % {key: _told(key, value, name) for key, value in given.items()}


def _told(key: str, value: Any, name: Namer) -> str:
    if isinstance(value, list | tuple):
        return _names(value, name)
    if key.endswith("_baht"):
        return baht(value)
    if key in {"subject", "other", "agency"}:
        return name(value) if value else ""
    if key == "amount":
        return f"{value:,}"
    return str(value)


def baht(amount: int) -> str:
    """1,234,567 baht in words of the reader."""
    return _("%(amount)s baht") % {"amount": f"{amount:,}"}


def _names(codes: Sequence[str], name: Namer) -> str:
    told = _(", ").join(name(code) for code in codes[:MOST_NAMED])
    more = len(codes) - MOST_NAMED
    return _("%(names)s and %(more)d more") % {"names": told, "more": more} if more > 0 else told


SENTENCES: dict[str, Any] = {
    # --- what is wrong with a problem (validation) ---
    "no_projects": gettext_lazy("There is no project to choose from."),
    "no_years": gettext_lazy("No fiscal year was given."),
    "twice": gettext_lazy("%(subject)s is there twice."),
    "no_full_level": gettext_lazy("%(subject)s has no costs of the whole project."),
    "negative_cost": gettext_lazy("%(subject)s has costs below zero in %(year)s."),
    "bad_value": gettext_lazy("The score of %(subject)s is below zero or not a number."),
    "unknown_need": gettext_lazy("%(subject)s needs %(other)s, which is not among the projects."),
    "unknown_exclusion": gettext_lazy("%(subject)s rules out %(other)s, which is not among the projects."),
    "needs_itself": gettext_lazy("%(subject)s needs itself."),
    "excludes_itself": gettext_lazy("%(subject)s rules itself out."),
    "circle": gettext_lazy("These projects need each other in a circle: %(path)s."),
    "needs_and_excludes": gettext_lazy("%(subject)s needs %(other)s and rules it out."),
    "needs_through_and_excludes": gettext_lazy(
        "%(subject)s needs %(other)s (through %(through)s), and one of the two rules the other out."
    ),
    "needs_two_that_exclude": gettext_lazy(
        "%(subject)s needs both %(left)s and %(right)s, which rule each other out."
    ),
    "committed_and_out": gettext_lazy("%(subject)s is committed and was taken out by hand."),
    "committed_exclude": gettext_lazy(
        "%(subject)s and %(other)s are both committed or forced in, and rule each other out."
    ),
    "needs_forced_out": gettext_lazy(
        "%(subject)s is committed or forced in, but %(other)s, which it needs, was taken out by hand."
    ),
    "negative_ceiling": gettext_lazy("The ceiling of %(year)s is below zero."),
    "zero_ceiling": gettext_lazy(
        "The ceiling of %(year)s is zero: nothing could be chosen. Leave it empty if there is none."
    ),
    "unknown_year": gettext_lazy("A limit names %(year)s, which is not a year of this choice."),
    "ceiling_below_committed": gettext_lazy(
        "The ceiling of %(year)s, %(limit_baht)s, is below what is committed then: %(needed_baht)s (%(codes)s)."
    ),
    "negative_limit": gettext_lazy("A limit of %(agency)s is below zero."),
    "cap_below_floor": gettext_lazy(
        "%(agency)s may spend at most %(limit_baht)s but must get at least %(needed_baht)s."
    ),
    "cap_below_committed": gettext_lazy(
        "%(agency)s may spend at most %(limit_baht)s, but its committed projects cost %(needed_baht)s (%(codes)s)."
    ),
    "floor_above_projects": gettext_lazy(
        "%(agency)s must get at least %(limit_baht)s, but all its projects together can use only %(needed_baht)s."
    ),
    "floors_above_ceilings": gettext_lazy(
        "The agencies must get at least %(needed_baht)s in all, more than the ceilings allow: %(limit_baht)s."
    ),
    "unknown_agency": gettext_lazy("%(agency)s must get a part, but has no project here."),
    "bad_percent": gettext_lazy("A share of %(subject)s must lie between 0 and 100 per cent."),
    "negative_theme": gettext_lazy("The floor of %(subject)s is below zero."),
    "theme_above_projects": gettext_lazy(
        "%(subject)s must get at least %(limit_baht)s, but all its projects together can use only %(needed_baht)s."
    ),
    "unknown_theme": gettext_lazy("%(subject)s must get a part, but no project here belongs to it."),
    "few_members": gettext_lazy("The shared platform %(subject)s needs at least two member projects."),
    "unknown_member": gettext_lazy("The shared platform %(subject)s names %(other)s, which is not among the projects."),
    "member_twice": gettext_lazy("%(subject)s is a member of two shared platforms."),
    # --- limits, as parts of other sentences and in lists ---
    "limit_ceiling": gettext_lazy("the ceiling of %(year)s: %(amount)s baht"),
    "limit_agency_cap": gettext_lazy("the cap of %(subject)s in %(year)s: %(amount)s baht"),
    "limit_agency_cap_total": gettext_lazy("the cap of %(subject)s over all years: %(amount)s baht"),
    "limit_agency_floor": gettext_lazy("the floor of %(subject)s in %(year)s: %(amount)s baht"),
    "limit_agency_floor_total": gettext_lazy("the floor of %(subject)s over all years: %(amount)s baht"),
    "limit_theme_floor": gettext_lazy("the floor for “%(subject)s” in %(year)s: %(amount)s baht"),
    "limit_theme_floor_total": gettext_lazy("the floor for “%(subject)s” over all years: %(amount)s baht"),
    "limit_theme_share": gettext_lazy("the share for “%(subject)s” in %(year)s: %(amount)s %%"),
    "limit_theme_share_total": gettext_lazy("the share for “%(subject)s” over all years: %(amount)s %%"),
    "limit_committed": gettext_lazy("%(subject)s is committed"),
    "limit_forced_in": gettext_lazy("%(subject)s was put in by hand"),
    "limit_forced_out": gettext_lazy("%(subject)s was taken out by hand"),
    "limit_needs": gettext_lazy("%(subject)s needs %(other)s"),
    "limit_excludes": gettext_lazy("%(subject)s and %(other)s rule each other out"),
    "limit_alone_at_most": gettext_lazy("of the members of %(subject)s at most %(amount)s may stand alone"),
}  # fmt: skip
