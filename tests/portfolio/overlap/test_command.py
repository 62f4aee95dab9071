"""`prasan portfolio screen`: from files to a file, without a database."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prasan.portfolio.overlap.files import FileError, read_proposals, read_systems
from tests.portfolio.overlap.conftest import PROJECT

SYSTEMS = "name_th,system_code,purpose_th\nหมอออนไลน์,S1,ปรึกษาแพทย์ผ่านวิดีโอคอลโดยไม่ต้องเดินทาง\n"
PROPOSALS = (
    "proposal_code,agency_code,title_th,objective_th,depends_on\n"
    "P1,a,ระบบการแพทย์ทางไกล,แพทย์ตรวจรักษาผู้ป่วยผ่านวิดีโอ ผู้ป่วยไม่ต้องมาโรงพยาบาล,\n"
    "P2,b,หาหมอจากที่บ้าน,คนไข้คุยกับคุณหมอเห็นหน้ากันทางมือถือแล้วรับยาทางไปรษณีย์,\n"
    ",,,,\n"
    "P3,c,ระบบจองสนามกีฬา,จองเวลาเล่นฟุตบอล,P1; P2\n"
)


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable, "-m", "prasan.site.cli", "portfolio", "screen", "--systems", str(folder / "s.csv"),
        "--proposals", str(folder / "p.csv"), "--out", str(folder / "out.csv"), *more,
    ]  # fmt: skip
    # A database that does not exist and settings that can't be read: the command needs neither.
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "DJANGO_SETTINGS_MODULE": "no.such",
    }
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=PROJECT, timeout=60, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.csv").write_text(SYSTEMS, encoding="utf-8-sig")
    (tmp_path / "p.csv").write_text(PROPOSALS, encoding="utf-8")
    return tmp_path


def test_files_become_pairs_without_database_or_settings(folder: Path) -> None:
    done = run(folder, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["systems"], told["proposals"]) == (1, 3)
    assert told["flagged"] == {"existing_system": 2, "same_function": 1}
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["left_code", "right_code", "kind", "score", "flagged", "reason"]
    assert told["pairs"] == 6  # 3 of proposals, 3 with the system
    nearest = {one: {row["right_code"] for row in rows if row["left_code"] == one} for one in ("P1", "P2", "P3")}
    assert nearest == {"P1": {"P2", "P3", "S1"}, "P2": {"P1", "P3", "S1"}, "P3": {"P1", "P2", "S1"}}
    assert {row["kind"] for row in rows} <= {"same_function", "existing_system", "commodity", "continuation"}
    assert all("แพทย์ทางไกล" in row["reason"] for row in rows if row["flagged"] == "1")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title_th\nก\n", "the column proposal_code is missing"),
        ("proposal_code,title_th\nP1,ก\nP1,ข\n", "the code P1 is already on line 2"),
        ("proposal_code,title_th\nP1,\n", "a row needs proposal_code and title_th"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_a_sentence(folder: Path, text: str, sentence: str) -> None:
    (folder / "p.csv").write_text(text, encoding="utf-8")
    done = run(folder)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (folder / "out.csv").exists()


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes("proposal_code,title_th\nP1,ระบบ\n".encode("cp874"))
    with pytest.raises(FileError, match="CSV UTF-8"):
        read_proposals(tmp_path / "p.csv")


def test_columns_may_miss_and_cells_may_hold_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text('system_code,name_th,purpose_th\nS1,"ก\nข",\nS2,ค\n', encoding="utf-8")
    assert [item.title for item in read_systems(tmp_path / "s.csv")] == ["ก\nข", "ค"]


def test_a_code_of_both_files_is_refused(folder: Path) -> None:
    (folder / "s.csv").write_text("system_code,name_th\nP1,ก\n", encoding="utf-8")
    done = run(folder)
    assert done.returncode == 2
    assert "both a proposal's and a system's" in done.stderr
