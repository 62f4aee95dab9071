"""How good a model is on labelled reports it has not seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prasan.reports.triage.labelled import BadFile, LabelledReports
from prasan.reports.triage.model import Model, Suggestion


@dataclass(frozen=True)
class CategoryScore:
    category: str
    rows: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Evaluation:
    """Shares are 0..1. A top-1 hit: the first choice is among the row's labels; top-3: one of three is."""

    rows: int
    left_out: int
    top1: float
    top3: float
    micro_f1: float
    macro_f1: float
    texts_per_second: float
    auto_precision: float
    auto_coverage: float
    categories: tuple[CategoryScore, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "top1": round(self.top1, 4),
            "top3": round(self.top3, 4),
            "micro_f1": round(self.micro_f1, 4),
            "macro_f1": round(self.macro_f1, 4),
            "texts_per_second": round(self.texts_per_second),
            "auto": {"precision": round(self.auto_precision, 4), "coverage": round(self.auto_coverage, 4)},
        }


def evaluate(model: Model, reports: LabelledReports) -> Evaluation:
    """Scores `model` on the rows that carry a category it knows; the others are counted as left out.

    Macro-F1 is the mean over the categories that occur in the file.
    """
    usable = reports.usable(model.categories)
    if not len(usable):
        raise BadFile("No row carries a category that the model knows.")
    suggestions, seconds = _timed(model, usable.texts)
    return score(model.categories, usable, suggestions, left_out=len(reports) - len(usable), seconds=seconds)


def _timed(model: Model, texts: Sequence[str]) -> tuple[list[Suggestion], float]:
    """Suggestions, and the wall time in seconds of the best of three passes, features included.

    The best, as in `timeit`: what is slower was slowed by something else on the machine.
    """
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        suggestions = model.suggest_many(texts)
        seconds.append(time.perf_counter() - started)
    return suggestions, min(seconds)


def score(
    categories: Sequence[str],
    usable: LabelledReports,
    suggestions: Sequence[Suggestion],
    *,
    left_out: int,
    seconds: float,
) -> Evaluation:
    truth = usable.matrix(categories)
    given = [[choice.category for choice in suggestion.choices] for suggestion in suggestions]
    first = np.array([names[0] in labels for names, labels in zip(given, usable.labels, strict=True)])
    any_of_three = np.array(
        [not set(names).isdisjoint(labels) for names, labels in zip(given, usable.labels, strict=True)]
    )
    sure = np.array([suggestion.confident for suggestion in suggestions])
    decided = LabelledReports(
        usable.texts, [suggestion.labels for suggestion in suggestions], usable.by_machine
    ).matrix(categories)
    table = category_scores(categories, decided, truth)
    hits, wrong = int((decided & truth).sum()), int((decided ^ truth).sum())
    return Evaluation(
        rows=len(usable),
        left_out=left_out,
        top1=float(first.mean()),
        top3=float(any_of_three.mean()),
        micro_f1=2 * hits / max(2 * hits + wrong, 1),
        macro_f1=float(np.mean([line.f1 for line in table if line.rows])),
        texts_per_second=len(usable) / seconds,
        auto_precision=float(first[sure].mean()) if sure.any() else 0.0,
        auto_coverage=float(sure.mean()),
        categories=tuple(table),
    )


def category_scores(
    categories: Sequence[str], decided: NDArray[np.bool_], truth: NDArray[np.bool_]
) -> list[CategoryScore]:
    lines = []
    for column, category in enumerate(categories):
        hits = int((decided[:, column] & truth[:, column]).sum())
        said, rows = int(decided[:, column].sum()), int(truth[:, column].sum())
        precision, recall = hits / max(said, 1), hits / max(rows, 1)
        lines.append(CategoryScore(category, rows, precision, recall, 2 * hits / max(said + rows, 1)))
    return lines
