"""Tables as offices send them: the heading is found, units and years are read, totals are passed over."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Protection

from prasan.fabric.problems import Invalid, TooLarge
from prasan.portfolio.workbooks import values
from prasan.portfolio.workbooks.reading import Column, Row, open_tables

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
COLUMNS = (
    Column("number", "รหัส", ("เลขที่โครงการ", "รหัสโครงการ")),
    Column("title", "ชื่อโครงการ", ("โครงการ", "รายการ", "โครงการ/รายการ"), required=True),
    Column("agency", "หน่วยงาน", ("ส่วนราชการ", "หน่วยงานเจ้าของเรื่อง"), fills=True),
    Column("buy", "งบประมาณ", ("วงเงิน", "งบลงทุน", ""), kind="money", by_year=True),
    Column("amount", "งบประมาณรวม", ("วงเงินงบประมาณ", "งบประมาณ"), kind="money"),
    Column("due", "วันสิ้นสุด", ("แล้วเสร็จ",), kind="day"),
    Column("lane", "ด้าน", kind="choice", choices=lambda: {"โครงสร้างพื้นฐาน": "infra", "ระบบสารสนเทศ": "is"}),
)


def book(rows: Sequence[Sequence[Any]], merges: Sequence[str] = (), title: str = "โครงการ") -> io.BytesIO:
    made = Workbook()
    sheet = made.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for area in merges:
        sheet.merge_cells(area)
    file = io.BytesIO()
    made.save(file)
    return file


def read(file: io.BytesIO, mapping: dict[str, str] | None = None) -> list[Row]:
    with open_tables(file, COLUMNS, mapping) as tables:
        return [row for table in tables for row in table.rows()]


MESSY = [
    ["แบบสรุปโครงการด้านดิจิทัล ประจำปีงบประมาณ พ.ศ. ๒๕๖๘"],
    ["กรุงเทพมหานคร"],
    [None, None, None, None, None, "หน่วย : ล้านบาท"],
    [],
    ["ลำดับ", "ชื่อโครงการ", "ส่วนราชการ", "งบประมาณ", None, None, "แล้วเสร็จ"],
    [None, None, None, "ปี 2568", "ปี 2569", "ปี 2570", None],
    ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"],
    ["๑", "ระบบนัดหมายแพทย์", "สำนักการแพทย์", "๑,๒๕๐.๕๐", "-", 2, "๓๐ ก.ย. ๒๕๖๙"],
    [2, "ระบบคลังยา", None, 3.25, None, None, "1/10/2570"],
    ["รวมสำนักการแพทย์", None, None, 1253.75, None, 2, None],
    [],
    ["สำนักการระบายน้ำ"],
    [3, "ระบบวัดระดับน้ำ", "สำนักการระบายน้ำ", "500,000 บาท", None, None, None],
    ["ลำดับ", "ชื่อโครงการ", "ส่วนราชการ", "งบประมาณ", None, None, "แล้วเสร็จ"],
    ["รวมทั้งสิ้น", None, None, 1754.25, None, 2, None],
    ["หมายเหตุ: รอปรับ"],
]
MERGES = ["A1:G1", "A5:A6", "B5:B6", "C5:C6", "D5:F5", "G5:G6", "C8:C9", "A12:G12"]


def test_a_messy_government_sheet_is_read_with_its_units_years_and_merged_cells() -> None:
    rows = read(book(MESSY, MERGES))
    assert [row.number for row in rows] == [8, 9, 13]
    first, second, third = (row.values for row in rows)
    assert first["buy.2568"] == Decimal("1250500000.00")
    assert first["buy.2569"] is None
    assert first["buy.2570"] == Decimal("2000000.00")
    assert first["due"] == date(2026, 9, 30)
    assert second["agency"] == "สำนักการแพทย์"
    assert second["due"] == date(2027, 10, 1)
    assert third["buy.2568"] == Decimal("500000.00")
    assert rows[2].section == "สำนักการระบายน้ำ"
    assert rows[0].cell("buy.2570") == "F8"
    assert not any(row.faults for row in rows)


def test_what_was_passed_over_is_counted_by_why() -> None:
    with open_tables(book(MESSY, MERGES), COLUMNS) as tables:
        table = tables[0]
        list(table.rows())
        assert dict(table.passed_over) == {"heading": 2, "total": 2, "blank": 1, "section": 2}
        assert table.year == 2568


def test_the_same_sheet_as_csv_reads_the_same() -> None:
    lines = "\n".join(",".join("" if cell is None else f'"{cell}"' for cell in row) for row in MESSY)
    for encoding in ("utf-8-sig", "cp874", "utf-16"):
        rows = read(io.BytesIO(lines.encode(encoding)))
        assert rows[0].values["buy.2570"] == Decimal("2000000.00"), encoding
        assert [row.values["title"] for row in rows] == ["ระบบนัดหมายแพทย์", "ระบบคลังยา", "ระบบวัดระดับน้ำ"]


def test_each_cell_that_can_not_be_read_is_named_with_its_address_and_a_sentence() -> None:
    rows = read(
        book(
            [
                ["รหัส", "โครงการ", "ด้าน", "งบประมาณ 2568 (บาท)", "แล้วเสร็จ"],
                ["ก-1", "", "ระบบสารสนเทศ", "ห้าล้าน", "31 ก.พ. 2568"],
                ["ก-2", "ระบบ", "อวกาศ", -5, None],
            ]
        )
    )
    found = {(fault.cell, fault.field) for row in rows for fault in row.faults}
    assert found == {("B2", "title"), ("D2", "buy.2568"), ("E2", "due"), ("C3", "lane"), ("D3", "buy.2568")}
    assert all(len(fault.sentence) > 15 for row in rows for fault in row.faults)


def test_a_column_that_a_person_has_named_is_read_as_they_said() -> None:
    file = book([["รหัส", "งาน", "หมายเหตุ", "งบประมาณ"], ["ก-1", "ระบบ", "สำนักการแพทย์", 5]])
    mapping = {values.plain("งาน"): "title", values.plain("หมายเหตุ"): "agency", values.plain("งบประมาณ"): ""}
    row = read(file, mapping)[0]
    assert (row.values["title"], row.values["agency"]) == ("ระบบ", "สำนักการแพทย์")
    assert "amount" not in row.values


def test_a_formula_counts_with_its_kept_value_and_without_one_it_is_a_fault() -> None:
    file = book([["รหัส", "โครงการ", "งบประมาณ 2568"], ["ก-1", "ระบบ", "=1+1"]])
    (fault,) = read(file)[0].faults
    assert fault.cell == "C2"
    assert "สูตร" in fault.sentence or "formula" in fault.sentence


def test_a_project_whose_name_begins_with_the_word_for_total_is_no_total() -> None:
    rows = read(
        book(
            [
                ["ที่", "โครงการ", "หน่วยงาน", "งบประมาณ 2568"],
                [1, "รวมศูนย์ข้อมูลกล้อง", "สำนักการแพทย์", 5],
                [None, "รวม", None, 5],
            ]
        )
    )
    assert [row.values["title"] for row in rows] == ["รวมศูนย์ข้อมูลกล้อง"]


def test_sheets_without_a_table_are_left_alone() -> None:
    assert read(book([["สวัสดี"], ["ไม่มีตาราง"]])) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "ว่าง|empty"),
        (OLE + b"\x00" * 600, r"\.xls"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 60 + "EncryptedPackage".encode("utf-16-le"),
            "รหัสผ่าน|password",
        ),
        (b"%PDF-1.7 ...", "PDF"),
        (b"<html><table><tr><td>1</td></tr></table>", "เว็บ|web page"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "Excel"),
        (b"PK\x03\x04 not a zip at all", "เสียหาย|damaged"),
    ],
)
def test_files_that_can_not_be_taken_are_refused_with_a_sentence(content: bytes, word: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(io.BytesIO(content))
    assert any(part.replace("\\", "") in str(refused.value) for part in word.split("|"))


def test_a_zip_bomb_is_not_opened() -> None:
    file = book([["รหัส", "โครงการ"], ["1", "ระบบ"]])
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/bomb.xml", b"\x00" * 40_000_000)
    with pytest.raises(TooLarge):
        read(file)


def test_a_protected_sheet_and_a_workbook_named_for_macros_read_like_any_other() -> None:
    made = Workbook()
    made.active.append(["รหัส", "โครงการ"])
    made.active.append(["1", "ระบบ"])
    made.active.protection.sheet = True
    made.active["A1"].protection = Protection(locked=True)
    file = io.BytesIO()
    made.save(file)
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub AutoOpen()")
    assert read(file)[0].values["title"] == "ระบบ"


# --- what a cell means ---


amounts = st.decimals(min_value=0, max_value=10**12, places=2, allow_nan=False, allow_infinity=False)
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
WAYS = (
    lambda amount: amount,
    str,
    lambda amount: f"{amount:,}",
    lambda amount: f" {amount:,} บาท",
    lambda amount: f"{amount:,}".translate(THAI),
    lambda amount: f"฿{amount}",
    lambda amount: f"{amount / 1_000_000:,f} ล้านบาท",
    lambda amount: f"{amount / 1000:f} พันบาท".translate(THAI),
)


@given(amount=amounts, way=st.sampled_from(WAYS))
def test_money_is_the_same_however_it_is_written(amount: Decimal, way: Any) -> None:
    assert values.money(way(amount)) == amount


@given(amount=amounts, factor=st.sampled_from([1, 1_000, 1_000_000]))
def test_the_unit_of_the_heading_counts_unless_the_cell_says_another(amount: Decimal, factor: int) -> None:
    assert values.money(str(amount / factor), factor) == amount
    assert values.money(f"{amount} บาท", factor) == amount


@given(text=st.text(max_size=30))
def test_any_text_is_an_amount_or_a_clear_refusal_never_a_crash(text: str) -> None:
    for read_one in (values.money, values.whole, values.year, values.day, values.number):
        try:
            read_one(text)
        except values.Unreadable as refused:
            assert len(str(refused)) > 10  # noqa: PT017 — most texts are refused, and both ends are right


@given(moment=st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 1, 1)))
def test_a_date_is_the_same_however_it_is_written(moment: date) -> None:
    thai = moment.year + 543
    months = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."]
    for text in (
        f"{moment.day} {months[moment.month - 1]} {thai}",
        f"{moment.day}/{moment.month}/{thai}".translate(THAI),
        f"{moment.day:02}-{moment.month:02}-{moment.year}",
        moment.isoformat(),
    ):
        assert values.day(text) == moment, text


@given(st.data())
def test_the_heading_is_found_below_any_titles_and_in_any_order(data: st.DataObject) -> None:
    names = ["รหัสโครงการ", "ชื่อโครงการ", "หน่วยงาน", "งบประมาณ ปี 2568", "ด้าน"]
    order = data.draw(st.permutations(names))
    titles = data.draw(
        st.lists(st.sampled_from(["แบบเสนอโครงการ", "กรุงเทพมหานคร", "ประจำปี 2568", ""]), max_size=6)
    )
    cells = {
        "รหัสโครงการ": "ก-1",
        "ชื่อโครงการ": "ระบบ",
        "หน่วยงาน": "สำนักการแพทย์",
        "งบประมาณ ปี 2568": 7,
        "ด้าน": None,
    }
    (row,) = read(book([*[[title] for title in titles], order, [cells[name] for name in order]]))
    assert row.number == len(titles) + 2
    assert row.values["title"] == "ระบบ"
    assert row.values["buy.2568"] == 7
