"""How alike two items are, and what kind of likeness it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prasan.portfolio.overlap.corpus import Corpus, Floats, Matrix, beside
from prasan.portfolio.overlap.items import Item, Kind, Match, Reason

# The chance that two items do the same: a logistic model over these likenesses (docs/overlap.md: how they came about).
WEIGHTS = {"gist": 11.0, "words": 2.0, "letters": 0.8}
BIAS = -4.95
FLAG_AT = 0.5
COMMODITY_AT = 0.4  # likeness of goods above which two items ask for the same goods
COMMODITY_SCORE = 0.4  # such a pair never ranks above one that does the same
CONTINUES_AT = 0.25  # a lower likeness is enough between an agency's own, when one says it carries on
LEAST = 0.1  # a chance below this is no likeness to speak of
BLOCK = 256
SAME_TITLE = 0.8  # likeness of titles from which one agency's two are parts of one
SHOWN = 4  # concepts named in a reason
TOLD = 0.25  # part of the likeness from which a concept is named in a reason


@dataclass(frozen=True, slots=True)
class Row:
    """One item of `left` beside all of `right`."""

    left: Corpus
    right: Corpus
    number: int
    features: dict[str, Floats]
    scores: Floats


def nearest(item: Item, corpus: Corpus, limit: int = 10) -> list[Match]:
    """The `limit` likeliest matches of one item in a corpus, best first; the item itself (by code) left out."""
    return next(iter(screen(beside(corpus, [item]), corpus, limit=limit)))


def screen(left: Corpus, right: Corpus, *, limit: int = 10) -> Iterator[list[Match]]:
    """For each item of `left`, its `limit` likeliest matches in `right`, best first."""
    for start in range(0, len(left), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(left)))
        features = likenesses(left, right, rows)
        scores = chances(features)
        for at, number in enumerate(rows):
            likeness = {name: block[at] for name, block in features.items()}
            yield _matches(Row(left, right, int(number), likeness, scores[at]), limit)


def likenesses(left: Corpus, right: Corpus, rows: NDArray[np.int64]) -> dict[str, Floats]:
    """Blocks of (rows x items of `right`), each 0 to 1."""

    def product(name: str) -> Floats:
        return np.asarray((getattr(left, name)[rows] @ getattr(right, name).T).todense(), np.float32)

    goods = np.asarray((left.goods[rows] @ right.goods.T).todense(), np.float32)
    gist = product("functions")
    if left.embedded is not None and right.embedded is not None:
        gist = (gist + np.maximum(0, left.embedded[rows] @ right.embedded.T)) / 2
    return {
        "gist": gist,
        "words": product("words"),
        "letters": product("letters"),
        "commodity": goods,
    }


def chances(features: dict[str, Floats]) -> Floats:
    """The logistic model; the same goods alone are no same function, but rank before what has nothing in common."""
    total = sum(weight * features[name] for name, weight in WEIGHTS.items()) + BIAS
    scores = 1 / (1 + np.exp(-total))
    goods = features["commodity"]
    capped = np.maximum(np.minimum(scores, COMMODITY_SCORE), COMMODITY_SCORE * goods)
    return np.asarray(np.where(goods >= COMMODITY_AT, capped, scores), np.float32)


def _matches(row: Row, limit: int) -> list[Match]:
    item, scores = row.left.items[row.number], row.scores
    wanted = min(len(scores), limit + 1)
    best = np.argpartition(-scores, wanted - 1)[:wanted] if wanted < len(scores) else np.arange(len(scores))
    best = best[np.argsort(-scores[best], kind="stable")]
    found = [
        _match(row, int(column))
        for column in best
        if (row.right.items[column].sort, row.right.items[column].code) != (item.sort, item.code)
    ]
    return found[:limit]


def _match(row: Row, column: int) -> Match:
    features = {name: float(values[column]) for name, values in row.features.items()}
    score = float(row.scores[column])
    kind = _kind(row, column, features, score)
    return Match(
        left=row.left.items[row.number].code,
        right=row.right.items[column].code,
        kind=kind,
        score=round(score, 4),
        flagged=kind in {"same_function", "existing_system"} and score >= FLAG_AT,
        reasons=tuple(_reasons(row, column)),
        features={name: round(value, 4) for name, value in features.items()},
    )


def _kind(row: Row, column: int, features: Mapping[str, float], score: float) -> Kind:
    """What a likeness between a proposal and another one, or a system, would be."""
    item, other = row.left.items[row.number], row.right.items[column]
    if other.code in item.refers_to and same_agency(item, other):
        return "continuation"
    if features["commodity"] >= COMMODITY_AT or (score >= LEAST and _things(row, column)):
        return "commodity"
    if score >= CONTINUES_AT and _continues(row, column, features["letters"]):
        return "continuation"
    if score < LEAST:
        return "none"
    return "existing_system" if other.sort == "system" else "same_function"


def _things(row: Row, column: int) -> bool:
    """Whether both ask for things by the piece that the lexicon has no names for; known ones are compared by name."""
    both = row.left.readings[row.number].buys and row.right.readings[column].buys
    return both and not (told_of(row.left.goods, row.number) and told_of(row.right.goods, column))


def _continues(row: Row, column: int, letters: float) -> bool:
    """Whether both are one agency's and one carries on the other, is a later stage, or a part of the same."""
    item, other = row.left.items[row.number], row.right.items[column]
    if not same_agency(item, other):
        return False
    told = row.left.readings[row.number].carries_on or row.right.readings[column].carries_on
    return told or item.code in other.refers_to or letters >= SAME_TITLE


def same_agency(item: Item, other: Item) -> bool:
    """By code, or by name where a code is missing."""
    if item.agency and other.agency:
        return item.agency == other.agency
    return bool(item.agency_name) and item.agency_name == other.agency_name


def _reasons(row: Row, column: int) -> Iterator[Reason]:
    """What both have in common, the weightiest first."""
    left, right = row.left, row.right
    item, other = left.items[row.number], right.items[column]
    mine = told_of(left.functions, row.number) | told_of(left.goods, row.number)
    theirs = told_of(right.functions, column) | told_of(right.goods, column)
    common = {number: min(mine[number], theirs[number]) for number in mine.keys() & theirs.keys()}
    shared = [number for number in sorted(common, key=lambda one: -common[one]) if common[number] >= TOLD]
    for kind in ("function", "commodity"):
        codes = [left.lexicon.concepts[at].code for at in shared if left.lexicon.concepts[at].kind == kind]
        if codes:
            yield Reason(kind, tuple(codes[:SHOWN]))
    data = names_of(item.data) & names_of(other.data)
    if data:
        yield Reason("data", tuple(sorted(data)[:SHOWN]))
    if item.capability and item.capability == other.capability:
        yield Reason("capability", (item.capability,))
    places = left.readings[row.number].districts & right.readings[column].districts
    if places:
        yield Reason("district", tuple(sorted(places)[:SHOWN]))
    if item.vendor and item.vendor == other.vendor:
        yield Reason("vendor", (item.vendor,))
    yield from _relations(row, column)
    if not shared:
        yield _wording(row, column)


def _relations(row: Row, column: int) -> Iterator[Reason]:
    item, other = row.left.items[row.number], row.right.items[column]
    if same_agency(item, other):
        yield Reason("agency", (item.agency_name or item.agency,))
    if other.code in item.refers_to:
        yield Reason("refers", (other.code,))
    if _continues(row, column, float(row.features["letters"][column])):
        yield Reason("stage")


def _wording(row: Row, column: int) -> Reason:
    """The rarest words both use."""
    left, right = row.left, row.right
    terms = right.word_terms
    both = left.readings[row.number].words.keys() & right.readings[column].words.keys()
    rarest = sorted(
        (word for word in both if word in terms.index), key=lambda word: -terms.idf[terms.index[word]]
    )
    return Reason("wording", tuple(rarest[:SHOWN])) if rarest else Reason("nothing")


def names_of(listed: str) -> set[str]:
    """Names of data in a cell: `ผู้ป่วย; นัดหมาย`."""
    return {name.strip() for name in re.split(r"[,;|/\n]", listed) if name.strip()}


def told_of(matrix: Matrix, number: int) -> dict[int, float]:
    """One row of a sparse matrix: column to value, zeros left out."""
    start, end = matrix.indptr[number : number + 2]
    pairs = zip(matrix.indices[start:end].tolist(), matrix.data[start:end].tolist(), strict=True)
    return {column: value for column, value in pairs if value > 0}
