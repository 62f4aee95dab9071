"""What docs/committee.md and the city's file say is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from prasan.city.files import check_city
from prasan.committee import actions, workflow_words
from prasan.committee.city_file import read_committees
from prasan.committee.models import Committee
from prasan.committee.rules import Rules
from tests.committee.conftest import SYSTEM

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_document_holds_the_table_as_the_code_has_it() -> None:
    text = (DOCS / "committee.md").read_text()
    for table in workflow_words.as_markdown().split("\n\n"):
        assert table in text


def test_the_document_names_every_rule() -> None:
    text = (DOCS / "committee.md").read_text()
    assert [name for name in Rules().as_json() if f"`{name}`" not in text] == []


def test_bangkoks_committees_are_sound() -> None:
    assert [row.board for row in read_committees(settings.CITY_FOLDER)[0]] == ["main", "screening"]
    assert [fault for fault in check_city(settings.CITY_FOLDER) if fault.file == "committees.yaml"] == []


def test_faults_of_the_file_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "committees.yaml").write_text(
        "committees:\n"
        "  - {code: a, name_th: ก, name_en: A, board: upper}\n"
        "  - {code: b, name_th: ข}\n"
        "  - {code: c, name_th: ค, name_en: C, rules: {quorum: 2/1}}\n"
        "  - {code: d, name_th: ง, name_en: D}\n"
    )
    rows, faults = read_committees(tmp_path)
    assert [row.code for row in rows] == ["d"]
    assert [(fault.line, fault.field) for fault in faults] == [
        (2, "board"),
        (3, "name_en"),
        (4, "rules.quorum"),
    ]


@pytest.mark.django_db
def test_loading_makes_what_is_missing_and_leaves_the_rest_alone() -> None:
    assert len(actions.committees_load(actor=SYSTEM, folder=settings.CITY_FOLDER)) == 2
    Committee.objects.filter(code="digital").update(name_en="Renamed")
    assert actions.committees_load(actor=SYSTEM, folder=settings.CITY_FOLDER) == []
    assert Committee.objects.get(code="digital").name_en == "Renamed"
