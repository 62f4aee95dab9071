"""Each silo number on a small city counted by hand; what they are counted from; how they travel to the indicators."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.models import Indicator
from prasan.fabric.models import LedgerEntry
from prasan.portfolio.actions.silos import silos_publish
from prasan.portfolio.models import System
from prasan.portfolio.queries import systems as queries
from prasan.portfolio.silos import DEFINITIONS, Findings, Held, Link, cut_off, find
from tests.portfolio.systems import making

TODAY = date(2026, 6, 30)
A_YEAR_AGO, LONGER_AGO = date(2025, 6, 30), date(2025, 6, 29)

# Seven systems of two agencies, one retired and one only planned. Links (arrows give):
#
#   hub → a, hub → b, hub → c      by program: three hang on hub
#   c → d                          by program: without c, d is cut off (one alone: no single point)
#   a ⇢ e                          typed again by hand: e has no connection
#   old → a                        old is retired: counts nowhere
SYSTEMS = [
    Held("hub", "north", "in_use", "health.centres", ("ผู้ป่วย", "นัดหมาย"), A_YEAR_AGO),
    Held("a", "north", "in_use", "health.centres", (" ผู้ป่วย ",), LONGER_AGO),
    Held("b", "north", "to_replace", "finance.budget", (), TODAY),
    Held("c", "south", "in_use", "finance.budget", ("Tax Payers",), TODAY),
    Held("d", "south", "in_use", "", ("tax  payers",), None),
    Held("e", "south", "in_use", "digital.maps", ("แผนที่",), TODAY),
    Held("old", "south", "retired", "digital.maps", ("แผนที่",), None),
    Held("plan", "south", "planned", "digital.maps", ("แผนที่",), None),
]
LINKS = [
    Link("hub", "a"), Link("hub", "b"), Link("hub", "c", "file"), Link("c", "d", "database"), Link("a", "e", "manual"),
    Link("old", "a"),
]  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Findings:
    return find(SYSTEMS, LINKS, TODAY)


def test_the_numbers_of_the_city_are_those_counted_by_hand(found: Findings) -> None:
    assert found.numbers() == {
        "systems": 6,
        "isolated_share": Decimal("16.7"),  # e of six
        "shared_capabilities": 2,  # health.centres: hub, a; finance.budget: b, c
        "repeated_data": 2,  # ผู้ป่วย: hub, a; tax payers: c, d
        "manual_links": 1,  # a ⇢ e
        "single_points": 1,  # hub
        "unconfirmed_share": Decimal("33.3"),  # a (366 days), d (never) of six
    }


def test_the_numbers_of_an_agency_are_those_that_touch_it(found: Findings) -> None:
    assert found.numbers("north") == {
        "systems": 3, "isolated_share": 0, "shared_capabilities": 2, "repeated_data": 1, "manual_links": 1,
        "single_points": 1, "unconfirmed_share": Decimal("33.3"),
    }  # fmt: skip
    assert found.numbers("south") == {
        "systems": 3, "isolated_share": Decimal("33.3"), "shared_capabilities": 1, "repeated_data": 1,
        "manual_links": 1, "single_points": 0, "unconfirmed_share": Decimal("33.3"),
    }  # fmt: skip


def test_the_rows_behind_the_numbers_are_named(found: Findings) -> None:
    assert found.isolated == {"e"}
    assert found.shared == {"finance.budget": {"b", "c"}, "health.centres": {"hub", "a"}}
    assert found.repeated == {"tax payers": {"c", "d"}, "ผู้ป่วย": {"hub", "a"}}
    assert found.manual == (Link("a", "e", "manual"),)
    assert found.failing == {
        "hub": (3, 2)
    }  # three get its data; without it a and b each stand alone, c has d
    assert found.unconfirmed == {"a", "d"}


def test_a_city_without_systems_has_zeros_and_no_division(found: Findings) -> None:
    assert set(find([], [], TODAY).numbers().values()) == {0}


def test_a_bridge_between_two_groups_is_a_single_point_though_it_serves_one() -> None:
    ring = [Link("a", "b"), Link("b", "c"), Link("c", "a")]
    other = [Link("x", "y"), Link("y", "z"), Link("z", "x")]
    links = [*ring, *other, Link("a", "bridge"), Link("bridge", "x")]
    counted = [Held(code, "north") for code in ("a", "b", "c", "x", "y", "z", "bridge")]
    assert find(counted, links, TODAY).failing == {"bridge": (1, 3)}
    assert cut_off(links) == {"bridge": 3, "a": 2, "x": 2}


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1]), max_size=16
    )
)
def test_what_a_system_cuts_off_is_what_taking_it_out_leaves_apart(pairs: list[tuple[int, int]]) -> None:
    links = [Link(str(one), str(other)) for one, other in pairs]
    codes = {code for link in links for code in (link.provider, link.consumer)}
    expected = {}
    for code in codes:
        part = reached(code, links, without="") - {code}
        left = [len(reached(one, links, without=code)) for one in part]
        if left and max(left) < len(part):
            expected[code] = len(part) - max(left)
    assert cut_off(links) == expected


def reached(start: str, links: list[Link], without: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        code = waiting.pop()
        for link in links:
            for here, there in ((link.provider, link.consumer), (link.consumer, link.provider)):
                if here == code and there not in found and there != without:
                    found.add(there)
                    waiting.append(there)
    return found


# --- the city's indicators ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_months_numbers_are_published_for_the_city_and_each_agency() -> None:
    one, other = making.system(data_held=("ผู้ป่วย",)), making.system(making.DIVISION, data_held=("ผู้ป่วย",))
    making.system(making.EDUCATION)
    making.connect(one, other)
    count = silos_publish(today=TODAY)
    assert count == 3 * len(DEFINITIONS)
    values = {
        (row.name, row.agency_id): row.value
        for row in Indicator.objects.filter(period_start=date(2026, 6, 1), period_end=date(2026, 6, 30))
    }
    assert values["portfolio.systems", None] == 3
    assert values["portfolio.systems", making.HEALTH] == 2  # the division's counts for its department
    assert values["portfolio.isolated_share", None] == Decimal("33.3")
    assert values["portfolio.isolated_share", making.EDUCATION] == 100
    assert values["portfolio.repeated_data", making.HEALTH] == 1
    assert LedgerEntry.objects.filter(action="indicator.publish", object_id="portfolio").count() == 1


@pytest.mark.django_db
def test_publishing_again_replaces_the_month_and_keeps_the_others() -> None:
    made = making.system()
    silos_publish(today=date(2026, 5, 31))
    silos_publish(today=TODAY)
    System.objects.filter(pk=made.pk).update(lifecycle="retired")
    making.system(), making.system()
    silos_publish(today=TODAY)
    assert {month: row["systems"] for month, row in queries.series().items()} == {
        date(2026, 5, 1): 1, date(2026, 6, 1): 2,
    }  # fmt: skip


@pytest.mark.django_db
def test_the_numbers_cost_two_statements_whatever_the_size(django_assert_num_queries: object) -> None:
    made = [making.system() for _ in range(6)]
    for one, other in pairwise(made):
        making.connect(one, other)
    with django_assert_num_queries(2):  # type: ignore[operator]
        queries.findings(TODAY)
