"""`prasan city …` as an operator types it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from prasan.city import commands
from prasan.city.models import Agency
from tests.city.conftest import LITTLETOWN


def run(*arguments: str) -> int:
    """One command; its exit code."""
    parser = argparse.ArgumentParser()
    commands.add_parsers(parser.add_subparsers(required=True))
    given = parser.parse_args(arguments)
    code: int = given.run(given)
    return code


def test_check_needs_no_database_and_says_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(LITTLETOWN)) == 0
    assert run("check") == 0
    assert capsys.readouterr().out.count(": ok") == 2


def test_check_prints_each_fault_in_both_languages(
    town_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = town_folder / "areas.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Eastside,,1200", "Eastside,,many"), encoding="utf-8"
    )
    assert run("check", str(town_folder)) == 1
    assert "areas.csv:2 population: " in (printed := capsys.readouterr().out)
    assert "“many” is not a whole number." in printed
    assert run("check", str(town_folder / "nowhere")) == 1


@pytest.mark.django_db
def test_load_says_what_changed_and_refuses_faulty_files(
    town_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("load") == 0
    assert "0 added, 0 changed, 0 ended" in capsys.readouterr().out
    (town_folder / "agencies.csv").write_text("code\n", encoding="utf-8")
    before = Agency.objects.count()
    assert run("load", str(town_folder)) == 1
    assert "agencies.csv:1 name_th" in capsys.readouterr().err
    assert Agency.objects.count() == before


@pytest.mark.django_db
def test_areas_refuses_a_file_that_is_no_geojson(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.geojson").write_text("[]", encoding="utf-8")
    assert run("areas", str(tmp_path / "map.geojson")) == 1
    assert "map.geojson features" in capsys.readouterr().err


@pytest.mark.django_db
def test_where_tells_district_subdistrict_and_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("where", "100.4985", "13.7563", "แขวงบวรนิเวศ เขตพระนคร") == 0
    assert capsys.readouterr().out == "1001 พระนคร 100107 บวรนิเวศ (both)\n"
    assert run("where", "0", "0") == 1
    assert "location" in capsys.readouterr().err
