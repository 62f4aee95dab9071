"""Where a point or an address lies: coordinates → district, address text → district and subdistrict.

Pure: everything is given at construction. Districts come from H3 cells (Brodsky, "H3: Uber's Hexagonal
Hierarchical Spatial Index", 2018), mixed resolutions, finest 10 (edge about 76 m); where official polygons
were imported they decide instead, exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import h3.api.basic_int as h3
from django.utils.translation import gettext_lazy as _

from prasan.fabric.problems import Invalid

How = Literal[
    "point",
    "both",
    "address",
    "address_near_border",
    "point_near_border",
    "point_against_address",
    "address_outside",
]
FINEST = 10
# A cover by cells is unsure by one cell: there the address is right more often than the cell (measured on
# 116,922 real reports: 63 of 100). Five rings, some 600 m, are what a wrong pin or a border street explains.
UNSURE_RINGS = 1
BORDER_RINGS = 5
BORDER_DEGREES = 0.0054  # the same 600 m where official polygons decide


class CoordinatesError(Invalid):
    """Coordinates that can't be a place in this city; `reason` is missing, zero, swapped or outside."""

    def __init__(self, reason: Literal["missing", "zero", "swapped", "outside"]) -> None:
        sentences = {
            "missing": _("The coordinates are not numbers."),
            "zero": _("The coordinates 0, 0 lie in the Atlantic: the phone did not know its place yet."),
            "swapped": _("Latitude and longitude are swapped."),
            "outside": _("This place is outside the city."),
        }
        self.reason = reason
        super().__init__({"location": sentences[reason]})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report lies. `how` says what decided:

    point · both (point and address agree) · address (no point given) · address_near_border (the address names
    the neighbour less than a cell away, and is believed) · point_near_border (the neighbour is within some
    600 m, and the point is believed) · point_against_address (the address names a district far away: worth a
    look) · address_outside (the point lies just outside the city).
    """

    district_code: str
    subdistrict_code: str | None
    how: How

    @property
    def is_doubtful(self) -> bool:
        """Whether point and address contradict each other."""
        return self.how == "point_against_address"


@dataclass(frozen=True, slots=True)
class Named:
    """What an address text names; both None when it names nothing that is known."""

    district_code: str | None
    subdistrict_code: str | None


@dataclass(frozen=True, slots=True)
class AreaName:
    """One name of an area: `level` district or subdistrict, `district_code` of itself or of its parent."""

    level: Literal["district", "subdistrict"]
    code: str
    district_code: str
    name: str


class Gazetteer:
    """District and subdistrict names in an address, Thai or English.

    A name counts after its word (เขต, ข., แขวง, khet, khwaeng …) or before it (Bang Na district) or, without
    one, as a whole part of the address: road names hold district names too (ถนนบางนา-ตราด).
    """

    BEFORE = {
        "district": ("สำนักงานเขต", "เขต", "ข.", "อำเภอ", "อ.", "khet", "amphoe"),
        "subdistrict": ("แขวง", "ขว.", "ตำบล", "ต.", "khwaeng", "tambon"),
    }
    AFTER = {"district": ("district",), "subdistrict": ("subdistrict",)}

    def __init__(self, names: Iterable[AreaName]) -> None:
        self._districts: dict[str, str] = {}
        self._subdistricts: dict[str, dict[str, str]] = {}
        patterns: dict[str, set[str]] = {"district": set(), "subdistrict": set()}
        for area in names:
            key = _key(area.name)
            patterns[area.level].add(" ?".join(re.escape(word) for word in _even(area.name).split()))
            if area.level == "district":
                self._districts[key] = area.code
            else:
                self._subdistricts.setdefault(key, {})[area.district_code] = area.code
        self._pattern = self._compiled(patterns)

    def find(self, text: str) -> Named:
        """The district and subdistrict that `text` names; the last mention wins, for addresses end so."""
        marked: dict[str, str] = {}
        for match in self._pattern.finditer(_even(text)):
            group = str(match.lastgroup)
            marked[group.partition("_")[0]] = _key(match[group])
        name, subdistrict_name = marked.get("district", ""), marked.get("subdistrict", "")
        district = (
            self._districts.get(name) or self._only(subdistrict_name) or self._bare(text, subdistrict_name)
        )
        code = self._subdistricts.get(subdistrict_name, {}).get(district or "")
        return Named(district, code if code != district else None)

    def _only(self, subdistrict_name: str) -> str | None:
        """The district of a subdistrict whose name is borne once in the city."""
        candidates = self._subdistricts.get(subdistrict_name, {})
        return next(iter(candidates)) if len(candidates) == 1 else None

    def _bare(self, text: str, subdistrict_name: str) -> str | None:
        """A district named without its word, as a whole part of the address; the last one."""
        parts = [_key(part) for part in (*re.split(r"[,\n;|]", text), *text.split())]
        found = [self._districts[part] for part in parts if part in self._districts]
        candidates = self._subdistricts.get(subdistrict_name, {})
        fitting = [code for code in found if code in candidates] if candidates else found
        return fitting[-1] if fitting else None

    def _compiled(self, names: Mapping[str, set[str]]) -> re.Pattern[str]:
        alternatives = []
        for level, known in names.items():
            if known:
                either = "|".join(sorted(known, key=len, reverse=True))
                before = "|".join(re.escape(word) for word in self.BEFORE[level])
                after = "|".join(re.escape(word) for word in self.AFTER[level])
                alternatives.append(rf"(?:{before}) ?(?P<{level}_before>{either})(?![a-z])")
                alternatives.append(rf"(?<![a-z])(?P<{level}_after>{either}) ?(?:{after})(?![a-z])")
        return re.compile("|".join(alternatives) or r"(?!)")


class Polygons:
    """Official polygons by area code, asked which one holds a point."""

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        from shapely import STRtree, prepare

        self._codes = sorted(shapes)
        self._polygons = [shapes[code] for code in self._codes]
        prepare(self._polygons)
        self._tree = STRtree(self._polygons)

    def at(self, longitude: float, latitude: float) -> str | None:
        """Code of the polygon that holds a point; on a shared border the lowest code."""
        from shapely import Point

        found = self._tree.query(Point(longitude, latitude), predicate="intersects")
        return self._codes[int(found.min())] if len(found) else None

    def is_within(self, code: str, longitude: float, latitude: float, degrees: float) -> bool:
        """Whether a point lies in a polygon or no more than so many degrees away."""
        from shapely import Point

        if code not in self._codes:
            return False
        return bool(self._polygons[self._codes.index(code)].distance(Point(longitude, latitude)) <= degrees)


class Geography:
    """The city's map: which district a point lies in, and how point and address are brought together.

    `cells` maps H3 cells (any resolution up to 10) to district codes, `box` is (west, south, east, north) in
    degrees, `districts` and `subdistricts` map codes to official shapely polygons, where they were imported.
    """

    def __init__(
        self,
        *,
        box: tuple[float, float, float, float],
        cells: Mapping[int, str],
        gazetteer: Gazetteer,
        districts: Mapping[str, Any] | None = None,
        subdistricts: Mapping[str, Any] | None = None,
    ) -> None:
        self.box = box
        self._cells = cells
        self._gazetteer = gazetteer
        self._districts = Polygons(districts) if districts else None
        self._subdistricts = Polygons(subdistricts) if subdistricts else None
        self._resolutions = sorted({h3.get_resolution(cell) for cell in cells}, reverse=True)

    @property
    def is_exact(self) -> bool:
        """Whether official polygons decide."""
        return self._districts is not None

    def district_at(self, longitude: float, latitude: float) -> str | None:
        """District code of a point in WGS 84 degrees; None outside the city."""
        if not self._in_box(longitude, latitude):
            return None
        if self._districts is not None:
            return self._districts.at(longitude, latitude)
        return self._district_of_cell(h3.latlng_to_cell(latitude, longitude, FINEST))

    def check(self, longitude: float, latitude: float) -> str:
        """District code of a point; CoordinatesError when it can't be a place in this city."""
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            raise CoordinatesError("missing")
        if abs(longitude) < 1e-6 and abs(latitude) < 1e-6:
            raise CoordinatesError("zero")
        district = self.district_at(longitude, latitude)
        if district is None:
            raise CoordinatesError("swapped" if self._in_box(latitude, longitude) else "outside")
        return district

    def named(self, address_text: str) -> Named:
        """What an address names, by its words alone."""
        return self._gazetteer.find(address_text)

    def place_of(self, longitude: float | None, latitude: float | None, address_text: str = "") -> Place:
        """Bring point and address together.

        The point decides. Where districts are cells and the address names one less than a cell away, the
        address does. Raises CoordinatesError when neither tells.
        """
        named = self.named(address_text) if address_text else Named(None, None)
        if longitude is None or latitude is None:
            if named.district_code is None:
                raise CoordinatesError("missing")
            return Place(named.district_code, named.subdistrict_code, "address")
        try:
            district = self.check(longitude, latitude)
        except CoordinatesError as error:
            if error.reason == "outside" and self._is_near(longitude, latitude, named.district_code):
                return Place(str(named.district_code), named.subdistrict_code, "address_outside")
            raise
        return self._combined(district, named, longitude, latitude)

    def _combined(self, district: str, named: Named, longitude: float, latitude: float) -> Place:
        subdistrict = self._subdistrict_at(longitude, latitude, district)
        if named.district_code is None:
            return Place(district, subdistrict, "point")
        if named.district_code == district:
            return Place(district, named.subdistrict_code or subdistrict, "both")
        if not self.is_exact and self._is_near(longitude, latitude, named.district_code, UNSURE_RINGS):
            return Place(named.district_code, named.subdistrict_code, "address_near_border")
        near = self._is_near(longitude, latitude, named.district_code)
        return Place(district, subdistrict, "point_near_border" if near else "point_against_address")

    def _is_near(
        self, longitude: float, latitude: float, district: str | None, rings: int = BORDER_RINGS
    ) -> bool:
        """Whether a point lies within so many cells of a district; some 600 m where polygons decide."""
        if district is None:
            return False
        if self._districts is not None:
            return self._districts.is_within(district, longitude, latitude, BORDER_DEGREES)
        around = h3.grid_disk(h3.latlng_to_cell(latitude, longitude, FINEST), rings)
        return any(self._district_of_cell(cell) == district for cell in around)

    def _in_box(self, longitude: float, latitude: float) -> bool:
        west, south, east, north = self.box
        return west <= longitude <= east and south <= latitude <= north

    def _district_of_cell(self, cell: int) -> str | None:
        for resolution in self._resolutions:
            district = self._cells.get(h3.cell_to_parent(cell, resolution))
            if district is not None:
                return district
        return None

    def _subdistrict_at(self, longitude: float, latitude: float, district: str) -> str | None:
        """Subdistrict of a point by official polygons; Thai codes of subdistricts begin with their district's."""
        code = self._subdistricts.at(longitude, latitude) if self._subdistricts is not None else None
        return code if code is not None and code.startswith(district) else None


# Letters that hands and keyboards confuse: ฏ for ฎ, the two-part ำ, two เ for แ.
CONFUSED = (("ฏ", "ฎ"), ("\u0e4d\u0e32", "\u0e33"), ("เเ", "แ"))


def _even(text: str) -> str:
    """Small letters, usual slips mended, one space between Latin words and none beside Thai letters."""
    folded = re.sub(r"[\s\-\u200b\u200c\ufeff]+", " ", text).casefold()
    for wrong, right in CONFUSED:
        folded = folded.replace(wrong, right)
    return re.sub(r"(?<=[ก-๛]) | (?=[ก-๛])", "", folded).strip()


def _key(text: str) -> str:
    """A name for comparing: as `_even`, without any space."""
    return _even(text).replace(" ", "")
