"""Reading agencies.csv: the city's organisations and those it works with, as a tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from django.utils.translation import gettext_lazy as _

from prasan.city.rows import ErrorList, RowError, read_csv

AgencyKind = Literal[
    "root", "department", "division", "district_office", "district_division", "health_centre", "outside"
]
AGENCY_KINDS: tuple[AgencyKind, ...] = get_args(AgencyKind)
AGENCY_COLUMNS = ("code", "name_th", "name_en", "kind", "parent")
CODE = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """A row of agencies.csv."""

    code: str
    name_th: str
    name_en: str
    short_th: str
    short_en: str
    kind: AgencyKind
    parent: str | None
    district: str | None
    valid_from: date
    valid_to: date | None
    url: str
    phone: str
    line: int = field(default=0, compare=False)


def read_agencies(
    path: Path, since: date, districts: set[str], errors: list[RowError]
) -> tuple[AgencyRow, ...]:
    """The agencies, parents before children; what can't be used is added to `errors`.

    `since` is the beginning of those without one of their own.
    """
    faults = ErrorList(path.name)
    found: dict[str, AgencyRow] = {}
    for line, row in read_csv(path, AGENCY_COLUMNS, faults):
        agency = _agency(line, row, since, faults)
        if agency is None:
            continue
        if agency.code in found:
            faults.add(line, "code", _("“{code}” is given twice."), code=agency.code)
        if agency.district is not None and agency.district not in districts:
            faults.add(line, "district", _("There is no district “{code}”."), code=agency.district)
        found[agency.code] = agency
    _check_tree(found, faults)
    errors.extend(faults)
    return tuple(_parents_first(found)) if not faults else ()


def _agency(line: int, row: Mapping[str, str], since: date, faults: ErrorList) -> AgencyRow | None:
    before = len(faults)
    if not CODE.fullmatch(row["code"]):
        faults.add(
            line, "code", _("“{code}” is not a code: small letters, digits and dots."), code=row["code"]
        )
    for name in ("name_th", "name_en"):
        if not row[name]:
            faults.add(line, name, _("This is missing."))
    if row["kind"] not in AGENCY_KINDS:
        faults.add(line, "kind", _("“{kind}” is not a kind of agency."), kind=row["kind"])
    valid_from = _date(line, row, "valid_from", faults) or since
    valid_to = _date(line, row, "valid_to", faults)
    if valid_to is not None and valid_to <= valid_from:
        faults.add(line, "valid_to", _("The end must be after the beginning."))
    if len(faults) > before:
        return None
    return AgencyRow(
        code=row["code"],
        name_th=row["name_th"],
        name_en=row["name_en"],
        short_th=row.get("short_th", ""),
        short_en=row.get("short_en", ""),
        kind=AGENCY_KINDS[AGENCY_KINDS.index(row["kind"])],
        parent=row["parent"] or None,
        district=row.get("district") or None,
        valid_from=valid_from,
        valid_to=valid_to,
        url=row.get("url", ""),
        phone=row.get("phone", ""),
        line=line,
    )


def _date(line: int, row: Mapping[str, str], name: str, faults: ErrorList) -> date | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.add(line, name, _("“{text}” is not a date (YYYY-MM-DD)."), text=text)
        return None


def _check_tree(agencies: Mapping[str, AgencyRow], faults: ErrorList) -> None:
    """One root of kind root, parents that exist, no cycles; outside bodies may stand alone."""
    for agency in agencies.values():
        if agency.parent is None and agency.kind not in {"root", "outside"}:
            faults.add(agency.line, "parent", _("Only the root and outside bodies have no parent."))
        elif agency.parent is not None and agency.parent not in agencies:
            faults.add(agency.line, "parent", _("There is no agency “{code}”."), code=agency.parent)
        elif _in_cycle(agency, agencies):
            faults.add(agency.line, "parent", _("“{code}” would be above itself."), code=agency.code)
    if agencies and sum(agency.kind == "root" for agency in agencies.values()) != 1:
        faults.add(None, "kind", _("There must be exactly one agency of kind root."))


def _in_cycle(agency: AgencyRow, agencies: Mapping[str, AgencyRow]) -> bool:
    seen: set[str] = set()
    code: str | None = agency.parent
    while code is not None and code in agencies and code not in seen:
        if code == agency.code:
            return True
        seen.add(code)
        code = agencies[code].parent
    return False


def _parents_first(agencies: Mapping[str, AgencyRow]) -> list[AgencyRow]:
    """The same agencies in an order in which each one's parent stands before it."""
    ordered: dict[str, AgencyRow] = {}

    def place(agency: AgencyRow) -> None:
        if agency.code not in ordered:
            if agency.parent is not None:
                place(agencies[agency.parent])
            ordered[agency.code] = agency

    for agency in agencies.values():
        place(agency)
    return list(ordered.values())
