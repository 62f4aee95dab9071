"""What a city asks of a proposal: tiers by money and their questions, lanes, fiscal years, days, policies to answer.

Pure: portfolio.yaml and governor_policies.yaml of the city's folder; `prasan city check` covers both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, DimensionRow, register_city_file
from prasan.city.rows import CityFilesError, ErrorList, Lines, RowError, read_yaml

HOLDERS = ("agency", "analyst", "screening", "main")
LANES = ("infrastructure", "information_system")


@dataclass(frozen=True, slots=True)
class Term:
    """Something with a stable code and a name in both languages."""

    code: str
    name_th: str
    name_en: str
    hint_th: str = ""
    hint_en: str = ""

    @property
    def name(self) -> str:
        """The name in the reader's language; Thai where there is no English one."""
        return (self.name_en if get_language() == "en" else "") or self.name_th

    @property
    def hint(self) -> str:
        """A line on what it is, in the reader's language."""
        return (self.hint_en if get_language() == "en" else "") or self.hint_th


@dataclass(frozen=True, slots=True)
class Question(Term):
    """A question of the form (`name` is its text); asked from the tier at `level` (0 the smallest) upwards."""

    level: int = 0


@dataclass(frozen=True, slots=True)
class Tier(Term):
    """A size of projects: up to so many baht over all years (None: no bound), the `level`-th from the smallest."""

    up_to: Decimal | None = None
    level: int = 0


@dataclass(frozen=True, slots=True)
class Policy(Term):
    """A policy of the governor and the dimensions that it belongs to."""

    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class PortfolioRules:
    """Everything of portfolio.yaml and governor_policies.yaml; mappings keep the files' order.

    `policies` holds the governor's policies by code, then each dimension under its own code for what answers no
    single policy.
    """

    tiers: tuple[Tier, ...]
    questions: tuple[Question, ...]
    lanes: Mapping[str, Term]
    first_year: int
    last_year: int
    form_years: int
    working_days: Mapping[str, int]
    policies: Mapping[str, Policy]

    def tier(self, total: Decimal) -> Tier:
        """The tier that a sum of money falls into."""
        return next(
            (tier for tier in self.tiers if tier.up_to is None or total <= tier.up_to), self.tiers[-1]
        )

    def questions_of(self, tier: Tier) -> tuple[Question, ...]:
        """What a proposal of this tier is asked."""
        return tuple(question for question in self.questions if question.level <= tier.level)

    def years(self) -> range:
        """Fiscal years (พ.ศ.) for which money can be asked."""
        return range(self.first_year, self.last_year + 1)


@cache
def portfolio_rules() -> PortfolioRules:
    """The rules of this installation's city (setting PRASAN_CITY), read once.

    Raises CityFilesError when the files are faulty.
    """
    from django.conf import settings

    from prasan.city.files import load_city

    rules, errors = read_rules(settings.CITY_FOLDER, load_city(settings.CITY_FOLDER).dimensions)
    if errors:
        raise CityFilesError(errors)
    return rules


def read_rules(folder: Path, dimensions: Iterable[DimensionRow]) -> tuple[PortfolioRules, list[RowError]]:
    """The rules and all their faults; with faults, the rules hold what could be read."""
    faults = ErrorList("portfolio.yaml")
    given = read_yaml(folder / "portfolio.yaml", faults)
    if faults:
        return _nothing(), list(faults)
    tiers = _tiers(given, faults)
    years = given.get("fiscal_years") or Lines()
    rules = PortfolioRules(
        tiers=tiers or _nothing().tiers,
        questions=_questions(given, {tier.code: tier.level for tier in tiers}, faults),
        lanes=_lanes(given, faults),
        first_year=_whole(years, "first", "fiscal_years", faults),
        last_year=_whole(years, "last", "fiscal_years", faults),
        form_years=_whole(years, "form", "fiscal_years", faults),
        working_days=_days(given, faults),
        policies={},
    )
    if not faults and not 2400 < rules.first_year < rules.last_year < 2700:
        faults.add(
            given.line_of("fiscal_years"),
            "fiscal_years",
            _("Years are พ.ศ. (2400 to 2700), the first before the last."),
        )
    policies, policy_faults = _policies(folder, list(dimensions))
    object.__setattr__(rules, "policies", policies)
    return rules, [*faults, *policy_faults]


def _nothing() -> PortfolioRules:
    """Rules of a file that can't be read."""
    return PortfolioRules((Tier("all", "-", "-"),), (), {}, 1, 1, 1, {}, {})


def _check(folder: Path, city: CityFiles) -> list[RowError]:
    return read_rules(folder, city.dimensions)[1]


register_city_file("portfolio.yaml", _check)


def _rows(given: Lines, name: str, required: Iterable[str], faults: ErrorList) -> list[tuple[str, Lines]]:
    """The rows of a list with their codes; rows that lack something, or whose code came before, are noted."""
    rows = given.get(name)
    if not isinstance(rows, list):
        faults.add(given.line_of(name), name, _("A list is needed."))
        return []
    found: dict[str, Lines] = {}
    for row in rows:
        line = row.line if isinstance(row, Lines) else given.line_of(name)
        missing = [field for field in required if not isinstance(row, Lines) or not row.get(field)]
        for field in missing:
            faults.add(line, f"{name}.{field}", _("This is missing."))
        if missing:
            continue
        if str(row["code"]) in found:
            faults.add(line, f"{name}.code", _("“{code}” is given twice."), code=row["code"])
        found[str(row["code"])] = row
    return list(found.items())


def _words(row: Lines, name: str = "name", hint: str = "hint") -> dict[str, str]:
    return {
        "name_th": str(row.get(f"{name}_th", "")), "name_en": str(row.get(f"{name}_en", "")),
        "hint_th": str(row.get(f"{hint}_th", "")), "hint_en": str(row.get(f"{hint}_en", "")),
    }  # fmt: skip


def _tiers(given: Lines, faults: ErrorList) -> tuple[Tier, ...]:
    found: list[Tier] = []
    rows = _rows(given, "tiers", ("code", "name_th", "name_en"), faults)
    for level, (code, row) in enumerate(rows):
        bound = row.get("up_to")
        last = level == len(rows) - 1
        grows = isinstance(bound, int) and bound > 0 and (not found or bound > (found[-1].up_to or 0))
        if last and bound is not None:
            faults.add(row.line, "tiers.up_to", _("The last tier has no bound: it takes all that is larger."))
        elif not last and not grows:
            faults.add(
                row.line, "tiers.up_to", _("A number of baht is needed, larger than that of the tier before.")
            )
        limit = Decimal(bound) if isinstance(bound, int) else None
        found.append(Tier(code, **_words(row, hint="note"), up_to=limit, level=level))
    return tuple(found)


def _questions(given: Lines, levels: Mapping[str, int], faults: ErrorList) -> tuple[Question, ...]:
    found = []
    for code, row in _rows(given, "questions", ("code", "from", "text_th", "text_en"), faults):
        if row["from"] not in levels:
            faults.add(
                row.line_of("from"), "questions.from", _("There is no tier “{code}”."), code=row["from"]
            )
        found.append(Question(code, **_words(row, "text"), level=levels.get(row["from"], 0)))
    return tuple(found)


def _lanes(given: Lines, faults: ErrorList) -> Mapping[str, Term]:
    rows = _rows(given, "lanes", ("code", "name_th", "name_en"), faults)
    found = {code: Term(code, **_words(row)) for code, row in rows}
    if set(found) != set(LANES) and not faults:
        faults.add(given.line_of("lanes"), "lanes", _("The lanes are {codes}."), codes=", ".join(LANES))
    return found


def _whole(row: Any, name: str, where: str, faults: ErrorList) -> int:
    value = row.get(name) if isinstance(row, Lines) else None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    line = row.line_of(name) if isinstance(row, Lines) else None
    faults.add(line, f"{where}.{name}", _("A whole number above zero is needed."))
    return 1


def _days(given: Lines, faults: ErrorList) -> Mapping[str, int]:
    row = given.get("working_days") or Lines()
    return {holder: _whole(row, holder, "working_days", faults) for holder in HOLDERS}


def _policies(folder: Path, dimensions: list[DimensionRow]) -> tuple[Mapping[str, Policy], list[RowError]]:
    """The governor's policies (a city without the file has none), then the dimensions themselves."""
    faults = ErrorList("governor_policies.yaml")
    known = {dimension.code for dimension in dimensions}
    found: dict[str, Policy] = {}
    if (folder / "governor_policies.yaml").exists():
        given = read_yaml(folder / "governor_policies.yaml", faults)
        for code, row in _rows(given, "policies", ("code", "name_th", "dimensions"), faults):
            belongs = row["dimensions"] if isinstance(row["dimensions"], list) else []
            for dimension in belongs:
                if dimension not in known:
                    faults.add(
                        row.line, "policies.dimensions", _("There is no dimension “{code}”."), code=dimension
                    )
            if code in known:
                faults.add(row.line, "policies.code", _("“{code}” is given twice."), code=code)
            found[code] = Policy(code, **_words(row), dimensions=tuple(map(str, belongs)))
    for one in dimensions:
        found[one.code] = Policy(one.code, one.name_th, one.name_en, dimensions=(one.code,))
    return found, faults
