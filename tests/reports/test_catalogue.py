"""The catalogue of Bangkok: categories, emergencies, reasons, stages, deadlines."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.translation import override

from prasan.city.agencies_file import AGENCY_KINDS
from prasan.city.rows import CityFilesError
from prasan.reports.catalogue import Catalogue, load_catalogue

BANGKOK = Path(__file__).resolve().parents[2] / "cities" / "bangkok"
NAMES = {
    "ถนน", "ทางเท้า", "ความปลอดภัย", "ความสะอาด", "จราจร", "กีดขวาง", "แสงสว่าง", "ร้องเรียน", "เสียงรบกวน",
    "ท่อระบายน้ำ", "น้ำท่วม", "ป้าย", "สะพาน", "ต้นไม้", "คลอง", "สัตว์จรจัด", "สายไฟ", "ขยะ", "เสนอแนะ",
    "สอบถาม", "PM2.5", "คนจรจัด", "การเดินทาง", "ป้ายจราจร", "ห้องน้ำ", "อื่นๆ",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(BANGKOK)


def test_bangkok_has_the_26_categories_under_their_thai_names(catalogue: Catalogue) -> None:
    assert {category.name_th for category in catalogue.categories.values()} == NAMES
    assert len(catalogue.categories) == 26


def test_what_fits_nowhere_is_the_last_category(catalogue: Catalogue) -> None:
    assert catalogue.fallback == "other"


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("ถนน", "road"),
        (" PM2.5 ", "pm25"),
        ("road", "road"),
        ("จุดเสี่ยง", "safety"),
        ("ไฟฟ้า", "lighting"),
        ("ฝุ่นควัน&กลิ่น&PM2.5", "pm25"),
    ],
)
def test_labels_of_other_systems_find_their_category(catalogue: Catalogue, label: str, code: str) -> None:
    category = catalogue.category_of_label(label)
    assert category is not None
    assert category.code == code


def test_an_unknown_label_finds_nothing(catalogue: Catalogue) -> None:
    assert catalogue.category_of_label("มนุษย์ต่างดาว") is None


def test_every_group_has_categories(catalogue: Catalogue) -> None:
    assert sum(len(catalogue.in_group(group)) for group in catalogue.groups) == 26
    assert all(catalogue.in_group(group) for group in catalogue.groups)


def test_names_and_hints_follow_the_readers_language(catalogue: Catalogue) -> None:
    road = catalogue.category("road")
    with override("en"):
        assert (road.name, road.hint[:8]) == ("Road", "Potholes")
    with override("th"):
        assert (road.name, road.hint[:6]) == ("ถนน", "หลุมบ่")


def test_every_category_and_kind_of_agency_has_a_deadline(catalogue: Catalogue) -> None:
    for category in catalogue.categories:
        for kind in AGENCY_KINDS:
            deadline = catalogue.deadline(category, kind)
            assert Decimal(0) < deadline.first_action <= deadline.fix


def test_the_kind_of_agency_overrides_the_category_and_the_category_the_default(catalogue: Catalogue) -> None:
    assert catalogue.deadline("road", "district_division").fix == 56
    assert catalogue.deadline("road", "department").fix == 160
    assert catalogue.deadline("road", "department").first_action == 8
    assert catalogue.deadline("other", "outside").first_action == 24


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ไฟไหม้บ้านในซอยลาดพร้าว 71 ครับ", "199"),
        ("กลัวมากเลยค่ะ ตอนนี้มีไฟไหม้บ้านข้างๆ ช่วยด้วย", "199"),
        ("มีคนหมดสติหน้าตลาด", "1669"),
        ("มีคนถือมีดไล่แทงกันหน้าเซเว่น", "191"),
        ("The market is ON FIRE", "199"),
    ],
)
def test_an_emergency_names_the_number_to_call(catalogue: Catalogue, text: str, number: str) -> None:
    emergency = catalogue.emergency(text)
    assert emergency is not None
    assert emergency.number == number
    assert emergency.text_th
    assert emergency.text_en


@pytest.mark.parametrize(
    "text",
    [
        "สายไฟพันกัน กลัวไฟไหม้ค่ะ",
        "หญ้ารกมาก เสี่ยงต่อการเกิดไฟไหม้",
        "เคยเกิดเพลิงไหม้มาแล้วครั้งหนึ่ง",
        "สายต่ำมาก อาจโดนไฟดูดได้",
        "ถนนจมน้ำทุกครั้งที่ฝนตก",
        "เสียงยิงปืนจากสนามยิงปืนดังมาก",
        "ถนนเป็นหลุม",
        "",
    ],
)
def test_a_fear_or_a_memory_is_no_emergency(catalogue: Catalogue, text: str) -> None:
    assert catalogue.emergency(text) is None


def test_reasons_and_stages_are_bangkoks(catalogue: Catalogue) -> None:
    stages = [stage.name_th for stage in catalogue.stages.values()]
    assert stages == ["ศึกษาปัญหา", "ของบประมาณ", "จัดซื้อจัดจ้าง", "ขั้นตอนทางกฎหมาย", "จัดทำนโยบาย"]
    assert all(reason.text_th and reason.text_en for reason in catalogue.irrelevant_reasons.values())


def test_missing_files_are_told_not_half_loaded(tmp_path: Path) -> None:
    with pytest.raises(CityFilesError) as caught:
        load_catalogue(tmp_path)
    assert {error.file for error in caught.value.errors} == {"categories.yaml", "deadlines.yaml"}


def test_emergencies_are_rare_among_real_reports(shared_data: Path, catalogue: Catalogue) -> None:
    import pyarrow.parquet as parquet

    texts = parquet.read_table(shared_data / "reports" / "traffy_train.parquet", columns=["comment"])[
        "comment"
    ]
    chosen = [text.as_py() or "" for text in texts[::10]]
    assert sum(catalogue.emergency(text) is not None for text in chosen) / len(chosen) < 0.005
