"""The city's registers as one immutable snapshot per process: agencies, their tree, areas, map, calendar.

Hot paths ask it dozens of times a request, so everything is a dict look-up. Every 30 s one cheap query asks
whether `city load` or `city areas` made a newer version.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.conf import settings
from django.utils import timezone

from prasan.city.calendar import WorkingCalendar
from prasan.city.files import CityFiles, CityProfile, DimensionRow, load_city
from prasan.city.geography import Geography, Place
from prasan.city.models import Agency, Area, RegisterVersion

RECHECK_SECONDS = 30.0


@dataclass(frozen=True)
class Registers:
    """One version of the registers. Rows are shared by all threads: read them, never save or change them."""

    version: int
    files: CityFiles
    agencies: dict[str, Agency]
    areas: dict[str, Area]
    geography: Geography

    @property
    def calendar(self) -> WorkingCalendar:
        """The city's working calendar."""
        return self.files.calendar

    @property
    def profile(self) -> CityProfile:
        """Name, centre, box, time zone and languages of the city."""
        return self.files.profile

    @property
    def dimensions(self) -> tuple[DimensionRow, ...]:
        """Dimensions of the governor's policy, in order."""
        return self.files.dimensions

    @cached_property
    def root(self) -> Agency:
        """The city itself."""
        return next(agency for agency in self.agencies.values() if agency.kind == Agency.Kind.ROOT)

    def agency(self, code: str) -> Agency:
        """The agency of a code, also one that is gone; KeyError when there never was one."""
        return self.agencies[code]

    def is_active(self, code: str, on: date | None = None) -> bool:
        """Whether an agency exists on a day (today, where none is given)."""
        agency = self.agencies.get(code)
        if agency is None or (agency.valid_to is None and on is None):
            return agency is not None
        day = on or timezone.localdate()
        return agency.valid_from <= day and (agency.valid_to is None or day < agency.valid_to)

    def parent(self, code: str) -> Agency | None:
        """The agency right above."""
        above = self.agencies[code].parent_id
        return self.agencies[above] if above else None

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the agencies right below, those that are gone included."""
        return self._children.get(code, ())

    def ancestors(self, code: str) -> frozenset[str]:
        """Codes of all agencies above."""
        return self._ancestors.get(code, frozenset())

    def top(self, code: str) -> str:
        """The agency right below the city that a code belongs to; the city and outside bodies stand for themselves."""
        above = self.agencies[code].parent_id if code in self.agencies else None
        while above and above != self.root.code:
            code, above = above, self.agencies[above].parent_id
        return code

    def descendants(self, code: str) -> frozenset[str]:
        """The agency's own code and those of all agencies below, those that are gone included."""
        return self._descendants.get(code, frozenset({code}))

    def district_office(self, district: str) -> str:
        """Code of the office of a district; the root's where there is none."""
        return self._offices.get(district, self.root.code)

    def district(self, code: str) -> Area | None:
        """The district of a code."""
        area = self.areas.get(code)
        return area if area is not None and area.level == Area.Level.DISTRICT else None

    def districts(self) -> tuple[Area, ...]:
        """All districts in the order of their codes."""
        return self._districts

    def subdistricts(self, district: str) -> tuple[Area, ...]:
        """Subdistricts of a district in the order of their codes."""
        return self._subdistricts.get(district, ())

    def district_at(self, longitude: float, latitude: float) -> str | None:
        """District code of a point in WGS 84 degrees; None outside the city."""
        return self.geography.district_at(longitude, latitude)

    def place_of(self, longitude: float | None, latitude: float | None, address: str = "") -> Place:
        """District of a point and an address brought together; CoordinatesError when there can be none."""
        return self.geography.place_of(longitude, latitude, address)

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for agency in self.agencies.values():
            if agency.parent_id:
                found[agency.parent_id].append(agency.code)
        return {code: tuple(codes) for code, codes in found.items()}

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for agency in self.agencies.values():
            chain, above = [], agency.parent_id
            while above:
                chain.append(above)
                above = self.agencies[above].parent_id
            found[agency.code] = frozenset(chain)
        return found

    @cached_property
    def _descendants(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {code: {code} for code in self.agencies}
        for code, above in self._ancestors.items():
            for one in above:
                found[one].add(code)
        return {code: frozenset(codes) for code, codes in found.items()}

    @cached_property
    def _offices(self) -> dict[str, str]:
        kind = Agency.Kind.DISTRICT_OFFICE
        return {
            a.district: a.code for a in self.agencies.values() if a.kind == kind and self.is_active(a.code)
        }

    @cached_property
    def _current_areas(self) -> tuple[Area, ...]:
        """Areas of today's files; `areas` also holds abolished ones, for old reports name them."""
        return tuple(self.areas[row.code] for row in self.files.areas if row.code in self.areas)

    @cached_property
    def _districts(self) -> tuple[Area, ...]:
        return tuple(area for area in self._current_areas if area.level == Area.Level.DISTRICT)

    @cached_property
    def _subdistricts(self) -> dict[str, tuple[Area, ...]]:
        found: dict[str, list[Area]] = defaultdict(list)
        for area in self._current_areas:
            if area.parent_id:
                found[area.parent_id].append(area)
        return {code: tuple(areas) for code, areas in found.items()}


class _Snapshot:
    """The registers of this process and when they were last compared with the database."""

    def __init__(self) -> None:
        self.registers: Registers | None = None
        self.checked_at = 0.0
        self.lock = threading.Lock()

    @property
    def is_fresh(self) -> bool:
        return self.registers is not None and time.monotonic() - self.checked_at < RECHECK_SECONDS

    def renew(self) -> Registers:
        """Load, or find that nothing changed."""
        version = _version()
        if self.registers is None or self.registers.version != version:
            self.registers = _load(version)
        self.checked_at = time.monotonic()
        return self.registers


_snapshot = _Snapshot()


def registers() -> Registers:
    """The registers in force: at most three queries the first time, one every 30 s, none in between."""
    current = _snapshot.registers
    if current is not None and _snapshot.is_fresh:
        return current
    # Whoever has an old snapshot goes on with it while another thread asks the database.
    if current is not None and not _snapshot.lock.acquire(blocking=False):
        return current
    if current is None:
        _snapshot.lock.acquire()
    try:
        fresh = _snapshot.registers if _snapshot.is_fresh else None
        return fresh or _snapshot.renew()
    finally:
        _snapshot.lock.release()


def registers_reset() -> None:
    """Forget the snapshot: the next caller loads it anew."""
    _snapshot.registers = None


def _version() -> int:
    return RegisterVersion.objects.values_list("version", flat=True).first() or 0


def _load(version: int) -> Registers:
    files = load_city(settings.CITY_FOLDER)
    agencies = {agency.code: agency for agency in Agency.objects.order_by("code")}
    areas = {area.code: area for area in Area.objects.select_related("shape").order_by("code")}
    return Registers(version, files, agencies, areas, files.geography(_shapes(areas)))


def _shapes(areas: dict[str, Area]) -> dict[str, object]:
    """Imported official polygons by area code."""
    from shapely.geometry import shape

    return {code: shape(area.shape.geometry) for code, area in areas.items() if hasattr(area, "shape")}
