"""Which limits can't hold together: a smallest clashing set, and what would mend it.

Found by QuickXplain (Junker 2004): divide the limits, keep a half only if the rest alone does not clash. Taking any
single limit out of the set ends this clash; other clashes may remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prasan.portfolio.selection.model import Limit, Limited, Model, build
from prasan.portfolio.selection.problem import Problem
from prasan.portfolio.selection.solver import Cancelled, Program, Row

STEP_SECONDS = 5.0
ROOM = 1e13  # baht; more than any limit here


@dataclass(frozen=True, slots=True)
class Remedy:
    """One limit that alone could end every clash: by `change` baht, or (0) by giving it up."""

    limit: Limit
    change: int


@dataclass(frozen=True, slots=True)
class Clash:
    """Limits that can't hold together. `is_smallest`: every one of them is needed for the clash, proven."""

    limits: tuple[Limit, ...]
    remedies: tuple[Remedy, ...] = ()
    is_smallest: bool = True


def clash(
    problem: Problem, *, extra: Sequence[Limited] = (), cancelled: Cancelled | None = None
) -> Clash | None:
    """A smallest set of clashing limits, or None where all hold together (or no clash is proven in time)."""
    return clash_of(build(problem), extra=extra, cancelled=cancelled)


def clash_of(
    model: Model, *, extra: Sequence[Limited] = (), cancelled: Cancelled | None = None
) -> Clash | None:
    """The same for a model that is built; `extra` are further limits, looked at as the last suspects."""
    search = _Search(model, cancelled)
    limits = [*extra, *sorted(model.limits, key=lambda one: not one[0].is_money)]
    if search.holds(limits):
        return None
    found = search.smallest([], limits, has_new=False)
    return Clash(
        tuple(dict.fromkeys(limit for limit, _row in found)),
        tuple(dict.fromkeys(one for limit, row in found for one in search.remedies(limits, limit, row))),
        is_smallest=not search.doubts,
    )


class _Search:
    def __init__(self, model: Model, cancelled: Cancelled | None) -> None:
        self.model, self.cancelled, self.doubts = model, cancelled, 0

    def holds(self, limits: Sequence[Limited]) -> bool:
        """Whether these limits can hold together; a doubt (time was up) counts as yes."""
        program = self.model.program_with(limits)
        outcome = program.solve(
            objective=[0] * len(program.objective), time_limit=STEP_SECONDS, cancelled=self.cancelled
        )
        self.doubts += outcome.state == "unknown"
        return outcome.state != "none"

    def smallest(self, kept: list[Limited], limits: list[Limited], *, has_new: bool) -> list[Limited]:
        """The limits of a smallest clash among `limits`, `kept` holding already."""
        if has_new and not self.holds(kept):
            return []
        if len(limits) == 1:
            return limits
        middle = len(limits) // 2
        left, right = limits[:middle], limits[middle:]
        of_right = self.smallest([*kept, *left], right, has_new=bool(left))
        of_left = self.smallest([*kept, *of_right], left, has_new=bool(of_right))
        return [*of_left, *of_right]

    def remedies(self, limits: Sequence[Limited], limit: Limit, row: Row) -> list[Remedy]:
        """What this limit alone would have to give up, the others standing; nothing if that is not enough."""
        others = [one for one in limits if one[0] != limit]
        if not limit.is_money or limit.kind == "theme_share":
            return [Remedy(limit, 0)] if self.holds(others) else []
        slack = len(self.model.objective)
        eased = replace(row, terms={**row.terms, slack: -1 if row.high is not None else 1})
        rows = [*self.model.structure, *(one for _limit, one in others), eased]
        program = Program([0.0] * slack + [-1.0], rows, continuous={slack: ROOM})
        outcome = program.solve(time_limit=STEP_SECONDS, cancelled=self.cancelled)
        return [Remedy(limit, max(1, round(outcome.values[slack])))] if outcome.state == "best" else []
