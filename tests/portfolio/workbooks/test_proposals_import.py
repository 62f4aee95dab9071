"""Workbooks of proposals: whole or not at all, found again when they are sent again, errors by cell."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from prasan.fabric import files
from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Forbidden, Invalid
from prasan.portfolio.actions import proposals as actions
from prasan.portfolio.actions.proposals_import import Imported, proposals_import, workbooks_forget
from prasan.portfolio.content import content_of
from prasan.portfolio.models import ColumnMapping, Proposal
from prasan.portfolio.models import Workbook as Kept
from prasan.portfolio.workbooks.template import proposals_template
from prasan.site.cli import main
from tests import factories
from tests.portfolio.proposals import DRAINS, HEALTH, draft, officer

pytestmark = pytest.mark.django_db

MESSY = [
    ["แบบสรุปคำของบประมาณด้านดิจิทัล ประจำปีงบประมาณ พ.ศ. ๒๕๗๑"],
    ["สำนักการแพทย์", None, None, None, None, "(หน่วย: ล้านบาท)"],
    ["ลำดับ", "ชื่อโครงการ/รายการ", "วัตถุประสงค์", "งบประมาณ", None, "ลักษณะโครงการ"],
    [None, None, None, "ปี ๒๕๗๑", "ปี ๒๕๗๒", None],
    ["๑", "ระบบนัดหมายแพทย์ทางไกล", "ลดเวลารอคอย", "๑.๕", 0.25, "ใหม่"],
    [None, None, None, None, None, None],
    ["๒", "จ้างบำรุงรักษาระบบคลังยา", "ให้ระบบใช้งานได้", 2, None, "บำรุงรักษา"],
    ["รวม", None, None, 3.5, 0.25, None],
]


def book(rows: Sequence[Sequence[Any]], merges: Sequence[str] = ()) -> io.BytesIO:
    made = Workbook()
    for row in rows:
        made.active.append(list(row))
    for area in merges:
        made.active.merge_cells(area)
    file = io.BytesIO()
    made.save(file)
    return file


def take(rows: Sequence[Sequence[Any]] | io.BytesIO, actor: Actor | None = None, **options: Any) -> Imported:
    file = rows if isinstance(rows, io.BytesIO) else book(rows)
    return proposals_import(actor=actor or officer(), file=file, **({"agency": HEALTH} | options))


def test_a_messy_sheet_becomes_drafts_with_their_money_by_year() -> None:
    done = take(book(MESSY, ["A1:F1", "D3:E3", "A3:A4", "B3:B4"]))
    assert (done.rows_read, done.accepted, done.created, done.faults) == (2, 2, 2, [])
    first = Proposal.objects.get(title="ระบบนัดหมายแพทย์ทางไกล")
    assert content_of(first).costs == {(2571, "buy"): Decimal(1_500_000), (2572, "buy"): Decimal(250_000)}
    assert (first.agency_id, first.status, first.tier, first.first_year) == (HEALTH, "draft", "medium", 2571)
    assert Proposal.objects.get(title__startswith="จ้างบำรุง").nature == "maintain"
    assert LedgerEntry.objects.filter(action="proposal.create").count() == 2


def test_a_dry_run_says_all_and_writes_nothing() -> None:
    done = take(MESSY, dry_run=True)
    assert (done.accepted, done.written) == (2, False)
    assert [one.what for one in done.preview] == ["create", "create"]
    assert not Proposal.objects.exists()


def test_the_same_sheet_sent_again_makes_no_second_proposal() -> None:
    take(MESSY)
    again = take(MESSY)
    assert (again.created, again.unchanged) == (0, 2)
    changed = [list(row) for row in MESSY]
    changed[4][3] = "2.5"
    third = take(changed)
    assert (third.updated, third.unchanged) == (1, 1)
    assert Proposal.objects.get(title="ระบบนัดหมายแพทย์ทางไกล").total == Decimal(2_750_000)


def test_rows_are_found_again_by_the_agencys_own_number_under_a_new_name() -> None:
    sheet = [["รหัสโครงการ", "ชื่อโครงการ", "งบประมาณ 2571 (บาท)"], ["สนพ-1", "ระบบเดิม", 100]]
    take(sheet)
    sheet[1][1] = "ชื่อใหม่"
    assert take(sheet).updated == 1
    assert Proposal.objects.get().title == "ชื่อใหม่"


def test_one_error_stops_the_whole_workbook_and_names_its_cell() -> None:
    done = take(
        [
            ["รหัสโครงการ", "ชื่อโครงการ", "หน่วยงาน", "งบประมาณ 2571", "รหัสระบบ", "ต้องมีโครงการ"],
            ["1", "ระบบดี", "", 100, "", ""],
            ["2", "ระบบติดลบ", "", -5, "", ""],
            ["3", "", "", 7, "", ""],
            ["4", "ระบบของใคร", "สำนักที่ไม่มี", 7, "", ""],
            ["5", "ระบบของคนอื่น", "สำนักการระบายน้ำ", 7, "", ""],
            ["6", "ต่อระบบที่ไม่มี", "", 7, "NO-SUCH", ""],
            ["7", "ต้องมีสิ่งที่ไม่มี", "", 7, "", "99"],
            ["1", "เลขซ้ำ", "", 7, "", ""],
        ]
    )
    assert not Proposal.objects.exists()
    found = {(one.cell, one.field) for one in done.faults}
    assert found == {
        ("D3", "buy.2571"), ("B4", "title"), ("C5", "agency"), ("C6", "agency"), ("E7", "systems"),
        ("F8", "depends_on"), ("A9", "own_number"),
    }  # fmt: skip
    assert (done.rows_read, done.accepted, done.written) == (8, 1, False)


def test_relations_may_name_rows_further_down_and_circles_are_refused_whole() -> None:
    head = ["รหัสโครงการ", "ชื่อโครงการ", "งบประมาณ 2571", "ต้องมีโครงการ", "โครงการที่ใช้แทนกัน"]
    take([head, ["1", "ก", 1, "2", ""], ["2", "ข", 1, "", ""]])
    first = Proposal.objects.get(own_number="1")
    assert [one.other.own_number for one in first.relations.all()] == ["2"]
    circle = take([head, ["3", "ค", 1, "4", ""], ["4", "ง", 1, "3", ""]])
    assert circle.fault_count
    assert "→" in circle.faults[0].sentence
    clash = take([head, ["5", "จ", 1, "6,7", ""], ["6", "ฉ", 1, "", "7"], ["7", "ช", 1, "", ""]])
    assert clash.fault_count
    both = take([head, ["8", "ซ", 1, "9", "9"], ["9", "ฌ", 1, "", ""]])
    assert both.faults[0].cell == "E2"
    itself = take([head, ["10", "ญ", 1, "10", ""]])
    assert itself.fault_count
    assert Proposal.objects.count() == 2


def test_what_is_handed_in_is_not_changed_by_a_workbook_but_may_stand_in_it_unchanged() -> None:
    sheet = [
        ["รหัสโครงการ", "ชื่อโครงการ", "งบประมาณ 2571 (บาท)"],
        ["สนพ-1", "ระบบเดิม", 100],
        ["สนพ-2", "อีกระบบ", 5],
    ]
    take(sheet)
    Proposal.objects.filter(own_number="สนพ-1").update(status="submitted")
    assert take(sheet).unchanged == 2
    sheet[1][2] = 200
    sheet[2][2] = 6
    done = take(sheet)
    assert (done.written, done.updated, done.faults[0].cell) == (False, 0, "B2")
    assert Proposal.objects.get(own_number="สนพ-2").total == 5


def test_others_agencies_and_unknown_codes_are_refused() -> None:
    foreign = draft(agency=DRAINS)
    with pytest.raises(Forbidden):
        take(MESSY, agency=DRAINS)
    with pytest.raises(Forbidden):
        take(MESSY, actor=factories.officer("analyst", "bma"))
    done = take([["รหัสในระบบประสาน", "ชื่อโครงการ"], [foreign.code, "ขโมย"], ["ZZZZZZZZ", "ระบบหนึ่ง"]])
    assert [one.cell for one in done.faults] == ["A2", "A3"]


def test_an_agency_named_above_the_table_or_in_a_section_row_counts_for_the_rows_below() -> None:
    head = ["ลำดับ", "ชื่อโครงการ", "งบประมาณ 2571"]
    done = take(
        [["กรุงเทพมหานคร"], ["หน่วยงาน: สำนักการแพทย์"], head, [1, "ก", 5], ["สำนักการระบายน้ำ"], [2, "ข", 6]],
        actor=Actor.system("test"), agency="",
    )  # fmt: skip
    assert done.faults == []
    assert list(Proposal.objects.order_by("title").values_list("agency", flat=True)) == [HEALTH, DRAINS]
    nobody = take([head, [1, "ค", 5]], actor=Actor.system("test"), agency="")
    assert [one.field for one in nobody.faults] == ["agency"]


def test_a_file_without_a_table_says_what_is_missing() -> None:
    with pytest.raises(Invalid) as refused:
        take([["สวัสดี"], ["ไม่มีหัวตาราง"]])
    assert "ชื่อโครงการ" in str(refused.value)


def test_our_template_comes_back_as_it_went_out(tmp_path: Path) -> None:
    made = draft(
        own_number="สนพ-9", policies=("p001",), data_held=("นัดหมาย", "ยา"), life_years=4, benefit="=ดีขึ้น",
        scope="ขั้นที่ 1\nขั้นที่ 2",
    )  # fmt: skip
    before = content_of(made)
    file = io.BytesIO(proposals_template([(made.code, HEALTH, before)], [HEALTH]))
    sheet = load_workbook(file).active
    assert sheet.column_dimensions["A"].hidden
    assert sheet.data_validations.count == 5
    assert take(file).unchanged == 1
    sheet["D4"] = "ชื่อจากแม่แบบ"
    again = io.BytesIO()
    sheet.parent.save(again)
    assert take(again).updated == 1
    made.refresh_from_db()
    assert made.title == "ชื่อจากแม่แบบ"
    assert content_of(made).metrics == before.metrics


def many(count: int) -> io.BytesIO:
    """A workbook of so many projects."""
    made = Workbook(write_only=True)
    sheet = made.create_sheet()
    sheet.append(["ลำดับ", "รหัสโครงการ", "ชื่อโครงการ", "วัตถุประสงค์", "งบประมาณ 2571 (บาท)"])
    for number in range(count):
        sheet.append([number + 1, f"R{number}", f"ระบบงานที่ {number}", "ลดขั้นตอนของเจ้าหน้าที่", 1000 + number])
    file = io.BytesIO()
    made.save(file)
    return file


@pytest.mark.slow
def test_fifty_thousand_rows_are_looked_at_whole() -> None:
    assert take(many(50_000), dry_run=True).accepted == 50_000


def test_rows_are_not_kept_while_they_are_looked_at() -> None:
    file = many(4_000)
    tracemalloc.start()
    try:
        take(file, dry_run=True)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def test_two_thousand_rows_are_written_with_few_statements(django_assert_max_num_queries: Any) -> None:
    rows: list[list[Any]] = [["รหัสโครงการ", "ชื่อโครงการ", "งบประมาณ 2571 (บาท)"]]
    rows += [[f"R{number}", f"ระบบงานที่ {number}", 1000] for number in range(2_000)]
    with django_assert_max_num_queries(60):
        assert take(rows).created == 2_000


def test_the_command_prints_what_a_program_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(book([["ชื่อโครงการ", "งบประมาณ 2571"], ["ระบบ", "มาก"], ["ระบบสอง", 5]]).getvalue())
    assert main(["portfolio", "import", str(path), "--agency", HEALTH, "--dry-run", "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["rows_read"], printed["accepted"], printed["written"]) == (2, 1, False)
    assert printed["errors"][0] | {"sentence": ""} == {
        "sheet": "Sheet", "row": 2, "cell": "B2", "field": "buy.2571", "sentence": "",
    }  # fmt: skip
    assert main(["portfolio", "import", str(tmp_path / "none.xlsx"), "--json"]) == 2
    out = tmp_path / "template.xlsx"
    assert main(["portfolio", "template", str(out)]) == 0
    assert load_workbook(out).active["D3"].value


# --- over the web ---


@pytest.fixture
def client() -> Client:
    return factories.signed_in(factories.officer_user("digital_officer", HEALTH))


def send(client: Client, file: io.BytesIO) -> Any:
    upload = SimpleUploadedFile("แผน.xlsx", file.getvalue())
    return client.post(reverse("portfolio:proposals_workbook"), {"agency": HEALTH, "file": upload})


def test_a_workbook_is_looked_at_columns_are_named_and_the_naming_is_remembered(client: Client) -> None:
    strange = [["รหัสโครงการ", "ชื่อโครงการ", "เงินที่อยากได้"], ["1", "ระบบ", 5000]]
    address = send(client, book(strange))["Location"]
    page = client.get(address).content.decode()
    assert "เงินที่อยากได้" in page
    assert not Proposal.objects.exists()
    named = {"key_0_2": "เงินที่อยากได้", "field_0_2": "buy.2571", "key_0_1": "ชื่อโครงการ", "field_0_1": "title"}
    assert client.post(address, named | {"look": "1"}).status_code == 200
    assert not Proposal.objects.exists()
    assert client.post(address, named | {"import": "1"})["Location"] == reverse("portfolio:proposals")
    assert Proposal.objects.get().total == 5000
    assert not Kept.objects.exists()
    assert ColumnMapping.objects.get(heading="เงินที่อยากได้").field == "buy.2571"
    strange[1][2] = 7000
    again = send(client, book(strange))["Location"]
    assert client.post(again, {"import": "1"}).status_code == 302
    assert Proposal.objects.get().total == 7000


def test_errors_are_shown_by_cell_and_nothing_is_taken_over(client: Client) -> None:
    address = send(client, book([["ชื่อโครงการ", "งบประมาณ 2571"], ["ระบบ", "มาก"]]))["Location"]
    page = client.get(address).content.decode()
    assert ">B2<" in page
    assert client.post(address, {"import": "1"}).status_code == 422
    assert not Proposal.objects.exists()


def test_files_that_can_not_be_taken_say_why_at_the_field(client: Client) -> None:
    answer = client.post(
        reverse("portfolio:proposals_workbook"),
        {
            "agency": HEALTH,
            "file": SimpleUploadedFile("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
        },
    )
    assert answer.status_code == 422
    assert ".xlsx" in answer.content.decode()


def test_nobody_else_sees_a_workbook_that_waits(client: Client) -> None:
    address = send(client, book(MESSY))["Location"]
    colleague = factories.signed_in(factories.officer_user("digital_officer", HEALTH))
    assert colleague.get(address).status_code == 404
    assert factories.signed_in(factories.officer_user("analyst", "bma")).get(
        reverse("portfolio:proposals_workbook")
    ).status_code == 403  # fmt: skip


def test_the_template_of_an_agency_holds_what_it_can_still_change(client: Client) -> None:
    made, gone = draft(title="ยังแก้ได้"), draft(title="ส่งไปแล้ว")
    actions.proposal_submit(actor=Actor.system("x"), code=gone.code)
    answer = client.get(reverse("portfolio:proposals_template") + "?mine=1")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    codes = [row[0].value for row in sheet.iter_rows(min_row=4) if row[0].value]
    assert codes == [made.code]


def test_a_workbook_that_nobody_imports_is_forgotten_a_day_later(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    send(client, book(MESSY))
    kept = Kept.objects.get()
    assert workbooks_forget() == 0
    Kept.objects.update(at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        assert workbooks_forget() == 1
    assert not files.exists(kept.key)
