"""A second city proves that nothing of Bangkok is in the code: other districts, week, categories, agencies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from prasan.city.actions import city_load
from prasan.city.registers import Registers, registers, registers_reset
from prasan.fabric.actors import Actor
from prasan.reports.catalogue import catalogue
from prasan.reports.routing import dispatcher_of, route, routing
from tests.city.conftest import LITTLETOWN

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(settings: Any) -> Iterator[Registers]:
    """An installation of the little town, loaded."""
    settings.CITY_FOLDER = LITTLETOWN
    with connection.cursor() as cursor:
        cursor.execute("delete from city_agency")
        cursor.execute("delete from city_area")
    forget()
    city_load(actor=Actor.system("tests"), folder=LITTLETOWN)
    registers_reset()
    yield registers()
    forget()


def forget() -> None:
    """Everything that is read once per process."""
    registers_reset()
    catalogue.cache_clear()
    routing.cache_clear()


def test_a_report_in_the_town_finds_its_district_agency_and_deadline(town: Registers) -> None:
    place = town.place_of(-9.10, 38.72, "Harbour subdistrict, Eastside district")
    assert (place.district_code, place.subdistrict_code, place.how) == ("E", "E1", "both")
    category = catalogue().category_of_label("Lantern")
    assert category is not None
    routed = route(category=category.code, district=place.district_code, text="the lantern is dark")
    assert (routed.agency_code, routed.rule_id, routed.matched) == ("streets", "lamps", "lamp")
    allowed = catalogue().deadline(category.code, town.agency(routed.agency_code).kind)
    sent = datetime(2026, 1, 2, 15, 0, tzinfo=town.calendar.zone)
    # Seven hours: two on Friday, three on Saturday, the last two on Monday morning.
    due = town.calendar.add_working_time(sent, allowed.fix)
    assert due == datetime(2026, 1, 5, 11, 0, tzinfo=town.calendar.zone)


def test_each_district_has_its_own_keeper_and_the_town_takes_the_rest(town: Registers) -> None:
    assert route(category="cobbles", district="E").agency_code == "streets"
    assert route(category="cobbles", district="W").agency_code == "west.office"
    assert route(category="cobbles", district=None).agency_code == "town"
    assert dispatcher_of(None) == "town"


def test_kinds_of_road_and_asset_are_read_off_the_words_or_told(town: Registers) -> None:
    assert route(category="lamp", district="E", text="dark", address="3 Quay Street").agency_code == "lamps"
    assert route(category="lamp", district="E", text="dark", road_kind="quay").road_kind == "quay"
    assert route(category="cobbles", district="E", text="a cable hangs down").agency_code == "power"
    assert route(category="lamp", district="W", text="the lamp shop is loud").rule_id == "default"


def test_the_town_has_its_own_emergency_number(town: Registers) -> None:
    emergency = catalogue().emergency("FIRE in the harbour")
    assert emergency is not None
    assert emergency.number == "112"
    assert catalogue().emergency("the fire brigade was here") is None
    assert catalogue().emergency("we live in fear of fire") is None
    assert catalogue().emergency("we live in fear of fire, it burns right now") is not None


def test_the_town_is_named_and_has_nothing_of_bangkok(town: Registers) -> None:
    assert (town.profile.name_en, town.root.code) == ("Littletown", "town")
    assert [area.code for area in town.districts()] == ["E", "W"]
    assert town.district_at(100.5, 13.75) is None
    assert not town.calendar.is_working_day(datetime(2026, 6, 15, tzinfo=town.calendar.zone).date())
