"""Committees as data: `committees.yaml` of the city's folder (docs/committee.md). A city may have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, register_city_file
from prasan.city.rows import ErrorList, RowError, read_yaml
from prasan.committee.rules import Rules
from prasan.fabric.problems import Invalid

FILE = "committees.yaml"
NEEDED = ("code", "name_th", "name_en")
BOARDS = ("", "screening", "main")
PUBLISH = ("nothing", "resolutions", "minutes")


@dataclass(frozen=True, slots=True)
class CommitteeRow:
    """One committee of the file."""

    code: str
    name_th: str
    name_en: str
    board: str
    powers: str
    publish: str
    rules: Mapping[str, Any]


def read_committees(folder: Path) -> tuple[list[CommitteeRow], list[RowError]]:
    """The committees and every fault; both empty for a city without the file."""
    faults, found = ErrorList(FILE), []
    if not (folder / FILE).exists():
        return [], faults
    given = read_yaml(folder / FILE, faults)
    rows = given.get("committees") or []
    for row in rows if isinstance(rows, list) else []:
        line = row.line_of("code")
        missing = [name for name in NEEDED if not str(row.get(name) or "").strip()]
        for name in missing:
            faults.add(line, name, _("A value is needed."))
        if not missing and _is_sound(row, line, faults):
            found.append(CommitteeRow(
                row["code"], row["name_th"], row["name_en"], row.get("board") or "", row.get("powers") or "",
                row.get("publish") or "nothing", dict(row.get("rules") or {}),
            ))  # fmt: skip
    return found, faults


def _is_sound(row: Any, line: int, faults: ErrorList) -> bool:
    before = len(faults)
    if (row.get("board") or "") not in BOARDS:
        faults.add(line, "board", _("Please choose one of the boards."))
    if (row.get("publish") or "nothing") not in PUBLISH:
        faults.add(line, "publish", _("Please choose what the public sees."))
    try:
        Rules.of(row.get("rules") or {})
    except Invalid as problem:
        for name, sentence in problem.errors.items():
            faults.add(line, f"rules.{name}", sentence)
    return len(faults) == before


def _check(folder: Path, _files: CityFiles) -> list[RowError]:
    return read_committees(folder)[1]


register_city_file(FILE, _check)
