"""Reading official polygons of areas from GeoJSON (RFC 7946), feature by feature, with named faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.city.models import Area
from prasan.city.rows import CityFilesError, ErrorList

PREFIXES = ("เขต", "แขวง", "สำนักงานเขต")
REPAIR_TOLERANCE = 0.01  # a mended outline may differ this much in area from the given one


def read_shapes(file: Path, areas: Iterable[Area]) -> dict[str, dict[str, Any]]:
    """Area code → GeoJSON geometry. All features must be of one level; districts must be complete.

    A feature is known by its area's code or Thai name in any of its properties. Raises CityFilesError with
    every fault; its lines are the features' numbers.
    """
    faults = ErrorList(file.name)
    by_name = _names(areas)
    found: dict[str, dict[str, Any]] = {}
    for number, feature in enumerate(_features(file, faults), start=1):
        area = _area(feature, by_name)
        if area is None:
            faults.add(number, "properties", _("No property is the code or the Thai name of an area."))
        elif area.code in found:
            faults.add(number, "properties", _("“{code}” is given twice."), code=area.code)
        else:
            found[area.code] = _geometry(feature, number, faults)
    _check_levels(found, {area.code: area for area in by_name.values()}, faults)
    if faults:
        raise CityFilesError(list(faults))
    return found


def _names(areas: Iterable[Area]) -> Mapping[str, Area]:
    """Codes, and names that one area of its level bears; a district goes before a subdistrict."""
    names: dict[str, Area] = {}
    ambiguous: set[str] = set()
    for area in sorted(areas, key=lambda area: (area.level != Area.Level.DISTRICT, area.code)):
        names[area.code] = area
        if area.name_th in names and names[area.name_th].level == area.level:
            ambiguous.add(area.name_th)
        names.setdefault(area.name_th, area)
    return {name: area for name, area in names.items() if name not in ambiguous}


def _features(file: Path, faults: ErrorList) -> list[Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.add(None, "", _("The file is missing."))
    except (UnicodeDecodeError, json.JSONDecodeError):
        faults.add(None, "", _("The file is not JSON."))
    else:
        features = content.get("features") if isinstance(content, dict) else None
        if isinstance(features, list) and features:
            return features
        faults.add(None, "features", _("The file is not a GeoJSON FeatureCollection with features."))
    return []


def _area(feature: Any, by_name: Mapping[str, Area]) -> Area | None:
    """The area that a property names: by code first, then by name."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    values = [str(value).strip() for value in (properties or {}).values()]
    codes = [by_name[value] for value in values if value.isdecimal() and value in by_name]
    if codes:
        return max(codes, key=lambda area: len(area.code))
    for value in values:
        for prefix in ("", *PREFIXES):
            if value.startswith(prefix) and value.removeprefix(prefix).strip() in by_name:
                return by_name[value.removeprefix(prefix).strip()]
    return None


def _geometry(feature: dict[str, Any], number: int, faults: ErrorList) -> dict[str, Any]:
    from shapely import make_valid
    from shapely.errors import ShapelyError
    from shapely.geometry import mapping, shape

    given = feature.get("geometry")
    try:
        polygon = shape(given)
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        polygon = None
    if polygon is None or polygon.is_empty or polygon.geom_type not in {"Polygon", "MultiPolygon"}:
        faults.add(number, "geometry", _("A polygon is needed."))
        return {}
    west, south, east, north = polygon.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        faults.add(number, "geometry", _("The coordinates are not degrees of WGS 84 (longitude, latitude)."))
        return {}
    if not polygon.is_valid:
        mended = make_valid(polygon, method="structure", keep_collapsed=False)
        if abs(mended.area - polygon.area) > REPAIR_TOLERANCE * polygon.area:
            faults.add(number, "geometry", _("The outline crosses itself and can't be mended."))
            return {}
        polygon = mended
    return dict(mapping(polygon))


def _check_levels(found: Mapping[str, Any], areas: Mapping[str, Area], faults: ErrorList) -> None:
    levels = {areas[code].level for code in found}
    if len(levels) > 1:
        faults.add(None, "properties", _("Districts and subdistricts are mixed: import one file for each."))
    if levels != {Area.Level.DISTRICT} or faults:
        return
    missing = [
        area.name_th
        for area in areas.values()
        if area.level == Area.Level.DISTRICT and area.code not in found
    ]
    if missing:
        names = ", ".join(missing[:10])
        faults.add(None, "features", _("These districts have no polygon: {names}."), names=names)
