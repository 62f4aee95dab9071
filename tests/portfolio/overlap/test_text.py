"""What is taken out of a title before it is compared, and what stays."""

from __future__ import annotations

import pytest

from prasan.portfolio.overlap.corpus import without_districts
from prasan.portfolio.overlap.text import buys, carries_on, clean, plain


@pytest.mark.parametrize(
    ("written", "left_out"),
    [
        ("ระบบจองคิว แขวงลาดยาว เขตจตุจักร กรุงเทพมหานคร 1 ระบบ", "ลาดยาว"),
        ("ระบบจองคิว ตำบลคลองหนึ่ง อำเภอคลองหลวง จังหวัดปทุมธานี ๑ งาน", "คลองหลวง"),
        ("ครุภัณฑ์คอมพิวเตอร์ที่มีราคาต่อหน่วยต่ำกว่า 1 ล้านบาท รวม 407 รายการ (รวม 1,418 หน่วย)", "407"),
        ("ค่าใช้จ่ายในการพัฒนาระบบลา ประจำปีงบประมาณ พ.ศ. ๒๕๖๘", "2568"),
        ("โครงการระบบลา ระยะที่ 2", "ระยะที่"),
    ],
)
def test_addresses_counts_years_and_openings_say_nothing(written: str, left_out: str) -> None:
    assert left_out not in clean(written)


def test_one_term_has_one_spelling() -> None:
    assert plain("e-Learning") == plain("eLearning")
    assert plain("PM 2.5") == plain("PM2.5") == "pm25"
    assert plain("Wi-Fi") == plain("ไวไฟ") == "wifi"
    assert plain("น้ํา") == plain("น้ำ")


def test_districts_are_taken_out_and_remembered() -> None:
    districts = frozenset({"บางรัก", "บางกอกใหญ่"})
    text, found = without_districts("จองคิวสำนักงานเขตบางรัก", districts)
    assert found == {"บางรัก"}
    assert "บางรัก" not in text


def test_a_title_tells_that_it_carries_on_or_buys() -> None:
    assert carries_on("", "ระบบแจ้งเตือนฝน ระยะที่ ๒")
    assert carries_on("maintain", "ระบบแจ้งเตือนฝน")
    assert not carries_on("new", "ระบบแจ้งเตือนฝน")
    assert buys("จัดซื้อเครื่องคอมพิวเตอร์")
    assert not buys("จัดซื้อระบบสารบรรณ")
