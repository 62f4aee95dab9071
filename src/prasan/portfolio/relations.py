"""Whether what proposals need and rule out can hold together: nothing circular, nothing contradictory. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

Edge = tuple[str, str, str]  # (code, depends_on or excludes, other code)


class Graph:
    """Relations between proposals, by their codes."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._needs: dict[str, set[str]] = defaultdict(set)
        self._needed_by: dict[str, set[str]] = defaultdict(set)
        self._rules_out: dict[str, set[str]] = defaultdict(set)
        for code, kind, other in edges:
            if kind == "depends_on":
                self._needs[code].add(other)
                self._needed_by[other].add(code)
            else:
                self._rules_out[code].add(other)
                self._rules_out[other].add(code)

    def circle(self, code: str) -> list[str]:
        """A way from a proposal through what it needs back to itself (A B C A); empty when there is none."""
        before: dict[str, str] = {}
        waiting = [code]
        while waiting:
            current = waiting.pop()
            for other in sorted(self._needs[current]):
                if other == code:
                    return self._way(before, code, current)
                if other not in before:
                    before[other] = current
                    waiting.append(other)
        return []

    @staticmethod
    def _way(before: Mapping[str, str], code: str, last: str) -> list[str]:
        way = [code]
        while last != code:
            way.append(last)
            last = before[last]
        return [code, *reversed(way)]

    def contradiction(self, code: str) -> tuple[str, str, str] | None:
        """(proposal, one, other): a proposal that would need two which rule each other out, because of `code`.

        Looked for in `code` itself and in all that need it, directly or not.
        """
        for top in sorted(self._reach(code, self._needed_by)):
            needed = self._reach(top, self._needs)
            for one in sorted(needed):
                clash = sorted(self._rules_out[one] & needed)
                if clash:
                    return top, one, clash[0]
        return None

    def _reach(self, code: str, edges: Mapping[str, set[str]]) -> set[str]:
        found, waiting = {code}, [code]
        while waiting:
            for other in edges.get(waiting.pop(), ()):
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found
