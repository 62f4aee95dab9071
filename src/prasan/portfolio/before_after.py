"""Did a number change where a project works, beyond what changed elsewhere? Pure: monthly series in, an answer out.

Difference in differences. Each month after the change is compared with the same month of the year before, so that
seasons drop out; what the comparable districts did between those months is taken off.

Comparable: the `COMPARED` districts without such a project that lay nearest in the year before, by level (mean of the
twelve months) and trend (least-squares slope), each divided by its spread over all districts.

Uncertainty: the same sum is done for every district without the project as if it had one (placebo), in random groups
where the project works in several. Each placebo's difference is divided by how much that district jumped about its
comparables in the year before; the middle 95 % of these, times the project's own jumping, is the range. This is
randomisation inference after Abadie, Diamond and Hainmueller, "Synthetic Control Methods for Comparative Case Studies"
(2010): a range that does not hold zero is one that hardly any placebo reaches.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

YEAR = 12  # months before the change that are needed, and the most that are looked at after it
LEAST_AFTER = 6
COMPARED = 8
LEAST_COMPARED = 5
LEAST_PLACEBOS = 19  # fewer can't tell one in twenty
MOST_PLACEBOS = 400
SHARE = 0.95  # of placebos that the range covers
SEED = 2570  # the groups of a placebo are drawn alike each time: the same numbers give the same answer

Matrix = npt.NDArray[np.float64]


class Finding(StrEnum):
    """What the numbers allow to say."""

    TOO_LITTLE = "too_little"
    NO_DIFFERENCE = "no_difference"
    FELL_MORE = "fell_more"
    ROSE_MORE = "rose_more"


@dataclass(frozen=True, slots=True)
class Answer:
    """`difference` a month, in the series' unit: the project's change minus that of the comparable districts.

    `low` … `high` is its range of uncertainty. `before`, `after` and `compared_before`, `compared_after` are means a
    month. `why` tells what was lacking where the finding is TOO_LITTLE: after, before, comparable.
    """

    finding: Finding
    months: int = 0
    comparable: tuple[str, ...] = ()
    before: float = 0.0
    after: float = 0.0
    compared_before: float = 0.0
    compared_after: float = 0.0
    difference: float = 0.0
    low: float = 0.0
    high: float = 0.0
    placebos: int = 0
    why: str = ""


def compare(
    series: Mapping[str, Sequence[float | None]],
    treated: Collection[str],
    change: int,
    *,
    spoilt: Collection[str] = (),
) -> Answer:
    """Compare the districts of a project with comparable ones.

    `series` maps a district to its months, all of one length; None is a month without a value. `change` is the index of
    the first month after the change. `spoilt` districts have a project of their own and are compared with nothing.
    """
    length = min((len(values) for values in series.values()), default=0)
    months = min(YEAR, length - change)
    if months < LEAST_AFTER:
        return Answer(Finding.TOO_LITTLE, max(months, 0), why="after")
    window = slice(change - YEAR, change + months)
    whole = {
        code: np.asarray(values[window], dtype=np.float64)
        for code, values in series.items()
        if change >= YEAR and all(value is not None for value in values[window])
    }
    if not treated or not set(treated) <= set(whole):
        return Answer(Finding.TOO_LITTLE, months, why="before")
    others = sorted(set(whole) - set(treated) - set(spoilt))
    if len(others) - len(treated) < max(LEAST_COMPARED, LEAST_PLACEBOS):
        return Answer(Finding.TOO_LITTLE, months, why="comparable")
    pool = np.stack([whole[code] for code in others])
    own = np.stack([whole[code] for code in sorted(treated)])
    return _answer(own, pool, others, months)


@dataclass(frozen=True, slots=True)
class _Contrast:
    difference: float
    jump: float
    nearest: npt.NDArray[Any]


def _answer(own: Matrix, pool: Matrix, names: Sequence[str], months: int) -> Answer:
    spread = _spread(np.vstack([own, pool]))
    found = _contrast(own, pool, spread)
    ratios = _placebos(len(own), pool, spread)
    tail = (1 - SHARE) / 2
    lowest, highest = np.quantile(ratios, [tail, 1 - tail])
    low, high = found.difference - found.jump * highest, found.difference - found.jump * lowest
    finding = Finding.FELL_MORE if high < 0 else Finding.ROSE_MORE if low > 0 else Finding.NO_DIFFERENCE
    near = pool[found.nearest]
    return Answer(
        finding, months, tuple(sorted(names[index] for index in found.nearest)),
        before=float(own[:, :months].mean()), after=float(own[:, YEAR:].mean()),
        compared_before=float(near[:, :months].mean()), compared_after=float(near[:, YEAR:].mean()),
        difference=found.difference, low=float(low), high=float(high), placebos=len(ratios),
    )  # fmt: skip


def _contrast(own: Matrix, pool: Matrix, spread: Matrix) -> _Contrast:
    """The difference in differences of a group (its mean) against its nearest in the pool."""
    mean = own.mean(axis=0)
    distances = (((_profile(pool) - _profile(mean[None, :])) / spread) ** 2).sum(axis=1)
    nearest = np.argsort(distances, kind="stable")[:COMPARED]
    gap = mean - pool[nearest].mean(axis=0)
    months = gap.size - YEAR
    difference = float((gap[YEAR:] - gap[:months]).mean())
    return _Contrast(difference, float(gap[:YEAR].std(ddof=1)), nearest)


def _profile(rows: Matrix) -> Matrix:
    """(level, trend a month) of each row in the year before."""
    before = rows[:, :YEAR]
    time = np.arange(YEAR) - (YEAR - 1) / 2
    return np.column_stack([before.mean(axis=1), before @ time / (time @ time)])


def _spread(rows: Matrix) -> Matrix:
    spread: Matrix = _profile(rows).std(axis=0)
    return np.where(spread > 0, spread, 1.0)


def _placebos(size: int, pool: Matrix, spread: Matrix) -> Matrix:
    """Difference ÷ jump of groups of `size` districts that have no such project."""
    everyone = np.arange(len(pool))
    ratios = []
    for group in _groups(size, len(pool)):
        rest = np.setdiff1d(everyone, group)
        found = _contrast(pool[group], pool[rest], spread)
        ratios.append(found.difference / found.jump if found.jump > 0 else 0.0)
    return np.asarray(ratios)


def _groups(size: int, among: int) -> list[npt.NDArray[np.int64]]:
    if size == 1:
        return [np.array([index]) for index in range(among)]
    draw = np.random.default_rng(SEED)
    return [draw.choice(among, size, replace=False) for _number in range(MOST_PLACEBOS)]
