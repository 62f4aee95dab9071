"""Money after the decision: figures by stage and month, and the finance system's file."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from openpyxl import Workbook

from prasan.fabric.decisions import Outcome
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Conflict, Forbidden, Invalid
from prasan.portfolio.actions.delivery import figure_record
from prasan.portfolio.actions.spending_import import SpendingImported, spending_import
from prasan.portfolio.models import BudgetFigure, Proposal
from tests import factories
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import BOSS, YEAR, csv_of
from tests.portfolio.proposals import DRAINS, HEALTH

pytestmark = pytest.mark.django_db
HEADING = ("รหัสโครงการ", "ปีงบประมาณ", "งบตามข้อบัญญัติ", "งบหลังปรับ", "วงเงินสัญญา", "ต.ค.", "พ.ย.", "เบิกจ่ายสะสม")
Figures = dict[tuple[int, str, date | None], Decimal]


@pytest.fixture(autouse=True)
def _in_march() -> None:
    """The middle of the fiscal year 2570, when half of it can have been paid."""
    traveller = time_machine.travel(datetime(2027, 3, 10, 5, tzinfo=UTC), tick=False)
    traveller.start()
    yield  # type: ignore[misc]
    traveller.stop()


@pytest.fixture
def project() -> Proposal:
    return making.decided(own_number="สน.1/70")


def figures(proposal: Proposal) -> Figures:
    return {
        (one.fiscal_year, one.stage, one.month): one.amount
        for one in BudgetFigure.objects.filter(proposal=proposal)
    }


def take(file: BytesIO, **options: bool) -> SpendingImported:
    return spending_import(actor=BOSS, file=file, name="finance.csv", **options)


# --- one figure -------------------------------------------------------------------------------------------------------


def test_a_figure_is_entered_once_and_replaced_by_the_next(project: Proposal) -> None:
    making.money(project, ordinance=700_000)
    making.money(project, ordinance=650_000)
    assert figures(project) == {(YEAR, "ordinance", None): Decimal(650_000)}
    entries = LedgerEntry.objects.filter(action="proposal.figures").order_by("id")
    assert [one.changes["2570.ordinance"] for one in entries] == [
        [None, "700000.00"],
        ["700000.00", "650000.00"],
    ]


def test_what_was_paid_stands_month_by_month(project: Proposal) -> None:
    making.money(project, disbursed_10=100, disbursed_11=200, disbursed_1=300)
    assert sorted(figures(project)) == [
        (YEAR, "disbursed", date(2026, 10, 1)),
        (YEAR, "disbursed", date(2026, 11, 1)),
        (YEAR, "disbursed", date(2027, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("year", "stage", "amount", "month", "field"),
    [
        (YEAR, "ordinance", -1, None, "amount"),
        (YEAR, "ordinance", "NaN", None, "amount"),
        (YEAR, "ordinance", 10**14, None, "amount"),
        (2027, "ordinance", 1, None, "fiscal_year"),
        (YEAR, "wished", 1, None, "stage"),
        (YEAR, "disbursed", 1, None, "month"),
        (YEAR, "disbursed", 1, date(2026, 9, 30), "month"),
        (YEAR, "disbursed", 1, date(2027, 4, 1), "month"),
        (YEAR, "contracted", 1, date(2026, 11, 1), "month"),
    ],
)
def test_what_can_not_be_is_refused(
    project: Proposal, year: int, stage: str, amount: int, month: date | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        figure_record(
            actor=BOSS, code=project.code, fiscal_year=year, stage=stage, amount=Decimal(amount), month=month
        )
    assert list(refused.value.errors) == [field]
    assert figures(project) == {}


def test_before_the_decision_only_what_was_screened_is_told() -> None:
    project = making.screened()
    making.money(project, screened=500_000)
    with pytest.raises(Conflict):
        making.money(project, ordinance=500_000)
    refused = making.decide(project, Outcome.NOT_APPROVED)
    with pytest.raises(Conflict):
        making.money(refused, screened=1)


# --- the finance system's file ----------------------------------------------------------------------------------------


def test_a_file_is_taken_over_and_sent_again_updates(project: Proposal) -> None:
    first = take(
        csv_of((project.code, 2570, '"700,000"', "", "650000", "100000", "", "100000"), heading=HEADING)
    )
    assert (first.read, first.entered, first.errors, first.warnings) == (1, 3, [], [])
    again = csv_of((project.code, 2570, "700000", "", "650000", "100000", "50000", "150000"), heading=HEADING)
    second = take(again)
    assert (second.entered, second.changed, second.unchanged) == (1, 0, 3)
    before = LedgerEntry.objects.count()
    assert take(again).unchanged == 4
    assert LedgerEntry.objects.count() == before
    assert set(BudgetFigure.objects.values_list("source", "by_kind")) == {("finance.csv", "system")}


def test_the_sheet_that_the_finance_department_really_sends_is_understood(project: Proposal) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["รายงานผลการเบิกจ่ายงบประมาณ ประจำปีงบประมาณ พ.ศ. ๒๕๗๐"])
    sheet.append(["หน่วย : ล้านบาท"])
    sheet.append([])
    sheet.append(["ลำดับ", "หน่วยงาน", "เลขที่โครงการ", "งบประมาณที่ได้รับ", "ก่อหนี้ผูกพัน", "ต.ค.", "ธ.ค."])
    sheet.append([1, project.agency.name_th, "สน.1/70", "๐.๗", 0.65, 0.1, "-"])
    sheet.append(["", "รวมทั้งสิ้น", "", 0.7, 0.65, 0.1, ""])
    file = BytesIO()
    book.save(file)
    done = take(file)
    assert [fault.sentence for fault in done.errors] == []
    assert figures(project) == {
        (YEAR, "ordinance", None): Decimal(700_000),
        (YEAR, "contracted", None): Decimal(650_000),
        (YEAR, "disbursed", date(2026, 10, 1)): Decimal(100_000),
    }


def test_a_code_is_found_however_it_was_typed(project: Proposal) -> None:
    typed = f"{project.code[:4]}-{project.code[4:]}".lower()
    assert take(csv_of((typed, 2570, 5), heading=HEADING[:3])).written


def test_a_row_for_each_month_is_understood_too(project: Proposal) -> None:
    rows = [(project.code, "ต.ค. 2569", 100), (project.code, "ม.ค. 2570", 300)]
    take(csv_of(*rows, heading=("รหัสโครงการ", "เดือน", "เบิกจ่าย")))
    assert figures(project) == {
        (YEAR, "disbursed", date(2026, 10, 1)): 100, (YEAR, "disbursed", date(2027, 1, 1)): 300
    }  # fmt: skip


def test_every_fault_is_told_with_its_cell_and_nothing_is_written(project: Proposal) -> None:
    waiting = making.screened()
    done = take(
        csv_of(
            (project.code, 2570, 700_000, "", 650_000, "", "", ""),
            ("ABCDEFGH", 2570, 1, "", "", "", "", ""),
            (project.code, 2570, 5, "", "", "", "", ""),
            (waiting.code, 2570, 5, "", "", "", "", ""),
            (project.code, 2571, "-5", "", "", "", "", ""),
            ("", 2570, 5, "", "", "", "", ""),
            heading=HEADING,
        )
    )
    assert [(one.cell, one.field) for one in done.errors] == [
        ("A3", "code"), ("C4", "ordinance"), ("A5", "code"), ("C6", "ordinance"), ("A7", "code"),
    ]  # fmt: skip
    assert (done.written, done.accepted, figures(project)) == (False, 1, {})


def test_a_dry_run_says_the_same_and_writes_nothing(project: Proposal) -> None:
    file = csv_of((project.code, 2570, 700_000, "", 800_000, "", "", ""), heading=HEADING)
    dry = take(file, dry_run=True)
    assert (dry.entered, dry.written, len(dry.warnings)) == (2, False, 1)
    assert figures(project) == {}


def test_more_than_there_is_and_sums_that_differ_are_warnings(project: Proposal) -> None:
    done = take(csv_of((project.code, 2570, 700_000, 600_000, 650_000, 400_000, 300_000, 5), heading=HEADING))
    assert [one.cell for one in done.warnings] == ["E2", "G2", "H2"]
    assert done.written
    assert len(figures(project)) == 5


def test_a_number_of_two_agencies_needs_the_agency(project: Proposal) -> None:
    other = making.decided(agency=DRAINS, own_number="สน.1/70")
    heading = ("เลขที่โครงการ", "หน่วยงาน", "ปีงบประมาณ", "งบตามข้อบัญญัติ")
    assert len(take(csv_of(("สน.1/70", "", 2570, 5), heading=heading)).errors) == 1
    assert take(csv_of(("สน.1/70", "สำนักการระบายน้ำ", 2570, 5), heading=heading)).written
    assert (figures(project), len(figures(other))) == ({}, 1)


def test_a_file_without_projects_or_money_is_refused_in_a_sentence() -> None:
    with pytest.raises(Invalid):
        take(csv_of((1, 2), heading=("ก", "ข")))
    with pytest.raises(Invalid):
        take(csv_of(("A", 2570), heading=("รหัสโครงการ", "ปีงบประมาณ")))


def test_only_the_city_s_analysts_bring_the_file(project: Proposal) -> None:
    for actor in (factories.officer("digital_officer", HEALTH), factories.officer("auditor", "bma")):
        with pytest.raises(Forbidden):
            spending_import(actor=actor, file=csv_of((project.code, 2570, 5), heading=HEADING[:3]))


def test_the_command_prints_rows_and_errors_for_programs(
    project: Proposal, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from prasan.site import cli

    file = tmp_path / "finance.csv"
    file.write_bytes(csv_of((project.code, 2570, 5, 6), heading=HEADING[:4]).getvalue())
    monkeypatch.setattr(
        sys, "argv", ["prasan", "portfolio", "import-spending", str(file), "--dry-run", "--json"]
    )
    assert cli.main() == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["read"], told["accepted"], told["entered"], told["written"]) == (1, 1, 2, False)
