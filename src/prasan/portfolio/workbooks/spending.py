"""The finance system's table (Excel or CSV): a row for a project's year, or for a month of it.

Pure but for the registers: rows in, figures out, with what can't be taken noted at its cell. A table may have a column
for each month's payments (ต.ค. … ก.ย.), or one column of payments beside one that names the month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prasan.fabric.codes import read_code
from prasan.fabric.problems import Invalid
from prasan.portfolio.actions.delivery import Place, Stage, figure_faults
from prasan.portfolio.fiscal import fiscal_year as fiscal_year_of
from prasan.portfolio.workbooks.reading import Column, Row, Table, open_tables

# Full and short name of each month from October on, with its number.
MONTHS: tuple[tuple[int, str, str], ...] = (
    (10, "ตุลาคม", "ต.ค."), (11, "พฤศจิกายน", "พ.ย."), (12, "ธันวาคม", "ธ.ค."), (1, "มกราคม", "ม.ค."),
    (2, "กุมภาพันธ์", "ก.พ."), (3, "มีนาคม", "มี.ค."), (4, "เมษายน", "เม.ย."), (5, "พฤษภาคม", "พ.ค."),
    (6, "มิถุนายน", "มิ.ย."), (7, "กรกฎาคม", "ก.ค."), (8, "สิงหาคม", "ส.ค."), (9, "กันยายน", "ก.ย."),
)  # fmt: skip
KEYS = ("code", "own_number")
SUMS: tuple[tuple[str, Stage], ...] = (
    ("ordinance", Stage.ORDINANCE), ("adjusted", Stage.ADJUSTED), ("contracted", Stage.CONTRACTED),
)  # fmt: skip


def _month_column(number: int, full: str, short: str) -> Column:
    label = _("Disbursed in %(month)s") % {"month": short}
    names = (full, short, f"เบิกจ่าย {full}", f"เบิกจ่าย {short}", f"disbursed_{number:02}")
    return Column(f"month_{number:02}", label, names, kind="money")


COLUMNS: tuple[Column, ...] = (
    Column("code", _("Project code"), ("proposal_code", "รหัสโครงการ", "รหัสประสาน"), fills=True),
    Column(
        "own_number", _("The agency's number"),
        ("own_number", "เลขที่โครงการ", "รหัสงบประมาณ", "เลขที่โครงการของหน่วยงาน", "รหัสรายการ"), fills=True,
    ),
    Column("agency", _("Agency"), ("agency", "agency_code", "หน่วยงาน", "ส่วนราชการ"), fills=True),
    Column("year", _("Fiscal year"), ("fiscal_year", "ปีงบประมาณ", "ปี งปม."), kind="year", fills=True),
    Column(
        "ordinance", _("In the ordinance"),
        ("ordinance", "งบตามข้อบัญญัติ", "งบประมาณตามข้อบัญญัติ", "ตามข้อบัญญัติ", "งบประมาณที่ได้รับ"), kind="money",
    ),
    Column(
        "adjusted", _("Adjusted"),
        ("adjusted", "งบหลังปรับ", "งบประมาณหลังโอนเปลี่ยนแปลง", "งบประมาณหลังโอน", "หลังปรับปรุง"), kind="money",
    ),
    Column(
        "contracted", _("Contracted"),
        ("contracted", "ลงนามสัญญา", "วงเงินสัญญา", "ก่อหนี้ผูกพัน", "ผูกพันสัญญา"), kind="money",
    ),
    Column("month", _("Month"), ("month", "เดือน", "งวดเดือน", "เดือนที่เบิกจ่าย"), kind="day"),
    Column("disbursed", _("Disbursed"), ("disbursed", "เบิกจ่าย", "จำนวนเงินเบิกจ่าย", "ยอดเบิกจ่าย"), kind="money"),
    Column(
        "to_date", _("Disbursed to date"),
        ("disbursed_to_date", "เบิกจ่ายสะสม", "เบิกจ่ายรวม", "เบิกจ่ายทั้งสิ้น", "รวมเบิกจ่าย"), kind="money",
    ),
    *(_month_column(*month) for month in MONTHS),
)  # fmt: skip


@dataclass(slots=True)
class SpendingRow:
    """What one row tells: figures with the column that each came from, and whose they are."""

    row: Row
    code: str
    own_number: str
    agency: str
    year: int | None
    figures: dict[Place, tuple[Decimal, str]] = field(default_factory=dict)
    to_date: Decimal | None = None


def read_spending(file: BinaryIO) -> list[SpendingRow]:
    """Every row of data; what can't be taken is in its `row.faults`. Raises Invalid or TooLarge for the file itself."""
    for key in KEYS:
        # A table is found by a column it must have; which of the two it is differs from office to office.
        columns = [replace(column, required=column.field == key) for column in COLUMNS]
        with open_tables(file, columns) as tables:
            told = [table for table in tables if _tells_money(table)]
            if told:
                return [_spending_row(row, key, table.year) for table in told for row in table.rows()]
    raise Invalid(
        {"file": gettext("No sheet has the columns of spending: a project's code or number, and its money.")}
    )


def _tells_money(table: Table) -> bool:
    money = {one.field for one in COLUMNS if one.kind == "money"}
    return bool(table.fields & {*KEYS}) and bool(table.fields & money)


def _spending_row(row: Row, key: str, title_year: int | None) -> SpendingRow:
    given = row.values
    if given.get(key) == "":  # the other key will do
        row.faults = [fault for fault in row.faults if fault.field != key]
    code, own_number, agency = (str(given.get(name) or "") for name in ("code", "own_number", "agency"))
    month = given.get("month")
    year = given.get("year") or title_year or (fiscal_year_of(month) if month else None)
    one = SpendingRow(row, read_code(code) or code, own_number, agency, year, to_date=given.get("to_date"))
    if not one.code and not one.own_number:
        row.add_fault("code", gettext("The row names no project: its code or the agency's number is needed."))
    if year is None:
        if not any(fault.field == "year" for fault in row.faults):
            row.add_fault("year", gettext("The fiscal year is missing."))
        return one
    for place, amount, column in _told(given, year):
        faults = figure_faults(place, amount)
        for text in faults.values():
            row.add_fault(column, text)
        if not faults:
            one.figures[place] = (amount, column)
    return one


def _told(given: dict[str, Any], year: int) -> Iterator[tuple[Place, Decimal, str]]:
    """Each figure with its column. A blank cell tells nothing; a month still to come with 0 neither."""
    for column, stage in SUMS:
        if given.get(column) is not None:
            yield Place(year, stage), given[column], column
    if given.get("disbursed") is not None:
        month = given.get("month")
        yield (
            Place(year, Stage.DISBURSED, month.replace(day=1) if month else None),
            given["disbursed"],
            "disbursed",
        )
    for number, _full, _short in MONTHS:
        amount = given.get(f"month_{number:02}")
        if amount:
            first = date(year - 543 - (number >= 10), number, 1)
            yield Place(year, Stage.DISBURSED, first), amount, f"month_{number:02}"
