"""Which agency a report goes to: rules of the city's routing.yaml, first match wins, each with its reason.

Pure and compiled: rules are sorted by category when they are read, placeholders are filled in for every
district, and a report costs some tens of look-ups. docs/city.md explains the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from prasan.city.files import CityFiles, load_city, register_city_file
from prasan.city.rows import CityFilesError, ErrorList, Lines, RowError, read_yaml
from prasan.reports.catalogue import Catalogue, Term, read_catalogue, words_of

BREAK = "\x1f"  # between address and text, and where a phrase was taken out; no word holds it
NOWHERE = ""  # the district of a report whose place is not known
PLACEHOLDER = re.compile(r"\{(\w+)\}")
RULE_FIELDS = frozenset(
    {
        "id",
        "category",
        "district",
        "subdistrict",
        "road",
        "asset",
        "words",
        "not_words",
        "agency",
        "why_th",
        "why_en",
    }
)


@dataclass(frozen=True, slots=True)
class Kind(Term):
    """A kind of road or asset, and the words that tell it; `not_words` are phrases to pass over."""

    words: tuple[str, ...]
    not_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a report goes and why; `matched` is the word that decided, where a word did."""

    agency_code: str
    rule_id: str
    why_th: str
    why_en: str
    matched: str
    road_kind: str
    asset_kind: str

    @property
    def why(self) -> str:
        """The reason in the reader's language."""
        return self.why_en if get_language() == "en" else self.why_th


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. None means any; `targets` holds the agency for every district the rule can serve."""

    id: str
    line: int
    categories: frozenset[str] | None
    districts: frozenset[str] | None
    subdistricts: frozenset[str] | None
    roads: frozenset[str] | None
    assets: frozenset[str] | None
    words: tuple[str, ...]
    not_words: tuple[str, ...]
    targets: Mapping[str, str] = field(compare=False)
    why_th: str = ""
    why_en: str = ""

    def covers(self, other: Rule) -> bool:
        """Whether every report that fits `other` fits this rule too."""
        sets = (
            (self.categories, other.categories),
            (self.districts, other.districts),
            (self.subdistricts, other.subdistricts),
            (self.roads, other.roads),
            (self.assets, other.assets),
        )
        if not all(mine is None or (theirs is not None and mine >= theirs) for mine, theirs in sets):
            return False
        if not self.targets.keys() >= other.targets.keys():
            return False
        words = not self.words or (
            other.words and all(any(w in word for w in self.words) for word in other.words)
        )
        return bool(words) and set(self.not_words) <= set(other.not_words)


class Routing:
    """All rules of a city, compiled."""

    def __init__(
        self,
        rules: tuple[Rule, ...],
        default: Rule,
        road_kinds: Mapping[str, Kind],
        asset_kinds: Mapping[str, Kind],
        spellings: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.rules = rules
        self.default = default
        self.road_kinds = road_kinds
        self.asset_kinds = asset_kinds
        self._spellings = spellings
        named = {category for rule in rules for category in rule.categories or ()}
        self._of_category = {category: self._rules_of(category) for category in named}
        self._of_others = self._rules_of(None)

    def _rules_of(self, category: str | None) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.categories is None or category in rule.categories)

    def route(
        self,
        *,
        category: str,
        district: str | None,
        subdistrict: str | None = None,
        road_kind: str | None = None,
        asset_kind: str | None = None,
        text: str = "",
        address: str = "",
    ) -> Routed:
        """The agency of a report: the first rule that fits, else the default.

        Kinds of road and asset that were not given are read off the words; `address` tells of the road only,
        for its names (แขวงคลองเตย) would mislead the rules.
        """
        around = self._read(f"{address} {BREAK}{text}")
        folded = around[around.index(BREAK) :]
        roads = road_kind or self._kind(self.road_kinds, around)
        assets = asset_kind or self._kind(self.asset_kinds, folded)
        where = district or NOWHERE
        for rule in self._of_category.get(category, self._of_others):
            if rule.districts is not None and where not in rule.districts:
                continue
            if rule.subdistricts is not None and subdistrict not in rule.subdistricts:
                continue
            if (rule.roads is not None and roads not in rule.roads) or where not in rule.targets:
                continue
            if rule.assets is not None and assets not in rule.assets:
                continue
            matched = _found(rule.words, rule.not_words, folded) if rule.words or rule.not_words else ""
            if matched is not None:
                return Routed(rule.targets[where], rule.id, rule.why_th, rule.why_en, matched, roads, assets)
        default = self.default
        return Routed(
            self.dispatcher_of(district), default.id, default.why_th, default.why_en, "", roads, assets
        )

    def dispatcher_of(self, district: str | None) -> str:
        """Agency of the person who decides what no rule decides: the default's."""
        return self.default.targets.get(district or NOWHERE, self.default.targets[NOWHERE])

    def _read(self, text: str) -> str:
        """Text in small letters with the city's spellings evened out."""
        folded = text.casefold()
        for written, meant in self._spellings:
            folded = folded.replace(written, meant)
        return folded

    @staticmethod
    def _kind(kinds: Mapping[str, Kind], folded: str) -> str:
        for code, kind in kinds.items():
            if _found(kind.words, kind.not_words, folded) is not None:
                return code
        return ""


@cache
def routing() -> Routing:
    """The rules of this installation's city (setting PRASAN_CITY), read once; CityFilesError when faulty."""
    from django.conf import settings

    return load_routing(settings.CITY_FOLDER)


def route(
    *,
    category: str,
    district: str | None,
    subdistrict: str | None = None,
    road_kind: str | None = None,
    asset_kind: str | None = None,
    text: str = "",
    address: str = "",
) -> Routed:
    """`Routing.route` with this installation's rules."""
    return routing().route(
        category=category, district=district, subdistrict=subdistrict, road_kind=road_kind,
        asset_kind=asset_kind, text=text, address=address,
    )  # fmt: skip


def dispatcher_of(district: str | None) -> str:
    """Agency whose dispatcher sorts what triage is not sure of: the default's for this district."""
    return routing().dispatcher_of(district)


def load_routing(folder: Path) -> Routing:
    """Read routing.yaml against the city's own agencies, areas and categories; CityFilesError when faulty."""
    catalogue, errors = read_catalogue(folder)
    found, more = read_routing(folder, load_city(folder), catalogue)
    if found is None or errors or more:
        raise CityFilesError([*errors, *more])
    return found


def _check(folder: Path, city: CityFiles) -> list[RowError]:
    return read_routing(folder, city, read_catalogue(folder)[0])[1]


register_city_file("routing.yaml", _check)


def read_routing(
    folder: Path, city: CityFiles, catalogue: Catalogue
) -> tuple[Routing | None, list[RowError]]:
    """The rules and all their faults: unknown names, rules that can never fire, a missing default."""
    faults = ErrorList("routing.yaml")
    given = read_yaml(folder / "routing.yaml", faults)
    reader = _Reader(city, catalogue, given, faults)
    rules = tuple(rule for row in reader.rows("rules") if (rule := reader.rule(row)))
    default = reader.default()
    _check_order(rules, faults)
    if faults or default is None:
        return None, list(faults)
    return Routing(rules, default, reader.road_kinds, reader.asset_kinds, reader.spellings()), []


def _check_order(rules: tuple[Rule, ...], faults: ErrorList) -> None:
    """Ids are unique, and no rule stands behind one that takes all its reports."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            faults.add(rule.line, "id", _("“{code}” is given twice."), code=rule.id)
        earlier = next((one for one in seen.values() if one.covers(rule)), None)
        if earlier is not None:
            sentence = _("This rule never fires: “{earlier}” above it takes all its reports.")
            faults.add(rule.line, "id", sentence, earlier=earlier.id)
        seen.setdefault(rule.id, rule)


class _Reader:
    """Turns rows of routing.yaml into rules, noting every fault."""

    def __init__(self, city: CityFiles, catalogue: Catalogue, given: Lines, faults: ErrorList) -> None:
        self.given = given
        self.faults = faults
        self.agencies = {agency.code for agency in city.agencies}
        self.districts = {area.code for area in city.areas if area.level == "district"}
        self.subdistricts = {area.code for area in city.areas if area.level == "subdistrict"}
        self.categories = catalogue.categories
        self.road_kinds = self._kinds("road_kinds")
        self.asset_kinds = self._kinds("asset_kinds")
        self.tables = self._tables()

    def rows(self, name: str) -> list[Lines]:
        """The mappings of a list; anything else is noted."""
        rows = self.given.get(name) or []
        if not isinstance(rows, list) or not all(isinstance(row, Lines) for row in rows):
            self.faults.add(self.given.line_of(name), name, _("A list is needed."))
            return []
        return list(rows)

    def spellings(self) -> tuple[tuple[str, str], ...]:
        """Pairs of how words are written and how they are read, in small letters."""
        pairs = (self.given.get("spellings") or Lines()).items()
        return tuple((written.casefold(), str(meant).casefold()) for written, meant in pairs)

    def rule(self, row: Lines) -> Rule | None:
        """A rule, or None when it has a fault."""
        before = len(self.faults)
        for name in ("id", "agency", "why_th", "why_en"):
            if not row.get(name):
                self.faults.add(row.line, name, _("This is missing."))
        for name in row.keys() - RULE_FIELDS:
            self.faults.add(row.line_of(name), name, _("A rule has no field “{name}”."), name=name)
        rule = Rule(
            id=str(row.get("id", "")),
            line=row.line,
            categories=self._codes(row, "category", self.categories, _("There is no category “{code}”.")),
            districts=self._codes(row, "district", self.districts, _("There is no district “{code}”.")),
            subdistricts=self._codes(
                row, "subdistrict", self.subdistricts, _("There is no subdistrict “{code}”.")
            ),
            roads=self._codes(row, "road", self.road_kinds, _("There is no kind of road “{code}”.")),
            assets=self._codes(row, "asset", self.asset_kinds, _("There is no kind of asset “{code}”.")),
            words=words_of(row, "words", "rules", self.faults),
            not_words=words_of(row, "not_words", "rules", self.faults),
            targets=self._targets(row, "agency"),
            why_th=str(row.get("why_th", "")),
            why_en=str(row.get("why_en", "")),
        )
        return rule if len(self.faults) == before else None

    def default(self) -> Rule | None:
        """The rule for what no other rule takes; it must know what to do where the place is not known."""
        row = self.given.get("default")
        if not isinstance(row, Lines):
            if self.given:
                self.faults.add(self.given.line_of("default"), "default", _("This is missing."))
            return None
        for name in ("agency", "without_district", "why_th", "why_en"):
            if not row.get(name):
                self.faults.add(row.line, f"default.{name}", _("This is missing."))
        targets = {**self._targets(row, "agency"), NOWHERE: self._agency(row, "without_district")}
        why_th, why_en = str(row.get("why_th", "")), str(row.get("why_en", ""))
        return Rule("default", row.line, None, None, None, None, None, (), (), targets, why_th, why_en)

    def _kinds(self, name: str) -> dict[str, Kind]:
        found: dict[str, Kind] = {}
        for row in self.rows(name):
            missing = [part for part in ("code", "name_th", "name_en") if not row.get(part)]
            for part in missing:
                self.faults.add(row.line, f"{name}.{part}", _("This is missing."))
            if not missing:
                words, not_words = (words_of(row, part, name, self.faults) for part in ("words", "not_words"))
                found[row["code"]] = Kind(row["code"], row["name_th"], row["name_en"], words, not_words)
        return found

    def _tables(self) -> dict[str, dict[str, str]]:
        """`tables`: name → district → agency; `default` fills the districts that are not named."""
        tables: dict[str, dict[str, str]] = {}
        for name, table in (self.given.get("tables") or Lines()).items():
            for key in table:
                if key != "default" and key not in self.districts:
                    self.faults.add(
                        table.line_of(key), f"tables.{name}", _("There is no district “{code}”."), code=key
                    )
                self._agency(table, key)
            default = table.get("default")
            codes = {district: table.get(district, default) for district in self.districts}
            tables[name] = {district: code for district, code in codes.items() if code}
        return tables

    def _codes(
        self, row: Lines, name: str, known: Mapping[str, object] | set[str], sentence: object
    ) -> frozenset[str] | None:
        value = row.get(name)
        if value is None:
            return None
        codes = [str(code) for code in (value if isinstance(value, list) else [value])]
        for code in codes:
            if code not in known:
                self.faults.add(row.line_of(name), name, sentence, code=code)
        return frozenset(codes)

    def _targets(self, row: Lines, name: str) -> dict[str, str]:
        """The agency for every district (and for none, where the agency is the same everywhere)."""
        template = str(row.get(name, ""))
        placeholders = set(PLACEHOLDER.findall(template))
        for unknown in placeholders - {"district"} - self.tables.keys():
            self.faults.add(row.line_of(name), name, _("There is no table “{name}”."), name=unknown)
            return {}
        if not placeholders:
            code = self._agency(row, name)
            return dict.fromkeys([*self.districts, NOWHERE], code)
        targets = {district: self._fill(template, district) for district in sorted(self.districts)}
        unknown_code = next((code for code in targets.values() if code and code not in self.agencies), None)
        if unknown_code:
            self.faults.add(row.line_of(name), name, _("There is no agency “{code}”."), code=unknown_code)
        return {district: code for district, code in targets.items() if code}

    def _fill(self, template: str, district: str) -> str:
        """The agency's code for a district; empty where a table has nothing for it."""
        values = {name: table.get(district, "") for name, table in self.tables.items()} | {
            "district": district
        }
        if not all(values[name] for name in PLACEHOLDER.findall(template)):
            return ""
        return PLACEHOLDER.sub(lambda match: values[match[1]], template)

    def _agency(self, row: Lines, name: str) -> str:
        code = str(row.get(name, ""))
        if code and code not in self.agencies:
            self.faults.add(row.line_of(name), name, _("There is no agency “{code}”."), code=code)
        return code


def _found(words: tuple[str, ...], not_words: tuple[str, ...], folded: str) -> str | None:
    """The first of `words` once `not_words` are passed over; "" when any text will do, else None."""
    if not words:
        return None if any(phrase in folded for phrase in not_words) else ""
    # Plain loops: this is asked some hundred times a report, and a generator costs more than the search.
    for word in words:
        if word in folded:
            break
    else:
        return None
    for phrase in not_words:
        folded = folded.replace(phrase, BREAK)
    return word if not not_words else next((word for word in words if word in folded), None)
