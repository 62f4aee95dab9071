"""A row of a workbook as a proposal: which columns there are, and how a row becomes a `Content`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from prasan.city.registers import registers
from prasan.portfolio.capabilities import capability_map
from prasan.portfolio.content import Content, MetricContent, impossible
from prasan.portfolio.models import Proposal
from prasan.portfolio.tiers import portfolio_rules
from prasan.portfolio.workbooks import values
from prasan.portfolio.workbooks.reading import Column, Row, Table

LANGUAGES = ("th", "en")


def _both(choices: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """What may stand in a cell (code, Thai or English label) → code."""
    found: dict[str, str] = {}
    for code, label in choices:
        found[str(code)] = str(code)
        for language in LANGUAGES:
            with override(language):
                found[str(label)] = str(code)
    return found


def _natures() -> dict[str, str]:
    also = {
        "ใหม่": "new", "จัดทำใหม่": "new", "พัฒนาใหม่": "new", "จัดหาใหม่": "new", "จัดซื้อใหม่": "new",
        "ทดแทน": "replace", "ทดแทนของเดิม": "replace", "ปรับปรุง": "enhance", "พัฒนาเพิ่มเติม": "enhance",
        "ต่อยอด": "enhance", "บำรุงรักษา": "maintain", "ดูแลรักษา": "maintain", "จ้างเหมาบำรุงรักษา": "maintain",
    }  # fmt: skip
    return _both(Proposal.Nature.choices) | also


def _lanes() -> dict[str, str]:
    found = _both(Proposal.Lane.choices) | {"hardware": "infrastructure", "software": "information_system"}
    for code, term in portfolio_rules().lanes.items():
        for name in (term.name_th, term.name_en):
            found |= {name: code, name.removeprefix("ด้าน"): code}
    return found


def _capabilities() -> dict[str, str]:
    return dict(capability_map().labels)


# Headings that people write for a column, beside its label.
NAMES: Mapping[str, str] = {
    "code": "รหัสในระบบประสาน",
    "own_number": "รหัสโครงการ|เลขที่โครงการ|เลขโครงการ|รหัส|proposal_code|project code",
    "agency": "หน่วยงาน|ส่วนราชการ|หน่วยงานเจ้าของโครงการ|หน่วยงานรับผิดชอบ|หน่วยงานที่รับผิดชอบ|หน่วยงานผู้รับผิดชอบ"
    "|สำนัก/สำนักงานเขต|สำนัก|เจ้าของโครงการ|ผู้รับผิดชอบ|agency_code|agency_name|department",
    "title": "ชื่อโครงการ|โครงการ|รายการ|โครงการ/รายการ|ชื่อโครงการ/รายการ|ชื่อโครงการ/กิจกรรม|ชื่อรายการ|งาน/โครงการ"
    "|แผนงาน/โครงการ|title_th|project",
    "objective": "วัตถุประสงค์|วัตถุประสงค์ของโครงการ|เป้าประสงค์|objective_th",
    "nature": "ประเภทโครงการ|ลักษณะโครงการ|ลักษณะการจัดหา",
    "lane": "ด้าน|กลุ่มงาน",
    "capability": "ขีดความสามารถ|ภารกิจ",
    "scope": "ขอบเขต|ขอบเขตงาน|ขอบเขตการดำเนินงาน|รายละเอียด|รายละเอียดโครงการ|scope_th",
    "benefit": "ประโยชน์ที่คาดว่าจะได้รับ|ผลที่คาดว่าจะได้รับ|ประโยชน์|expected_benefit_th",
    "data_held": "ข้อมูลที่จัดเก็บ|ข้อมูล",
    "first_year": "fiscal_year|ปีงบประมาณ|ปีงบประมาณที่เริ่ม|ปีที่เริ่ม|ปีที่เริ่มดำเนินการ|ปี",
    "life_years": "อายุการใช้งาน|อายุการใช้งาน (ปี)",
    "buy": "งบลงทุน|งบประมาณ|วงเงิน|วงเงินงบประมาณ|จำนวนเงิน|งบประมาณที่ขอ|คำของบประมาณ|budget|ปี",
    "run": "ค่าบำรุงรักษา|งบดำเนินงาน|ค่าใช้จ่ายดำเนินงาน|ค่าดูแลรักษา",
    "people": "ค่าบุคลากร|ค่าจ้างบุคลากร|งบบุคลากร",
    "amount": "งบประมาณ|วงเงินงบประมาณ|วงเงิน|งบประมาณที่ขอ|งบประมาณรวม|จำนวนเงิน|วงเงินรวม|รวมเงิน|คำของบประมาณ|total",
    "metric": "ตัวชี้วัด|ตัวชี้วัดความสำเร็จ|kpi",
    "unit": "หน่วยนับ|หน่วย",
    "baseline": "ค่าปัจจุบัน|ค่าฐาน|ค่าเริ่มต้น",
    "target": "ค่าเป้าหมาย|เป้าหมาย",
    "due_on": "กำหนดแล้วเสร็จ|วันที่แล้วเสร็จ|แล้วเสร็จ|สิ้นสุด|วันสิ้นสุดโครงการ",
    "policies": "นโยบาย|นโยบายผู้ว่าราชการ|ความสอดคล้องกับนโยบาย",
    "systems": "ระบบเดิม|ระบบที่เกี่ยวข้อง|รหัสระบบ",
    "depends_on": "ต้องมีโครงการ|โครงการที่ต้องมีก่อน",
    "excludes": "โครงการที่ใช้แทนกัน",
}


@cache
def columns() -> tuple[Column, ...]:
    """The columns of proposals, in the order of the template."""

    def made(name: str, label: Any, kind: str = "line", **options: Any) -> Column:
        with override("th"):  # the template's headings are Thai whatever language its reader has
            names = (*NAMES[name].split("|"), str(label))
        return Column(name, label, names, kind, **options)

    _ = gettext_lazy
    return (
        made("code", _("Code in Prasan")),
        made("own_number", _("Your own number of it")),
        made("agency", _("Agency"), fills=True),
        made("title", _("Name of the project"), required=True),
        made("objective", _("What is it for?"), "text"),
        made("nature", _("Kind"), "choice", choices=_natures),
        made("lane", _("Lane"), "choice", choices=_lanes, fills=True),
        made("capability", _("Capability"), "choice", choices=_capabilities, fills=True),
        made("scope", _("What will be done"), "text"),
        made("benefit", _("What is better afterwards"), "text"),
        made("data_held", _("Data it will keep"), "list"),
        made("first_year", _("Begins in fiscal year"), "year", fills=True),
        made("life_years", _("Years of use"), "whole"),
        made("buy", _("Buy or build"), "money", by_year=True),
        made("run", _("Run and maintain"), "money", by_year=True),
        made("people", _("People"), "money", by_year=True),
        made("amount", _("Money"), "money"),
        made("metric", _("What is measured")),
        made("unit", _("Unit")),
        made("baseline", _("Now"), "number"),
        made("target", _("Target"), "number"),
        made("due_on", _("By when"), "day"),
        made("policies", _("Policies"), "list"),
        made("systems", _("Systems that it touches"), "list"),
        made("depends_on", _("Needs"), "list"),
        made("excludes", _("Rules out"), "list"),
        *(
            Column(f"answer_{one.code}", one.name_th, (one.name_en,), "text")
            for one in portfolio_rules().questions
        ),
    )


@dataclass(slots=True)
class Draft:
    """A row read: whose it is, by what it is known, what it says, and whom it names by their own numbers."""

    row: Row
    agency: str = ""
    code: str = ""
    content: Content = field(default_factory=Content)
    relations: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """By what a row is found again: code, own number, or name."""
        if self.code:
            return "code", self.code
        if self.content.own_number:
            return self.agency, "#" + self.content.own_number
        return self.agency, values.plain(self.content.title)


class Agencies:
    """Agencies by code and by every name and short name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        known = registers()
        for code, agency in known.agencies.items():
            if not known.is_active(code):
                continue
            for name in (code, agency.name_th, agency.name_en, agency.short_th, agency.short_en):
                if name:
                    self._names.setdefault(values.plain(name), code)

    def find(self, text: str) -> str | None:
        """Code of the agency that a text names, also with “เขต…” for its office; None when there is none."""
        bare = values.plain(text)
        for candidate in (bare, bare.removesuffix("กทม"), "สำนักงาน" + bare, "สำนัก" + bare):
            if candidate in self._names:
                return self._names[candidate]
        return None

    def find_office(self, text: str) -> str | None:
        """The same for a title or a section row (“หน่วยงาน: สำนักการแพทย์”); the city's own name there says nothing."""
        bare = re.sub(r"^(?:ชื่อ)?(?:หน่วยงาน|ส่วนราชการ)\s*[:：]?\s*", "", text.strip())
        found = self.find(bare)
        return None if found == registers().root.code else found


class Reader:
    """Makes drafts of rows. `agency` is whose rows without an agency are."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self._agencies = Agencies()
        self._policies = {
            values.plain(name): code
            for code, one in portfolio_rules().policies.items()
            for name in (code, one.name_th, one.name_en)
            if name
        }

    def drafts(self, table: Table) -> Iterator[Draft]:
        """Each row of a table as a draft, with its faults noted in its row."""
        above = next(filter(None, map(self._agencies.find_office, table.titles)), None)
        section, agency = "", above
        for row in table.rows():
            if row.section != section:
                section, agency = row.section, self._agencies.find_office(row.section) or above
            yield self._draft(row, table, agency)

    def _draft(self, row: Row, table: Table, around: str | None) -> Draft:
        told = row.values
        draft = Draft(row, code=str(told.get("code") or "").upper())
        draft.agency = self._agency(row, around)
        costs = self._costs(row, table)
        draft.content = Content(
            **{
                name: told[name]
                for name in ("title", "objective", "scope", "benefit", "own_number")
                if told.get(name)
            },
            nature=told.get("nature") or Proposal.Nature.NEW,
            lane=told.get("lane") or Proposal.Lane.INFORMATION_SYSTEM,
            capability=told.get("capability") or "",
            data_held=tuple(told.get("data_held") or ()),
            first_year=told.get("first_year") or min((year for year, _part in costs), default=None),
            life_years=told.get("life_years"),
            policies=tuple(self._policy_codes(row)),
            answers={
                name.removeprefix("answer_"): text
                for name, text in told.items()
                if name.startswith("answer_") and text
            },
            costs=costs,
            metrics=self._metrics(row),
            systems=dict.fromkeys(told.get("systems") or (), self._link(told.get("nature"))),
        )
        draft.relations = {code: kind for kind in ("depends_on", "excludes") for code in told.get(kind) or ()}
        both = set(told.get("depends_on") or ()) & set(told.get("excludes") or ())
        if both:
            row.add_fault("excludes", _("It can't both need %(code)s and rule it out.") % {"code": min(both)})
        for name, sentence in impossible(replace(draft.content, title=draft.content.title or "-")).items():
            row.add_fault(_column_of(name), sentence)
        return draft

    def _agency(self, row: Row, around: str | None) -> str:
        told = row.values.get("agency")
        if told:
            found = self._agencies.find(told)
            if found is None:
                row.add_fault("agency", _("There is no agency “%(name)s”.") % {"name": told[:80]})
            return found or ""
        agency = around or self.agency
        if not agency:
            row.add_fault("agency", _("Say which agency asks for it: the sheet has no such column."))
        return agency

    @staticmethod
    def _link(nature: str | None) -> str:
        return {"replace": "replaces", "enhance": "extends"}.get(nature or "", "uses")

    def _costs(self, row: Row, table: Table) -> Mapping[tuple[int, str], Decimal]:
        costs: dict[tuple[int, str], Decimal] = {}
        for name, amount in row.values.items():
            part, _dot, year = name.partition(".")
            if year and amount:
                costs[int(year), part] = amount
        whole = row.values.get("amount")
        # Beside columns by year, a column without one is their sum.
        if whole and not any("." in name for name in table.fields):
            begins = row.values.get("first_year") or table.year
            if begins:
                costs[begins, "buy"] = whole
            elif not any(fault.field == "first_year" for fault in row.faults):
                row.add_fault("amount", _("Say for which fiscal year the money is."))
        return costs

    def _policy_codes(self, row: Row) -> Iterator[str]:
        for text in row.values.get("policies") or ():
            code = self._policies.get(values.plain(text))
            if code is None:
                row.add_fault("policies", _("There is no policy “%(code)s”.") % {"code": text[:80]})
            else:
                yield code

    @staticmethod
    def _metrics(row: Row) -> tuple[MetricContent, ...]:
        told = row.values
        name = told.get("metric") or ""
        if not name:
            return ()
        return (
            MetricContent(
                name, told.get("unit") or "", told.get("baseline"), told.get("target"), told.get("due_on")
            ),
        )


def _column_of(name: str) -> str:
    """The column that a field of a `Content` came from."""
    parts = name.split(".")
    if parts[0] == "costs":
        return ".".join(parts[1:]) if len(parts) == 3 else "first_year"
    if parts[0] == "metrics":
        return {"name": "metric"}.get(parts[-1], parts[-1])
    return f"answer_{parts[1]}" if parts[0] == "answers" else name


def merged(old: Content, new: Content, fields: set[str], *, relations: bool) -> Content:
    """What a proposal says after an update: columns that the sheet has replace, the rest stays."""
    bases = {name.partition(".")[0] for name in fields}
    changes: dict[str, Any] = {}
    for name in (
        "title", "own_number", "objective", "scope", "benefit", "nature", "lane", "capability", "data_held",
        "first_year", "life_years", "policies", "systems",
    ):  # fmt: skip
        if name in bases:
            changes[name] = getattr(new, name)
    if bases & {"buy", "run", "people", "amount"}:
        parts = bases & {"buy", "run", "people"} or {"buy"}
        changes["costs"] = {key: amount for key, amount in old.costs.items() if key[1] not in parts} | dict(
            new.costs
        )
        if new.first_year and not old.first_year:
            changes["first_year"] = new.first_year
    if "metric" in bases:
        names = {one.name for one in new.metrics}
        # A sheet has room for one metric: it replaces the one of its name, or the first.
        rest = [one for one in old.metrics[1:] if one.name not in names] if new.metrics else []
        changes["metrics"] = (*new.metrics, *rest)
    asked = {name.removeprefix("answer_") for name in bases if name.startswith("answer_")}
    if asked:
        kept = {code: text for code, text in old.answers.items() if code not in asked}
        changes["answers"] = kept | dict(new.answers)
    if relations:
        changes["relations"] = new.relations
    return replace(old, **changes)
