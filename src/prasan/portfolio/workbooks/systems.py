"""Tables of systems (Excel or CSV): their columns, and each row as what is told of one system.

Pure but for the registers: rows in, `SystemRow` out, with what can't be taken noted at its cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, BinaryIO

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from prasan.city.registers import registers
from prasan.fabric.problems import Invalid
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.fiscal import fiscal_year
from prasan.portfolio.models import Interface, System
from prasan.portfolio.workbooks.reading import Column, Fault, Row, open_tables
from prasan.portfolio.workbooks.values import plain

TAKEN_OVER = (
    "name_th", "name_en", "purpose", "data_held", "users", "technology", "hosting", "vendor", "contract_end",
    "criticality", "personal_data", "lifecycle",
)  # fmt: skip
# Direction, code, perhaps “: which data” and “(how)”.
CONNECTION = re.compile(
    r"(?:(?P<gives>→|->|>|ส่งให้|ให้|ส่งไป|to\b)|(?P<uses>←|<-|<|รับจาก|จาก|from\b))?\s*"
    r"(?P<code>[^\s:()]+)\s*(?::\s*(?P<data>[^(]+?))?\s*(?:\((?P<how>[^)]*)\))?",
    re.IGNORECASE,
)
METHOD_WORDS = {
    Interface.Method.FILE: ("file", "ไฟล์", "แฟ้ม", "csv", "excel", "ftp"),
    Interface.Method.DATABASE: ("database", "ฐานข้อมูล", "db", "view"),
    Interface.Method.MANUAL: ("manual", "มือ", "คีย์", "พิมพ์", "คัดลอก"),
}


def _choices(kind: type[TextChoices]) -> Callable[[], Mapping[str, Any]]:
    """Code and Thai and English label → code."""

    @cache
    def both() -> dict[str, str]:
        found = {value: value for value in kind.values}
        for language in ("th", "en"):
            with override(language):
                found |= {str(label): value for value, label in kind.choices}
        return found

    return both


COLUMNS: tuple[Column, ...] = (
    Column("code", _("System code"), ("system_code", "รหัสระบบ", "เลขทะเบียนระบบ"), required=True),
    Column(
        "name_th",
        _("Name in Thai"),
        ("name_th", "ชื่อระบบ", "ชื่อระบบงาน", "ชื่อระบบสารสนเทศ", "ชื่อระบบ (ไทย)"),
        required=True,
    ),
    Column("name_en", _("Name in English"), ("name_en", "ชื่อระบบ (อังกฤษ)", "ชื่อภาษาอังกฤษ")),
    Column("owner", _("Code of the owner"), ("owner_code", "รหัสหน่วยงาน"), fills=True),
    Column(
        "owner_name",
        _("Agency that owns it"),
        ("owner_name", "หน่วยงาน", "หน่วยงานเจ้าของ", "หน่วยงานเจ้าของระบบ", "ส่วนราชการ"),
        fills=True,
    ),
    Column("purpose", _("What it is for"), ("purpose_th", "purpose", "วัตถุประสงค์"), kind="text"),
    Column("capability", _("Capability"), ("capability", "ภารกิจ", "ขีดความสามารถ")),
    Column("data_held", _("Data it keeps"), ("data_held", "ข้อมูลที่จัดเก็บ"), kind="list"),
    Column("interfaces", _("Connections"), ("interfaces", "การเชื่อมโยง", "เชื่อมโยงกับระบบ"), kind="list"),
    Column("vendor", _("Vendor"), ("vendor", "ผู้รับจ้าง", "บริษัท")),
    Column("contract_end", _("Contract ends on"), ("contract_end", "วันสิ้นสุดสัญญา", "สิ้นสุดสัญญา"), kind="day"),
    Column("annual", _("Baht a year"), ("annual_cost_baht", "ค่าใช้จ่ายต่อปี", "งบประมาณต่อปี"), kind="money"),
    Column("cost", _("Costs"), ("cost", "ค่าใช้จ่าย", "ค่าใช้จ่ายปี"), kind="money", by_year=True),
    Column("users", _("People who use it"), ("users", "จำนวนผู้ใช้", "ผู้ใช้งาน"), kind="whole"),
    Column("technology", _("Technology"), ("technology", "เทคโนโลยี"), kind="text"),
    Column(
        "hosting", _("Hosting"), ("hosting", "สถานที่ติดตั้ง"), kind="choice", choices=_choices(System.Hosting)
    ),
    Column(
        "criticality",
        _("Criticality"),
        ("criticality", "ความสำคัญ"),
        kind="choice",
        choices=_choices(System.Criticality),
    ),
    Column(
        "personal_data",
        _("Personal data"),
        ("personal_data", "ข้อมูลส่วนบุคคล"),
        kind="choice",
        choices=_choices(System.PersonalData),
    ),
    Column(
        "lifecycle",
        _("Lifecycle"),
        ("lifecycle", "สถานะระบบ"),
        kind="choice",
        choices=_choices(System.Lifecycle),
    ),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that a row tells of: `code` is the other system, `gives` whether the row's system gives."""

    code: str
    gives: bool
    data: str
    method: str
    text: str


@dataclass(slots=True)
class SystemRow:
    """What one row tells: `fields` and `costs` hold only what the sheet has a column for and the row a value."""

    row: Row
    code: str
    owner: str
    fields: dict[str, Any] = field(default_factory=dict)
    costs: dict[int, Any] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)


def read_systems(file: BinaryIO) -> list[SystemRow]:
    """Every row of data; what can't be taken is in its `row.faults`. Raises Invalid or TooLarge for the file itself."""
    names = _owner_names()
    found: list[SystemRow] = []
    with open_tables(file, COLUMNS) as tables:
        if not tables:
            raise Invalid(
                {"file": _("No sheet has a heading with the columns of systems, such as “system_code”.")}
            )
        for table in tables:
            found += [_system_row(row, names) for row in table.rows()]
    if not found:
        raise Invalid({"file": _("Below the heading there is no row of data.")})
    seen: dict[str, str] = {}
    for one in found:
        first = seen.setdefault(one.code, one.row.cell("code"))
        if one.code and first != one.row.cell("code"):
            one.row.add_fault(
                "code", gettext("“%(code)s” stands in %(cell)s too.") % {"code": one.code, "cell": first}
            )
    return found


def _system_row(row: Row, names: Mapping[str, str]) -> SystemRow:
    given = row.values
    one = SystemRow(row, str(given.get("code") or ""), _owner(row, names))
    one.fields = {name: given[name] for name in TAKEN_OVER if given.get(name) not in (None, "", [])}
    if "data_held" in one.fields:
        one.fields["data_held"] = tuple(one.fields["data_held"])
    if given.get("capability"):
        one.fields["capability"] = _capability(row, given["capability"])
    if given.get("annual") is not None:
        one.costs[fiscal_year(timezone.localdate())] = given["annual"]
    for name, amount in given.items():
        if name.startswith("cost.") and amount is not None:
            one.costs[int(name.partition(".")[2])] = amount
    one.connections = [_connection(text) for text in given.get("interfaces") or ()]
    return one


def _owner(row: Row, names: Mapping[str, str]) -> str:
    """Code of the agency that a row names by code or by name; a fault where it names none of today."""
    for column in ("owner", "owner_name"):
        text = str(row.values.get(column) or "")
        for wanted in (text, text.replace("กรุงเทพมหานคร", ""), text.replace("กทม.", "")):
            if found := names.get(plain(wanted)):
                return found
    column = "owner" if row.values.get("owner") else "owner_name"
    text = str(row.values.get(column) or "")
    if text:
        row.add_fault(column, gettext("There is no agency “%(name)s”.") % {"name": text[:60]})
    else:
        row.add_fault(column, gettext("The row names no agency that owns the system."))
    return ""


def _owner_names() -> dict[str, str]:
    """Codes, bare numbers of departments, and names that only one agency of today bears → code."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for code, agency in registers().agencies.items():
        if not registers().is_active(code):
            continue
        number = code.partition(".")[2]
        for name in {code, number, agency.name_th, agency.name_en, agency.short_th, agency.short_en}:
            key = plain(name)
            if key and found.setdefault(key, code) != code:
                shared.add(key)
    return {key: code for key, code in found.items() if key not in shared}


def _capability(row: Row, text: str) -> str:
    code = capability_map().find(text)
    if code is None:
        near = capability_map().nearest(text)
        hint = gettext(" Did you mean “%(name)s”?") % {"name": near.name} if near else ""
        row.add_fault(
            "capability", gettext("“%(text)s” is not on the capability map.") % {"text": text[:60]} + hint
        )
    return code or ""


def _connection(text: str) -> Connection:
    """`→ SYS-2: tax payers (API)`; without an arrow the system gives, without a way it is an API."""
    found = CONNECTION.fullmatch(text.strip())
    if found is None:
        return Connection("", True, "", "", text)
    how = (found["how"] or "").casefold()
    methods = [method for method, words in METHOD_WORDS.items() if any(word in how for word in words)]
    method = methods[0] if methods else Interface.Method.API
    return Connection(found["code"], not found["uses"], (found["data"] or "").strip(), method, text)


def fault_of(row: Row, name: str, sentence: Any) -> Fault:
    """A refusal of an action as a fault of the cell that it came from."""
    column = {"owner": "owner_name" if "owner" not in row.letters else "owner"}.get(name, name)
    if name.startswith("costs."):
        column = (
            name.replace("costs.", "cost.") if name.replace("costs.", "cost.") in row.letters else "annual"
        )
    return Fault(row.sheet, row.number, row.cell(column), column, str(sentence))
