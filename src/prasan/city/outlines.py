"""Outlines of the districts for maps: the official polygons where they were imported, else the H3 cover's union."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import h3.api.basic_int as h3
from django.core.cache import cache

from prasan.city.geography import FINEST
from prasan.city.models import Area, AreaShape
from prasan.city.registers import registers

TOLERANCE = {
    True: 0.0002,
    False: 0.001,
}  # degrees: official lines keep their bends, hexagons lose their teeth
PRECISION = 1e-5  # degrees, about a metre
KEPT_SECONDS = 30 * 24 * 3600


def district_outlines() -> tuple[str, str]:
    """A GeoJSON FeatureCollection (RFC 7946) of the districts as text, and its version for an ETag.

    Each feature has the area's `code`, `name_th` and `name_en`. Neighbours share their border exactly. Worked out
    once per version of the registers; no statement while a process remembers it.
    """
    current = registers()
    version = f"{current.version}-{current.files.digest[:16]}"
    return _outlines(version), version


@lru_cache(maxsize=1)
def _outlines(version: str) -> str:
    return str(cache.get_or_set(f"city.outlines.{version}", _drawn, KEPT_SECONDS))


def _drawn() -> str:
    import shapely

    official = _official()
    shapes = official or dissolved(registers().files.cells)
    codes = sorted(shapes)
    simple = shapely.coverage_simplify([shapes[code] for code in codes], TOLERANCE[bool(official)])
    features = [
        _feature(registers().areas[code], shapely.set_precision(shape, PRECISION))
        for code, shape in zip(codes, simple, strict=True)
        if code in registers().areas
    ]
    return json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")
    )


def _official() -> dict[str, Any]:
    from shapely.geometry import shape

    rows = AreaShape.objects.filter(area__level=Area.Level.DISTRICT)
    return {row.area_id: shape(row.geometry) for row in rows}


def dissolved(cells: Mapping[int, str]) -> dict[str, Any]:
    """District code → shapely polygon around its H3 cells (of any resolution up to 10)."""
    from shapely.geometry import shape

    by_district: dict[str, list[int]] = defaultdict(list)
    for cell, district in cells.items():
        by_district[district].append(cell)
    return {
        district: shape(h3.cells_to_h3shape(h3.uncompact_cells(own, FINEST)).__geo_interface__)
        for district, own in by_district.items()
    }


def _feature(area: Area, geometry: Any) -> dict[str, Any]:
    from shapely.geometry import mapping

    names = {"code": area.code, "name_th": area.name_th, "name_en": area.name_en}
    return {"type": "Feature", "id": area.code, "properties": names, "geometry": mapping(geometry)}
