"""Tables of prices (Excel or CSV): reference lists, and the purchase lines of proposals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prasan.fabric.problems import Invalid
from prasan.portfolio.prices.units import Unit, read_unit
from prasan.portfolio.workbooks.reading import Column, Row, open_tables

NAMES = ("name", "รายการ", "ชื่อรายการ", "รายการครุภัณฑ์", "ครุภัณฑ์", "item")
REFERENCE_COLUMNS: tuple[Column, ...] = (
    Column("number", _("Number in the list"), ("code", "รหัส", "ข้อ", "ข้อที่", "รหัสรายการ")),
    Column("name", _("Item"), NAMES, required=True),
    Column(
        "specification",
        _("Specification"),
        ("specification", "คุณลักษณะ", "คุณลักษณะพื้นฐาน", "รายละเอียด", "spec"),
        kind="text",
    ),
    Column("unit", _("Unit"), ("unit", "หน่วย", "หน่วยนับ"), required=True),
    Column(
        "price",
        _("Price of one"),
        ("price", "ราคา", "ราคากลาง", "ราคาต่อหน่วย", "ราคาต่อหน่วยนับ", "เกณฑ์ราคากลาง", "unit_price"),
        kind="money",
        required=True,
    ),
)
LINE_COLUMNS: tuple[Column, ...] = (
    Column(
        "proposal",
        _("Code of the proposal"),
        ("proposal_code", "รหัสคำขอ", "รหัสโครงการ", "เลขที่คำขอ"),
        required=True,
        fills=True,
    ),
    Column("name", _("Item"), NAMES, required=True),
    Column(
        "specification", _("Specification"), ("specification", "คุณลักษณะ", "รายละเอียด", "spec"), kind="text"
    ),
    Column(
        "quantity", _("Quantity"), ("quantity", "จำนวน", "จำนวนหน่วย", "qty"), kind="number", required=True
    ),
    Column("unit", _("Unit"), ("unit", "หน่วย", "หน่วยนับ")),
    Column(
        "unit_price",
        _("Price of one"),
        ("unit_price", "ราคาต่อหน่วย", "ราคา/หน่วย", "ราคาหน่วยละ", "หน่วยละ", "price"),
        kind="money",
        required=True,
    ),
)


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """An item of a list; `unit` is None where the row has a fault there."""

    row: Row
    number: str
    name: str
    specification: str
    unit_text: str
    unit: Unit | None
    price: Decimal


def read_references(file: BinaryIO) -> list[ReferenceRow]:
    """Every row; what can't be taken is in its `row.faults`. Raises Invalid or TooLarge for the file itself."""
    found = [_reference(row) for row in rows_of(file, REFERENCE_COLUMNS)]
    if not found:
        raise Invalid({"file": gettext("The file holds no prices.")})
    return found


def _reference(row: Row) -> ReferenceRow:
    given = row.values
    text = str(given.get("unit") or "")
    unit = read_unit(text)
    if text and unit is None:
        sentence = gettext("“%(unit)s” is no unit that a price can be compared by.") % {"unit": text[:40]}
        row.add_fault("unit", sentence)
    price = given.get("price") or Decimal(0)
    if not price and not any(fault.field == "price" for fault in row.faults):
        row.add_fault("price", gettext("A reference price is more than nothing."))
    words = ("number", "name", "specification")
    number, name, specification = (str(given.get(one) or "") for one in words)
    return ReferenceRow(row, number, name, specification, text, unit, price)


def rows_of(file: BinaryIO, columns: tuple[Column, ...]) -> list[Row]:
    """The rows of all tables of a file. Raises Invalid where no sheet has such a heading."""
    with open_tables(file, columns) as tables:
        if not tables:
            names = ", ".join(str(one.label) for one in columns if one.required)
            raise Invalid(
                {"file": gettext("No sheet has a heading with these columns: %(names)s.") % {"names": names}}
            )
        return [row for table in tables for row in table.rows()]
