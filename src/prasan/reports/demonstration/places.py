"""Where made-up problems lie: some corners of a city have many, most have few."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random

import h3.api.basic_int as h3

from prasan.city.registers import registers
from prasan.reports.actions.submit import CELL_RESOLUTION

CORNER = 9  # resolution of the cells that have a character of their own, some 200 m across


@dataclass(frozen=True, slots=True)
class Spot:
    """A point with its cell and areas."""

    longitude: float
    latitude: float
    cell: int
    district: str
    subdistrict: str


class Places:
    """Draws spots of the city: the same seed has the same bad corners."""

    def __init__(self, seed: int) -> None:
        rng = Random(f"{seed}:places")  # noqa: S311 — a demonstration, not a secret
        self._corners = _corners()
        rng.shuffle(self._corners)
        crowds = _crowds(self._corners)
        # Zipf-like: the worst corner has some tens of times the reports of a quiet one as densely lived in.
        self._until = list(
            accumulate(
                crowds[district] / (rank + 40) ** 0.6 for rank, (_cell, district) in enumerate(self._corners)
            )
        )

    def draw(self, rng: Random) -> Spot:
        """A spot inside a corner drawn by its weight."""
        district = None
        while district is None:  # fine cells reach over their parents' edges, at the border out of the city
            corner, _its_district = self._corners[bisect(self._until, rng.random() * self._until[-1])]
            position = rng.randrange(7 ** (CELL_RESOLUTION - h3.get_resolution(corner)))
            cell = h3.child_pos_to_cell(corner, CELL_RESOLUTION, position)
            latitude, longitude = (round(degrees, 6) for degrees in h3.cell_to_latlng(cell))
            district = registers().district_at(longitude, latitude)
        below = self._subdistricts.get(district, ())
        return Spot(longitude, latitude, int(cell), district, rng.choice(below) if below else "")

    @cached_property
    def _subdistricts(self) -> dict[str, tuple[str, ...]]:
        known = registers()
        return {
            area.code: tuple(below.code for below in known.subdistricts(area.code))
            for area in known.districts()
        }


def _crowds(corners: list[tuple[int, str]]) -> dict[str, float]:
    """People per corner of each district; a district of unknown population counts as a small one."""
    counts = Counter(district for _cell, district in corners)
    areas = registers().areas
    return {district: (areas[district].population or 10_000) / count for district, count in counts.items()}


def _corners() -> list[tuple[int, str]]:
    """The city's cells with their districts, the large ones divided."""
    found = []
    for cell, district in sorted(registers().files.cells.items()):
        if h3.get_resolution(cell) < CORNER:
            found += [(int(child), district) for child in h3.cell_to_children(cell, CORNER)]
        else:
            found.append((cell, district))
    return found
