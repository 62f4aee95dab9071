"""A Fiscal Data Package 1.0 (specs.frictionlessdata.io): a line for each figure, and what the columns mean."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse

from prasan.city.registers import registers
from prasan.portfolio.models import BudgetFigure
from prasan.portfolio.queries.public import STAGES, PublicProject

Stage = BudgetFigure.Stage
FILE = "budget.csv"
# Our stages in the four phases that the standard knows; what is contracted has none of its own.
PHASES = {
    "requested": "proposed", Stage.ORDINANCE: "approved", Stage.ADJUSTED: "adjusted", Stage.CONTRACTED: "contracted",
    Stage.DISBURSED: "executed",
}  # fmt: skip
# A spreadsheet would run a cell that begins with one of these as a formula (OWASP, CSV Injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its name, type and ColumnType of the budget taxonomy."""

    name: str
    type: str
    column_type: str
    title: str


FIELDS: tuple[Field, ...] = (
    Field("line", "string", "budget-line-id", "รหัสรายการ"),
    Field("fiscal_year", "integer", "date:fiscal-year", "ปีงบประมาณ (พ.ศ.)"),
    Field("agency_code", "string", "administrative-classification:generic:level1:code", "รหัสหน่วยงาน"),
    Field("agency_name", "string", "administrative-classification:generic:level1:label", "หน่วยงาน"),
    Field("project_code", "string", "activity:generic:project:code", "รหัสโครงการ"),
    Field("project_title", "string", "activity:generic:project:label", "ชื่อโครงการ"),
    Field("phase", "string", "phase:id", "ขั้นของงบประมาณ"),
    Field("phase_label", "string", "phase:label", "ชื่อขั้นของงบประมาณ"),
    Field("direction", "string", "direction", "รายจ่าย"),
    Field("month", "date", "date:generic", "เดือนที่เบิกจ่าย"),
    Field("amount", "number", "value", "จำนวนเงิน (บาท)"),
    Field("currency", "string", "value-currency:code", "สกุลเงิน"),
)
LABELS = {
    "proposed": "ที่ขอ", "approved": "ตามข้อบัญญัติ", "adjusted": "หลังปรับ", "contracted": "ทำสัญญาแล้ว",
    "executed": "เบิกจ่ายแล้ว",
}  # fmt: skip


def descriptor(created: str) -> dict[str, Any]:
    """datapackage.json."""
    return {
        "profile": "fiscal-data-package",
        "name": "decided-projects",
        "title": f"โครงการดิจิทัลที่ได้รับความเห็นชอบ {registers().root.name_th}",
        "description": "งบประมาณของโครงการดิจิทัลที่คณะกรรมการเห็นชอบแล้ว แยกตามปีงบประมาณและขั้นของงบประมาณ",
        "homepage": settings.PUBLIC_URL + reverse("portfolio:public_projects"),
        "created": created,
        "countryCode": "TH",
        "granularity": "aggregated",
        "resources": [_resource()],
    }


def _resource() -> dict[str, Any]:
    fields = [
        {"name": one.name, "type": one.type, "columnType": one.column_type, "title": one.title}
        for one in FIELDS
    ]
    return {
        "profile": "tabular-data-resource",
        "name": "budget",
        "path": FILE,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "primaryKey": "line", "missingValues": [""]},
    }


def lines(projects: Iterable[PublicProject]) -> Iterator[str]:
    """The CSV's lines, heading first."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield str(writer.writerow([one.name for one in FIELDS]))
    for project in projects:
        for row in rows(project):
            yield str(writer.writerow(row))


class _Echo:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def rows(project: PublicProject) -> Iterator[list[Any]]:
    """A row for each year and stage, and for each month in which something was disbursed."""
    for year in project.years:
        if year.requested:
            yield _row(project, year.year, "requested", year.requested)
        for stage in STAGES:
            amount = year.sums.get(stage)
            if amount is not None and stage != Stage.DISBURSED:
                yield _row(project, year.year, stage, amount)
    for month, amount in project.paid:
        yield _row(project, month.year + 543 + (month.month >= 10), Stage.DISBURSED, amount, month)


def _row(
    project: PublicProject, year: int, stage: str, amount: Decimal, month: date | None = None
) -> list[Any]:
    proposal, phase = project.proposal, PHASES[stage]
    line = f"{proposal.code}-{year}-{phase}" + (f"-{month:%m}" if month else "")
    agency = registers().agency(proposal.agency_id)
    return [
        line, year, proposal.agency_id, agency.name_th, proposal.code, _guarded(proposal.title), phase, LABELS[phase],
        "expenditure", month.isoformat() if month else "", f"{amount:.2f}", "THB",
    ]  # fmt: skip


def _guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: a quote goes before what begins like one."""
    return f"'{text}" if text.startswith(FORMULA) else text
