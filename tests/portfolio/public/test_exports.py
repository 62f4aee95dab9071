"""The exports against their standards: the Open Contracting Data Standard, and a Fiscal Data Package."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from prasan.portfolio.actions.delivery import milestone_save
from prasan.portfolio.exports.fiscal import FIELDS
from prasan.portfolio.models import Proposal
from tests.conftest import SHARED
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import BOSS
from tests.portfolio.public.test_public import text

pytestmark = pytest.mark.django_db
SCHEMA = Path(os.environ.get("PRASAN_OCDS_SCHEMA", SHARED / "data" / "ocds" / "release-schema.json"))
RELEASE_NEEDS = {"ocid", "id", "date", "tag", "initiationType"}
PACKAGE_NEEDS = {"uri", "publisher", "publishedDate", "version"}


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    traveller = time_machine.travel(datetime(2027, 3, 10, 5, tzinfo=UTC), tick=False)
    traveller.start()
    yield
    traveller.stop()


@pytest.fixture
def projects() -> list[Proposal]:
    made = [making.decided(), making.decided(agency="dep.11000000", objective="ลดน้ำท่วม\n“ริมคลอง”, 50 จุด")]
    for one in made:
        making.money(
            one, ordinance=700_000, adjusted=690_000, contracted=650_000, disbursed_11=20_000, disbursed_1=30
        )
        milestone_save(
            actor=BOSS, code=one.code, name="ตรวจรับ", planned_on=date(2027, 2, 1), done_on=date(2027, 2, 9)
        )
        milestone_save(actor=BOSS, code=one.code, name="ขยายผล", planned_on=date(2027, 9, 1))
    return made


def releases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text("public_releases"))["releases"]
    return found


# --- Open Contracting Data Standard -----------------------------------------------------------------------------------


def test_a_release_has_what_the_standard_needs_and_ids_of_its_own(projects: list[Proposal]) -> None:
    found = releases()
    assert {one["ocid"] for one in found} == {f"ocds-000000-{one.code}" for one in projects}
    assert len({one["id"] for one in found}) == 2
    for one in found:
        assert set(one) >= RELEASE_NEEDS
        assert one["tag"] == ["planning"]
        assert one["buyer"]["id"] in {party["id"] for party in one["parties"]}
        assert {milestone["status"] for milestone in one["planning"]["milestones"]} == {"met", "scheduled"}
        for moment in (one["date"], one["planning"]["milestones"][0]["dueDate"]):
            assert datetime.fromisoformat(moment).tzinfo is not None


def test_packages_say_who_publishes_them_and_a_record_holds_its_releases(projects: list[Proposal]) -> None:
    package = json.loads(text("public_record", projects[0].code))
    assert set(package) == PACKAGE_NEEDS | {"records"}
    record = package["records"][0]
    assert record["compiledRelease"]["tag"] == ["compiled"]
    assert record["releases"][0]["ocid"] == record["ocid"]


def test_a_release_s_id_changes_with_the_project(projects: list[Proposal]) -> None:
    before = {one["ocid"]: one["id"] for one in releases()}
    with time_machine.travel(datetime(2027, 3, 11, 5, tzinfo=UTC)):
        making.money(projects[0], ordinance=1)
    after = {one["ocid"]: one["id"] for one in releases()}
    assert [ocid for ocid in after if after[ocid] != before[ocid]] == [f"ocds-000000-{projects[0].code}"]


def test_releases_are_valid_by_the_standard_s_own_schema(projects: list[Proposal]) -> None:
    if not SCHEMA.exists():
        pytest.skip(
            "needs the OCDS 1.1 release schema: PRASAN_OCDS_SCHEMA names the file (docs/open-projects.md)"
        )
    from jsonschema import Draft4Validator, FormatChecker

    validator = Draft4Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())
    records = json.loads(text("public_record", projects[0].code))["records"]
    for one in [*releases(), records[0]["compiledRelease"]]:
        assert [error.message for error in validator.iter_errors(one)] == []
    broken = releases()[0] | {"tag": ["no such tag"], "date": 5}
    assert len(list(validator.iter_errors(broken))) >= 2


# --- Fiscal Data Package ----------------------------------------------------------------------------------------------


def test_the_package_is_valid_by_frictionless_with_its_file(projects: list[Proposal], tmp_path: Path) -> None:
    from frictionless import Package, validate

    descriptor = json.loads(text("public_datapackage"))
    assert descriptor["profile"] == "fiscal-data-package"
    # Frictionless fetches the schema of this profile; tabular-data-package is what it adds ColumnTypes to.
    descriptor["profile"] = "tabular-data-package"
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor, ensure_ascii=False))
    (tmp_path / "budget.csv").write_bytes(text("public_budget").encode())
    report = validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])
    rows = Package(str(tmp_path / "datapackage.json")).get_resource("budget").read_rows()
    assert len(rows) == 2 * (2 + 3 + 2)
    paid = [row for row in rows if row["phase"] == "executed" and row["project_code"] == projects[0].code]
    assert [(row["month"], row["amount"]) for row in paid] == [
        (date(2026, 11, 1), 20_000),
        (date(2027, 1, 1), 30),
    ]


def test_a_broken_file_would_be_found(projects: list[Proposal], tmp_path: Path) -> None:
    from frictionless import validate

    descriptor = json.loads(text("public_datapackage")) | {"profile": "tabular-data-package"}
    (tmp_path / "datapackage.json").write_text(json.dumps(descriptor))
    (tmp_path / "budget.csv").write_bytes(text("public_budget").replace("700000.00", "much").encode())
    assert not validate(str(tmp_path / "datapackage.json")).valid


def test_every_column_has_a_type_of_the_budget_taxonomy() -> None:
    needed = {"value", "date:fiscal-year", "budget-line-id", "phase:id", "activity:generic:project:code"}
    assert needed <= {one.column_type for one in FIELDS}
    assert len({one.column_type for one in FIELDS}) == len(FIELDS)
