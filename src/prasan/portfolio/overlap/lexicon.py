"""The bilingual concept lexicon of a city (concepts.yaml): what functions are called, and how officers tell of them.

A concept is known by any of its phrases: all of a phrase's words, or most of their weight, within one clause.
Words of one meaning (แพทย์, หมอ, doctor) count as one, so a phrase also meets wordings nobody wrote down.
"""

from __future__ import annotations

import csv
import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import sparse

from prasan.portfolio.overlap.text import Segmenter, plain

FILE = "concepts.yaml"
KINDS = ("function", "data", "commodity", "technology", "audience", "generic")
FACETS = ("actions", "things", "people")
HEAD = 3  # letters by which phrases are looked up in a text
FULL = 2  # this many telling words make a phrase that may be met in any order
TELLS_ALONE = 0.84  # rarity of a word that is a phrase by itself; others count only as they are written
LEAST_WEIGHT = 0.4  # of the commonest word in a phrase, against 1 of one that only one concept uses
HINTED = frozenset({"function", "commodity"})
TEMPER = 0.6  # 1 would punish a concept for being described at length
SURE = 1.6  # rarity of all words of a phrase at which meeting it is no accident


@dataclass(frozen=True, slots=True)
class Concept:
    """Something the city's projects are about; `group` is the first part of its code."""

    code: str
    kind: str
    name_th: str
    name_en: str
    also: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    excluded_by: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.code.partition(".")[0]

    def name(self, language: str = "th") -> str:
        """In Thai, or in English (`en`)."""
        return self.name_en if language == "en" else self.name_th


class Lexicon:
    """Concepts with their phrases as sparse matrices. Never changes after it is made; share it freely."""

    def __init__(
        self,
        concepts: Iterable[Concept],
        words: Mapping[str, Iterable[Iterable[str]]],
        plain_words: Iterable[str] = (),
        districts: Iterable[str] = (),
    ) -> None:
        self.concepts = tuple(concepts)
        self.index = {concept.code: number for number, concept in enumerate(self.concepts)}
        self.districts = frozenset(districts)
        self.plain_words = frozenset(plain(word) for word in plain_words)
        self.meaning: dict[str, str] = {}
        self._learn_words(words)
        extra = sorted({*self.meaning, *self.plain_words} - {""})
        with tempfile.TemporaryDirectory() as folder:
            self.segmenter = Segmenter(extra, Path(folder))
        self._learn_phrases()

    def _learn_words(self, words: Mapping[str, Iterable[Iterable[str]]]) -> None:
        for classes in words.values():
            for members in classes or ():
                spelled = [plain(str(member)) for member in members]
                self.meaning.update(dict.fromkeys(spelled, spelled[0]))

    def tokens(self, text: str) -> list[str]:
        """Words of cleaned text, each as the one that stands for its meaning."""
        return [self.meaning.get(word, word) for word in self.segmenter.words(text)]

    def _learn_phrases(self) -> None:
        phrases = [
            (number, plain(phrase), frozenset(self.tokens(plain(phrase))) - self.plain_words)
            for number, concept in enumerate(self.concepts)
            for phrase in dict.fromkeys((concept.name_th, concept.name_en, *concept.also))
            if phrase
        ]
        spread = _spread((number, tokens) for number, _, tokens in phrases)
        top = math.log(max(2, len(self.concepts)))
        self.rarity = {token: 1 - math.log(count) / top for token, count in spread.items()}
        self.vocabulary: dict[str, int] = {}
        self.exact: dict[str, list[tuple[str, int]]] = {}
        self.exact_latin: list[tuple[frozenset[str], int]] = []
        soft = []
        for number, phrase, tokens in phrases:
            if len(tokens) >= FULL or sum(self.rarity[token] for token in tokens) >= TELLS_ALONE:
                soft.append((number, tokens))
            else:
                self._learn_exact(phrase, number)
        self._index_phrases(soft)
        self._learn_cues()
        self._learn_exclusions()

    def _learn_exact(self, phrase: str, number: int) -> None:
        """A phrase whose words are too common to be met in any order: it must be there as it is written."""
        compact = "".join(phrase.split())
        if compact.isascii():
            self.exact_latin.append((frozenset(self.segmenter.words(phrase)), number))
        else:
            self.exact.setdefault(compact[:HEAD], []).append((compact, number))

    def _index_phrases(self, phrases: Sequence[tuple[int, frozenset[str]]]) -> None:
        rows, columns, weights, surety = [], [], [], []
        for column, (_, tokens) in enumerate(phrases):
            raw = {token: LEAST_WEIGHT + (1 - LEAST_WEIGHT) * self.rarity[token] for token in tokens}
            total = sum(raw.values())
            surety.append(min(1, sum(self.rarity[token] for token in tokens) / SURE))
            for token, weight in raw.items():
                rows.append(self.vocabulary.setdefault(token, len(self.vocabulary)))
                columns.append(column)
                weights.append(weight / total)
        shape = (max(1, len(self.vocabulary)), max(1, len(phrases)))
        self.phrases = sparse.csr_matrix((np.asarray(weights, np.float32), (rows, columns)), shape=shape)
        self.owner = np.asarray([number for number, _ in phrases] or [0], np.int32)
        self.surety = np.asarray(surety or [0], np.float32)

    def signs(self, written: Iterable[str]) -> list[str]:
        """Words as hints: each as the one that stands for its meaning, and as it is written where that differs."""
        found = []
        for word in written:
            meaning = self.meaning.get(word, word)
            if meaning not in self.plain_words and len(meaning) > 1:
                found.append(meaning)
                if meaning != word:
                    found.append(f"={word}")
        return found

    def _learn_cues(self) -> None:
        """Each concept as a short document of all the words it is told with; rare ones weigh more."""
        told: list[set[str]] = []
        for concept in self.concepts:
            phrases = (concept.name_th, concept.name_en, *concept.also, *concept.cues)
            hinted = phrases if concept.kind in HINTED else ()
            told.append(
                {sign for phrase in hinted for sign in self.signs(self.segmenter.words(plain(phrase)))}
            )
        spread = Counter(sign for signs in told for sign in signs)
        self.sign_index = {sign: number for number, sign in enumerate(spread)}
        top = math.log(1 + len(self.concepts))
        self.sign_rarity = np.asarray(
            [1 - math.log(count) / top for count in spread.values()] or [0], np.float32
        )
        pairs = [(number, self.sign_index[sign]) for number, signs in enumerate(told) for sign in signs]
        rows, columns = np.asarray(pairs, int).reshape(-1, 2).T
        shape = (max(1, len(self.concepts)), max(1, len(self.sign_index)))
        documents = sparse.csr_matrix((self.sign_rarity[columns], (rows, columns)), shape=shape)
        lengths = np.sqrt(np.asarray(documents.multiply(documents).sum(axis=1)).ravel())
        scale = np.divide(1, lengths**TEMPER, out=np.zeros_like(lengths), where=lengths > 0)
        self.documents = sparse.csr_matrix(sparse.diags(scale) @ documents, dtype=np.float32)

    def _learn_exclusions(self) -> None:
        """Words that say that a concept is not meant: word to concepts."""
        self.excluding: dict[str, set[int]] = {}
        for number, concept in enumerate(self.concepts):
            for word in concept.excluded_by:
                for token in self.tokens(plain(word)):
                    self.excluding.setdefault(token, set()).add(number)

    def exactly(self, text: str, written: frozenset[str]) -> set[int]:
        """Concepts of the phrases of common words that stand in a clause (without its blanks) as they are."""
        found = {
            owner
            for at in range(len(text) - HEAD + 1)
            if text[at : at + HEAD] in self.exact
            for phrase, owner in self.exact[text[at : at + HEAD]]
            if text.startswith(phrase, at)
        }
        found.update(owner for words, owner in self.exact_latin if words <= written)
        return found

    def excluded(self, tokens: Iterable[str]) -> set[int]:
        """Concepts that cannot be meant in a clause of these words."""
        found: set[int] = set()
        for token in tokens:
            found |= self.excluding.get(token, set())
        return found


def _spread(phrases: Iterable[tuple[int, frozenset[str]]]) -> Counter[str]:
    """In how many concepts a word occurs."""
    seen = {(number, token) for number, tokens in phrases for token in tokens}
    return Counter(token for _, token in seen)


@lru_cache(maxsize=4)
def load_lexicon(folder: Path) -> Lexicon:
    """The lexicon of a city's folder, read once; an empty one, so that only words count, where there is no file.

    A faulty file raises (yaml.YAMLError, KeyError, TypeError): `prasan city check` tells its faults one by one.
    """
    path = folder / FILE
    if not path.exists():
        return Lexicon((), {}, (), _districts(folder))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, as safe
    given: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506
    concepts = [
        Concept(
            code=str(row["code"]),
            kind=str(row["kind"]),
            name_th=str(row["name_th"]),
            name_en=str(row["name_en"]),
            also=tuple(str(phrase) for phrase in row.get("also", ())),
            cues=tuple(str(word) for word in row.get("cues", ())),
            excluded_by=tuple(str(word) for word in row.get("excluded_by", ())),
        )
        for row in given.get("concepts", ())
    ]
    return Lexicon(concepts, given.get("words", {}), given.get("plain", ()), _districts(folder))


def _districts(folder: Path) -> list[str]:
    """Names of the districts, from the agencies that are named after them."""
    path = folder / "agencies.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [
            row.get("name_th", "") for row in csv.DictReader(file) if row.get("kind") == "district_office"
        ]
    return [name.removeprefix("สำนักงานเขต") for name in names]
