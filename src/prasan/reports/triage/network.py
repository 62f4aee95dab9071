"""The network of `model.Model` while it learns: float32, gradients written out, Adam on touched rows only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from prasan.reports.triage.features import Positions
from prasan.reports.triage.model import Floats, sigmoid

ROWS_AT_ONCE = 512
BETA_MEAN, BETA_SQUARE, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual constants (Kingma and Ba 2014)


@dataclass(frozen=True)
class Recipe:
    """What the network looks like and how it learns; the defaults are those of the shipped model."""

    sizes: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8)  # characters of an n-gram
    bits: int = 21  # 2**bits hash buckets
    least_seen: int = 80  # an n-gram must start at so many positions of the training texts
    peaks: int = 96  # columns pooled by maximum
    totals: int = 32  # columns pooled by sum
    epochs: int = 6
    batch: int = 256
    rate: float = 4e-3
    drop_grams: float = 0.15
    drop_hidden: float = 0.3


@dataclass(frozen=True)
class Lesson:
    """Texts as slots of the table (-1: not kept) and what to learn from them.

    `targets` and `weights` are texts x (2 * categories + 1): as a machine labels, as people do, the gate.
    A text teaches only the half that its labels came from.
    """

    starts: NDArray[np.int64]
    slots: NDArray[np.int32]
    targets: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.targets)

    def of(self, rows: NDArray[np.int64]) -> Lesson:
        lengths = self.starts[rows + 1] - self.starts[rows]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        wanted = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Lesson(starts, self.slots[wanted], self.targets[rows], self.weights[rows])


def lesson(
    grams: Positions, slot_of: NDArray[np.int32], truth: NDArray[np.bool_], by_machine: NDArray[np.bool_]
) -> Lesson:
    """`slot_of` maps a bucket, and -1 (its last entry), to a slot or -1."""
    labels, machine = truth.astype(np.float32), by_machine.astype(np.float32)[:, None]
    ones = np.ones((1, truth.shape[1]), np.float32)
    weights = np.hstack([machine * ones, (1 - machine) * ones, np.ones_like(machine)])
    return Lesson(grams.starts, slot_of[grams.buckets], np.hstack([labels, labels, machine]), weights)


class Adam:
    """Adam's two running moments for one array."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        self.mean = np.zeros_like(values)
        self.square = np.zeros_like(values)

    def step(self, gradient: Floats, rate: float, rows: Any = slice(None)) -> None:
        """Moves `rows` of the array against `gradient`; rows not named keep values and moments."""
        mean, square = self.mean[rows], self.square[rows]
        mean += (1 - BETA_MEAN) * (gradient - mean)
        square += (1 - BETA_SQUARE) * (gradient * gradient - square)
        self.mean[rows], self.square[rows] = mean, square
        self.values[rows] -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(EPSILON))

    def step_rows(self, gradient: Floats, rate: float, rows: NDArray[np.int64]) -> None:
        """`step` in pieces that fit the processor's cache, which takes half the time."""
        for at in range(0, len(rows), ROWS_AT_ONCE):
            piece = slice(at, at + ROWS_AT_ONCE)
            self.step(gradient[piece], rate, rows[piece])


class Network:
    """Sum of n-gram rows per position -> maximum and sum over positions -> rectifier -> linear scores."""

    def __init__(self, rows: int, prior: Floats, gate: float, recipe: Recipe, seed: int) -> None:
        self.recipe, self.random, self.steps = recipe, np.random.default_rng(seed), 0
        width = recipe.peaks + recipe.totals
        draw = self.random.normal
        self.table = Adam(draw(0, 0.1, (rows, width)).astype(np.float32))
        self.shift = Adam(np.zeros(width, np.float32))
        self.output = Adam(draw(0, width**-0.5, (width, 2 * len(prior) + 1)).astype(np.float32))
        self.bias = Adam(np.concatenate([prior, prior, [gate]]).astype(np.float32))

    def epoch(self, texts: Lesson, rate: float) -> float:
        """One pass in random order; returns the mean loss per text."""
        order = self.random.permutation(len(texts))
        size = self.recipe.batch
        losses = [self._learn(texts.of(order[at : at + size]), rate) for at in range(0, len(order), size)]
        return float(np.sum(losses)) / len(texts)

    def _learn(self, batch: Lesson, rate: float) -> float:
        count = len(batch)
        grams, rows = self._incidence(batch.slots)
        vectors = grams @ self.table.values[rows]
        pooled, peak_at = self._pool(vectors, batch.starts)
        raw = pooled + self.shift.values
        keep = np.float32(1 - self.recipe.drop_hidden)
        mask = ((raw > 0) & (self.random.random(raw.shape, np.float32) < keep)).astype(np.float32) / keep
        hidden = raw * mask
        guess = sigmoid(hidden @ self.output.values + self.bias.values)
        error = (guess - batch.targets) * batch.weights / np.float32(count)
        back = (error @ self.output.values.T) * mask
        self.steps += 1
        rate *= (1 - BETA_SQUARE**self.steps) ** 0.5 / (1 - BETA_MEAN**self.steps)
        self.output.step(hidden.T @ error, rate)
        self.bias.step(error.sum(0), rate)
        self.shift.step(back.sum(0), rate)
        self.table.step_rows(self._unpool(grams, peak_at, back, batch.starts), rate, rows)
        return _loss(guess, batch)

    def _incidence(self, slots: NDArray[np.int32]) -> tuple[Any, NDArray[np.int64]]:
        """Positions x used rows of the table, one where the n-gram starts; some n-grams dropped at random."""
        present = slots >= 0
        present &= self.random.random(slots.shape, np.float32) >= self.recipe.drop_grams
        used = np.zeros(len(self.table.values), bool)
        used[slots[present]] = True
        rows = np.flatnonzero(used)
        local = np.zeros(len(used), np.int32)
        local[rows] = np.arange(len(rows), dtype=np.int32)
        ends = np.concatenate(([0], np.cumsum(present.sum(1))))
        ones = np.ones(ends[-1], np.float32)
        return sparse.csr_matrix((ones, local[slots[present]], ends), shape=(len(slots), len(rows))), rows

    def _pool(self, vectors: Floats, starts: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Texts x columns, and the position at which each peak was reached."""
        peaks = self.recipe.peaks
        peak_at = np.stack([begin + vectors[begin:end, :peaks].argmax(0) for begin, end in pairwise(starts)])
        highest = vectors[peak_at, np.arange(peaks)]
        total = np.add.reduceat(vectors[:, peaks:], starts[:-1]) / _root(np.diff(starts))
        return np.hstack([highest, total]), peak_at

    def _unpool(
        self, grams: Any, peak_at: NDArray[np.int64], back: Floats, starts: NDArray[np.int64]
    ) -> Floats:
        """Gradient of the table's used rows: the maximum sends it to where it was reached, the sum to all."""
        peaks, count = self.recipe.peaks, starts[-1]
        columns = np.broadcast_to(np.arange(peaks), peak_at.shape)
        places = (back[:, :peaks].ravel(), (peak_at.ravel(), columns.ravel()))
        to_peaks = (grams.T.tocsr() @ sparse.csr_matrix(places, shape=(count, peaks))).toarray()
        texts = sparse.csr_matrix((np.ones(count, np.float32), np.arange(count), starts))
        to_totals = (texts @ grams).T @ (back[:, peaks:] / _root(np.diff(starts)))
        gradient: Floats = np.hstack([to_peaks, to_totals])
        return gradient


def _root(lengths: NDArray[np.int64]) -> Floats:
    return np.sqrt(lengths, dtype=np.float32)[:, None]


def _loss(guess: Floats, batch: Lesson) -> float:
    """Cross-entropy of the batch, summed."""
    right = np.where(batch.targets > 0.5, guess, 1 - guess)
    return float(-(batch.weights * np.log(np.maximum(right, 1e-7))).sum())


def epochs(network: Network, texts: Lesson) -> Iterator[float]:
    """Trains with a rate that falls to zero in a straight line; yields each epoch's loss."""
    recipe = network.recipe
    for epoch in range(recipe.epochs):
        yield network.epoch(texts, recipe.rate * (1 - epoch / recipe.epochs))
