"""Point and address → district, and coordinates that can't be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.files import CityFiles
from prasan.city.geography import CoordinatesError, Geography, Named

PHRA_NAKHON = (100.4985, 13.7563)


@pytest.fixture(scope="module")
def geography(bangkok: CityFiles) -> Geography:
    return bangkok.geography()


@pytest.mark.parametrize(
    ("text", "district", "subdistrict"),
    [
        ("379 ถ. พัฒนาการ แขวงสวนหลวง เขตสวนหลวง กรุงเทพมหานคร 10250", "1034", "103401"),
        ("แขวง พระโขนง เขตคลองเตย กรุงเทพมหานคร 10110", "1033", "103303"),
        ("แขวงบางจาก เขตพระโขนง", "1009", "100905"),
        ("แขวงบางจาก เขตภาษีเจริญ", "1022", "102206"),
        ("เขต ราษฏร์บูรณะ", "1024", None),  # ฏ for ฎ, as maps write it
        ("ข.บางนา", "1047", None),
        ("แขวงบางนา กทม.", "1047", None),  # abolished in 2022; its district is known
        ("แขวงสามเสนนอก", "1017", "101704"),
        ("Khwaeng Khlong Tan Nuea, Khet Watthana, Bangkok 10110", "1039", "103902"),
        ("Khet Bang Na Bangkok 10260", "1047", None),
        ("bangna district", "1047", None),
        ("12 Somewhere Rd, Khlong Toei, Bangkok", "1033", None),
        ("ซอยอารีย์ พญาไท กทม", "1014", None),
        ("เขตดุสิต แล้วย้ายมาเขตบางเขน", "1005", None),
        ("ถนนบางนา-ตราด กม.4", None, None),  # a road, not a district
        ("ถนนลาดพร้าว 71", None, None),
        ("แขวงบางจาก", None, None),  # two districts have one
        ("อำเภอปากเกร็ด นนทบุรี", None, None),
        ("", None, None),
    ],
)
def test_an_address_names_its_district_and_subdistrict(
    geography: Geography, text: str, district: str | None, subdistrict: str | None
) -> None:
    assert geography.named(text) == Named(district, subdistrict)


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(geography: Geography, text: str) -> None:
    named = geography.named(text)
    assert named.subdistrict_code is None or named.subdistrict_code.startswith(str(named.district_code))


def test_a_point_alone_tells_its_district(geography: Geography) -> None:
    place = geography.place_of(*PHRA_NAKHON)
    assert (place.district_code, place.subdistrict_code, place.how) == ("1001", None, "point")


def test_point_and_address_that_agree_give_the_subdistrict_too(geography: Geography) -> None:
    place = geography.place_of(*PHRA_NAKHON, "แขวงบวรนิเวศ เขตพระนคร")
    assert (place.district_code, place.subdistrict_code, place.how) == ("1001", "100107", "both")


def test_an_address_alone_is_enough(geography: Geography) -> None:
    assert geography.place_of(None, None, "เขตสายไหม").how == "address"
    with pytest.raises(CoordinatesError) as caught:
        geography.place_of(None, None, "หน้าเซเว่น")
    assert caught.value.reason == "missing"


def test_an_address_far_from_its_point_is_not_believed_but_marked(geography: Geography) -> None:
    place = geography.place_of(*PHRA_NAKHON, "เขตหนองจอก")
    assert (place.district_code, place.how, place.is_doubtful) == ("1001", "point_against_address", True)


def test_beside_a_border_of_cells_the_address_is_believed(geography: Geography) -> None:
    longitude, latitude = border_point(geography)
    here = geography.check(longitude, latitude)
    there = geography.check(longitude + 0.0009, latitude)
    name = {"1001": "พระนคร", "1008": "ป้อมปราบศัตรูพ่าย"}[there]
    place = geography.place_of(longitude, latitude, f"เขต{name}")
    assert here != there
    assert (place.district_code, place.how, place.is_doubtful) == (there, "address_near_border", False)


def border_point(geography: Geography) -> tuple[float, float]:
    """A point of Phra Nakhon with Pom Prap Sattru Phai some 100 m to the east."""
    latitude = 13.7563
    for step in range(200):
        longitude = 100.4985 + step * 0.0001
        if geography.check(longitude, latitude) != geography.check(longitude + 0.0009, latitude):
            return longitude, latitude
    raise AssertionError("no border east of Phra Nakhon")


@pytest.mark.parametrize(
    ("longitude", "latitude", "reason"),
    [
        (0.0, 0.0, "zero"),
        (13.7563, 100.4985, "swapped"),
        (98.9853, 18.7883, "outside"),  # Chiang Mai
        (100.35, 13.93, "outside"),  # inside the box, in Nonthaburi
        (math.nan, 13.7, "missing"),
        (100.5, math.inf, "missing"),
    ],
)
def test_coordinates_that_can_not_be_are_named(
    geography: Geography, longitude: float, latitude: float, reason: str
) -> None:
    with pytest.raises(CoordinatesError) as caught:
        geography.check(longitude, latitude)
    assert caught.value.reason == reason
    assert "location" in caught.value.errors


@given(st.floats(), st.floats())
def test_any_coordinates_give_a_district_or_none(
    geography: Geography, longitude: float, latitude: float
) -> None:
    assert geography.district_at(longitude, latitude) is None or abs(latitude) < 90


def test_official_polygons_decide_exactly(shared_data: Path, bangkok: CityFiles) -> None:
    from shapely.geometry import shape

    content = json.loads((shared_data / "geo" / "districts_for_checking.geojson").read_text(encoding="utf-8"))
    shapes = {feature["properties"]["dcode"]: shape(feature["geometry"]) for feature in content["features"]}
    exact = bangkok.geography(shapes)
    assert exact.is_exact
    for code, polygon in shapes.items():
        inside = polygon.representative_point()
        assert exact.check(inside.x, inside.y) == code
    # With polygons a border street belongs to the district it lies in, whatever the address says.
    place = exact.place_of(*border_point(bangkok.geography()), "เขตป้อมปราบศัตรูพ่าย")
    assert (place.district_code, place.how) == ("1001", "point_near_border")


def test_cells_find_the_district_of_real_reports(shared_data: Path, geography: Geography) -> None:
    import pyarrow.parquet as parquet

    table = parquet.read_table(
        shared_data / "reports" / "traffy_train.parquet", columns=["lon", "lat", "dcode_geo", "address"]
    )
    rows = [row for row in table.slice(0, 60_000).to_pylist() if row["dcode_geo"]][::3]
    right = sum(geography.district_at(row["lon"], row["lat"]) == row["dcode_geo"] for row in rows)
    assert right / len(rows) >= 0.965
    placed = [
        geography.place_of(row["lon"], row["lat"], row["address"] or "")
        for row in rows
        if in_city(geography, row)
    ]
    truth = [row["dcode_geo"] for row in rows if in_city(geography, row)]
    assert (
        sum(place.district_code == code for place, code in zip(placed, truth, strict=True)) / len(rows)
        >= 0.977
    )


def in_city(geography: Geography, row: dict[str, float]) -> bool:
    return geography.district_at(row["lon"], row["lat"]) is not None
