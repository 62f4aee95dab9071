"""How sure each project is when the weights of the criteria are only known as ranges: core, borderline, out.

An estimate: weights are sampled, evenly over all that lie in the ranges and add up to 1, and scores between those of
the scorers. The exact answer of robust portfolio modelling (Liesiö, Mild, Salo 2007) would take all of them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prasan.portfolio.selection.model import Model, build
from prasan.portfolio.selection.problem import Problem, levels_of, platform_by_member
from prasan.portfolio.selection.solver import Cancelled

if TYPE_CHECKING:
    import numpy as np

SAMPLES, SEED, STEP_SECONDS = 200, 2569, 10.0
SWEEPS = 20  # moves of each weight between two samples: enough that they hardly depend on each other


@dataclass(frozen=True, slots=True)
class Scores:
    """What the scorers gave, and how much each criterion may weigh.

    `weights`: criterion → (least, most), shares of 1. `given`: project → criterion → (lowest, highest) score in points.
    """

    weights: Mapping[str, tuple[float, float]]
    given: Mapping[str, Mapping[str, tuple[float, float]]]

    def middle(self) -> dict[str, float]:
        """Weights in the middle of what the ranges allow."""
        return dict(zip(self.weights, _start(list(self.weights.values())), strict=True))

    def values(self) -> dict[str, float]:
        """Value of each project: middle weights, middle of the scorers."""
        weights = self.middle()
        return {
            code: sum(weights[criterion] * (low + high) / 2 for criterion, (low, high) in given.items())
            for code, given in self.given.items()
        }


def weights_fault(weights: Mapping[str, tuple[float, float]]) -> str:
    """What is wrong with the ranges: `` (nothing), `range`, `too_much` (least add up to over 1), `too_little`."""
    if not weights or any(not 0 <= low <= high <= 1 for low, high in weights.values()):
        return "range"
    if sum(low for low, _high in weights.values()) > 1 + 1e-9:
        return "too_much"
    return "too_little" if sum(high for _low, high in weights.values()) < 1 - 1e-9 else ""


def sample_weights(ranges: Sequence[tuple[float, float]], count: int, seed: int) -> np.ndarray[Any, Any]:
    """`count` weight vectors (rows), evenly over the ranges and adding up to 1: pairs of weights trade at random."""
    import numpy as np

    random = np.random.default_rng(seed)
    low = np.array([one[0] for one in ranges])
    high = np.array([one[1] for one in ranges])
    now = np.array(_start(ranges))
    found = np.empty((count, len(ranges)))
    for place in range(count):
        for _move in range(SWEEPS * len(ranges) if len(ranges) > 1 else 0):
            one, other = random.choice(len(ranges), size=2, replace=False)
            least = max(low[one] - now[one], now[other] - high[other])
            most = min(high[one] - now[one], now[other] - low[other])
            step = random.uniform(least, max(least, most))
            now[one] += step
            now[other] -= step
        found[place] = now
    return found


def _start(ranges: Sequence[tuple[float, float]]) -> list[float]:
    """The point of the ranges' box on its diagonal where the weights add up to 1."""
    low, high = sum(one[0] for one in ranges), sum(one[1] for one in ranges)
    share = (1 - low) / (high - low) if high > low else 0.0
    return [least + share * (most - least) for least, most in ranges]


@dataclass(frozen=True, slots=True)
class Robustness:
    """`shares`: project → share of the samples whose best choice holds it, 0 to 1."""

    shares: Mapping[str, float]
    samples: int
    wanted: int
    seed: int
    proven: int

    def group(self, code: str) -> str:
        """`core`, `out` or `borderline`, over the samples taken."""
        share = self.shares[code]
        return "core" if share == 1 else "out" if share == 0 else "borderline"


def robustness(
    problem: Problem,
    scores: Scores,
    *,
    samples: int = SAMPLES,
    seed: int = SEED,
    seconds: float = 120.0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Cancelled | None = None,
) -> Robustness:
    """Solve for each sample; stops after `seconds` with the samples taken by then (at least one)."""
    import numpy as np

    ends = time.monotonic() + seconds
    model = build(problem)
    criteria, codes = list(scores.weights), sorted(model.ways)
    weights = sample_weights([scores.weights[one] for one in criteria], samples, seed)
    low, high = (
        np.array([[scores.given[code][one][side] for one in criteria] for code in codes]) for side in (0, 1)
    )
    random = np.random.default_rng(seed + 1)
    held: Counter[str] = Counter()
    done = proven = 0
    for drawn in weights:
        points = (low + (high - low) * random.random(low.shape)) @ drawn
        objective = _objective(model, dict(zip(codes, points.tolist(), strict=True)))
        outcome = model.program.solve(objective=objective, time_limit=STEP_SECONDS, cancelled=cancelled)
        if outcome.is_found:
            held.update(model.choice(outcome).levels.keys())
            done, proven = done + 1, proven + (outcome.state == "best")
        if progress is not None:
            progress(done, samples)
        if time.monotonic() > ends:
            break
    shares = {code: held[code] / done if done else 0.0 for code in codes}
    return Robustness(shares, done, samples, seed, proven)


def _objective(model: Model, values: Mapping[str, float]) -> list[float]:
    objective = [0.0] * len(model.objective)
    joined = platform_by_member(model.problem)
    for project in model.problem.projects:
        for level in levels_of(project, joined.get(project.code)):
            objective[model.ways[project.code][level.code]] = values[project.code] * level.worth
    return objective
