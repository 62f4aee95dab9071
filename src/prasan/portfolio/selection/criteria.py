"""The criteria of this city: names, an anchor for each of the five steps, and how much each may weigh.

Pure: criteria.yaml of the city's folder; `prasan city check` covers it. A city without the file has no criteria.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, register_city_file
from prasan.city.rows import CityFilesError, ErrorList, Lines, RowError, read_yaml

FILE = "criteria.yaml"
STEPS = range(5)
POINTS_A_STEP = 25  # so that values run from 0 to 100


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. `weight`: the least and the most it may count, in per cent; `anchors`: those of steps 0 to 4."""

    code: str
    name_th: str
    name_en: str
    weight: tuple[int, int]
    anchors_th: tuple[str, ...]
    anchors_en: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_th

    @property
    def anchors(self) -> tuple[str, ...]:
        """What each step means, in the reader's language."""
        return self.anchors_en if get_language() == "en" else self.anchors_th


@cache
def criteria() -> Mapping[str, Criterion]:
    """The criteria of this installation's city by code, in order, read once. Raises CityFilesError when faulty."""
    from django.conf import settings

    found, errors = read_criteria(settings.CITY_FOLDER)
    if errors:
        raise CityFilesError(errors)
    return found


def read_criteria(folder: Path) -> tuple[Mapping[str, Criterion], list[RowError]]:
    """The criteria and all faults of the file."""
    faults = ErrorList(FILE)
    if not (folder / FILE).exists():
        return {}, faults
    given = read_yaml(folder / FILE, faults)
    rows = given.get("criteria")
    if not isinstance(rows, list):
        faults.add(given.line_of("criteria"), "criteria", _("A list is needed."))
        return {}, faults
    found: dict[str, Criterion] = {}
    for row in rows:
        one = _criterion(row, faults) if isinstance(row, Lines) else None
        if one is not None and one.code in found:
            faults.add(row.line, "criteria.code", _("“{code}” is given twice."), code=one.code)
        elif one is not None:
            found[one.code] = one
    if not faults and not _can_add_up(found):
        faults.add(1, "criteria.weight", _("The weights can't add up to 100 per cent."))
    return found, faults


def _can_add_up(found: Mapping[str, Criterion]) -> bool:
    least, most = (sum(one.weight[side] for one in found.values()) for side in (0, 1))
    return least <= 100 <= most


def _criterion(row: Lines, faults: ErrorList) -> Criterion | None:
    before = len(faults)
    for name in ("code", "name_th", "name_en"):
        if not row.get(name):
            faults.add(row.line, f"criteria.{name}", _("This is missing."))
    weight = row.get("weight")
    if not (isinstance(weight, list) and len(weight) == 2 and all(isinstance(one, int) for one in weight)
            and 0 <= weight[0] <= weight[1] <= 100):  # fmt: skip
        faults.add(row.line, "criteria.weight", _("Two whole per cents are needed, the least first."))
    for name in ("anchors_th", "anchors_en"):
        anchors = row.get(name)
        if not isinstance(anchors, list) or len(anchors) != len(STEPS):
            faults.add(row.line, f"criteria.{name}", _("Five sentences are needed, for the steps 0 to 4."))
    if len(faults) > before:
        return None
    return Criterion(
        str(row["code"]), str(row["name_th"]), str(row["name_en"]), (row["weight"][0], row["weight"][1]),
        tuple(map(str, row["anchors_th"])), tuple(map(str, row["anchors_en"])),
    )  # fmt: skip


def _check(folder: Path, _city: CityFiles) -> list[RowError]:
    return list(read_criteria(folder)[1])


register_city_file(FILE, _check)
