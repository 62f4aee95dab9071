"""Pages of proposals: they open for whom they should, cost what they may, and say what happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prasan.fabric.actors import Actor
from prasan.people.models import User
from prasan.portfolio.actions import proposals as actions
from prasan.portfolio.models import Metric, Proposal, ProposalCost, System, Verdict
from prasan.portfolio.queries.likeness import keeper
from tests import factories
from tests.portfolio.proposals import DRAINS, HEALTH, capability, complaints, content, draft, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_corpus() -> Iterator[None]:
    keeper.forget()
    yield
    keeper.forget()


@pytest.fixture
def user() -> User:
    return factories.officer_user("digital_officer", HEALTH, name="กมล ทองดี")


@pytest.fixture
def client(user: User) -> Client:
    return factories.signed_in(user)


@pytest.fixture
def screener() -> Client:
    return factories.signed_in(factories.officer_user("analyst", "bma", name="ณัฐ แสง"))


def system(code: str = "SYS-1", name: str = "ระบบแพทย์ทางไกลของสำนักอนามัย") -> System:
    return System.objects.create(
        code=code, owner_id="dep.08000000", name_th=name, purpose="ตรวจรักษาผู้ป่วยผ่านวิดีโอจากที่บ้าน",
        capability=capability(),
    )  # fmt: skip


def form_data(**fields: Any) -> dict[str, Any]:
    """What a browser sends of a complete small proposal."""
    given = {
        "title": "ระบบนัดหมายแพทย์", "objective": "ลดเวลารอ", "nature": "new", "lane": "information_system",
        "capability": capability(), "first_year": "2571", "cost_buy_2571": "๘๐๐,๐๐๐", "years": "2571,2572",
        "metric_0_name": "เวลารอ", "metric_0_unit": "นาที", "metric_0_baseline": "90", "metric_0_target": "30",
        "answer_problem": "รอนาน", "answer_reuse": "ระบบเดิมไม่รองรับ", "agency": HEALTH,
    }  # fmt: skip
    return given | fields


def test_a_draft_needs_only_a_name_and_is_complete_for_the_form_again(client: Client) -> None:
    answer = client.post(
        reverse("portfolio:proposal_new"),
        {"title": "ระบบใหม่", "agency": HEALTH, "save": "1", "nature": "new", "lane": "infrastructure"},
    )
    made = Proposal.objects.get()
    assert answer["Location"] == reverse("portfolio:proposal_change", args=[made.code])
    page = client.get(answer["Location"]).content.decode()
    assert "ระบบใหม่" in page
    assert made.status == "draft"


def test_handing_in_names_every_field_that_is_missing_and_keeps_the_draft(client: Client) -> None:
    answer = client.post(
        reverse("portfolio:proposal_new"),
        {"title": "ระบบใหม่", "agency": HEALTH, "submit": "1", "nature": "new", "lane": "infrastructure"},
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    made = Proposal.objects.get()
    assert made.status == "draft"
    assert f'action="{reverse("portfolio:proposal_change", args=[made.code])}"' in text
    for field in ("id_objective", "id_metric_0_name", "id_first_year", "id_answer_problem", "id_capability"):
        assert f'href="#{field}"' in text, field


def test_a_complete_form_is_handed_in_at_once(client: Client) -> None:
    answer = client.post(reverse("portfolio:proposal_new"), form_data(submit="1"))
    made = Proposal.objects.get()
    assert answer["Location"] == reverse("portfolio:proposal", args=[made.code])
    assert made.status == "submitted"
    assert made.total == Decimal(800_000)


def test_the_form_keeps_everything_through_a_round_trip(client: Client, user: User) -> None:
    system()
    actor = Actor("officer", str(user.pk), roles={"digital_officer": frozenset({HEALTH})})
    other = submitted(agency=HEALTH, title="ระบบอื่น")
    made = draft(
        actor, systems={"SYS-1": "extends"}, relations={other.code: "depends_on"}, policies=("p001",),
        data_held=("ประวัติการรักษา", "นัดหมาย"), own_number="สนพ-7", life_years=5, committed=True, benefit="เร็วขึ้น",
    )  # fmt: skip
    before = actions.content_of(made)
    page = client.get(reverse("portfolio:proposal_change", args=[made.code])).content.decode()
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    fields = {
        name: value for name, value in fields.items() if name not in {"policies", "lane", "committed", "more"}
    }
    fields |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s*([^<]*)</textarea>', page))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, flags=re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        fields[name] = chosen[1] if chosen else ""
    sent = fields | {"policies": ["p001"], "lane": before.lane, "committed": "on", "save": "1"}
    answer = client.post(reverse("portfolio:proposal_change", args=[made.code]), sent)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert actions.content_of(Proposal.objects.get(pk=made.pk)) == before


def test_who_comes_second_sees_what_stands_there_and_keeps_their_own_words(client: Client) -> None:
    made = draft()
    actions.proposal_change(actor=Actor.system("x"), code=made.code, content=content(title="ชื่อที่อีกคนแก้"))
    answer = client.post(
        reverse("portfolio:proposal_change", args=[made.code]),
        form_data(title="ชื่อของฉัน", version="1", save="1"),
    )
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "ชื่อที่อีกคนแก้" in text
    assert "ชื่อของฉัน" in text
    again = client.post(
        reverse("portfolio:proposal_change", args=[made.code]),
        form_data(title="ชื่อของฉัน", version="2", save="1"),
    )
    assert again.status_code == 302


def test_larger_money_asks_more(client: Client) -> None:
    address = reverse("portfolio:proposals_questions")
    counts = []
    for amount in ("500,000", "5 ล้านบาท", "50 ล้านบาท", "500 ล้านบาท"):
        page = client.post(address, form_data(cost_buy_2571=amount)).content.decode()
        counts.append(page.count("<textarea"))
    assert counts == sorted(set(counts))


def test_typing_shows_what_the_city_has_and_is_asked_for_but_no_drafts_of_others(client: Client) -> None:
    system()
    submitted(agency=DRAINS, title="ระบบแพทย์ทางไกลสำหรับผู้สูงอายุ", objective="พบแพทย์ผ่านวิดีโอ")
    draft(agency=DRAINS, title="ระบบแพทย์ทางไกลฉบับร่างลับ", objective="พบแพทย์ผ่านวิดีโอ")
    page = client.post(
        reverse("portfolio:proposals_closest"),
        {"title": "ระบบแพทย์ทางไกล", "objective": "พบแพทย์ผ่านวิดีโอ", "agency": HEALTH, "nature": "new"},
    ).content.decode()
    assert "ระบบแพทย์ทางไกลของสำนักอนามัย" in page
    assert "ระบบแพทย์ทางไกลสำหรับผู้สูงอายุ" in page
    assert "ฉบับร่างลับ" not in page


def test_a_number_of_the_city_is_frozen_with_its_date_and_shown_beside_todays(client: Client) -> None:
    complaints((10, 20, 30))
    made = draft()
    client.post(
        reverse("portfolio:proposal_evidence", args=[made.code]),
        {"indicator": "reports.received", "months": "3"},
    )
    assert made.evidence.get().value == 60
    complaints((10, 20, 55))
    page = client.get(reverse("portfolio:proposal", args=[made.code])).content.decode()
    assert ">60<" in page.replace("\n", "")
    assert ">85<" in page.replace("\n", "")


def test_a_verdict_is_kept_with_what_was_shown(client: Client) -> None:
    system()
    made = draft(title="ระบบแพทย์ทางไกล", objective="พบแพทย์ผ่านวิดีโอจากบ้าน")
    address = reverse("portfolio:proposal_verdict", args=[made.code, "SYS-1"])
    assert client.get(address).status_code == 200
    answer = client.post(address, {"kind": "existing_system", "note": "ใช้ของสำนักอนามัยได้"})
    verdict = Verdict.objects.get()
    assert (verdict.kind, verdict.system.code, verdict.reason) == (
        "existing_system",
        "SYS-1",
        "ใช้ของสำนักอนามัยได้",
    )
    assert verdict.features
    assert answer["Location"].endswith("/step/join/?other=SYS-1")


def test_joining_withdraws_and_makes_a_partner_who_may_read(client: Client) -> None:
    other = submitted(agency=DRAINS, title="ระบบแพทย์ทางไกลสำหรับผู้สูงอายุ", objective="พบแพทย์ผ่านวิดีโอ")
    made = draft(title="ระบบแพทย์ทางไกล", objective="พบแพทย์ผ่านวิดีโอ")
    other_page = reverse("portfolio:proposal", args=[other.code])
    assert client.get(other_page).status_code == 404
    answer = client.post(
        reverse("portfolio:proposal_step", args=[made.code, "join"]), {"other": other.code, "note": "ใช้ร่วมกัน"}
    )
    assert answer.status_code == 302
    made.refresh_from_db()
    other.refresh_from_db()
    assert (made.status, made.joined_id, other.partners) == ("withdrawn", other.pk, [HEALTH])
    assert client.get(other_page).status_code == 200


def test_screening_shows_the_longest_waiting_first_marks_the_late_and_names_what_overlaps(
    screener: Client,
) -> None:
    system()
    late, fresh = submitted(title="ระบบแพทย์ทางไกล", objective="พบแพทย์ผ่านวิดีโอจากบ้าน"), submitted(agency=DRAINS)
    Proposal.objects.filter(pk=late.pk).update(status_since=timezone.now() - timedelta(days=60))
    page = screener.get(reverse("portfolio:screening")).content.decode()
    assert page.index(late.code) < page.index(fresh.code)
    assert page.count("badge-danger") == 1
    assert "ระบบแพทย์ทางไกลของสำนักอนามัย" in page


def test_an_analyst_sends_to_the_board_and_an_agency_can_not(screener: Client, client: Client) -> None:
    made = submitted()
    address = reverse("portfolio:proposal_step", args=[made.code, "send_screening"])
    assert client.post(address).status_code == 403
    assert screener.post(address).status_code == 302
    made.refresh_from_db()
    assert made.status == "screening"
    assert client.get(reverse("portfolio:screening")).status_code == 403


def test_strangers_are_led_to_sign_in_and_citizens_may_not() -> None:
    assert Client().get(reverse("portfolio:proposals")).status_code == 302
    citizen = User.objects.get(pk=factories.citizen().id)
    assert factories.signed_in(citizen).get(reverse("portfolio:proposals")).status_code == 403


def fill(count: int) -> None:
    """Many proposals at once, without their actions."""
    made = Proposal.objects.bulk_create(
        Proposal(
            code=f"T{number:07}", agency_id=HEALTH, title=f"ระบบงานที่ {number} ด้านการแพทย์", objective="ลดเวลารอ",
            total=1000, tier="small", status="submitted", status_since=timezone.now() - timedelta(days=number % 90),
        )
        for number in range(count)
    )  # fmt: skip
    ProposalCost.objects.bulk_create(
        ProposalCost(proposal=one, fiscal_year=2571, part="buy", amount=1000) for one in made
    )
    Metric.objects.bulk_create(Metric(proposal=one, name="เวลา", baseline=2, target=1) for one in made)


BUDGETS = {"list": 6, "screening": 8, "page": 22, "form": 17, "typing": 6}


def test_pages_cost_the_same_however_many_proposals_there_are(
    client: Client, screener: Client, django_assert_max_num_queries: Any
) -> None:
    fill(60)
    made = draft()
    data = {"title": "ระบบงานด้านการแพทย์", "agency": HEALTH, "nature": "new"}
    pages = {
        "list": lambda: client.get(reverse("portfolio:proposals")),
        "screening": lambda: screener.get(reverse("portfolio:screening")),
        "page": lambda: client.get(reverse("portfolio:proposal", args=[made.code])),
        "form": lambda: client.get(reverse("portfolio:proposal_change", args=[made.code])),
        "typing": lambda: client.post(reverse("portfolio:proposals_closest"), data),
    }
    for name, opened in pages.items():
        opened()  # the corpus is read once, and asked about every few seconds
        with django_assert_max_num_queries(BUDGETS[name]):
            assert opened().status_code == 200, name


def test_lists_are_paged_by_cursor_without_loss(client: Client) -> None:
    fill(60)
    seen: list[str] = []
    address = reverse("portfolio:proposals")
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'href="/portfolio/proposal/(T\d+)/"', page)
        following = re.search(r'href="(\?[^"]*cursor=[^"]+)"', page)
        address = reverse("portfolio:proposals") + following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 60


def test_the_rules_page_prints_the_tables_in_force(client: Client) -> None:
    page = client.get(reverse("portfolio:proposals_rules")).content.decode()
    assert page.count("<tr>") >= 9 + 6
