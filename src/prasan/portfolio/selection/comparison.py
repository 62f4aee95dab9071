"""Two choices side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prasan.portfolio.selection.problem import Choice


@dataclass(frozen=True, slots=True)
class Difference:
    """Codes chosen only on the left or only on the right, and those at another level: code → (left, right)."""

    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    both: tuple[str, ...]
    other_level: Mapping[str, tuple[str, str]]


def difference(left: Choice, right: Choice) -> Difference:
    """What differs between two choices, projects in order of their codes."""
    shared = sorted(left.levels.keys() & right.levels.keys())
    return Difference(
        tuple(sorted(left.levels.keys() - right.levels.keys())),
        tuple(sorted(right.levels.keys() - left.levels.keys())),
        tuple(shared),
        {
            code: (left.levels[code], right.levels[code])
            for code in shared
            if left.levels[code] != right.levels[code]
        },
    )
