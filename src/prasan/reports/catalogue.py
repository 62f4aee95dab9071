"""What can be reported in this city: categories, emergencies, reasons, stages and deadlines.

Pure: categories.yaml and deadlines.yaml of the city's folder; `prasan city check` covers both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prasan.city.agencies_file import AGENCY_KINDS
from prasan.city.files import CityFiles, register_city_file
from prasan.city.rows import CityFilesError, ErrorList, Lines, RowError, read_yaml

DOUBT_SPAN = 25  # letters before and after an emergency's word: about a Thai clause


@dataclass(frozen=True, slots=True)
class Term:
    """Something with a stable code and a name in both languages."""

    code: str
    name_th: str
    name_en: str

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_th


@dataclass(frozen=True, slots=True)
class Category(Term):
    """A category of reports (ประเภทปัญหา). `name_th` is also its label in training data and imports.

    `proof_photo`: an officer who finishes such a report must show the fix.
    """

    group: str
    icon: str
    hint_th: str
    hint_en: str
    keywords: tuple[str, ...]
    aliases: tuple[str, ...]
    proof_photo: bool = True

    @property
    def hint(self) -> str:
        """One line on what belongs here, in the reader's language."""
        return self.hint_en if get_language() == "en" else self.hint_th


@dataclass(frozen=True, slots=True)
class Reason(Term):
    """Why a report is not relevant; `text` is what the citizen reads."""

    text_th: str
    text_en: str

    @property
    def text(self) -> str:
        return self.text_en if get_language() == "en" else self.text_th


@dataclass(frozen=True, slots=True)
class Doubts:
    """Words beside an emergency's word that make it a fear or a memory, `unless` the text says it is now."""

    NEAR = 25

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def cover(self, folded: str, start: int, end: int) -> bool:
        """Whether the words at start … end of a text are in doubt."""
        if any(word in folded for word in self.unless):
            return False
        before, after = folded[max(0, start - DOUBT_SPAN) : start], folded[end : end + DOUBT_SPAN]
        return any(word in before for word in self.before) or any(word in after for word in self.after)


@dataclass(frozen=True, slots=True)
class Emergency(Reason):
    """A number to call instead of reporting, and the words that tell such a report."""

    number: str
    words: tuple[str, ...]
    not_words: tuple[str, ...]
    doubts: Doubts

    def fits(self, folded: str) -> bool:
        """Whether a text in small letters tells of this emergency as happening."""
        present = [word for word in self.words if word in folded]
        if not present:
            return False
        for phrase in self.not_words:
            folded = folded.replace(phrase, " " * len(phrase))
        return any(
            not self.doubts.cover(folded, match.start(), match.end())
            for word in present
            for match in re.finditer(re.escape(word), folded)
        )


@dataclass(frozen=True, slots=True)
class Deadline:
    """Working hours allowed to the first action and to the fix."""

    first_action: Decimal
    fix: Decimal


@dataclass(frozen=True)
class Catalogue:
    """Everything of categories.yaml and deadlines.yaml; mappings keep the files' order."""

    groups: Mapping[str, Term]
    categories: dict[str, Category]
    emergencies: tuple[Emergency, ...]
    irrelevant_reasons: Mapping[str, Reason]
    stages: Mapping[str, Term]
    deadlines: Mapping[tuple[str, str], Deadline]
    labels: Mapping[str, str]

    @property
    def fallback(self) -> str:
        """Code of the category for what fits nowhere else: the last of the file."""
        return next(reversed(self.categories))

    def category(self, code: str) -> Category:
        """The category of a code; KeyError when there is none."""
        return self.categories[code]

    def category_of_label(self, label: str) -> Category | None:
        """The category that a name or alias of other systems means (ถนน, จุดเสี่ยง …)."""
        code = self.labels.get(label.strip().casefold())
        return self.categories[code] if code else None

    def in_group(self, group: str) -> tuple[Category, ...]:
        """Categories of a group, in order."""
        return tuple(category for category in self.categories.values() if category.group == group)

    def deadline(self, category: str, agency_kind: str) -> Deadline:
        """Working hours that an agency of this kind has for a category."""
        return self.deadlines.get((category, agency_kind)) or self.deadlines["", agency_kind]

    def emergency(self, text: str) -> Emergency | None:
        """The first emergency that a text tells of."""
        folded = text.casefold()
        return next((emergency for emergency in self.emergencies if emergency.fits(folded)), None)


@cache
def catalogue() -> Catalogue:
    """The catalogue of this installation's city (setting PRASAN_CITY), read once.

    Raises CityFilesError when the files are faulty.
    """
    from django.conf import settings

    return load_catalogue(settings.CITY_FOLDER)


def load_catalogue(folder: Path) -> Catalogue:
    """Read categories.yaml and deadlines.yaml of a city; CityFilesError holds every fault found."""
    found, errors = read_catalogue(folder)
    if errors:
        raise CityFilesError(errors)
    return found


def read_catalogue(folder: Path) -> tuple[Catalogue, list[RowError]]:
    """The catalogue and all its faults; with faults, the catalogue holds what could be read."""
    faults = ErrorList("categories.yaml")
    given = read_yaml(folder / "categories.yaml", faults)
    groups = _terms(given, "groups", faults)
    categories = _categories(given, groups, faults)
    deadline_faults = ErrorList("deadlines.yaml")
    deadlines = _deadlines(folder / "deadlines.yaml", categories, deadline_faults)
    found = Catalogue(
        groups=groups,
        categories=categories,
        emergencies=_emergencies(given, faults),
        irrelevant_reasons=_reasons(given, faults),
        stages=_terms(given, "stages", faults),
        deadlines=deadlines,
        labels=_labels(categories, given, faults),
    )
    return found, [*faults, *deadline_faults]


def _check(folder: Path, _city: CityFiles) -> list[RowError]:
    return read_catalogue(folder)[1]


register_city_file("categories.yaml", _check)


def _rows(given: Lines, name: str, required: Iterable[str], faults: ErrorList) -> Mapping[str, Lines]:
    """The rows of a list by their code; rows that lack something, or whose code came before, are noted."""
    rows = given.get(name) or []
    if not isinstance(rows, list):
        faults.add(given.line_of(name), name, _("A list is needed."))
        return {}
    found: dict[str, Lines] = {}
    for row in rows:
        missing = [field for field in required if not isinstance(row, Lines) or not row.get(field)]
        line = row.line if isinstance(row, Lines) else given.line_of(name)
        for field in missing:
            faults.add(line, f"{name}.{field}", _("This is missing."))
        if missing:
            continue
        if row["code"] in found:
            faults.add(line, f"{name}.code", _("“{code}” is given twice."), code=row["code"])
        found[str(row["code"])] = row
    return found


def _terms(given: Lines, name: str, faults: ErrorList) -> Mapping[str, Term]:
    rows = _rows(given, name, ("code", "name_th", "name_en"), faults)
    return {code: Term(code, row["name_th"], row["name_en"]) for code, row in rows.items()}


def _categories(given: Lines, groups: Mapping[str, Term], faults: ErrorList) -> dict[str, Category]:
    required = ("code", "name_th", "name_en", "hint_th", "hint_en", "icon", "group")
    found = {}
    for code, row in _rows(given, "categories", required, faults).items():
        if row["group"] not in groups:
            line = row.line_of("group")
            faults.add(line, "categories.group", _("There is no group “{code}”."), code=row["group"])
        found[code] = Category(
            code=code,
            name_th=str(row["name_th"]),
            name_en=str(row["name_en"]),
            group=str(row["group"]),
            icon=str(row["icon"]),
            hint_th=str(row["hint_th"]),
            hint_en=str(row["hint_en"]),
            keywords=words_of(row, "keywords", "categories", faults),
            aliases=words_of(row, "aliases", "categories", faults),
            proof_photo=row.get("proof_photo", True) is not False,
        )
    if not found and not faults:
        faults.add(None, "categories", _("There is no category."))
    return found


def words_of(row: Lines, name: str, where: str, faults: ErrorList) -> tuple[str, ...]:
    """A list of words in small letters; a single word or a number is a fault, not a list of letters."""
    words = row.get(name) or []
    if not isinstance(words, list) or not all(
        isinstance(word, str) and len(word.strip()) > 1 for word in words
    ):
        faults.add(row.line_of(name), f"{where}.{name}", _("A list of words is needed."))
        return ()
    return tuple(word.strip().casefold() for word in words)


def _emergencies(given: Lines, faults: ErrorList) -> tuple[Emergency, ...]:
    required = ("code", "name_th", "name_en", "text_th", "text_en", "number", "words")
    doubts = _doubts(given, faults)
    return tuple(
        Emergency(
            code=code,
            name_th=row["name_th"],
            name_en=row["name_en"],
            text_th=row["text_th"],
            text_en=row["text_en"],
            number=str(row["number"]),
            words=words_of(row, "words", "emergencies", faults),
            not_words=words_of(row, "not_words", "emergencies", faults),
            doubts=doubts,
        )
        for code, row in _rows(given, "emergencies", required, faults).items()
    )


def _doubts(given: Lines, faults: ErrorList) -> Doubts:
    row = given.get("emergency_doubts") or Lines()
    if not isinstance(row, Lines):
        faults.add(
            given.line_of("emergency_doubts"), "emergency_doubts", _("This needs before, after and unless.")
        )
        return Doubts()
    before, after, unless = (
        words_of(row, name, "emergency_doubts", faults) for name in ("before", "after", "unless")
    )
    return Doubts(before, after, unless)


def _reasons(given: Lines, faults: ErrorList) -> Mapping[str, Reason]:
    required = ("code", "name_th", "name_en", "text_th", "text_en")
    return {
        code: Reason(code, row["name_th"], row["name_en"], row["text_th"], row["text_en"])
        for code, row in _rows(given, "irrelevant_reasons", required, faults).items()
    }


def _labels(categories: Mapping[str, Category], given: Lines, faults: ErrorList) -> Mapping[str, str]:
    """Every name, code and alias → category code; one label may not mean two categories."""
    labels: dict[str, str] = {}
    for category in categories.values():
        for label in (category.code, category.name_th, category.name_en, *category.aliases):
            other = labels.setdefault(label.casefold(), category.code)
            if other != category.code:
                line = given.line_of("categories")
                faults.add(line, "categories.aliases", _("“{label}” names two categories."), label=label)
    return labels


def _deadlines(
    path: Path, categories: Mapping[str, Category], faults: ErrorList
) -> Mapping[tuple[str, str], Deadline]:
    """(category or "", agency kind) → deadline; the default fills what a category leaves out."""
    given = read_yaml(path, faults)
    default = given.get("default")
    if not isinstance(default, Lines):
        if not faults:
            faults.add(given.line_of("default"), "default", _("This is missing."))
        return {}
    found: dict[tuple[str, str], Deadline] = {
        ("", kind): _deadline(kind, (default,), "default", faults) for kind in AGENCY_KINDS
    }
    rows = given.get("categories") or Lines()
    for code, row in rows.items():
        if code not in categories:
            faults.add(
                rows.line_of(code), f"categories.{code}", _("There is no category “{code}”."), code=code
            )
        elif not isinstance(row, Lines):
            faults.add(rows.line_of(code), f"categories.{code}", _("This needs first_action and fix."))
        else:
            for kind in AGENCY_KINDS:
                found[code, kind] = _deadline(kind, (row, default), f"categories.{code}", faults)
    return found


def _deadline(kind: str, rows: tuple[Lines, ...], field: str, faults: ErrorList) -> Deadline:
    """What speaks first: the kind in the category, the category, the kind in the default, the default."""
    hours = {name: _hours(name, kind, rows, field, faults) for name in ("first_action", "fix")}
    if hours["fix"] < hours["first_action"] and not faults:
        faults.add(rows[0].line, field, _("The fix can't be due before the first action."))
    return Deadline(hours["first_action"], hours["fix"])


def _hours(name: str, kind: str, rows: tuple[Lines, ...], field: str, faults: ErrorList) -> Decimal:
    for row in rows:
        by_kind = row.get("by_kind") or Lines()
        unknown = [one for one in by_kind if one not in AGENCY_KINDS]
        if unknown and kind == AGENCY_KINDS[0]:
            faults.add(
                row.line_of("by_kind"),
                f"{field}.by_kind",
                _("“{kind}” is not a kind of agency."),
                kind=unknown[0],
            )
        for place in (by_kind.get(kind) or Lines(), row):
            if name in place:
                return _positive(place, name, field, faults)
    faults.add(rows[-1].line, f"{field}.{name}", _("This is missing."))
    return Decimal(0)


def _positive(row: Lines, name: str, field: str, faults: ErrorList) -> Decimal:
    try:
        hours = Decimal(str(row[name]))
    except InvalidOperation:
        hours = Decimal(0)
    if not hours.is_finite() or hours <= 0:
        sentence = _("“{text}” is not a number of working hours.")
        if not any(error.field == f"{field}.{name}" for error in faults):
            faults.add(row.line_of(name), f"{field}.{name}", sentence, text=str(row[name]))
        return Decimal(1)
    return hours
