"""Why somebody should look at a price: against the reference list of its day, and against what others pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from prasan.portfolio.prices.names import SAME_AT, likeness
from prasan.portfolio.prices.statistics import Summary, summarise

LEAST_PRICES = 5  # prices of other proposals below which nothing is said of the spread
FAR = 3.5  # robust z above which a price stands out (Iglewicz and Hoaglin 1993)
AT_LEAST = 1.2  # and so many times the median, so that a cheap thing a little dearer is left in peace
HISTORY_YEARS = 5

Thing = tuple[frozenset[str], str]  # tokens and unit


@dataclass(frozen=True, slots=True)
class Line:
    """A line to look at. `base_price` is baht for one of `unit_code`; None where the unit tells nothing."""

    tokens: Collection[str]
    unit_code: str
    base_price: float | None
    unit: str = ""
    proposal: int = 0
    on: date = date.min


@dataclass(frozen=True, slots=True)
class Reference:
    """An item of an edition."""

    tokens: Collection[str]
    unit_code: str
    base_price: float
    name: str
    edition: str
    source: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason; `facts` are the numbers that it is told with."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of a line: its flags, the reference it was held against, and what others pay."""

    flags: list[Flag]
    reference: Reference | None
    others: Summary | None


def check(line: Line, references: Iterable[Reference], others: Iterable[Line]) -> Check:
    """Look at one line. `others` are lines of the last years, of any proposals; those of its own are left out."""
    if line.base_price is None:
        return judge(line, None, [])
    return judge(line, best_reference(line, references), prices_of_others(line, others))


def judge(line: Line, reference: Reference | None, prices: Sequence[float]) -> Check:
    """The flags of a line beside the reference that is the same thing, and what other proposals pay for it."""
    if line.base_price is None:
        return Check([Flag("unit_missing", {"unit": line.unit})], None, None)
    summary = summarise(prices) if prices else None
    flags = []
    if reference is not None and line.base_price > reference.base_price:
        flags.append(_above_reference(line.base_price, reference))
    if summary is not None and summary.count >= LEAST_PRICES and _far(line.base_price, summary):
        flags.append(_above_history(line.base_price, summary))
    if reference is None and (summary is None or summary.count < LEAST_PRICES):
        flags.append(Flag("too_little_data", {"count": summary.count if summary else 0}))
    return Check(flags, reference, summary)


def _far(price: float, summary: Summary) -> bool:
    return summary.robust_z(price) > FAR and price > AT_LEAST * summary.median


def _above_reference(price: float, reference: Reference) -> Flag:
    facts = {
        "price": price, "reference": reference.base_price, "name": reference.name, "edition": reference.edition,
        "valid_from": reference.valid_from.isoformat(),
    }  # fmt: skip
    return Flag("above_reference", facts)


def _above_history(price: float, summary: Summary) -> Flag:
    facts = {
        "price": price, "median": summary.median, "low": summary.low_quartile, "high": summary.high_quartile,
        "count": summary.count, "z": round(summary.robust_z(price), 1),
    }  # fmt: skip
    return Flag("above_history", facts)


def valid_references(references: Iterable[Reference], on: date) -> list[Reference]:
    """Items of the edition of each source that is valid on a day: the last one that began by then."""
    known = [one for one in references if one.valid_from <= on]
    newest: dict[str, date] = {}
    for one in known:
        newest[one.source] = max(newest.get(one.source, one.valid_from), one.valid_from)
    return [one for one in known if one.valid_from == newest[one.source]]


def best_reference(line: Line, references: Iterable[Reference]) -> Reference | None:
    """The item of a valid edition that is the same thing, by name and unit; None where none is."""
    rated = [
        (likeness(line.tokens, one.tokens), one.base_price, one)
        for one in valid_references(references, line.on)
        if one.unit_code == line.unit_code
    ]
    same = [one for one in rated if one[0] >= SAME_AT]
    return (
        max(same, key=lambda one: one[:2])[2] if same else None
    )  # of two alike, the dearer: in doubt no flag


def prices_of_others(line: Line, others: Iterable[Line]) -> list[float]:
    """What other proposals pay for one of the same: one price each, however many lines they split it into."""
    by_proposal: dict[int, list[float]] = defaultdict(list)
    for one in same_things(line, others):
        if one.base_price is not None:
            by_proposal[one.proposal].append(one.base_price)
    return [median(prices) for _proposal, prices in sorted(by_proposal.items())]


def same_things(line: Line, others: Iterable[Line]) -> Sequence[Line]:
    """Lines of other proposals that buy the same thing by the same unit."""
    return [
        one
        for one in others
        if one.proposal != line.proposal
        and one.unit_code == line.unit_code
        and likeness(line.tokens, one.tokens) >= SAME_AT
    ]


class Book:
    """All lines of a city and its reference prices, found by what they are of: for looking at every line in one go."""

    def __init__(self, lines: Iterable[Line], references: Iterable[Reference]) -> None:
        self._prices: dict[Thing, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._references: dict[Thing, list[Reference]] = defaultdict(list)
        self._things: dict[tuple[str, str], set[Thing]] = defaultdict(set)
        for one in lines:
            if one.base_price is not None:
                self._prices[self._thing(one)][one.proposal].append(one.base_price)
        for item in references:
            self._references[self._thing(item)].append(item)
        self._same: dict[Thing, list[Thing]] = {}
        self._paid: dict[Thing, dict[int, float]] = {}

    def _thing(self, one: Line | Reference) -> Thing:
        thing = (frozenset(one.tokens), one.unit_code)
        for word in thing[0]:
            self._things[word, thing[1]].add(thing)
        return thing

    def check(self, line: Line) -> Check:
        """As `check` does beside all lines and references of the book."""
        if line.base_price is None:
            return judge(line, None, [])
        thing = (frozenset(line.tokens), line.unit_code)
        references = [one for same in self._alike(thing) for one in self._references.get(same, ())]
        others = [price for proposal, price in self._paid_for(thing).items() if proposal != line.proposal]
        return judge(line, best_reference(line, references), others)

    def _paid_for(self, thing: Thing) -> dict[int, float]:
        """Proposal → the one price that it pays for the same thing."""
        if thing not in self._paid:
            prices: dict[int, list[float]] = defaultdict(list)
            for same in self._alike(thing):
                for proposal, found in self._prices.get(same, {}).items():
                    prices[proposal] += found
            self._paid[thing] = {proposal: median(found) for proposal, found in sorted(prices.items())}
        return self._paid[thing]

    def _alike(self, thing: Thing) -> list[Thing]:
        if thing not in self._same:
            near = set().union(*(self._things.get((word, thing[1]), set()) for word in thing[0]))
            self._same[thing] = [one for one in near if likeness(thing[0], one[0]) >= SAME_AT]
        return self._same[thing]
