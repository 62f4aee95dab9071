"""Every change of the city's registers. Each is one transaction with one ledger row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prasan.city.agencies_file import AgencyRow
from prasan.city.areas_file import AreaRow
from prasan.city.files import CityFiles, load_city
from prasan.city.models import Agency, Area, AreaShape, Indicator, PolicyDimension, RegisterVersion
from prasan.city.policies import may_manage_registers, may_publish_indicators, require
from prasan.city.registers import registers_reset
from prasan.city.shapes import read_shapes
from prasan.fabric.actions import ledger_write
from prasan.fabric.actors import Actor
from prasan.fabric.problems import Invalid

Row = TypeVar("Row", bound=Model)
AREA_FIELDS = ("level", "name_th", "name_en", "parent_id", "population")
DIMENSION_FIELDS = ("name_th", "name_en", "order")
AGENCY_FIELDS = (
    "name_th", "name_en", "short_th", "short_en", "kind", "parent_id", "district", "phone", "url",
    "valid_from", "valid_to",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did to the agencies, areas and dimensions, as codes."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.ended)


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """A number of a period, of an agency, an area, both or the whole city (neither)."""

    name: str
    period_start: date
    period_end: date
    value: Decimal
    unit: str = ""
    agency: str | None = None
    area: str | None = None


def city_load(*, actor: Actor, folder: Path, origin: str = "") -> Loaded:
    """Bring the registers up to the city's files; running it again changes nothing.

    Agencies gone from the files end today and are never deleted, for reports and the ledger name them.
    Raises CityFilesError with every fault of the files, Forbidden.
    """
    require(may_manage_registers(actor))
    files = load_city(folder)
    with transaction.atomic():
        old = _next_version()
        loaded = _merged(
            _save(Area, _areas(files.areas), AREA_FIELDS), _load_agencies(files), _dimensions(files)
        )
        if loaded:
            _publish_version(old)
            changes = {
                "version": [old, old + 1],
                "added": len(loaded.added),
                "changed": list(loaded.changed),
                "ended": list(loaded.ended),
            }
            ledger_write(
                actor=actor, action="city.load", object_type="city", object_id=files.profile.code,
                changes=changes, origin=origin,
            )  # fmt: skip
    return loaded


def areas_import(*, actor: Actor, file: Path, origin: str = "") -> int:
    """Import official district or subdistrict polygons (GeoJSON, WGS 84); from then on they decide, exactly.

    Returns how many. Raises CityFilesError with every faulty feature (nothing is imported then), Forbidden.
    """
    require(may_manage_registers(actor))
    areas = {area.code: area for area in Area.objects.all()}
    shapes = read_shapes(file, areas.values())
    with transaction.atomic():
        old = _next_version()
        rows = [AreaShape(area_id=code, geometry=shape, source=file.name) for code, shape in shapes.items()]
        AreaShape.objects.filter(area__level=areas[next(iter(shapes))].level).delete()
        AreaShape.objects.bulk_create(rows)
        _publish_version(old)
        changes = {"version": [old, old + 1], "file": file.name, "areas": len(rows)}
        ledger_write(
            actor=actor, action="city.areas_import", object_type="city", object_id="areas",
            changes=changes, origin=origin,
        )  # fmt: skip
    return len(rows)


def indicator_publish(
    *, actor: Actor, values: Sequence[IndicatorValue], published_by: str, origin: str = ""
) -> int:
    """Publish numbers for other modules to read; publishing a period again replaces its values.

    `published_by` names the module (reports, portfolio …). Returns how many. Raises Invalid, Forbidden.
    """
    require(may_publish_indicators(actor))
    errors = {f"{number}.{field}": text for number, one in enumerate(values) for field, text in _faults(one)}
    if errors:
        raise Invalid(errors)
    rows = [
        Indicator(
            name=one.name, agency_id=one.agency, area_id=one.area, period_start=one.period_start,
            period_end=one.period_end, value=one.value, unit=one.unit, published_by=published_by,
            published_at=timezone.now(),
        )
        for one in values
    ]  # fmt: skip
    if not rows:
        return 0
    with transaction.atomic():
        Indicator.objects.bulk_create(
            rows, batch_size=1000, update_conflicts=True,
            unique_fields=["name", "agency", "area", "period_start", "period_end"],
            update_fields=["value", "unit", "published_by", "published_at"],
        )  # fmt: skip
        names = sorted({one.name for one in values})
        ledger_write(
            actor=actor, action="indicator.publish", object_type="indicator", object_id=published_by,
            changes={"names": names, "values": len(rows)}, origin=origin,
        )  # fmt: skip
    return len(rows)


def _faults(value: IndicatorValue) -> Iterable[tuple[str, Any]]:
    if not value.name:
        yield "name", _("An indicator needs a name.")
    if value.period_end < value.period_start:
        yield "period_end", _("The period ends before it begins.")
    if not value.value.is_finite() or abs(value.value) >= Decimal(10) ** 16:
        yield "value", _("This is not a number that can be kept.")


def _next_version() -> int:
    """The version now in force; the row is locked, so loads follow one another."""
    RegisterVersion.objects.get_or_create(id=1, defaults={"version": 0})
    return RegisterVersion.objects.select_for_update().get(id=1).version


def _publish_version(old: int) -> None:
    RegisterVersion.objects.filter(id=1, version=old).update(version=F("version") + 1)
    transaction.on_commit(registers_reset)


def _load_agencies(files: CityFiles) -> Loaded:
    today = timezone.localdate()
    known = {agency.code: agency for agency in Agency.objects.all()}
    given = {row.code: _agency(row) for row in files.agencies}
    gone = [agency for code, agency in known.items() if code not in given and agency.valid_to is None]
    for agency in gone:
        agency.valid_to = max(today, agency.valid_from + timedelta(days=1))
    Agency.objects.bulk_update(gone, ["valid_to"])
    saved = _save(Agency, given, AGENCY_FIELDS, known)
    return Loaded(saved.added, saved.changed, tuple(agency.code for agency in gone))


def _agency(row: AgencyRow) -> Agency:
    return Agency(
        code=row.code,
        name_th=row.name_th,
        name_en=row.name_en,
        short_th=row.short_th,
        short_en=row.short_en,
        kind=row.kind,
        parent_id=row.parent,
        district=row.district or "",
        phone=row.phone,
        url=row.url,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _areas(rows: Iterable[AreaRow]) -> dict[str, Area]:
    return {
        row.code: Area(
            code=row.code, level=row.level, name_th=row.name_th, name_en=row.name_en,
            parent_id=row.parent, population=row.population,
        )
        for row in rows
    }  # fmt: skip


def _dimensions(files: CityFiles) -> Loaded:
    rows = {
        row.code: PolicyDimension(code=row.code, name_th=row.name_th, name_en=row.name_en, order=row.order)
        for row in files.dimensions
    }
    return _save(PolicyDimension, rows, DIMENSION_FIELDS)


def _save(
    model: type[Row], given: dict[str, Row], fields: tuple[str, ...], known: dict[str, Row] | None = None
) -> Loaded:
    """Insert what is new and update what differs, parents before children."""
    if known is None:
        known = {row.pk: row for row in model._default_manager.all()}
    added = [code for code in given if code not in known]
    changed = [code for code in given if code in known and _differ(given[code], known[code], fields)]
    model._default_manager.bulk_create([given[code] for code in added])
    model._default_manager.bulk_update(
        [given[code] for code in changed], [name.removesuffix("_id") for name in fields]
    )
    return Loaded(tuple(added), tuple(changed))


def _differ(one: Model, other: Model, fields: tuple[str, ...]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in fields)


def _merged(*parts: Loaded) -> Loaded:
    return Loaded(
        tuple(code for part in parts for code in part.added),
        tuple(code for part in parts for code in part.changed),
        tuple(code for part in parts for code in part.ended),
    )
