"""Items as rows of sparse matrices: functions, commodities, data, words, letters of the title."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from prasan.portfolio.overlap.items import Item
from prasan.portfolio.overlap.lexicon import Lexicon
from prasan.portfolio.overlap.text import SENTENCE, buys, carries_on, clean

Matrix: TypeAlias = Any  # of scipy, which has no types: compressed rows
Floats = NDArray[np.float32]

# How much a concept counts by where it is said: a title names the function, a scope also lists its parts.
FIELDS = {"title": 1.0, "objective": 0.6, "scope": 0.35, "capability": 0.5, "benefit": 0.2}
SIGN_FIELDS = {"title": 1.0, "objective": 0.8, "scope": 0.6, "capability": 0.6, "benefit": 0.4}
FOREMOST = 0.3  # hints of a concept below this share of the strongest one's are dropped
SHARP = 2
# Rarity of all words that hint at a concept together, from which they are full evidence: more where an item is
# nothing but a title, as in lists of running costs.
ENOUGH, ENOUGH_OF_A_TITLE = 3.5, 5.0
PHRASES = 0.2  # weight of a phrase that is met beside the hints
WINDOW = 22  # words of one clause; Thai has no full stops to go by
COVERED = 0.74  # share of a phrase's weight that must be there
SEAM = " \n\0\n "  # between the fields of one item: no pattern of `clean` reaches across
EXACT = 0.8  # how surely a phrase of common words is meant that stands there as it is written
LARGE, COMMON = 2_000, 0.03  # items from which terms in more than this share of them are left out
LETTERS = (3, 4)
CHUNK = 2_000  # items whose clauses are matched with the lexicon at once


class Embedder(Protocol):
    """A local embedding model, if the city has one: texts to rows of equal length (normalised here)."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Window:
    """Words that stand close together: their columns in the lexicon's phrases, and concepts they rule out."""

    field: int
    columns: tuple[int, ...]
    ruled_out: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off one item's text; kept so that a corpus is made again without reading it again."""

    words: Counter[str]
    signs: Mapping[str, float]  # hint words with the weight of where they stand
    letters: Counter[str]
    windows: tuple[Window, ...]
    met: tuple[tuple[int, int], ...]  # field and concept of phrases that stand there as they are written
    districts: frozenset[str]
    described: bool  # says more than a title
    carries_on: bool
    buys: bool


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """Column of each word (or run of letters), and its weight: rare ones tell more."""

    index: dict[str, int]
    idf: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Corpus:
    """Items to compare with. Made by `build_corpus`; never changes, so it can be cached and shared."""

    lexicon: Lexicon
    items: tuple[Item, ...]
    readings: tuple[Reading, ...]
    strengths: Matrix  # items x concepts: how surely and how centrally each concept is meant
    functions: (
        Matrix  # items x concepts: which few functions an item's words tell of, less where few words tell
    )
    goods: Matrix  # the same for commodities, where few words are enough
    words: Matrix
    letters: Matrix
    word_terms: Terms
    letter_terms: Terms
    embedder: Embedder | None = None
    embedded: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.items)


def read_item(item: Item, lexicon: Lexicon) -> Reading:
    """Clean and segment one item's text."""
    fields = (f"{item.title} | {item.title_en}", item.objective, item.scope, item.capability, item.benefit)
    words: Counter[str] = Counter()
    signs: dict[str, float] = {}
    windows: list[Window] = []
    met: list[tuple[int, int]] = []
    title_words: Counter[str] = Counter()
    cleaned, districts = without_districts(clean(SEAM.join(fields)), lexicon.districts)
    for field, (name, text) in enumerate(zip(FIELDS, cleaned.split(SEAM.strip()), strict=True)):
        for clause in SENTENCE.split(text):
            written = lexicon.segmenter.words(clause)
            if not written:
                continue
            tokens = [lexicon.meaning.get(word, word) for word in written]
            owners = lexicon.exactly("".join(clause.split()), frozenset(written))
            met.extend((field, owner) for owner in owners - lexicon.excluded(tokens))
            for sign in lexicon.signs(written):
                if sign in lexicon.sign_index:
                    signs[sign] = max(signs.get(sign, 0), SIGN_FIELDS[name])
            told = [token for token in tokens if token not in lexicon.plain_words and len(token) > 1]
            words.update(told)
            if name == "title":
                title_words.update(told)
            windows.extend(_windows(tokens, field, lexicon))
    words.update(title_words)
    return Reading(
        words=words,
        signs=signs,
        letters=_letters(cleaned.partition(SEAM.strip())[0]),
        windows=tuple(windows),
        met=tuple(met),
        districts=frozenset(districts),
        described=bool(item.objective or item.scope),
        carries_on=carries_on(item.nature, item.title),
        buys=item.sort == "proposal" and buys(item.title),
    )


def without_districts(text: str, districts: frozenset[str]) -> tuple[str, set[str]]:
    """Text without the city's district names, and the names that were in it."""
    found = set()
    for match in re.findall(r"(?:สำนักงาน)?เขต\s?([ก-๎]+)", text):
        for name in districts:
            if match.startswith(name):
                found.add(name)
    for name in sorted(found, key=len, reverse=True):
        text = re.sub(rf"(?:พื้นที่)?(?:สำนักงาน)?เขต\s?{name}", " | ", text)
    return text, found


def _windows(tokens: list[str], field: int, lexicon: Lexicon) -> Iterable[Window]:
    step = WINDOW // 2
    for start in range(0, max(1, len(tokens) - step), step):
        near = set(tokens[start : start + WINDOW])
        columns = tuple(lexicon.vocabulary[token] for token in near if token in lexicon.vocabulary)
        if columns:
            yield Window(field, columns, frozenset(lexicon.excluded(near)))


def _letters(text: str) -> Counter[str]:
    joined = re.sub(r"[^a-z0-9ก-๎]+", " ", text)
    return Counter(
        joined[at : at + size]
        for size in LETTERS
        for at in range(len(joined) - size + 1)
        if " " not in joined[at : at + size]
    )


def build_corpus(
    items: Iterable[Item],
    lexicon: Lexicon,
    *,
    previous: Corpus | None = None,
    embedder: Embedder | None = None,
) -> Corpus:
    """Read items and index them; items equal to those of `previous` are not read again."""
    given = tuple(items)
    known = dict(zip(previous.items, previous.readings, strict=True)) if previous is not None else {}
    readings = tuple(known.get(item) or read_item(item, lexicon) for item in given)
    words = _terms(reading.words for reading in readings)
    letters = _terms(reading.letters for reading in readings)
    return _index(given, readings, lexicon, terms=(words, letters), embedder=embedder)


def beside(corpus: Corpus, items: Sequence[Item]) -> Corpus:
    """Other items indexed in the terms of `corpus`, to be compared with it."""
    readings = tuple(read_item(item, corpus.lexicon) for item in items)
    terms = (corpus.word_terms, corpus.letter_terms)
    return _index(tuple(items), readings, corpus.lexicon, terms=terms, embedder=corpus.embedder)


def taken(corpus: Corpus, count: int) -> Corpus:
    """The first `count` items of a corpus, to be compared with all of it."""
    return replace(
        corpus,
        items=corpus.items[:count],
        readings=corpus.readings[:count],
        embedded=None if corpus.embedded is None else corpus.embedded[:count],
        **{
            name: getattr(corpus, name)[:count]
            for name in ("strengths", "functions", "goods", "words", "letters")
        },
    )


def _terms(counts: Iterable[Counter[str]]) -> Terms:
    """Weights by rarity; in a large corpus the terms that everybody uses are left out."""
    spread: Counter[str] = Counter()
    total = 0
    for one in counts:
        spread.update(one.keys())
        total += 1
    most = total if total < LARGE else COMMON * total
    kept = {term: count for term, count in spread.items() if count <= most}
    weights = (math.log((1 + total) / (1 + count)) + 0.3 for count in kept.values())
    return Terms({term: at for at, term in enumerate(kept)}, np.fromiter(weights, np.float32, len(kept)))


def _index(
    items: tuple[Item, ...],
    readings: tuple[Reading, ...],
    lexicon: Lexicon,
    *,
    terms: tuple[Terms, Terms],
    embedder: Embedder | None,
) -> Corpus:
    words, letters = terms
    strengths = concept_strengths(readings, lexicon)
    buying = np.asarray([concept.kind == "commodity" for concept in lexicon.concepts] or [False], np.float32)
    doing = np.asarray([concept.kind == "function" for concept in lexicon.concepts] or [False], np.float32)
    gists, weighed = concept_gists(
        readings, lexicon, sparse.csr_matrix(strengths @ sparse.diags(doing + buying))
    )
    embedded = None
    if embedder is not None:
        embedded = _unit_rows(
            embedder.embed([f"{item.title}\n{item.objective}\n{item.scope}" for item in items])
        )
    return Corpus(
        lexicon=lexicon,
        items=items,
        readings=readings,
        strengths=strengths,
        functions=sparse.csr_matrix(weighed @ sparse.diags(doing)),
        goods=sparse.csr_matrix(gists @ sparse.diags(buying)),
        words=_tfidf([reading.words for reading in readings], words),
        letters=_tfidf([reading.letters for reading in readings], letters),
        word_terms=words,
        letter_terms=letters,
        embedder=embedder,
        embedded=embedded,
    )


def concept_strengths(readings: Sequence[Reading], lexicon: Lexicon) -> Matrix:
    """Items x concepts: the best-covered phrase of each concept in each field, fields added by their weight."""
    blocks = [
        _strengths(readings[start : start + CHUNK], lexicon) for start in range(0, len(readings), CHUNK)
    ]
    size = max(1, len(lexicon.concepts))
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, size), dtype=np.float32)


def _strengths(readings: Sequence[Reading], lexicon: Lexicon) -> Matrix:
    windows = [(number, window) for number, reading in enumerate(readings) for window in reading.windows]
    sizes = [len(window.columns) for _, window in windows]
    columns = np.fromiter((column for _, window in windows for column in window.columns), int, sum(sizes))
    present = sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, np.concatenate([[0], np.cumsum(sizes)]).astype(int)),
        shape=(len(windows), lexicon.phrases.shape[0]),
    )
    covered = (present @ lexicon.phrases).tocoo()
    keep = covered.data >= COVERED
    surety = np.minimum(1, (covered.data[keep] - 0.5) * 2) * lexicon.surety[covered.col[keep]]
    met = [
        (number * len(FIELDS) + field, owner, EXACT)
        for number, reading in enumerate(readings)
        for field, owner in reading.met
    ]
    for line, owner, value in zip(covered.row[keep], lexicon.owner[covered.col[keep]], surety, strict=True):
        number, window = windows[line]
        if owner not in window.ruled_out:
            met.append((number * len(FIELDS) + window.field, int(owner), float(value)))
    places, owners, values = (
        (np.asarray(part) for part in zip(*met, strict=True)) if met else (np.zeros(0, int),) * 3
    )
    return _best_per_field(places, owners, values, len(readings), max(1, len(lexicon.concepts)))


def concept_gists(readings: Sequence[Reading], lexicon: Lexicon, strengths: Matrix) -> tuple[Matrix, Matrix]:
    """Items x concepts twice: which few concepts an item's words hint at, and the same weighed by the evidence.

    `strengths` are those of phrases: they count, but less than all words together. Rows of the first have
    length 1; of the second less where few words tell: one word of a short title is no evidence.
    """
    rows, columns, values = [], [], []
    for number, reading in enumerate(readings):
        for sign, weight in reading.signs.items():
            column = lexicon.sign_index[sign]
            rows.append(number)
            columns.append(column)
            values.append(weight * float(lexicon.sign_rarity[column]))
    shape = (len(readings), lexicon.documents.shape[1])
    told = sparse.csr_matrix((np.asarray(values, np.float32), (rows, columns)), shape=shape)
    foremost = normalised(
        _foremost(sparse.csr_matrix(normalised(told) @ lexicon.documents.T + PHRASES * strengths))
    )
    evidence = sparse.csr_matrix(told @ lexicon.documents.sign().T)
    needed = np.asarray(
        [ENOUGH if reading.described else ENOUGH_OF_A_TITLE for reading in readings], np.float32
    )
    evidence = sparse.csr_matrix(sparse.diags(1 / needed) @ evidence)
    evidence.data = np.minimum(1, evidence.data)
    return foremost, sparse.csr_matrix(foremost.multiply(evidence), dtype=np.float32)


def _foremost(matrix: Matrix) -> Matrix:
    """Of each row only what comes near its largest, the rest sharpened by a power."""
    top = _row_max(matrix)
    scale = np.divide(1, top, out=np.zeros_like(top), where=top > 0)
    relative = sparse.csr_matrix(sparse.diags(scale) @ matrix)
    relative.data[relative.data < FOREMOST] = 0
    relative.eliminate_zeros()
    return sparse.csr_matrix(relative.power(SHARP), dtype=np.float32)


def _best_per_field(
    place: NDArray[Any], owners: NDArray[Any], values: NDArray[Any], count: int, size: int
) -> Matrix:
    key = place.astype(np.int64) * size + owners
    order = np.lexsort((-values, key))
    key, values = key[order], values[order]
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    key, values = key[first], values[first]
    field = (key // size) % len(FIELDS)
    row = (key // size) // len(FIELDS)
    weights = np.asarray(list(FIELDS.values()), np.float32)
    return sparse.csr_matrix(
        ((values * weights[field]).astype(np.float32), (row, key % size)),
        shape=(count, size),
        dtype=np.float32,
    )


def _tfidf(counts: Sequence[Counter[str]], terms: Terms) -> Matrix:
    rows, columns, values = [], [], []
    for number, count in enumerate(counts):
        for term, times in count.items():
            column = terms.index.get(term)
            if column is not None:
                rows.append(number)
                columns.append(column)
                values.append((1 + math.log(times)) * float(terms.idf[column]))
    shape = (len(counts), max(1, len(terms.index)))
    return normalised(sparse.csr_matrix((np.asarray(values, np.float32), (rows, columns)), shape=shape))


def normalised(matrix: Matrix) -> Matrix:
    """Rows of length 1; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sparse.csr_matrix(sparse.diags(scale.astype(np.float32)) @ matrix, dtype=np.float32)


def _row_max(matrix: Matrix) -> Floats:
    if 0 in matrix.shape:
        return np.zeros(matrix.shape[0], np.float32)
    return np.asarray(matrix.max(axis=1).todense()).ravel()


def _unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
