"""`prasan city check` looks at concepts.yaml too: every fault with its line."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, register_city_file
from prasan.city.rows import ErrorList, Lines, RowError, read_yaml
from prasan.portfolio.overlap.lexicon import FACETS, FILE, KINDS

NEEDED = ("code", "kind", "name_th", "name_en")
LISTS = ("also", "cues", "excluded_by")


def check_lexicon(folder: Path, _city: CityFiles | None = None) -> list[RowError]:
    """Faults of a city's concepts.yaml; none when the city has no such file (it is screened by words alone)."""
    faults = ErrorList(FILE)
    if not (folder / FILE).exists():
        return faults
    given = read_yaml(folder / FILE, faults)
    if faults:
        return faults
    _check_words(given, faults)
    rows = given.get("concepts")
    if not isinstance(rows, list):
        faults.add(given.line_of("concepts"), "concepts", _("This is missing."))
        return faults
    seen: set[str] = set()
    for row in rows:
        _check_concept(row, seen, faults)
    return faults


def _check_concept(row: object, seen: set[str], faults: ErrorList) -> None:
    if not isinstance(row, Lines):
        faults.add(1, "concepts", _("A concept needs names and values (“name: value”)."))
        return
    for name in NEEDED:
        if not row.get(name):
            faults.add(row.line, name, _("This is missing."))
    code = str(row.get("code", ""))
    if code in seen:
        faults.add(row.line, "code", _("“{code}” is given twice."), code=code)
    seen.add(code)
    if row.get("kind") and row["kind"] not in KINDS:
        faults.add(
            row.line, "kind", _("“{kind}” is not one of {kinds}."), kind=row["kind"], kinds=", ".join(KINDS)
        )
    for name in set(row) - set(NEEDED) - set(LISTS):
        faults.add(row.line_of(name), name, _("This name is not known here."))
    for name in LISTS:
        value = row.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str | int) for one in value):
            faults.add(row.line_of(name), name, _("This must be a list of words."))


def _check_words(given: Lines, faults: ErrorList) -> None:
    """A word that stands for two meanings would mean whichever line comes last."""
    words = given.get("words", Lines())
    if not isinstance(words, Lines):
        faults.add(given.line_of("words"), "words", _("The file must hold names and values (“name: value”)."))
        return
    meaning: dict[str, str] = {}
    for facet, classes in words.items():
        if facet not in FACETS:
            faults.add(words.line_of(facet), facet, _("This name is not known here."))
        for members in classes or []:
            if not isinstance(members, list) or not members:
                faults.add(words.line_of(facet), facet, _("This must be a list of words."))
                continue
            for word in map(str, members):
                if meaning.setdefault(word, str(members[0])) != str(members[0]):
                    faults.add(words.line_of(facet), facet, _("“{word}” is given twice."), word=word)


register_city_file(FILE, check_lexicon)
