"""Reading areas.csv: districts and subdistricts, from the file and from the package `geothai`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.utils.translation import gettext_lazy as _

from prasan.city.geography import AreaName
from prasan.city.rows import ErrorList, RowError, read_csv

CODE_LENGTHS = {"district": 4, "subdistrict": 6}


@dataclass(frozen=True, slots=True)
class AreaRow:
    """A district or subdistrict, from areas.csv and, where city.yaml names a province, from `geothai`."""

    code: str
    level: Literal["district", "subdistrict"]
    name_th: str
    name_en: str
    parent: str | None
    population: int | None


def read_areas(path: Path, province: str, errors: list[RowError]) -> tuple[AreaRow, ...]:
    """The city's areas by level and code; what can't be used is added to `errors`.

    Where `province` names a Thai province, geothai knows its areas and the file adds to them.
    """
    faults = ErrorList(path.name)
    known = {area.code: area for area in _geothai(province)}
    seen: set[str] = set()
    for line, row in read_csv(path, ("code",), faults):
        area = _area(line, row, known.get(row["code"]), faults)
        if row["code"] in seen:
            faults.add(line, "code", _("“{code}” is given twice."), code=row["code"])
        seen.add(row["code"])
        if area is not None:
            known[area.code] = area
            if area.parent is not None and area.parent not in known:
                faults.add(line, "parent", _("There is no district “{code}”."), code=area.parent)
    if not faults and not any(area.level == "district" for area in known.values()):
        faults.add(None, "", _("The city has no district."))
    errors.extend(faults)
    return tuple(sorted(known.values(), key=lambda area: (area.level, area.code)))


def _area(line: int, row: Mapping[str, str], known: AreaRow | None, faults: ErrorList) -> AreaRow | None:
    """A row of areas.csv laid over what geothai knows of the same code."""
    level = row.get("level") or (known.level if known else "")
    name_th = row.get("name_th") or (known.name_th if known else "")
    parent = row.get("parent") or (known.parent if known else None)
    if level not in CODE_LENGTHS:
        faults.add(line, "level", _("“{level}” is neither district nor subdistrict."), level=level)
        return None
    if not 0 < len(row["code"]) <= CODE_LENGTHS[level]:
        sentence = _("A code of this level has 1 to {length} characters.")
        faults.add(line, "code", sentence, length=CODE_LENGTHS[level])
    if not name_th:
        faults.add(line, "name_th", _("This is missing."))
    if (level == "subdistrict") != (parent is not None):
        faults.add(line, "parent", _("A subdistrict needs its district as parent, a district has none."))
    return AreaRow(
        code=row["code"],
        level="district" if level == "district" else "subdistrict",
        name_th=name_th,
        name_en=row.get("name_en") or (known.name_en if known else ""),
        parent=parent,
        population=_population(line, row, faults),
    )


def _population(line: int, row: Mapping[str, str], faults: ErrorList) -> int | None:
    text = row.get("population", "")
    if text and not text.isdecimal():
        faults.add(line, "population", _("“{text}” is not a whole number."), text=text)
    return int(text) if text.isdecimal() else None


def _geothai(province: str) -> list[AreaRow]:
    """Districts and subdistricts of a Thai province with their DOPA codes; names without the word เขต."""
    if not province:
        return []
    import geothai

    areas = []
    for district in geothai.districts(province):
        name = district.name_th.removeprefix("เขต")
        areas.append(AreaRow(district.code, "district", name, district.name_en, None, None))
        areas += [
            AreaRow(one.code, "subdistrict", one.name_th, one.name_en, district.code, None)
            for one in geothai.subdistricts(district.code)
        ]
    return areas


def abolished_names(province: str, codes: set[str], names: set[str]) -> list[AreaName]:
    """Names that only abolished subdistricts bore; they tell their district and have no code of their own."""
    if not province:
        return []
    from geothai.abolished import abolished_areas

    gone = [
        area
        for area in abolished_areas()
        if area.level == "subdistrict" and area.code[:4] in codes and area.name_th not in names
    ]
    # A name that moved to a younger district means that one.
    latest = {area.name_th: area.code[:4] for area in sorted(gone, key=lambda area: area.abolished_on)}
    return [AreaName("subdistrict", district, district, name) for name, district in latest.items()]
