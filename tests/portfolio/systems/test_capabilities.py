"""The capability map: Bangkok's is whole, and a faulty one is told with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils.translation import override

from prasan.city.rows import CityFilesError
from prasan.portfolio.capabilities import CapabilityMap, load_capabilities, read_capabilities

BANGKOK = Path(__file__).resolve().parents[3] / "cities" / "bangkok"


@pytest.fixture(scope="module")
def known() -> CapabilityMap:
    return load_capabilities(BANGKOK)


def test_bangkok_has_two_levels_with_five_to_eight_capabilities_each(known: CapabilityMap) -> None:
    assert len(known.groups) == 13
    assert all(5 <= len(known.of_group(group)) <= 8 for group in known.groups)
    assert all(known.group_of(code) == code.split(".")[0] for code in known.capabilities)


def test_names_come_in_the_readers_language(known: CapabilityMap) -> None:
    with override("th"):
        assert known.name("health.telemedicine") == "แพทย์ทางไกล"
    with override("en"):
        assert (known.name("health.telemedicine"), known.name("health")) == ("Telemedicine", "Health")
    assert known.name("gone.long_ago") == "gone.long_ago"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("health.telemedicine", "health.telemedicine"), ("แพทย์ทางไกล", "health.telemedicine"),
        ("  TELEMEDICINE ", "health.telemedicine"), ("โทรเวชกรรม", "health.telemedicine"), ("ปลูกข้าว", None),
    ],
)  # fmt: skip
def test_a_capability_is_found_by_code_name_or_alias(
    known: CapabilityMap, text: str, code: str | None
) -> None:
    assert known.find(text) == code


def test_a_misspelt_name_finds_the_nearest(known: CapabilityMap) -> None:
    near = known.nearest("กล้องวงจรปิต")
    assert near is not None
    assert near.code == "safety.cameras"


def test_a_group_covers_its_capabilities_and_a_capability_itself(known: CapabilityMap) -> None:
    assert "water.pumps" in known.codes_within("water")
    assert known.codes_within("water.pumps") == ("water.pumps",)
    assert known.codes_within("nothing") == ()


FAULTY = """groups:
  - code: health
    name_th: สาธารณสุข
    name_en: Health
    capabilities:
      - {code: a, name_th: หนึ่ง, name_en: One, aliases: [เหมือนกัน]}
      - {code: a, name_th: สอง, name_en: Two, aliases: สอง}
      - {code: b, name_th: สาม, aliases: [เหมือนกัน]}
  - {code: empty, name_th: ว่าง, name_en: Empty}
"""


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "capabilities.yaml").write_text(FAULTY)
    _found, errors = read_capabilities(tmp_path)
    assert [(error.file, error.line, error.field) for error in errors] == [
        ("capabilities.yaml", 7, "capabilities.code"),
        ("capabilities.yaml", 7, "capabilities.aliases"),
        ("capabilities.yaml", 8, "groups.health.name_en"),
        ("capabilities.yaml", 9, "groups.empty"),
    ]
    with pytest.raises(CityFilesError):
        load_capabilities(tmp_path)


def test_one_label_may_not_mean_two_capabilities(tmp_path: Path) -> None:
    row = "{code: CODE, name_th: CODE, name_en: CODE, aliases: [same]}"
    parts = "\n".join(f"      - {row.replace('CODE', code)}" for code in ("a", "b"))
    text = f"groups:\n  - code: g\n    name_th: g\n    name_en: g\n    capabilities:\n{parts}\n"
    (tmp_path / "capabilities.yaml").write_text(text)
    assert [error.field for error in read_capabilities(tmp_path)[1]] == ["capabilities.aliases"]


def test_a_city_may_do_without_the_map(tmp_path: Path) -> None:
    found, errors = read_capabilities(tmp_path)
    assert (found.capabilities, errors) == ({}, [])
