"""Systems from a table: understood under the names that people use, all or nothing, updated when sent again."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from prasan.fabric.actors import Actor
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Forbidden, Invalid
from prasan.portfolio.actions.systems_import import Imported, systems_import
from prasan.portfolio.models import Interface, System
from prasan.site.cli import main
from tests import factories
from tests.portfolio.systems.making import BOSS, EDUCATION, HEALTH

pytestmark = pytest.mark.django_db

HEADING = (
    "system_code", "name_th", "name_en", "owner_code", "owner_name", "purpose_th", "capability", "data_held",
    "interfaces", "vendor", "contract_end", "annual_cost_baht", "users",
)  # fmt: skip
APPOINTMENTS = (
    "HD-1", "ระบบนัดหมายผู้ป่วย", "Appointments", "dep.08000000", "สำนักอนามัย", "ให้ประชาชนนัดหมาย", "นัดหมายและคิว",
    "ผู้ป่วย; นัดหมาย", "→ HD-2: นัดหมาย (API); ← HIS-9", "บริษัทหนึ่ง จำกัด", "30 ก.ย. 2570", "๑,๒๐๐,๐๐๐", "1,500",
)  # fmt: skip
CENTRES = ("HD-2", "ระบบศูนย์บริการ", "", "", "สำนักอนามัย", "", "", "", "จาก HD-1: คนไข้ (คีย์มือ)", "", "", "", "")


def csv_of(*rows: tuple[str, ...]) -> io.BytesIO:
    lines = [",".join(f'"{cell}"' for cell in row) for row in (HEADING, *rows)]
    return io.BytesIO("\n".join(lines).encode("utf-8-sig"))


def xlsx_of(*rows: tuple[Any, ...]) -> io.BytesIO:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    return content


def take(file: io.BytesIO, actor: Actor = BOSS, **options: Any) -> Imported:
    return systems_import(actor=actor, file=file, origin="import:test", **options)


def test_a_csv_with_the_agreed_columns_is_taken_over_whole() -> None:
    done = take(csv_of(APPOINTMENTS, CENTRES))
    assert (done.read, done.accepted, done.created, done.connections, done.written) == (2, 2, 2, 2, True)
    one = System.objects.get(code="HD-1")
    assert (one.owner_id, one.capability, one.users) == (HEALTH, "citizen.queues", 1500)
    assert (one.data_held, one.contract_end) == (["ผู้ป่วย", "นัดหมาย"], date(2027, 9, 30))
    assert [cost.amount for cost in one.costs.all()] == [1_200_000]
    links = Interface.objects.order_by("data").values_list(
        "provider__code", "consumer__code", "data", "method"
    )
    assert list(links) == [("HD-1", "HD-2", "คนไข้", "manual"), ("HD-1", "HD-2", "นัดหมาย", "api")]
    assert [(note.cell, note.field) for note in done.notes] == [("I2", "interfaces")]  # nobody entered HIS-9


def test_sent_again_nothing_changes_and_a_changed_cell_updates_by_the_code() -> None:
    take(csv_of(APPOINTMENTS, CENTRES))
    again = take(csv_of(APPOINTMENTS, CENTRES))
    assert (again.created, again.changed, again.unchanged, again.connections) == (0, 0, 2, 0)
    changed = (*APPOINTMENTS[:12], "1,900")
    assert take(csv_of(changed)).changed == 1
    assert System.objects.get(code="HD-1").users == 1900


def test_an_empty_cell_leaves_what_is_on_record() -> None:
    take(csv_of(APPOINTMENTS))
    bare = ("HD-1", "ระบบนัดหมายผู้ป่วย", "", "dep.08000000", *[""] * 9)
    assert take(csv_of(bare)).unchanged == 1
    assert System.objects.get(code="HD-1").vendor == "บริษัทหนึ่ง จำกัด"


def test_a_workbook_under_thai_headings_with_a_title_and_dates_is_understood() -> None:
    book = xlsx_of(
        ("บัญชีระบบสารสนเทศ สำนักการศึกษา",), (),
        ("ลำดับ", "รหัสระบบ", "ชื่อระบบ", "หน่วยงานเจ้าของระบบ", "วันสิ้นสุดสัญญา", "ค่าใช้จ่ายปี 2569 (ล้านบาท)", "สถานที่ติดตั้ง"),
        (1, "ED-1", "ระบบทะเบียนนักเรียน", "สำนักการศึกษา", date(2027, 9, 30), 2.5, "คลาวด์กลางภาครัฐ (GDCC)"),
        (None, None, "รวมทั้งสิ้น", None, None, 2.5, None),
    )  # fmt: skip
    done = take(book)
    assert done.errors == []
    one = System.objects.get(code="ED-1")
    assert (one.owner_id, one.hosting, one.contract_end) == (EDUCATION, "government_cloud", date(2027, 9, 30))
    assert [(cost.fiscal_year, cost.amount) for cost in one.costs.all()] == [(2569, 2_500_000)]


def test_with_one_faulty_row_nothing_is_written_and_every_fault_has_its_cell() -> None:
    rows = (
        APPOINTMENTS,
        ("HD-2", "", "", "dep.08000000", *[""] * 9),
        ("HD-3", "ระบบสาม", "", "", "สำนักที่ไม่มี", "", "นัดหมายและคิ้ว", "", "", "", "31 ก.พ. 2570", "มาก", "-3"),
        ("HD-1", "ระบบซ้ำ", "", "dep.08000000", *[""] * 9),
        ("HD 5", "ระบบห้า", "", "dep.08000000", *[""] * 9),
    )
    done = take(csv_of(*rows))
    assert not done.written
    assert {(fault.cell, fault.field) for fault in done.errors} == {
        ("B3", "name_th"), ("E4", "owner_name"), ("G4", "capability"), ("K4", "contract_end"), ("L4", "annual"),
        ("M4", "users"), ("A5", "code"), ("A6", "code"),
    }  # fmt: skip
    assert (done.read, done.accepted) == (5, 1)
    assert any("นัดหมายและคิว" in fault.sentence for fault in done.errors)  # the nearest capability is named
    assert not System.objects.exists()
    assert not LedgerEntry.objects.filter(object_type="system").exists()


def test_a_dry_run_says_what_would_happen_and_writes_nothing() -> None:
    done = take(csv_of(APPOINTMENTS, CENTRES), dry_run=True)
    assert (done.created, done.connections, done.errors, done.written) == (2, 2, [], False)
    assert not System.objects.exists()


def test_an_agencys_officer_takes_over_the_own_systems_alone() -> None:
    own = factories.officer("digital_officer", HEALTH)
    assert take(csv_of(APPOINTMENTS), own).created == 1
    foreign = ("ED-9", "ระบบของสำนักอื่น", "", EDUCATION, *[""] * 9)
    done = take(csv_of(APPOINTMENTS, foreign), own)
    assert [fault.cell for fault in done.errors] == ["D3"]
    assert not System.objects.filter(code="ED-9").exists()
    with pytest.raises(Forbidden):
        take(csv_of(APPOINTMENTS), factories.officer("officer", HEALTH))


def test_a_name_that_two_agencies_bear_names_none() -> None:
    done = take(csv_of(("X-1", "ระบบ", "", "", "ฝ่ายโยธา", *[""] * 8)))
    assert [fault.field for fault in done.errors] == ["owner_name"]


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7 x", b"a,b\n1,2\n", b"PK\x03\x04broken", csv_of().getvalue()]
)
def test_a_file_that_is_no_table_of_systems_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        take(io.BytesIO(content))
    assert list(refused.value.errors) == ["file"]


# --- the command ------------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["portfolio", "import-systems", *arguments])
    return code, capsys.readouterr().out


def test_the_command_tells_programs_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "systems.csv"
    file.write_bytes(csv_of(APPOINTMENTS).getvalue())
    code, out = run(capsys, str(file), "--dry-run", "--json")
    told = json.loads(out)
    assert (code, told["read"], told["accepted"], told["created"], told["written"]) == (0, 1, 1, 1, False)
    assert run(capsys, str(file))[0] == 0
    assert System.objects.count() == 1
    file.write_bytes(csv_of(("HD-2", "", "", HEALTH, *[""] * 9)).getvalue())
    code, out = run(capsys, str(file), "--json")
    (error,) = json.loads(out)["errors"]
    assert (code, error["row"], error["cell"], error["field"]) == (1, 2, "B2", "name_th")
    assert run(capsys, str(tmp_path / "none.csv"))[0] == 2


def test_the_command_publishes_the_silo_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    take(csv_of(APPOINTMENTS))
    assert main(["portfolio", "silos", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["city"]["systems"] == 1
