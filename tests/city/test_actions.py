"""Loading a city, importing polygons, publishing indicators."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from prasan.city.actions import IndicatorValue, areas_import, city_load, indicator_publish
from prasan.city.models import Agency, AreaShape, Indicator
from prasan.city.queries import indicator_values
from prasan.city.registers import registers, registers_reset
from prasan.city.rows import CityFilesError
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Forbidden, Invalid

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def town(town_folder: Path) -> Path:
    """The little town alone in the database."""
    with connection.cursor() as cursor:
        cursor.execute("delete from city_agency")
        cursor.execute("delete from city_area")
    city_load(actor=SYSTEM, folder=town_folder)
    return town_folder


@pytest.fixture(autouse=True)
def _fresh_registers() -> Any:
    yield
    registers_reset()


def ledger(action: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(action=action).order_by("id"))


def polygon(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def geojson(path: Path, features: list[tuple[dict[str, Any], Any]]) -> Path:
    rows = [
        {"type": "Feature", "properties": properties, "geometry": shape} for properties, shape in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), encoding="utf-8")
    return path


EAST, WEST = polygon(-9.14, 38.68, -9.08, 38.76), polygon(-9.20, 38.68, -9.14, 38.76)


def test_bangkok_has_fifty_districts_and_their_subdistricts() -> None:
    city = registers()
    assert len(city.districts()) == 50
    assert sum(len(city.subdistricts(district.code)) for district in city.districts()) == 180


def test_loading_again_changes_nothing_and_writes_no_ledger_row(town: Path) -> None:
    before = ledger("city.load")
    assert not city_load(actor=SYSTEM, folder=town)
    assert ledger("city.load") == before


def test_a_changed_name_is_updated_with_one_ledger_row(town: Path) -> None:
    path = town / "agencies.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Lamp Team", "Lantern Team"), encoding="utf-8")
    count = len(ledger("city.load"))
    assert city_load(actor=SYSTEM, folder=town, origin="test").changed == ("lamps",)
    assert Agency.objects.get(code="lamps").name_en == "Lantern Team"
    entry = ledger("city.load")[count:]
    assert len(entry) == 1
    assert (entry[0].changes["changed"], entry[0].origin) == (["lamps"], "test")


def test_an_agency_gone_from_the_file_ends_today_and_comes_back_when_named_again(town: Path) -> None:
    path = town / "agencies.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        "".join(line for line in text.splitlines(True) if not line.startswith("lamps")), encoding="utf-8"
    )
    assert city_load(actor=SYSTEM, folder=town).ended == ("lamps",)
    assert Agency.objects.get(code="lamps").valid_to == timezone.localdate()
    assert not city_load(actor=SYSTEM, folder=town)
    path.write_text(text, encoding="utf-8")
    assert city_load(actor=SYSTEM, folder=town).changed == ("lamps",)
    assert Agency.objects.get(code="lamps").valid_to is None


def test_a_faulty_file_changes_nothing(town: Path) -> None:
    path = town / "agencies.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("division,streets", "division,nobody"), encoding="utf-8"
    )
    before = list(Agency.objects.order_by("code").values())
    with pytest.raises(CityFilesError):
        city_load(actor=SYSTEM, folder=town)
    assert list(Agency.objects.order_by("code").values()) == before


def test_only_the_system_and_administrators_of_the_city_may_load(town: Path) -> None:
    for actor in (Actor.anonymous(), Actor("officer", "1", {"admin": frozenset({"streets"})})):
        with pytest.raises(Forbidden):
            city_load(actor=actor, folder=town)
    assert not city_load(actor=Actor("officer", "2", {"admin": frozenset({"town"})}), folder=town)


def test_the_database_refuses_an_agency_above_itself_and_an_end_before_the_beginning() -> None:
    agency = Agency.objects.get(code="out.mea")
    for fields in ({"parent_id": "out.mea"}, {"valid_to": date(1900, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agency.objects.filter(pk=agency.pk).update(**fields)


@pytest.mark.parametrize(
    "properties", [({"any": "E"}, {"any": "W"}), ({"ชื่อ": "เขตฝั่งตะวันออก"}, {"ชื่อ": "ฝั่งตะวันตก"})]
)
def test_polygons_are_matched_by_code_or_thai_name(
    town: Path, properties: tuple[Any, Any], settings: Any
) -> None:
    settings.CITY_FOLDER = town
    file = geojson(town / "official.geojson", [(properties[0], EAST), (properties[1], WEST)])
    assert areas_import(actor=SYSTEM, file=file) == 2
    registers_reset()
    city = registers()
    assert city.geography.is_exact
    assert (city.district_at(-9.10, 38.7), city.district_at(-9.18, 38.7), city.district_at(-9.3, 38.7)) == (
        "E",
        "W",
        None,
    )
    assert len(ledger("city.areas_import")) == 1


def test_polygons_of_subdistricts_tell_the_subdistrict_of_a_point(town: Path, settings: Any) -> None:
    settings.CITY_FOLDER = town
    file = geojson(town / "harbour.geojson", [({"code": "E1"}, polygon(-9.11, 38.68, -9.08, 38.76))])
    areas_import(actor=SYSTEM, file=file)
    registers_reset()
    assert not registers().geography.is_exact
    assert registers().place_of(-9.09, 38.7).subdistrict_code == "E1"
    assert registers().place_of(-9.13, 38.7).subdistrict_code is None


@pytest.mark.parametrize(
    ("features", "word"),
    [
        ([({"code": "E"}, EAST)], "no polygon: ฝั่งตะวันตก"),
        ([({"code": "E"}, EAST), ({"code": "X"}, WEST)], "No property is the code"),
        ([({"code": "E"}, EAST), ({"code": "E"}, WEST)], "given twice"),
        (
            [({"code": "E"}, EAST), ({"code": "W"}, {"type": "Point", "coordinates": [-9.1, 38.7]})],
            "A polygon is needed",
        ),
        ([({"code": "E"}, EAST), ({"code": "W"}, None)], "A polygon is needed"),
        ([({"code": "E"}, EAST), ({"code": "W"}, polygon(480000, 1500000, 490000, 1600000))], "not degrees"),
        ([({"code": "E"}, EAST), ({"code": "W1"}, WEST)], "mixed"),
        ([], "not a GeoJSON FeatureCollection"),
    ],
)
def test_faulty_polygons_are_told_and_nothing_is_imported(town: Path, features: Any, word: str) -> None:
    file = geojson(town / "official.geojson", features)
    with pytest.raises(CityFilesError) as caught:
        areas_import(actor=SYSTEM, file=file)
    assert word in " ".join(error.text("en") for error in caught.value.errors)
    assert AreaShape.objects.count() == 0


def test_official_polygons_of_bangkok_are_imported(shared_data: Path) -> None:
    file = shared_data / "geo" / "districts_for_checking.geojson"
    assert areas_import(actor=SYSTEM, file=file) == 50
    assert areas_import(actor=SYSTEM, file=file) == 50
    assert AreaShape.objects.count() == 50
    registers_reset()
    assert registers().geography.is_exact


def value(amount: str, **fields: Any) -> IndicatorValue:
    given = {
        "name": "reports.open",
        "period_start": date(2026, 1, 1),
        "period_end": date(2026, 1, 31),
        "area": "1001",
    }
    return IndicatorValue(**(given | {"value": Decimal(amount)} | fields))


def test_publishing_a_period_again_replaces_its_values() -> None:
    assert (
        indicator_publish(actor=SYSTEM, values=[value("5"), value("7", area=None)], published_by="reports")
        == 2
    )
    indicator_publish(actor=SYSTEM, values=[value("6")], published_by="reports")
    assert [one.value for one in indicator_values("reports.open", area="1001")] == [Decimal(6)]
    assert Indicator.objects.count() == 2
    assert len(ledger("indicator.publish")) == 2


def test_indicators_are_read_by_agency_area_and_time() -> None:
    later = {"period_start": date(2026, 2, 1), "period_end": date(2026, 2, 28)}
    values = [value("1"), value("2", **later), value("3", area=None, agency="district.1001")]
    indicator_publish(actor=SYSTEM, values=values, published_by="reports")
    assert [one.value for one in indicator_values("reports.open", area="1001")] == [1, 2]
    assert [one.value for one in indicator_values("reports.open", since=date(2026, 2, 1))] == [2]
    assert [one.value for one in indicator_values("reports.open", agency="district.1001")] == [3]


def test_an_indicator_that_can_not_be_kept_is_refused_with_its_field() -> None:
    wrong = [value("1"), value("NaN"), value("1", period_end=date(2025, 1, 1)), value("1", name="")]
    with pytest.raises(Invalid) as caught:
        indicator_publish(actor=SYSTEM, values=wrong, published_by="reports")
    assert set(caught.value.errors) == {"1.value", "2.period_end", "3.name"}
    assert Indicator.objects.count() == 0


def test_officers_of_one_agency_publish_nothing() -> None:
    with pytest.raises(Forbidden):
        indicator_publish(
            actor=Actor("officer", "1", {"analyst": frozenset({"district.1001"})}),
            values=[],
            published_by="x",
        )
