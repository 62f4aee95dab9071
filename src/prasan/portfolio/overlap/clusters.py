"""Groups of items that all do the same, from their matches."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from prasan.portfolio.overlap.items import Match

LARGEST = 12  # members a committee can look at in one go


def clusters(
    matches: Iterable[Match], *, at_least: float = 0.5, largest: int = LARGEST
) -> list[tuple[str, ...]]:
    """Codes that belong together, largest groups first: complete link, so every two members are alike.

    Only flagged matches count. A group above `largest` is cut at a higher likeness until it fits.
    """
    flagged = [match for match in matches if match.flagged and match.score >= at_least]
    codes = sorted({code for match in flagged for code in (match.left, match.right)})
    number = {code: at for at, code in enumerate(codes)}
    pairs = {(number[m.left], number[m.right]): m.score for m in flagged}
    if not pairs:
        return []
    rows, columns = zip(*pairs, strict=True)
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(codes), len(codes)))
    _, part = connected_components(graph, directed=False)
    found: list[tuple[str, ...]] = []
    for label in np.unique(part):
        members = np.flatnonzero(part == label)
        found.extend(
            tuple(codes[at] for at in group) for group in _complete(members, pairs, at_least, largest)
        )
    return sorted(found, key=lambda group: (-len(group), group))


def _complete(
    members: np.ndarray, pairs: dict[tuple[int, int], float], at_least: float, largest: int
) -> list[list[int]]:
    place = {int(member): at for at, member in enumerate(members)}
    far = np.ones((len(members), len(members)))
    np.fill_diagonal(far, 0)
    for (a, b), score in pairs.items():
        if a in place and b in place:
            one, two = place[a], place[b]
            far[one, two] = far[two, one] = min(far[one, two], 1 - score)
    tree = linkage(squareform(far, checks=False), method="complete")
    cut = 1 - at_least
    while True:
        labels = fcluster(tree, cut, criterion="distance")
        if np.bincount(labels).max() <= largest or cut < 1e-3:
            break
        cut *= 0.8
    groups = [[int(members[at]) for at in np.flatnonzero(labels == label)] for label in np.unique(labels)]
    return [
        group[start : start + largest]
        for group in groups
        if len(group) > 1
        for start in range(0, len(group), largest)
    ]
