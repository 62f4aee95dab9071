"""Where the systems and the arrows of the integration graph stand. Pure: codes and pairs in, coordinates out.

Layers from left to right, from who gives to who gets, after Sugiyama, Tagawa and Toda, "Methods for Visual
Understanding of Hierarchical System Structures" (1981): break circles, layer by longest path with at most TALLEST
systems in a layer, order each layer by the mean place of its neighbours, lead long arrows through the layers between,
those of one system together. Connected parts are drawn each for itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

BOX = (176, 50)  # width and height of a system's box, in units of the drawing
GAP_ACROSS, GAP_DOWN = 80, 14
BEND = 4  # height that arrows of one system take in a layer they only pass through
TALLEST = 11  # systems in a layer: what a window shows at once
BETWEEN = 36  # between connected parts
SWEEPS = 6
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Size of the whole, upper left corner of each box, and each arrow as an SVG path."""

    width: float
    height: float
    boxes: Mapping[str, tuple[float, float]]
    arrows: Mapping[Pair, str]


def draw(pairs: Iterable[Pair], *, width: float) -> Drawing:
    """Lay out everything that is connected; parts stand side by side as far as `width` allows."""
    given = sorted(set(pairs))
    boxes: dict[str, tuple[float, float]] = {}
    arrows: dict[Pair, str] = {}
    left = top = shelf = widest = 0.0
    for part in _parts(given):
        drawn = _draw_part(part)
        if left and left + drawn.width > width:
            left, top, shelf = 0.0, top + shelf + BETWEEN, 0.0
        boxes |= {code: (x + left, y + top) for code, (x, y) in drawn.boxes.items()}
        arrows |= {pair: _path(points, left, top) for pair, points in drawn.lines.items()}
        left += drawn.width + BETWEEN
        shelf, widest = max(shelf, drawn.height), max(widest, left - BETWEEN)
    return Drawing(widest, top + shelf, boxes, arrows)


@dataclass(slots=True)
class _Part:
    width: float
    height: float
    boxes: dict[str, tuple[float, float]]
    lines: dict[Pair, list[tuple[float, float]]]


def _parts(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs by connected part, the largest first."""
    joined: dict[str, str] = {}

    def root(code: str) -> str:
        while joined.setdefault(code, code) != code:
            joined[code] = joined[joined[code]]
            code = joined[code]
        return code

    for one, other in pairs:
        joined[root(one)] = root(other)
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        found[root(pair[0])].append(pair)
    return sorted(found.values(), key=lambda part: (-len(part), part))


def _draw_part(pairs: Sequence[Pair]) -> _Part:
    layer = _layers(pairs)
    chains = {pair: _chain(pair, layer) for pair in pairs}
    places = _ordered(chains, layer)
    tall = {name: float(BEND if name[1] else BOX[1]) for names in places for name in names}
    heights = [sum(tall[name] + GAP_DOWN for name in names) - GAP_DOWN for names in places]
    height = max(heights)
    middle: dict[_Place, tuple[float, float]] = {}
    for number, names in enumerate(places):
        x, y = number * (BOX[0] + GAP_ACROSS), (height - heights[number]) / 2
        for name in names:
            middle[name] = (x, y + tall[name] / 2)
            y += tall[name] + GAP_DOWN
    boxes = {name[0]: (x, y - BOX[1] / 2) for name, (x, y) in middle.items() if not name[1]}
    lines = {pair: _points(pair, chain, middle) for pair, chain in chains.items()}
    return _Part(len(places) * (BOX[0] + GAP_ACROSS) - GAP_ACROSS, height, boxes, lines)


def _layers(pairs: Sequence[Pair]) -> dict[str, int]:
    """Each system right of all that give to it (but for arrows that close a circle), in layers of bounded height."""
    before: dict[str, set[str]] = defaultdict(set)
    gives: set[str] = set()
    for one, other in _without_circles(pairs):
        before[other].add(one)
        gives.add(one)
    layer: dict[str, int] = {}
    taken: Counter[int] = Counter()
    for code in _by_longest_path({code for pair in pairs for code in pair}, before, gives):
        place = max((layer[one] + 1 for one in before[code]), default=0)
        while taken[place] >= TALLEST:
            place += 1
        layer[code] = place
        taken[place] += 1
    return layer


def _by_longest_path(codes: set[str], before: Mapping[str, set[str]], gives: set[str]) -> list[str]:
    """Systems by how long a way leads to them; among equals those that give to others first."""
    length: dict[str, int] = {}
    while len(length) < len(codes):
        for code in codes - length.keys():
            if before[code] <= length.keys():
                length[code] = max((length[one] + 1 for one in before[code]), default=0)
    return sorted(codes, key=lambda code: (length[code], code not in gives, code))


def _without_circles(pairs: Sequence[Pair]) -> set[Pair]:
    after: dict[str, list[str]] = defaultdict(list)
    for one, other in pairs:
        after[one].append(other)
    kept: set[Pair] = set()
    done: set[str] = set()
    for start in sorted(
        {code for pair in pairs for code in pair}, key=lambda code: (-len(after[code]), code)
    ):
        if start in done:
            continue
        path, stack = {start}, [(start, iter(sorted(after[start])))]
        while stack:
            code, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                path.discard(code)
                done.add(code)
            elif following not in path:
                kept.add((code, following))
                if following not in done:
                    path.add(following)
                    stack.append((following, iter(sorted(after[following]))))
    return kept


_Place = tuple[
    str, int
]  # a system's code and 0, or the code whose arrows pass through a layer, and that layer


def _chain(pair: Pair, layer: Mapping[str, int]) -> list[_Place]:
    """What an arrow touches, from left to right."""
    one, other = sorted(pair, key=lambda code: layer[code])
    between = [(one, number) for number in range(layer[one] + 1, layer[other])]
    return [(one, 0), *between, (other, 0)]


def _ordered(chains: Mapping[Pair, list[_Place]], layer: Mapping[str, int]) -> list[list[_Place]]:
    """The places of each layer from top to bottom, so that few arrows cross."""
    places: list[list[_Place]] = [[] for _ in range(max(layer.values()) + 1)]
    beside: dict[_Place, set[_Place]] = defaultdict(set)
    for chain in chains.values():
        for one, other in pairwise(chain):
            beside[one].add(other)
            beside[other].add(one)
    for name in sorted(beside):
        places[name[1] or layer[name[0]]].append(name)
    for sweep in range(SWEEPS):
        order = range(1, len(places)) if sweep % 2 == 0 else range(len(places) - 2, -1, -1)
        for number in order:
            fixed = {name: at for at, name in enumerate(places[number - 1 if sweep % 2 == 0 else number + 1])}
            places[number].sort(key=lambda name: _mean(beside[name], fixed))
    return places


def _mean(names: Iterable[_Place], fixed: Mapping[_Place, int]) -> float:
    known = [fixed[name] for name in names if name in fixed]
    return sum(known) / len(known) if known else 0.0


def _points(
    pair: Pair, chain: Sequence[_Place], middle: Mapping[_Place, tuple[float, float]]
) -> list[tuple[float, float]]:
    """Where an arrow goes, from who gives to who gets; one against the layers leaves on the left."""
    points: list[tuple[float, float]] = []
    for number, name in enumerate(chain):
        x, y = middle[name]
        if name[1]:
            points += [(x, y), (x + BOX[0], y)]
        else:
            points.append((x + BOX[0], y) if number == 0 else (x, y))
    return points if chain[0][0] == pair[0] else points[::-1]


def _path(points: Sequence[tuple[float, float]], left: float, top: float) -> str:
    """Smooth curves through the points."""
    moved = [(x + left, y + top) for x, y in points]
    parts = [f"M{moved[0][0]:.0f} {moved[0][1]:.0f}"]
    for (x, y), (following_x, following_y) in pairwise(moved):
        half = (x + following_x) / 2
        parts.append(f"C{half:.0f} {y:.0f} {half:.0f} {following_y:.0f} {following_x:.0f} {following_y:.0f}")
    return "".join(parts)
