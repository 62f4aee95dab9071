"""The snapshot of the registers: few queries, dict look-ups, newer versions noticed."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prasan.city import registers as module
from prasan.city.models import Agency, RegisterVersion
from prasan.city.registers import Registers, registers, registers_reset

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> Registers:
    return registers()


def test_three_queries_load_everything_and_none_follow() -> None:
    registers_reset()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        registers()
    assert len(queries) <= 3
    with CaptureQueriesContext(connection) as queries:
        assert registers().district_at(100.4985, 13.7563) == "1001"
        assert registers().agency("district.1001.works").short == "ฝ่ายโยธา เขตพระนคร"
    assert len(queries) == 0


def test_after_a_while_one_query_asks_for_a_newer_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = registers()
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.0)
    with CaptureQueriesContext(connection) as queries:
        assert registers() is before
    assert len(queries) == 1
    Agency.objects.filter(code="out.mea").update(name_en="Electricity")
    RegisterVersion.objects.update(version=before.version + 1)
    assert registers().agency("out.mea").name_en == "Electricity"
    registers_reset()


def test_the_tree_is_walked_both_ways(city: Registers) -> None:
    assert city.root.code == "bma"
    assert city.parent("district.1001.works") == city.agency("district.1001")
    assert city.parent("bma") is None
    assert city.ancestors("district.1001.works") == {"district.1001", "bma"}
    assert "district.1001.works" in city.descendants("district.1001")
    assert len(city.descendants("district.1001")) == 11
    assert city.descendants("out.mwa") == {"out.mwa"}
    assert city.children("district.1001")[0].startswith("district.1001.")
    assert city.district_office("1001") == "district.1001"
    assert city.district_office("9999") == "bma"


def test_areas_are_known_by_code(city: Registers) -> None:
    district = city.district("1001")
    assert district is not None
    assert (district.name_th, district.name_en, district.population) == ("พระนคร", "Phra Nakhon", 38408)
    assert city.district("100101") is None
    assert {area.parent_id for area in city.subdistricts("1001")} == {"1001"}


def test_an_agency_is_active_from_its_beginning_to_its_end(city: Registers) -> None:
    agency = city.agency("out.true")
    ended = Registers(1, city.files, {"x": Agency(code="x", valid_from=date(2020, 1, 1), valid_to=date(2022, 1, 1))},
                      city.areas, city.geography)  # fmt: skip
    assert city.is_active(agency.code)
    assert not city.is_active("nobody")
    assert not ended.is_active("x")
    assert ended.is_active("x", date(2021, 1, 1))
    assert not ended.is_active("x", date(2019, 1, 1))


@pytest.mark.django_db(transaction=True)
def test_many_threads_share_one_snapshot() -> None:
    registers_reset()
    found: list[Registers] = []

    def ask() -> None:
        found.append(registers())
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(one) for one in found}) == 1
