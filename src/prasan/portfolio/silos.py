"""Silo numbers: how far the city's systems stand alone, do the same, or hang on one another.

Pure. Counted are systems in use and those to be replaced; connections count between two counted systems. DEFINITIONS
says what each number means, in words that the page shows and docs/systems.md repeats.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

COUNTED = frozenset({"in_use", "to_replace"})
MANUAL = "manual"
MANY = 3  # so many systems hang on one: it is a single point of failure
CONFIRMED_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Held:
    """A system as the numbers see it: `agency` is the one right below the city, `data` names of data in any letters."""

    code: str
    agency: str
    lifecycle: str = "in_use"
    capability: str = ""
    data: tuple[str, ...] = ()
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Data that one system gives to another; both are codes."""

    provider: str
    consumer: str
    method: str = "api"


@dataclass(frozen=True, slots=True)
class Definition:
    """A number's name, unit and meaning."""

    code: str
    unit: str
    name: Any
    meaning: Any


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "systems", "systems", _("Systems counted"),
        _("Systems in use or to be replaced. Planned and retired systems are left out of every number here."),
    ),
    Definition(
        "isolated_share", "percent", _("Systems with no connection"),
        _("Share of the systems that neither give data to another system nor get any by API, file or shared"
          " database. Typing again by hand is no connection."),
    ),
    Definition(
        "shared_capabilities", "capabilities", _("Capabilities with several systems"),
        _("Capabilities of the map that two or more systems serve. For an agency: those among them that one of its"
          " systems serves."),
    ),
    Definition(
        "repeated_data", "data", _("The same data in several places"),
        _("Names of data that two or more systems say they keep; capitals and blanks make no difference. For an"
          " agency: those among them that one of its systems keeps."),
    ),
    Definition(
        "manual_links", "connections", _("Re-keying by hand"),
        _("Connections over which people type or copy the data again. For an agency: those that begin or end at one"
          " of its systems."),
    ),
    Definition(
        "single_points", "systems", _("Single points of failure"),
        _("Systems from which three or more others get data by program, or without which three or more others lose"
          " their connection to the rest."),
    ),
    Definition(
        "unconfirmed_share", "percent", _("Systems without confirmation"),
        _("Share of the systems whose owner has not confirmed within the last 365 days that what is told is true."),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Findings:
    """What the numbers were counted from, so that each opens the rows behind it.

    `shared` maps a capability and `repeated` a name of data (in small letters) to the codes of its systems; `failing`
    maps a single point of failure to (systems that get data from it, systems it would cut off).
    """

    counted: Mapping[str, Held]
    isolated: frozenset[str]
    shared: Mapping[str, frozenset[str]]
    repeated: Mapping[str, frozenset[str]]
    manual: tuple[Link, ...]
    failing: Mapping[str, tuple[int, int]]
    unconfirmed: frozenset[str]

    def numbers(self, agency: str = "") -> dict[str, Decimal]:
        """Code of a definition → value, of the whole city or of one agency right below it."""
        own = {one.code for one in self.counted.values() if agency in ("", one.agency)}
        return {
            "systems": Decimal(len(own)),
            "isolated_share": _percent(len(own & self.isolated), len(own)),
            "shared_capabilities": Decimal(sum(not own.isdisjoint(codes) for codes in self.shared.values())),
            "repeated_data": Decimal(sum(not own.isdisjoint(codes) for codes in self.repeated.values())),
            "manual_links": Decimal(
                sum(link.provider in own or link.consumer in own for link in self.manual)
            ),
            "single_points": Decimal(len(own & self.failing.keys())),
            "unconfirmed_share": _percent(len(own & self.unconfirmed), len(own)),
        }

    @property
    def agencies(self) -> list[str]:
        """Codes of the agencies that have a counted system."""
        return sorted({one.agency for one in self.counted.values()})


def find(systems: Iterable[Held], links: Iterable[Link], today: date) -> Findings:
    """Everything the numbers are counted from; O(systems + links)."""
    counted = {one.code: one for one in systems if one.lifecycle in COUNTED}
    between = [one for one in links if one.provider in counted and one.consumer in counted]
    by_program = [one for one in between if one.method != MANUAL]
    connected = {code for one in by_program for code in (one.provider, one.consumer)}
    return Findings(
        counted=counted,
        isolated=frozenset(counted.keys() - connected),
        shared=_several((one.capability, one.code) for one in counted.values() if one.capability),
        repeated=_several((data_key(name), one.code) for one in counted.values() for name in one.data),
        manual=tuple(one for one in between if one.method == MANUAL),
        failing=_single_points(by_program),
        unconfirmed=frozenset(one.code for one in counted.values() if is_due(one.confirmed_on, today)),
    )


def is_due(confirmed_on: date | None, today: date) -> bool:
    """Whether a system waits for its owner's confirmation."""
    return confirmed_on is None or today - confirmed_on > CONFIRMED_FOR


def data_key(name: str) -> str:
    """A name of data as it is compared with others."""
    return " ".join(name.split()).casefold()


def _several(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """What at least two systems have in common → their codes."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, code in pairs:
        found[key].add(code)
    return {key: frozenset(codes) for key, codes in sorted(found.items()) if len(codes) > 1}


def _percent(part: int, whole: int) -> Decimal:
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1")) if whole else Decimal(0)


# --- single points of failure ---------------------------------------------------------------------------------------


def _single_points(links: Sequence[Link]) -> dict[str, tuple[int, int]]:
    served = Counter(provider for provider, _consumer in {(one.provider, one.consumer) for one in links})
    cut = cut_off(links)
    found = {code: (served[code], cut.get(code, 0)) for code in sorted(served.keys() | cut.keys())}
    return {code: counts for code, counts in found.items() if max(counts) >= MANY}


def cut_off(links: Sequence[Link]) -> dict[str, int]:
    """System → how many others lose their connection to the largest part left, were it gone; none for most.

    Articulation points by depth-first search (Hopcroft and Tarjan, "Algorithm 447: Efficient Algorithms for Graph
    Manipulation", 1973), without recursion; directions don't matter.
    """
    neighbours: dict[str, set[str]] = defaultdict(set)
    for one in links:
        neighbours[one.provider].add(one.consumer)
        neighbours[one.consumer].add(one.provider)
    found: dict[str, int] = {}
    seen: set[str] = set()
    for root in sorted(neighbours):
        if root not in seen:
            found |= _cut_off_from(root, neighbours, seen)
    return found


def _cut_off_from(root: str, neighbours: Mapping[str, set[str]], seen: set[str]) -> dict[str, int]:
    """`cut_off` of the connected part that holds `root`; its systems are added to `seen`."""
    order: dict[str, int] = {root: 0}
    low, size = {root: 0}, {root: 1}
    pieces: dict[str, list[int]] = defaultdict(
        list
    )  # sizes of what hangs on a system alone, below it in the search
    path = [(root, iter(sorted(neighbours[root])))]
    while path:
        code, rest = path[-1]
        following = next((one for one in rest if one not in order or _lower(low, code, order[one])), None)
        if following is not None:
            order[following] = low[following] = len(order)
            size[following] = 1
            path.append((following, iter(sorted(neighbours[following]))))
            continue
        path.pop()
        if path:
            above = path[-1][0]
            size[above] += size[code]
            low[above] = min(low[above], low[code])
            if low[code] >= order[above]:
                pieces[above].append(size[code])
    seen.update(order)
    total = len(order)
    return {code: lost for code, parts in pieces.items() if (lost := _lost(total, parts))}


def _lower(low: dict[str, int], code: str, reached: int) -> bool:
    """Note an edge to a system that the search has met already; never where the search goes on."""
    low[code] = min(low[code], reached)
    return False


def _lost(total: int, parts: list[int]) -> int:
    """How many are not in the largest part once a system with these pieces below it is gone."""
    rest = total - 1 - sum(parts)
    return total - 1 - max(*parts, rest)
