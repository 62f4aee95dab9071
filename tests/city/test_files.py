"""`prasan city check`: every fault has its file, line, field and a sentence in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import prasan.reports.routing  # noqa: F401 — registers the files of reports
from prasan.city.files import CityFiles, check_city, load_city
from prasan.city.rows import CityFilesError, RowError


def spoil(folder: Path, file: str, old: str, new: str) -> list[RowError]:
    """Replace a text in a file and check the city."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return check_city(folder)


def test_both_cities_have_no_fault(bangkok: CityFiles, littletown: CityFiles) -> None:
    assert check_city(bangkok.folder) == []
    assert check_city(littletown.folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "field", "word"),
    [
        ("city.yaml", "since: 2001-05-01", "since: tomorrow", 4, "since", "not a date"),
        ("city.yaml", "time_zone: Europe/Lisbon", "time_zone: Mars/Base", 5, "time_zone", "not a time zone"),
        ("city.yaml", "centre: [-9.14, 38.72]", "centre: [38.72, -9.14]", 6, "centre", "must lie in the box"),
        ("city.yaml", "box: [-9.20, 38.68, -9.08, 38.76]", "box: [1, 2]", 7, "box", "4 numbers"),
        ("city.yaml", "name_en: Littletown\n", "", 1, "name_en", "missing"),
        ("agencies.csv", "lamps,", "Lamps!,", 4, "code", "not a code"),
        ("agencies.csv", "lamps,หน่วยไฟ", "streets,หน่วยไฟ", 4, "code", "given twice"),
        ("agencies.csv", "department,town", "ministry,town", 3, "kind", "not a kind of agency"),
        ("agencies.csv", "division,streets", "division,nobody", 4, "parent", "no agency"),
        ("agencies.csv", "department,town", "department,lamps", 3, "parent", "above itself"),
        ("agencies.csv", "root,,", "outside,,", None, "kind", "exactly one agency"),
        ("agencies.csv", "district_office,town,E", "district_office,town,X", 5, "district", "no district"),
        ("agencies.csv", "2010-01-01,", "2010-01-01,2009-01-01", 4, "valid_to", "after the beginning"),
        ("agencies.csv", "2010-01-01", "long ago", 4, "valid_from", "not a date"),
        ("agencies.csv", "name_th,name_en,", "name_th,name_xx,", 1, "name_en", "column is missing"),
        (
            "areas.csv",
            "E1,subdistrict,ท่าเรือ,Harbour,E,",
            "E1,subdistrict,ท่าเรือ,Harbour,Q,",
            4,
            "parent",
            "no district",
        ),
        ("areas.csv", "E1,subdistrict", "E1,street", 4, "level", "neither district nor subdistrict"),
        ("areas.csv", "Eastside,,1200", "Eastside,,many", 2, "population", "not a whole number"),
        ("areas.csv", "W1,subdistrict", "W123456,subdistrict", 5, "code", "1 to 6 characters"),
        ("district_cells.csv", "E,8", "Q,8", 2, "district_code", "no district"),
        ("district_cells.csv", "E,8", "E,x8", 2, "h3_cell", "not an H3 cell"),
        (
            "calendar.yaml",
            "09:00-12:00 13:00-17:00",
            "09:00-12:00 11:00-17:00",
            3,
            "week.monday",
            "not hours",
        ),
        ("calendar.yaml", "  saturday", "  caturday", 8, "caturday", "not a day of the week"),
        ("calendar.yaml", "country: PT", "country: XX", 10, "holidays.country", "no known holidays"),
        ("calendar.yaml", "date: 2026-06-15", "date: someday", 12, "closures.date", "not a date"),
        ("policies.yaml", "name_en: A bright town", "name_xx: A bright town", 2, "name_en", "missing"),
        (
            "categories.yaml",
            "group: all\n    icon: light",
            "group: none\n    icon: light",
            7,
            "categories.group",
            "no group",
        ),
        ("categories.yaml", "keywords: [lamp]", "keywords: lamp", 11, "categories.keywords", "list of words"),
        (
            "categories.yaml",
            "aliases: [lantern]",
            "aliases: [Cobblestones]",
            3,
            "categories.aliases",
            "two categories",
        ),
        ("categories.yaml", "hint_en: Loose stones\n", "\n", 13, "categories.hint_en", "missing"),
        ("deadlines.yaml", "lamp: {fix: 7", "oven: {fix: 7", 7, "categories.oven", "no category"),
        ("deadlines.yaml", "fix: 21", "fix: soon", 3, "default.fix", "working hours"),
        ("deadlines.yaml", "fix: 21", "fix: 1", 2, "default", "before the first action"),
        ("deadlines.yaml", "outside:", "outsiders:", 4, "default.by_kind", "not a kind of agency"),
        ("routing.yaml", "agency: power", "agency: steam", 9, "agency", "no agency"),
        ("routing.yaml", "asset: [cable]", "asset: [rope]", 9, "asset", "no kind of asset"),
        ("routing.yaml", "category: lamp", "category: oven", 10, "category", "no category"),
        ("routing.yaml", "keeper: {E: streets", "keeper: {Q: streets", 7, "tables.keeper", "no district"),
        ("routing.yaml", "id: quay-lamps", "id: cables", 10, "id", "given twice"),
        ("routing.yaml", "asset: [cable], agency", "agency", 10, "id", "never fires"),
        ("routing.yaml", "category: lamp,", "categories: lamp,", 10, "categories", "no field"),
        ("routing.yaml", "without_district: town\n", "\n", 13, "default.without_district", "missing"),
        ("routing.yaml", '"{keeper}", why_th: โคม', '"{nobody}", why_th: โคม', 11, "agency", "no table"),
    ],
)
def test_a_fault_is_told_with_file_line_field_and_sentence(
    town_folder: Path, file: str, old: str, new: str, line: int | None, field: str, word: str
) -> None:
    faults = spoil(town_folder, file, old, new)
    told = [(fault.file, fault.line, fault.field) for fault in faults]
    assert (file, line, field) in told
    fault = faults[told.index((file, line, field))]
    assert word in fault.text("en")


def test_a_file_that_is_no_yaml_or_missing_is_told_once(town_folder: Path) -> None:
    (town_folder / "policies.yaml").write_text("dimensions: [", encoding="utf-8")
    (town_folder / "calendar.yaml").unlink()
    faults = check_city(town_folder)
    assert [fault.file for fault in faults] == ["calendar.yaml", "policies.yaml"]
    assert "missing" in faults[0].text("en")
    assert "YAML" in faults[1].text("en")


def test_a_key_given_twice_is_a_fault_not_a_silent_overwrite(town_folder: Path) -> None:
    faults = spoil(town_folder, "deadlines.yaml", "  first_action: 3", "  first_action: 3\n  first_action: 4")
    assert [(fault.file, fault.line) for fault in faults] == [("deadlines.yaml", 3)]


def test_loading_a_faulty_city_raises_every_fault_at_once(town_folder: Path) -> None:
    spoil(town_folder, "agencies.csv", "department,town", "ministry,town")
    spoil(town_folder, "areas.csv", "Eastside,,1200", "Eastside,,many")
    with pytest.raises(CityFilesError) as caught:
        load_city(town_folder)
    assert {error.file for error in caught.value.errors} == {"agencies.csv", "areas.csv"}


def test_a_sentence_is_told_in_thai_and_in_english(town_folder: Path) -> None:
    (fault,) = spoil(town_folder, "city.yaml", "since: 2001-05-01", "since: tomorrow")
    assert fault.text("en") == "This is not a date (YYYY-MM-DD)."
    assert fault.text("th") != fault.text("en")


def test_bangkok_has_the_whole_administration(bangkok: CityFiles) -> None:
    kinds = [agency.kind for agency in bangkok.agencies]
    assert kinds.count("district_office") == 50
    assert kinds.count("district_division") == 500
    assert kinds.count("health_centre") == 69
    codes = {agency.code for agency in bangkok.agencies}
    assert {"bma", "dep.10000000", "district.1001.works", "out.mea", "out.mwa", "out.doh", "hc.58"} <= codes


def test_bangkok_has_nine_policy_dimensions_in_order(bangkok: CityFiles) -> None:
    assert [one.name_th for one in bangkok.dimensions][:2] == ["ปลอดภัยดี", "สร้างสรรค์ดี"]
    assert [one.order for one in bangkok.dimensions] == list(range(1, 10))


def test_parents_stand_before_their_children(bangkok: CityFiles) -> None:
    seen: set[str] = set()
    for agency in bangkok.agencies:
        assert agency.parent is None or agency.parent in seen
        seen.add(agency.code)
