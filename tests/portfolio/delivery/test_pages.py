"""The pages after the decision: what they show, who may tell, what they cost in statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prasan.portfolio.actions.delivery import metric_report, milestone_save, risk_save
from prasan.portfolio.content import MetricContent
from prasan.portfolio.models import Milestone, Proposal
from tests import factories
from tests.portfolio.delivery import making
from tests.portfolio.delivery.making import BOSS, PLACES, YEAR
from tests.portfolio.proposals import DRAINS, HEALTH, submitted

pytestmark = pytest.mark.django_db
FELL = 40.0


@pytest.fixture(autouse=True)
def _two_years_on() -> Any:
    traveller = time_machine.travel(datetime(2028, 3, 10, 5, tzinfo=UTC), tick=False)
    traveller.start()
    yield
    traveller.stop()


def complaints(seed: int = 1, places: tuple[str, ...] = PLACES) -> None:
    """Three years of complaints in every district, and fewer of them in `places` since March 2570."""
    import numpy as np

    draw = np.random.default_rng(seed)
    months = making.months(date(2028, 2, 1), 36)
    values = {}
    for code in making.districts():
        level = 120 + 40 * draw.random()
        values[code] = {month: float(draw.poisson(level)) for month in months}
        if code in places:
            values[code] |= {
                m: round(value - FELL) for m, value in values[code].items() if m >= date(2027, 3, 1)
            }
    making.publish("reports.received", values)


METRICS = (
    MetricContent("เรื่องร้องเรียนน้ำท่วม", "เรื่อง", Decimal(3200), Decimal(2000), None, "reports.received", PLACES),
    MetricContent("เวลารอพบแพทย์", "นาที", Decimal(90), Decimal(30)),
)


@pytest.fixture
def project() -> Proposal:
    """A project in use for a year, with all that can be told of one."""
    made = making.decided(metrics=METRICS)
    complaints()
    tell_everything(made)
    return made


def tell_everything(made: Proposal) -> None:
    """Money, milestones, a risk and a reading of a decided project."""
    making.money(
        made,
        ordinance=750_000,
        adjusted=700_000,
        contracted=650_000,
        disbursed_11=200_000,
        disbursed_2=450_000,
    )
    milestone_save(
        actor=BOSS,
        code=made.code,
        name="เริ่มใช้งาน",
        planned_on=date(2027, 2, 1),
        done_on=date(2027, 2, 20),
        in_use=True,
    )
    milestone_save(actor=BOSS, code=made.code, name="ขยายผล", planned_on=date(2027, 12, 1))
    risk_save(
        actor=BOSS, code=made.code, what="บุคลากรไม่พอ", likelihood=4, effect=4, owner="หัวหน้าฝ่ายสารสนเทศ",
        response="ขออัตรากำลังเพิ่ม",
    )  # fmt: skip
    metric_report(
        actor=BOSS, code=made.code, metric=made.metrics.get(indicator="").pk, on=date(2027, 9, 30), value=Decimal(60),
        source="แบบสำรวจผู้ป่วย",
    )  # fmt: skip


def client(role: str = "digital_officer", agency: str = HEALTH) -> Client:
    return factories.signed_in(factories.officer_user(role, agency))


def page(reader: Client, name: str, *arguments: Any, **query: Any) -> str:
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = reader.get(reverse(f"portfolio:{name}", args=arguments), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_page_says_that_complaints_fell_where_the_money_went_and_how_sure_that_is(
    project: Proposal,
) -> None:
    text = page(client(), "delivery", project.code)
    assert "more than in comparable districts (range of uncertainty" in text
    assert "not that the project was the reason" in text
    assert "12 months" in text


def test_where_nothing_differed_the_page_says_so() -> None:
    made = making.decided(metrics=METRICS)
    complaints(places=())
    milestone_save(
        actor=BOSS,
        code=made.code,
        name="เริ่ม",
        planned_on=date(2027, 2, 1),
        done_on=date(2027, 2, 20),
        in_use=True,
    )
    text = page(client(), "delivery", made.code)
    assert "No difference from comparable districts can be told" in text
    assert "more than in comparable" not in text


def test_too_early_is_said_to_be_too_early() -> None:
    made = making.decided(metrics=METRICS)
    complaints()
    milestone_save(
        actor=BOSS,
        code=made.code,
        name="เริ่ม",
        planned_on=date(2028, 1, 1),
        done_on=date(2028, 1, 2),
        in_use=True,
    )
    assert "too early to say: there is 1 full month" in page(client(), "delivery", made.code)


def test_money_stands_by_stage_and_month_with_what_was_requested(project: Proposal) -> None:
    text = page(client(), "delivery", project.code)
    for amount in ("800,000", "750,000", "700,000", "650,000", "200,000", "450,000"):
        assert amount in text


def test_a_late_project_says_by_which_rule(project: Proposal) -> None:
    text = page(client(), "delivery", project.code)
    assert "“ขยายผล” was planned 100 days ago." in text
    assert project.title in page(client(), "deliveries", late="on")
    milestone = Milestone.objects.get(name="ขยายผล")
    milestone_save(
        actor=BOSS, code=project.code, name="ขยายผล", planned_on=milestone.planned_on, done_on=date(2028, 3, 1),
        milestone=milestone.pk,
    )  # fmt: skip
    assert project.title not in page(client(), "deliveries", late="on")
    making.money(project, 2571, ordinance=1000)
    with time_machine.travel(datetime(2028, 4, 2, 5, tzinfo=UTC)):
        assert "Nothing of the budget of 2571 is contracted yet." in page(client(), "delivery", project.code)


def test_before_the_decision_there_is_no_such_page() -> None:
    waiting = submitted()
    assert client().get(reverse("portfolio:delivery", args=[waiting.code])).status_code == 404
    assert (
        client("analyst", "bma").get(reverse("portfolio:delivery", args=[making.screened().code])).status_code
        == 200
    )


def test_pages_are_for_the_agency_s_people_and_the_city_s_side(project: Proposal) -> None:
    address = reverse("portfolio:delivery", args=[project.code])
    assert Client().get(address).status_code == 302
    assert client(agency=DRAINS).get(address).status_code == 404
    assert client("auditor", "bma").get(address).status_code == 200
    assert client("dispatcher", "bma").get(reverse("portfolio:deliveries")).status_code == 403


def test_everything_can_be_told_through_the_forms(project: Proposal) -> None:
    reader = client()
    told: dict[str, dict[str, Any]] = {
        "figure": {"stage": "disbursed", "fiscal_year": 2571, "month": "2027-10-01", "amount": "๑๒๓,๔๕๖"},
        "milestone": {"name": "ส่งมอบงวดที่ ๒", "planned_on": "31/3/2571"},
        "risk": {
            "what": "ผู้ขายรายเดียว",
            "likelihood": 2,
            "effect": 3,
            "owner": "ผู้อำนวยการ",
            "response": "เปิดมาตรฐาน",
        },
        "reading": {
            "metric": project.metrics.get(indicator="").pk,
            "on": "1/2/2571",
            "value": "45",
            "source": "สำรวจ",
        },
    }
    for what, given in told.items():
        answer = reader.post(reverse("portfolio:delivery_tell", args=[project.code, what]), given)
        assert answer.status_code == 302, what
    text = page(reader, "delivery", project.code)
    for shown in ("123,456", "ส่งมอบงวดที่ ๒", "ผู้ขายรายเดียว", "2 × 3 = 6"):
        assert shown in text


def test_what_is_wrong_stays_in_the_form_with_its_sentence(project: Proposal) -> None:
    answer = client().post(
        reverse("portfolio:delivery_tell", args=[project.code, "milestone"]),
        {"name": "งวดสุดท้าย", "planned_on": "พรุ่งนี้"},
    )
    assert answer.status_code == 422
    assert "งวดสุดท้าย" in answer.content.decode()
    wrong = {"stage": "ordinance", "fiscal_year": 2571, "amount": "5"}
    assert (
        client().post(reverse("portfolio:delivery_tell", args=[project.code, "figure"]), wrong).status_code
        == 422
    )


def test_a_milestone_can_be_taken_off_once(project: Proposal) -> None:
    number = Milestone.objects.get(name="ขยายผล").pk
    address = reverse("portfolio:milestone_remove", args=[project.code, number])
    reader = client()
    for _time in range(2):
        assert reader.post(address).status_code == 302
    assert not Milestone.objects.filter(pk=number).exists()


def statements(reader: Client, name: str, *arguments: Any, **query: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        page(reader, name, *arguments, **query)
    return len(caught)


def test_pages_cost_the_same_however_much_there_is(project: Proposal) -> None:
    reader = client("analyst", "bma")
    one = statements(reader, "deliveries", year=YEAR)
    for _number in range(5):
        making.money(making.decided(), ordinance=1, disbursed_10=1)
    assert statements(reader, "deliveries", year=YEAR) == one <= 9
    assert statements(reader, "delivery", project.code) <= 15
