"""Bangkok's lexicon, read once, and the labelled texts of this folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from prasan.portfolio.overlap import Item, Lexicon, Match, build_corpus, load_lexicon, screen
from prasan.portfolio.overlap.corpus import taken

PROJECT = Path(__file__).parents[3]
LABELLED = Path(__file__).parent / "labelled"
ALIKE = {"same_function", "existing_system"}


@dataclass
class Judged:
    """Texts of which people said what they have to do with each other, and what the screening says of them."""

    items: list[Item]
    truth: dict[tuple[str, str], str]
    found: dict[tuple[str, str], Match] = field(default_factory=dict)
    nearest: dict[str, list[str]] = field(default_factory=dict)

    def screen(self, lexicon: Lexicon) -> Judged:
        self.items.sort(key=lambda item: item.sort)  # proposals first
        proposals = sum(item.sort == "proposal" for item in self.items)
        corpus = build_corpus(self.items, lexicon)
        for item, row in zip(self.items, screen(taken(corpus, proposals), corpus, limit=400), strict=False):
            self.nearest[item.code] = [match.right for match in row]
            for match in row:
                self.found[pair(match.left, match.right)] = match
        return self

    def partner_in(self, first: int) -> float:
        """Share of the proposals with a partner that see one among their `first` nearest."""
        hits = []
        for code, ranked in self.nearest.items():
            partners = {
                other for both, kind in self.truth.items() if code in both and kind in ALIKE for other in both
            } - {code}
            if partners:
                hits.append(bool(partners & set(ranked[:first])))
        return sum(hits) / len(hits)

    def precision(self) -> float:
        flagged = [both for both, match in self.found.items() if match.flagged]
        return sum(self.truth.get(both) in ALIKE for both in flagged) / len(flagged)

    def recall(self, kind: str) -> float:
        return self.flagged_share(both for both, told in self.truth.items() if told == kind)

    def flagged_share(self, pairs: object) -> float:
        told = [self.found[both].flagged for both in pairs if both in self.found]  # type: ignore[attr-defined]
        return sum(told) / len(told)

    def kinds(self, kind: str) -> float:
        """Share of the pairs of this kind that are given it."""
        told = [self.found[both].kind == kind for both, given in self.truth.items() if given == kind]
        return sum(told) / len(told)


def pair(one: str, two: str) -> tuple[str, str]:
    return (min(one, two), max(one, two))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon(PROJECT / "cities" / "bangkok")


def judged(part: str) -> Judged:
    """The part of our own labelled texts: `tune`, or `held`, which was not looked at while tuning."""
    rows = [row for row in rows_of(LABELLED / "items.csv") if row["part"] == part]
    items = [
        Item(row["code"], row["title"], sort="system" if row["sort"] == "system" else "proposal",
             objective=row["objective"], scope=row["scope"], agency_name=row["agency"], nature=row["nature"])
        for row in rows
    ]  # fmt: skip
    truth = {}
    for at, one in enumerate(rows):
        for two in rows[at + 1 :]:
            if one["family"] == two["family"]:
                truth[pair(one["code"], two["code"])] = _kind(one, two)
    codes = {row["code"] for row in rows}
    for row in rows_of(LABELLED / "lookalikes.csv"):
        if {row["left"], row["right"]} <= codes:
            truth[pair(row["left"], row["right"])] = "lookalike"
    return Judged(items, truth)


def _kind(one: dict[str, str], two: dict[str, str]) -> str:
    if one["family"].startswith("commodity"):
        return "commodity"
    if one["agency"] == two["agency"]:
        return "continuation"
    return "existing_system" if "system" in (one["sort"], two["sort"]) else "same_function"
