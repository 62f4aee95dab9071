"""Robust statistics of prices: what a typical price is and how far it spreads, whatever a few outliers say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

NORMAL_MAD = 1.4826  # makes the MAD and …
NORMAL_IQR = 1.349  # … the IQR of a normal distribution its standard deviation
LEAST_SPREAD = 0.05  # of the median: where all paid the same, five per cent is still no wonder


@dataclass(frozen=True, slots=True)
class Summary:
    """Of `count` prices: median, quartiles, and the median distance from the median (MAD)."""

    count: int
    median: float
    low_quartile: float
    high_quartile: float
    mad: float

    @property
    def iqr(self) -> float:
        """Distance of the quartiles."""
        return self.high_quartile - self.low_quartile

    @property
    def spread(self) -> float:
        """One step of the robust z: the larger of MAD and IQR as standard deviations, at least 5 % of the median."""
        return max(NORMAL_MAD * self.mad, self.iqr / NORMAL_IQR, LEAST_SPREAD * abs(self.median))

    def robust_z(self, price: float) -> float:
        """How many steps a price lies above the median (below: negative)."""
        distance = price - self.median
        return (
            distance / self.spread if self.spread else math.copysign(math.inf, distance) if distance else 0.0
        )


def summarise(prices: Sequence[float]) -> Summary:
    """The summary of some prices. Raises ValueError for none, and for one that is no finite number."""
    if not prices:
        raise ValueError("no prices to summarise")
    if not all(map(math.isfinite, prices)):
        raise ValueError("a price is no finite number")
    middle = median(prices)
    low, _half, high = quantiles(prices, n=4, method="inclusive") if len(prices) > 1 else [middle] * 3
    return Summary(len(prices), middle, low, high, median(abs(price - middle) for price in prices))
