"""Bangkok's routing rules: which agency, which rule, why."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.files import load_city
from prasan.reports import routing_commands
from prasan.reports.catalogue import load_catalogue
from prasan.reports.routing import Routing, load_routing

BANGKOK = Path(__file__).resolve().parents[2] / "cities" / "bangkok"
CITY = load_city(BANGKOK)
CATALOGUE = load_catalogue(BANGKOK)
ROUTING = load_routing(BANGKOK)
AGENCIES = {agency.code for agency in CITY.agencies}
DISTRICTS = [area.code for area in CITY.areas if area.level == "district"]


@pytest.fixture
def routing() -> Routing:
    return ROUTING


@pytest.mark.parametrize(
    ("category", "text", "address", "agency", "rule"),
    [
        ("road", "ถนนเป็นหลุมลึก", "ซอยลาดพร้าว 71", "district.1038.works", "road"),
        ("road", "ถนนเป็นหลุมลึก", "ถ. ลาดพร้าว แขวงจันทรเกษม", "dep.10000000", "road-main"),
        ("road", "ถนนเป็นหลุม ปากซอย 12", "ถนน รามอินทรา", "out.doh", "highway"),
        ("road", "หลุมบนทางด่วน", "", "out.exat", "expressway"),
        ("road", "ถนนริมทางรถไฟพัง", "", "out.srt", "railway"),
        ("lighting", "ไฟดับทั้งซอย", "ซอยโชคชัย 4", "district.1038.works", "light"),
        ("lighting", "ไฟถนนดับ", "ถนนราชพฤกษ์", "out.drr", "rural-road"),
        ("cable", "สายสื่อสารห้อยลงมา", "", "out.nbtc", "telecom-cables"),
        ("cable", "เสาไฟเอียงใกล้ล้ม", "", "out.mea.nuanchan", "power-cables"),
        ("other", "ท่อประปาแตก น้ำไหลทั้งคืน", "", "out.mwa", "water-main"),
        ("traffic", "รถติดมาก มีรถจอดแช่", "", "out.police.4", "traffic"),
        ("traffic", "สัญญาณไฟเสีย", "", "dep.17000000", "traffic-lights"),
        ("pavement", "มอเตอร์ไซค์ขี่บนฟุตบาท", "", "district.1038.municipal", "pavement-riding"),
        ("pavement", "กระเบื้องแตก", "ซอยลาดพร้าว 71", "district.1038.works", "pavement-damage"),
        ("obstruction", "แม่ค้าตั้งแผงขวางทาง", "", "district.1038.municipal", "street-vendors"),
        ("waste", "ไม่มาเก็บขยะสองอาทิตย์", "", "district.1038.cleansing", "cleansing"),
        ("noise", "ร้านอาหารเปิดเพลงถึงตีสอง", "", "district.1038.environment", "nuisance"),
        ("stray_animal", "สุนัขจรจัดไล่กัดคน", "", "div.08750000", "dogs-and-cats"),
        ("complaint", "เจ้าหน้าที่เรียกรับเงิน มีส่วย", "", "div.transparent", "corruption"),
        ("flood", "น้ำท่วมขังในซอย", "", "district.1038.works", "drain"),
        ("tree", "กิ่งไม้หัก", "", "district.1038.cleansing", "tree"),
        ("suggestion", "อยากให้มีที่จอดจักรยาน", "", "district.1038", "default"),
    ],
)
def test_a_report_goes_to_the_agency_whose_work_it_is(
    routing: Routing, category: str, text: str, address: str, agency: str, rule: str
) -> None:
    routed = routing.route(category=category, district="1038", text=text, address=address)
    assert (routed.agency_code, routed.rule_id) == (agency, rule)
    assert routed.why_th
    assert routed.why_en


def test_without_a_place_a_report_goes_to_the_citys_complaints_centre(routing: Routing) -> None:
    assert routing.route(category="waste", district=None, text="ขยะ").agency_code == "dep.49000000"
    assert routing.dispatcher_of(None) == "dep.49000000"
    assert routing.dispatcher_of("1038") == "district.1038"


def test_a_body_that_is_the_same_everywhere_needs_no_place(routing: Routing) -> None:
    assert routing.route(category="other", district=None, text="ท่อประปาแตก").agency_code == "out.mwa"


def test_kinds_that_the_citizen_told_count_more_than_the_words(routing: Routing) -> None:
    routed = routing.route(category="road", district="1038", road_kind="main", text="หลุมในซอย")
    assert (routed.rule_id, routed.road_kind) == ("road-main", "main")


def test_the_word_that_decided_is_told(routing: Routing) -> None:
    assert routing.route(category="obstruction", district="1038", text="แผงลอยเต็มเลย").matched == "แผงลอย"


@given(
    st.sampled_from([*CATALOGUE.categories, "unknown"]),
    st.sampled_from([*DISTRICTS, None, "9999"]),
    st.text(max_size=200),
)
def test_every_report_finds_an_agency_that_exists(category: str, district: str | None, text: str) -> None:
    routed = ROUTING.route(category=category, district=district, text=text)
    assert routed.agency_code in AGENCIES
    assert routed.rule_id


def test_a_district_officers_section_is_always_of_the_reports_own_district(routing: Routing) -> None:
    for district in DISTRICTS:
        for category in CATALOGUE.categories:
            code = routing.route(category=category, district=district, text="ชำรุด").agency_code
            found = re.fullmatch(r"district\.(\d{4})(?:\..*)?", code)
            assert found is None or found[1] == district


def test_ten_thousand_letters_are_routed_too(routing: Routing) -> None:
    assert routing.route(category="road", district="1038", text="หลุม" * 2_500).rule_id == "road"


def test_rules_agree_with_where_real_reports_went(shared_data: Path) -> None:
    agreed, total = agreement(shared_data / "reports" / "traffy_train.parquet")
    assert total > 1000
    assert agreed / total >= 0.45


SECTIONS = {"โยธา": "works", "เทศกิจ": "municipal", "รักษาความสะอาด": "cleansing", "สิ่งแวดล้อม": "environment"}
BODIES = {
    r"สนย|สำนักการโยธา": "dep.10000000",
    r"กรมทางหลวงชนบท": "out.drr",
    r"ทางหลวง": "out.doh",
    r"การไฟฟ้า": "out.mea",
    r"ประปา": "out.mwa",
    r"กสทช|โทรคมนาคมแห่ง": "out.nbtc",
    r"สจส|จราจรและขนส่ง": "dep.17000000",
    r"ระบายน้ำ": "dep.11000000",
    r"ตำรวจ|สน\.": "out.police",
    r"สัตวแพทย|สำนักอนามัย": "dep.08000000",
    r"โปร่งใส": "div.transparent",
}


def agreement(path: Path) -> tuple[int, int]:
    """How many real reports, of those whose handling unit below the district is known, go to that unit."""
    import pyarrow.parquet as parquet

    names = {area.name_th: area.code for area in CITY.areas if area.level == "district"}
    table = parquet.read_table(path, columns=["org", "category", "comment", "address"])
    agreed = total = 0
    for row in table.to_pylist():
        units = set(units_of(row["org"] or "", names))
        districts = {unit for unit in units if re.fullmatch(r"district\.\d{4}", unit)}
        if len(districts) != 1 or units == districts:
            continue
        labels = (CATALOGUE.category_of_label(label) for label in (row["category"] or "").split(","))
        code = next((category.code for category in labels if category and category.code != "other"), "other")
        routed = ROUTING.route(
            category=code,
            district=districts.pop()[9:],
            text=row["comment"] or "",
            address=row["address"] or "",
        )
        total += 1
        agreed += office(routed.agency_code) in units
    return agreed, total


def units_of(chain: str, names: dict[str, str]) -> Iterator[str]:
    """Agency codes of the units that a record names."""
    for unit in (part.strip() for part in chain.split(",")):
        section = re.match(r"ฝ่าย(\S+?)ฯ? เขต(\S+)", unit)
        if section and section[1] in SECTIONS:
            yield f"district.{names.get(section[2], '0000')}.{SECTIONS[section[1]]}"
        elif unit.startswith("เขต"):
            yield f"district.{names.get(unit[3:], '0000')}"
        else:
            yield from [code for pattern, code in BODIES.items() if re.search(pattern, unit)][:1]


def office(code: str) -> str:
    """The department or outside body above a division; a district's section stays itself."""
    agencies = {agency.code: agency for agency in CITY.agencies}
    parent = agencies[code].parent
    above = agencies[code].kind in {"division", "outside"} and parent not in {None, "bma"}
    return office(str(parent)) if above else code


def test_the_command_tells_agency_rule_and_reason(capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--lon", "100.6070", "--lat", "13.8030", "--text", "ไม่มาเก็บขยะ")
    assert run("--category", "ขยะ", *place, "--why") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("district.1038.cleansing ")
    assert "cleansing: " in printed
    assert run("--category", "ไม่มีจริง", *place) == 1
    assert run("--category", "ขยะ", "--lon", "0", "--lat", "0") == 1
    assert "location" in capsys.readouterr().err


def run(*arguments: str) -> int:
    """`prasan reports route …`; its exit code."""
    parser = argparse.ArgumentParser()
    routing_commands.add_parsers(parser.add_subparsers(required=True))
    given_arguments = parser.parse_args(["route", *arguments])
    code: int = given_arguments.run(given_arguments)
    return code
