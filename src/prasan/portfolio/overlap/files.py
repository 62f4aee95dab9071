"""Systems and proposals from CSV files, and the pairs found as one; columns may be missing or in another order."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from prasan.portfolio.overlap.items import Item, Match
from prasan.portfolio.overlap.words import sentence

PAIR_COLUMNS = ("left_code", "right_code", "kind", "score", "flagged", "reason")
# Titles under which a column is also known.
SYSTEM_COLUMNS = {
    "code": ("system_code", "code"),
    "title": ("name_th", "name", "title_th"),
    "title_en": ("name_en",),
    "objective": ("purpose_th", "purpose"),
    "agency": ("owner_code",),
    "agency_name": ("owner_name",),
    "capability": ("capability",),
    "data": ("data_held",),
    "interfaces": ("interfaces",),
    "vendor": ("vendor",),
}
PROPOSAL_COLUMNS = {
    "code": ("proposal_code", "code"),
    "title": ("title_th", "title"),
    "title_en": ("title_en",),
    "objective": ("objective_th", "objective"),
    "scope": ("scope_th", "scope"),
    "benefit": ("expected_benefit_th", "expected_benefit"),
    "agency": ("agency_code",),
    "agency_name": ("agency_name",),
    "nature": ("nature",),
    "category": ("category",),
    "capability": ("capability",),
    "data": ("data_held",),
    "vendor": ("vendor",),
}
CODES = re.compile(r"[\s,;|/]+")


class FileError(ValueError):
    """A file that can't be used: a sentence that says which, where and why."""


def read_systems(path: Path) -> list[Item]:
    """Systems of a CSV file (docs/overlap.md). Raises FileError."""
    return [_item(row, SYSTEM_COLUMNS, "system") for row in _rows(path, SYSTEM_COLUMNS)]


def read_proposals(path: Path) -> list[Item]:
    """Proposals of a CSV file (docs/overlap.md). Raises FileError."""
    return [_item(row, PROPOSAL_COLUMNS, "proposal") for row in _rows(path, PROPOSAL_COLUMNS)]


def _rows(path: Path, columns: Mapping[str, tuple[str, ...]]) -> Iterable[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text; save it from Excel as “CSV UTF-8”") from None
    csv.field_size_limit(10_000_000)
    reader = csv.DictReader(text.splitlines(keepends=True), restval="", restkey="")
    reader.fieldnames = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    for field in ("code", "title"):
        if not set(columns[field]) & set(reader.fieldnames):
            raise FileError(
                f"{path}: the column {columns[field][0]} is missing (found: {', '.join(reader.fieldnames)})"
            )
    seen: dict[str, int] = {}
    rows = []
    for row in reader:
        cells = {name: str(value or "").strip() for name, value in row.items()}
        if not any(cells.values()):
            continue
        code, title = _cell(cells, columns["code"]), _cell(cells, columns["title"])
        if not code or not title:
            raise FileError(
                f"{path}:{reader.line_num}: a row needs {columns['code'][0]} and {columns['title'][0]}"
            )
        if code in seen:
            raise FileError(f"{path}:{reader.line_num}: the code {code} is already on line {seen[code]}")
        seen[code] = reader.line_num
        rows.append(cells)
    return rows


def _cell(cells: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((cells[name] for name in names if cells.get(name)), "")


def _item(cells: Mapping[str, str], columns: Mapping[str, tuple[str, ...]], sort: str) -> Item:
    values = {field: _cell(cells, names) for field, names in columns.items()}
    return Item(
        **values,
        sort="system" if sort == "system" else "proposal",
        refers_to=tuple(code for code in CODES.split(cells.get("depends_on", "")) if code),
        excludes=tuple(code for code in CODES.split(cells.get("excludes", "")) if code),
    )


def write_pairs(path: Path, matches: Iterable[Match], names: Mapping[str, str], language: str = "th") -> None:
    """Write one line per match; `names` are of concepts. The file appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(PAIR_COLUMNS)
        for match in matches:
            reason = "; ".join(sentence(one, names, language) for one in match.reasons)
            writer.writerow(
                (match.left, match.right, match.kind, f"{match.score:.4f}", int(match.flagged), reason)
            )
    part.replace(path)
