"""Trains a triage model and calibrates it on texts it did not see.

The same recipe runs once per fold, each time without that fold's texts, and once with all rows. Blend,
thresholds and the limit for routing without a person come from the folds and go into the model trained on all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prasan.reports.triage.evaluation import Evaluation, score
from prasan.reports.triage.features import Positions, normalise, positions
from prasan.reports.triage.labelled import BadFile, LabelledReports, folds
from prasan.reports.triage.model import Blend, Decision, Floats, Model, Suggestion
from prasan.reports.triage.network import Network, Recipe, epochs, lesson

Progress = Callable[[str, float], None]  # what was just done, and the share of all work done (0..1)
AUTO_PRECISION = 0.957  # asked of held-out texts, so that 0.95 holds on the next ones too
RIDGE = 1e-3  # of the weights of the certainty
LEVELS = 31  # a column of the table is rounded to -31..31: 7 % noise, and the file shrinks by a quarter
BLEND_START = (1.0, 1.0, 1.0, 0.0)


@dataclass(frozen=True)
class Trained:
    """The model to ship and how the same recipe did on texts held out."""

    model: Model
    held_out: Evaluation


def train(
    reports: LabelledReports,
    categories: Sequence[str],
    *,
    seed: int = 0,
    fold_count: int = 5,
    recipe: Recipe | None = None,
    progress: Progress = lambda done, share: None,
) -> Trained:
    """Cross-validates the recipe on folds of `reports`, then trains on all of them.

    Rows that carry none of `categories` are left out. Raises BadFile when too few are left.
    """
    recipe = recipe or Recipe()
    usable = reports.usable(categories)
    fold = folds(usable.texts, fold_count, seed)
    if len(np.unique(fold)) < fold_count:
        raise BadFile(f"{len(usable)} usable rows hold too few different texts for {fold_count} folds.")
    work = _Work(usable, usable.matrix(categories), tuple(categories), recipe, progress, fold_count + 1)
    scores = np.zeros((len(usable), 2 * len(categories) + 1), np.float32)
    seconds = 0.0
    for number in range(fold_count):
        model = work.fit(np.flatnonzero(fold != number), seed + number, number)
        outside = np.flatnonzero(fold == number)
        started = time.perf_counter()
        scores[outside] = model.scores([usable.texts[row] for row in outside])
        seconds += time.perf_counter() - started
    final = work.fit(np.arange(len(usable)), seed, fold_count)
    held_out = score(
        final.categories,
        usable,
        _decide_crosswise(final, work, scores, fold),
        left_out=len(reports) - len(usable),
        seconds=seconds,
    )
    blend, decision = calibrate(scores, work.truth)
    return Trained(replace(final, blend=blend, decision=decision), held_out)


@dataclass(frozen=True)
class _Work:
    """What every fit of one training shares."""

    reports: LabelledReports
    truth: NDArray[np.bool_]
    categories: tuple[str, ...]
    recipe: Recipe
    progress: Progress
    fits: int

    def fit(self, rows: NDArray[np.int64], seed: int, number: int) -> Model:
        """A model from `rows`, not yet calibrated."""
        recipe, truth = self.recipe, self.truth[rows]
        grams = positions([normalise(self.reports.texts[row]) for row in rows], recipe.sizes, recipe.bits)
        slot_of = _keep(grams, recipe)
        by_machine = self.reports.by_machine[rows]
        prior = _log_odds((truth.sum(0) + 1) / (len(truth) + 2))
        gate = _log_odds((by_machine.sum() + 1) / (len(rows) + 2))
        network = Network(int(slot_of.max()) + 1, prior, float(gate), recipe, seed)
        losses = epochs(network, lesson(grams, slot_of, truth, by_machine))
        for epoch, loss in enumerate(losses, 1):
            share = (number + epoch / recipe.epochs) / self.fits
            self.progress(f"fit {number + 1}/{self.fits}, epoch {epoch}, loss {loss:.3f}", share)
        return _to_model(network, slot_of, self.categories)


def _keep(grams: Positions, recipe: Recipe) -> NDArray[np.int32]:
    """Bucket -> slot for n-grams seen often enough; -1 for the rest and for no n-gram (the last entry)."""
    seen = np.bincount(grams.buckets[grams.buckets >= 0], minlength=1 << recipe.bits)
    kept = np.flatnonzero(seen >= min(recipe.least_seen, max(seen.max(), 1)))
    slot_of = np.full((1 << recipe.bits) + 1, -1, np.int32)
    slot_of[kept] = np.arange(len(kept), dtype=np.int32)
    return slot_of


def _to_model(network: Network, slot_of: NDArray[np.int32], categories: tuple[str, ...]) -> Model:
    """Rounds the table to small integers, one scale per column."""
    table = network.table.values
    scale = np.maximum(np.abs(table).max(0), 1e-6) / LEVELS
    rounded = np.vstack([np.round(table / scale), np.zeros((1, table.shape[1]))]).astype(np.int8)
    return Model(
        categories=categories,
        sizes=network.recipe.sizes,
        bits=network.recipe.bits,
        peaks=network.recipe.peaks,
        slot_of=np.where(slot_of < 0, len(table), slot_of).astype(np.int32),
        table=rounded,
        scale=scale.astype(np.float32),
        shift=network.shift.values,
        output=network.output.values,
        bias=network.bias.values,
        blend=Blend(),
        decision=Decision(np.full(len(categories), 0.5, np.float32), np.eye(6, dtype=np.float32)[0], 1.0),
    )


def calibrate(scores: Floats, truth: NDArray[np.bool_]) -> tuple[Blend, Decision]:
    """Temperatures by likelihood, thresholds by F1, the limit by precision, all from held-out scores."""
    from scipy.optimize import minimize

    def surprise(values: NDArray[Any]) -> float:
        probability = np.clip(Blend(*values).probabilities(scores), 1e-6, 1 - 1e-6)
        return float(-np.log(np.where(truth, probability, 1 - probability)).sum(1).mean())

    found = minimize(surprise, BLEND_START, method="Nelder-Mead", options={"maxiter": 120, "xatol": 0.01})
    blend = Blend(*(float(value) for value in found.x))
    probabilities = blend.probabilities(scores)
    thresholds = _thresholds(probabilities, truth)
    right = truth[np.arange(len(truth)), probabilities.argmax(1)]
    evidence = blend.evidence(scores)
    decision = Decision(thresholds, _weigh(evidence, right), 1.0)
    return blend, replace(decision, confident=_limit(decision.certainty(evidence), right, AUTO_PRECISION))


def _weigh(evidence: Floats, right: NDArray[np.bool_]) -> Floats:
    """Logistic regression of `right` on `evidence`, drawn towards trusting the first probability as it is."""
    from scipy.optimize import minimize

    columns = np.hstack([evidence, np.ones((len(evidence), 1), np.float32)]).astype(np.float64)
    start = np.eye(columns.shape[1])[0]
    signs = np.where(right, 1.0, -1.0)

    def surprise(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = signs * (columns @ weights)
        off = weights - start
        slope = -(columns.T @ (signs / (1 + np.exp(margin)))) / len(signs)
        return float(np.logaddexp(0, -margin).mean() + RIDGE * off @ off), slope + 2 * RIDGE * off

    found: Floats = minimize(surprise, start, jac=True, method="L-BFGS-B").x.astype(np.float32)
    return found


def _thresholds(probabilities: Floats, truth: NDArray[np.bool_]) -> Floats:
    """Half-way between what is best for each category alone (macro-F1) and one for all (micro-F1).

    Alone, a rare and vague category would set so low a threshold that most of what it is given is wrong.
    """
    own = [_best_f1(probabilities[:, column], truth[:, column]) for column in range(truth.shape[1])]
    common = _best_f1(probabilities.ravel(), truth.ravel())
    halfway: Floats = ((np.array(own) + common) / 2).astype(np.float32)
    return halfway


def _best_f1(probability: Floats, truth: NDArray[np.bool_]) -> float:
    """The threshold with the best F1, averaged over neighbours so that one lucky text does not set it."""
    order = np.argsort(-probability)
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + max(int(truth.sum()), 1))
    width = max(len(order) // 2000, 1)
    smooth = np.convolve(f1, np.ones(width) / width, "same")
    return float(probability[order[int(smooth.argmax())]])


def _limit(probability: Floats, right: NDArray[np.bool_], precision: float) -> float:
    """The lowest probability from which on `precision` of first choices are right; above 1 if none."""
    order = np.argsort(-probability)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= precision)
    return float(probability[order[enough[-1]]]) if len(enough) else 1.1


def _decide_crosswise(model: Model, work: _Work, scores: Floats, fold: NDArray[np.int64]) -> list[Suggestion]:
    """Each fold's texts decided with a calibration found on the other folds, in the order of the rows."""
    decided: dict[int, Suggestion] = {}
    for number in np.unique(fold):
        inside, outside = fold != number, np.flatnonzero(fold == number)
        blend, decision = calibrate(scores[inside], work.truth[inside])
        judge = replace(model, blend=blend, decision=decision)
        texts = [work.reports.texts[row] for row in outside]
        decided.update(zip(outside.tolist(), judge.decide(texts, scores[outside]), strict=True))
    return [decided[row] for row in range(len(fold))]


def _log_odds(share: Any) -> Any:
    return np.log(share / (1 - share))
