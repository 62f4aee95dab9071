"""The triage model: hashed n-grams, two readings of a text, a calibrated answer.

Each n-gram that starts at a position of the text has a row in one small table. A position's vector is the sum
of its rows; the text's vector is, column by column, either the greatest value over all positions (is there a
telling word anywhere?) or the sum of all (what is the text about?). A linear layer on top gives each
category's score twice, as a machine and as people label it, and how likely the first is; the two are blended.
Max pooling over n-gram tables follows Kim 2014 (convolutional sentence classification); hashed subword tables
follow Joulin et al. 2016 (fastText).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prasan.fabric.redaction import THAI_DIGITS
from prasan.fabric.thai import words
from prasan.reports.triage.features import LONGEST, normalise, positions

SHIPPED = Path(__file__).with_name("model.npz")
FORMAT = 2
BATCH_CHARACTERS = 4096  # worked on at once: stays in the processor's cache, and memory stays flat
WORDS_SHOWN = 3

Floats = NDArray[np.float32]


class BadModel(ValueError):
    """The file is not a triage model of this version; the message is a sentence for who named it."""


@dataclass(frozen=True)
class Choice:
    """One category with its calibrated probability (0..1)."""

    category: str
    probability: float
    _text: str = field(default="", repr=False, compare=False)
    _model: Model | None = field(default=None, repr=False, compare=False)

    @cached_property
    def why(self) -> tuple[str, ...]:
        """The words of the text that weighed most, worked out when first asked."""
        return self._model.explain(self._text, self.category) if self._model else ()


@dataclass(frozen=True)
class Suggestion:
    """`choices`: the three likeliest, best first. `labels`: every category that applies (at least one).

    `confident`: the first choice may be routed without a person.
    """

    choices: tuple[Choice, ...]
    labels: tuple[str, ...]
    confident: bool


@dataclass(frozen=True)
class Blend:
    """Temperatures, found on held-out texts, that make the blended scores read as probabilities."""

    machine: float = 1.0
    people: float = 1.0
    gate: float = 1.0
    gate_shift: float = 0.0

    def parts(self, scores: Floats) -> tuple[Floats, Floats, Floats]:
        """Scores (rows x 2C + 1: C as a machine labels, C as people do, the gate) -> each part in 0..1."""
        count = scores.shape[1] // 2
        machine = sigmoid(self.machine * scores[:, :count])
        people = sigmoid(self.people * scores[:, count : 2 * count])
        return machine, people, sigmoid(self.gate * scores[:, 2 * count :] + self.gate_shift)

    def probabilities(self, scores: Floats) -> Floats:
        """Rows x C: how likely each category is among the labels."""
        machine, people, gate = self.parts(scores)
        return gate * machine + (1 - gate) * people

    def evidence(self, scores: Floats) -> Floats:
        """What tells whether the first choice is right, rows x 5, as log odds.

        The first and the second choice's probability, the first's as a machine and as people label, the gate.
        """
        machine, people, gate = self.parts(scores)
        blended = gate * machine + (1 - gate) * people
        order = np.argsort(-blended, axis=1)
        first, second = order[:, :1], order[:, 1:2]
        columns = [
            np.take_along_axis(values, choice, axis=1)
            for values, choice in ((blended, first), (blended, second), (machine, first), (people, first))
        ]
        return log_odds(np.hstack([*columns, gate]))


@dataclass(frozen=True)
class Decision:
    """What follows from probabilities.

    A category applies from its entry in `thresholds`. A first choice is routed without a person when it is right
    with a probability of at least `confident`; that is the logistic function of `Blend.evidence` weighed with
    `weights` (the last entry is the constant).
    """

    thresholds: Floats
    weights: Floats
    confident: float

    def certainty(self, evidence: Floats) -> Floats:
        return sigmoid(evidence @ self.weights[:-1] + self.weights[-1])


@dataclass(frozen=True)
class Model:
    """A trained model, read-only and safe to share between threads.

    `slot_of` maps a bucket to its row in `table` (int8; the last row, zeros, is for n-grams not kept). The
    first `peaks` columns are pooled by maximum, the rest by sum over the root of the length.
    """

    categories: tuple[str, ...]
    sizes: tuple[int, ...]
    bits: int
    peaks: int
    slot_of: NDArray[np.int32]
    table: NDArray[np.int8]
    scale: Floats
    shift: Floats
    output: Floats
    bias: Floats
    blend: Blend
    decision: Decision

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Model:
        """Reads a model file; no pickled object is ever accepted. Raises BadModel."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except FileNotFoundError as error:
            raise BadModel(f"There is no model {path}.") from error
        except (OSError, ValueError, EOFError) as error:
            raise BadModel(f"{path} is not a triage model.") from error
        if int(arrays.get("format", -1)) != FORMAT:
            raise BadModel(f"{path} is not a triage model of format {FORMAT}; train it again.")
        return cls._from_arrays(arrays)

    @classmethod
    def _from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Model:
        kept = np.flatnonzero(np.unpackbits(arrays["kept"]))
        bits = int(arrays["bits"])
        slot_of = np.full((1 << bits) + 1, len(kept), np.int32)  # bucket -1 reads the last entry
        slot_of[kept] = np.arange(len(kept), dtype=np.int32)
        return cls(
            categories=tuple(arrays["categories"].tolist()),
            sizes=tuple(arrays["sizes"].tolist()),
            bits=bits,
            peaks=int(arrays["peaks"]),
            slot_of=slot_of,
            table=np.vstack([arrays["table"], np.zeros((1, arrays["table"].shape[1]), np.int8)]),
            scale=arrays["scale"],
            shift=arrays["shift"],
            output=arrays["output"],
            bias=arrays["bias"],
            blend=Blend(*arrays["blend"].tolist()),
            decision=Decision(arrays["thresholds"], arrays["weights"], float(arrays["confident"])),
        )

    def save(self, path: Path) -> None:
        """Writes a compressed .npz of plain arrays."""
        kept = np.zeros(1 << self.bits, np.uint8)
        kept[self.slot_of[:-1] < len(self.table) - 1] = 1
        blend = self.blend
        np.savez_compressed(
            path,
            format=np.int64(FORMAT),
            categories=np.array(self.categories),
            sizes=np.array(self.sizes, np.int64),
            bits=np.int64(self.bits),
            peaks=np.int64(self.peaks),
            kept=np.packbits(kept),
            table=self.table[:-1],
            scale=self.scale,
            shift=self.shift,
            output=self.output,
            bias=self.bias,
            blend=np.array([blend.machine, blend.people, blend.gate, blend.gate_shift]),
            thresholds=self.decision.thresholds,
            weights=self.decision.weights,
            confident=np.float64(self.decision.confident),
        )

    def suggest(self, text: str) -> Suggestion:
        return self.suggest_many([text])[0]

    def suggest_many(self, texts: Sequence[str]) -> list[Suggestion]:
        """One suggestion per text, in order; an empty one gets the commonest categories, never `confident`."""
        return self.decide(texts, self.scores(texts))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Calibrated probability of each category for each text: len(texts) x len(categories)."""
        return self.blend.probabilities(self.scores(texts))

    def scores(self, texts: Sequence[str]) -> Floats:
        """Scores before calibration: len(texts) x (2 * len(categories) + 1), see `Blend.probabilities`."""
        parts = [self._score([normalise(text) for text in batch]) for batch in _batches(texts)]
        return np.vstack(parts) if parts else np.zeros((0, len(self.bias)), np.float32)

    def _score(self, normalised: Sequence[str]) -> Floats:
        grams = positions(normalised, self.sizes, self.bits)
        slots = self.slot_of[grams.buckets]
        vectors = self.table[slots[:, 0]].astype(np.int16)
        for column in range(1, slots.shape[1]):
            vectors += self.table[slots[:, column]]
        begins = grams.starts[:-1]
        peak = np.maximum.reduceat(vectors[:, : self.peaks], begins).astype(np.float32)
        total = np.add.reduceat(vectors[:, self.peaks :], begins, dtype=np.int32).astype(np.float32)
        total /= np.sqrt(np.diff(grams.starts), dtype=np.float32)[:, None]
        hidden = np.maximum(np.hstack([peak, total]) * self.scale + self.shift, 0)
        scores: Floats = hidden @ self.output + self.bias
        return scores

    def decide(self, texts: Sequence[str], scores: Floats) -> list[Suggestion]:
        """Suggestions from `scores` of `texts`."""
        probabilities = self.blend.probabilities(scores)
        best = np.argsort(-probabilities, axis=1)[:, :3]
        applies = probabilities >= self.decision.thresholds
        np.put_along_axis(applies, best[:, :1], True, axis=1)
        chances = np.take_along_axis(probabilities, best, axis=1).tolist()
        sure = self.decision.certainty(self.blend.evidence(scores)) >= self.decision.confident
        rows = zip(texts, best.tolist(), chances, applies, sure.tolist(), strict=True)
        return [self._suggestion(*row) for row in rows]

    def _suggestion(
        self, text: str, order: list[int], chances: list[float], applies: NDArray[np.bool_], sure: bool
    ) -> Suggestion:
        names = self.categories
        return Suggestion(
            choices=tuple(
                Choice(names[index], chance, text, self) for index, chance in zip(order, chances, strict=True)
            ),
            labels=tuple(names[index] for index in np.flatnonzero(applies)),
            confident=sure and bool(text.strip()),
        )

    def explain(self, text: str, category: str) -> tuple[str, ...]:
        """The up to three words of `text` without which `category` would lose most, weightiest first."""
        plain = text[:LONGEST].translate(THAI_DIGITS).lower()
        if category not in self.categories:
            raise ValueError(f"{category} is not among the categories of this model")
        column = self.categories.index(category)
        candidates = list(dict.fromkeys(word for word in words(plain) if len(word) > 1))
        variants = [plain, *(plain.replace(word, " ") for word in candidates)]
        odds = log_odds(self.probabilities(variants)[:, column])
        loss = odds[0] - odds[1:]
        return tuple(candidates[index] for index in np.argsort(-loss)[:WORDS_SHOWN] if loss[index] > 0.1)


def sigmoid(value: NDArray[Any]) -> Floats:
    result: Floats = (1 / (1 + np.exp(-np.clip(value, -30, 30)))).astype(np.float32)
    return result


def log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of `texts` of about BATCH_CHARACTERS together, at least one text each."""
    start = total = 0
    for end, text in enumerate(texts):
        total += min(len(text), LONGEST) + 2
        if total >= BATCH_CHARACTERS:
            yield texts[start : end + 1]
            start, total = end + 1, 0
    if start < len(texts):
        yield texts[start:]


_lock = threading.Lock()
_shipped: list[Model] = []


def shipped_model() -> Model:
    """The model that comes with the package, loaded once per process when first needed."""
    with _lock:
        if not _shipped:
            _shipped.append(Model.load())
        return _shipped[0]
