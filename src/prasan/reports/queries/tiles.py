"""Map tiles of the public reports, from our own rows: roll-ups when far away, points when near. One statement each.

A tile of the usual web map (Slippy map, Web Mercator) is covered with H3 cells; at one resolution the children of a
cell are one contiguous range of numbers, so an ordinary B-tree finds what lies in it. Encoded as Mapbox Vector
Tiles 2.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
from django.db.models import Aggregate, Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import Left

from prasan.city.registers import registers
from prasan.reports.actions.submit import CELL_RESOLUTION
from prasan.reports.models import CellCount
from prasan.reports.queries.public import PublicFilter, chosen, public_reports

EXTENT = 4096
ROLLUP_RESOLUTION = 8  # of CellCount; a cell is about 0.7 km²
NEAREST = 20
# Zoom → resolution of the cells that are counted, about 100 pixels apart. Nearer, reports are shown one by one.
RESOLUTIONS = {8: 5, 9: 6, 10: 7, 11: 7, 12: 8, 13: 8, 14: 10}
FARTHEST = 4
# A heat map shows the cells themselves, some 20 pixels wide, at every zoom.
HEAT_RESOLUTIONS = {8: 7, 9: 7, 10: 8, 11: 8, 12: 8, 13: 9, 14: 10, 15: 11}
FARTHEST_HEAT, NEAREST_HEAT = 6, 11
POINTS_FROM = 15
MOST_POINTS = 2000
KILOMETRES_A_DEGREE = 111.2
BOX_MARGIN = 0.3  # degrees: a cell of FARTHEST that holds a part of the city has its centre so near
TITLE = 48  # characters of a report's text
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's address. `bounds` are degrees (west, south, east, north)."""

    zoom: int
    column: int
    row: int

    @property
    def is_real(self) -> bool:
        """Whether there is such a tile."""
        return 0 <= self.zoom <= NEAREST and 0 <= self.column < 2**self.zoom and 0 <= self.row < 2**self.zoom

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        north, south = self._latitude(self.row), self._latitude(self.row + 1)
        return self._longitude(self.column), south, self._longitude(self.column + 1), north

    def _longitude(self, column: int) -> float:
        return column / 2.0**self.zoom * 360 - 180

    def _latitude(self, row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2.0**self.zoom))))

    def place(self, longitude: float, latitude: float) -> tuple[int, int]:
        """A point in the tile's own units, 0 … EXTENT from the upper left."""
        across = (longitude + 180) / 360 * 2.0**self.zoom - self.column
        sine = math.asinh(math.tan(math.radians(latitude)))
        down = (1 - sine / math.pi) / 2 * 2**self.zoom - self.row
        return round(across * EXTENT), round(down * EXTENT)


def tile(at: Tile, given: PublicFilter, *, heat: bool = False) -> bytes:
    """The content of a tile: layer `cells` (count) or, near, `reports` (code, category, status, title).

    `heat` gives the cells as hexagons instead of points, and no reports. One statement.
    """
    if at.zoom >= POINTS_FROM and not heat:
        return _encoded("reports", [_report(at, row) for row in _points(at, given)])
    draw = _hexagon if heat else _circle
    return _encoded("cells", [draw(at, cell, count) for cell, count in cells(at, given, heat=heat).items()])


def cells(at: Tile, given: PublicFilter, *, heat: bool = False) -> dict[int, int]:
    """H3 cell → how many reports it holds. One statement.

    A cell is in the tile that holds its centre and in no other; for `heat` in every tile that it touches.
    """
    if heat:
        resolution = HEAT_RESOLUTIONS.get(at.zoom, FARTHEST_HEAT if at.zoom < POINTS_FROM else NEAREST_HEAT)
    else:
        resolution = RESOLUTIONS.get(at.zoom, FARTHEST)
    count = _rolled_up if resolution <= ROLLUP_RESOLUTION else _counted
    return {
        h3.cell_to_parent(one, resolution): number
        for one, number in count(at, given, resolution, "overlap" if heat else "center")
    }


def _encoded(layer: str, features: list[dict[str, Any]]) -> bytes:
    from mapbox_vector_tile import encode

    if not features:
        return b""
    options = {"y_coord_down": True, "extents": EXTENT}
    return bytes(encode([{"name": layer, "features": features}], default_options=options))


def _report(at: Tile, row: tuple[Any, ...]) -> dict[str, Any]:
    longitude, latitude, code, category, status, title = row
    return {
        "geometry": {"type": "Point", "coordinates": at.place(longitude, latitude)},
        "properties": {"code": code, "category": category, "status": status, "title": title},
    }


def _circle(at: Tile, cell: int, count: int) -> dict[str, Any]:
    latitude, longitude = h3.cell_to_latlng(cell)
    return {
        "geometry": {"type": "Point", "coordinates": at.place(longitude, latitude)},
        "properties": {"count": count},
    }


def _hexagon(at: Tile, cell: int, count: int) -> dict[str, Any]:
    corners = [at.place(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(cell)]
    return {
        "geometry": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
        "properties": {"count": count},
    }


# --- ranges ---


def child_range(cell: int, resolution: int) -> Range:
    """The lowest and the highest number that a child of a cell can have at a finer resolution.

    An H3 index (mode 1) holds its resolution in bits 52 to 55 and three bits for each resolution below it.
    """
    finer = range(h3.get_resolution(cell) + 1, resolution + 1)
    digits = sum(7 << 3 * (15 - level) for level in finer)
    largest = sum(6 << 3 * (15 - level) for level in finer)
    lowest = (cell & ~(0xF << 52) & ~digits) | resolution << 52
    return lowest, lowest | largest


@lru_cache(maxsize=2048)
def ranges(at: Tile, cover: int, resolution: int, contain: str) -> tuple[Range, ...]:
    """Ranges of cells of `resolution` below the cells of `cover` whose center a tile has, or that it overlaps.

    Nothing lies outside the city's box, so a far tile costs no more than a near one.
    """
    # The children of a hexagon do not fill it exactly: some stick out by a part of its edge.
    reach = h3.average_hexagon_edge_length(cover) / KILOMETRES_A_DEGREE / 2 if contain == "overlap" else 0
    box, margin = registers().profile.box, BOX_MARGIN
    west, south = max(at.bounds[0] - reach, box[0] - margin), max(at.bounds[1] - reach, box[1] - margin)
    east, north = min(at.bounds[2] + reach, box[2] + margin), min(at.bounds[3] + reach, box[3] + margin)
    if west >= east or south >= north:
        return ()
    corners = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    cells = h3.h3shape_to_cells_experimental(corners, cover, contain=contain)
    step = 1 << 3 * (15 - cover)
    merged: list[Range] = []
    for low, high in sorted(child_range(cell, resolution) for cell in cells):
        if merged and low // step - merged[-1][1] // step == 1:
            merged[-1] = merged[-1][0], high
        else:
            merged.append((low, high))
    return tuple(merged)


# --- statements ---


def _rolled_up(at: Tile, given: PublicFilter, resolution: int, contain: str) -> list[Range]:
    """(a cell, count) per parent from the roll-ups, where times are whole months."""
    rows = chosen(CellCount.objects.all(), given)
    if given.since:
        rows = rows.filter(month__gte=given.since.replace(day=1))
    if given.until:
        rows = rows.filter(month__lte=given.until)
    return _grouped(rows, Sum("count"), ranges(at, resolution, ROLLUP_RESOLUTION, contain), resolution)


def _counted(at: Tile, given: PublicFilter, resolution: int, contain: str) -> list[Range]:
    """(a cell, count) per parent from the reports themselves."""
    found = ranges(at, resolution, CELL_RESOLUTION, contain)
    return _grouped(public_reports(given), Count("pk"), found, resolution)


def _grouped(
    rows: QuerySet[Any], number: Aggregate, found: tuple[Range, ...], resolution: int
) -> list[Range]:
    """(a cell, count) for each parent cell as a whole, also what of it lies outside the tile."""
    parent = F("cell").bitrightshift(3 * (15 - resolution))
    grouped = rows.filter(_within(found)).order_by().annotate(parent=parent).values("parent")
    return list(grouped.annotate(one=Min("cell"), number=number).values_list("one", "number"))


def _points(at: Tile, given: PublicFilter) -> list[tuple[Any, ...]]:
    """The newest reports in a tile: longitude, latitude, code, category, status, title."""
    cover = min(at.zoom - 5, CELL_RESOLUTION)
    west, south, east, north = at.bounds
    rows = public_reports(given).filter(
        _within(ranges(at, cover, CELL_RESOLUTION, "overlap")),
        longitude__gte=west, longitude__lt=east, latitude__gt=south, latitude__lte=north,
    )  # fmt: skip
    columns = ("longitude", "latitude", "code", "category", "status", "title")
    newest = rows.annotate(title=Left("public_text", TITLE)).order_by("-submitted_at")
    return list(newest.values_list(*columns)[:MOST_POINTS])


def _within(found: tuple[Range, ...]) -> Q:
    """Ranges that an index serves, spelled out so that the planner sees how much each holds."""
    if not found:
        return Q(pk__in=[])  # Django asks nothing then
    return Q(*(Q(cell__range=pair) for pair in found), _connector=Q.OR)
