"""The numbers page tells the truth: what is open counts, what is not known is left out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from prasan.city.models import Indicator
from prasan.city.registers import registers
from prasan.fabric.models import LedgerEntry
from prasan.reports.actions.numbers import numbers_compute, numbers_publish
from prasan.reports.models import NumbersSnapshot, Report
from prasan.reports.pages.numbers import duration
from prasan.reports.queries import numbers
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 30, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
Case = list[tuple[int, bool]]


def reached(cases: Case, *shares: float) -> list[float | None]:
    durations = np.array([hours for hours, _ended in cases], float)
    ended = np.array([ended for _hours, ended in cases], bool)
    return numbers.duration_reached(durations, ended, shares or (0.5,))


def told(
    *, after: float | None = None, age: float = 500, acted: float | None = None, **fields: Any
) -> Report:
    """A report sent `age` hours before NOW, acted on and closed so many hours after it was sent."""
    begun = NOW - age * HOUR
    report = factories.report(
        **{name: fields.pop(name) for name in list(fields) if name in {"category", "private", "source"}}
    )
    status = {"status": "finished"} if after is not None else {}
    moments = {
        "submitted_at": begun,
        "finished_at": begun + after * HOUR if after is not None else None,
        "first_action_at": begun + acted * HOUR if acted is not None else None,
    }
    Report.objects.filter(pk=report.pk).update(**(moments | status | fields))
    return report


def computed(days: int = 90) -> dict[str, Any]:
    numbers_compute(now=NOW)
    snapshot = numbers.latest(days)
    assert snapshot is not None
    return dict(snapshot.content)


# --- the estimator ---


def test_with_everything_closed_it_is_the_plain_median() -> None:
    assert reached([(hours, True) for hours in (5, 1, 3, 2, 4)]) == [3]


def test_an_open_report_counts_as_longer_than_it_has_been_open() -> None:
    assert reached([(1, True), (2, True), (3, False)]) == [2]
    assert reached([(1, True), (9, False), (9, False)]) == [None]
    assert reached([(1, False), (2, True), (3, True)]) == [2], (
        "open for an hour, it says nothing of the second hour"
    )


def test_nothing_closed_reaches_nothing() -> None:
    assert reached([(5, False), (6, False)]) == [None]
    assert reached([]) == [None]


def test_a_textbook_example() -> None:
    """Kaplan and Meier's own (1958, table 1): S(0.8) = 0.875, S(3.1) = 0.7, S(5.4) = 0.525, S(9.2) = 0.2625."""
    cases = [
        (8, True),
        (10, False),
        (27, False),
        (31, True),
        (54, True),
        (70, False),
        (92, True),
        (121, False),
    ]
    assert reached(cases, 0.1, 0.3, 0.47, 0.5) == [8, 31, 54, 92]


def by_hand(cases: Case, share: float) -> float | None:
    """The estimator as the definition says it, moment by moment."""
    surviving = 1.0
    for moment in sorted({hours for hours, ended in cases if ended}):
        at_risk = sum(hours >= moment for hours, _ended in cases)
        surviving *= 1 - sum(ended and hours == moment for hours, ended in cases) / at_risk
        if surviving <= 1 - share + 1e-9:
            return moment
    return None


CASES = st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40)


@given(CASES, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_it_agrees_with_the_definition(cases: Case, share: float) -> None:
    assert reached(cases, share) == [by_hand(cases, share)]


@given(CASES, st.integers(21, 99))
def test_leaving_work_undone_never_makes_a_median_better(cases: Case, age: int) -> None:
    (before,), (after,) = reached(cases), reached([*cases, (age, False)])
    assert after is None or (before is not None and after >= before)


# --- what is counted ---


def test_medians_shares_and_ratings_of_a_period() -> None:
    for hours in (10, 20, 30):
        told(after=hours, acted=1, rating=4)
    told(acted=5, reopened=1)
    told()
    everything = computed()["all"]
    assert everything["reports"] == 5
    assert everything["open"] == 2
    assert (everything["fix_median"], everything["fix_most"]) == (30, None)
    assert everything["action_median"] == 1
    assert (everything["reopened"], everything["rated"], everything["rating"]) == (1, 3, 4)


def test_imported_private_and_merged_reports_are_in_no_time() -> None:
    kept = told(after=10)
    told(after=1, source="import:traffy")
    told(after=1, private=True)
    told(after=1, duplicate_of=kept.pk)
    content = computed()
    assert (content["all"]["reports"], content["all"]["fix_median"], content["imported"]) == (1, 10, 1)


def test_what_was_not_relevant_is_no_fix_but_an_answer() -> None:
    told(after=50, acted=2)
    told(after=1, acted=1, status="irrelevant")
    everything = computed()["all"]
    assert (everything["fix_median"], everything["irrelevant"], everything["open"]) == (50, 1, 0)
    assert everything["action_median"] == 1


def test_reports_outside_the_period_are_not_in_it() -> None:
    told(after=1, age=24 * 100)
    told(after=2, age=24 * 40)
    told(after=3, age=24 * 10)
    assert [computed(days)["all"]["reports"] for days in (30, 90, 365)] == [1, 2, 3]


def test_divisions_are_counted_with_their_district_office_and_outside_bodies_by_themselves() -> None:
    assert registers().top("district.1001.works") == "district.1001"
    assert registers().top("district.1001") == "district.1001"
    assert registers().top("out.mea.thonburi") == "out.mea"
    assert registers().top("bma") == "bma"
    told(agency="district.1001.works")
    told(agency="district.1001.cleansing")
    told(agency="out.mea", category="lighting")
    content = computed()
    assert {row["code"]: row["reports"] for row in content["agency"]} == {"district.1001": 2, "out.mea": 1}
    assert {row["code"]: row["reports"] for row in content["category"]} == {"road": 2, "lighting": 1}
    assert {row["code"]: row["reports"] for row in content["district"]} == {"1001": 3}


def test_a_city_without_reports_has_numbers_too() -> None:
    content = computed()
    assert content["all"]["reports"] == 0
    assert (content["agency"], content["district"], content["category"]) == ([], [], [])


def test_computing_twice_a_day_keeps_one_snapshot_each_and_old_ones_go() -> None:
    numbers_compute(now=NOW - timedelta(days=500))
    numbers_compute(now=NOW - timedelta(days=1))
    numbers_compute(now=NOW)
    numbers_compute(now=NOW + HOUR)
    ends = sorted(set(NumbersSnapshot.objects.values_list("period_end", flat=True)))
    assert ends == [date(2026, 6, 29), date(2026, 6, 30)]
    assert NumbersSnapshot.objects.count() == 2 * len(numbers.PERIODS)
    assert LedgerEntry.objects.filter(action="numbers.compute", actor_kind="system").count() == 4 * 3


# --- for the city's other modules ---


def test_months_go_back_across_the_year() -> None:
    assert numbers.months_back(date(2026, 1, 31), 3) == [
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2025, 11, 1), date(2025, 11, 30)),
    ]


def test_each_month_is_published_by_agency_and_district_and_again_replaces() -> None:
    told(after=10)
    told()
    assert numbers_publish(now=NOW) == numbers_publish(now=NOW)
    june = Indicator.objects.filter(period_start=date(2026, 6, 1), period_end=date(2026, 6, 30))
    found = {(one.name, one.agency_id, one.area_id): float(one.value) for one in june}
    for place in ((None, None), ("district.1001", None), (None, "1001")):
        assert found["reports.received", *place] == 2
        assert found["reports.open", *place] == 1
        assert found["reports.fix_median", *place] == 10


def test_what_came_in_is_published_by_category_and_district_with_zeros_and_what_was_taken_over() -> None:
    told()
    Report.objects.update(source="import:traffy")
    numbers_publish(now=NOW)
    june = Indicator.objects.filter(period_start=date(2026, 6, 1), name__startswith="reports.received.")
    found = {(one.name, one.area_id): one.value for one in june}
    assert found["reports.received.road", "1001"] == found["reports.received.road", None] == 1
    assert found["reports.received.road", "1002"] == found["reports.received.tree", "1001"] == 0


# --- the page ---


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["prasan_language"] = "en"
    return client


def test_before_the_first_computing_the_page_says_so(english: Client) -> None:
    assert "Not computed yet" in english.get(reverse("reports:numbers")).content.decode()


def test_the_page_shows_open_ones_and_what_was_left_out(english: Client) -> None:
    for _one in range(6):
        told(after=30, acted=1)
    for _one in range(10):
        told(age=24 * 20)
    told(after=1, source="import:traffy")
    numbers_compute(now=NOW)
    page = english.get(reverse("reports:numbers"), {"days": "90", "by": "district"}).content.decode()
    assert "more than 20 days" in page, "fewer than half are fixed: the median is not known, only a bound"
    assert "62" in page
    assert "One report of this period was taken over from Traffy Fondue" in page
    assert "Kaplan–Meier" in page
    assert "Phra Nakhon" in page


def test_times_of_few_reports_are_not_shown(english: Client) -> None:
    told(after=7, acted=7)
    numbers_compute(now=NOW)
    assert "7 hours" not in english.get(reverse("reports:numbers")).content.decode()


@pytest.mark.parametrize(
    "query", [{"days": "7"}, {"days": "x"}, {"by": "officer"}, {"by": ""}, {"days": "365", "by": "category"}]
)
def test_unknown_choices_fall_back(english: Client, query: dict[str, str]) -> None:
    numbers_compute(now=NOW)
    assert english.get(reverse("reports:numbers"), query).status_code == 200


def test_the_page_costs_one_statement(english: Client, django_assert_max_num_queries: Any) -> None:
    for _one in range(6):
        told(after=5)
    numbers_compute(now=timezone.now())
    with django_assert_max_num_queries(2):  # and now and then the registers' version
        english.get(reverse("reports:numbers"))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.2, "12 minutes"),
        (0.001, "1 minute"),
        (5.25, "5.2 hours"),
        (30, "30 hours"),
        (72, "3 days"),
        (84, "3.5 days"),
    ],
)
def test_times_are_said_in_fitting_units(hours: float, words: str) -> None:
    with translation.override("en"):
        assert duration(hours, 99) == words
        assert duration(None, 72) == "more than 3 days"
        assert duration(None, 0) == ""


def test_the_content_is_plain_json() -> None:
    told(after=5)
    assert json.loads(json.dumps(computed()))["all"]["fix_median"] == 5
