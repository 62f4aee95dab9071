"""How a committee decides: quorum, second call, who presides, majority, casting vote. Pure functions and one table.

Every rule is a setting of the committee, because an advisory body follows the order that appointed it. The defaults
follow the Administrative Procedure Act B.E. 2539, sections 79–83 (and 13–16 on conflicts of interest), as
docs/committee.md tells with its sources and its limits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from prasan.fabric.problems import Invalid

Choice = Literal["agree", "against", "abstain"]
Verdict = Literal["carried", "lost", "tie", "open"]
AGENDAS: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "five": (
        ("inform", _("Matters the chair informs the meeting of")),
        ("minutes", _("Adoption of the minutes")),
        ("arising", _("Matters arising")),
        ("consider", _("Matters for consideration")),
        ("other", _("Other matters")),
    ),
    "six": (
        ("inform", _("Matters the chair informs the meeting of")),
        ("minutes", _("Adoption of the minutes")),
        ("arising", _("Matters arising")),
        ("acknowledge", _("Matters for acknowledgement")),
        ("consider", _("Matters for consideration")),
        ("other", _("Other matters")),
    ),
}
MAJORITIES: Mapping[str, Any] = {
    "cast": _("More votes for than against; abstentions do not count"),
    "present": _("More than half of the members present; an abstention works like a vote against"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one committee, with the legal defaults. Shares are text such as ``1/2``."""

    quorum: str = "1/2"
    second_call_quorum: str = "1/3"
    second_call_days: int = 14
    notice_days: int = 3
    majority: str = "cast"
    casting_vote: bool = True
    recused_leave: bool = True
    agenda: str = "five"
    thai_digits: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Rules:
        """Rules from a committee's row or file; what is not named is the default. Raises Invalid."""
        known = {field.name for field in fields(cls)}
        errors: dict[str, Any] = {name: _("There is no such rule.") for name in given if name not in known}
        rules = cls(**{name: value for name, value in given.items() if name in known})
        errors |= rules.faults()
        if errors:
            raise Invalid(errors)
        return rules

    def faults(self) -> dict[str, Any]:
        """What can't be meant, by rule."""
        found: dict[str, Any] = {}
        for name in ("quorum", "second_call_quorum"):
            if not _is_share(getattr(self, name)):
                found[name] = _("Please give a share such as 1/2, above 0 and at most 1.")
        for name in ("second_call_days", "notice_days"):
            days = getattr(self, name)
            if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 365:
                found[name] = _("Please give a number of days between 0 and 365.")
        if self.agenda not in AGENDAS:
            found["agenda"] = _("Please choose one of the agenda templates.")
        if self.majority not in MAJORITIES:
            found["majority"] = _("Please choose how votes are counted.")
        for name in ("casting_vote", "recused_leave", "thai_digits"):
            if not isinstance(getattr(self, name), bool):
                found[name] = _("Please say yes or no.")
        return found

    def as_json(self) -> dict[str, Any]:
        """As the committee's row holds them."""
        return asdict(self)

    def share(self, *, second_call: bool) -> Fraction:
        """Of the members who count, the share that must be present."""
        return Fraction(self.second_call_quorum if second_call else self.quorum)

    @property
    def sections(self) -> tuple[tuple[str, Any], ...]:
        """(code, title) of the agenda's numbered parts."""
        return AGENDAS[self.agenda]


def _is_share(text: Any) -> bool:
    try:
        return isinstance(text, str) and 0 < Fraction(text) <= 1
    except (ValueError, ZeroDivisionError):
        return False


@dataclass(frozen=True, slots=True)
class Quorum:
    """Who counts now: `members` is the denominator, `needed` how many of them must be present."""

    members: int
    present: int
    needed: int

    @property
    def is_met(self) -> bool:
        return self.present >= self.needed


def quorum(
    members: Collection[int],
    present: Collection[int],
    rules: Rules,
    *,
    recused: Collection[int] = (),
    second_call: bool = False,
) -> Quorum:
    """Quorum of voting members (ids). For an item the recused leave numerator and denominator, if the rules say so.

    Never below one: a meeting of nobody decides nothing.
    """
    out = set(recused) if rules.recused_leave else set()
    counted = set(members) - out
    needed = max(1, ceil(len(counted) * rules.share(second_call=second_call)))
    return Quorum(len(counted), len(counted & set(present)), needed)


def presiding(
    order: Iterable[tuple[int, str]], available: Collection[int], elected: int | None = None
) -> int | None:
    """Who presides: the chair, else a vice-chair, else whom the members present elected; None when nobody may.

    `order` gives (id, role) of the members in their order; `available` are those present and not recused.
    """
    ranked = list(order)
    for role in ("chair", "vice"):
        for member, held in ranked:
            if held == role and member in available:
                return member
    return elected if elected in available else None


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes counted: how many for, against, abstaining, and who of those entitled has not voted yet."""

    agree: int
    against: int
    abstain: int
    missing: frozenset[int]
    verdict: Verdict

    @property
    def cast(self) -> int:
        return self.agree + self.against + self.abstain


def tally(
    votes: Mapping[int, Choice],
    entitled: Collection[int],
    rules: Rules,
    *,
    casting: Choice | None = None,
) -> Tally:
    """One member, one vote: only votes of those entitled (present, not recused) count.

    The verdict is `open` before the first vote for or against; a tie is decided by the chair's casting vote, where
    the rules give one, and else is lost for the proposal. `casting` is that additional vote.
    """
    counted = {member: choice for member, choice in votes.items() if member in set(entitled)}
    agree, against, abstain = (
        sum(choice == wanted for choice in counted.values()) for wanted in ("agree", "against", "abstain")
    )
    missing = frozenset(entitled) - counted.keys()
    return Tally(
        agree, against, abstain, missing, _verdict(agree, against, len(set(entitled)), rules, casting)
    )


def _verdict(agree: int, against: int, entitled: int, rules: Rules, casting: Choice | None) -> Verdict:
    if not agree and not against:
        return "open"
    rest = entitled - agree if rules.majority == "present" else against
    if agree > rest:
        return "carried"
    if agree < rest or not rules.casting_vote:
        return "lost"
    return {"agree": "carried", "against": "lost"}.get(casting or "", "tie")  # type: ignore[return-value]


def days_of_notice(sent: date, meeting: date) -> int:
    """Whole days between the day of the notice and the day of the meeting."""
    return (meeting - sent).days


def may_be_second_call(first: date, second: date, rules: Rules) -> bool:
    """Whether a meeting counts as the second call of one that lacked its quorum."""
    return first < second <= first + timedelta(days=rules.second_call_days)
