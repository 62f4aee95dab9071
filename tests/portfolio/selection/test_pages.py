"""The analyst's pages, as a browser without JavaScript sees them."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from prasan.portfolio.actions.selection import scenario_create, scenario_run, score_give
from prasan.portfolio.models import Scenario, ScenarioRun, Score
from prasan.portfolio.selection.criteria import criteria
from tests import factories
from tests.portfolio import proposals as made
from tests.portfolio.selection.test_actions import content, proposal, solved, steps

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


@pytest.fixture
def analyst() -> Client:
    return factories.signed_in(factories.officer_user("analyst", "bma"))


def filled(scenario: Scenario, **fields: str) -> dict[str, str]:
    """The scenario's form as the page offers it."""
    data = {"name": scenario.name, "version": str(scenario.version), "stages": list(scenario.stages)}
    data |= {f"ceiling_{year}": f"{amount:,}" for year, amount in scenario.ceilings.items()}
    for code, (least, most) in scenario.weights.items():
        data |= {f"least_{code}": str(least), f"most_{code}": str(most)}
    for name in ("agency_limits", "theme_floors", "platforms"):
        data |= {f"{name}-TOTAL_FORMS": "2", f"{name}-INITIAL_FORMS": "0"}
    return data | fields


def test_a_proposal_is_scored_on_its_page_and_the_scores_of_others_show_afterwards(analyst: Client) -> None:
    found = proposal(step=4)
    page = reverse("portfolio:score", args=[found.code])
    assert found.code in text_of(analyst.get(reverse("portfolio:scoring")))
    before = text_of(analyst.get(page))
    assert "4 · 4" not in before
    answer = analyst.post(page, steps(2), follow=True)
    assert "4 · 2" in text_of(answer)
    assert Score.objects.filter(proposal=found).count() == 2 * len(criteria())


def test_a_criterion_left_out_is_told_at_its_field(analyst: Client) -> None:
    found = proposal()
    given = steps()
    given.pop("policy")
    answer = analyst.post(reverse("portfolio:score", args=[found.code]), given)
    assert answer.status_code == 422
    assert "กรุณาเลือกหนึ่งในห้าระดับ" in text_of(answer)


def test_from_a_new_scenario_to_its_limits_and_a_copy(analyst: Client) -> None:
    answer = analyst.post(
        reverse("portfolio:scenario_new"), {"name": "ฐาน", "first_year": "2571", "count": "2"}, follow=True
    )
    scenario = Scenario.objects.get()
    assert scenario.years == [2571, 2572]
    assert "เพดานปี 2572 (บาท)" in text_of(answer)
    change = reverse("portfolio:scenario_change", args=[scenario.pk])
    limits = {
        "ceiling_2571": "1.5 ล้านบาท",
        "agency_limits-0-agency": made.HEALTH, "agency_limits-0-year": "2571", "agency_limits-0-cap": "๑,๐๐๐,๐๐๐",
        "theme_floors-0-theme": "lane.infrastructure", "theme_floors-0-percent": "10",
    }  # fmt: skip
    assert analyst.post(change, filled(scenario, **limits)).status_code == 302
    kept = Scenario.objects.get()
    assert kept.ceilings == {"2571": 1_500_000}
    assert kept.agency_limits == [{"agency": made.HEALTH, "year": 2571, "cap": 1_000_000, "floor": None}]
    assert kept.theme_floors == [
        {"theme": "lane.infrastructure", "year": None, "amount": None, "percent": 10}
    ]
    assert analyst.post(change, filled(kept, copy="1", name="ลดเพดาน")).status_code == 302
    assert set(Scenario.objects.values_list("name", flat=True)) == {"ฐาน", "ลดเพดาน"}
    assert made.HEALTH in text_of(analyst.get(change))


def test_a_platform_is_written_on_the_form(analyst: Client) -> None:
    first, second = proposal(), proposal()
    scenario = scenario_create(actor=made.analyst(), content=content())
    given = {
        "platforms-0-title": "แพลตฟอร์มนัดหมายกลาง", "platforms-0-members": f"{first.code}, {second.code.lower()}",
        "platforms-0-member_percent": "25", "platforms-0-cost_2571": "500000",
    }  # fmt: skip
    analyst.post(reverse("portfolio:scenario_change", args=[scenario.pk]), filled(scenario, **given))
    (platform,) = Scenario.objects.get().platforms
    assert platform == {
        "code": "S1", "title": "แพลตฟอร์มนัดหมายกลาง", "members": [first.code, second.code], "agency": "",
        "member_percent": 25, "alone_at_most": None, "costs": {"2571": 500_000, "2572": 0},
    }  # fmt: skip
    run = solved(Scenario.objects.get())
    assert run.result["choice"]["levels"] == {first.code: "full", second.code: "full"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ceiling_2571": "0"}, "เพดานเป็นศูนย์"),
        ({"agency_limits-0-agency": "dep.07000000"}, "กรุณาระบุจำนวนเงิน"),
        ({"platforms-0-title": "ระบบกลาง"}, "อย่างน้อยสองโครงการ"),
        ({"least_policy": "90", "most_policy": "95"}, "เกินร้อยละ 100"),
        ({"version": "7"}, "ถูกแก้ไข"),
        ({"forced_in": "ไม่มี"}, "ไม่มีข้อเสนอ"),
    ],
)
def test_a_limit_that_can_not_be_is_refused_on_the_form(
    analyst: Client, fields: dict[str, str], sentence: str
) -> None:
    scenario = scenario_create(actor=made.analyst(), content=content())
    page = reverse("portfolio:scenario_change", args=[scenario.pk])
    answer = analyst.post(page, filled(scenario, **fields))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Scenario.objects.get().version == 1


def test_a_run_is_asked_for_stopped_and_told(analyst: Client) -> None:
    proposal()
    scenario = scenario_create(actor=made.analyst(), content=content())
    page = reverse("portfolio:scenario", args=[scenario.pk])
    analyst.post(reverse("portfolio:scenario_run", args=[scenario.pk]))
    run = ScenarioRun.objects.get()
    assert "progress" in text_of(analyst.get(page))
    part = analyst.get(reverse("portfolio:run_progress", args=[run.pk]))
    assert part.status_code == 200
    analyst.post(reverse("portfolio:run_stop", args=[run.pk]))
    assert analyst.get(reverse("portfolio:run_progress", args=[run.pk])).headers["HX-Refresh"] == "true"
    assert "หยุดโดยเจ้าหน้าที่" in text_of(analyst.get(page))


def test_a_question_that_can_not_be_right_is_told_in_sentences(analyst: Client) -> None:
    scenario = scenario_create(actor=made.analyst(), content=content())
    answer = analyst.post(reverse("portfolio:scenario_run", args=[scenario.pk]), follow=True)
    assert "ไม่มีโครงการให้เลือก" in text_of(answer)


def test_the_result_says_who_is_in_who_is_out_and_why(analyst: Client) -> None:
    poor, good, best = proposal(step=1, title="ระบบหนึ่ง"), proposal(step=3), proposal(step=4)
    bare = made.submitted(own_number="9")
    scenario = scenario_create(actor=made.analyst(), content=content())
    run = solved(scenario)
    text = text_of(analyst.get(reverse("portfolio:scenario", args=[scenario.pk])))
    for code in (poor.code, good.code, best.code, bare.code):
        assert code in text
    assert "ระบบหนึ่ง" in text
    assert "เพดานปี 2571: 1,700,000 บาท" in text
    assert "20 ชุด" in text
    assert run.input_hash[:12] in text


def test_clashing_limits_are_told_with_what_would_mend_them(analyst: Client) -> None:
    found = proposal()
    floor = {"theme": f"lane.{found.lane}", "year": None, "amount": 700_000, "percent": None}
    cap = {"agency": made.HEALTH, "year": 2571, "cap": 500_000, "floor": None}
    scenario = scenario_create(
        actor=made.analyst(), content=content(theme_floors=(floor,), agency_limits=(cap,))
    )
    solved(scenario)
    text = text_of(analyst.get(reverse("portfolio:scenario", args=[scenario.pk])))
    assert "500,000" in text
    assert "เพิ่มอีก 300,000 บาท" in text


def test_two_runs_stand_side_by_side(analyst: Client) -> None:
    poor, good = proposal(step=1), proposal(step=4)
    runs = [
        solved(scenario_create(actor=made.analyst(), content=content(name=name, ceilings={"2571": ceiling})))
        for name, ceiling in (("แคบ", 900_000), ("กว้าง", 1_700_000))
    ]
    assert "แคบ" in text_of(analyst.get(reverse("portfolio:scenarios")))
    address = f"{reverse('portfolio:scenarios_compare')}?left={runs[0].pk}&right={runs[1].pk}"
    text = text_of(analyst.get(address))
    assert poor.code in text
    assert good.code not in text
    assert analyst.get(f"{reverse('portfolio:scenarios_compare')}?left=x").status_code == 404


def test_nobody_but_analysts_enters() -> None:
    found = proposal()
    scenario = scenario_create(actor=made.analyst(), content=content())
    run = scenario_run(actor=made.analyst(), scenario=scenario.pk)
    addresses = [
        reverse("portfolio:scoring"), reverse("portfolio:score", args=[found.code]), reverse("portfolio:scenarios"),
        reverse("portfolio:scenario_new"), reverse("portfolio:scenario", args=[scenario.pk]),
        reverse("portfolio:scenario_change", args=[scenario.pk]), reverse("portfolio:run_progress", args=[run.pk]),
        f"{reverse('portfolio:scenarios_compare')}?left={run.pk}&right={run.pk}",
    ]  # fmt: skip
    posts = [
        reverse("portfolio:scenario_run", args=[scenario.pk]), reverse("portfolio:run_stop", args=[run.pk]),
        reverse("portfolio:scenario_mark", args=[scenario.pk]),
    ]  # fmt: skip
    for role, agency in (
        ("digital_officer", made.HEALTH),
        ("secretary", "bma"),
        ("auditor", "bma"),
        ("admin", "bma"),
    ):
        client = factories.signed_in(factories.officer_user(role, agency))
        assert {client.get(address).status_code for address in addresses} == {403}
        assert {client.post(address).status_code for address in posts} == {403}
    assert {Client().get(address).status_code for address in addresses} == {302}


def test_the_result_page_keeps_to_its_budget(analyst: Client, django_assert_max_num_queries: Any) -> None:
    for step in (1, 2, 3, 4):
        found = proposal(step=step)
        score_give(actor=made.analyst(), code=found.code, points=steps(step))
    scenario = scenario_create(actor=made.analyst(), content=content())
    solved(scenario)
    with django_assert_max_num_queries(8):
        analyst.get(reverse("portfolio:scenario", args=[scenario.pk]))
