"""`python -m benchmarks.portfolio_overlap`: what the screening finds and takes, beside scikit-learn's plain TF-IDF.

Quality on the demonstration city's labelled pairs (partners that share no rare word apart), time on made-up texts of
`--items` proposals and as many systems. The baseline is given the threshold that suits it best; ours is the one shipped.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from prasan.portfolio.overlap import Item, Lexicon, build_corpus, load_lexicon, screen
from prasan.portfolio.overlap.corpus import taken
from prasan.portfolio.overlap.files import read_proposals, read_systems

PROJECT = Path(__file__).parents[1]
CITY = PROJECT / "cities" / "bangkok"
PAIRS = PROJECT / "tests" / "portfolio" / "labelled" / "pairs.csv"
ALIKE = ("same_function", "existing_system")
Scores = NDArray[np.float32]


def text_of(item: Item) -> str:
    return " ".join((item.title, item.title_en, item.objective, item.scope, item.benefit))


def plain_tfidf(items: list[Item], proposals: int) -> Scores:
    """Cosine of character n-grams, nothing cleaned: what a first attempt looks like."""
    matrix = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).fit_transform(map(text_of, items))
    return np.asarray((matrix[:proposals] @ matrix.T).todense(), np.float32)


def ours(items: list[Item], proposals: int, lexicon: Lexicon) -> tuple[Scores, Scores]:
    """Scores, and 1 where a pair is flagged."""
    place = {item.code: at for at, item in enumerate(items)}
    corpus = build_corpus(items, lexicon)
    scores, flags = np.zeros((2, proposals, len(items)), np.float32)
    for at, row in enumerate(screen(taken(corpus, proposals), corpus, limit=len(items))):
        for match in row:
            scores[at, place[match.right]] = match.score
            flags[at, place[match.right]] = match.flagged
    return scores, flags


def partner_in_five(scores: Scores, wanted: NDArray[np.bool_]) -> float:
    """Share of the proposals with a partner that see one among their five nearest."""
    own = scores.copy()
    np.fill_diagonal(own, -1)
    first = np.argsort(-own, axis=1, kind="stable")[:, :5]
    hits = [wanted[at, first[at]].any() for at in range(len(own)) if wanted[at].any()]
    return float(np.mean(hits))


def best_threshold(scores: Scores, alike: NDArray[np.bool_], pairs: NDArray[np.bool_]) -> Scores:
    """Flags at the threshold with the best F1: more than a baseline could know."""
    ranked = np.argsort(-scores[pairs])
    right = np.cumsum(alike[pairs][ranked])
    f1 = 2 * right / (np.arange(1, len(ranked) + 1) + alike[pairs].sum())
    return (scores >= scores[pairs][ranked[f1.argmax()]]).astype(np.float32)


def quality(lexicon: Lexicon) -> None:
    proposals = read_proposals(CITY / "demo" / "proposals.csv")
    items = [*proposals, *read_systems(CITY / "demo" / "systems.csv")]
    place = {item.code: at for at, item in enumerate(items)}
    shape = (len(proposals), len(items))
    kinds = np.full(shape, "", object)
    hard = np.zeros(shape, bool)
    with PAIRS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for left, right in ((row["left_code"], row["right_code"]), (row["right_code"], row["left_code"])):
                if place[left] < len(proposals):
                    kinds[place[left], place[right]] = row["kind"]
                    hard[place[left], place[right]] = row["hard"] == "1"
    alike = np.isin(kinds, ALIKE)
    pairs = np.triu(np.ones(shape, bool), 1)
    plain = plain_tfidf(items, len(proposals))
    scores, flags = ours(items, len(proposals), lexicon)
    print(
        "| | partner in five | without a rare word | precision | same function | existing system | lookalikes |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, score, flag in (
        ("plain TF-IDF", plain, best_threshold(plain, alike, pairs)),
        ("Prasan", scores, flags),
    ):
        flagged = (flag > 0) & pairs
        recalls = [
            (flagged & (kinds == kind)).sum() / ((kinds == kind) & pairs).sum()
            for kind in (*ALIKE, "lookalike")
        ]
        numbers = (
            partner_in_five(score, kinds == "same_function"),
            partner_in_five(score, (kinds == "same_function") & hard),
            (flagged & alike).sum() / flagged.sum(),
            *recalls,
        )
        print(f"| {name} |", " | ".join(f"{number:.3f}" for number in numbers), "|")


def made(count: int, sort: str, seeds: list[Item], chance: random.Random) -> list[Item]:
    """Texts put together from clauses of the demonstration's; each a little different."""
    clauses = [clause for item in seeds for clause in (item.title, item.objective, item.scope) if clause]
    return [
        Item(
            code=f"{sort}-{number}", title=f"{chance.choice(clauses)} {number}", sort="system" if sort == "s" else "proposal",
            objective=chance.choice(clauses), scope=" ".join(chance.choices(clauses, k=2)), agency=f"a{number % 80}",
        )
        for number in range(count)
    ]  # fmt: skip


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def speed(lexicon: Lexicon, count: int) -> None:
    chance = random.Random(20)
    seeds = read_proposals(CITY / "demo" / "proposals.csv")
    items = [*made(count, "p", seeds, chance), *made(count, "s", seeds, chance)]

    def whole() -> None:
        corpus = build_corpus(items, lexicon)
        for _row in screen(taken(corpus, count), corpus, limit=10):
            pass

    def baseline() -> None:
        matrix = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).fit_transform(map(text_of, items))
        for start in range(0, count, 256):
            block = np.asarray((matrix[start : start + 256] @ matrix.T).todense(), np.float32)
            np.argpartition(-block, 11, axis=1)

    print(f"\n{count:,} proposals against as many systems and each other: wall s, processor s")
    for name, work in (("Prasan", whole), ("plain TF-IDF", baseline)):
        print(f"{name}: {' / '.join(f'{seconds:.1f}' for seconds in timed(work))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--items", type=int, default=10_000, help="made-up proposals, and as many systems (10000)"
    )
    given = parser.parse_args()
    lexicon = load_lexicon(CITY)
    quality(lexicon)
    if given.items:
        speed(lexicon, given.items)


if __name__ == "__main__":
    main()
