"""Imports: every known shape, row errors, updates instead of doubles, and the real file whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from prasan.city.registers import registers
from prasan.fabric.models import LedgerEntry
from prasan.fabric.problems import Invalid
from prasan.reports import actions
from prasan.reports.catalogue import catalogue
from prasan.reports.imports.importer import AlreadyRunning, RowError, Summary, reports_import, write_errors
from prasan.reports.imports.organisations import Organisations
from prasan.reports.imports.readers import open_source
from prasan.reports.imports.rows import RowFault, read_row
from prasan.reports.models import Assignment, Entry, Photo, Report, Status
from tests import factories

pytestmark = pytest.mark.django_db

# Made-up rows in the shape of the CSV dump.
ROW = {
    "ticket_id": "2023-AAAAAA", "type": "{ถนน,ทางเท้า}", "organization": "กรุงเทพมหานคร,เขตพระนคร,ฝ่ายโยธา เขตพระนคร",
    "comment": "ถนนเป็นหลุมหน้าตลาด โทร 081-234-5678", "coords": "100.49850,13.75630",
    "photo": "https://photos.example/before.jpg", "photo_after": "https://photos.example/after.jpg",
    "address": "ถนนดินสอ แขวงเสาชิงช้า เขตพระนคร", "subdistrict": "เสาชิงช้า", "district": "พระนคร",
    "province": "จังหวัดกรุงเทพมหานคร", "timestamp": "2023-05-02 08:30:00.123456+00", "state": "เสร็จสิ้น", "star": "4",
    "count_reopen": "1", "last_activity": "2023-05-04 02:00:00+00",
}  # fmt: skip
OTHER = ROW | {
    "ticket_id": "2023-BBBBBB", "type": "", "comment": "ไฟถนนดับทั้งซอย มืดมาก", "photo": "", "photo_after": "",
    "state": "รอรับเรื่อง", "star": "", "count_reopen": "", "organization": "กรุงเทพมหานคร", "last_activity": "",
}  # fmt: skip


def write_csv(path: Path, *rows: dict[str, str]) -> Path:
    """A CSV dump of these rows, with the mark that spreadsheets write."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def as_search_answer(row: dict[str, str]) -> dict[str, Any]:
    """The same report as the search API gives it."""
    return {
        "ticket_id": row["ticket_id"], "description": row["comment"], "coords": row["coords"].split(","),
        "problem_type_abdul": ["ถนน"], "type": "ถนน", "org": row["organization"], "photo_url": row["photo"],
        "after_photo": row["photo_after"], "address": row["address"], "timestamp": "2023-05-02 15:30:00.123456",
        "state": "finish", "star": 4, "count_reopen": 1, "note": "ซ่อมแล้ว โทรกลับ 02-123-4567",
        "last_activity": row["last_activity"],
    }  # fmt: skip


def as_feature(row: dict[str, str]) -> dict[str, Any]:
    """The same report as GeoJSON, whose coordinates are strings."""
    found = as_search_answer(row)
    point = found.pop("coords")
    return {"type": "Feature", "properties": found, "geometry": {"type": "Point", "coordinates": point}}


def as_parquet(path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    row = {
        "ticket_id": "2023-AAAAAA", "category": "ถนน", "type": "อื่นๆ", "type_abdul": "ถนน", "comment": ROW["comment"],
        "lon": 100.4985, "lat": 13.7563, "district_geo": "พระนคร", "subdistrict": "เสาชิงช้า", "address": ROW["address"],
        "org": "กรุงเทพมหานคร", "org_action": "ฝ่ายโยธา เขตพระนคร",
        "timestamp": datetime(2023, 5, 2, 8, 30, 0, 123456, tzinfo=UTC), "state": "เสร็จสิ้น", "star": 4.0,
        "count_reopen": 1.0,
        "note": "", "last_activity": datetime(2023, 5, 4, 2, tzinfo=UTC), "ts_inprogress": None, "ts_finished": None,
    }  # fmt: skip
    parquet.write_table(pa.Table.from_pylist([row]), path)
    return path


SHAPES: dict[str, Callable[[Path], Path]] = {
    "csv": lambda folder: write_csv(folder / "dump.txt", ROW),
    "json": lambda folder: write_json(
        folder / "search.csv", {"status": True, "total": 1, "results": [as_search_answer(ROW)]}
    ),
    "geojson": lambda folder: write_json(
        folder / "x", {"type": "FeatureCollection", "total": 1, "features": [as_feature(ROW)]}
    ),
    "parquet": lambda folder: as_parquet(folder / "rows.bin"),
}


# --- shapes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_told_by_its_content_and_gives_the_same_report(shape: str, tmp_path: Path) -> None:
    path = SHAPES[shape](tmp_path)
    assert open_source(path).format == shape
    summary, errors = reports_import(path)
    assert (summary.created, errors) == (1, [])
    report = Report.objects.get()
    assert (report.source, report.external_id) == ("import:traffy", "2023-AAAAAA")
    assert (report.category, report.category_how, report.status) == ("road", "import", Status.FINISHED)
    assert (report.district, report.agency_id) == ("1001", "district.1001.works")
    assert report.submitted_at == datetime(2023, 5, 2, 8, 30, 0, 123456, tzinfo=UTC)
    assert report.finished_at == datetime(2023, 5, 4, 2, tzinfo=UTC)
    assert (report.rating, report.reopened) == (4, 1)
    assert "[เบอร์โทร]" in report.public_text
    assert "234-5678" not in report.public_text
    lead = Assignment.objects.get()
    assert (lead.active, lead.status, lead.closed_at) == (False, Status.FINISHED, report.finished_at)
    assert Entry.objects.get().status == Status.FINISHED
    assert "123-4567" not in Entry.objects.get().public_text
    assert LedgerEntry.objects.get(action="report.import").object_id == report.code


def test_photos_stay_where_they_are(tmp_path: Path) -> None:
    reports_import(SHAPES["csv"](tmp_path))
    photos = Photo.objects.order_by("id").values_list("moment", "external_url")
    assert list(photos) == [("before", ROW["photo"]), ("after", ROW["photo_after"])]
    assert Report.objects.get().photos == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"), (b"name,age\nx,1\n", "ticket_id"), (b"{not json", "begins like JSON"), (b'{"a": 1}', "results"),
        (b"PAR1 not really", "begins like Parquet"), (b"\xff\xd8\xff photo", "neither"),
    ],
)  # fmt: skip
def test_a_file_of_no_known_shape_is_refused_with_what_was_found(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=said):
        reports_import(path)
    with pytest.raises(Invalid, match="can't be read"):
        reports_import(tmp_path / "missing")


# --- rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": ""}, "timestamp"),
        ({"timestamp": "1066-10-14"}, "timestamp"),
        ({"comment": "", "type": ""}, "comment"),
        ({"comment": "ก" * 10_001}, "comment"),
        ({"coords": "here"}, "coords"),
        ({"coords": "1,2,3"}, "coords"),
        ({"star": "9"}, "star"),
        ({"star": "4.5"}, "star"),
        ({"count_reopen": "-1"}, "count_reopen"),
        ({"state": "หายไป"}, "state"),
        ({"ticket_id": "x" * 101}, "ticket_id"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_by_its_field_and_stops_nothing(
    change: dict[str, str], field: str, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "rows.csv", OTHER, ROW | change, ROW | {"ticket_id": "2023-CCCCCC"})
    summary, errors = reports_import(path)
    assert (summary.read, summary.created, summary.errors) == (3, 2, 1)
    assert [(error.row, error.field) for error in errors] == [(2, field)]


def test_refused_rows_are_listed_without_what_is_in_them(tmp_path: Path) -> None:
    write_errors(tmp_path / "errors.csv", [RowError(2, "2023-AAAAAA", "star", "a number is needed")])
    assert (
        tmp_path / "errors.csv"
    ).read_text() == "row,id,field,reason\n2,2023-AAAAAA,star,a number is needed\n"
    with pytest.raises(RowFault) as fault:
        read_row(ROW | {"star": "my phone is 0812345678"}, catalogue())
    assert "0812345678" not in str(fault.value)


@pytest.mark.parametrize(
    ("coords", "expected"),
    [
        ("100.4985,13.7563", (100.4985, "1001")), ("13.7563,100.4985", (100.4985, "1001")), ("0,0", (None, "1001")),
        ("", (None, "1001")), ("4e5,13", (None, "1001")), ("102.8,16.4", (102.8, "1001")),
    ],
)  # fmt: skip
def test_wrong_coordinates_are_put_right_or_replaced_by_the_district_named(
    coords: str, expected: tuple[float | None, str], tmp_path: Path
) -> None:
    reports_import(write_csv(tmp_path / "rows.csv", ROW | {"coords": coords}))
    report = Report.objects.get()
    assert (report.longitude, report.district) == expected


def test_a_report_without_a_label_is_sorted_by_its_words(tmp_path: Path) -> None:
    reports_import(write_csv(tmp_path / "rows.csv", OTHER, OTHER | {"ticket_id": "2023-D", "type": "{อื่นๆ}"}))
    for report in Report.objects.all():
        assert (report.category, report.category_how) == ("lighting", "triage")
        assert report.confidence is not None
        assert len(report.suggested) == 3


def test_an_open_report_gets_deadlines_but_nobody_is_reminded_of_the_past(tmp_path: Path) -> None:
    recent = datetime.now(UTC).isoformat()
    reports_import(
        write_csv(tmp_path / "rows.csv", OTHER, OTHER | {"ticket_id": "2023-NEW", "timestamp": recent})
    )
    old, new = Assignment.objects.order_by("assigned_at")
    calendar = registers().calendar
    hours = catalogue().deadline("lighting", registers().agency(old.agency_id).kind)
    assert old.due_at == calendar.add_working_time(old.assigned_at, hours.fix)
    assert (old.active, old.remind_at) == (True, None)
    assert new.remind_at is not None


def test_stages_of_the_city_become_reports_in_progress(tmp_path: Path) -> None:
    reports_import(write_csv(tmp_path / "rows.csv", ROW | {"state": "ของบประมาณ"}))
    report = Report.objects.get()
    assert (report.status, report.stage, report.finished_at) == (Status.IN_PROGRESS, "budget", None)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["กรุงเทพมหานคร", "เพื่อนชัชชาติ"], None),
        (["กรุงเทพมหานคร", "เขตพระนคร"], "district.1001"),
        (["ฝ่ายเทศกิจ เขตพระนคร", "เขตพระนคร", "กรุงเทพมหานคร"], "district.1001.municipal"),
        (["ฝ่ายรักษาความสะอาดฯ เขตบางรัก"], "district.1004.cleansing"),
        (["สำนักการโยธา กทม."], "dep.10000000"),
        (["การไฟฟ้านครหลวง MEA"], "out.mea"),
        (["การประปานครหลวง กปน. (Metropolitan Waterworks Authority - MWA)"], "out.mwa"),
        (["ไม่มีหน่วยงานนี้"], None),
    ],
)
def test_organisations_are_found_by_the_names_others_use(names: list[str], code: str | None) -> None:
    assert Organisations(registers().agencies.values()).find(names) == code


# --- again ----------------------------------------------------------------------------------------------------


def counts(summary: Summary) -> tuple[int, ...]:
    return (summary.created, summary.updated, summary.unchanged, summary.kept)


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROW, OTHER)
    assert counts(reports_import(path)[0]) == (2, 0, 0, 0)
    before = list(Report.objects.order_by("id").values_list("id", "code", "version", "updated_at"))
    entries = LedgerEntry.objects.count()
    assert counts(reports_import(path)[0]) == (0, 0, 2, 0)
    assert list(Report.objects.order_by("id").values_list("id", "code", "version", "updated_at")) == before
    assert (LedgerEntry.objects.count(), Entry.objects.count()) == (entries, 1)


def test_a_row_that_moved_on_updates_its_report(tmp_path: Path) -> None:
    reports_import(
        write_csv(
            tmp_path / "rows.csv", ROW | {"state": "กำลังดำเนินการ", "star": "", "photo_after": ""}, OTHER
        )
    )
    code = Report.objects.get(external_id="2023-AAAAAA").code
    assert counts(reports_import(write_csv(tmp_path / "rows.csv", ROW, OTHER))[0]) == (0, 1, 1, 0)
    report = Report.objects.get(external_id="2023-AAAAAA")
    assert (report.code, report.status, report.rating, report.version) == (code, Status.FINISHED, 4, 2)
    assert Assignment.objects.get(report=report).active is False
    assert [entry.status for entry in report.entries.order_by("id")] == ["in_progress", "finished"]
    assert report.pictures.count() == 2
    changes = LedgerEntry.objects.get(action="report.import_update").changes
    assert changes["status"] == ["in_progress", "finished"]
    with connection.cursor() as cursor:
        cursor.execute(
            "select search @@ plainto_tsquery('simple', %s) from reports_report where id = %s",
            [code, report.pk],
        )
        assert cursor.fetchone()[0]


def test_what_people_did_here_since_is_never_overwritten(tmp_path: Path) -> None:
    reports_import(write_csv(tmp_path / "rows.csv", ROW | {"state": "กำลังดำเนินการ"}))
    report = Report.objects.get()
    officer = factories.officer(agency=report.agency_id or "")
    actions.report_irrelevant(actor=officer, code=report.code, reason="private_land", note="ที่เอกชน")
    assert counts(reports_import(write_csv(tmp_path / "rows.csv", ROW))[0]) == (0, 0, 0, 1)
    report.refresh_from_db()
    assert report.status == Status.IRRELEVANT


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROW, OTHER | {"star": "many"})
    summary, errors = reports_import(path, dry_run=True)
    assert (summary.created, summary.errors, len(errors)) == (1, 1, 1)
    assert not Report.objects.exists()
    assert not LedgerEntry.objects.filter(action="report.import").exists()


def test_an_id_that_comes_twice_is_one_report_with_the_later_state(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROW | {"state": "รอรับเรื่อง"}, OTHER, ROW)
    assert counts(reports_import(path)[0]) == (2, 1, 0, 0)
    assert Report.objects.get(external_id="2023-AAAAAA").status == Status.FINISHED


def test_a_row_without_an_id_is_recognised_again(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "rows.csv", ROW | {"ticket_id": ""})
    assert counts(reports_import(path)[0]) == (1, 0, 0, 0)
    assert counts(reports_import(path)[0]) == (0, 0, 1, 0)


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prasan.reports.actions import bulk

    path = write_csv(tmp_path / "rows.csv", ROW, OTHER)
    monkeypatch.setattr(bulk, "ledger_write_many", lambda **_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        reports_import(path)
    assert not Report.objects.exists()


def test_a_code_that_was_taken_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prasan.fabric.codes import new_code
    from prasan.reports.imports import drafts

    taken = factories.report().code
    codes = iter([taken, new_code(), new_code()])
    monkeypatch.setattr(drafts, "new_code", lambda: next(codes))
    summary, _errors = reports_import(write_csv(tmp_path / "rows.csv", ROW))
    assert summary.created == 1


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_are_refused(tmp_path: Path) -> None:
    import psycopg

    from prasan.reports.imports.importer import LOCK

    settings = connection.get_connection_params()
    known = {
        name: settings[name] for name in ("dbname", "user", "password", "host", "port") if settings.get(name)
    }
    with psycopg.connect(**known, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(AlreadyRunning):
            reports_import(write_csv(tmp_path / "rows.csv", ROW))


# --- the real file --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_thousand_real_reports_are_taken_and_can_be_browsed(shared_data: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    table = parquet.read_table(shared_data / "reports" / "traffy_train.parquet")
    step = table.num_rows // 2000
    parquet.write_table(table.take(list(range(0, table.num_rows, step))[:2000]), tmp_path / "real.parquet")
    summary, errors = reports_import(tmp_path / "real.parquet")
    assert (summary.created, errors) == (2000, [])
    from django.test import Client

    page = Client().get("/api/v1/reports?limit=200").json()
    assert len(page["items"]) == 200
    assert all(item["agency"] and item["category"]["name"] for item in page["items"])
    assert Report.objects.filter(district="").count() < 60
