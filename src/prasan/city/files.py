"""A city as data: reading and checking the files of its folder (docs/city.md).

Pure: no database. Other modules add their own files with `register_city_file`, so that one command checks
the whole city; `city` itself never looks up to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import h3.api.basic_int as h3
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prasan.city.agencies_file import AgencyRow, read_agencies
from prasan.city.areas_file import AreaRow, abolished_names, read_areas
from prasan.city.calendar import WorkingCalendar
from prasan.city.calendar_file import read_calendar
from prasan.city.geography import FINEST, AreaName, Gazetteer, Geography
from prasan.city.rows import CityFilesError, ErrorList, Lines, RowError, read_csv, read_yaml


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """A dimension of the governor's policy."""

    code: str
    name_th: str
    name_en: str
    order: int


@dataclass(frozen=True, slots=True)
class CityProfile:
    """city.yaml: who the city is. `box` is (west, south, east, north), `centre` (longitude, latitude)."""

    code: str
    name_th: str
    name_en: str
    short_th: str
    short_en: str
    since: date
    time_zone: str
    languages: tuple[str, ...]
    centre: tuple[float, float]
    zoom: float
    box: tuple[float, float, float, float]
    province: str
    hotline: str
    emergency_numbers: Mapping[str, str]

    @property
    def name(self) -> str:
        """The city's name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_th

    @property
    def short(self) -> str:
        """The short name in the reader's language."""
        return self.short_en if get_language() == "en" else self.short_th


@dataclass(frozen=True, slots=True)
class CityFiles:
    """The checked content of a city's folder."""

    folder: Path
    profile: CityProfile
    agencies: tuple[AgencyRow, ...]
    areas: tuple[AreaRow, ...]
    dimensions: tuple[DimensionRow, ...]
    cells: Mapping[int, str]
    calendar: WorkingCalendar
    digest: str

    def gazetteer(self) -> Gazetteer:
        """Names of the areas, and those of abolished subdistricts that old addresses still use."""
        names = [
            AreaName(area.level, area.code, area.parent or area.code, name)
            for area in self.areas
            for name in {area.name_th, area.name_en}
            if name
        ]
        codes = {area.code for area in self.areas}
        current = {area.name_th for area in self.areas if area.level == "subdistrict"}
        return Gazetteer(abolished_names(self.profile.province, codes, current) + names)

    def geography(self, shapes: Mapping[str, Any] | None = None) -> Geography:
        """The map; `shapes` are official polygons by area code."""
        levels = {area.code: area.level for area in self.areas}
        given = (shapes or {}).items()
        return Geography(
            box=self.profile.box,
            cells=self.cells,
            gazetteer=self.gazetteer(),
            districts={code: shape for code, shape in given if levels.get(code) == "district"},
            subdistricts={code: shape for code, shape in given if levels.get(code) == "subdistrict"},
        )


CityFileCheck = Callable[[Path, CityFiles], list[RowError]]
_checks: dict[str, CityFileCheck] = {}


def register_city_file(name: str, check: CityFileCheck) -> None:
    """Have `city check` look at another module's file too; called on import of that module."""
    _checks[name] = check


def load_city(folder: Path) -> CityFiles:
    """Read a city's own files (not those other modules registered).

    Raises CityFilesError with every fault found.
    """
    files, errors = _read(folder)
    if errors or files is None:
        raise CityFilesError(errors)
    return files


def check_city(folder: Path) -> list[RowError]:
    """Every fault in a city's folder, registered files of other modules included; empty when all is well."""
    files, errors = _read(folder)
    if files is not None and not errors:
        for check in _checks.values():
            errors.extend(check(folder, files))
    return sorted(errors, key=lambda error: (error.file, error.line or 0))


def _read(folder: Path) -> tuple[CityFiles | None, list[RowError]]:
    if not folder.is_dir():
        return None, [RowError(str(folder), None, "", _("The folder is missing."))]
    errors: list[RowError] = []
    profile = _read_profile(folder, errors)
    if profile is None:
        return None, errors
    calendar = read_calendar(folder / "calendar.yaml", profile.time_zone, errors)
    areas = read_areas(folder / "areas.csv", profile.province, errors)
    districts = {area.code for area in areas if area.level == "district"}
    agencies = read_agencies(folder / "agencies.csv", profile.since, districts, errors)
    cells = _read_cells(folder, districts, errors)
    dimensions = _read_dimensions(folder, errors)
    if errors or calendar is None:
        return None, errors
    return CityFiles(folder, profile, agencies, areas, dimensions, cells, calendar, _digest(folder)), errors


def _digest(folder: Path) -> str:
    """Fingerprint of all data files: what is computed from them is as old as this."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".yaml", ".csv"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _read_profile(folder: Path, errors: list[RowError]) -> CityProfile | None:
    faults = ErrorList("city.yaml")
    given = read_yaml(folder / "city.yaml", faults)
    if given:
        for name in ("code", "name_th", "name_en", "since", "time_zone", "centre", "box"):
            if name not in given:
                faults.add(1, name, _("This is missing."))
    profile = None if faults else _profile(given, faults)
    errors.extend(faults)
    return None if faults else profile


def _profile(given: Lines, faults: ErrorList) -> CityProfile:
    try:
        ZoneInfo(str(given["time_zone"]))
    except (ZoneInfoNotFoundError, ValueError):
        faults.add(
            given.line_of("time_zone"),
            "time_zone",
            _("“{name}” is not a time zone."),
            name=given["time_zone"],
        )
    if not isinstance(given["since"], date):
        faults.add(given.line_of("since"), "since", _("This is not a date (YYYY-MM-DD)."))
    centre = _numbers(given, "centre", 2, faults)
    box = _numbers(given, "box", 4, faults)
    if not faults and not (box[0] <= centre[0] <= box[2] and box[1] <= centre[1] <= box[3]):
        faults.add(
            given.line_of("centre"), "centre", _("The centre must lie in the box (west, south, east, north).")
        )
    return CityProfile(
        code=str(given["code"]),
        name_th=str(given["name_th"]),
        name_en=str(given["name_en"]),
        short_th=str(given.get("short_th", given["name_th"])),
        short_en=str(given.get("short_en", given["name_en"])),
        since=given["since"],
        time_zone=str(given["time_zone"]),
        languages=tuple(given.get("languages", ("th", "en"))),
        centre=(centre[0], centre[1]),
        zoom=float(given.get("zoom", 10)),
        box=(box[0], box[1], box[2], box[3]),
        province=str(given.get("geothai_province", "")),
        hotline=str(given.get("hotline", "")),
        emergency_numbers={
            str(name): str(number) for name, number in given.get("emergency_numbers", {}).items()
        },
    )


def _numbers(given: Lines, name: str, count: int, faults: ErrorList) -> tuple[float, ...]:
    value = given[name]
    if isinstance(value, list) and len(value) == count and all(isinstance(one, int | float) for one in value):
        return tuple(float(one) for one in value)
    faults.add(given.line_of(name), name, _("{count} numbers are needed."), count=count)
    return (0.0,) * count


def _read_cells(folder: Path, districts: set[str], errors: list[RowError]) -> dict[int, str]:
    """district_cells.csv: the cover by H3 cells; a city with official polygons may do without the file."""
    if not (folder / "district_cells.csv").exists():
        return {}
    faults = ErrorList("district_cells.csv")
    cells: dict[int, str] = {}
    for line, row in read_csv(folder / "district_cells.csv", ("district_code", "h3_cell"), faults):
        if row["district_code"] not in districts:
            faults.add(line, "district_code", _("There is no district “{code}”."), code=row["district_code"])
            continue
        cell = _cell(row["h3_cell"])
        if cell is None:
            faults.add(
                line,
                "h3_cell",
                _("“{text}” is not an H3 cell of resolution 10 or coarser."),
                text=row["h3_cell"],
            )
        elif cells.setdefault(cell, row["district_code"]) != row["district_code"]:
            faults.add(line, "h3_cell", _("The cell belongs to two districts."))
    errors.extend(faults)
    return cells


def _cell(text: str) -> int | None:
    try:
        cell = h3.str_to_int(text)
    except ValueError:
        return None
    return cell if h3.is_valid_cell(cell) and h3.get_resolution(cell) <= FINEST else None


def _read_dimensions(folder: Path, errors: list[RowError]) -> tuple[DimensionRow, ...]:
    faults = ErrorList("policies.yaml")
    rows = read_yaml(folder / "policies.yaml", faults).get("dimensions", [])
    found: dict[str, DimensionRow] = {}
    for order, row in enumerate(rows if isinstance(rows, list) else [], start=1):
        missing = [
            name for name in ("code", "name_th", "name_en") if not isinstance(row, Lines) or not row.get(name)
        ]
        for name in missing:
            faults.add(getattr(row, "line", 1), name, _("This is missing."))
        if missing:
            continue
        if row["code"] in found:
            faults.add(row.line, "code", _("“{code}” is given twice."), code=row["code"])
        found[row["code"]] = DimensionRow(str(row["code"]), str(row["name_th"]), str(row["name_en"]), order)
    errors.extend(faults)
    return tuple(found.values())
