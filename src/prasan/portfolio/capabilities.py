"""The capability map of this city: what it must be able to do, in two levels, whoever does it.

Pure: capabilities.yaml of the city's folder; `prasan city check` covers it. A city without the file has an empty map.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, register_city_file
from prasan.city.rows import CityFilesError, ErrorList, Lines, RowError, read_yaml

FILE = "capabilities.yaml"
NEEDED = ("code", "name_th", "name_en")


@dataclass(frozen=True, slots=True)
class Capability:
    """A group of capabilities (`group` empty) or one capability of it."""

    code: str
    name_th: str
    name_en: str
    group: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_th


@dataclass(frozen=True)
class CapabilityMap:
    """Both levels by code, in the file's order; `labels` maps every code, name and alias to its capability's code."""

    groups: Mapping[str, Capability]
    capabilities: Mapping[str, Capability]
    labels: Mapping[str, str]

    def of_group(self, group: str) -> tuple[Capability, ...]:
        """Capabilities of a group, in order."""
        return tuple(one for one in self.capabilities.values() if one.group == group)

    def group_of(self, code: str) -> str:
        """Code of the group that a capability belongs to; empty for a code that is not on the map."""
        found = self.capabilities.get(code)
        return found.group if found else ""

    def name(self, code: str) -> str:
        """Name of a capability or a group in the reader's language; the code itself when it is not on the map."""
        found = self.capabilities.get(code) or self.groups.get(code)
        return found.name if found else code

    def codes_within(self, code: str) -> tuple[str, ...]:
        """The capability itself, or those of a group; nothing for another code."""
        return (code,) if code in self.capabilities else tuple(one.code for one in self.of_group(code))

    def find(self, text: str) -> str | None:
        """Code of the capability that a code, name or alias means; None when there is none."""
        return self.labels.get(folded(text))

    def nearest(self, text: str) -> Capability | None:
        """The capability whose name looks most like `text`, for “did you mean”."""
        close = difflib.get_close_matches(folded(text), self.labels, n=1, cutoff=0.5)
        return self.capabilities[self.labels[close[0]]] if close else None


def folded(text: str) -> str:
    """Text as labels are compared: small letters, one blank between words."""
    return " ".join(text.split()).casefold()


@cache
def capability_map() -> CapabilityMap:
    """The map of this installation's city (setting PRASAN_CITY), read once.

    Raises CityFilesError when the file is faulty.
    """
    from django.conf import settings

    return load_capabilities(settings.CITY_FOLDER)


def load_capabilities(folder: Path) -> CapabilityMap:
    """Read capabilities.yaml of a city; CityFilesError holds every fault found."""
    found, errors = read_capabilities(folder)
    if errors:
        raise CityFilesError(errors)
    return found


def read_capabilities(folder: Path) -> tuple[CapabilityMap, list[RowError]]:
    """The map and all its faults; with faults, the map holds what could be read."""
    faults = ErrorList(FILE)
    if not (folder / FILE).exists():
        return CapabilityMap({}, {}, {}), faults
    given = read_yaml(folder / FILE, faults)
    groups: dict[str, Capability] = {}
    capabilities: dict[str, Capability] = {}
    for row in _rows(given, "groups", "groups", faults):
        group = _add(groups, row, "groups", faults)
        for part in _rows(row, "capabilities", f"groups.{group}", faults):
            _add(capabilities, part, "capabilities", faults, group)
    if not capabilities and not faults:
        faults.add(1, "groups", _("There is no capability."))
    return CapabilityMap(groups, capabilities, _labels(capabilities, faults)), faults


def _check(folder: Path, _city: CityFiles) -> list[RowError]:
    return read_capabilities(folder)[1]


register_city_file(FILE, _check)


def _rows(given: Lines, name: str, field: str, faults: ErrorList) -> Iterator[Lines]:
    """Complete rows of a list; what lacks something is noted."""
    rows = given.get(name)
    if not isinstance(rows, list):
        if given or rows is not None:
            faults.add(given.line_of(name), field, _("A list is needed."))
        return
    for row in rows:
        missing = [one for one in NEEDED if not isinstance(row, Lines) or not row.get(one)]
        for one in missing:
            faults.add(getattr(row, "line", given.line_of(name)), f"{field}.{one}", _("This is missing."))
        if not missing:
            yield row


def _add(known: dict[str, Capability], row: Lines, field: str, faults: ErrorList, group: str = "") -> str:
    code = str(row["code"])
    if code in known:
        faults.add(row.line_of("code"), f"{field}.code", _("“{code}” is given twice."), code=code)
    aliases = row.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(one, str) for one in aliases):
        faults.add(row.line_of("aliases"), f"{field}.aliases", _("A list of words is needed."))
        aliases = []
    known[code] = Capability(code, str(row["name_th"]), str(row["name_en"]), group, tuple(aliases))
    return code


def _labels(capabilities: Mapping[str, Capability], faults: ErrorList) -> dict[str, str]:
    """Every code, name and alias; one label may not mean two capabilities."""
    labels: dict[str, str] = {}
    for one in capabilities.values():
        for label in (one.code, one.name_th, one.name_en, *one.aliases):
            if labels.setdefault(folded(label), one.code) != one.code:
                faults.add(None, "capabilities.aliases", _("“{label}” names two capabilities."), label=label)
    return labels


def grouped_choices() -> list[tuple[str, list[tuple[str, Any]]]]:
    """Choices of a select with a heading for each group."""
    known = capability_map()
    return [
        (group.name, [(one.code, one.name) for one in known.of_group(group.code)])
        for group in known.groups.values()
    ]
